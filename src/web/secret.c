#include "web/secret.h"

#include <sodium.h>
#include <string.h>

#include "sys/gerr.h"

#define HASH_BYTES       ((size_t)64 << 20)
#define HASH_PASSES      3ULL
#define HASH_QUICK_BYTES ((size_t)8 << 20)

bool
hk_secret_init(GError **error)
{
	return sodium_init() >= 0 ||
	       hk_error_set(error, HK_EINTERNAL, "libsodium cannot be started: no randomness?");
}

void
hk_secret_text(char ret[HK_SECRET_TEXT_SIZE])
{
	uint8_t bytes[32];

	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2base64(ret, HK_SECRET_TEXT_SIZE, bytes, sizeof bytes,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof bytes);
}

bool
hk_secret_equal(hk_span a, hk_span b)
{
	return a.len == b.len && (a.len == 0 || sodium_memcmp(a.data, b.data, a.len) == 0);
}

char *
hk_base64url_encode(hk_span bytes)
{
	size_t size =
		sodium_base64_ENCODED_LEN(bytes.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *text = g_malloc(size);

	return sodium_bin2base64(
		text, size, bytes.data, bytes.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

uint8_t *
hk_base64url_decode(hk_span text, size_t *ret_len)
{
	size_t room = text.len / 4 * 3 + 3, len = 0;
	g_autofree uint8_t *bytes = g_malloc(room);
	const char *end = NULL;

	if (sodium_base642bin(bytes, room, (const char *)text.data, text.len, NULL, &len, &end,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
		end != (const char *)text.data + text.len) {
		return NULL;
	}
	*ret_len = len;
	return g_steal_pointer(&bytes);
}

bool
hk_password_check(const char *password, const char *login, GError **error)
{
	size_t chars = 0;
	bool varied = false;

	for (const char *at = password; *at; at++) {
		chars += ((unsigned char)*at & 0xc0) != 0x80;
		varied = varied || *at != password[0];
	}
	if (chars < HK_PASSWORD_MIN_CHARS) {
		return hk_error_set(error, HK_ERANGE,
			"password: has %zu characters; take at least %d, some words in a row are "
			"fine",
			chars, HK_PASSWORD_MIN_CHARS);
	}
	if (strlen(password) > HK_PASSWORD_MAX_BYTES) {
		return hk_error_set(error, HK_ERANGE, "password: is longer than %d bytes",
			HK_PASSWORD_MAX_BYTES);
	}
	g_autofree char *folded =
		g_utf8_validate(password, -1, NULL) ? g_utf8_casefold(password, -1) : NULL;
	if (!folded) {
		return hk_error_set(error, HK_ERANGE, "password: is no UTF-8");
	}
	if (!varied || (login && strlen(login) >= 3 && strstr(folded, login) &&
			       chars < strlen(login) + 8)) {
		return hk_error_set(error, HK_ERANGE,
			"password: is too easy to guess; take some words in a row without the "
			"login");
	}
	return true;
}

static bool
quick(void)
{
	const char *text = g_getenv("HK_TEST_QUICK_HASH");

	return text && *text;
}

char *
hk_password_hash(const char *password, GError **error)
{
	char hash[crypto_pwhash_STRBYTES];

	if (crypto_pwhash_str_alg(hash, password, strlen(password), quick() ? 1 : HASH_PASSES,
		    quick() ? HASH_QUICK_BYTES : HASH_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0) {
		hk_error_set(error, HK_ENOMEM, "no memory to hash a password");
		return NULL;
	}
	return g_strdup(hash);
}

bool
hk_password_verify(const char *hash, const char *password, bool *ret_old)
{
	/* Of a password that nobody has; made once, with the costs of now. */
	static char *decoy;

	if (g_once_init_enter(&decoy)) {
		char secret[HK_SECRET_TEXT_SIZE];
		hk_secret_text(secret);
		char *made = hk_password_hash(secret, NULL);
		g_once_init_leave(&decoy, made ? made : g_strdup("?"));
	}
	bool right = strlen(password) <= HK_PASSWORD_MAX_BYTES &&
		     crypto_pwhash_str_verify(hash ? hash : decoy, password, strlen(password)) == 0;
	if (ret_old) {
		*ret_old = hash && crypto_pwhash_str_needs_rehash(hash, quick() ? 1 : HASH_PASSES,
					   quick() ? HASH_QUICK_BYTES : HASH_BYTES) != 0;
	}
	return right && hash;
}
