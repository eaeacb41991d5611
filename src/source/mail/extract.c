/* nocheck: tested in tests/unit/source/test_mail_rules.c. source/mail/rules: what a mail's text says by a rule. */
#include <string.h>

#include "base/utf8.h"
#include "parse/url.h"
#include "source/mail/rules.h"
#include "sys/textfold.h"

/* A label is looked for in front of the first separators of a line only. */
enum { SEPARATORS_MAX = 8, LABEL_MAX_BYTES = 200, LINES_MAX = 20000 };

typedef struct reading {
	const hk_mail_rule *rule;
	hk_mail_found *found;
	bool in_section, section_used; /* below a heading; an address has been taken there */
	GPtrArray *
		waiting; /* a list of labels whose value has not come yet: the next line may hold it */
} reading;

void
hk_mail_found_clear(hk_mail_found *found)
{
	if (found->urls) {
		g_ptr_array_unref(found->urls);
	}
	g_free(found->target);
	g_free(found->kind);
	memset(found, 0, sizeof *found);
}

/* ---- lines ---- */

/* Bytes of the character at text that people put in front of a label: bullets, brackets, quote marks, blanks. 0: none. */
static size_t
ornament(hk_span text)
{
	static const char *const marks[] = {"　", "・", "■", "□", "●", "○", "◆", "◇", "▼", "▽", "▲",
		"★", "☆", "※", "【", "［", "「", "→", "|"};
	uint32_t c;
	size_t n = hk_utf8_next(text.data, text.data + text.len, &c);

	if (n == 1 && (c <= ' ' || strchr("*-+>[#", (int)c))) {
		return 1;
	}
	for (size_t i = 0; n > 1 && i < G_N_ELEMENTS(marks); i++) {
		if (strlen(marks[i]) == n && memcmp(marks[i], text.data, n) == 0) {
			return n;
		}
	}
	return 0;
}

static hk_span
strip(hk_span text)
{
	size_t n;

	while (text.len > 0 && (n = ornament(text)) > 0) {
		text = hk_span_of(text.data + n, text.len - n);
	}
	while (text.len > 0 && text.data[text.len - 1] <= ' ') {
		text.len--;
	}
	return text;
}

static bool
is_in(const GPtrArray *labels, hk_span text)
{
	g_autoptr(GString) folded = g_string_new(NULL);

	if (labels->len == 0 || text.len == 0 || text.len > LABEL_MAX_BYTES) {
		return false;
	}
	hk_textfold(text, folded);
	g_strstrip(folded->str);
	for (unsigned i = 0; i < labels->len; i++) {
		if (strcmp(labels->pdata[i], folded->str) == 0) {
			return true;
		}
	}
	return false;
}

/* Whether the line begins like one of the texts (stop, section, section-end). */
static bool
begins(const GPtrArray *texts, hk_span line)
{
	g_autoptr(GString) folded = g_string_new(NULL);

	if (texts->len == 0 || line.len == 0) {
		return false;
	}
	hk_textfold(hk_span_of(line.data, MIN(line.len, 1000)), folded);
	g_strchug(folded->str);
	for (unsigned i = 0; i < texts->len; i++) {
		const char *text = texts->pdata[i];

		if (*text && g_str_has_prefix(folded->str, text)) {
			return true;
		}
	}
	return false;
}

/* Bytes of a separator between label and value at text. 0: none. */
static size_t
separator(hk_span text)
{
	static const char *const marks[] = {"：", "　", "】", "］", "」", "＝", "→"};

	if (text.len > 0 &&
		(text.data[0] == ' ' || text.data[0] == '\t' || strchr(":=]|", text.data[0]))) {
		return text.data[0] ? 1 : 0;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		size_t n = strlen(marks[i]);

		if (text.len >= n && memcmp(marks[i], text.data, n) == 0) {
			return n;
		}
	}
	return 0;
}

/* Whether the line is "label", "label: value", "[label] value", "label<tab>value". *ret: the value, perhaps empty. */
static bool
label_of(const GPtrArray *labels, hk_span line, hk_span *ret)
{
	size_t n = 0;
	unsigned seen = 0;

	if (labels->len == 0) {
		return false;
	}
	for (size_t i = 0;
		i < line.len && i <= LABEL_MAX_BYTES && seen<SEPARATORS_MAX; i += n> 0 ? n : 1) {
		hk_span rest = hk_span_of(line.data + i, line.len - i);

		n = separator(rest);
		if (n == 0) {
			continue;
		}
		seen++;
		if (is_in(labels, hk_span_of(line.data, i))) {
			while (rest.len > 0 && (n = separator(rest)) > 0) {
				rest = hk_span_of(rest.data + n, rest.len - n);
			}
			*ret = rest;
			return true;
		}
	}
	*ret = hk_span_of(line.data + line.len, 0);
	return is_in(labels, line);
}

