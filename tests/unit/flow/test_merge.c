/* Merge, split, undo: by hand, and random sequences that must come back to where they began. */
#include "flowlib.h"

#include <string.h>

#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t start_ms = INT64_C(1732809600000);

static void
dump_rows(hk_flow *flow, GString *out, hk_sql sql, unsigned columns)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(hk_flow_db(flow), sql, HK_NO_ARGS, &error);

	while (rows && hk_rows_next(rows, &error)) {
		for (unsigned i = 0; i < columns; i++) {
			const char *text = hk_rows_str(rows, i);
			g_string_append_printf(out, "%s|", text ? text : "NULL");
		}
		g_string_append_c(out, '\n');
	}
	ok(rows && !error, "dump%s%s", error ? ": " : "", error ? error->message : "");
}

#define T(column) "CAST(" column " AS TEXT)"

/* Everything about the cases that are not deleted, but versions and times of change. */
static char *
dump(hk_flow *flow)
{
	GString *out = g_string_new(NULL);

	dump_rows(flow, out,
		HK_SQL("SELECT " T("id") ", name, state, kind, host, domain, url, " T(
			"urls") ", " T("first_seen_ms") ", " T("last_seen_ms") ", " T("merg"
										      "ed_"
										      "int"
										      "o") ", " T("due_ms") ", due_clock, " T("campaign_id") ", " T("target_id") " FROM cases WHERE deleted_ms IS NULL ORDER BY id"),
		15);
	dump_rows(flow, out,
		HK_SQL("SELECT " T("id") ", " T("case_id") ", url, " T("times") ", " T(
			"first_ms") " FROM case_urls ORDER BY id"),
		5);
	dump_rows(flow, out,
		HK_SQL("SELECT kind, key, " T("case_id") ", " T(
			"last_ms") " FROM case_keys ORDER BY kind, key, case_id"),
		4);
	dump_rows(flow, out,
		HK_SQL("SELECT " T("id") ", " T("case_id") ", text FROM comments ORDER BY id"), 3);
	dump_rows(flow, out,
		HK_SQL("SELECT " T("id") ", " T("case_id") ", state FROM tasks ORDER BY id"), 3);
	dump_rows(flow, out,
		HK_SQL("SELECT label, " T("case_id") " FROM labels ORDER BY label, case_id"), 2);
	dump_rows(flow, out,
		HK_SQL("SELECT " T("id") ", " T("cases") " FROM campaigns ORDER BY id"), 2);
	dump_rows(flow, out,
		HK_SQL("SELECT state, " T("SUM(n)") " FROM (SELECT state, COUNT(*) AS n FROM cases "
						    "WHERE deleted_ms IS NULL GROUP BY state) s "
						    "GROUP BY state ORDER BY state"),
		2);
	return g_string_free(out, FALSE);
}

static void
same(hk_flow *flow, const char *want, const char *what)
{
	g_autofree char *got = dump(flow);

	if (!ok(strcmp(got, want) == 0, "%s", what)) {
		tap_diag("was:\n%s\nis:\n%s", want, got);
	}
}

static void
test_merge(void)
{
	hk_flow *flow = fl_open();
	int64_t merge = 0, id, a = fl_take(flow, "a.example", "1", NULL);
	int64_t b = fl_take(flow, "b.example", "1", NULL);

	hk_clock_advance(60000);
	fl_take(flow, "b.example", "2", NULL);
	ok(fl_do(flow, hk_case_label(flow, a, "Both", true, error) &&
			       hk_case_label(flow, b, "both", true, error) &&
			       hk_case_label(flow, b, "only b", true, error) &&
			       hk_case_comment(flow, b, "調査", &id, error) &&
			       hk_task_add(flow, b, "look", 0, &id, error)),
		"rows: %s", fl_why());
	g_autofree char *before = dump(flow);
	ok(fl_do(flow, hk_case_merge(flow, b, a, &merge, error)), "merged: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM case_urls WHERE case_id = 1")), 3,
		"URLs moved");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM labels WHERE case_id = 1")), 2,
		"labels moved, but the one it has");
	ok(!fl_do(flow, hk_case_move(flow, b, 0, "confirm", NULL, error)),
		"a duplicate is not moved");
	is_int(fl_code(), HK_EPOLICY, "by policy: %s", fl_why());
	is_int(fl_take(flow, "b.example", "9", NULL), a, "its host leads to the other");
	ok(!fl_do(flow, hk_case_merge(flow, b, a, &merge, error)), "not merged twice");
	ok(!fl_do(flow, hk_case_merge(flow, a, a, &merge, error)), "not merged into itself");
	is_int(fl_code(), HK_ERANGE, "said: %s", fl_why());
	ok(fl_do(flow, hk_merge_undo(flow, 1, error)), "undone: %s", fl_why());
	is_int(fl_int(flow,
		       HK_SQL("SELECT case_id FROM case_urls WHERE url = 'https://b.example/9'")),
		a, "what came in since stays");
	ok(!fl_do(flow, hk_merge_undo(flow, 1, error)), "not undone twice: %s", fl_why());
	ok(!fl_do(flow, hk_merge_undo(flow, 77, error)), "no such merge");
	is_int(fl_code(), HK_ENOENT, "said: %s", fl_why());
	fl_close(flow);
}

