/* Reports that leave, or are held up: every stop, tries that end and that do not, answers, channels. */
#include "flowlib.h"

#include <string.h>

#include "flow/audit.h"
#include "flow/letter.h"
#include "flow/states.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t start_ms = INT64_C(1732809600000);
static const int64_t hour_ms = 3600000;

#define BIT(id) (1u << HK_STOPS_##id)
enum { ALL_ASK = BIT(FIRST) | BIT(BOUNCED), BY_CALLER = BIT(OWN) | BIT(ALLOWED) | BIT(RECIPIENT) };

/* ---- stops ---- */

/* A house in which only `stop` holds up reports of that case to that mailbox. */
static void
hold(hk_flow *flow, hk_stop stop, bool on)
{
	switch (stop) {
	case HK_STOPS_EVIDENCE:
		on ? fl_run(flow, HK_SQL("UPDATE cases SET evidence_ms = NULL"))
		   : fl_run(flow, HK_SQL("UPDATE cases SET evidence_ms = 1"));
		break;
	case HK_STOPS_CASE:
		on ? fl_run(flow, HK_SQL("UPDATE cases SET state = 'dismissed' WHERE id = 2"))
		   : fl_run(flow, HK_SQL("UPDATE cases SET state = 'confirmed'"));
		break;
	case HK_STOPS_CONTENT:
		on ? fl_run(flow, HK_SQL("UPDATE reports SET content = NULL"))
		   : fl_run(flow, HK_SQL("UPDATE reports SET content = digest"));
		break;
	case HK_STOPS_FIRST:
		on ? fl_run(flow, HK_SQL("DELETE FROM recipients"))
		   : fl_run(flow,
			     HK_SQL("INSERT INTO recipients (channel, recipient, at_ms) VALUES "
				    "('mail', 'abuse@host.example', 1) ON CONFLICT DO NOTHING"));
		break;
	case HK_STOPS_BOUNCED:
		on ? fl_run(flow, HK_SQL("UPDATE recipients SET bounced_ms = 9999999999999"))
		   : fl_run(flow, HK_SQL("UPDATE recipients SET bounced_ms = NULL"));
		break;
	case HK_STOPS_VOLUME:
		on ? fl_run(flow,
			     HK_SQL("UPDATE reports SET sent_ms = 9999999999999 WHERE round = 9"))
		   : fl_run(flow, HK_SQL("UPDATE reports SET sent_ms = NULL WHERE round = 9"));
		break;
	case HK_STOPS_CHANNEL:
		on ? fl_run(flow, HK_SQL("INSERT INTO channels (name, state) VALUES ('mail', "
					 "'off') ON CONFLICT DO NOTHING"))
		   : fl_run(flow, HK_SQL("DELETE FROM channels"));
		break;
	case HK_STOPS_VICTIM:
		on ? fl_run(flow, HK_SQL("UPDATE report_sites SET url = "
					 "'https://stops.example/?to=a%40mail.example' WHERE "
					 "position = 0"))
		   : fl_run(flow, HK_SQL("UPDATE report_sites SET url = "
					 "'https://stops.example/1' WHERE position = 0"));
		break;
	case HK_STOPS_RESTORED:
		on ? fl_run(flow, HK_SQL("INSERT INTO settings (key, value, updated_ms) VALUES "
					 "('restored', '{\"at_ms\":9,\"until_ms\":9999999999999}', "
					 "0) ON "
					 "CONFLICT DO NOTHING"))
		   : fl_run(flow, HK_SQL("DELETE FROM settings WHERE key = 'restored'"));
		break;
	case HK_STOPS_OWN:
	case HK_STOPS_ALLOWED:
	case HK_STOPS_RECIPIENT:
	case HK_STOPS_KILL:
	case HK_STOP_COUNT:
		break; /* the caller says so */
	}
}

static int64_t
draft_of_two(hk_flow *flow, unsigned stops, int64_t round)
{
	const hk_report_site sites[] = {{.case_id = 1, .url = "https://stops.example/1"},
		{.case_id = 2, .url = "https://member.example/1"}};
	hk_report_row row;
	int64_t id = 0;

	fl_draft_row(&row, 1, "mail", "abuse@host.example", 0);
	row.stops = stops;
	row.round = round;
	ok(fl_do_as(flow, &fl_auto, hk_report_draft(flow, &row, sites, 2, &id, error)),
		"a draft: %s", fl_why());
	return id;
}

