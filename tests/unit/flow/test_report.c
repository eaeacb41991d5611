/* Reports until they leave: every move, drafts, four eyes, stops, the undo window, and what sets drafting going. */
#include "flowlib.h"

#include <string.h>

#include "flow/states.h"
#include "flow/victim.h"
#include "store/settings.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t start_ms = INT64_C(1732809600000);

#define BIT(id) (1u << HK_STOPS_##id)
enum { ALL_ASK = BIT(FIRST) | BIT(BOUNCED) };

static int64_t
notes(hk_flow *flow, const char *act, int64_t report)
{
	g_autoptr(GError) error = NULL;
	int64_t n = -1;

	hk_db_int(hk_flow_db(flow),
		HK_SQL("SELECT COUNT(*) FROM events WHERE act = $1 AND object = 'report' AND "
		       "object_id = $2 AND data LIKE '%\"digest\":\"%'"),
		HK_ARGS(hk_v_str(act), hk_v_int(report)), &n, &error);
	return n;
}

static int64_t
clock_of(hk_flow *flow, const char *clock, int64_t id)
{
	static const struct {
		const char *name;
		hk_sql sql;
	} rows[] = {{"approved_ms", {"SELECT COALESCE(approved_ms, 0) FROM reports WHERE id = $1"}},
		{"sent_ms", {"SELECT COALESCE(sent_ms, 0) FROM reports WHERE id = $1"}},
		{"acknowledged_ms",
			{"SELECT COALESCE(acknowledged_ms, 0) FROM reports WHERE id = $1"}},
		{"ended_ms", {"SELECT COALESCE(ended_ms, 0) FROM reports WHERE id = $1"}}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (strcmp(rows[i].name, clock) == 0) {
			return fl_int_of(flow, rows[i].sql, id);
		}
	}
	return -1;
}

/* Each state with each act that people have: it is a row of states.def and happens, or is none and changes nothing. */
static void
test_moves(void)
{
	static const char *const acts[] = {"undo", "drop", "requeue", "send", "refuse",
		"acknowledge", "action", "reject", "bounce", "expire"};
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "moves.example");
	int64_t id = fl_draft(flow, of_case, "mail", "abuse@host.example", 0);

	for (size_t s = 0; s < hk_state_count; s++) {
		const char *from = hk_states[s].text;
		if (hk_states[s].machine != HK_MACHINE_REPORT) {
			continue;
		}
		for (size_t a = 0; a < G_N_ELEMENTS(acts); a++) {
			const hk_move *move = hk_move_find(HK_MACHINE_REPORT, from, acts[a]);
			g_autofree char *note = g_strconcat("report.", acts[a], NULL);
			/* Sent is what a worker has sent. */
			bool may = move &&
				   !(strcmp(from, "queued") == 0 && strcmp(acts[a], "send") == 0);
			fl_again_from(flow, id, from);
			hk_clock_advance(1000);
			int64_t was = notes(flow, note, id);
			bool did = fl_do(flow, hk_report_act(flow, id, 0, acts[a], "seen", error));
			is_int(did, may, "%s %s: %s", from, acts[a], fl_why());
			is_int(fl_code(), may ? HK_OK : HK_EPOLICY, "with that code");
			is_str(fl_state(flow, id), may ? move->to : from, "and is then that");
			is_int(notes(flow, note, id), was + may, "and is in the audit trail");
			if (may && *move->clock) {
				is_int(clock_of(flow, move->clock, id), hk_clock_wall_ms(),
					"at its clock, %s", move->clock);
			}
		}
	}
	ok(!fl_do(flow, hk_report_act(flow, id, 0, "explode", NULL, error)), "no such act");
	is_int(fl_code(), HK_EFORM, "said: %s", fl_why());
	ok(!fl_do(flow, hk_report_act(flow, id, 7777, "drop", NULL, error)), "another version");
	is_int(fl_code(), HK_EINCONSISTENT, "said: %s", fl_why());
	ok(!fl_do(flow, hk_report_act(flow, 99, 0, "drop", NULL, error)), "no such report");
	is_int(fl_code(), HK_ENOENT, "said: %s", fl_why());
	/* "approve", from every state. */
	for (size_t s = 0; s < hk_state_count; s++) {
		if (hk_states[s].machine != HK_MACHINE_REPORT) {
			continue;
		}
		fl_again_from(flow, id, hk_states[s].text);
		bool may = hk_move_find(HK_MACHINE_REPORT, hk_states[s].text, "approve") != NULL;
		is_int(fl_approve(flow, &fl_yuzu, id, ALL_ASK), may, "%s approve: %s",
			hk_states[s].text, fl_why());
	}
	fl_close(flow);
}

