/* Reports of cases that become one, are parted, end, or are deleted. */
#include "flowlib.h"

#include <string.h>

#include "store/case_read.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t start_ms = INT64_C(1732809600000);

enum { ALL_ASK = 1u << HK_STOPS_FIRST | 1u << HK_STOPS_BOUNCED };

static void
approved(hk_flow *flow, int64_t id)
{
	ok(fl_approve(flow, &fl_yuzu, id, ALL_ASK), "approved: %s", fl_why());
}

static void
sent(hk_flow *flow, int64_t id)
{
	approved(flow, id);
	hk_clock_advance(60000);
	ok(fl_sent(flow, id), "sent: %s", fl_why());
}

static int64_t
lead_of(hk_flow *flow, int64_t id)
{
	return fl_int_of(flow, HK_SQL("SELECT case_id FROM reports WHERE id = $1"), id);
}

/* How many reports the page of a case shows. */
static int64_t
shown(hk_flow *flow, int64_t of_case)
{
	const hk_reports_ask ask = {.case_id = of_case, .limit = 100};
	g_autoptr(GArray) ids = NULL;
	g_autoptr(GError) error = NULL;

	return hk_reports_list(hk_flow_db(flow), &ask, &ids, &error) ? (int64_t)ids->len : -1;
}

static int64_t
jobs_for(hk_flow *flow, int64_t of_case)
{
	return fl_int_of(flow,
		HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'draft' AND state <> 'done' AND "
		       "key NOT LIKE 'chase:%' AND case_id = $1"),
		of_case);
}

static int64_t
watched(hk_flow *flow, int64_t of_case)
{
	return fl_int_of(flow,
		HK_SQL("SELECT COUNT(*) FROM watches WHERE case_id = $1 AND due_ms IS NOT NULL"),
		of_case);
}

/* Two cases, each with reports to the recipients of one row: what becomes of the two to that recipient. */
static void
test_merge(void)
{
	static const struct {
		const char *from, *into, *from_after, *into_after;
		bool moves; /* from's report goes to the other case */
	} rows[] = {{"drafted", NULL, "drafted", NULL, true}, {"sent", NULL, "sent", NULL, true},
		{"drafted", "drafted", "dropped", "dropped", true},
		{"approved", "drafted", "dropped", "dropped", true},
		{"drafted", "sent", "dropped", "sent", true},
		{"sent", "approved", "sent", "dropped", true},
		{"sent", "sent", "sent", "sent", false}};
	hk_flow *flow = fl_open();

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *host_a = g_strdup_printf("a%zu.example", i);
		g_autofree char *host_b = g_strdup_printf("b%zu.example", i);
		g_autofree char *to = g_strdup_printf("abuse@h%zu.example", i);
		int64_t from = fl_confirmed(flow, host_a), into = fl_confirmed(flow, host_b), merge;
		int64_t of_from = fl_draft(flow, from, "mail", to, 0);
		int64_t of_into = rows[i].into ? fl_draft(flow, into, "mail", to, 0) : 0;
		if (strcmp(rows[i].from, "drafted") != 0) {
			(strcmp(rows[i].from, "sent") == 0 ? sent : approved)(flow, of_from);
		}
		if (of_into && strcmp(rows[i].into, "drafted") != 0) {
			(strcmp(rows[i].into, "sent") == 0 ? sent : approved)(flow, of_into);
		}
		fl_run(flow, HK_SQL("DELETE FROM jobs"));
		ok(fl_do(flow, hk_case_merge(flow, from, into, &merge, error)), "%zu: merged: %s",
			i, fl_why());
		is_str(fl_state(flow, of_from), rows[i].from_after, "%zu: the duplicate's", i);
		is_int(lead_of(flow, of_from), rows[i].moves ? into : from, "%zu: where it is", i);
		if (of_into) {
			is_str(fl_state(flow, of_into), rows[i].into_after, "%zu: the other's", i);
		}
		is_int(shown(flow, into), of_into ? 2 : 1, "%zu: all are shown with the other", i);
		is_int(jobs_for(flow, into),
			strcmp(rows[i].from_after, "dropped") == 0 ||
				(of_into && strcmp(rows[i].into_after, "dropped") == 0),
			"%zu: what was dropped is drafted anew", i);
		int64_t told = fl_draft(flow, into, "mail", to, 0);
		bool left = strcmp(rows[i].from_after, "sent") == 0 ||
			    g_strcmp0(rows[i].into_after, "sent") == 0;
		ok(!left || told == of_from || told == of_into,
			"%zu: who was told is not told again", i);
		fl_run(flow, HK_SQL("DELETE FROM jobs"));
		/* As the monitor does with a duplicate. */
		fl_run(flow, HK_SQL("UPDATE watches SET due_ms = NULL, stopped = 'case'"));
		ok(fl_do(flow, hk_merge_undo(flow, merge, error)), "%zu: undone: %s", i, fl_why());
		is_int(lead_of(flow, of_from), from, "%zu: back", i);
		is_int(fl_int_of(flow,
			       HK_SQL("SELECT COUNT(*) FROM report_sites s JOIN reports r ON r.id "
				      "= "
				      "s.report_id WHERE r.case_id = $1 AND s.case_id <> "
				      "r.case_id"),
			       from),
			0, "%zu: with what it speaks of", i);
		is_int(shown(flow, from), 1, "%zu: shown with it", i);
		is_int(jobs_for(flow, from) + jobs_for(flow, into), 2, "%zu: each is drafted for",
			i);
		is_int(watched(flow, from), 1, "%zu: its site is watched again", i);
	}
	fl_close(flow);
}