static unsigned
stops_of(hk_flow *flow, int64_t id)
{
	return (unsigned)fl_int_of(flow, HK_SQL("SELECT stops FROM reports WHERE id = $1"), id);
}

/* One row of stops.def: at the draft, at the approval, just before it leaves. */
static void
one_stop(hk_flow *flow, hk_stop stop, int64_t round)
{
	const hk_stop_row *row = &hk_stop_rows[stop];
	unsigned bit = 1u << stop, told = bit & (BY_CALLER | BIT(KILL));
	int64_t id;

	hold(flow, HK_STOPS_FIRST, false);
	hold(flow, stop, true);
	id = draft_of_two(flow, told & BY_CALLER, round);
	/* No content, and a member that is not confirmed, are seen once the row is there. */
	bool seen = stop != HK_STOPS_KILL && stop != HK_STOPS_CONTENT && stop != HK_STOPS_CASE &&
		    stop != HK_STOPS_VICTIM;
	is_int(stops_of(flow, id), seen ? bit : 0, "%s: seen at the draft", row->text);
	hold(flow, stop, true);
	bool passes = row->how == HK_STOP_WAIT;
	is_int(fl_approve(flow, &fl_yuzu, id, 0), passes, "%s: approved: %s", row->text, fl_why());
	ok(passes || g_str_has_prefix(fl_why(), row->text), "%s: by its name", row->text);
	if (!passes) {
		is_int(fl_code(), HK_EPOLICY, "%s: by policy", row->text);
		is_int(fl_approve(flow, &fl_yuzu, id, bit), row->how == HK_STOP_ASK,
			"%s: agreed to: %s", row->text, fl_why());
	}
	if (strcmp(fl_state(flow, id), "drafted") == 0) {
		hold(flow, stop, false);
		fl_run(flow, HK_SQL("UPDATE reports SET stops = 0"));
		ok(fl_approve(flow, &fl_yuzu, id, 0), "%s: approved without it: %s", row->text,
			fl_why());
	}
	hold(flow, stop, true);
	int go = fl_go(flow, id, told, NULL);
	if (row->how == HK_STOP_WAIT) {
		is_int(go, HK_GO_WAIT, "%s: it waits", row->text);
		is_int(stops_of(flow, id), bit, "%s: and tells why", row->text);
		is_str(fl_state(flow, id), "approved", "%s: approved still", row->text);
	} else if (stop == HK_STOPS_FIRST || stop == HK_STOPS_VICTIM || stop == HK_STOPS_RESTORED) {
		is_int(go, HK_GO_SEND, "%s: was agreed to", row->text);
		fl_run(flow, HK_SQL("UPDATE receipts SET phase = 'ended'"));
	} else {
		is_int(go, HK_GO_NOTHING, "%s: not sent", row->text);
		is_str(fl_state(flow, id), "drafted", "%s: a draft again", row->text);
	}
	hold(flow, stop, false);
	fl_run(flow, HK_SQL("UPDATE reports SET state = 'dropped' WHERE round <> 9"));
	hold(flow, HK_STOPS_FIRST, true);
}

static void
test_stops(void)
{
	hk_flow *flow = fl_open();

	fl_confirmed(flow, "stops.example");
	fl_confirmed(flow, "member.example");
	fl_setting(flow, "{\"undo_s\":0,\"per_hour\":1}");
	/* What the breaker counts. */
	hold(flow, HK_STOPS_FIRST, false);
	draft_of_two(flow, 0, 9);
	hold(flow, HK_STOPS_FIRST, true);
	for (unsigned i = 0; i < HK_STOP_COUNT; i++) {
		one_stop(flow, (hk_stop)i, 10 + i);
		is_int(hk_stop_find(hk_stop_rows[i].text), i, "found by its text");
	}
	is_int(hk_stop_find("luck"), HK_STOP_COUNT, "there is no other");
	g_autoptr(GString) text = g_string_new(NULL);
	hk_stops_json(BIT(OWN) | BIT(KILL), text);
	is_str(text->str, "[\"own\",\"kill\"]", "as JSON");
	fl_close(flow);
}

