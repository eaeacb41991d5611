#include "web/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

uint32_t
hk_totp_code(hk_span secret, int64_t step, unsigned digits)
{
	static const uint32_t powers[] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	uint8_t message[8], mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	for (int i = 0; i < 8; i++) {
		message[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
	}
	HMAC(EVP_sha1(), secret.data, (int)secret.len, message, sizeof message, mac, &len);
	/* RFC 4226, section 5.3: the last nibble says where to read. */
	unsigned at = mac[19] & 15;
	uint32_t value = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
			 (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	return value % powers[digits];
}

/* Six digits with or without blanks. */
static bool
read_code(const char *code, uint32_t *ret)
{
	uint32_t value = 0;
	int digits = 0;

	for (; *code; code++) {
		if (*code == ' ') {
			continue;
		}
		if (!g_ascii_isdigit(*code) || ++digits > 6) {
			return false;
		}
		value = value * 10 + (uint32_t)(*code - '0');
	}
	*ret = value;
	return digits == 6;
}

bool
hk_totp_find(hk_span secret, const char *code, int64_t now_ms, int64_t *ret_step)
{
	int64_t now = now_ms / 1000 / HK_TOTP_STEP_S, found = -1;
	uint32_t value;

	if (!read_code(code, &value)) {
		return false;
	}
	for (int64_t step = now - HK_TOTP_SLACK; step <= now + HK_TOTP_SLACK; step++) {
		/* No early end, no branch on the code. */
		int64_t same = (int64_t)(hk_totp_code(secret, step, 6) == value);
		found = same * step + (1 - same) * found;
	}
	if (found < 0) {
		return false;
	}
	*ret_step = found;
	return true;
}

char *
hk_totp_base32(hk_span secret)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	GString *out = g_string_new(NULL);
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < secret.len; i++) {
		bits = bits << 8 | secret.data[i];
		for (have += 8; have >= 5; have -= 5) {
			g_string_append_c(out, letters[bits >> (have - 5) & 31]);
		}
		bits &= 255;
	}
	if (have > 0) {
		g_string_append_c(out, letters[bits << (5 - have) & 31]);
	}
	return g_string_free(out, FALSE);
}

char *
hk_totp_uri(hk_span secret, const char *issuer, const char *login)
{
	g_autofree char *key = hk_totp_base32(secret);
	g_autofree char *by = g_uri_escape_string(issuer, NULL, FALSE); /* nocheck: writes only */
	g_autofree char *who = g_uri_escape_string(login, NULL, FALSE); /* nocheck: writes only */

	return g_strdup_printf(
		"otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=6&period=%d", by,
		who, key, by, HK_TOTP_STEP_S);
}
