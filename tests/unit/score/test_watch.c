#include "score/watch.h"

#include <string.h>

#include "sys/gerr.h"
#include "tap.h"

static const char list[] = "# watch list\n"
			   "\n"
			   "mihon\n"
			   "  ^Mihon-Bank$   # a whole label\r\n"
			   "^ib\n"
			   "login$\n"
			   ".mihon-bank.example\n"
			   "^みほん銀行$\n"
			   "mihon.example";

static void
good(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_watch) watch = hk_watch_parse("w.txt", hk_span_str(list), &error);

	/* "^ib" alone is too short. */
	ok(!watch && hk_error_code(error) == HK_ECONFIG, "a short one is refused: %s",
		error ? error->message : "");
	ok(error && strstr(error->message, "w.txt:5: ") != NULL, "by line");
	g_clear_error(&error);
	g_autoptr(hk_watch) again =
		hk_watch_parse("w.txt", hk_span_str("mihon\n^ibc\nlogin$\n^Ab$\n"), &error);
	ok(again != NULL, "a good list is read");
}

static bool
holds(const char *pattern, const char *name)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_watch) watch = hk_watch_parse("w", hk_span_str(pattern), &error);
	size_t count;

	if (!watch) {
		tap_diag("%s", error->message);
		return false;
	}
	const hk_watch_row *row = hk_watch_rows(watch, &count);
	hk_name where = {name, (uint32_t)strlen(name), 0};
	for (const char *at = name; count == 1 && (at = strstr(at, row->text)) != NULL; at++) {
		if (hk_watch_holds(row, where, (size_t)(at - name) + row->len)) {
			return true;
		}
	}
	return false;
}

static const struct {
	const char *pattern;
	const char *name;
	bool held;
} rows[] = {
	{"mihon", "xmihonx.test", true},
	{"MIHON", "mihon.test", true},
	{"n.test", "mihon.test", true},
	{"^mihon", "www.mihon-bank.test", true},
	{"^mihon", "xmihon.test", false},
	{"mihon$", "x-mihon.test", true},
	{"mihon$", "mihons.test", false},
	{"^mihon$", "mihon", true},
	{"^mihon$", "a.mihon.b", true},
	{"^mihon$", "mihon-a.b", false},
	{"^ab$", "ab.test", true},
	{".mihon.test", "mihon.test", true},
	{".mihon.test", "*.mihon.test", true},
	{".mihon.test", "www.mihon.test", true},
	{".mihon.test", "xmihon.test", false},
	{".mihon.test", "mihon.test.evil.test", false},
	{"^みほん銀行$", "www.xn--79jh5d0301cexk.test", true},
	{"mihon # why", "mihon.test", true},
};

static const struct {
	const char *text;
	const char *why;
} wrong[] = {
	{"ab", "w:1: fewer than 3"},
	{"ok1\n\n#c\nx y z", "w:4: a character"},
	{"みほん", "w:1: letters outside ASCII"},
	{"^", "w:1: nothing is left"},
	{"^$", "w:1: nothing is left"},
	{".", "w:1: nothing is left"},
	{"a\na\na", "w:1: fewer than 3 characters stand in too many names: write ^ab$ for a whole "
		    "label (and 2 more lines are wrong)"},
};

int
main(void)
{
	good();
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		is_int(holds(rows[i].pattern, rows[i].name), rows[i].held, "%s in %s",
			rows[i].pattern, rows[i].name);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_watch) watch = hk_watch_parse("w", hk_span_str(wrong[i].text), &error);
		ok(!watch && strstr(error->message, wrong[i].why) == error->message, "%s",
			error ? error->message : wrong[i].text);
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_watch) none = hk_watch_parse("w", hk_span_of(NULL, 0), &error);
	ok(none != NULL, "an empty list is one");
	g_autoptr(hk_watch) missing = hk_watch_load("/nonexistent", &error);
	ok(!missing && hk_error_code(error) == HK_ENOENT, "a missing one is none");
	return tap_done();
}
