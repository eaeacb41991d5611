/* What scripts of a page would do of themselves, as far as it stands there in plain sight. Nothing is run. */
#include <string.h>

#include "base/codec.h"
#include "base/utf8.h"
#include "score/page_int.h"

enum { UNPACKS_MAX = 16, TRIES_MAX = 64, LITERAL_MIN = 48, MEMBER_MAX = 16 };

static size_t
blanks(const char *text)
{
	return strspn(text, " \t\r\n");
}

/* A literal "..." at `at`: its bytes. False: there is none. */
static bool
literal_at(const char *at, hk_span *ret)
{
	const char *end = *at == '"' || *at == '\'' || *at == '`' ? strchr(at + 1, *at) : NULL;

	if (end) {
		*ret = hk_span_of(at + 1, (size_t)(end - at - 1));
	}
	return end != NULL;
}

/* The text that a literal stands for, as far as addresses are written so: "\/", "\x2f", "\u002f". */
static void
put_literal(hk_span in, GString *out)
{
	for (size_t i = 0; i < in.len; i++) {
		size_t digits = 0;
		uint32_t value = 0;

		if (in.data[i] != '\\' || i + 1 == in.len) {
			g_string_append_c(out, (char)in.data[i]);
			continue;
		}
		i++;
		digits = in.data[i] == 'x' ? 2 : in.data[i] == 'u' ? 4 : 0;
		bool good = digits > 0 && in.len - i > digits;
		for (size_t k = 1; good && k <= digits; k++) {
			int digit = g_ascii_xdigit_value((char)in.data[i + k]);
			good = digit >= 0;
			value = value * 16 + (uint32_t)MAX(digit, 0);
		}
		good = good && value > 0x20 && value < 0x7f;
		g_string_append_c(out, (char)(good ? value : in.data[i]));
		i += good ? digits : 0;
	}
}

bool
hk_page_moves_to(const char *text, GString *ret)
{
	unsigned tries = 0;
	hk_span found;

	for (const char *at = text; tries < TRIES_MAX && (at = strstr(at, "location")) != NULL;
		tries++) {
		at += strlen("location");
		size_t member = strspn(at, ".abcdefghijklmnopqrstuvwxyz");
		const char *p = at + MIN(member, MEMBER_MAX);

		p += blanks(p);
		if ((*p != '=' || p[1] == '=') && *p != '(') {
			continue;
		}
		p += 1;
		p += blanks(p);
		if (literal_at(p, &found) && found.len > 0 && found.len <= HK_PAGE_FOLLOW_MAX) {
			g_string_truncate(ret, 0);
			put_literal(found, ret);
			return true;
		}
	}
	return false;
}

static bool
asks_device(const char *text)
{
	static const char *const signs[] = {"navigator.userAgent", "maxTouchPoints", "screen.width",
		"navigator.platform", "document.referrer", "navigator.webdriver", "localStorage",
		"innerWidth", "ontouchstart", "navigator.language"};

	for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
		if (strstr(text, signs[i])) {
			return true;
		}
	}
	return false;
}

/* "%3Cform", "%u003C". */
static void
percent_decode(hk_span in, GString *out)
{
	for (size_t i = 0; i < in.len; i++) {
		bool wide = in.data[i] == '%' && in.len - i > 5 && in.data[i + 1] == 'u';
		size_t digits = wide ? 4 : 2, from = i + 1 + wide;
		uint32_t value = 0;
		bool good = in.data[i] == '%' && from + digits <= in.len;

		for (size_t k = 0; good && k < digits; k++) {
			int digit = g_ascii_xdigit_value((char)in.data[from + k]);

			good = digit >= 0;
			value = value * 16 + (uint32_t)MAX(digit, 0);
		}
		if (!good) {
			g_string_append_c(out, (char)in.data[i]);
			continue;
		}
		if (wide) {
			g_string_append_unichar(out,
				value == 0 || (value >= 0xd800 && value < 0xe000) ? 0xfffd : value);
		} else {
			g_string_append_c(out, (char)value);
		}
		i = from + digits - 1;
	}
}

static bool
base64_decode(hk_span in, GString *out)
{
	size_t len = 0;

	g_string_append_len(out, (const char *)in.data, (gssize)in.len);
	while (out->len % 4 != 0) {
		g_string_append_c(out, '=');
	}
	if (hk_base64_decode(hk_span_of(out->str, out->len), (uint8_t *)out->str, &len) != HK_OK) {
		return false;
	}
	g_string_truncate(out, len);
	return true;
}

/* Counters of visits are written by such scripts, too: they show nothing. */
static bool
shows_something(const char *html)
{
	static const char *const signs[] = {"<form", "<input", "<body", "<html", "<iframe", "<div",
		"<meta", "<h1", "<table", NULL};
	g_autofree char *lower = g_ascii_strdown(html, -1);
	bool found = false;

	for (size_t i = 0; signs[i] && !found; i++) {
		found = strstr(lower, signs[i]) != NULL;
	}
	return found;
}

/* A page that comes packed shows what is in it all the same. */
static void
read_packed(hk_page_reader *r, hk_span literal, bool base64)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (literal.len < LITERAL_MIN || r->unpacks >= UNPACKS_MAX ||
		r->unpacked + literal.len > HK_PAGE_UNPACKED_MAX) {
		return;
	}
	r->unpacks++;
	r->unpacked += literal.len;
	if (base64 && !base64_decode(literal, out)) {
		return;
	}
	if (!base64) {
		percent_decode(literal, out);
	}
	if (!memchr(out->str, '<', out->len)) {
		return;
	}
	g_autofree char *text = g_utf8_make_valid(out->str, (gssize)out->len);

	r->has |= shows_something(text) ? HK_PAGE_HAS_HIDDEN : 0u;
	r->level++;
	hk_page_html(r, hk_span_str(text));
	r->level--;
}

static void
unpack(hk_page_reader *r, const char *text)
{
	static const struct {
		const char *call;
		bool base64;
	} calls[] = {{"unescape(", false}, {"decodeURIComponent(", false}, {"decodeURI(", false},
		{"atob(", true}};

	for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
		unsigned tries = 0;
		const char *at = text;
		hk_span literal;

		for (; tries < TRIES_MAX && (at = strstr(at, calls[i].call)) != NULL; tries++) {
			at += strlen(calls[i].call);
			at += blanks(at);
			if (literal_at(at, &literal)) {
				read_packed(r, literal, calls[i].base64);
				at = (const char *)literal.data + literal.len;
			}
		}
	}
}

void
hk_page_script(hk_page_reader *r, hk_span body)
{
	g_autofree char *text = g_strndup((const char *)body.data, body.len);
	g_autoptr(GString) to = g_string_new(NULL);

	r->scripts += body.len > 0;
	r->script_bytes += body.len;
	hk_page_hash(r, body);
	if (r->level == 0) {
		unpack(r, text);
	}
	if (body.len <= HK_PAGE_MOVER_MAX && hk_page_moves_to(text, to)) {
		r->has |= HK_PAGE_HAS_REFRESH | (asks_device(text) ? HK_PAGE_HAS_TESTS : 0u);
		hk_page_leads(r, to->str);
	}
}
