/* parse/ipaddr: IPv4 and IPv6 addresses, and whether the public internet has them. Layer: parse. Libc only. Input is hostile.
 *
 * Strict: the one spelling of RFC 3986's IPv4address (four decimal numbers without leading zeros), and RFC 4291 for IPv6 without a
 * zone, without brackets. What inet_aton(3) takes besides (octal, hexadecimal, short forms) is recognised as odd by
 * hk_ipaddr_looks_odd(), so that it can be refused instead of being looked up as a name. */
#ifndef HK_PARSE_IPADDR_H
#define HK_PARSE_IPADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* Bytes that hk_ipaddr_format writes, with the NUL. */
enum { HK_IPADDR_TEXT_SIZE = 46 };

typedef struct hk_ipaddr {
	uint8_t bytes[16]; /* network order; the first 4 when v4 */
	bool v4;
} hk_ipaddr;

/* A row of ipaddr.def; static storage. */
typedef struct hk_ipaddr_class {
	const char *prefix; /* "10.0.0.0/8" */
	const char *name;   /* "private": stable */
	const char *source; /* "RFC 1918" */
} hk_ipaddr_class;

/* hk_ipaddr_parse(text, ret): the whole of text. HK_EFORM: not an address in its one spelling. */
HK_MUST hk_err hk_ipaddr_parse(hk_span text, hk_ipaddr *ret);

/* hk_ipaddr_looks_odd(host): an address to some reader, but not to hk_ipaddr_parse: a last label of digits or 0x... (the rule of the
 * WHATWG URL Standard, "ends in a number"), a zone, brackets, an IPv6-like text, digits outside ASCII, percent signs. */
bool hk_ipaddr_looks_odd(hk_span host);

/* hk_ipaddr_format(addr, ret): RFC 5952 for IPv6; into ret[HK_IPADDR_TEXT_SIZE]; returns ret. */
const char *hk_ipaddr_format(const hk_ipaddr *addr, char *ret);

/* hk_ipaddr_class_of(addr): NULL when it is public: outside every row of ipaddr.def, and for IPv6 inside 2000::/3. Forms of IPv6 that
 * hold an IPv4 address (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP) are rows of their own: never public. */
const hk_ipaddr_class *hk_ipaddr_class_of(const hk_ipaddr *addr);

/* hk_ipaddr_is_loopback(addr): 127.0.0.0/8 or ::1. */
bool hk_ipaddr_is_loopback(const hk_ipaddr *addr);

bool hk_ipaddr_eq(const hk_ipaddr *a, const hk_ipaddr *b);

/* hk_ipaddr_in(addr, net, bits): whether the first bits are net's; false between the families. */
bool hk_ipaddr_in(const hk_ipaddr *addr, const hk_ipaddr *net, unsigned bits);

/* hk_ipaddr_parse_net(text, ret, ret_bits): "10.0.0.0/8", or an address alone (all bits). HK_EFORM; HK_ERANGE: too many bits, or bits
 * set behind the prefix. */
HK_MUST hk_err hk_ipaddr_parse_net(hk_span text, hk_ipaddr *ret, unsigned *ret_bits);

#endif