static void
test_merge_into(void)
{
	hk_flow *flow = fl_open();
	int64_t from = fl_confirmed(flow, "from.example"),
		into = fl_take(flow, "into.example", "1", NULL);
	int64_t draft = fl_draft(flow, from, "mail", "abuse@host.example", 0), merge, receipt;
	int64_t leaves = fl_draft(flow, from, "mail", "abuse@leaves.example", 0);

	approved(flow, leaves);
	hk_clock_advance(60000);
	is_int(fl_go(flow, leaves, 0, &receipt), HK_GO_SEND, "one leaves this moment");
	ok(fl_do(flow, hk_case_merge(flow, from, into, &merge, error)),
		"into one that is not confirmed");
	is_str(fl_state(flow, draft), "dropped", "no draft without a confirmation");
	is_str(fl_state(flow, leaves), "queued", "what leaves is left alone");
	is_int(lead_of(flow, leaves), into, "but goes along");
	/* It did not arrive: the case that it is of now is none that is reported. */
	hk_clock_advance(10000);
	is_int(fl_go(flow, leaves, 0, &receipt), HK_GO_NOTHING, "not sent again");
	is_str(fl_state(flow, leaves), "dropped", "dropped");
	fl_run(flow, HK_SQL("DELETE FROM jobs"));
	ok(fl_move(flow, into, "confirm", NULL), "confirmed");
	is_int(jobs_for(flow, into), 1, "then it is drafted for");
	fl_close(flow);
}

