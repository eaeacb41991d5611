/* Reports that leave after the others, what vendors say of a site, what a person hands in, and cases that nobody was told of. */
#include "flowlib.h"

#include <string.h>

#include "sys/gerr.h"
#include "tap.h"

/* ---- what is looked at again ---- */

static int64_t
draft_step(hk_flow *flow, int64_t of_case, const char *channel, const char *step)
{
	const hk_report_site site = {.case_id = of_case, .url = "https://after.example/1"};
	hk_report_row row;
	int64_t id = 0;

	fl_draft_row(&row, of_case, channel, channel, 0);
	row.step = (char *)(uintptr_t)step;
	ok(fl_do_as(flow, &fl_auto, hk_report_draft(flow, &row, &site, 1, &id, error)),
		"%s to %s: %s", step, channel, fl_why());
	return id;
}

/* S35: before the others, and when they have left. */
static void
test_after(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "after.example"), receipt;

	fl_setting(flow, "{\"undo_s\":0,\"policies\":[]}");
	int64_t before = draft_step(flow, of_case, "urlscan", "first");
	int64_t other = draft_step(flow, of_case, "netcraft", "first");
	int64_t after = draft_step(flow, of_case, "urlscan", "after");
	ok(after != before, "two reports to one channel");
	ok(fl_approve(flow, &fl_yuzu, after, 0) && fl_approve(flow, &fl_yuzu, before, 0),
		"approved: %s", fl_why());
	is_int(fl_go(flow, after, 0, &receipt), HK_GO_WAIT, "it waits for the others");
	ok(fl_sent(flow, before), "the first look leaves");
	is_int(fl_go(flow, after, 0, &receipt), HK_GO_WAIT, "a draft is one of the others");
	fl_run(flow, HK_SQL("UPDATE jobs SET due_ms = 9999999999999 WHERE stage = 'send'"));
	ok(fl_approve(flow, &fl_yuzu, other, 0) && fl_sent(flow, other), "it leaves: %s", fl_why());
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, after);
	is_int(fl_int_of(flow,
		       HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'send' AND key = CAST($1 AS "
			      "TEXT) AND due_ms < 9999999999999"),
		       after),
		1, "and wakes the second look (%s)", key);
	is_int(fl_go(flow, after, 0, &receipt), HK_GO_SEND, "which leaves now");
	fl_close(flow);
}

static void
test_after_dark(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "after.example"), receipt;

	fl_setting(flow, "{\"undo_s\":0,\"policies\":[]}");
	int64_t other = draft_step(flow, of_case, "netcraft", "first");
	int64_t after = draft_step(flow, of_case, "urlscan", "after");
	int64_t late = draft_step(flow, of_case, "urlscan-2", "after");
	ok(fl_approve(flow, &fl_yuzu, after, 0), "approved: %s", fl_why());
	is_int(fl_go(flow, after, 0, &receipt), HK_GO_WAIT, "another waits for its approval");
	ok(fl_move(flow, of_case, "down", NULL), "the site has gone");
	is_str(fl_state(flow, other), "dropped", "what asked for that is dropped");
	is_str(fl_state(flow, late), "dropped", "and what nobody had approved");
	is_str(fl_state(flow, after), "approved", "but not the second look");
	is_int(fl_go(flow, after, 0, &receipt), HK_GO_SEND, "which leaves now");
	fl_close(flow);

	flow = fl_open();
	of_case = fl_confirmed(flow, "after.example");
	fl_setting(flow, "{\"undo_s\":0,\"policies\":[]}");
	draft_step(flow, of_case, "netcraft", "first");
	after = draft_step(flow, of_case, "urlscan", "after");
	ok(fl_approve(flow, &fl_yuzu, after, 0), "approved: %s", fl_why());
	fl_run(flow, HK_SQL("UPDATE reports SET approved_ms = approved_ms - 86400000"));
	is_int(fl_go(flow, after, 0, &receipt), HK_GO_SEND, "nor does it wait longer than a day");
	ok(fl_move(flow, of_case, "dismiss", NULL), "no case after all");
	fl_close(flow);
}

