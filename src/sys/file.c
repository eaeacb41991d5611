#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/gerr.h"

void
hk_file_init(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGXFSZ, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

bool
hk_file_write_all(int fd, hk_span bytes, size_t *ret_written, GError **error)
{
	size_t done = 0;

	while (done < bytes.len) {
		ssize_t n = write(fd, bytes.data + done, bytes.len - done);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			int number = n == 0 ? EIO : errno;
			if (ret_written) {
				*ret_written = done;
			}
			return hk_error_errno(error, number, "cannot write");
		}
		done += (size_t)n;
	}
	if (ret_written) {
		*ret_written = done;
	}
	return true;
}

bool
hk_file_append(int fd, hk_span bytes, const char *what, GError **error)
{
	if (!hk_file_write_all(fd, bytes, NULL, error)) {
		g_prefix_error(error, "%s: ", what);
		return false;
	}
	if (fdatasync(fd) < 0) {
		return hk_error_errno(error, errno, "%s: cannot sync", what);
	}
	return true;
}

/* A rename is durable only when the folder that holds the name is. */
static bool
sync_folder(const char *path, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		return hk_error_errno(error, errno, "%s: cannot open the folder", folder);
	}
	int failed = fsync(fd) < 0 ? errno : 0;
	close(fd);
	/* Some file systems cannot sync a folder (EINVAL); rename is then as durable as it gets. */
	if (failed && failed != EINVAL) {
		return hk_error_errno(error, failed, "%s: cannot sync the folder", folder);
	}
	return true;
}

static bool
replace(const char *path, hk_span bytes, bool durable, GError **error)
{
	g_autofree char *tmp = g_strconcat(path, ".tmp", NULL);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0) {
		return hk_error_errno(error, errno, "%s: cannot create", tmp);
	}
	bool good = hk_file_write_all(fd, bytes, NULL, error);
	if (!good) {
		g_prefix_error(error, "%s: ", tmp);
	} else if (durable && fsync(fd) < 0) {
		good = hk_error_errno(error, errno, "%s: cannot sync", tmp);
	}
	if (close(fd) < 0 && good) {
		good = hk_error_errno(error, errno, "%s: cannot close", tmp);
	}
	if (good && rename(tmp, path) < 0) {
		good = hk_error_errno(error, errno, "%s: cannot rename to %s", tmp, path);
	}
	if (!good) {
		unlink(tmp);
		return false;
	}
	return !durable || sync_folder(path, error);
}

bool
hk_file_replace(const char *path, hk_span bytes, GError **error)
{
	return replace(path, bytes, true, error);
}

bool
hk_file_replace_fast(const char *path, hk_span bytes, GError **error)
{
	return replace(path, bytes, false, error);
}

/* secret: nobody but its owner may read it. */
static GBytes *
read_whole(const char *path, size_t max_bytes, bool secret, GError **error)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		hk_error_errno(error, errno, "%s: cannot open", path);
		return NULL;
	}
	if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
		hk_error_errno(
			error, S_ISDIR(st.st_mode) ? EISDIR : errno, "%s: cannot read", path);
		close(fd);
		return NULL;
	}
	if (secret && (st.st_mode & 077) != 0) {
		hk_error_set(error, HK_EPOLICY, "%s: others may read it: chmod 600", path);
		close(fd);
		return NULL;
	}
	/* Not trusted: a pipe says 0 and a growing file too little. */
	size_t room = MIN((size_t)MAX(st.st_size, 0) + 1, max_bytes + 1);
	g_autofree uint8_t *data = g_malloc(room);
	size_t len = 0;
	for (;;) {
		if (len == room) {
			room = MIN(room * 2, max_bytes + 1);
			if (len == room) {
				break;
			}
			data = g_realloc(data, room);
		}
		ssize_t n = read(fd, data + len, room - len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			hk_error_errno(error, errno, "%s: cannot read", path);
			close(fd);
			return NULL;
		}
		if (n == 0) {
			break;
		}
		len += (size_t)n;
	}
	close(fd);
	if (len > max_bytes) {
		hk_error_set(error, HK_ELIMIT, "%s: longer than %zu bytes", path, max_bytes);
		return NULL;
	}
	return g_bytes_new_take(g_steal_pointer(&data), len);
}

GBytes *
hk_file_read(const char *path, size_t max_bytes, GError **error)
{
	return read_whole(path, max_bytes, false, error);
}

GBytes *
hk_file_read_secret(const char *path, size_t max_bytes, GError **error)
{
	return read_whole(path, max_bytes, true, error);
}

typedef struct mapping {
	void *at;
	size_t len;
} mapping;

static void
unmap(gpointer data)
{
	mapping *m = data;

	munmap(m->at, m->len);
	g_free(m);
}

GBytes *
hk_file_map(const char *path, GError **error)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		hk_error_errno(error, errno, "%s: cannot open", path);
		return NULL;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		hk_error_set(error, HK_EIO, "%s: not a regular file", path);
		close(fd);
		return NULL;
	}
	if (st.st_size == 0) {
		close(fd);
		return g_bytes_new_static("", 0);
	}
	size_t len = (size_t)st.st_size;
	void *at = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	int number = errno;
	close(fd);
	if (at == MAP_FAILED) {
		hk_error_errno(error, number, "%s: cannot map", path);
		return NULL;
	}
	mapping *m = g_new(mapping, 1);
	*m = (mapping){at, len};
	return g_bytes_new_with_free_func(at, len, unmap, m);
}

bool
hk_file_mkdirs(const char *path, GError **error)
{
	struct stat st;

	if (g_mkdir_with_parents(path, 0700) < 0) {
		return hk_error_errno(error, errno, "%s: cannot create the folder", path);
	}
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		return hk_error_set(error, HK_EIO, "%s: exists and is not a folder", path);
	}
	return true;
}

int
hk_file_lock(const char *path, const char *what, GError **error)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		hk_error_errno(error, errno, "%s: cannot open", path);
		return -1;
	}
	/* An open-file-description lock: it also keeps two followers inside one process apart, and
	 * no stray close() of another descriptor of the same file lets go of it. */
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		int number = errno;
		char pid[32] = "";
		ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
		close(fd);
		if (number == EAGAIN || number == EACCES) {
			pid[n > 0 ? n : 0] = '\0';
			hk_error_set(error, HK_EPOLICY,
				"%s: %s is in use by process %s; stop it or name another folder",
				path, what, *pid ? g_strchomp(pid) : "unknown");
		} else {
			hk_error_errno(error, number, "%s: cannot lock", path);
		}
		return -1;
	}
	char pid[32];
	int len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	/* Only for the message above: a full disk must not keep us from reading the state. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)len, 0) < 0) {
		errno = 0;
	}
	return fd;
}
