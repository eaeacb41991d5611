/* Blobs in a folder. nocheck: tested in tests/unit/sys/test_blob.c */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/blob_int.h"
#include "sys/file.h"
#include "sys/gerr.h"

bool
hk_blobs_dir_prepare(const hk_blobs *blobs, GError **error)
{
	g_autofree char *tmp = g_build_filename(blobs->dir, "tmp", NULL);

	return hk_file_mkdirs(tmp, error);
}

static bool
sync_folder(const char *path, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool fine = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);

	if (!fine) {
		hk_error_errno(error, errno, "%s: cannot sync the folder", folder);
	}
	if (fd >= 0) {
		close(fd);
	}
	return fine;
}

/* Written under a name of its own, so that two writers of the same bytes do not meet. */
static bool
write_new(const hk_blobs *blobs, const char *path, hk_span bytes, GError **error)
{
	g_autofree char *tmp = g_build_filename(blobs->dir, "tmp", "blob.XXXXXX", NULL);
	int fd = mkostemp(tmp, O_CLOEXEC);

	if (fd < 0) {
		return hk_error_errno(error, errno, "%s: cannot create", tmp);
	}
	bool fine = hk_file_write_all(fd, bytes, NULL, error);

	if (!fine) {
		g_prefix_error(error, "%s: ", tmp);
	} else if (fchmod(fd, 0400) != 0 || fsync(fd) != 0) {
		fine = hk_error_errno(error, errno, "%s: cannot sync", tmp);
	}
	close(fd);
	if (fine && rename(tmp, path) != 0) {
		fine = hk_error_errno(error, errno, "%s: cannot rename to %s", tmp, path);
	}
	if (!fine) {
		unlink(tmp);
		return false;
	}
	return sync_folder(path, error);
}

bool
hk_blobs_dir_put(hk_blobs *blobs, hk_span bytes, const uint8_t sha256[32], GError **error)
{
	g_autofree char *path = hk_blobs_path(blobs, sha256);
	g_autofree char *folder = g_path_get_dirname(path);
	g_autoptr(GBytes) old = hk_blobs_get(blobs, sha256, bytes.len, NULL);

	if (old) {
		return true;
	}
	bool made = g_file_test(folder, G_FILE_TEST_IS_DIR);

	return hk_blobs_dir_prepare(blobs, error) && hk_file_mkdirs(folder, error) &&
	       write_new(blobs, path, bytes, error) && (made || sync_folder(folder, error));
}