/* One of all moves is made by no person: those of a worker (test_report_send.c). */
static void
test_moves_known(void)
{
	static const char *const known[] = {"approve", "undo", "drop", "requeue", "send", "refuse",
		"acknowledge", "action", "reject", "bounce", "expire", "queue", "doubt", NULL};

	for (size_t i = 0; i < hk_move_count; i++) {
		if (hk_moves[i].machine == HK_MACHINE_REPORT) {
			ok(g_strv_contains(known, hk_moves[i].act), "%s %s is tested",
				hk_moves[i].from, hk_moves[i].act);
		}
	}
}

static void
test_once(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "once.example"),
		other = fl_confirmed(flow, "b.example");
	int64_t id = fl_draft(flow, of_case, "mail", "abuse@host.example", 0), same = 0;
	const hk_report_site sites[] = {{.case_id = of_case, .url = "https://once.example/1"},
		{.case_id = other, .url = "https://b.example/1"}};
	hk_report_row row;

	is_int(fl_draft(flow, of_case, "mail", "abuse@host.example", 0), id, "one to a recipient");
	ok(fl_draft(flow, of_case, "mail", "abuse@registrar.example", 0) != id,
		"another recipient");
	ok(fl_draft(flow, of_case, "netcraft", "netcraft", 0) != id, "another channel");
	ok(fl_draft(flow, other, "mail", "abuse@host.example", 0) != id, "another case");
	fl_draft_row(&row, of_case, "mail", "abuse@host.example", 0);
	row.round = 2;
	ok(fl_do(flow, hk_report_draft(flow, &row, sites, 1, &same, error)) && same != id,
		"another round: %s", fl_why());
	ok(row.state == NULL && row.policy == NULL && row.id == same,
		"the caller's strings stay the caller's");
	ok(fl_do(flow, hk_report_act(flow, id, 0, "drop", NULL, error)), "dropped");
	int64_t fresh = fl_draft(flow, of_case, "mail", "abuse@host.example", 0);
	ok(fresh != id, "after that there is a new one");
	for (int i = 0; i < 2; i++) {
		fl_draft_row(&row, of_case, "mail", "abuse@host.example", 0);
		row.step = (char *)(uintptr_t) "followup";
		row.parent_id = fresh;
		ok(fl_do(flow, hk_report_draft(flow, &row, sites, 1, &same, error)),
			"a follow-up, %d: %s", i, fl_why());
	}
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM reports WHERE step = 'followup'")), 2,
		"there may be more than one of them");
	/* A case that another's report speaks of is told by that one. */
	fl_draft_row(&row, of_case, "mail", "abuse@cdn.example", 0);
	ok(fl_do(flow, hk_report_draft(flow, &row, sites, 2, &same, error)), "of two cases");
	is_int(fl_draft(flow, other, "mail", "abuse@cdn.example", 0), same,
		"the second is told already");
	is_int(notes(flow, "report.draft", same), 1, "audited");
	fl_close(flow);
}