/* ---- tries ---- */

static int64_t
ready(hk_flow *flow, int64_t of_case, const char *channel, const char *recipient)
{
	int64_t id = fl_draft(flow, of_case, channel, recipient, 0);

	ok(fl_approve(flow, &fl_yuzu, id, ALL_ASK), "approved: %s", fl_why());
	hk_clock_advance(60000);
	return id;
}

static bool
ended(hk_flow *flow, int64_t id, int64_t receipt, const char *how)
{
	const hk_report_end end = {.how = how,
		.remote_id = "T-1",
		.why = "because",
		.status = 202,
		.again_ms = -1,
		.poll_ms = strcmp(how, "taken") == 0 ? 5000 : 0};

	return fl_do_as(flow, &fl_auto, hk_report_ended(flow, id, receipt, &end, error));
}

static bool
settle(hk_flow *flow, int64_t id, int found, const char *why)
{
	const hk_report_end end = {.remote_id = "T-1",
		.remote_state = "open",
		.why = why,
		.poll_ms = 60000,
		.pause_ms = 5000};

	return fl_do(flow, hk_report_settle(flow, id, found, &end, error));
}

static void
test_died(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "died.example"), first, second, receipt;
	int64_t id = ready(flow, of_case, "mail", "abuse@host.example");

	is_int(fl_go(flow, id, 0, &first), HK_GO_SEND, "begun");
	is_str(fl_state(flow, id), "queued", "it is being sent");
	is_int(fl_go(flow, id, 0, NULL), HK_GO_WAIT, "another worker leaves it alone");
	ok(!fl_do(flow, hk_report_act(flow, id, 0, "undo", NULL, error)), "so does a person: %s",
		fl_why());
	hk_clock_advance(10000);
	/* The process died before the last byte: nothing has arrived. */
	is_int(fl_go(flow, id, 0, &second), HK_GO_SEND, "begun again");
	ok(second != first, "by a try of its own");
	ok(!fl_do(flow, hk_report_committed(flow, first, error)),
		"the first one, if it lives, does not send any more");
	is_int(fl_code(), HK_EINCONSISTENT, "said: %s", fl_why());
	ok(fl_do(flow, hk_report_committed(flow, second, error)), "the second does: %s", fl_why());
	ok(!fl_do(flow, hk_report_committed(flow, second, error)), "once");
	is_int(fl_go(flow, id, 0, NULL), HK_GO_WAIT, "what has just left is not looked for yet");
	hk_clock_advance(10000);
	is_int(fl_go(flow, id, 0, &receipt), HK_GO_DOUBT, "then it is");
	ok(receipt > 0, "and which try it is");
	ok(settle(flow, id, 0, "not there"), "not there: %s", fl_why());
	is_str(fl_state(flow, id), "queued", "may be sent");
	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "is sent");
	ok(fl_do(flow, hk_report_committed(flow, receipt, error)), "committed");
	hk_clock_advance(10000);
	ok(settle(flow, id, -1, "nobody can tell"), "unsure");
	is_str(fl_state(flow, id), "unsure", "a person decides");
	is_int(fl_go(flow, id, 0, NULL), HK_GO_NOTHING, "no worker does");
	ok(fl_do(flow, hk_report_act(flow, id, 0, "requeue", NULL, error)), "again: %s", fl_why());
	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "again");
	ok(fl_do(flow, hk_report_committed(flow, receipt, error)), "committed");
	hk_clock_advance(10000);
	ok(settle(flow, id, 1, "it is there"), "there: %s", fl_why());
	is_int(fl_int_of(flow,
		       HK_SQL("SELECT COUNT(*) FROM reports WHERE id = $1 AND remote_id = 'T-1' "
			      "AND "
			      "remote_state = 'open'"),
		       id),
		1, "with their number");
	is_int(fl_int(flow, HK_SQL("SELECT free_ms FROM channels")), hk_clock_wall_ms() + 5000,
		"their quota is used up: the channel pauses");
	is_int(fl_int(flow, HK_SQL("SELECT due_ms FROM jobs WHERE stage = 'poll'")),
		hk_clock_wall_ms() + 60000, "and is asked for from now on");
	is_str(fl_state(flow, id), "sent", "it was sent");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM receipts WHERE phase <> 'ended'")), 0,
		"each try has an end");
	is_int(fl_int_of(flow, HK_SQL("SELECT tries FROM reports WHERE id = $1"), id), 4,
		"four tries");
	ok(settle(flow, id, 0, "late"), "settled is settled");
	is_str(fl_state(flow, id), "sent", "as it was");
	fl_close(flow);
}

