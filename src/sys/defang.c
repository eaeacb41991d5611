#include "sys/defang.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "base/span.h"
#include "sys/log.h"

static const struct {
	const char *plain, *harmless;
} schemes[] = {{"https://", "hxxps://"}, {"http://", "hxxp://"}, {"ftp://", "fxp://"}};

/* The scheme that stands at text, and how long it is; 0: none. */
static size_t
scheme_at(hk_span text, const char **ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
		size_t len = strlen(schemes[i].plain);
		if (text.len >= len &&
			g_ascii_strncasecmp((const char *)text.data, schemes[i].plain, len) == 0) {
			*ret = schemes[i].harmless;
			return len;
		}
	}
	return 0;
}

/* Of a word: bytes over 0x7f are letters of other languages. */
static bool
is_word(hk_span text, size_t at)
{
	return at < text.len && (g_ascii_isalnum(text.data[at]) || text.data[at] > 0x7f);
}

static bool
is_between_words(hk_span text, size_t at)
{
	return at > 0 && is_word(text, at - 1) && is_word(text, at + 1);
}

char *
hk_defang(const char *from)
{
	hk_span text = hk_span_str(from);
	g_autoptr(GString) safe = g_string_sized_new(text.len + 16);
	const char *harmless;
	bool url = false;  /* inside of one */
	bool path = false; /* behind its authority: dots there are as they are */

	for (size_t at = 0, len; at < text.len; at += len) {
		len = scheme_at(hk_span_of(text.data + at, text.len - at), &harmless);
		if (len > 0) {
			g_string_append(safe, harmless);
			url = true;
			path = false;
			continue;
		}
		char c = (char)text.data[at];
		len = 1;
		url = url && c != ' ';
		path = url && (path || c == '/' || c == '?' || c == '#');
		if (c == '.' && !path && is_between_words(text, at)) {
			g_string_append(safe, "[.]");
		} else {
			g_string_append_c(safe, c);
		}
	}
	return hk_log_printable(safe->str);
}
