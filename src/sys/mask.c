#include "sys/mask.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

enum { SHOWN = 7, LEAST = 9, LEAST_BARE = 11, BETWEEN_MAX = 2 };

/* ---- Mail addresses ---- */

static bool
is_local(unsigned char c)
{
	return c >= 0x80 || g_ascii_isalnum(c) || (c && strchr(".!#$%&'*+/=?^_`{|}~-", c));
}

char *
hk_mask_mail(const char *text)
{
	GString *out = g_string_new(NULL);
	const char *at;

	while ((at = strchr(text, '@'))) {
		const char *from = at;

		while (from > text && is_local((unsigned char)from[-1])) {
			from--;
		}
		/* A multi-byte character stays whole. */
		while (from < at && ((unsigned char)*from & 0xc0) == 0x80) {
			from++;
		}
		bool address =
			from < at && (g_ascii_isalnum(at[1]) || (unsigned char)at[1] >= 0x80);

		g_string_append_len(out, text, from - text);
		if (address) {
			size_t first = (size_t)(g_utf8_find_next_char(from, NULL) - from);

			g_string_append_len(out, from, (gssize)MIN(first, (size_t)(at - from)));
			g_string_append(out, "***@");
		} else {
			g_string_append_len(out, from, at + 1 - from);
		}
		text = at + 1;
	}
	g_string_append(out, text);
	return g_string_free(out, FALSE);
}

/* ---- Telephone numbers ---- */

/* -1: no digit. */
static int
digit_of(gunichar c)
{
	return c >= '0' && c <= '9'         ? (int)(c - '0')
	       : c >= 0xff10 && c <= 0xff19 ? (int)(c - 0xff10)
					    : -1;
}

static bool
is_between(gunichar c)
{
	static const gunichar list[] = {'-', ' ', '.', '(', ')', '*', 0x00a0, 0x00ad, 0x00b7,
		0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x200b, 0x2212, 0x3000, 0x30fb,
		0x30fc, 0xff08, 0xff09, 0xff0d, 0xff0e};

	for (size_t i = 0; i < G_N_ELEMENTS(list); i++) {
		if (list[i] == c) {
			return true;
		}
	}
	return false;
}

/* The run of digits that begins at text, with what lies between them: *ret_digits of them. Its end, behind the last digit. */
static const char *
run_end(const char *text, unsigned *ret_digits)
{
	const char *end = text;
	unsigned between = 0;

	*ret_digits = 0;
	for (const char *p = text; *p && between <= BETWEEN_MAX; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (digit_of(c) >= 0) {
			++*ret_digits;
			between = 0;
			end = g_utf8_next_char(p);
		} else if (is_between(c)) {
			between++;
		} else {
			break;
		}
	}
	return end;
}

static void
put_masked(GString *out, const char *from, const char *end)
{
	unsigned seen = 0;

	for (const char *p = from; p < end; p = g_utf8_next_char(p)) {
		bool digit = digit_of(g_utf8_get_char(p)) >= 0;
		seen += digit;
		if (digit && seen > SHOWN) {
			g_string_append_c(out, '*');
		} else {
			g_string_append_len(out, p, g_utf8_next_char(p) - p);
		}
	}
}

char *
hk_mask_phone(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_new(NULL);
	gunichar before = 0;

	for (const char *p = valid; *p;) {
		gunichar c = g_utf8_get_char(p);
		unsigned digits = 0;
		const char *end = digit_of(c) >= 0 ? run_end(p, &digits) : p;
		bool lead = digit_of(c) == 0 || before == '+' || before == 0xff0b;
		before = c;
		if (digits >= (lead ? LEAST : LEAST_BARE)) {
			put_masked(out, p, end);
		} else {
			end = digits > 0 ? end : g_utf8_next_char(p);
			g_string_append_len(out, p, end - p);
		}
		p = end;
	}
	return g_string_free(out, FALSE);
}

char *
hk_mask_all(const char *text)
{
	g_autofree char *phone = hk_mask_phone(text);
	g_autoptr(GString) plain = g_string_new(phone);

	g_string_replace(plain, "\xef\xbc\xa0", "@", 0); /* U+FF20 */
	return hk_mask_mail(plain->str);
}