static void
test_ends(void)
{
	static const struct {
		const char *how, *state, *act;
		int again; /* what hk_report_begin says to it afterwards */
	} rows[] = {{"taken", "sent", "report.send", HK_GO_NOTHING},
		{"again", "queued", NULL, HK_GO_SEND},
		{"refused", "rejected", "report.refuse", HK_GO_NOTHING},
		{"unsure", "unsure", "report.doubt", HK_GO_NOTHING},
		{"closed", "queued", "channel.close", HK_GO_WAIT}};
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "ends.example"), receipt;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *to = g_strdup_printf("abuse@%s.example", rows[i].how);
		int64_t id = ready(flow, of_case, "mail", to);
		is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "%s: begun", rows[i].how);
		ok(fl_do(flow, hk_report_committed(flow, receipt, error)), "%s: left", rows[i].how);
		ok(ended(flow, id, receipt, rows[i].how), "%s: ended: %s", rows[i].how, fl_why());
		is_str(fl_state(flow, id), rows[i].state, "%s: is then that", rows[i].how);
		ok(!ended(flow, id, receipt, rows[i].how), "%s: a try ends once", rows[i].how);
		is_int(fl_go(flow, id, 0, NULL), rows[i].again, "%s: what is next", rows[i].how);
	}
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'poll'")), 1,
		"what was taken is asked for");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE key LIKE 'chase:%'")), 2,
		"and chased, as what was refused");
	g_autofree char *state = fl_text(flow, HK_SQL("SELECT state FROM cases"));
	is_str(state, "reported", "the case is reported");
	g_autofree char *known = fl_text(flow, HK_SQL("SELECT recipient FROM recipients"));
	is_str(known, "abuse@taken.example", "its recipient is known");
	int64_t id = fl_draft(flow, of_case, "mail", "abuse@x.example", 0);
	is_int((int64_t)(fl_int_of(flow, HK_SQL("SELECT stops FROM reports WHERE id = $1"), id) &
			 BIT(CHANNEL)),
		BIT(CHANNEL), "a draft sees that the channel is closed");
	ok(fl_do(flow, hk_channel_set(flow, "mail", "open", error)), "opened: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'send' AND state = "
				   "'ready' AND due_ms <= 1732900000000")),
		5, "what waited is woken");
	fl_close(flow);
}

/* What was previewed is what is sent: its digest stands in the chain each time. */
static void
test_chain(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "chain.example");
	int64_t id = ready(flow, of_case, "mail", "abuse@host.example"), n = 0;
	g_auto(hk_report_row) row = {0};
	g_autoptr(GError) error = NULL;

	ok(fl_sent(flow, id), "sent: %s", fl_why());
	ok(hk_reports_get(hk_flow_db(flow), id, &row, &error), "read");
	g_autofree char *like = g_strdup_printf("%%\"digest\":\"%02xd0d0%%", row.digest[0]);
	ok(hk_db_int(hk_flow_db(flow),
		   HK_SQL("SELECT COUNT(DISTINCT act) FROM events WHERE act IN ('report.draft', "
			  "'report.approve', 'report.queue', 'report.send') AND case_id = $1 AND "
			  "data LIKE $2"),
		   HK_ARGS(hk_v_int(of_case), hk_v_str(like)), &n, &error),
		"asked");
	is_int(n, 4, "draft, approve, queue, send");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM receipts r JOIN reports p ON p.id = "
				   "r.report_id AND p.digest = r.request")),
		1, "and in the receipt");
	fl_close(flow);
}

