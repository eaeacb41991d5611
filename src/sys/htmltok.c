/* nocheck: tested in tests/unit/sys/test_html.c */
#include "sys/htmltok.h"

#include <stdlib.h>
#include <string.h>

#include <libxml/HTMLparser.h>

/* "&thetasym;" is the longest name of HTML 4; of those without a semicolon "&frac12" and its like. */
enum { ENTITY_MAX = 32, LEGACY_MAX = 6, CODE_MAX = 0x10ffff };

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool
begins(hk_span text, size_t at, const char *with)
{
	size_t len = strlen(with);

	return text.len - at >= len &&
	       g_ascii_strncasecmp((const char *)text.data + at, with, len) == 0;
}

/* Where c stands next, from at; the length of text when it does not. */
static size_t
find(hk_span text, size_t at, uint8_t c)
{
	const uint8_t *found = at < text.len ? memchr(text.data + at, c, text.len - at) : NULL;

	return found ? (size_t)(found - text.data) : text.len;
}

/* ---- character references ---- */

typedef struct entity {
	const char *name;
	uint32_t code;
} entity;

/* Names that HTML 5 adds for what an address is made of, or for what is not seen, sorted; HTML 4's are libxml2's. */
static const entity added[] = {
	{"AMP", 0x26},
	{"DiacriticalGrave", 0x60},
	{"GT", 0x3e},
	{"Hat", 0x5e},
	{"LT", 0x3c},
	{"NegativeMediumSpace", 0x200b},
	{"NegativeThickSpace", 0x200b},
	{"NegativeThinSpace", 0x200b},
	{"NegativeVeryThinSpace", 0x200b},
	{"NewLine", 0xa},
	{"NoBreak", 0x2060},
	{"QUOT", 0x22},
	{"Tab", 0x9},
	{"UnderBar", 0x5f},
	{"VerticalLine", 0x7c},
	{"ZeroWidthSpace", 0x200b},
	{"apos", 0x27},
	{"ast", 0x2a},
	{"bsol", 0x5c},
	{"colon", 0x3a},
	{"comma", 0x2c},
	{"commat", 0x40},
	{"dollar", 0x24},
	{"equals", 0x3d},
	{"excl", 0x21},
	{"grave", 0x60},
	{"lbrace", 0x7b},
	{"lbrack", 0x5b},
	{"lcub", 0x7b},
	{"lowbar", 0x5f},
	{"lpar", 0x28},
	{"lsqb", 0x5b},
	{"midast", 0x2a},
	{"num", 0x23},
	{"percnt", 0x25},
	{"period", 0x2e},
	{"plus", 0x2b},
	{"quest", 0x3f},
	{"rbrace", 0x7d},
	{"rbrack", 0x5d},
	{"rcub", 0x7d},
	{"rpar", 0x29},
	{"rsqb", 0x5d},
	{"semi", 0x3b},
	{"sol", 0x2f},
	{"verbar", 0x7c},
	{"vert", 0x7c},
};

/* 13.2.5.80: what 0x80 to 0x9f meant in windows-1252. */
static uint32_t
number_meant(uint32_t code)
{
	static const uint16_t table[32] = {0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020,
		0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f, 0x90, 0x2018,
		0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
		0x0153, 0x9d, 0x017e, 0x0178};

	if (code >= 0x80 && code <= 0x9f) {
		return table[code - 0x80];
	}
	return code == 0 || code > CODE_MAX || (code >= 0xd800 && code <= 0xdfff) ? 0xfffd : code;
}

/* "&#65;", "&#x41". Returns its length; 0: there is none. */
static size_t
number_at(hk_span text, size_t at, uint32_t *ret)
{
	size_t from = at + 2;
	bool hex = from < text.len && (text.data[from] | 0x20) == 'x';
	uint32_t code = 0;
	size_t i;

	from += hex;
	for (i = from; i < text.len; i++) {
		int digit = hex ? g_ascii_xdigit_value((char)text.data[i])
				: g_ascii_digit_value((char)text.data[i]);

		if (digit < 0) {
			break;
		}
		code = code > CODE_MAX ? code : code * (hex ? 16 : 10) + (uint32_t)digit;
	}
	if (i == from) {
		return 0;
	}
	*ret = number_meant(code);
	return i - at + (i < text.len && text.data[i] == ';');
}

/* HTML 4's, sorted by name: libxml2 goes through all of its own for each question, and a page can ask at every eighth byte. */
enum { OLD_MAX = 300, OLD_CODE_MAX = 0x2700 };
static entity old[OLD_MAX];
static size_t old_count;

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const entity *)a)->name, ((const entity *)b)->name);
}