/* A person's hands are no way round the stops. */
static void
test_hands(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "hands.example");

	fl_setting(flow, "{\"undo_s\":0,\"policies\":[]}");
	int64_t id = fl_draft(flow, of_case, "form", "https://desk.example/form", 0);
	ok(fl_approve(flow, &fl_yuzu, id, 0), "approved: %s", fl_why());
	fl_run(flow, HK_SQL("UPDATE cases SET evidence_ms = NULL"));
	ok(!fl_do(flow, hk_report_act(flow, id, 0, "send", "their 1", error)),
		"without evidence it is not handed in");
	ok(fl_code() == HK_EPOLICY && g_str_has_prefix(fl_why(), "evidence"), "said: %s", fl_why());
	fl_run(flow, HK_SQL("UPDATE cases SET evidence_ms = 1, state = 'dismissed'"));
	ok(!fl_do(flow, hk_report_act(flow, id, 0, "send", "their 1", error)) &&
			g_str_has_prefix(fl_why(), "case"),
		"nor of a case that is none any more: %s", fl_why());
	fl_run(flow, HK_SQL("UPDATE cases SET state = 'confirmed'"));
	fl_run(flow, HK_SQL("UPDATE reports SET policy = 'gone'"));
	ok(!fl_do(flow, hk_report_act(flow, id, 0, "send", "their 1", error)) &&
			g_str_has_prefix(fl_why(), "policy"),
		"nor when its policy was stopped: %s", fl_why());
	fl_run(flow, HK_SQL("UPDATE reports SET policy = NULL"));
	fl_run(flow, HK_SQL("INSERT INTO channels (name, state) VALUES ('form', 'off')"));
	ok(fl_do(flow, hk_report_act(flow, id, 0, "send", "their 1", error)),
		"what only waits is about what we send: %s", fl_why());
	is_str(fl_state(flow, id), "sent", "handed in");
	fl_close(flow);
}

/* Confirmed before anybody was told who reports. */
static void
test_missing(void)
{
	hk_flow *flow = fl_open();
	int64_t told = fl_confirmed(flow, "told.example");
	int64_t left = fl_confirmed(flow, "left.example");

	draft_step(flow, told, "netcraft", "first");
	fl_run(flow, HK_SQL("DELETE FROM jobs"));
	ok(fl_do_as(flow, &fl_auto, hk_report_missing(flow, error)), "looked for: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'draft'")), 1,
		"one is missing");
	is_int(fl_int(flow, HK_SQL("SELECT case_id FROM jobs WHERE stage = 'draft'")), left,
		"it is drafted");
	fl_setting(flow, "{\"draft\":false}");
	fl_run(flow, HK_SQL("DELETE FROM jobs"));
	ok(fl_do_as(flow, &fl_auto, hk_report_missing(flow, error)), "switched off");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs")), 0, "nothing by itself");
	fl_close(flow);
}

/* What a poll brings is the case's. */
static void
test_fact(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "after.example");
	const char *hex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	g_autofree char *facts = g_strdup_printf("{\"score\":90,\"picture\":\"%s\"}", hex);
	hk_report_end end = {.remote_state = "scanned", .again_ms = -1};

	fl_setting(flow, "{\"undo_s\":0,\"policies\":[]}");
	int64_t first = draft_step(flow, of_case, "urlscan", "first");
	int64_t after = draft_step(flow, of_case, "urlscan", "after");
	ok(fl_approve(flow, &fl_yuzu, first, 0) && fl_sent(flow, first), "sent: %s", fl_why());
	ok(fl_do_as(flow, &fl_auto, hk_report_polled(flow, first, &end, NULL, error)), "polled");
	/* Two looks within a millisecond are one. */
	fl_run(flow, HK_SQL("UPDATE facts SET last_ms = last_ms - 1000"));
	end.remote_state = "malicious";
	end.facts = facts;
	ok(fl_do_as(flow, &fl_auto, hk_report_polled(flow, first, &end, "actioned", error)),
		"polled again: %s", fl_why());
	g_autofree char *now = fl_text(flow, HK_SQL("SELECT value FROM facts WHERE kind = "
						    "'vendor.state' AND gone_ms IS NULL"));
	is_str(now, "malicious", "the last word holds");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM facts WHERE kind = 'vendor.state'")), 2,
		"the one before is kept");
	g_autofree char *picture = fl_text(flow, HK_SQL("SELECT value FROM facts WHERE kind = "
							"'vendor.picture' AND subject = "
							"'urlscan'"));
	is_str(picture, hex, "with their picture");
	ok(fl_approve(flow, &fl_yuzu, after, 0) && fl_sent(flow, after), "the second look");
	ok(fl_do_as(flow, &fl_auto, hk_report_polled(flow, after, &end, "actioned", error)),
		"polled, too");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM facts WHERE kind = 'vendor.state' AND "
				   "gone_ms IS NULL AND subject IN ('urlscan', 'urlscan "
				   "(after)')")),
		2, "is a fact of its own");
	fl_close(flow);
}

int
main(void)
{
	test_after();
	test_after_dark();
	test_fact();
	test_hands();
	test_missing();
	return tap_done();
}
