/* web/totp: one-time codes by time, RFC 6238 with SHA-1, 30 s, 6 digits: what every authenticator app speaks. Layer: web. Pure. */
#ifndef HK_WEB_TOTP_H
#define HK_WEB_TOTP_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

enum {
	HK_TOTP_SECRET_BYTES = 20,
	HK_TOTP_STEP_S = 30,
	HK_TOTP_SLACK = 1, /* a code of the step before or after counts as well: clocks differ */
};

/* hk_totp_code(secret, step, digits): the code of a time step (Unix time / 30), digits 6..8. */
uint32_t hk_totp_code(hk_span secret, int64_t step, unsigned digits);

/* hk_totp_find(secret, code, now_ms, ret_step): whether code (exactly 6 digits; blanks between are fine) is that of a step within the
 * slack; compares in constant time. The caller refuses a step that was used before. */
bool hk_totp_find(hk_span secret, const char *code, int64_t now_ms, int64_t *ret_step);

/* hk_totp_base32(secret), hk_totp_uri(secret, issuer, login): what an app takes (otpauth://totp/...). Caller frees. */
char *hk_totp_base32(hk_span secret);
char *hk_totp_uri(hk_span secret, const char *issuer, const char *login);

#endif