void
hk_htmltok_warm(void)
{
	static gsize done;

	if (g_once_init_enter(&done)) {
		for (unsigned code = 1; code < OLD_CODE_MAX && old_count < OLD_MAX; code++) {
			const htmlEntityDesc *known = htmlEntityValueLookup(code);

			if (known) {
				old[old_count++] = (entity){known->name, known->value};
			}
		}
		qsort(old, old_count, sizeof old[0], by_name);
		g_once_init_leave(&done, 1);
	}
}

static uint32_t
find_code(const entity *table, size_t count, const char *name)
{
	const entity wanted = {name, 0};
	const entity *found = bsearch(&wanted, table, count, sizeof *table, by_name);

	return found ? found->code : 0;
}

static uint32_t
old_code_of(const char *name)
{
	hk_htmltok_warm();
	return find_code(old, old_count, name);
}

static uint32_t
code_of(const char *name)
{
	uint32_t code = find_code(added, G_N_ELEMENTS(added), name);

	return code ? code : old_code_of(name);
}

/* "&amp;", "&amp". Returns its length; 0: there is none. */
static size_t
name_at(hk_span text, size_t at, bool attribute, uint32_t *ret)
{
	char name[ENTITY_MAX + 1];
	size_t len = 0;

	while (len < ENTITY_MAX && at + 1 + len < text.len &&
		g_ascii_isalnum(text.data[at + 1 + len])) {
		name[len] = (char)text.data[at + 1 + len];
		len++;
	}
	name[len] = '\0';

	size_t end = at + 1 + len;

	if (end < text.len && text.data[end] == ';' && (*ret = code_of(name)) != 0) {
		return len + 2;
	}
	/* In an address "&copy=1" is a parameter. */
	if (attribute && (len > LEGACY_MAX || (end < text.len && text.data[end] == '='))) {
		return 0;
	}
	/* Latin-1 and what HTML itself needs, but "apos", may lack the semicolon: the longest of them counts. */
	for (len = MIN(len, LEGACY_MAX); len > 1; len--) {
		name[len] = '\0';
		*ret = old_code_of(name);
		if (*ret != 0 && *ret < 0x100 && *ret != '\'') {
			bool goes_on = at + 1 + len < end;

			return attribute && goes_on ? 0 : len + 1;
		}
	}
	return 0;
}

void
hk_htmltok_decode(hk_span text, bool attribute, GString *ret)
{
	for (size_t at = 0; at < text.len;) {
		uint8_t c = text.data[at];
		uint32_t code = 0;
		size_t len = c != '&' ? 0
			     : at + 1 < text.len && text.data[at + 1] == '#'
				     ? number_at(text, at, &code)
				     : name_at(text, at, attribute, &code);

		if (len > 0) {
			g_string_append_unichar(ret, code);
		} else if (c != '\0') {
			g_string_append_c(ret, (char)c);
		}
		at += len > 0 ? len : 1;
	}
}

/* ---- attributes ---- */

/* The next attribute from *pos; *pos at '>' or the end: there is none. */
static bool
attribute_at(hk_span text, size_t *pos, hk_span *ret_name, hk_span *ret_value)
{
	size_t at = *pos;

	while (at < text.len && (is_space(text.data[at]) || text.data[at] == '/')) {
		at++;
	}
	size_t from = at;

	while (at < text.len && !is_space(text.data[at]) && text.data[at] != '/' &&
		text.data[at] != '>' && (text.data[at] != '=' || at == from)) {
		at++;
	}
	*ret_name = hk_span_of(text.data + from, at - from);
	*ret_value = hk_span_of(text.data + at, 0);
	*pos = at;
	if (at == from) {
		return false;
	}
	while (at < text.len && is_space(text.data[at])) {
		at++;
	}
	if (at >= text.len || text.data[at] != '=') {
		*pos = at;
		return true;
	}
	for (at++; at < text.len && is_space(text.data[at]); at++) {
	}
	uint8_t quote = at < text.len ? text.data[at] : 0;

	if (quote == '"' || quote == '\'') {
		size_t end = find(text, at + 1, quote);

		*ret_value = hk_span_of(text.data + at + 1, end - at - 1);
		*pos = end + (end < text.len);
		return true;
	}
	for (from = at; at < text.len && !is_space(text.data[at]) && text.data[at] != '>'; at++) {
	}
	*ret_value = hk_span_of(text.data + from, at - from);
	*pos = at;
	return true;
}

