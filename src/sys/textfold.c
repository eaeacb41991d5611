#include "sys/textfold.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

static const struct {
	const char *written, *meant;
} defanged[] = {
	{"[.]", "."},
	{"(.)", "."},
	{"{.}", "."},
	{"[dot]", "."},
	{"(dot)", "."},
	{"[:]", ":"},
	{"hxxp", "http"},
};

static void
refang(GString *text, size_t from)
{
	size_t out = from;

	for (size_t at = from; at < text->len;) {
		size_t i = 0, n = sizeof defanged / sizeof defanged[0];
		char c = text->str[at];
		if (c != '[' && c != '(' && c != '{' && c != 'h') {
			i = n;
		}
		for (; i < n; i++) {
			size_t len = strlen(defanged[i].written);
			if (strncmp(text->str + at, defanged[i].written, len) == 0) {
				size_t meant = strlen(defanged[i].meant);
				memcpy(text->str + out, defanged[i].meant, meant);
				out += meant;
				at += len;
				break;
			}
		}
		if (i == n) {
			text->str[out++] = text->str[at++];
		}
	}
	g_string_truncate(text, out);
}

/* One character of the folded text. */
static void
put(GString *out, size_t from, uint32_t c)
{
	bool fresh = out->len == from || out->str[out->len - 1] == '\n';

	if (c == '\n') {
		if (out->len > from && out->str[out->len - 1] == ' ') {
			g_string_truncate(out, out->len - 1);
		}
		g_string_append_c(out, '\n');
	} else if (c <= 0x20 || c == 0x7f || c == 0xa0 || c == 0x3000 || (c >= 0x80 && c < 0xa0)) {
		if (!fresh && out->str[out->len - 1] != ' ') {
			g_string_append_c(out, ' ');
		}
	} else if (c < 0x80) {
		g_string_append_c(out, (char)c);
	} else {
		/* Hiragana (and its iteration marks) as katakana. */
		c += (c >= 0x3041 && c <= 0x3096) || c == 0x309d || c == 0x309e ? 0x60 : 0;
		g_string_append_unichar(out, c);
	}
}

static bool
plain(hk_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

static void
fold_ascii(hk_span text, GString *out, size_t from)
{
	for (size_t i = 0; i < text.len; i++) {
		put(out, from, (uint32_t)g_ascii_tolower((char)text.data[i]));
	}
}

static void
fold(hk_span text, GString *out, size_t from)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *nfkc = unorm2_getNFKCCasefoldInstance(&status);
	int32_t room = (int32_t)text.len + 1, len = 0;
	g_autofree UChar *wide = g_new(UChar, (size_t)room);

	/* UTF-16 never takes more units than UTF-8 takes bytes. */
	u_strFromUTF8WithSub(wide, room, &len, (const char *)text.data, (int32_t)text.len, 0xfffd,
		NULL, &status);
	/* One character can become 18. Most become one: try with little room first. */
	int32_t cap = len * 2 + 32, folded_len;
	g_autofree UChar *folded = g_new(UChar, (size_t)cap);
	folded_len = unorm2_normalize(nfkc, wide, len, folded, cap, &status);
	if (status == U_BUFFER_OVERFLOW_ERROR) {
		status = U_ZERO_ERROR;
		cap = folded_len + 1;
		folded = g_renew(UChar, folded, (size_t)cap);
		folded_len = unorm2_normalize(nfkc, wide, len, folded, cap, &status);
	}
	if (U_FAILURE(status)) {
		fold_ascii(text, out, from); /* out of memory in ICU: still something */
		return;
	}
	for (int32_t i = 0; i < folded_len;) {
		UChar32 c;
		U16_NEXT(folded, i, folded_len, c);
		put(out, from, U_IS_SURROGATE(c) ? 0xfffd : (uint32_t)c);
	}
}

void
hk_textfold(hk_span text, GString *out)
{
	size_t from = out->len;

	if (plain(text)) {
		fold_ascii(text, out, from);
	} else {
		fold(text, out, from);
	}
	if (out->len > from && out->str[out->len - 1] == ' ') {
		g_string_truncate(out, out->len - 1);
	}
	refang(out, from);
}