static void
test_two_workers(void)
{
	hk_flow *a = fl_open(), *b = fl_again();
	int64_t of_case = fl_confirmed(a, "two.example"), sends = 0;

	for (int i = 0; i < 20; i++) {
		g_autofree char *to = g_strdup_printf("abuse%d@host.example", i);
		int64_t id = ready(a, of_case, "mail", to), one, two;
		int first = fl_go(i % 2 ? a : b, id, 0, &one);
		int second = fl_go(i % 2 ? b : a, id, 0, &two);
		sends += (first == HK_GO_SEND) + (second == HK_GO_SEND);
	}
	is_int(sends, 20, "each is sent by one of two");
	is_int(fl_int(a, HK_SQL("SELECT COUNT(*) FROM receipts")), 20, "with one try");
	fl_close(b);
	fl_close(a);
}

/* ---- answers ---- */

static bool
answer(hk_flow *flow, int64_t id, const char *class)
{
	return fl_do_as(
		flow, &fl_auto, hk_report_answer(flow, id, class, "N-1", "a letter", error));
}

static void
test_early(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "early.example"), receipt;
	int64_t id = ready(flow, of_case, "mail", "abuse@host.example");

	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "begun");
	ok(fl_do(flow, hk_report_committed(flow, receipt, error)), "left");
	ok(answer(flow, id, "acknowledged"), "answered before the worker says so: %s", fl_why());
	is_str(fl_state(flow, id), "acknowledged", "it was sent");
	ok(ended(flow, id, receipt, "taken"), "the worker says so: %s", fl_why());
	is_str(fl_state(flow, id), "acknowledged", "it stays");
	g_autofree char *number =
		fl_text_of(flow, HK_SQL("SELECT remote_id FROM reports WHERE id = $1"), id);
	is_str(number, "N-1", "with the number that the letter had");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'poll'")), 1,
		"and can be asked for");
	/* The worker died: whoever looks next closes its try. */
	id = ready(flow, of_case, "mail", "abuse@dead.example");
	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "begun");
	ok(fl_do(flow, hk_report_committed(flow, receipt, error)), "left");
	ok(answer(flow, id, "bounced"), "came back: %s", fl_why());
	is_str(fl_state(flow, id), "bounced", "sent and come back");
	is_int(fl_go(flow, id, 0, NULL), HK_GO_NOTHING, "nothing to be done");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM receipts WHERE phase <> 'ended'")), 0,
		"no try is open");
	/* Nobody knew. */
	id = ready(flow, of_case, "mail", "abuse@unsure.example");
	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "begun");
	ok(ended(flow, id, receipt, "unsure"), "unsure");
	ok(answer(flow, id, "actioned"), "answered: %s", fl_why());
	is_str(fl_state(flow, id), "actioned", "so it was sent, and done");
	ok(fl_int_of(flow, HK_SQL("SELECT sent_ms FROM reports WHERE id = $1"), id) != 0,
		"at some time");
	fl_close(flow);
}

static void
test_late(void)
{
	static const struct {
		const char *from, *class, *to;
	} rows[] = {{"sent", "acknowledged", "acknowledged"},
		{"sent", "needs_info", "acknowledged"}, {"sent", "actioned", "actioned"},
		{"sent", "refused", "rejected"}, {"sent", "bounced", "bounced"},
		{"sent", "other", "sent"}, {"sent", "auto", "sent"},
		{"acknowledged", "acknowledged", "acknowledged"},
		{"acknowledged", "actioned", "actioned"}, {"actioned", "refused", "actioned"},
		{"actioned", "acknowledged", "actioned"}, {"actioned", "bounced", "actioned"},
		{"expired", "acknowledged", "acknowledged"}, {"expired", "actioned", "actioned"},
		{"expired", "bounced", "bounced"}, {"rejected", "actioned", "actioned"},
		{"rejected", "acknowledged", "rejected"}, {"drafted", "actioned", "drafted"},
		{"dropped", "actioned", "dropped"}};
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "late.example");
	int64_t id = fl_draft(flow, of_case, "mail", "abuse@host.example", 0);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		bool moved = strcmp(rows[i].from, rows[i].to) != 0;
		fl_again_from(flow, id, rows[i].from);
		fl_run(flow, HK_SQL("UPDATE reports SET ended_ms = 7 WHERE state IN ('expired', "
				    "'rejected', 'actioned')"));
		hk_clock_advance(1000);
		ok(answer(flow, id, rows[i].class), "%s, %s: %s", rows[i].from, rows[i].class,
			fl_why());
		is_str(fl_state(flow, id), rows[i].to, "%s, %s", rows[i].from, rows[i].class);
		int64_t end = fl_int_of(flow,
			HK_SQL("SELECT COALESCE(ended_ms, 0) FROM reports WHERE id = $1"), id);
		bool over = strcmp(rows[i].to, "acknowledged") != 0;
		if (moved) {
			is_int(end, over ? hk_clock_wall_ms() : 0, "when that was");
		}
	}
	ok(fl_int(flow, HK_SQL("SELECT acknowledged_ms FROM cases")) != 0, "the case's clock runs");
	/* Asked for. */
	const hk_report_end end = {.remote_state = "in progress",
		.remote_id = "P-1",
		.facts = "{\"x\":1}",
		.why = "poll"};
	fl_again_from(flow, id, "sent");
	ok(fl_do(flow, hk_report_polled(flow, id, &end, NULL, error)), "polled: %s", fl_why());
	is_str(fl_state(flow, id), "sent", "no news");
	ok(fl_do(flow, hk_report_polled(flow, id, &end, "sent", error)), "polled");
	ok(fl_do(flow, hk_report_polled(flow, id, &end, "rejected", error)), "polled");
	is_str(fl_state(flow, id), "rejected", "news");
	is_int(fl_int(flow, HK_SQL("SELECT polls FROM reports")), 3, "three times");
	fl_close(flow);
}

