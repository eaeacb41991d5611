/* parse/url_int: what url.c, url_host.c and url_text.c share. Layer: parse. Libc only. Input is hostile. */
#ifndef HK_PARSE_URL_INT_H
#define HK_PARSE_URL_INT_H

#include "parse/url.h"

/* A host as written (percent-encoded, in UTF-8) has at most this many bytes. */
#define HK_URL_HOST_RAW_MAX 1020

static inline uint8_t
hk_url_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static inline bool
hk_url_is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool
hk_url_is_alpha(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
hk_url_is_alnum(uint32_t c)
{
	return hk_url_is_digit(c) || hk_url_is_alpha(c);
}

/* hk_url_hex(c): the value of a hexadecimal digit, -1 when it is none. */
static inline int
hk_url_hex(uint8_t c)
{
	return hk_url_is_digit(c)                       ? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
							: -1;
}

/* hk_url_host(text, bare, to_ascii, user, url, ret_fault): the URL Standard's host parser, and the rules for what can be a site's name:
 * sets host, is_ip and the marks of url. bare: there was no scheme, so a lone number is no address. *ret_fault is set on failure. */
HK_MUST hk_err hk_url_host(hk_span text, bool bare, hk_url_to_ascii to_ascii, void *user,
	hk_url *url, hk_url_fault *ret_fault);

#endif
