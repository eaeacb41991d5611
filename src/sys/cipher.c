#include "sys/cipher.h"

#include <openssl/evp.h>

static const struct {
	size_t key, iv, block;
} sizes[HK_CIPHERS] = {
	[HK_CIPHER_AES_128_ECB] = {16, 0, 16},
	[HK_CIPHER_DES_CBC] = {8, 8, 8},
};

enum { KEY_ROOM = 24 };

size_t
hk_cipher_key_size(hk_cipher cipher)
{
	return sizes[cipher].key;
}

size_t
hk_cipher_iv_size(hk_cipher cipher)
{
	return sizes[cipher].iv;
}

size_t
hk_cipher_block(hk_cipher cipher)
{
	return sizes[cipher].block;
}

/* The context, keyed; padding is ours to look at. */
static EVP_CIPHER_CTX *
begin(hk_cipher cipher, hk_span key, hk_span iv, int encrypt)
{
	uint8_t long_key[KEY_ROOM];
	const EVP_CIPHER *evp =
		cipher == HK_CIPHER_DES_CBC ? EVP_des_ede3_cbc() : EVP_aes_128_ecb();

	if (key.len != sizes[cipher].key || iv.len != sizes[cipher].iv) {
		HK_BUG("a key or IV of another size");
	}
	for (size_t at = 0; at + key.len <= KEY_ROOM; at += key.len) {
		memcpy(long_key + at, key.data, key.len);
	}
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	if (!ctx || EVP_CipherInit_ex(ctx, evp, NULL, long_key, iv.data, encrypt) != 1 ||
		EVP_CIPHER_CTX_set_padding(ctx, encrypt) != 1) {
		HK_BUG("OpenSSL has no such cipher");
	}
	return ctx;
}

/* Bytes of padding at the end of the plain text; 0: it is none (RFC 8018, section 6.1.1). */
static size_t
padding(hk_span plain, size_t block)
{
	size_t pad = plain.data[plain.len - 1];

	if (pad == 0 || pad > block) {
		return 0;
	}
	for (size_t i = 0; i < pad; i++) {
		if (plain.data[plain.len - 1 - i] != pad) {
			return 0;
		}
	}
	return pad;
}

static size_t
run(EVP_CIPHER_CTX *ctx, hk_span in, GString *out)
{
	static const uint8_t none[1];
	size_t from = out->len;
	int len = 0, tail = 0;

	g_string_set_size(out, from + in.len + EVP_MAX_BLOCK_LENGTH);
	uint8_t *room = (uint8_t *)out->str + from;
	if (EVP_CipherUpdate(ctx, room, &len, in.data ? in.data : none, (int)in.len) != 1 ||
		EVP_CipherFinal_ex(ctx, room + len, &tail) != 1) {
		HK_BUG("whole blocks, and OpenSSL fails");
	}
	EVP_CIPHER_CTX_free(ctx);
	g_string_truncate(out, from + (size_t)len + (size_t)tail);
	return (size_t)len + (size_t)tail;
}

hk_err
hk_cipher_decrypt(hk_cipher cipher, hk_span key, hk_span iv, hk_span in, GString *out)
{
	size_t from = out->len;

	if (in.len > HK_CIPHER_MAX) {
		return HK_ELIMIT;
	}
	if (in.len == 0 || in.len % sizes[cipher].block != 0) {
		return HK_ETRUNC;
	}
	size_t len = run(begin(cipher, key, iv, 0), in, out);
	size_t pad = padding(hk_span_of(out->str + from, len), sizes[cipher].block);
	g_string_truncate(out, pad > 0 ? out->len - pad : from);
	return pad > 0 ? HK_OK : HK_ECHECK;
}

hk_err
hk_cipher_encrypt(hk_cipher cipher, hk_span key, hk_span iv, hk_span in, GString *out)
{
	if (in.len > HK_CIPHER_MAX) {
		return HK_ELIMIT;
	}
	run(begin(cipher, key, iv, 1), in, out);
	return HK_OK;
}
