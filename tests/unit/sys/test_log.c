#include "sys/log.h"

#include <string.h>

#include "sys/clock.h"
#include "tap.h"

static void
value_is(hk_span value, const char *want, const char *what)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_log_append_value(out, value);
	is_str(out->str, want, "%s", what);
}

static int calls;

static int64_t
count_call(void)
{
	return ++calls;
}

static void
printable(void)
{
	g_autofree char *shown = hk_log_printable("a\x1b[31m\n'x.pem': \"みほん\" \xff");

	is_str(shown, "a\\x1b[31m\\x0a'x.pem': \"みほん\" \\xff", "a message for a terminal");
}

int
main(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *big = g_strnfill(HK_LOG_VALUE_MAX_BYTES + 1, 'a');
	hk_log_level level;

	hk_clock_freeze(INT64_C(1795485600123));
	const hk_log_field fields[] = {HK_F_STR("log", "Mihon 2026h1"), HK_F_INT("wait_ms", 2000),
		HK_F_STR("reason", NULL), HK_F_REAL("score", 0.5),
		HK_F_SPAN("name", HK_SPAN_LIT("a.example"))};
	hk_log_line(out, HK_EVENT_CT_RETRY, fields, G_N_ELEMENTS(fields));
	is_str(out->str,
		"2026-11-24T02:00:00.123Z warning ct.retry log=\"Mihon 2026h1\" wait_ms=2000 "
		"reason=- score=0.500 "
		"name=a.example\n",
		"a line");

	value_is(HK_SPAN_LIT("a.b:8/x@y+z-_"), "a.b:8/x@y+z-_", "bare");
	value_is(HK_SPAN_LIT(""), "\"\"", "empty");
	value_is(HK_SPAN_LIT("a\nb\x1b[2J\0c"), "\"a\\x0ab\\x1b[2J\\x00c\"", "control characters");
	value_is(HK_SPAN_LIT("say \"\\\""), "\"say \\x22\\x5c\\x22\"", "quotes and backslash");
	value_is(HK_SPAN_LIT("みほん"), "\"みほん\"", "Japanese stays readable");
	value_is(HK_SPAN_LIT("a\xff\xc3"), "\"a\\xff\\xc3\"", "not UTF-8");
	value_is(HK_SPAN_LIT("\xe2\x80\xae"
			     "gpj"),
		"\"\\u{202e}gpj\"", "right-to-left override");
	value_is(HK_SPAN_LIT("\xc2\x9b"), "\"\\u{9b}\"", "C1 control");
	g_autoptr(GString) cut = g_string_new(NULL);
	hk_log_append_value(cut, hk_span_str(big));
	ok(cut->len == HK_LOG_VALUE_MAX_BYTES + 5 && g_str_has_suffix(cut->str, "a...\""),
		"a long value is cut");

	hk_log_set_level(HK_LOG_ERROR);
	hk_log(HK_EVENT_CT_RETRY, HK_F_INT("n", count_call()));
	is_int(calls, 0, "fields of an event that is off are not computed");
	ok(hk_log_wants(HK_EVENT_CT_ROOT_MISMATCH), "errors are always on");
	ok(hk_log_level_find("debug", &level) && level == HK_LOG_DEBUG, "a level by name");
	ok(!hk_log_level_find("loud", &level), "no such level");
	for (int i = 0; i < HK_EVENT_COUNT; i++) {
		const hk_event_row *row = hk_event_row_get((hk_event)i);

		ok(row->name[strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0' &&
				row->meaning[0],
			"%s is well named", row->name);
	}
	printable();
	return tap_done();
}
