/* parse/url: finding and canonicalising URLs in what people and mails write. Layer: parse. Libc only. Input is hostile.
 *
 * Two steps: hk_url_refang() undoes what people do so that a URL is not clicked, hk_url_parse() applies the rules of the WHATWG URL
 * Standard for special schemes (http, https; ftp is known too). hk_url_read() is both. Names are mapped to ASCII by the caller's
 * callback (sys/idn), because IDNA needs tables.
 *
 * Where the result differs from the standard's, on purpose (docs/intake.md):
 * - the fragment and the user information are dropped; a trailing dot of the host, too;
 * - percent-encoding is normalised (RFC 3986, 6.2.2): %7e is ~, %c3 is %C3;
 * - a host must be an address or a name that DNS could hold: two labels or more of letters, digits, '-' and '_', none empty or
 *   over 63 bytes, 253 in all;
 * - "evil.example/x", "evil.example:8080" and "//evil.example" are http URLs. */
#ifndef HK_PARSE_URL_H
#define HK_PARSE_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define HK_URL_MAX      8192  /* bytes of a canonical URL */
#define HK_URL_TEXT_MAX 16384 /* bytes of a text that may become one */
#define HK_HOST_MAX     253

/* hk_url_refang(text, ret, max, ret_len): hxxp:// hXXps:// h**p ttp:// fxp; [.] (.) {.} [dot] (dot) " dot "; [:] [://] [/] [@] (at);
 * full-width letters, digits, dots (．。｡), slashes, colons; zero-width characters, soft hyphens, bidi marks, BOM dropped;
 * surrounding blanks, bullets, quotes (also 「」『』“”), <>, brackets that embrace it, trailing punctuation (、。,;.) dropped. In the
 * path full-width characters are kept, unless the host was written with them, too. Idempotent. No NUL is written. HK_ELIMIT: ret
 * is too small, or text over HK_URL_TEXT_MAX; HK_EFORM: nothing is left, or it is nested without end. */
HK_MUST hk_err hk_url_refang(hk_span text, char *ret, size_t max, size_t *ret_len);

typedef enum hk_url_odd {        /* what was odd about it; for people and for scoring */
	HK_URL_ODD_DEFANGED = 1, /* hk_url_read() alone can know it */
	HK_URL_ODD_NO_SCHEME = 2,
	HK_URL_ODD_IP = 4,
	HK_URL_ODD_IP_FORM = 8, /* 0x7f.1, 2130706433 */
	HK_URL_ODD_USERINFO = 16,
	HK_URL_ODD_PORT = 32,
	HK_URL_ODD_IDN = 64,
	HK_URL_ODD_BACKSLASH = 128,
	HK_URL_ODD_CONTROL = 256, /* tabs, line feeds, control characters inside */
} hk_url_odd;

/* Why a text cannot be a URL. */
typedef enum hk_url_fault {
	HK_URL_FAULT_NONE,
	HK_URL_FAULT_EMPTY,  /* nothing */
	HK_URL_FAULT_LONG,   /* over a limit */
	HK_URL_FAULT_SCHEME, /* a scheme, but none of ours */
	HK_URL_FAULT_MAIL,   /* a mail address */
	HK_URL_FAULT_NO_DOT, /* one label: a word */
	HK_URL_FAULT_HOST,   /* a character or label that no host has */
	HK_URL_FAULT_IDN,    /* letters that no name may hold (UTS #46) */
	HK_URL_FAULT_IP,     /* numbers that are no address */
	HK_URL_FAULT_PORT,
} hk_url_fault;

typedef struct hk_url {
	char text[HK_URL_MAX + 1]; /* canonical: scheme://host[:port]/path[?query] */
	size_t len;
	char host[HK_HOST_MAX + 1]; /* ASCII, lower case, no trailing dot; IPv6 without brackets */
	bool is_ip;
	bool https;
	uint16_t port; /* effective */
	size_t path;   /* offset of the path in text */
	unsigned odd;  /* hk_url_odd */
} hk_url;

/* Maps a host with bytes >= 0x80 or xn-- labels to ASCII (UTS #46, nontransitional), with a NUL, at most max bytes in all; HK_EFORM
 * when it cannot. */
typedef hk_err (*hk_url_to_ascii)(void *user, hk_span host, char *ret, size_t max);

/* hk_url_parse(text, to_ascii, user, ret): text is refanged already. A bare host ("evil.example/login") is taken as http. to_ascii
 * NULL: names outside ASCII are HK_EFORM, xn-- labels are taken as they are. HK_EFORM: cannot be a URL or a host name (no dot, bad
 * label, unknown scheme); HK_ELIMIT: over HK_URL_MAX or HK_HOST_MAX. The result parsed again is itself. */
HK_MUST hk_err hk_url_parse(hk_span text, hk_url_to_ascii to_ascii, void *user, hk_url *ret);

/* hk_url_read(text, to_ascii, user, ret, ret_fault): hk_url_refang(), then hk_url_parse(). On failure *ret_fault (or NULL) says why,
 * else it is HK_URL_FAULT_NONE. */
HK_MUST hk_err hk_url_read(
	hk_span text, hk_url_to_ascii to_ascii, void *user, hk_url *ret, hk_url_fault *ret_fault);

/* hk_url_join(base, ref, to_ascii, user, ret): what ref (the value of a Location line, an href) means at base: absolute, //host/path,
 * /path, path, ?query, nothing; backslashes count as slashes, blanks around it and line ends inside are dropped, as browsers do. The
 * result is canonical. HK_EFORM: not http or https, or no URL; HK_ELIMIT. */
HK_MUST hk_err hk_url_join(
	const hk_url *base, hk_span ref, hk_url_to_ascii to_ascii, void *user, hk_url *ret);

/* hk_url_find(text, bare, pos, ret): the next thing in running text (a mail, a chat line) that looks like a URL or a defanged one,
 * from *pos; true and *ret (borrowed from text, still defanged), *pos moved behind it; false: none, *pos is the end. Bare hosts
 * count only with a path, a www. in front or a dot that was made harmless, unless bare is true. A path ends where ASCII does: in
 * Japanese the sentence goes on without a blank. Time is linear in text. */
bool hk_url_find(hk_span text, bool bare, size_t *pos, hk_span *ret);

#endif
