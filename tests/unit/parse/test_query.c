/* parse/query against its vectors (the clock stands at 2025-11-25T02:00:00Z, the zone is Japan's), and its caps. */
#include "parse/query.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tap.h"

#define NOW_MS 1764036000000ll

static char shown[8192];
static size_t used;

__attribute__((format(printf, 1, 2))) static void
put(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	used += (size_t)vsnprintf(shown + used, sizeof shown - used, format, args);
	va_end(args);
}

static void
put_time(int64_t ms)
{
	char text[32];
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (ms != INT64_MIN && ms != INT64_MAX) {
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
		put("%s", text);
	}
}

static void
put_value(hk_query_kind kind, const hk_query_value *v)
{
	if (v->none) {
		put("none");
		return;
	}
	switch (kind) {
	case HK_QUERY_KIND_WILD:
	case HK_QUERY_KIND_TEXT:
	case HK_QUERY_KIND_WORD: {
		bool star = kind == HK_QUERY_KIND_WILD && !v->quoted &&
			    memchr(v->text.data, '*', v->text.len);
		put("%s'%.*s'", star ? "*" : "", (int)v->text.len, (const char *)v->text.data);
		break;
	}
	case HK_QUERY_KIND_INT:
		if (v->from != INT64_MIN) {
			put("%lld", (long long)v->from);
		}
		put("..");
		if (v->to != INT64_MAX) {
			put("%lld", (long long)v->to);
		}
		break;
	case HK_QUERY_KIND_REAL:
		if (v->low != -HUGE_VAL) {
			put("%s%g", v->above ? "(" : "", v->low);
		}
		put("..");
		if (v->high != HUGE_VAL) {
			put("%g%s", v->high, v->below ? ")" : "");
		}
		break;
	case HK_QUERY_KIND_TIME:
		put_time(v->from);
		put("..");
		put_time(v->to);
		break;
	case HK_QUERY_KIND_YESNO:
		put("%s", v->yes ? "yes" : "no");
		break;
	case HK_QUERY_KIND_IS:
	case HK_QUERY_KIND_HAS:
		put("%s", hk_query_flag_name(v->flag));
		break;
	}
}

static void
print(const hk_query *q)
{
	for (size_t i = 0; i < q->term_count; i++) {
		const hk_query_term *t = &q->terms[i];
		put("%s%s", i > 0 ? " " : "", t->negated ? "-" : "");
		if (t->field != HK_QUERY_TEXT) {
			put("%s=", hk_query_field_name(t->field));
		}
		for (size_t k = 0; k < t->count; k++) {
			put("%s", k > 0 ? "|" : "");
			put_value(hk_query_field_kind(t->field), &q->values[t->first + k]);
		}
	}
}

static const char *const wrongs[] = {"nothing", "too long", "too many", "not UTF-8", "no end",
	"no field", "no value", "no number", "no time", "no yes or no", "no flag", "empty range"};

/* In the vectors a backslash is written twice. */
static size_t
unescape(char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		text[out++] = text[i];
		i += text[i] == '\\' && i + 1 < len && text[i + 1] == '\\';
	}
	text[out] = '\0';
	return out;
}

static void
row(char *line)
{
	static hk_query q;
	hk_query_fault fault;
	char *tab = strchr(line, '\t');

	*tab = '\0';
	char name[512];
	snprintf(name, sizeof name, "%s", line);
	size_t len = unescape(line, (size_t)(tab - line));
	unescape(tab + 1, strlen(tab + 1));
	uint8_t *copy = malloc(len + 1);
	memcpy(copy, line, len);
	/* An exact copy, so that the sanitizer sees a read one past the end. */
	copy = realloc(copy, len > 0 ? len : 1);
	used = 0;
	shown[0] = '\0';
	if (hk_query_parse(hk_span_of(copy, len), NOW_MS, 540, &q, &fault) == HK_OK) {
		print(&q);
	} else {
		put("! %s @%zu", wrongs[fault.wrong], fault.column);
	}
	free(copy);
	is_str(shown, tab + 1, "%s", name);
}

static void
vectors(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/query.tsv", &len);
	char *line = text;

	while (*line != '\0') {
		char *feed = strchr(line, '\n');
		*feed = '\0';
		if (*line != '#') {
			row(line);
		}
		line = feed + 1;
	}
	free(text);
}

static hk_query_wrong
of(const char *text, size_t len)
{
	static hk_query q;
	hk_query_fault fault;
	hk_err err = hk_query_parse(hk_span_of(text, len), NOW_MS, 540, &q, &fault);

	ok(err == (fault.wrong == HK_QUERY_NOTHING_WRONG ? HK_OK
			  : fault.wrong == HK_QUERY_TOO_LONG || fault.wrong == HK_QUERY_TOO_MANY
				  ? HK_ELIMIT
				  : HK_EFORM),
		"the code fits the fault %s", wrongs[fault.wrong]);
	return fault.wrong;
}

static void
caps(void)
{
	static char text[HK_QUERY_BYTES_MAX + 1];

	memset(text, 'a', sizeof text);
	is_int(of(text, sizeof text - 1), HK_QUERY_NOTHING_WRONG, "one word as long as may be");
	is_int(of(text, sizeof text), HK_QUERY_TOO_LONG, "one byte more");
	for (size_t i = 0; i < sizeof text; i++) {
		text[i] = i % 2 ? ' ' : 'a';
	}
	is_int(of(text, 2 * HK_QUERY_TERMS_MAX), HK_QUERY_NOTHING_WRONG, "as many terms as may be");
	is_int(of(text, 2 * HK_QUERY_TERMS_MAX + 2), HK_QUERY_TOO_MANY, "one more");
	memcpy(text, "label:", 6);
	for (size_t i = 6; i < sizeof text; i++) {
		text[i] = i % 2 ? ',' : 'a';
	}
	is_int(of(text, 6 + 2 * HK_QUERY_VALUES_MAX - 1), HK_QUERY_NOTHING_WRONG,
		"as many values as may be");
	is_int(of(text, 6 + 2 * HK_QUERY_VALUES_MAX + 1), HK_QUERY_TOO_MANY, "one more");
	is_int(of("a\0b", 3), HK_QUERY_NOT_UTF8, "U+0000");
	is_int(of("a\x1b[1m", 5), HK_QUERY_NOT_UTF8, "an escape");
	is_int(of("\xff", 1), HK_QUERY_NOT_UTF8, "no UTF-8");
	is_int(of(NULL, 0), HK_QUERY_NOTHING_WRONG, "nothing");
	for (int i = 0; i <= HK_QUERY_EMPTY_RANGE; i++) {
		ok(hk_query_wrong_text((hk_query_wrong)i)[0] != '\0', "a text for %s", wrongs[i]);
	}
	for (int i = 0; i < HK_QUERY_FLAG_COUNT; i++) {
		ok(hk_query_flag_field((hk_query_flag)i) == HK_QUERY_IS ||
				hk_query_flag_field((hk_query_flag)i) == HK_QUERY_HAS,
			"flag %s", hk_query_flag_name((hk_query_flag)i));
	}
}

int
main(void)
{
	vectors();
	caps();
	return tap_done();
}