static void
test_order(void)
{
	hk_flow *flow = fl_open();
	int64_t first, second, id;
	int64_t a = fl_take(flow, "a.example", "1", NULL),
		b = fl_take(flow, "b.example", "1", NULL),
		c = fl_take(flow, "c.example", "1", NULL);
	int64_t urls[1] = {1}, fresh;

	g_autofree char *before = dump(flow);
	ok(fl_do(flow, hk_case_merge(flow, a, b, &first, error)), "a into b");
	ok(fl_do(flow, hk_case_merge(flow, b, c, &second, error)), "b into c");
	is_int(fl_take(flow, "a.example", "1", NULL), c, "found at the end of the chain");
	ok(!fl_do(flow, hk_merge_undo(flow, first, error)), "the first cannot be undone");
	is_int(fl_code(), HK_EPOLICY, "by policy");
	ok(strstr(fl_why(), "merge 2") != NULL, "the later one is named: %s", fl_why());
	ok(fl_do(flow, hk_merge_undo(flow, second, error)), "the second can");
	ok(fl_do(flow, hk_case_split(flow, b, urls, 1, NULL, &fresh, &id, error)), "split: %s",
		fl_why());
	ok(!fl_do(flow, hk_merge_undo(flow, first, error)), "not while a split holds its URL: %s",
		fl_why());
	ok(strstr(fl_why(), "split 3") != NULL, "the split is named");
	ok(fl_do(flow, hk_merge_undo(flow, id, error)), "the split undone: %s", fl_why());
	ok(fl_do(flow, hk_merge_undo(flow, first, error)), "then the first");
	fl_run(flow, HK_SQL("UPDATE case_urls SET times = 1"));
	same(flow, before, "all is as it was");
	fl_close(flow);
}

static void
test_split(void)
{
	hk_flow *flow = fl_open();
	int64_t a = fl_take(flow, "a.example", "1", NULL), merge, fresh;

	fl_take(flow, "a.example", "2", NULL);
	ok(fl_do(flow, hk_case_url_add(flow, a, "https://z.example/", "z.example", error)),
		"third");
	g_autofree char *before = dump(flow);
	const int64_t all[] = {1, 2, 3}, some[] = {1, 3}, twice[] = {1, 1}, strange[] = {99};
	ok(!fl_do(flow, hk_case_split(flow, a, all, 3, NULL, &fresh, &merge, error)), "not all");
	ok(!fl_do(flow, hk_case_split(flow, a, all, 0, NULL, &fresh, &merge, error)), "not none");
	ok(!fl_do(flow, hk_case_split(flow, a, twice, 2, NULL, &fresh, &merge, error)),
		"not twice");
	ok(!fl_do(flow, hk_case_split(flow, a, strange, 1, NULL, &fresh, &merge, error)),
		"not another's");
	same(flow, before, "nothing was done");
	ok(fl_do(flow, hk_case_split(flow, a, some, 2, "part", &fresh, &merge, error)), "split: %s",
		fl_why());
	g_autofree char *url = fl_text(flow, HK_SQL("SELECT url FROM cases WHERE id = 1"));
	is_str(url, "https://a.example/2", "the old case shows what it has left");
	is_int(fl_take(flow, "a.example", "1", NULL), fresh, "its URL leads to the new one");
	ok(fl_do(flow, hk_merge_undo(flow, merge, error)), "undone: %s", fl_why());
	fl_run(flow, HK_SQL("UPDATE case_urls SET times = 1"));
	same(flow, before, "as before");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases WHERE deleted_ms IS NOT NULL")), 1,
		"the new one is gone");
	ok(fl_do(flow, hk_case_split(flow, a, some, 1, NULL, &fresh, &merge, error) &&
			       hk_case_comment(flow, fresh, "here", &merge, error)),
		"split and used");
	ok(fl_do(flow, hk_merge_undo(flow, 2, error)), "undone");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases WHERE deleted_ms IS NULL")), 2,
		"what was used stays");
	fl_close(flow);
}

