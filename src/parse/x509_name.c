/* What is odd about one name, and the words for it: the cold half of parse/x509. nocheck: tested in tests/unit/parse/test_x509.c */
#include "parse/x509.h"

#include "base/utf8.h"

enum { MALFORMED = 1, NOTE = 0 };

const uint32_t hk_x509_odd_malformed = 0
#define ODD(name, code, severity, meaning) | (severity * (1u << HK_X509_ODD_NUMBER_##name))
#include "parse/odd.def"
#undef ODD
	;

static const char *const texts[HK_X509_ODD_COUNT][2] = {
#define ODD(name, code, severity, meaning) {code, meaning},
#include "parse/odd.def"
#undef ODD
};

static const char *
text_of(uint32_t bit, unsigned column)
{
	for (size_t i = 0; i < HK_X509_ODD_COUNT; i++) {
		if (bit == UINT32_C(1) << i) {
			return texts[i][column];
		}
	}
	return column == 0 ? hk_err_code(HK_EINTERNAL) : hk_err_meaning(HK_EINTERNAL);
}

const char *
hk_x509_odd_code(uint32_t bit)
{
	return text_of(bit, 0);
}

const char *
hk_x509_odd_meaning(uint32_t bit)
{
	return text_of(bit, 1);
}

/* What a byte of a name is. A name's classes are ORed together in one pass; the rare ones are
 * looked at again. */
enum {
	LETTER = 1, /* or a hyphen */
	DIGIT = 2,
	DOT = 4,
	STAR = 8,
	UNDER = 16,
	NUL = 32,
	SPACE = 64,
	HIGH = 128,
	CONTROL = 256,
	OTHER = 512,
	COLON = 1024,
};

#define CLASS(c)                                                                                   \
	((c) == 0                                                                        ? NUL     \
		: (c) == ' '                                                             ? SPACE   \
		: (c) < 0x20 || (c) == 0x7F                                              ? CONTROL \
		: (c) >= 0x80                                                            ? HIGH    \
		: (c) == '.'                                                             ? DOT     \
		: (c) == ':'                                                             ? COLON   \
		: (c) == '*'                                                             ? STAR    \
		: (c) == '_'                                                             ? UNDER   \
		: (c) >= '0' && (c) <= '9'                                               ? DIGIT   \
		: ((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || (c) == '-' ? LETTER  \
											 : OTHER)
#define C4(c)  CLASS(c), CLASS((c) + 1), CLASS((c) + 2), CLASS((c) + 3)
#define C16(c) C4(c), C4((c) + 4), C4((c) + 8), C4((c) + 12)
#define C64(c) C16(c), C16((c) + 16), C16((c) + 32), C16((c) + 48)
static const uint16_t class_of[256] = {C64(0), C64(64), C64(128), C64(192)};

/* Four numbers with dots between, or (RFC 4291, section 2.2) hexadecimal digits with at least two
 * colons: enough to know that an address was meant. */
static bool
is_address(hk_span name, unsigned classes)
{
	unsigned dots = 0;
	unsigned colons = 0;
	bool hex = true;

	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];
		uint8_t lower = c | 0x20;
		dots += c == '.';
		colons += c == ':';
		hex = hex && (c == ':' || c == '.' || (c >= '0' && c <= '9') ||
				     (lower >= 'a' && lower <= 'f'));
	}
	return (classes == (DIGIT | DOT) && dots == 3) || (colons >= 2 && hex);
}

/* The second look at a name that holds anything but letters, digits, hyphens and dots. */
static uint32_t
odd_bytes(hk_span name, unsigned classes)
{
	uint32_t odd = 0;

	odd |= classes & NUL ? (uint32_t)HK_X509_ODD_NUL_IN_NAME : 0;
	odd |= classes & CONTROL ? (uint32_t)HK_X509_ODD_CONTROL_IN_NAME : 0;
	odd |= classes & SPACE ? (uint32_t)HK_X509_ODD_SPACE_IN_NAME : 0;
	odd |= classes & (OTHER | COLON) ? (uint32_t)HK_X509_ODD_BAD_CHARACTER : 0;
	odd |= classes & UNDER ? (uint32_t)HK_X509_ODD_UNDERSCORE : 0;
	if (classes & HIGH) {
		odd |= (uint32_t)(hk_utf8_valid(name) ? HK_X509_ODD_U_LABEL
						      : HK_X509_ODD_NON_UTF8_NAME);
	}
	if (classes & STAR) {
		hk_span rest = hk_span_of(name.data + 1, name.len - 1);
		bool first_label = name.data[0] == '*' && rest.len > 0 && rest.data[0] == '.';
		if (!first_label || memchr(rest.data, '*', rest.len)) {
			odd |= (uint32_t)HK_X509_ODD_WILDCARD_INSIDE;
		}
	}
	return odd;
}

uint32_t
hk_x509_odd_name(hk_span name)
{
	unsigned classes = 0;
	uint32_t odd = 0;
	size_t label = 0; /* characters of the label so far */

	if (name.len == 0) {
		return (uint32_t)HK_X509_ODD_EMPTY_NAME;
	}
	for (size_t i = 0; i < name.len; i++) {
		unsigned class = class_of[name.data[i]];
		classes |= class;
		if (class == DOT) {
			odd |= label == 0 ? (uint32_t)HK_X509_ODD_EMPTY_LABEL : 0;
			odd |= label > 63 ? (uint32_t)HK_X509_ODD_LABEL_TOO_LONG : 0;
			label = 0;
		} else {
			label++;
		}
	}
	odd |= label == 0 ? (uint32_t)HK_X509_ODD_EMPTY_LABEL : 0;
	odd |= label > 63 ? (uint32_t)HK_X509_ODD_LABEL_TOO_LONG : 0;
	odd |= name.len > 253 ? (uint32_t)HK_X509_ODD_NAME_TOO_LONG : 0;
	if (classes & ~(unsigned)(LETTER | DIGIT | DOT)) {
		odd |= odd_bytes(name, classes);
	}
	if ((classes == (DIGIT | DOT) || classes & COLON) && is_address(name, classes)) {
		odd |= (uint32_t)HK_X509_ODD_IP_IN_DNSNAME;
	}
	return odd;
}
