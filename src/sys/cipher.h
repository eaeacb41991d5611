/* sys/cipher: the block ciphers that bots' configurations are wrapped in, over OpenSSL. Layer: sys. Input is hostile. Pure; any thread.
 *
 * For reading what an adversary has encrypted, never for keeping anything secret. Single DES is EDE3 with three times the same key, so
 * that no legacy provider is needed. */
#ifndef HK_SYS_CIPHER_H
#define HK_SYS_CIPHER_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

/* More bytes of cipher text are HK_ELIMIT. */
#define HK_CIPHER_MAX (16u << 20)

typedef enum hk_cipher {
	HK_CIPHER_AES_128_ECB, /* key of 16 bytes, no IV */
	HK_CIPHER_DES_CBC,     /* key and IV of 8 bytes; parity bits are not looked at */
	HK_CIPHERS
} hk_cipher;

/* hk_cipher_key_size(cipher), hk_cipher_iv_size(cipher), hk_cipher_block(cipher): bytes. */
size_t hk_cipher_key_size(hk_cipher cipher);
size_t hk_cipher_iv_size(hk_cipher cipher);
size_t hk_cipher_block(hk_cipher cipher);

/* hk_cipher_decrypt(cipher, key, iv, in, out): appends the plain text, its PKCS#5 padding taken off. key and iv have the sizes above;
 * anything else is our own mistake. HK_ETRUNC: no bytes, or no whole number of blocks; HK_ECHECK: the padding is not one (a wrong key,
 * or another byte somewhere); HK_ELIMIT. out is then as it was. */
HK_MUST hk_err hk_cipher_decrypt(
	hk_cipher cipher, hk_span key, hk_span iv, hk_span in, GString *out);

/* hk_cipher_encrypt(cipher, key, iv, in, out): the other way, with padding; for tests and the range. */
HK_MUST hk_err hk_cipher_encrypt(
	hk_cipher cipher, hk_span key, hk_span iv, hk_span in, GString *out);

#endif