static void
test_eyes(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "eyes.example");
	int64_t id = fl_draft(flow, of_case, "mail", "abuse@host.example", 1);
	uint8_t other[32] = {1};

	ok(!fl_approve(flow, &fl_mikan, id, ALL_ASK), "its proposer does not approve it");
	is_int(fl_code(), HK_EPOLICY, "by policy: %s", fl_why());
	ok(!fl_approve(flow, &fl_auto, id, ALL_ASK), "nor does the program: %s", fl_why());
	ok(!fl_do_as(flow, &fl_yuzu, hk_report_approve(flow, id, other, ALL_ASK, error)),
		"nor anybody who has seen other bytes");
	is_int(fl_code(), HK_EINCONSISTENT, "said: %s", fl_why());
	is_str(fl_state(flow, id), "drafted", "nothing has happened");
	ok(fl_approve(flow, &fl_yuzu, id, ALL_ASK), "somebody else does: %s", fl_why());
	is_int(fl_int_of(flow, HK_SQL("SELECT approver_id FROM reports WHERE id = $1"), id), 2,
		"and stands there");
	is_int(fl_int_of(flow, HK_SQL("SELECT approved_ms FROM cases WHERE id = $1"), of_case),
		hk_clock_wall_ms(), "the case's clock runs");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM recipients")), 0,
		"nobody is known before a message has left");
	/* By the program: anybody; after an edit: anybody but its editor. */
	id = fl_draft(flow, of_case, "mail", "abuse@auto.example", 0);
	ok(fl_do(flow, hk_report_edit(flow, id, 1, "Your customer", "Please look.", error)),
		"edited: %s", fl_why());
	is_int(fl_int_of(flow, HK_SQL("SELECT proposer_id FROM reports WHERE id = $1"), id), 1,
		"the editor proposes it");
	ok(!fl_approve(flow, &fl_yuzu, id, ALL_ASK), "it has no bytes yet");
	ok(g_str_has_prefix(fl_why(), "content:"), "said: %s", fl_why());
	ok(!fl_do(flow, hk_report_edit(flow, id, 1, "x", "y", error)),
		"an old version is not edited");
	ok(fl_do(flow, hk_report_edit(flow, id, 0, "Again", "Last words.", error)), "once more: %s",
		fl_why());
	g_autofree char *data = fl_text(flow,
		HK_SQL("SELECT data FROM jobs WHERE stage = 'draft' AND key LIKE 'report:%'"));
	is_str(data, "{\"subject\":\"Again\",\"text\":\"Last words.\"}",
		"the last words are written");
	hk_report_row fresh;
	fl_draft_row(&fresh, of_case, "mail", "abuse@auto.example", 0);
	ok(fl_do_as(flow, &fl_auto, hk_report_rewrite(flow, id, &fresh, error)), "written: %s",
		fl_why());
	ok(!fl_approve(flow, &fl_mikan, id, ALL_ASK), "not by its editor: %s", fl_why());
	ok(fl_approve(flow, &fl_yuzu, id, ALL_ASK), "by another: %s", fl_why());
	ok(!fl_do(flow, hk_report_edit(flow, id, 0, "x", "y", error)),
		"what is approved is not edited");
	ok(!fl_do(flow, hk_report_rewrite(flow, id, &fresh, error)), "nor rewritten");
	is_int(fl_code(), HK_EPOLICY, "said: %s", fl_why());
	id = fl_draft(flow, of_case, "netcraft", "netcraft", 0);
	ok(!fl_do(flow, hk_report_edit(flow, id, 0, "x", "y", error)), "a form has no words: %s",
		fl_why());
	fl_close(flow);
}

static void
test_undo(void)
{
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "undo.example");
	int64_t id = fl_draft(flow, of_case, "mail", "abuse@host.example", 0);

	ok(fl_approve(flow, &fl_mikan, id, ALL_ASK), "approved: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT due_ms FROM jobs WHERE stage = 'send'")),
		hk_clock_wall_ms() + 60000, "its job is due when the window ends");
	is_int(fl_go(flow, id, 0, NULL), HK_GO_WAIT, "not sent before");
	hk_clock_advance(59999);
	is_int(fl_go(flow, id, 0, NULL), HK_GO_WAIT, "nor a millisecond before");
	ok(fl_do(flow, hk_report_act(flow, id, 0, "undo", NULL, error)), "taken back: %s",
		fl_why());
	is_int(fl_int_of(flow,
		       HK_SQL("SELECT COUNT(*) FROM reports WHERE id = $1 AND approver_id IS NULL "
			      "AND approved_ms IS NULL AND send_ms IS NULL"),
		       id),
		1, "nobody has approved it");
	hk_clock_advance(1);
	is_int(fl_go(flow, id, 0, NULL), HK_GO_NOTHING, "it is not sent");
	is_str(fl_state(flow, id), "drafted", "it is a draft");
	ok(!fl_approve(flow, &fl_mikan, id, 0), "its recipient is as new as before: %s", fl_why());
	ok(fl_approve(flow, &fl_mikan, id, ALL_ASK), "approved again");
	hk_clock_advance(60000);
	is_int(fl_go(flow, id, 0, NULL), HK_GO_SEND, "sent when the window is over");
	ok(!fl_do(flow, hk_report_act(flow, id, 0, "undo", NULL, error)),
		"too late to be taken back: %s", fl_why());
	is_str(fl_state(flow, id), "queued", "it leaves");
	fl_setting(flow, "{\"undo_s\":0}");
	id = fl_draft(flow, of_case, "mail", "abuse@other.example", 0);
	ok(fl_approve(flow, &fl_mikan, id, ALL_ASK), "without a window");
	is_int(fl_go(flow, id, 0, NULL), HK_GO_SEND, "at once");
	/* A form is handed in by a person: no job sends it. */
	id = fl_draft(flow, of_case, "form", "gsb", 0);
	fl_run(flow, HK_SQL("DELETE FROM jobs"));
	ok(fl_approve(flow, &fl_mikan, id, ALL_ASK), "a form approved: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'send'")), 0, "no job");
	ok(fl_do(flow, hk_report_act(flow, id, 0, "send", "GSB-1", error)), "handed in: %s",
		fl_why());
	is_str(fl_state(flow, id), "sent", "it is sent");
	g_autofree char *number =
		fl_text_of(flow, HK_SQL("SELECT remote_id FROM reports WHERE id = $1"), id);
	is_str(number, "GSB-1", "by their number");
	id = fl_draft(flow, of_case, "netcraft", "netcraft", 0);
	ok(fl_approve(flow, &fl_mikan, id, ALL_ASK), "another");
	ok(!fl_do(flow, hk_report_act(flow, id, 0, "send", "1", error)),
		"what a worker sends is not said to be sent: %s", fl_why());
	fl_close(flow);
}

