#include "parse/ipaddr.h"

#include <string.h>

#include "base/num.h"

typedef struct row {
	hk_ipaddr net;
	unsigned bits;
	hk_ipaddr_class class;
} row;

#define W(w) (uint8_t)((w) >> 8), (uint8_t)((w)&0xff)

static const row rows[] = {
#define V4(a, b, c, d, n, name, source)                                                            \
	{{{a, b, c, d}, true}, n, {#a "." #b "." #c "." #d "/" #n, name, source}},
#define V6(text, a, b, c, d, e, f, g, h, n, name, source)                                          \
	{{{W(a), W(b), W(c), W(d), W(e), W(f), W(g), W(h)}, false}, n, {text "/" #n, name, source}},
#include "parse/ipaddr.def"
#undef V4
#undef V6
};

/* Not prefixes: a mark in the middle, and whatever was never given out. */
static const hk_ipaddr_class isatap = {"::0:5efe:0:0", "isatap", "RFC 5214"};
static const hk_ipaddr_class unallocated = {"::/0", "unallocated", "RFC 4291"};

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* -1: not one. */
static int
hex_of(uint8_t c)
{
	if (is_digit(c)) {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static hk_err
parse_v4(hk_span text, uint8_t *ret)
{
	uint8_t bytes[4];

	for (int i = 0; i < 4; i++) {
		const uint8_t *dot = text.len > 0 ? memchr(text.data, '.', text.len) : NULL;
		size_t len = dot ? (size_t)(dot - text.data) : text.len;
		uint64_t value;
		if ((dot != NULL) != (i < 3)) {
			return HK_EFORM;
		}
		if (hk_parse_u64(hk_span_of(text.data, len), 255, &value) != HK_OK) {
			return HK_EFORM;
		}
		bytes[i] = (uint8_t)value;
		if (dot) {
			text = hk_span_of(dot + 1, text.len - len - 1);
		}
	}
	memcpy(ret, bytes, 4);
	return HK_OK;
}

/* One group of one to four hexadecimal digits at *at. */
static bool
group(hk_span text, size_t *at, unsigned *ret)
{
	unsigned value = 0;
	size_t n = 0;

	for (; n < 4 && *at + n < text.len && hex_of(text.data[*at + n]) >= 0; n++) {
		value = value << 4 | (unsigned)hex_of(text.data[*at + n]);
	}
	*at += n;
	*ret = value;
	return n > 0;
}

/* Whether an IPv4 address is what is left from at. */
static bool
tail_v4(hk_span text, size_t at, uint8_t *ret)
{
	return parse_v4(hk_span_of(text.data + at, text.len - at), ret) == HK_OK;
}

static hk_err
parse_v6(hk_span text, uint8_t *ret)
{
	uint8_t bytes[16] = {0};
	size_t n = 0;    /* bytes written */
	size_t gap = 16; /* where :: stood; 16: nowhere */
	size_t at = 0;

	if (text.len >= 2 && text.data[0] == ':' && text.data[1] == ':') {
		gap = 0;
		at = 2;
	}
	while (at < text.len) {
		unsigned value;
		if (n <= 12 && tail_v4(text, at, bytes + n)) {
			n += 4;
			break;
		}
		if (n == 16 || !group(text, &at, &value)) {
			return HK_EFORM;
		}
		bytes[n++] = (uint8_t)(value >> 8);
		bytes[n++] = (uint8_t)value;
		if (at == text.len) {
			break;
		}
		if (text.data[at++] != ':' || at == text.len) {
			return HK_EFORM;
		}
		if (text.data[at] == ':') {
			if (gap < 16) {
				return HK_EFORM;
			}
			gap = n;
			at++;
		}
	}
	/* "::" stands for one group at least. */
	if (gap == 16 ? n != 16 : n > 14) {
		return HK_EFORM;
	}
	memset(ret, 0, 16);
	memcpy(ret, bytes, gap < n ? gap : n);
	if (gap < n) {
		memcpy(ret + 16 - (n - gap), bytes + gap, n - gap);
	}
	return HK_OK;
}

hk_err
hk_ipaddr_parse(hk_span text, hk_ipaddr *ret)
{
	hk_ipaddr addr = {{0}, false};
	bool v6 = text.len > 0 && memchr(text.data, ':', text.len);

	/* Longer than any: no reader needs to see it. */
	if (text.len == 0 || text.len >= HK_IPADDR_TEXT_SIZE) {
		return HK_EFORM;
	}
	addr.v4 = !v6;
	HK_TRY(v6 ? parse_v6(text, addr.bytes) : parse_v4(text, addr.bytes));
	*ret = addr;
	return HK_OK;
}

/* "0x", "0x7F", "017", "2130706433" */
static bool
is_number(hk_span label)
{
	size_t i = 0;

	if (label.len == 0) {
		return false;
	}
	if (label.len >= 2 && label.data[0] == '0' && (label.data[1] | 0x20) == 'x') {
		for (i = 2; i < label.len && hex_of(label.data[i]) >= 0; i++) {
		}
		return i == label.len;
	}
	for (; i < label.len && is_digit(label.data[i]); i++) {
	}
	return i == label.len;
}

bool
hk_ipaddr_looks_odd(hk_span host)
{
	hk_ipaddr addr;

	if (hk_ipaddr_parse(host, &addr) == HK_OK) {
		return false;
	}
	for (size_t i = 0; i < host.len; i++) {
		uint8_t c = host.data[i];
		if (c == '%' || c == '[' || c == ']' || c == ':' || c >= 0x80) {
			return true;
		}
	}
	if (host.len > 0 && host.data[host.len - 1] == '.') {
		host.len--;
	}
	size_t start = host.len;
	while (start > 0 && host.data[start - 1] != '.') {
		start--;
	}
	return is_number(hk_span_of(host.data + start, host.len - start));
}

static char *
put_number(char *out, unsigned value, unsigned base)
{
	static const char digits[] = "0123456789abcdef";
	char text[8];
	size_t n = 0;

	do {
		text[n++] = digits[value % base];
		value /= base;
	} while (value > 0);
	while (n > 0) {
		*out++ = text[--n];
	}
	return out;
}

static char *
put_v4(char *out, const uint8_t *bytes)
{
	for (int i = 0; i < 4; i++) {
		out = put_number(out, bytes[i], 10);
		*out++ = '.';
	}
	return out - 1;
}

/* The longest run of two zero groups or more, the first one of those of equal length (RFC 5952, section 4.2). */
static void
longest_run(const uint8_t *bytes, int *ret_at, int *ret_len)
{
	int at = 0;

	*ret_at = *ret_len = 0;
	while (at < 8) {
		int len = 0;
		while (at + len < 8 && bytes[2 * (at + len)] == 0 &&
			bytes[2 * (at + len) + 1] == 0) {
			len++;
		}
		if (len >= 2 && len > *ret_len) {
			*ret_at = at;
			*ret_len = len;
		}
		at += len > 0 ? len : 1;
	}
}

const char *
hk_ipaddr_format(const hk_ipaddr *addr, char *ret)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	int run, len;
	char *out = ret;

	if (addr->v4) {
		*put_v4(ret, addr->bytes) = '\0';
		return ret;
	}
	if (memcmp(addr->bytes, mapped, 12) == 0) {
		memcpy(ret, "::ffff:", 7);
		*put_v4(ret + 7, addr->bytes + 12) = '\0';
		return ret;
	}
	longest_run(addr->bytes, &run, &len);
	for (int i = 0; i < 8; i++) {
		if (len > 0 && i == run) {
			*out++ = ':';
			*out++ = ':';
			i += len - 1;
			continue;
		}
		if (i > 0 && !(len > 0 && i == run + len)) {
			*out++ = ':';
		}
		unsigned word = (unsigned)addr->bytes[2 * i] << 8 | addr->bytes[2 * i + 1];
		out = put_number(out, word, 16);
	}
	*out = '\0';
	return ret;
}

bool
hk_ipaddr_in(const hk_ipaddr *addr, const hk_ipaddr *net, unsigned bits)
{
	unsigned whole = bits / 8;
	unsigned rest = bits % 8;

	if (addr->v4 != net->v4 || bits > (addr->v4 ? 32 : 128) ||
		memcmp(addr->bytes, net->bytes, whole) != 0) {
		return false;
	}
	return rest == 0 || (addr->bytes[whole] ^ net->bytes[whole]) >> (8 - rest) == 0;
}

const hk_ipaddr_class *
hk_ipaddr_class_of(const hk_ipaddr *addr)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (hk_ipaddr_in(addr, &rows[i].net, rows[i].bits)) {
			return &rows[i].class;
		}
	}
	if (addr->v4) {
		return NULL;
	}
	if ((addr->bytes[0] & 0xe0) != 0x20) {
		return &unallocated;
	}
	if ((addr->bytes[8] & 0xfd) == 0 && addr->bytes[9] == 0 && addr->bytes[10] == 0x5e &&
		addr->bytes[11] == 0xfe) {
		return &isatap;
	}
	return NULL;
}

bool
hk_ipaddr_is_loopback(const hk_ipaddr *addr)
{
	static const hk_ipaddr one = {{[15] = 1}, false};

	return addr->v4 ? addr->bytes[0] == 127 : hk_ipaddr_eq(addr, &one);
}

bool
hk_ipaddr_eq(const hk_ipaddr *a, const hk_ipaddr *b)
{
	return a->v4 == b->v4 && memcmp(a->bytes, b->bytes, a->v4 ? 4 : 16) == 0;
}

hk_err
hk_ipaddr_parse_net(hk_span text, hk_ipaddr *ret, unsigned *ret_bits)
{
	const uint8_t *slash = text.len > 0 ? memchr(text.data, '/', text.len) : NULL;
	size_t len = slash ? (size_t)(slash - text.data) : text.len;
	hk_ipaddr addr;
	uint64_t bits;

	HK_TRY(hk_ipaddr_parse(hk_span_of(text.data, len), &addr));
	unsigned all = addr.v4 ? 32 : 128;
	bits = all;
	if (slash) {
		HK_TRY(hk_parse_u64(hk_span_of(slash + 1, text.len - len - 1), all, &bits));
	}
	hk_ipaddr net = addr;
	for (unsigned i = (unsigned)bits; i < all; i++) {
		net.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	}
	if (!hk_ipaddr_eq(&net, &addr)) {
		return HK_ERANGE;
	}
	*ret = net;
	*ret_bits = (unsigned)bits;
	return HK_OK;
}
