/* Targets of requests: what they mean, and what is refused. */
#include <string.h>

#include "sys/gerr.h"
#include "tap.h"
#include "web/target.h"

static void
refused(const char *raw, size_t len, hk_err code, const char *what)
{
	g_autoptr(GError) error = NULL;
	hk_target t = {0};

	ok(!hk_target_parse(hk_span_of(raw, len), &t, &error), "refused: %s", what);
	is_int(hk_error_code(error), code, "with its code: %s", error ? error->message : "");
	ok(t.text == NULL, "nothing is left behind");
}

static void
good(void)
{
	g_autoptr(GError) error = NULL;
	hk_target t = {0};

	ok(hk_target_parse(
		   hk_span_str("/api/v1/cases/7/labels/%E7%81%AB%2F%25?q=a+b%2Bc&empty&x=&&y=1=2"),
		   &t, &error),
		"a long one");
	is_int(t.segment_count, 6, "segments");
	is_str(t.segments[0], "api", "the first");
	is_str(t.segments[5], "\xe7\x81\xab/%",
		"the last, decoded; a slash that was escaped parts nothing");
	is_int(t.param_count, 4, "parameters");
	is_str(hk_target_param_of(&t, "q"), "a b+c", "plus is a blank, %%2B is a plus");
	is_str(hk_target_param_of(&t, "empty"), "", "without a value");
	is_str(hk_target_param_of(&t, "y"), "1=2", "with an equals sign");
	is_str(hk_target_param_of(&t, "z"), NULL, "not there");
	ok(!t.folder, "no folder");
	hk_target_clear(&t);
	ok(hk_target_parse(hk_span_str("/"), &t, &error) && t.segment_count == 0 && t.folder,
		"the root");
	hk_target_clear(&t);
	ok(hk_target_parse(hk_span_str("/a/?"), &t, &error) && t.segment_count == 1 && t.folder,
		"a folder, an empty query");
	hk_target_clear(&t);
	ok(hk_target_parse(hk_span_str("/a//b"), &t, &error) && t.segment_count == 3,
		"an empty segment");
	is_str(t.segments[1], "", "stays one");
	hk_target_clear(&t);
}

int
main(void)
{
	static const struct {
		const char *raw;
		hk_err code;
	} bad[] = {
		{"", HK_EFORM},
		{"*", HK_EFORM},
		{"a", HK_EFORM},
		{"http://x/", HK_EFORM},
		{"/a#b", HK_EFORM},
		{"/a b", HK_EFORM},
		{"/.", HK_EFORM},
		{"/a/../b", HK_EFORM},
		{"/%2e%2E/b", HK_EFORM},
		{"/%", HK_EFORM},
		{"/%4", HK_EFORM},
		{"/%4g", HK_EFORM},
		{"/%00", HK_EFORM},
		{"/%0a", HK_EFORM},
		{"/%7f", HK_EFORM},
		{"/%c0%af", HK_EFORM},
		{"/?a=%ff", HK_EFORM},
		{"/?a=1&a=2", HK_EFORM},
		{"/?a&%61=2", HK_EFORM},
		{"/a/b/c/d/e/f/g/h/i/j/k/l/m", HK_ELIMIT},
	};
	g_autofree char *longest = g_strnfill(HK_TARGET_MAX + 1, 'a');
	GString *many = g_string_new("/?");

	good();
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		refused(bad[i].raw, strlen(bad[i].raw), bad[i].code, bad[i].raw);
	}
	longest[0] = '/';
	refused(longest, HK_TARGET_MAX + 1, HK_ELIMIT, "too long");
	for (int i = 0; i <= HK_TARGET_PARAMS; i++) {
		g_string_append_printf(many, "p%d=1&", i);
	}
	refused(many->str, many->len, HK_ELIMIT, "too many parameters");
	g_string_assign(many, "/?a=");
	for (int i = 0; i <= HK_TARGET_VALUE_MAX; i++) {
		g_string_append_c(many, 'x');
	}
	refused(many->str, many->len, HK_ELIMIT, "a value that is too long");
	g_string_free(many, TRUE);
	return tap_done();
}