/* Jobs of stage "draft". */
static void
is_asked(hk_flow *flow, const char *data, const char *what)
{
	g_autofree char *got = fl_text(
		flow, HK_SQL("SELECT data FROM jobs WHERE stage = 'draft' AND state <> 'done'"));

	is_str(got, data, "%s", what);
}

static void
test_asked(void)
{
	hk_flow *flow = fl_open();
	int64_t id = fl_take(flow, "ask.example", "1", NULL);

	ok(!fl_do(flow, hk_report_ask(flow, id, error)), "not before it is confirmed");
	is_int(fl_code(), HK_EPOLICY, "by policy: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'draft'")), 0,
		"no job");
	ok(fl_do_as(flow, &fl_auto, hk_case_move(flow, id, 0, "confirm", NULL, error)),
		"confirmed");
	is_asked(flow, "{\"user\":0}", "then by itself");
	ok(fl_do_as(flow, &fl_yuzu, hk_report_ask(flow, id, error)), "asked: %s", fl_why());
	is_asked(flow, "{\"user\":2}", "whoever asks proposes");
	ok(fl_do_as(flow, &fl_auto, hk_report_want(flow, id, "confirmed", error)), "more evidence");
	ok(fl_do(flow, hk_report_ask(flow, id, error)), "asked by another");
	is_asked(flow, "{\"user\":2}", "they still do");
	fl_run(flow, HK_SQL("UPDATE jobs SET state = 'dead'"));
	ok(fl_do(flow, hk_report_ask(flow, id, error)), "asked after it has failed for good");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'draft' AND state = "
				   "'ready'")),
		1, "it is done once more");
	fl_run(flow, HK_SQL("UPDATE jobs SET state = 'done'"));
	fl_setting(flow, "{\"draft\":false}");
	ok(fl_do(flow, hk_report_want(flow, id, "confirmed", error)), "switched off");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'draft' AND state <> "
				   "'done'")),
		0, "nothing by itself");
	ok(fl_do(flow, hk_report_ask(flow, id, error)), "but for who asks: %s", fl_why());
	is_asked(flow, "{\"user\":1}", "by them");
	fl_close(flow);
}

/* What a vendor is asked about. */
static void
test_without(void)
{
	static const struct {
		const char *url, *less;
	} urls[] = {{"https://v.example/a?b=1#c", "https://v.example/a?b=1#c"},
		{"https://v.example/a?email=x", "https://v.example/a"},
		{"https://v.example:8443/a#taro@mail.example", "https://v.example:8443/a"},
		{"https://v.example/go/taro@mail.example/x?y=1", "https://v.example/"},
		{"http://v.example?email=x", "http://v.example"}};

	for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
		g_autofree char *less = hk_victim_without(urls[i].url);
		is_str(less, urls[i].less, "without a victim: %s", urls[i].url);
	}
}

