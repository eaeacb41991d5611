/* Blobs: kept whole, once, verified when read, mended when the disk has changed one. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "sys/blob.h"
#include "sys/gerr.h"
#include "tap.h"

int
main(void)
{
	g_autofree char *root = g_dir_make_tmp("hk-blob-XXXXXX", NULL);
	g_autofree char *dir = g_build_filename(root, "a", "blobs", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_blobs) blobs = hk_blobs_open(&(hk_blobs_config){.where = dir}, &error);
	uint8_t sha[32], none[32] = {1};

	ok(blobs, "opened, folders made");
	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "put");
	is_mem(sha, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8, "named by SHA-256");
	g_autofree char *path = hk_blobs_path(blobs, sha);
	ok(g_str_has_suffix(
		   path, "/ba/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
		"where it lies");
	GStatBuf st;
	ok(g_stat(path, &st) == 0 && (st.st_mode & 0777) == 0400, "nobody else reads it");
	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "put again");
	g_autoptr(GBytes) got = hk_blobs_get(blobs, sha, 3, &error);
	ok(got && g_bytes_get_size(got) == 3, "get");
	ok(!hk_blobs_get(blobs, sha, 2, &error), "over the caller's cap");
	is_int(hk_error_code(error), HK_ELIMIT, "limit");
	g_clear_error(&error);
	ok(!hk_blobs_get(blobs, none, 9, &error), "none");
	is_int(hk_error_code(error), HK_ENOENT, "not found");
	g_clear_error(&error);

	g_chmod(path, 0600);
	g_file_set_contents(path, "abd", 3, NULL);
	ok(!hk_blobs_get(blobs, sha, 9, &error), "a changed one is not handed out");
	is_int(hk_error_code(error), HK_ECHECK, "check failed");
	g_clear_error(&error);
	ok(hk_blobs_put(blobs, HK_SPAN_LIT("abc"), sha, &error), "put mends it");
	g_autoptr(GBytes) again = hk_blobs_get(blobs, sha, 9, &error);
	ok(again && memcmp(g_bytes_get_data(again, NULL), "abc", 3) == 0, "mended");
	ok(hk_blobs_put(blobs, hk_span_of(NULL, 0), sha, &error), "the empty one");
	g_autoptr(GBytes) empty = hk_blobs_get(blobs, sha, 0, &error);
	ok(empty && g_bytes_get_size(empty) == 0, "is kept, too");

	g_autofree char *command = g_strdup_printf("rm -rf '%s'", root);
	ok(system(command) == 0, "cleaned up");
	return tap_done();
}