/* xorshift: the same sequence for the same seed. */
static uint32_t
next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* One random step; the number of the merge, or 0 when it was refused. */
static int64_t
step(hk_flow *flow, uint32_t *random, int64_t cases)
{
	int64_t a = 1 + next(random) % (uint32_t)cases, b = 1 + next(random) % (uint32_t)cases;
	int64_t merge = 0, fresh;

	hk_clock_advance(1000);
	if (next(random) % 3 != 0) {
		return fl_do(flow, hk_case_merge(flow, a, b, &merge, error)) ? merge : 0;
	}
	g_autofree char *id = fl_text_of(flow,
		HK_SQL("SELECT " T(
			"id") " FROM case_urls WHERE case_id = $1 ORDER BY hash LIMIT 1"),
		a);
	int64_t url = g_ascii_strtoll(id, NULL, 10);
	return fl_do(flow, hk_case_split(flow, a, &url, 1, NULL, &fresh, &merge, error)) ? merge
											 : 0;
}

static void
test_property(uint32_t seed)
{
	enum { CASES = 7, STEPS = 14 };
	hk_flow *flow = fl_open();
	g_autoptr(GArray) merges = g_array_new(FALSE, FALSE, sizeof(int64_t));
	uint32_t random = seed;
	unsigned refused = 0;

	for (int i = 0; i < CASES; i++) {
		g_autofree char *host = g_strdup_printf("h%d.example", i);
		for (unsigned k = 0; k <= next(&random) % 3; k++) {
			g_autofree char *path = g_strdup_printf("p%u", k);
			hk_clock_advance(1000);
			int64_t id = fl_take(flow, host, path, NULL);
			if (next(&random) % 2) {
				g_autofree char *label = g_strdup_printf("l%u", next(&random) % 3);
				ok(fl_do(flow, hk_case_label(flow, id, label, true, error)),
					"label");
			}
		}
	}
	/* Some share a URL, so that there is what cannot move. */
	ok(fl_do(flow, hk_case_url_add(flow, 1, "https://s.example/", "s.example", error) &&
			       hk_case_url_add(flow, 2, "https://s.example/", "s.example", error)),
		"shared: %s", fl_why());
	g_autofree char *before = dump(flow);
	for (int i = 0; i < STEPS; i++) {
		int64_t merge = step(flow, &random, CASES);
		if (merge) {
			g_array_append_val(merges, merge);
		}
	}
	unsigned made = merges->len;
	/* In any order; what is refused for a later one comes again. */
	while (merges->len > 0 && refused < 1000) {
		unsigned at = next(&random) % merges->len;
		int64_t merge = g_array_index(merges, int64_t, at);
		if (fl_do(flow, hk_merge_undo(flow, merge, error))) {
			g_array_remove_index(merges, at);
		} else {
			refused++;
			if (fl_code() != HK_EPOLICY) {
				ok(false, "seed %u: undo of %d: %s", seed, (int)merge, fl_why());
			}
		}
	}
	is_int(merges->len, 0, "seed %u: all %u undone, %u refusals on the way", seed, made,
		refused);
	same(flow, before, "and all is as it was");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases WHERE deleted_ms IS NULL")), CASES,
		"no case too many");
	fl_close(flow);
}

int
main(void)
{
	hk_clock_freeze(start_ms);
	test_merge();
	test_order();
	test_split();
	for (uint32_t seed = 1; seed <= 12; seed++) {
		test_property(seed * 2654435761u);
	}
	return tap_done();
}