/* Rail 4: a URL that may name whom it was sent to is agreed to by name, by a person. */
static void
test_victim(void)
{
	static const struct {
		const char *url;
		bool is;
	} urls[] = {{"https://v.example/?to=taro@mail.example", true},
		{"https://v.example/#taro%40mail.example", true},
		{"https://v.example/x/taro%2540mail.example/y", true},
		{"https://v.example/#dGFyb0BtYWlsLmV4YW1wbGU=", true},
		{"https://v.example/go/dGFyb0BtYWlsLmV4YW1wbGU", true},
		{"https://v.example/?q=09012345678", true},
		{"https://v.example/090-1234-5678", true},
		{"https://v.example/?q=%2B819012345678", true},
		{"https://v.example/?q=819012345678", true}, {"https://v.example/?Email=x", true},
		{"https://v.example/a?b=1&token=8f3c", true}, {"https://v.example/", false},
		{"https://v.example", false}, {"https://taro@v.example/", false},
		{"https://v.example/npm/left@1.3.0/x.js", false},
		{"https://v.example/@taro", false}, {"https://v.example/?t=1732809600000", false},
		{"https://v.example/?t=1732809600", false},
		{"https://v.example/?email=&b=1", false},
		{"https://v.example/?id=00090123456789012345", false},
		{"https://v.example/login/index.php?session=abcdefghijkl", false}};
	hk_flow *flow = fl_open();
	int64_t of_case = fl_confirmed(flow, "v.example"), id = 0;

	fl_setting(
		flow, "{\"undo_s\":0,\"policies\":[{\"name\":\"all\",\"score\":0,\"own\":false}]}");
	for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
		const hk_report_site site = {.case_id = of_case, .url = urls[i].url};
		hk_report_row row;
		fl_draft_row(&row, of_case, "netcraft", "netcraft", 0);
		row.round = 100 + (int64_t)i;
		ok(fl_do_as(flow, &fl_auto, hk_report_draft(flow, &row, &site, 1, &id, error)),
			"%s: drafted: %s", urls[i].url, fl_why());
		is_int(row.stops & BIT(VICTIM), urls[i].is ? BIT(VICTIM) : 0, "%s", urls[i].url);
		is_str(fl_state(flow, id), urls[i].is ? "drafted" : "approved",
			"no policy passes it");
	}
	id = fl_int(flow, HK_SQL("SELECT MAX(id) FROM reports WHERE state = 'drafted'"));
	ok(!fl_approve(flow, &fl_yuzu, id, 0), "not without agreeing: %s", fl_why());
	ok(fl_approve(flow, &fl_yuzu, id, BIT(VICTIM)), "agreed to: %s", fl_why());
	ok(fl_do(flow, hk_report_act(flow, id, 0, "undo", NULL, error)), "taken back");
	ok(!fl_approve(flow, &fl_yuzu, id, 0), "it is asked again: %s", fl_why());
	fl_close(flow);
}

/* drafted(flow, of_case, round): the state of a draft that the policy would let go. */
static int64_t
one_more(hk_flow *flow, int64_t of_case, int64_t round)
{
	const hk_report_site site = {.case_id = of_case, .url = "https://r.example/"};
	hk_report_row row;
	int64_t id = 0;

	fl_draft_row(&row, of_case, "netcraft", "netcraft", 0);
	row.round = round;
	ok(fl_do_as(flow, &fl_auto, hk_report_draft(flow, &row, &site, 1, &id, error)),
		"round %d: %s", (int)round, fl_why());
	return id;
}

/* A backup of two hours ago was restored: what is drafted in the next two, and of old sites for a month, may have been sent before. */
static void
test_restored(void)
{
	hk_flow *flow = fl_open();
	int64_t old = fl_confirmed(flow, "old.example");
	int64_t hour_ms = INT64_C(3600000), before = one_more(flow, old, 1);

	fl_setting(
		flow, "{\"undo_s\":0,\"policies\":[{\"name\":\"all\",\"score\":0,\"own\":false}]}");
	hk_clock_advance(1000);
	ok(fl_do(flow, hk_restored_put(hk_flow_db(flow), hk_clock_wall_ms() - 2 * hour_ms,
			       hk_clock_wall_ms(), error)),
		"restored: %s", fl_why());
	ok(!fl_approve(flow, &fl_yuzu, before, 0), "a draft of before: %s", fl_why());
	is_int(fl_code(), HK_EPOLICY, "is held up");
	ok(fl_approve(flow, &fl_yuzu, before, BIT(RESTORED)), "agreed to: %s", fl_why());
	is_str(fl_state(flow, one_more(flow, old, 2)), "drafted", "no policy passes a new one");
	hk_clock_advance(1000);
	int64_t fresh = fl_confirmed(flow, "fresh.example");
	is_str(fl_state(flow, one_more(flow, fresh, 3)), "drafted", "nor one of a new site");
	hk_clock_advance(2 * hour_ms);
	is_str(fl_state(flow, one_more(flow, fresh, 4)), "approved",
		"two hours later it does, of a site that was seen since");
	is_str(fl_state(flow, one_more(flow, old, 5)), "drafted",
		"not of one that was there before");
	hk_clock_advance(30 * 24 * hour_ms);
	is_str(fl_state(flow, one_more(flow, old, 6)), "approved", "a month later it does");
	fl_close(flow);
}

int
main(void)
{
	hk_clock_freeze(start_ms);
	test_moves_known();
	test_moves();
	test_once();
	test_eyes();
	test_undo();
	test_asked();
	test_victim();
	test_restored();
	test_without();
	return tap_done();
}
