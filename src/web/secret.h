/* web/secret: what must be random, slow or secret, over libsodium. Layer: web. Passwords and cookies are hostile input.
 *
 * Any thread. hk_secret_init() once before all else. */
#ifndef HK_WEB_SECRET_H
#define HK_WEB_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "sys/seal.h"

enum {
	HK_SECRET_TEXT_SIZE = 44,   /* 32 random bytes in base64url, 43 characters and a NUL */
	HK_PASSWORD_MIN_CHARS = 12, /* NIST SP 800-63B asks for 8, with a second factor for less */
	HK_PASSWORD_MAX_BYTES = 1024, /* more is no password but an attack on the hash */
};

/* hk_secret_init(error): HK_EINTERNAL when libsodium finds no randomness. */
bool hk_secret_init(GError **error);

/* hk_secret_text(ret): 32 random bytes as base64url. */
void hk_secret_text(char ret[HK_SECRET_TEXT_SIZE]);

/* hk_secret_equal(a, b): in time that depends on the lengths alone. */
bool hk_secret_equal(hk_span a, hk_span b);

/* hk_base64url_encode(bytes): RFC 4648, section 5, without padding; caller frees. hk_base64url_decode(text, ret_len): strict; NULL for
 * anything else; caller frees. */
char *hk_base64url_encode(hk_span bytes);
uint8_t *hk_base64url_decode(hk_span text, size_t *ret_len);

/* hk_password_check(password, login, error): HK_ERANGE "password: ..." for one that is too short or long, holds the login, or is one
 * character over and over. */
bool hk_password_check(const char *password, const char *login, GError **error);

/* hk_password_hash(password, error): argon2id (crypto_pwhash_str) with 64 MiB and 3 passes, 0.1-0.2 s; with the environment variable
 * HK_TEST_QUICK_HASH 8 MiB and 1 pass, for tests of what is not the hash. Caller frees. */
char *hk_password_hash(const char *password, GError **error);

/* hk_password_verify(hash, password): NULL for hash takes as long and is false: a login that does not exist looks like one that does.
 * *ret_old (or NULL): the hash was made with other costs and should be made anew. */
bool hk_password_verify(const char *hash, const char *password, bool *ret_old);

#endif