static void
test_bounce(void)
{
	hk_flow *flow = fl_open();
	int64_t a = fl_confirmed(flow, "a.example"), b = fl_confirmed(flow, "b.example"),
		c = fl_confirmed(flow, "c.example");
	int64_t id = ready(flow, a, "mail", "abuse@host.example");

	ok(fl_sent(flow, id), "sent");
	int64_t waits = fl_draft(flow, b, "mail", "abuse@host.example", 0);
	ok(fl_approve(flow, &fl_yuzu, waits, 0), "a known recipient needs no word: %s", fl_why());
	hk_clock_advance(60000);
	ok(answer(flow, id, "bounced"), "the first comes back");
	is_int(fl_go(flow, waits, 0, NULL), HK_GO_NOTHING, "nobody has agreed to that");
	is_str(fl_state(flow, waits), "drafted", "a draft again");
	ok(!fl_approve(flow, &fl_yuzu, waits, 0), "approved only");
	ok(g_str_has_prefix(fl_why(), "bounced:"), "by who agrees: %s", fl_why());
	ok(fl_approve(flow, &fl_yuzu, waits, BIT(BOUNCED)), "agreed: %s", fl_why());
	id = fl_draft(flow, c, "mail", "abuse@host.example", 0);
	ok(!fl_approve(flow, &fl_yuzu, id, 0), "that is about one report");
	hk_clock_advance(60000);
	ok(fl_sent(flow, waits), "sent: %s", fl_why());
	ok(fl_approve(flow, &fl_yuzu, id, 0), "it has left: the recipient is as good as any: %s",
		fl_why());
	fl_close(flow);
}

/* ---- how much ---- */

static void
test_volume(void)
{
	hk_flow *flow = fl_open();
	int64_t ids[4];

	fl_setting(flow, "{\"undo_s\":0,\"per_hour\":3,\"per_recipient_day\":2}");
	for (int i = 0; i < 4; i++) {
		g_autofree char *host = g_strdup_printf("v%d.example", i);
		ids[i] = fl_draft(flow, fl_confirmed(flow, host), "mail", "abuse@host.example", 0);
		ok(fl_approve(flow, &fl_yuzu, ids[i], ALL_ASK), "approved: %s", fl_why());
	}
	ok(fl_sent(flow, ids[0]) && fl_sent(flow, ids[1]), "two to one recipient: %s", fl_why());
	is_int(fl_go(flow, ids[2], 0, NULL), HK_GO_WAIT, "the third waits");
	hk_clock_advance(2 * hour_ms);
	is_int(fl_go(flow, ids[2], 0, NULL), HK_GO_WAIT, "for a day");
	hk_clock_advance(22 * hour_ms);
	is_int(fl_go(flow, ids[2], 0, NULL), HK_GO_SEND, "then it goes");
	fl_setting(flow, "{\"undo_s\":0,\"per_hour\":1}");
	is_int(fl_go(flow, ids[3], 0, NULL), HK_GO_WAIT, "what is on its way counts");
	hk_clock_advance(10000);
	is_int(fl_go(flow, ids[2], 0, NULL), HK_GO_SEND, "but not against itself");
	fl_close(flow);
}

