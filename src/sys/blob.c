#include "sys/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"

struct hk_blobs {
	char *dir;
};

hk_blobs *
hk_blobs_open(const char *dir, GError **error)
{
	g_autofree char *tmp = g_build_filename(dir, "tmp", NULL);

	if (!hk_file_mkdirs(tmp, error)) {
		g_prefix_error(error, "blobs: ");
		return NULL;
	}
	hk_blobs *blobs = g_new0(hk_blobs, 1);

	blobs->dir = g_strdup(dir);
	return blobs;
}

void
hk_blobs_free(hk_blobs *blobs)
{
	if (blobs) {
		g_free(blobs->dir);
		g_free(blobs);
	}
}

char *
hk_blobs_path(const hk_blobs *blobs, const uint8_t sha256[32])
{
	char name[65];
	char folder[3];

	for (size_t i = 0; i < 32; i++) {
		snprintf(name + 2 * i, 3, "%02x", sha256[i]);
	}
	snprintf(folder, sizeof folder, "%.2s", name);
	return g_build_filename(blobs->dir, folder, name, NULL);
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
hk_blobs_put(hk_blobs *blobs, hk_span bytes, uint8_t ret_sha256[32], GError **error)
{
	uint8_t sha256[32];

	hk_sha256(bytes, sha256);

	g_autofree char *path = hk_blobs_path(blobs, sha256);
	g_autofree char *folder = g_path_get_dirname(path);
	g_autoptr(GError) why = NULL;
	g_autoptr(GBytes) old = hk_blobs_get(blobs, sha256, bytes.len, &why);

	if (!old) {
		bool made = g_file_test(folder, G_FILE_TEST_IS_DIR);

		if (!hk_file_mkdirs(folder, error) || !write_new(blobs, path, bytes, error) ||
			(!made && !sync_folder(folder, error))) {
			g_prefix_error(error, "blobs: ");
			return false;
		}
	}
	memcpy(ret_sha256, sha256, sizeof sha256);
	return true;
}

GBytes *
hk_blobs_get(hk_blobs *blobs, const uint8_t sha256[32], size_t max_bytes, GError **error)
{
	g_autofree char *path = hk_blobs_path(blobs, sha256);
	g_autoptr(GBytes) bytes = hk_file_read(path, max_bytes, error);
	uint8_t found[32];

	if (!bytes) {
		return NULL;
	}
	hk_sha256(hk_span_of(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)), found);
	if (memcmp(found, sha256, sizeof found) != 0) {
		hk_error_set(error, HK_ECHECK,
			"%s: the file does not hold what its name says: the disk has changed it",
			path);
		return NULL;
	}
	return g_steal_pointer(&bytes);
}
