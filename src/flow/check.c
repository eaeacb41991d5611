#include "flow/check.h"

#include <string.h>

#include "sys/gerr.h"
#include "sys/jsonw.h"

/* 2000-01-01 and 2100-01-01. What lies outside is a slip of the keyboard, or a clock that was never set. */
static const int64_t first_ms = INT64_C(946684800000);
static const int64_t last_ms = INT64_C(4102444800000);

const char *const hk_gsb_types[] = {"phishing", "trademark", "other", NULL};
const char *const hk_ticket_types[] = {"phishing", "trademark", NULL};
static const char *const wants[] = {"html", "screenshot", "certificate", "address", "whois", NULL};

static bool
plain(const char *field, const char *text, long max, bool lines, GError **error)
{
	bool blank = true;

	if (!text || !g_utf8_validate(text, -1, NULL)) {
		return hk_error_set(error, HK_EFORM, "%s: %s", field,
			text ? "is not valid UTF-8" : "is missing");
	}
	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (g_unichar_iscntrl(c) && !(lines && (c == '\n' || c == '\t' || c == '\r'))) {
			return hk_error_set(error, HK_EFORM,
				"%s: holds a control character (U+%04X)", field, (unsigned)c);
		}
		blank = blank && g_unichar_isspace(c);
	}
	if (blank) {
		return hk_error_set(error, HK_EFORM, "%s: is empty", field);
	}
	if (g_utf8_strlen(text, -1) > max) {
		return hk_error_set(
			error, HK_ERANGE, "%s: has more than %ld characters", field, max);
	}
	return true;
}

bool
hk_check_line(const char *field, const char *text, long max, GError **error)
{
	return plain(field, text, max, false, error);
}

bool
hk_check_text(const char *field, const char *text, long max, GError **error)
{
	return plain(field, text, max, true, error);
}

bool
hk_check_key(const char *field, const char *text, GError **error)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > 60 || !g_ascii_isalnum(text[0]) ||
		strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") != len) {
		return hk_error_set(error, HK_EFORM,
			"%s: must be 1 to 60 of a-z, 0-9, '.', '_' and '-', beginning with a "
			"letter or "
			"digit",
			field);
	}
	return true;
}

char *
hk_check_label(const char *text, GError **error)
{
	if (!hk_check_line("label", text, HK_LABEL_MAX, error)) {
		return NULL;
	}
	g_autofree char *even = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);
	char *label = g_strstrip(g_utf8_strdown(even, -1));
	if (strpbrk(label, ",\"")) {
		g_free(label);
		hk_error_set(error, HK_EFORM, "label: must hold no comma and no quote");
		return NULL;
	}
	return label;
}

bool
hk_check_ms(const char *field, int64_t ms, GError **error)
{
	return (ms >= first_ms && ms < last_ms) ||
	       hk_error_set(error, HK_ERANGE, "%s: must be a time between 2000 and 2100", field);
}

bool
hk_check_time(const char *field, const char *text, int64_t *ret_ms, GError **error)
{
	g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, NULL) : NULL;

	if (!time || strlen(text) < 20 || (text[10] != 'T' && text[10] != 't')) {
		return hk_error_set(error, HK_EFORM,
			"%s: must be a time like 2024-11-29T10:00:00+09:00 or ...Z", field);
	}
	int64_t ms = g_date_time_to_unix(time) * 1000 + g_date_time_get_microsecond(time) / 1000;
	if (!hk_check_ms(field, ms, error)) {
		return false;
	}
	*ret_ms = ms;
	return true;
}

bool
hk_check_word(const char *field, const char *text, const char *const *words, GError **error)
{
	if (!text || !g_strv_contains(words, text)) {
		g_autofree char *list = g_strjoinv(", ", (char **)(void *)words);
		return hk_error_set(error, HK_EFORM, "%s: must be one of %s", field, list);
	}
	return true;
}

bool
hk_check_wants(const char *field, const hk_json *list, char **ret, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	bool wanted[G_N_ELEMENTS(wants)] = {0};

	if (hk_json_kind_of(list) != HK_JSON_ARRAY) {
		return hk_error_set(error, HK_EFORM, "%s: must be a list", field);
	}
	for (size_t i = 0; i < hk_json_len(list); i++) {
		hk_json at = hk_json_at(list, i);
		const char *word = hk_json_text(&at);
		if (!hk_check_word(field, word, wants, error)) {
			return false;
		}
		for (size_t w = 0; wants[w]; w++) {
			wanted[w] = wanted[w] || strcmp(wants[w], word) == 0;
		}
	}
	hk_jsonw_open(out, '[');
	for (size_t w = 0; wants[w]; w++) {
		if (wanted[w]) {
			hk_jsonw_str(out, wants[w]);
		}
	}
	hk_jsonw_close(out, ']');
	*ret = g_string_free(g_steal_pointer(&out), FALSE);
	return true;
}

hk_json_doc *
hk_check_doc(
	const char *field, const char *text, size_t max_bytes, hk_json_kind kind, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(text), max_bytes, error);

	if (!doc) {
		g_prefix_error(error, "%s: ", field);
		return NULL;
	}
	hk_json root = hk_json_root(doc);
	if (hk_json_kind_of(&root) != kind) {
		hk_error_set(error, HK_EFORM, "%s: must be a JSON %s", field,
			kind == HK_JSON_OBJECT ? "object" : "list");
		return NULL;
	}
	return g_steal_pointer(&doc);
}