static void
test_channels(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "channel.example");
	int64_t id = ready(flow, of_case, "netcraft", "netcraft"), receipt;
	const hk_report_end end = {.how = "again", .why = "429", .again_ms = 30000};
	g_autoptr(GError) local = NULL;
	g_auto(hk_channel_row) row = {0};

	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "begun");
	ok(fl_do(flow, hk_report_ended(flow, id, receipt, &end, error)), "not now: %s", fl_why());
	ok(hk_channels_get(hk_flow_db(flow), "netcraft", &row, &local), "channel");
	is_int(row.free_ms, hk_clock_wall_ms() + 30000, "the channel pauses");
	ok(fl_do(flow, hk_channel_set(flow, "netcraft", "off", error)), "off: %s", fl_why());
	is_int(fl_go(flow, id, 0, NULL), HK_GO_WAIT, "it waits");
	ok(fl_do(flow, hk_channel_close(flow, "netcraft", "401", error)), "closed");
	hk_channel_row_clear(&row);
	ok(hk_channels_get(hk_flow_db(flow), "netcraft", &row, &local), "channel");
	is_str(row.state, "off", "what a person stopped stays so");
	ok(fl_do(flow, hk_channel_set(flow, "netcraft", "open", error)), "on");
	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "it goes");
	ok(!fl_do(flow, hk_channel_set(flow, "netcraft", "ajar", error)), "no such state: %s",
		fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act LIKE 'channel.%'")), 2,
		"both are audited");
	ok(!ended(flow, id, receipt, "lost"), "no such end: %s", fl_why());
	fl_close(flow);
}

/* Silence, and a no, are looked after: the job is there, and due when the report is. */
static void
test_chased(void)
{
	static const struct {
		const char *class;
		int64_t wait_ms;
	} rows[] = {{"acknowledged", 24 * 3600000}, {"actioned", 24 * 3600000}, {"refused", 0},
		{"bounced", 0}};
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "chased.example"), receipt;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *to = g_strdup_printf("abuse@%s.example", rows[i].class);
		int64_t id = ready(flow, of_case, "mail", to);
		ok(fl_sent(flow, id), "sent: %s", fl_why());
		hk_clock_advance(hour_ms);
		fl_run(flow, HK_SQL("UPDATE watches SET due_ms = 99999999999999"));
		/* Failed for good, some time: the answer has it looked after all the same. */
		fl_run(flow, i % 2 ? HK_SQL("UPDATE jobs SET state = 'dead' WHERE stage = 'draft'")
				   : HK_SQL("UPDATE jobs SET attempts = 0"));
		ok(answer(flow, id, rows[i].class), "%s: %s", rows[i].class, fl_why());
		is_int(fl_int_of(flow,
			       HK_SQL("SELECT j.due_ms FROM jobs j JOIN reports r ON r.due_ms = "
				      "j.due_ms AND j.key = 'chase:' || CAST(r.id AS TEXT) WHERE "
				      "r.id = $1 AND j.state = 'ready'"),
			       id),
			hk_clock_wall_ms() + rows[i].wait_ms, "%s: looked after then",
			rows[i].class);
		is_int(fl_int_of(flow,
			       HK_SQL("SELECT COUNT(*) FROM watches WHERE case_id = $1 AND due_ms "
				      "< 99999999999999"),
			       of_case),
			strcmp(rows[i].class, "actioned") == 0,
			"%s: the site is looked at at once only when somebody says that it is gone",
			rows[i].class);
		ok(fl_do(flow, hk_report_due(flow, id, 0, error)), "%s: no more", rows[i].class);
		is_int(fl_int_of(flow,
			       HK_SQL("SELECT COALESCE(due_ms, 0) FROM reports WHERE id = $1"), id),
			0, "%s: never", rows[i].class);
	}
	/* Refused by the server itself. */
	int64_t id = ready(flow, of_case, "mail", "abuse@550.example");
	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "begun");
	ok(ended(flow, id, receipt, "refused"), "refused: %s", fl_why());
	is_int(fl_int_of(flow, HK_SQL("SELECT due_ms FROM reports WHERE id = $1"), id),
		hk_clock_wall_ms(), "looked after at once");
	fl_close(flow);
}

