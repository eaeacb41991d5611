/* nocheck: tested in tests/unit/web/test_secret.c */
#include "sys/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/gerr.h"

void
hk_secret_bytes(void *ret, size_t len)
{
	randombytes_buf(ret, len);
}

void
hk_secret_wipe(void *data, size_t len)
{
	sodium_memzero(data, len);
}

static bool
key_make(const char *path, GError **error)
{
	uint8_t key[HK_SECRET_KEY_BYTES];
	g_autofree char *made = g_strdup_printf("%s.new-%ld", path, (long)getpid());
	g_autofree char *folder = g_path_get_dirname(path);
	if (!hk_file_mkdirs(folder, error)) {
		return false;
	}
	int fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool good;

	if (fd < 0) {
		return hk_error_errno(error, errno, "%s: cannot make the key", made);
	}
	randombytes_buf(key, sizeof key);
	good = hk_file_append(fd, hk_span_of(key, sizeof key), made, error);
	sodium_memzero(key, sizeof key);
	close(fd);
	/* link(2) fails when another process was faster: then its key holds. */
	if (good && link(made, path) < 0 && errno != EEXIST) {
		good = hk_error_errno(error, errno, "%s: cannot make the key", path);
	}
	unlink(made);
	return good;
}

uint8_t *
hk_key_load(const char *path, GError **error)
{
	struct stat st;

	if (sodium_init() < 0) {
		hk_error_set(error, HK_EINTERNAL, "libsodium cannot be started: no randomness?");
		return NULL;
	}
	if (stat(path, &st) < 0) {
		if (errno != ENOENT || !key_make(path, error) || stat(path, &st) < 0) {
			if (error && !*error) {
				hk_error_errno(error, errno, "%s: cannot look at the key", path);
			}
			return NULL;
		}
	}
	if (st.st_mode & 077) {
		hk_error_set(error, HK_ECONFIG,
			"%s: others may read this key; run chmod 600 and, if they had the time to, "
			"make "
			"a new one",
			path);
		return NULL;
	}
	g_autoptr(GBytes) bytes = hk_file_read(path, 4096, error);
	if (!bytes) {
		return NULL;
	}
	if (g_bytes_get_size(bytes) != HK_SECRET_KEY_BYTES) {
		hk_error_set(error, HK_ECONFIG,
			"%s: a key has %d bytes, this file %zu; restore it from a backup, or "
			"remove it (what was sealed with it is then lost)",
			path, HK_SECRET_KEY_BYTES, g_bytes_get_size(bytes));
		return NULL;
	}
	return g_memdup2(g_bytes_get_data(bytes, NULL), HK_SECRET_KEY_BYTES);
}

GBytes *
hk_seal(const uint8_t key[HK_SECRET_KEY_BYTES], hk_span bytes)
{
	size_t len = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + bytes.len;
	uint8_t *out = g_malloc(len);

	randombytes_buf(out, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, bytes.data, bytes.len, out, key);
	return g_bytes_new_take(out, len);
}

GBytes *
hk_open(const uint8_t key[HK_SECRET_KEY_BYTES], hk_span bytes)
{
	size_t over = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;

	if (bytes.len < over) {
		return NULL;
	}
	uint8_t *out = g_malloc(bytes.len - over + 1);
	if (crypto_secretbox_open_easy(out, bytes.data + crypto_secretbox_NONCEBYTES,
		    bytes.len - crypto_secretbox_NONCEBYTES, bytes.data, key) != 0) {
		g_free(out);
		return NULL;
	}
	return g_bytes_new_take(out, bytes.len - over);
}

void
hk_key_derive(const uint8_t key[HK_SECRET_KEY_BYTES], const char *purpose,
	uint8_t ret[HK_SECRET_KEY_BYTES])
{
	crypto_generichash(ret, HK_SECRET_KEY_BYTES, (const uint8_t *)purpose, strlen(purpose), key,
		HK_SECRET_KEY_BYTES);
}
