/* nocheck: tested in tests/unit/parse/test_url.c */
#include "parse/url_int.h"

#include <string.h>

/* The longest form of eight pieces is 39 characters. */
enum { IPV6_PIECES = 8, LABEL_MAX = 63 };

/* A piece of four digits at most: *ret_digits of them were there. */
static uint16_t
ipv6_piece(hk_span text, size_t *at, size_t *ret_digits)
{
	unsigned value = 0;
	size_t digits = 0;

	while (digits < 4 && *at < text.len && hk_url_hex(text.data[*at]) >= 0) {
		value = value << 4 | (unsigned)hk_url_hex(text.data[*at]);
		(*at)++;
		digits++;
	}
	*ret_digits = digits;
	return (uint16_t)value;
}

/* The dotted quad at the end of an IPv6 address: decimal, no leading zeros, exactly four. */
static bool
ipv6_quad(hk_span text, size_t at, uint16_t piece[2])
{
	unsigned seen = 0;

	piece[0] = piece[1] = 0;
	while (at < text.len) {
		int value = -1;
		if (seen > 0) {
			if (text.data[at] != '.' || seen == 4) {
				return false;
			}
			at++;
		}
		for (; at < text.len && hk_url_is_digit(text.data[at]); at++) {
			if (value == 0) {
				return false;
			}
			value = (value < 0 ? 0 : value * 10) + (text.data[at] - '0');
			if (value > 255) {
				return false;
			}
		}
		if (value < 0 || seen == 4) {
			return false;
		}
		piece[seen / 2] = (uint16_t)(piece[seen / 2] << 8 | value);
		seen++;
	}
	return seen == 4;
}

/* URL Standard, IPv6 parser. compress is the place of "::", -1 without. */
static bool
ipv6_read(hk_span text, uint16_t piece[IPV6_PIECES])
{
	size_t at = 0;
	size_t n = 0;
	size_t compress = SIZE_MAX;

	memset(piece, 0, IPV6_PIECES * sizeof *piece);
	if (text.len > 0 && text.data[0] == ':') {
		if (text.len < 2 || text.data[1] != ':') {
			return false;
		}
		at = 2;
		compress = ++n;
	}
	while (at < text.len) {
		size_t digits;
		if (n == IPV6_PIECES) {
			return false;
		}
		if (text.data[at] == ':') {
			if (compress != SIZE_MAX) {
				return false;
			}
			at++;
			compress = ++n;
			continue;
		}
		uint16_t value = ipv6_piece(text, &at, &digits);
		if (at < text.len && text.data[at] == '.') {
			if (digits == 0 || n > IPV6_PIECES - 2 ||
				!ipv6_quad(text, at - digits, piece + n)) {
				return false;
			}
			n += 2;
			break;
		}
		/* A colon must be followed by something, and nothing else may stand here. */
		if (at < text.len && (text.data[at] != ':' || ++at == text.len)) {
			return false;
		}
		piece[n++] = value;
	}
	if (compress == SIZE_MAX) {
		return n == IPV6_PIECES;
	}
	/* What follows "::" moves to the end. */
	size_t tail = n - compress;
	memmove(piece + IPV6_PIECES - tail, piece + compress, tail * sizeof *piece);
	for (size_t i = compress; i < IPV6_PIECES - tail; i++) {
		piece[i] = 0;
	}
	return true;
}

/* Where the first longest run of zero pieces begins; *ret_len is 0 when none has two. */
static size_t
ipv6_zeros(const uint16_t piece[IPV6_PIECES], size_t *ret_len)
{
	size_t best = 0;
	size_t best_len = 1;

	for (size_t i = 0; i < IPV6_PIECES; i++) {
		size_t len = 0;
		while (i + len < IPV6_PIECES && piece[i + len] == 0) {
			len++;
		}
		if (len > best_len) {
			best = i;
			best_len = len;
		}
		i += len;
	}
	*ret_len = best_len > 1 ? best_len : 0;
	return best;
}

/* RFC 5952. */
static void
ipv6_write(const uint16_t piece[IPV6_PIECES], char *out)
{
	static const char digit[] = "0123456789abcdef";
	size_t zeros_len;
	size_t zeros = ipv6_zeros(piece, &zeros_len);
	size_t len = 0;

	for (size_t i = 0; i < IPV6_PIECES; i++) {
		if (zeros_len > 0 && i == zeros) {
			out[len++] = ':';
			if (i == 0) {
				out[len++] = ':';
			}
			i += zeros_len - 1;
			continue;
		}
		bool begun = false;
		for (int shift = 12; shift >= 0; shift -= 4) {
			unsigned nibble = (unsigned)(piece[i] >> shift) & 0xf;
			begun = begun || nibble > 0 || shift == 0;
			if (begun) {
				out[len++] = digit[nibble];
			}
		}
		if (i + 1 < IPV6_PIECES) {
			out[len++] = ':';
		}
	}
	out[len] = '\0';
}