/* A letter of which only the URL fits, by whoever knows who answers for the site: as the one who put it there does. */
static void
test_forged(void)
{
	static const uint8_t content[32] = {1};
	static const char *const matched[] = {"url", "number", "references"};
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "forged.example"), receipt;
	int64_t id = ready(flow, of_case, "mail", "abuse@host.example");

	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "begun");
	ok(ended(flow, id, receipt, "again"), "their server has no time: %s", fl_why());
	for (size_t i = 0; i < G_N_ELEMENTS(matched); i++) {
		hk_letter_row letter = {.mailbox = "csirt",
			.message_id = matched[i],
			.report_id = id,
			.matched = matched[i],
			.class = "actioned",
			.sender = "abuse@host.example",
			.subject = "",
			.text = "",
			.content = content};
		bool fresh;
		ok(fl_do_as(flow, &fl_auto,
			   hk_letter_take(flow, &letter, false, "words", &fresh, error)) &&
				fresh,
			"a letter by its %s: %s", matched[i], fl_why());
		is_str(fl_state(flow, id), i < 2 ? "queued" : "actioned", "believed, or not");
		if (i == 0) {
			is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "it is sent all the same");
			ok(ended(flow, id, receipt, "again"), "no time: %s", fl_why());
		}
	}
	fl_close(flow);
}

/* Its bytes cannot be read, again and again: people can take it back, and what was tried cannot leave any more. */
static void
test_called_back(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "back.example"), receipt;
	int64_t id = ready(flow, of_case, "mail", "abuse@host.example");

	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "begun");
	hk_clock_advance(9999);
	ok(!fl_do(flow, hk_report_act(flow, id, 0, "undo", NULL, error)), "it may be leaving: %s",
		fl_why());
	hk_clock_advance(1);
	ok(fl_do(flow, hk_report_act(flow, id, 0, "undo", NULL, error)), "taken back: %s",
		fl_why());
	is_str(fl_state(flow, id), "drafted", "a draft");
	ok(!fl_do(flow, hk_report_committed(flow, receipt, error)), "its last byte stays: %s",
		fl_why());
	id = ready(flow, of_case, "mail", "abuse@other.example");
	is_int(fl_go(flow, id, 0, &receipt), HK_GO_SEND, "begun");
	ok(fl_do(flow, hk_report_committed(flow, receipt, error)), "committed");
	hk_clock_advance(hour_ms);
	ok(!fl_do(flow, hk_report_act(flow, id, 0, "undo", NULL, error)),
		"what may have left is not taken back: %s", fl_why());
	fl_close(flow);
}

/* A pause ends when a person opens the channel, and when a clock that was wrong has been set. */
static void
test_pause(void)
{
	hk_flow *flow = fl_open();
	int64_t wait = -1, now = hk_clock_wall_ms();
	hk_db *db = hk_flow_db(flow);

	ok(fl_do(flow, hk_channels_pause(db, "netcraft", now + hour_ms, error) &&
			       hk_channels_take(db, "netcraft", now, 0, 0, &wait, error)),
		"paused");
	is_int(wait, hour_ms, "it waits");
	ok(fl_do(flow, hk_channel_set(flow, "netcraft", "open", error) &&
			       hk_channels_take(db, "netcraft", now, 0, 0, &wait, error)),
		"opened: %s", fl_why());
	is_int(wait, 0, "it goes");
	ok(fl_do(flow, hk_channels_pause(db, "netcraft", now + 1000 * hour_ms, error) &&
			       hk_channels_take(db, "netcraft", now, 0, 0, &wait, error)),
		"a clock was six weeks ahead");
	is_int(wait, 0, "it goes");
	fl_close(flow);
}

int
main(void)
{
	hk_clock_freeze(start_ms);
	test_stops();
	test_died();
	test_ends();
	test_chain();
	test_two_workers();
	test_early();
	test_late();
	test_bounce();
	test_volume();
	test_channels();
	test_chased();
	test_forged();
	test_called_back();
	test_pause();
	return tap_done();
}
