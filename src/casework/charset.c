#include "casework/charset.h"

#include <string.h>

#include "base/utf8.h"

static const struct {
	const char *bytes;
	size_t len;
	const char *name;
} marks[] = {
	{"\xef\xbb\xbf", 3, "UTF-8"},
	{"\xff\xfe\0\0", 4, "UTF-32LE"},
	{"\0\0\xfe\xff", 4, "UTF-32BE"},
	{"\xff\xfe", 2, "UTF-16LE"},
	{"\xfe\xff", 2, "UTF-16BE"},
};

/* NULL when some byte does not fit. */
static GString *
converted(hk_span text, const char *name)
{
	gsize len = 0;
	g_autofree char *out = g_convert(
		(const char *)text.data, (gssize)text.len, "UTF-8", name, NULL, &len, NULL);

	return out ? g_string_new_len(out, (gssize)len) : NULL;
}

/* UTF-16 without a mark: every other byte of ASCII is zero. */
static const char *
utf16(hk_span text)
{
	size_t zeros[2] = {0, 0};
	size_t looked = MIN(text.len, 4096);

	for (size_t i = 0; i < looked; i++) {
		zeros[i % 2] += text.data[i] == '\0';
	}
	if (text.len % 2 != 0 || zeros[0] + zeros[1] <= looked / 5) {
		return NULL;
	}
	return zeros[1] > zeros[0] ? "UTF-16LE" : "UTF-16BE";
}

static bool
has_escapes(hk_span text)
{
	return text.data && (memmem(text.data, text.len, "\x1b$B", 3) ||
				    memmem(text.data, text.len, "\x1b$@", 3));
}

/* How much a text looks like a wrong guess: half-width katakana and private characters are rare in true ones, yet are what EUC-JP
 * makes when it is read as CP932. */
static size_t
oddness(const GString *text)
{
	const uint8_t *at = (const uint8_t *)text->str;
	const uint8_t *end = at + text->len;
	size_t odd = 0;
	uint32_t c;

	while (at < end) {
		size_t len = hk_utf8_next(at, end, &c);
		odd += (c >= 0xff61 && c <= 0xff9f) || (c >= 0xe000 && c <= 0xf8ff) ||
		       (c >= 0x80 && c <= 0x9f);
		at += len > 0 ? len : 1;
	}
	return odd;
}

static GString *
japanese(hk_span text, const char **ret_name)
{
	static const char *const names[] = {"CP932", "EUC-JP"};
	GString *best = NULL;
	size_t best_odd = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		GString *one = converted(text, names[i]);
		size_t odd = one ? oddness(one) : 0;
		if (one && (!best || odd < best_odd)) {
			if (best) {
				g_string_free(best, TRUE);
			}
			best = one;
			best_odd = odd;
			*ret_name = names[i];
		} else if (one) {
			g_string_free(one, TRUE);
		}
	}
	return best;
}

static GString *
guess(hk_span text, const char **ret_name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		if (text.len >= marks[i].len &&
			memcmp(text.data, marks[i].bytes, marks[i].len) == 0) {
			*ret_name = marks[i].name;
			hk_span rest =
				hk_span_of(text.data + marks[i].len, text.len - marks[i].len);
			return strcmp(*ret_name, "UTF-8") == 0
				       ? g_string_new_len((const char *)rest.data, (gssize)rest.len)
				       : converted(rest, *ret_name);
		}
	}
	const char *wide = utf16(text);
	const char *name = wide ? wide : has_escapes(text) ? "ISO-2022-JP" : NULL;
	GString *out = name ? converted(text, name) : NULL;
	if (out) {
		*ret_name = name;
		return out;
	}
	if (hk_utf8_valid(text)) {
		return g_string_new_len((const char *)text.data, (gssize)text.len);
	}
	return japanese(text, ret_name);
}

GString *
hk_charset_utf8(hk_span body, const char **ret_name)
{
	*ret_name = "UTF-8";
	if (body.len == 0) {
		return g_string_new(NULL);
	}
	GString *out = guess(body, ret_name);
	if (!out) {
		out = g_string_new_len((const char *)body.data, (gssize)body.len);
	}
	if (!hk_utf8_valid(hk_span_of(out->str, out->len))) {
		g_autofree char *valid = g_utf8_make_valid(out->str, (gssize)out->len);
		g_string_assign(out, valid);
	}
	return out;
}