/* ---- values ---- */

/* Adds each address of text once; returns their number. */
static unsigned
take_urls(reading *r, hk_span text, bool bare)
{
	size_t pos = 0;
	unsigned count = 0;
	hk_span url;

	while (hk_url_find(text, bare, &pos, &url)) {
		g_autofree char *copy = g_strndup((const char *)url.data, url.len);
		bool known = false;

		for (unsigned i = 0; i < r->found->urls->len && !known; i++) {
			known = strcmp(r->found->urls->pdata[i], copy) == 0;
		}
		if (!known && r->found->urls->len < HK_MAIL_RULE_URLS_MAX) {
			g_ptr_array_add(r->found->urls, g_steal_pointer(&copy));
		}
		count++;
	}
	return count;
}

/* Days since 1970 of a date of the Gregorian calendar (Hinnant's algorithm). */
static int64_t
days_of(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;

	int64_t era = y / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

/* The zone behind the time in folded text: minutes, or zone_min. */
static int
zone_of(const char *text, int zone_min)
{
	text += strspn(text, " (");
	if (g_str_has_prefix(text, "jst")) {
		return 9 * 60;
	}
	if (*text == 'z' || g_str_has_prefix(text, "utc") || g_str_has_prefix(text, "gmt")) {
		text += *text == 'z' ? 1 : 3;
		zone_min = 0;
	}
	if ((*text == '+' || *text == '-') && g_ascii_isdigit(text[1]) &&
		g_ascii_isdigit(text[2])) {
		int hours = (text[1] - '0') * 10 + text[2] - '0';
		const char *at = text + 3 + (text[3] == ':');
		int minutes = g_ascii_isdigit(at[0]) && g_ascii_isdigit(at[1])
				      ? (at[0] - '0') * 10 + at[1] - '0'
				      : 0;

		return (hours * 60 + minutes) * (*text == '-' ? -1 : 1);
	}
	return zone_min;
}

bool
hk_mail_time(const char *text, int zone_min, int64_t *ret_ms)
{
	static const int64_t most[6] = {2200, 12, 31, 24, 59, 60};
	g_autoptr(GString) folded = g_string_new(NULL);
	int64_t parts[6] = {0};
	size_t count = 0;

	hk_textfold(hk_span_of(text, strnlen(text, 200)), folded);

	const char *at = folded->str;

	while (count < 6) {
		/* Seconds must follow at once: what stands behind "11:07 JST" or "11:07 +09:00" is no second. */
		size_t gap = strcspn(at, "0123456789");

		if (at[gap] == '\0' || (count >= 5 && *at != ':' && !g_str_has_prefix(at, "分")) ||
			(count > 0 && gap > 12)) {
			break;
		}
		at += gap;

		int64_t value = 0;
		size_t digits = 0;

		for (; g_ascii_isdigit(*at) && digits < 5; digits++) {
			value = value * 10 + (*at++ - '0');
		}
		if (value > most[count] || (count == 0 && digits != 4) ||
			(count > 0 && digits > 2)) {
			return false;
		}
		parts[count++] = value;
	}
	if (count < 3 || parts[0] < 1990 || parts[1] < 1 || parts[2] < 1) {
		return false;
	}
	if (*at == '.') {
		at += 1 + strspn(at + 1, "0123456789");
	}
	while (g_str_has_prefix(at, "分") || g_str_has_prefix(at, "秒") ||
		g_str_has_prefix(at, "時")) {
		at += strlen("分");
	}
	*ret_ms = ((days_of(parts[0], parts[1], parts[2]) * 24 + parts[3]) * 60 + parts[4] -
			  zone_of(at, zone_min)) *
			  60000 +
		  parts[5] * 1000;
	return true;
}

/* What the service's words mean, by "words=kind": the words stand somewhere in the value. */
static char *
kind_of(const hk_mail_rule *rule, hk_span value)
{
	g_autoptr(GString) folded = g_string_new(NULL);

	hk_textfold(hk_span_of(value.data, MIN(value.len, 1000)), folded);
	for (unsigned i = 0; i < rule->kinds->len; i++) {
		const char *row = rule->kinds->pdata[i];
		const char *equals = strrchr(row, '=');
		g_autoptr(GString) words = g_string_new(NULL);

		hk_textfold(hk_span_of(row, (size_t)(equals - row)), words);
		if (strstr(folded->str, words->str)) {
			return g_strdup(equals + 1);
		}
	}
	return NULL;
}

/* A value of a label. False: there is none in text. */
static bool
take_value(reading *r, const GPtrArray *labels, hk_span text)
{
	hk_span value = strip(text);
	hk_mail_found *found = r->found;

	if (labels == r->rule->url) {
		return take_urls(r, text, true) > 0;
	}
	if (value.len == 0) {
		return false;
	}
	g_autofree char *copy = g_strndup((const char *)value.data, MIN(value.len, 300));

	/* A table's row may hold more cells. */
	copy[strcspn(copy, "\t")] = '\0';
	if (labels == r->rule->target && !found->target && g_utf8_validate(copy, -1, NULL)) {
		found->target = g_strdup(g_strstrip(copy));
	} else if (labels == r->rule->time && found->time_ms == 0) {
		hk_mail_time(copy, r->rule->zone_min, &found->time_ms);
	} else if (labels == r->rule->kind && !found->kind) {
		found->kind = kind_of(r->rule, hk_span_str(copy));
	}
	return true;
}

/* ---- the text ---- */

/* Below a label only lines that are an address belong to it ("1. https://..." is one), not "IP: 192.0.2.1". */
static bool
starts_with_url(hk_span line)
{
	enum { NUMBERING_MAX = 6 };
	size_t pos = 0;
	hk_span url;

	return hk_url_find(line, true, &pos, &url) && url.data - line.data <= NUMBERING_MAX;
}

static void
read_line(reading *r, hk_span whole)
{
	GPtrArray *const lists[] = {r->rule->url, r->rule->target, r->rule->time, r->rule->kind};
	hk_span line = strip(whole);
	hk_span value;

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		if (label_of(lists[i], line, &value)) {
			bool done = take_value(r, lists[i], value);

			/* More addresses may follow below the first one. */
			r->waiting = !done || lists[i] == r->rule->url ? lists[i] : NULL;
			r->in_section = false;
			return;
		}
	}
	if (begins(r->rule->section, line)) {
		r->in_section = true;
		r->section_used = false;
		r->waiting = NULL;
	}
	if (r->in_section) {
		bool end = r->rule->section_end->len > 0 ? begins(r->rule->section_end, line)
							 : line.len == 0 && r->section_used;

		r->in_section = !end;
		r->section_used =
			(!end && take_urls(r, whole, r->rule->bare) > 0) || r->section_used;
		return;
	}
	if (r->waiting && line.len > 0) {
		bool done = (r->waiting != r->rule->url || starts_with_url(line)) &&
			    take_value(r, r->waiting, whole);

		r->waiting = done && r->waiting == r->rule->url ? r->waiting : NULL;
	}
}

static void
read_text(reading *r, const char *text)
{
	for (unsigned i = 0; *text && i < LINES_MAX; i++) {
		size_t len = strcspn(text, "\r\n");
		hk_span line = hk_span_of(text, len);

		if (begins(r->rule->stop, line)) {
			return;
		}
		read_line(r, line);
		text += len;
		text += *text == '\r';
		text += *text == '\n';
	}
}

void
hk_mail_rule_apply(const hk_mail_rule *rule, const hk_mail *mail, hk_mail_found *ret)
{
	const char *const texts[] = {mail->text, mail->html};

	memset(ret, 0, sizeof *ret);
	ret->urls = g_ptr_array_new_with_free_func(g_free);
	for (size_t i = 0; i < G_N_ELEMENTS(texts) && ret->urls->len == 0; i++) {
		reading r = {.rule = rule, .found = ret};

		read_text(&r, texts[i]);
	}
	for (unsigned i = 0; rule->links && i < mail->links->len; i++) {
		const hk_mail_link *link = mail->links->pdata[i];
		reading r = {.rule = rule, .found = ret};

		if (strcmp(link->how, "load") != 0) {
			take_urls(&r, hk_span_str(link->url), true);
		}
	}
}
