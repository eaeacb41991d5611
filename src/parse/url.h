/* parse/url: finding and canonicalising URLs in what people and mails write. Layer: parse. Libc only. Input is hostile.
 *
 * Two steps: hk_url_refang() undoes what people do so that a URL is not clicked, hk_url_parse() applies the WHATWG URL Standard's rules for special schemes
 * (http, https; ftp is known too). Names are mapped to ASCII by the caller's callback (sys/idn), because IDNA needs tables. */
#ifndef HK_PARSE_URL_H
#define HK_PARSE_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define HK_URL_MAX  8192 /* bytes of a canonical URL */
#define HK_HOST_MAX 253

/* hk_url_refang(text, ret, max, ret_len): hxxp:// hXXps:// h**p fxp; [.] (.) {.} [dot] (dot) " dot "; [:] [://] [/] [@] (at); full-width letters, digits, dots (．。｡), slashes, colons;
 * zero-width characters, soft hyphens, bidi marks, BOM dropped; surrounding blanks, quotes (also 「」『』“”), <>, trailing punctuation (、。,;) dropped. Idempotent. HK_ELIMIT when ret is too
 * small. */
hk_err hk_url_refang(hk_span text, char *ret, size_t max, size_t *ret_len);

typedef enum hk_url_odd { /* what was odd about it; for people and for scoring */
	HK_URL_ODD_DEFANGED = 1,
	HK_URL_ODD_NO_SCHEME = 2,
	HK_URL_ODD_IP = 4,
	HK_URL_ODD_IP_FORM = 8 /* 0x7f.1, 2130706433 */,
	HK_URL_ODD_USERINFO = 16,
	HK_URL_ODD_PORT = 32,
	HK_URL_ODD_IDN = 64,
	HK_URL_ODD_BACKSLASH = 128,
	HK_URL_ODD_CONTROL = 256,
} hk_url_odd;

typedef struct hk_url {
	char text[HK_URL_MAX +
		  1]; /* canonical: scheme://host[:port]/path[?query]; no fragment, no user info, default port dropped, dot segments resolved, percent-encoding normalised */
	size_t len;
	char host[HK_HOST_MAX + 1]; /* ASCII, lower case, no trailing dot; IPv6 without brackets */
	bool is_ip;
	bool https;
	uint16_t port; /* effective */
	size_t path;   /* offset of the path in text */
	unsigned odd;  /* hk_url_odd */
} hk_url;

/* Maps a host with bytes >= 0x80 or xn-- labels to ASCII (UTS #46, nontransitional); HK_EFORM when it cannot. */
typedef hk_err (*hk_url_to_ascii)(void *user, hk_span host, char *ret, size_t max);

/* hk_url_parse(text, to_ascii, user, ret): text is refanged already. A bare host ("evil.example/login") is taken as http. HK_EFORM: cannot be a URL or a host name (no dot, bad label, unknown
 * scheme); HK_ELIMIT. */
hk_err hk_url_parse(hk_span text, hk_url_to_ascii to_ascii, void *user, hk_url *ret);

/* hk_url_find(text, pos, ret): the next thing in running text (a mail, a chat line) that looks like a URL or a defanged one, from *pos; true and *ret (borrowed from text), *pos moved behind it. Bare hosts
 * count only with a path or a www. in front, unless bare is true. */
bool hk_url_find(hk_span text, bool bare, size_t *pos, hk_span *ret);

#endif