/* One part of an IPv4 address: decimal, 0x hexadecimal or 0 octal. False: no number. Saturates: more than 32 bits are too many anyway. */
static bool
ipv4_number(hk_span text, uint64_t *ret, bool *ret_odd)
{
	unsigned base = 10;
	uint64_t value = 0;

	if (text.len == 0) {
		return false;
	}
	if (text.len >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
		base = 16;
		text = hk_span_of(text.data + 2, text.len - 2);
	} else if (text.len >= 2 && text.data[0] == '0') {
		base = 8;
		text = hk_span_of(text.data + 1, text.len - 1);
	}
	for (size_t i = 0; i < text.len; i++) {
		int digit = hk_url_hex(text.data[i]);
		if (digit < 0 || (unsigned)digit >= base) {
			return false;
		}
		value = value > UINT32_MAX ? value : value * base + (unsigned)digit;
	}
	*ret_odd = *ret_odd || base != 10;
	*ret = value;
	return true;
}

static hk_span
label_at(hk_span name, size_t from)
{
	const uint8_t *dot = memchr(name.data + from, '.', name.len - from);

	return hk_span_of(name.data + from, (dot ? (size_t)(dot - name.data) : name.len) - from);
}

static bool
all_digits(hk_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!hk_url_is_digit(text.data[i])) {
			return false;
		}
	}
	return text.len > 0;
}

/* URL Standard, "ends in a number". */
static bool
ends_in_number(hk_span name)
{
	size_t from = name.len;
	uint64_t value;
	bool odd = false;

	while (from > 0 && name.data[from - 1] != '.') {
		from--;
	}
	hk_span last = hk_span_of(name.data + from, name.len - from);
	return all_digits(last) || ipv4_number(last, &value, &odd);
}

/* URL Standard, IPv4 parser: the last part fills what the others leave. */
static bool
ipv4_read(hk_span name, uint32_t *ret, size_t *ret_parts, bool *ret_odd)
{
	uint64_t number[4];
	size_t parts = 0;
	uint64_t value = 0;

	for (size_t from = 0; from <= name.len;) {
		hk_span part = label_at(name, from);
		if (parts == 4 || !ipv4_number(part, &number[parts], ret_odd)) {
			return false;
		}
		parts++;
		from += part.len + 1;
	}
	for (size_t i = 0; i + 1 < parts; i++) {
		if (number[i] > 255) {
			return false;
		}
		value |= number[i] << (8 * (3 - i));
	}
	if (number[parts - 1] >= (uint64_t)1 << (8 * (5 - parts))) {
		return false;
	}
	*ret = (uint32_t)(value + number[parts - 1]);
	*ret_parts = parts;
	*ret_odd = *ret_odd || parts != 4;
	return true;
}

static void
ipv4_write(uint32_t address, char *out)
{
	size_t len = 0;

	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned byte = address >> shift & 0xff;
		if (byte >= 100) {
			out[len++] = (char)('0' + byte / 100);
		}
		if (byte >= 10) {
			out[len++] = (char)('0' + byte / 10 % 10);
		}
		out[len++] = (char)('0' + byte % 10);
		out[len++] = shift > 0 ? '.' : '\0';
	}
}

static hk_err
fail(hk_url_fault why, hk_url_fault *ret_fault)
{
	*ret_fault = why;
	return why == HK_URL_FAULT_LONG ? HK_ELIMIT : HK_EFORM;
}

/* Labels that DNS could hold. WHATWG takes more (empty labels, "!$&'()*+,;=~{}", any length), but no such site exists. */
static hk_err
check_labels(hk_span name, hk_url_fault *ret_fault)
{
	size_t labels = 0;

	for (size_t from = 0; from <= name.len; labels++) {
		hk_span label = label_at(name, from);
		if (label.len == 0 || label.len > LABEL_MAX) {
			return fail(HK_URL_FAULT_HOST, ret_fault);
		}
		for (size_t i = 0; i < label.len; i++) {
			uint8_t c = label.data[i];
			if (!hk_url_is_alnum(c) && c != '-' && c != '_') {
				return fail(HK_URL_FAULT_HOST, ret_fault);
			}
		}
		from += label.len + 1;
	}
	return labels < 2 ? fail(HK_URL_FAULT_NO_DOT, ret_fault) : HK_OK;
}

