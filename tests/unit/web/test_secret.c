/* Passwords, keys, sealing, base64url. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/gerr.h"
#include "tap.h"
#include "web/auth.h"
#include "web/secret.h"

static void
passwords(void)
{
	static const char *const bad[] = {"", "short", "elevenchars", "aaaaaaaaaaaaaaaaaaaa",
		"hanako123456", "123HANAKO456", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"};
	bool old = true;

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		ok(!hk_password_check(bad[i], "hanako", &error), "no password: number %zu", i);
		is_int(hk_error_code(error), HK_ERANGE, "with its code");
		ok(error && g_str_has_prefix(error->message, "password: "), "and its field");
	}
	ok(hk_password_check("correct horse battery", "hanako", NULL), "some words in a row");
	ok(hk_password_check(
		   "\xe7\x81\xab\xe6\xb6\x88\xe3\x81\x97\xe3\x81\xae\xe5\x90\x88\xe8\xa8\x80"
		   "\xe8\x91\x89\xe3\x81\xaf\xe9\x95\xb7\xe3\x81\x84\xe3\x81\xbb\xe3\x81\xa9",
		   "hanako", NULL),
		"in any script, counted in characters");
	g_autofree char *hash = hk_password_hash("correct horse battery", NULL);
	ok(g_str_has_prefix(hash, "$argon2id$v=19$m=8192,t=1,p=1$"),
		"argon2id (here with little memory)");
	ok(hk_password_verify(hash, "correct horse battery", &old), "the right one");
	ok(!old, "of today's costs");
	ok(!hk_password_verify(hash, "correct horse batterz", &old), "a wrong one");
	ok(!hk_password_verify(NULL, "correct horse battery", &old), "nobody's");
	ok(!hk_password_verify("$argon2id$nonsense", "x", &old), "a hash that is none");
	g_autofree char *more = g_strnfill(HK_PASSWORD_MAX_BYTES + 1, 'x');
	ok(!hk_password_verify(hash, more, &old), "one that is too long is not looked at");
}

static void
keys(void)
{
	g_autofree char *dir = g_dir_make_tmp("hikeshi-secret-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "web.key", NULL);
	g_autoptr(GError) error = NULL;
	struct stat st;
	uint8_t one[32], two[32];

	g_autofree uint8_t *key = hk_key_load(path, &error);
	ok(key != NULL, "a key is made");
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "that nobody else may read");
	g_autofree uint8_t *again = hk_key_load(path, &error);
	is_mem(again, key, 32, "the next time it is the same");
	chmod(path, 0640);
	ok(!hk_key_load(path, &error), "one that others may read is refused");
	is_int(hk_error_code(error), HK_ECONFIG, "with its code");
	g_clear_error(&error);
	chmod(path, 0600);
	ok(truncate(path, 31) == 0 && !hk_key_load(path, &error), "so is one that is too short");
	is_int(hk_error_code(error), HK_ECONFIG, "with its code");
	unlink(path);
	g_rmdir(dir);
	hk_key_derive(key, "one", one);
	hk_key_derive(key, "two", two);
	ok(memcmp(one, two, 32) != 0 && memcmp(one, key, 32) != 0, "each purpose has its key");

	g_autoptr(GBytes) sealed = hk_seal(one, HK_SPAN_LIT("secret"));
	gsize len;
	const uint8_t *data = g_bytes_get_data(sealed, &len);
	g_autoptr(GBytes) open = hk_open(one, hk_span_of(data, len));
	ok(open && g_bytes_get_size(open) == 6 &&
			memcmp(g_bytes_get_data(open, NULL), "secret", 6) == 0,
		"what was sealed is opened");
	ok(!hk_open(two, hk_span_of(data, len)), "not with another key");
	g_autofree uint8_t *bent = g_memdup2(data, len);
	bent[len - 1] ^= 1;
	ok(!hk_open(one, hk_span_of(bent, len)), "nor when it was changed");
	ok(!hk_open(one, hk_span_of(data, 39)), "nor when it was cut");
}

static void
texts(void)
{
	size_t len;
	char secret[HK_SECRET_TEXT_SIZE];
	uint8_t hash[32], other[32];

	g_autofree char *text = hk_base64url_encode(HK_SPAN_LIT("\xfb\xff\xfe"));
	is_str(text, "-__-", "base64url");
	g_autofree uint8_t *back = hk_base64url_decode(HK_SPAN_LIT("-__-"), &len);
	ok(back && len == 3, "and back");
	ok(!hk_base64url_decode(HK_SPAN_LIT("+//+"), &len), "base64 is another alphabet");
	ok(!hk_base64url_decode(HK_SPAN_LIT("YQ=="), &len), "without padding");
	ok(!hk_base64url_decode(HK_SPAN_LIT("YR"), &len), "without bits left over");
	ok(!hk_base64url_decode(HK_SPAN_LIT("Y Q"), &len), "without blanks");
	hk_secret_text(secret);
	is_int(strlen(secret), 43, "a secret has 43 characters");
	g_autofree char *token = hk_auth_token_new(hash);
	ok(hk_auth_token_hash(token, other) && memcmp(hash, other, 32) == 0, "a token's hash");
	ok(!hk_auth_token_hash("hk_short", other), "not of what is no token");
	g_autofree char *login = hk_login_fold("Hanako.S+x@Example");
	is_str(login, "hanako.s+x@example", "a login is folded");
	ok(!hk_login_fold("") && !hk_login_fold("a b") && !hk_login_fold("\xc3\xa9"), "or none");
	ok(hk_secret_equal(HK_SPAN_LIT("ab"), HK_SPAN_LIT("ab")) &&
			!hk_secret_equal(HK_SPAN_LIT("ab"), HK_SPAN_LIT("ac")) &&
			!hk_secret_equal(HK_SPAN_LIT("ab"), HK_SPAN_LIT("abc")),
		"comparing");
}

int
main(void)
{
	g_setenv("HK_TEST_QUICK_HASH", "1", TRUE);
	ok(hk_secret_init(NULL), "libsodium");
	passwords();
	keys();
	texts();
	return tap_done();
}
