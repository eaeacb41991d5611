/* Ciphers: published vectors, the talk's, and paddings that are none. */
#include "sys/cipher.h"

#include "base/codec.h"
#include "tap.h"

static size_t
bytes_of(const char *hex, uint8_t *out)
{
	size_t len = strlen(hex) / 2;

	ok(hk_hex_decode(hk_span_str(hex), out, len) == HK_OK, "hexadecimal of the test");
	return len;
}

static void
vector(const char *what, hk_cipher cipher, const char *key_hex, const char *iv_hex,
	const char *plain, const char *wrapped_hex)
{
	uint8_t key[32], iv[32], wrapped[256];
	hk_span k = hk_span_of(key, bytes_of(key_hex, key)), v = {NULL, 0};
	hk_span w = hk_span_of(wrapped, bytes_of(wrapped_hex, wrapped));
	g_autoptr(GString) out = g_string_new("before:");

	if (*iv_hex) {
		v = hk_span_of(iv, bytes_of(iv_hex, iv));
	}
	is_int(hk_cipher_decrypt(cipher, k, v, w, out), HK_OK, "%s: decrypts", what);
	ok(g_str_has_prefix(out->str, "before:"), "%s: is appended", what);
	is_str(out->str + 7, plain, "%s: the plain text", what);
	g_string_truncate(out, 0);
	is_int(hk_cipher_encrypt(cipher, k, v, hk_span_str(plain), out), HK_OK, "%s: encrypts",
		what);
	is_int(out->len, w.len, "%s: the length", what);
	is_mem(out->str, w.data, w.len, "%s: the same bytes", what);
}

/* The last block decrypts to what each row says; made with openssl enc -nopad. */
static void
paddings(void)
{
	static const char *const wrong[] = {"6b7e7f81864ea1b2750165f2d5a49c42",
		"afe6533b1a90186263e7fcfdc790fa2a", "0ad3d1138ca6281f37c084c2b9f91de6",
		"d314029ddde6ce5ad3bbc77e5d3a61fb", "62b79fa1e156be75d0fe80c5f145bc9a",
		"6b0a4583323d4fb7b279ffec714e2c7d"};
	uint8_t key[16], wrapped[64];
	hk_span k = hk_span_of(key, bytes_of("30303030303030303030303030303030", key));

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GString) out = g_string_new("kept");
		size_t len = bytes_of(wrong[i], wrapped);
		is_int(hk_cipher_decrypt(HK_CIPHER_AES_128_ECB, k, (hk_span){NULL, 0},
			       hk_span_of(wrapped, len), out),
			HK_ECHECK, "padding %zu is none", i + 1);
		is_str(out->str, "kept", "and nothing is appended");
	}
	for (size_t len = 0; len < 16; len++) {
		g_autoptr(GString) out = g_string_new("kept");
		is_int(hk_cipher_decrypt(HK_CIPHER_AES_128_ECB, k, (hk_span){NULL, 0},
			       hk_span_of(wrapped, len), out),
			HK_ETRUNC, "%zu bytes are no block", len);
		is_str(out->str, "kept", "and nothing is appended");
	}
}

int
main(void)
{
	is_int(hk_cipher_key_size(HK_CIPHER_AES_128_ECB), 16, "AES: key");
	is_int(hk_cipher_iv_size(HK_CIPHER_AES_128_ECB), 0, "AES-ECB: no IV");
	is_int(hk_cipher_key_size(HK_CIPHER_DES_CBC), 8, "DES: key");
	is_int(hk_cipher_iv_size(HK_CIPHER_DES_CBC), 8, "DES: IV");
	is_int(hk_cipher_block(HK_CIPHER_DES_CBC), 8, "DES: block");
	/* threats.md, section 0: the talk's key and address */
	vector("KeepSpy", HK_CIPHER_AES_128_ECB, "61705979613832617a377267654e3341", "",
		"104.255.152.61:7775",
		"1e058c30bbacd86374895dfecaeed351cd420fca6d78ecae231c6a565da6d100");
	/* whole blocks get a block of padding; openssl enc -aes-128-ecb */
	vector("a whole block", HK_CIPHER_AES_128_ECB, "30303030303030303030303030303030", "",
		"0123456789abcdef",
		"f1d2ffe95bbe0fcd60a9c5f32d71a5d5346bce0b8eed34da10f6a8fabb844494");
	vector("nothing", HK_CIPHER_AES_128_ECB, "30303030303030303030303030303030", "", "",
		"346bce0b8eed34da10f6a8fabb844494");
	/* openssl enc -des-cbc of the legacy provider: single DES */
	vector("MoqHao", HK_CIPHER_DES_CBC, "4162356431513332", "4162356431513332",
		"198.51.100.9:28877", "073a1fea0fd808c5beb1c1835bdd4493364c7647e41497c3");
	/* FIPS 81, appendix C: key 0123456789abcdef, IV 1234567890abcdef, "Now is the time for all " */
	vector("FIPS 81", HK_CIPHER_DES_CBC, "0123456789abcdef", "1234567890abcdef",
		"Now is the time for all ",
		"e5c7cdde872bf27c43e934008c389c0f683788499a7c05f662c16a27e4fcf277");
	paddings();
	return tap_done();
}