static void
test_split(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "split.example"), fresh, merge;
	const hk_report_site sites[] = {{.case_id = of_case, .url = "https://split.example/1"},
		{.case_id = of_case, .url = "https://split.example/2"}};
	const int64_t urls[] = {2};
	hk_report_row row;
	int64_t id = 0;

	fl_take(flow, "split.example", "2", NULL);
	fl_draft_row(&row, of_case, "mail", "abuse@host.example", 0);
	ok(fl_do(flow, hk_report_draft(flow, &row, sites, 2, &id, error)), "of both URLs");
	sent(flow, id);
	ok(fl_do(flow, hk_case_split(flow, of_case, urls, 1, NULL, &fresh, &merge, error)),
		"split: %s", fl_why());
	is_int(shown(flow, fresh), 1, "what was told of the URL was told of its new case");
	is_int(watched(flow, fresh), 1, "which is watched");
	is_int(shown(flow, of_case), 1, "and stays with the old one");
	is_int(fl_draft(flow, fresh, "mail", "abuse@host.example", 0), id, "nobody is told twice");
	ok(fl_do(flow, hk_merge_undo(flow, merge, error)), "undone: %s", fl_why());
	is_int(shown(flow, fresh), 0, "back again");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases WHERE deleted_ms IS NOT NULL")), 1,
		"the new case is gone");
	ok(fl_do(flow, hk_case_split(flow, of_case, urls, 1, NULL, &fresh, &merge, error)),
		"split once more");
	fl_draft(flow, fresh, "mail", "abuse@other.example", 0);
	ok(fl_do(flow, hk_merge_undo(flow, merge, error)), "undone: %s", fl_why());
	is_int(fl_int_of(flow,
		       HK_SQL("SELECT COUNT(*) FROM cases WHERE id = $1 AND deleted_ms IS NULL"),
		       fresh),
		1, "a case with a report of its own stays");
	fl_close(flow);
}

/* Cases that are over leave nothing for somebody to approve. */
static void
test_over(void)
{
	static const char *const acts[] = {"down", "dismiss", "out_of_scope", "delete"};
	hk_flow *flow = fl_open();

	for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
		g_autofree char *host = g_strdup_printf("over%zu.example", i);
		int64_t of_case = fl_confirmed(flow, host), receipt;
		int64_t draft = fl_draft(flow, of_case, "mail", "a@h.example", 0);
		int64_t window = fl_draft(flow, of_case, "mail", "b@h.example", 0);
		int64_t leaves = fl_draft(flow, of_case, "mail", "c@h.example", 0);
		approved(flow, window);
		approved(flow, leaves);
		hk_clock_advance(60000);
		is_int(fl_go(flow, leaves, 0, &receipt), HK_GO_SEND, "one leaves");
		ok(strcmp(acts[i], "delete") == 0
				? fl_do(flow, hk_case_delete(flow, of_case, 0, error))
				: fl_move(flow, of_case, acts[i], NULL),
			"%s", acts[i]);
		is_str(fl_state(flow, draft), "dropped", "%s: the draft", acts[i]);
		is_str(fl_state(flow, window), "dropped", "%s: what was approved", acts[i]);
		is_str(fl_state(flow, leaves), "queued", "%s: what leaves leaves", acts[i]);
		is_int(fl_go(flow, window, 0, NULL), HK_GO_NOTHING, "%s: nothing is sent", acts[i]);
		is_int(fl_int_of(flow,
			       HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'report.drop' AND "
				      "case_id = $1"),
			       of_case),
			2, "%s: audited", acts[i]);
	}
	/* Restored: drafted anew. */
	fl_run(flow, HK_SQL("DELETE FROM jobs"));
	fl_run(flow, HK_SQL("UPDATE watches SET due_ms = NULL, stopped = 'case'"));
	ok(fl_do(flow, hk_case_restore(flow, 4, error)), "restored: %s", fl_why());
	is_int(watched(flow, 4), 1, "watched");
	is_int(jobs_for(flow, 4), 1, "a job");
	fl_close(flow);
}

static void
test_timeline(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "time.example");
	int64_t id = fl_draft(flow, of_case, "mail", "abuse@host.example", 0);
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) local = NULL;
	g_autofree char *next = NULL;

	sent(flow, id);
	ok(fl_do_as(flow, &fl_auto, hk_report_answer(flow, id, "actioned", NULL, "gone", error)),
		"answered");
	ok(hk_case_timeline(hk_flow_db(flow), of_case, NULL, 100, out, &next, &local), "read");
	static const char *const acts[] = {"report.draft", "report.approve", "report.queue",
		"report.send", "report.action", "case.report"};
	for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
		ok(strstr(out->str, acts[i]) != NULL, "the case's timeline shows %s", acts[i]);
	}
	fl_close(flow);
}

int
main(void)
{
	hk_clock_freeze(start_ms);
	test_merge();
	test_merge_into();
	test_split();
	test_over();
	test_timeline();
	return tap_done();
}
