/* sys/file: what must hold after a crash, a full disk, and beside a second process. */
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "sys/file.h"
#include "sys/gerr.h"

#include "tap.h"

static char *dir;

static char *
at(const char *name)
{
	return g_build_filename(dir, name, NULL);
}

static void
is_content(const char *path, const char *want, const char *what)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = hk_file_read(path, 1000, &error);

	if (!ok(bytes != NULL, "%s: read", what)) {
		return;
	}
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	is_str(text, want, "%s", what);
}

static void
replacing(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = at("state");
	g_autofree char *tmp = at("state.tmp");

	ok(hk_file_replace(path, HK_SPAN_LIT("one"), &error), "created");
	is_content(path, "one", "first content");
	ok(hk_file_replace(path, HK_SPAN_LIT("two"), &error), "replaced");
	is_content(path, "two", "second content");

	/* A full disk, as a limit on file size: the same path through the code, ENOSPC or EFBIG. */
	struct rlimit old, low;
	getrlimit(RLIMIT_FSIZE, &old);
	low = (struct rlimit){.rlim_cur = 2, .rlim_max = old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &low);
	bool good = hk_file_replace(path, HK_SPAN_LIT("three"), &error);
	setrlimit(RLIMIT_FSIZE, &old);
	ok(!good, "a full disk is an error");
	is_int(hk_error_code(error), HK_EFULL, "its code");
	is_content(path, "two", "the old content stands");
	ok(access(tmp, F_OK) < 0, "nothing is left over");
}

static void
reading(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = at("ten");
	g_autofree char *none = at("none");

	hk_file_replace_fast(path, HK_SPAN_LIT("0123456789"), NULL);
	g_autoptr(GBytes) exact = hk_file_read(path, 10, &error);
	ok(exact && g_bytes_get_size(exact) == 10, "ten bytes under a cap of ten");
	ok(!hk_file_read(path, 9, &error), "not under a cap of nine");
	is_int(hk_error_code(error), HK_ELIMIT, "its code");
	g_clear_error(&error);
	ok(!hk_file_read(none, 9, &error), "a file that is not there");
	is_int(hk_error_code(error), HK_ENOENT, "its code");
	g_clear_error(&error);
	ok(!hk_file_read(dir, 9, &error), "a folder is not a file");
	g_clear_error(&error);
	g_chmod(path, 0640);
	ok(!hk_file_read_secret(path, 10, &error), "a secret that the group may read");
	is_int(hk_error_code(error), HK_EPOLICY, "is refused");
	g_clear_error(&error);
	g_chmod(path, 0600);
	g_autoptr(GBytes) secret = hk_file_read_secret(path, 10, &error);
	ok(secret && g_bytes_get_size(secret) == 10, "one that nobody else may read");
	g_autoptr(GBytes) map = hk_file_map(path, &error);
	ok(map && g_bytes_get_size(map) == 10 &&
			memcmp(g_bytes_get_data(map, NULL), "0123456789", 10) == 0,
		"mapped");
}

static void
appending(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = at("journal");
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	ok(hk_file_append(fd, HK_SPAN_LIT("a\n"), "journal", &error), "appended");
	ok(hk_file_append(fd, HK_SPAN_LIT("b\n"), "journal", &error), "appended again");
	close(fd);
	is_content(path, "a\nb\n", "both are there");
}

static void
locking(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = at("lock");
	int first = hk_file_lock(path, "the state folder", &error);

	ok(first >= 0, "the first takes the lock");
	is_int(hk_file_lock(path, "the state folder", &error), -1, "the second is refused");
	is_int(hk_error_code(error), HK_EPOLICY, "its code");
	g_autofree char *pid = g_strdup_printf("process %d;", (int)getpid());
	ok(error && strstr(error->message, pid), "the message names the holder: %s",
		error ? error->message : "");
	g_clear_error(&error);
	close(first);
	int again = hk_file_lock(path, "the state folder", &error);
	ok(again >= 0, "free after the first has gone");
	close(again);
}

static void
folders(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *deep = at("a/b/c");
	g_autofree char *file = at("ten");

	ok(hk_file_mkdirs(deep, &error), "three levels at once");
	ok(hk_file_mkdirs(deep, &error), "and again");
	ok(g_file_test(deep, G_FILE_TEST_IS_DIR), "it is there");
	ok(!hk_file_mkdirs(file, &error), "a file is in the way");
}

int
main(void)
{
	dir = g_dir_make_tmp("hikeshi-test-file-XXXXXX", NULL);
	hk_file_init();
	replacing();
	reading();
	appending();
	locking();
	folders();
	g_autofree char *clean = g_strdup_printf("rm -rf '%s'", dir);
	ok(system(clean) == 0, "cleaned up");
	g_free(dir);
	return tap_done();
}