bool
hk_htmltok_attribute(const hk_htmltok *tok, const char *name, GString *ret)
{
	size_t pos = 0, len = strlen(name);
	hk_span found, value;

	g_string_truncate(ret, 0);
	while (tok->kind == HK_HTMLTOK_START && attribute_at(tok->body, &pos, &found, &value)) {
		if (found.len == len && begins(found, 0, name)) {
			hk_htmltok_decode(value, true, ret);
			return true;
		}
	}
	return false;
}

/* ---- tokens ---- */

/* Behind a comment that begins at `at` with "<!--". */
static size_t
comment_end(hk_span text, size_t at)
{
	size_t from = at + 4;

	if (begins(text, from, ">")) {
		return from + 1;
	}
	if (begins(text, from, "->")) {
		return from + 2;
	}
	if (begins(text, from, "[if ")) {
		return MIN(find(text, from, '>') + 1, text.len);
	}
	for (; (from = find(text, from, '-')) < text.len; from++) {
		if (begins(text, from, "-->")) {
			return from + 3;
		}
		if (begins(text, from, "--!>")) {
			return from + 4;
		}
	}
	return text.len;
}

/* Behind what stands at `at` and is neither tag nor text; `at`: it is one of these. */
static size_t
markup_end(hk_span text, size_t at)
{
	uint8_t c = at + 1 < text.len ? text.data[at + 1] : 0;
	uint8_t d = at + 2 < text.len ? text.data[at + 2] : 0;

	if (begins(text, at, "<!--")) {
		return comment_end(text, at);
	}
	if (c == '!' || c == '?' || (c == '/' && d != 0 && !g_ascii_isalpha(d))) {
		return MIN(find(text, at, '>') + 1, text.len);
	}
	return at;
}

static bool
is_tag(hk_span text, size_t at)
{
	size_t name = at + 1;

	name += name < text.len && text.data[name] == '/';
	return name < text.len && g_ascii_isalpha(text.data[name]);
}

static bool
is_raw(const char *name)
{
	static const char *const names[] = {
		"script", "style", "title", "xmp", "textarea", "plaintext", NULL};

	return g_strv_contains(names, name);
}

static void
read_tag(hk_htmltok *t)
{
	hk_span text = t->text;
	bool end = text.data[t->at + 1] == '/';
	size_t at = t->at + 1 + end;
	size_t len = 0;
	hk_span name, value;

	for (; at < text.len && !is_space(text.data[at]) && text.data[at] != '/' &&
		text.data[at] != '>';
		at++) {
		if (len < HK_HTMLTOK_NAME_MAX) {
			t->name[len++] = g_ascii_tolower((char)text.data[at]);
		}
	}
	t->name[len] = '\0';

	size_t from = at;

	while (attribute_at(text, &at, &name, &value)) {
	}
	t->kind = end ? HK_HTMLTOK_END : HK_HTMLTOK_START;
	t->body = hk_span_of(text.data + from, at - from);
	t->raw = !end && is_raw(t->name);
	t->at = at + (at < text.len);
}

/* Up to the end tag of the element that stands open; without one, all that follows. */
static void
read_raw(hk_htmltok *t)
{
	size_t len = strlen(t->name);
	size_t at = t->at;

	for (; (at = find(t->text, at, '<')) < t->text.len; at++) {
		size_t behind = at + 2 + len;

		if (begins(t->text, at, "</") && begins(t->text, at + 2, t->name) &&
			(behind == t->text.len || is_space(t->text.data[behind]) ||
				strchr("/>", t->text.data[behind]))) {
			break;
		}
	}
	t->kind = HK_HTMLTOK_RAW;
	t->body = hk_span_of(t->text.data + t->at, at - t->at);
	t->raw = false;
	t->at = at;
}

bool
hk_htmltok_next(hk_htmltok *t)
{
	if (t->raw) {
		read_raw(t);
		return true;
	}
	while (t->at < t->text.len) {
		if (t->text.data[t->at] == '<') {
			size_t end = markup_end(t->text, t->at);

			if (end > t->at) {
				t->at = end;
				continue;
			}
			if (is_tag(t->text, t->at)) {
				read_tag(t);
				return true;
			}
		}
		size_t end = find(t->text, t->at + 1, '<');

		t->kind = HK_HTMLTOK_TEXT;
		t->body = hk_span_of(t->text.data + t->at, end - t->at);
		t->at = end;
		return true;
	}
	return false;
}