/* Percent-decoded, ASCII in lower case. False: too long. */
static bool
decode(hk_span text, char *out, size_t max, size_t *ret_len, bool *ret_map)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		if (c == '%' && i + 2 < text.len && hk_url_hex(text.data[i + 1]) >= 0 &&
			hk_url_hex(text.data[i + 2]) >= 0) {
			c = (uint8_t)(hk_url_hex(text.data[i + 1]) << 4 |
				      hk_url_hex(text.data[i + 2]));
			i += 2;
		}
		if (len == max) {
			return false;
		}
		out[len++] = (char)hk_url_lower(c);
		*ret_map = *ret_map || c >= 0x80;
	}
	*ret_len = len;
	return true;
}

static bool
has_a_label(const char *name, size_t len)
{
	for (size_t i = 0; i + 4 <= len; i++) {
		if ((i == 0 || name[i - 1] == '.') && memcmp(name + i, "xn--", 4) == 0) {
			return true;
		}
	}
	return false;
}

/* What the callback made of it is checked like everything else. */
static hk_err
map(char *name, size_t *len, hk_url_to_ascii to_ascii, void *user, hk_url_fault *ret_fault)
{
	char ascii[HK_HOST_MAX + 3];

	hk_err err = to_ascii(user, hk_span_of(name, *len), ascii, sizeof ascii);
	if (err != HK_OK) {
		return fail(err == HK_ELIMIT ? HK_URL_FAULT_LONG : HK_URL_FAULT_IDN, ret_fault);
	}
	*len = strlen(ascii);
	for (size_t i = 0; i < *len; i++) {
		name[i] = (char)hk_url_lower((uint8_t)ascii[i]);
	}
	return HK_OK;
}

static hk_err
name_or_ipv4(hk_span name, bool bare, hk_url *url, hk_url_fault *ret_fault)
{
	uint32_t address;
	size_t parts;
	bool odd = false;

	if (name.len == 0) {
		return fail(HK_URL_FAULT_EMPTY, ret_fault);
	}
	if (ends_in_number(name)) {
		/* "2024" in a list is a year, "1.5" a number: without a scheme only four parts are an address. */
		if (!ipv4_read(name, &address, &parts, &odd) || (bare && parts != 4)) {
			return fail(HK_URL_FAULT_IP, ret_fault);
		}
		ipv4_write(address, url->host);
		url->is_ip = true;
		url->odd |= HK_URL_ODD_IP | (odd ? HK_URL_ODD_IP_FORM : 0);
		return HK_OK;
	}
	HK_TRY(check_labels(name, ret_fault));
	if (name.len > HK_HOST_MAX) {
		return fail(HK_URL_FAULT_LONG, ret_fault);
	}
	memcpy(url->host, name.data, name.len);
	url->host[name.len] = '\0';
	return HK_OK;
}

hk_err
hk_url_host(hk_span text, bool bare, hk_url_to_ascii to_ascii, void *user, hk_url *url,
	hk_url_fault *ret_fault)
{
	char name[HK_URL_HOST_RAW_MAX];
	uint16_t piece[IPV6_PIECES];
	size_t len = 0;
	bool high = false;

	if (text.len > 0 && text.data[0] == '[') {
		if (text.data[text.len - 1] != ']' || text.len < 2 ||
			!ipv6_read(hk_span_of(text.data + 1, text.len - 2), piece)) {
			return fail(HK_URL_FAULT_IP, ret_fault);
		}
		ipv6_write(piece, url->host);
		url->is_ip = true;
		url->odd |= HK_URL_ODD_IP;
		return HK_OK;
	}
	if (!decode(text, name, sizeof name, &len, &high)) {
		return fail(HK_URL_FAULT_LONG, ret_fault);
	}
	/* The callback's result ends at a NUL, so none may go in. */
	if (memchr(name, '\0', len)) {
		return fail(HK_URL_FAULT_HOST, ret_fault);
	}
	if (high && !to_ascii) {
		return fail(HK_URL_FAULT_IDN, ret_fault);
	}
	if (to_ascii && (high || has_a_label(name, len))) {
		HK_TRY(map(name, &len, to_ascii, user, ret_fault));
	}
	if (has_a_label(name, len)) {
		url->odd |= HK_URL_ODD_IDN;
	}
	if (len > 1 && name[len - 1] == '.') {
		len--;
	}
	return name_or_ipv4(hk_span_of(name, len), bare, url, ret_fault);
}
