/* Acts on one case: every move that is a row and every one that is none, clocks, fields, survey log, labels, tasks. */
#include "flowlib.h"

#include <string.h>

#include "flow/audit.h"
#include "flow/intake.h"
#include "flow/jobs.h"
#include "flow/sighting.h"
#include "flow/states.h"
#include "flow/sweep.h"
#include "store/cases.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

static const int64_t start_ms = INT64_C(1732809600000);

static void
set_state(hk_flow *flow, int64_t id, const char *state)
{
	GError *local = NULL;

	ok(hk_db_exec(hk_flow_db(flow),
		   HK_SQL("UPDATE cases SET state = $2, triaged_ms = NULL, confirmed_ms = NULL, "
			  "reported_ms = NULL, "
			  "down_ms = NULL, closed_ms = NULL, due_ms = NULL WHERE id = $1"),
		   HK_ARGS(hk_v_int(id), hk_v_str(state)), NULL, &local),
		"set %s", state);
}

static void
check_move(hk_flow *flow, int64_t id, const char *from, const char *act)
{
	const hk_move *move = hk_move_find(HK_MACHINE_CASE, from, act);

	set_state(flow, id, from);
	/* A watch of the site may begin with it. */
	int64_t events =
		fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act <> 'site.watch'"));
	bool good = fl_do(flow, hk_case_move(flow, id, 0, act, "ログ", error));
	is_int(good, move != NULL, "%s from %s: %s", act, from, fl_why());
	g_autofree char *state = fl_text(flow, HK_SQL("SELECT state FROM cases"));
	is_str(state, move ? move->to : from, "%s from %s: the state", act, from);
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act <> 'site.watch'")),
		events + (move != NULL), "%s from %s: an audit row", act, from);
	if (!move) {
		is_int(fl_code(), HK_EPOLICY, "by policy");
		return;
	}
	g_autofree char *name = g_strconcat("case.", act, NULL);
	g_autofree char *last =
		fl_text(flow, HK_SQL("SELECT act FROM events ORDER BY seq DESC LIMIT 1"));
	is_str(last, name, "its act");
	g_auto(hk_case_row) row = {0};
	GError *local = NULL;
	ok(hk_cases_get(hk_flow_db(flow), id, &row, &local), "read");
	for (unsigned i = 0; i < HK_CLOCK_COUNT; i++) {
		g_autofree char *column = g_strconcat(hk_clock_name(i), "_ms", NULL);
		if (strcmp(column, move->clock) == 0) {
			is_int(row.clocks[i], start_ms, "%s is stamped", column);
		}
	}
}

static void
test_moves(void)
{
	hk_flow *flow = fl_open();
	int64_t id = fl_take(flow, "a.example", "", NULL);

	for (size_t s = 0; s < hk_state_count; s++) {
		for (size_t m = 0; m < hk_move_count; m++) {
			bool before = false;
			for (size_t k = 0; k < m; k++) {
				before = before ||
					 (hk_moves[k].machine == HK_MACHINE_CASE &&
						 strcmp(hk_moves[k].act, hk_moves[m].act) == 0);
			}
			if (hk_states[s].machine == HK_MACHINE_CASE &&
				hk_moves[m].machine == HK_MACHINE_CASE && !before) {
				check_move(flow, id, hk_states[s].text, hk_moves[m].act);
			}
		}
	}
	set_state(flow, id, "new");
	ok(!fl_do(flow, hk_case_move(flow, id, 0, "fly", NULL, error)), "no such act");
	ok(!fl_do(flow, hk_case_move(flow, id, 99999, "triage", NULL, error)), "another version");
	is_int(fl_code(), HK_EINCONSISTENT, "said: %s", fl_why());
	ok(!fl_do(flow, hk_case_move(flow, 77, 0, "triage", NULL, error)), "no such case");
	is_int(fl_code(), HK_ENOENT, "said: %s", fl_why());
	ok(!fl_do(flow, hk_case_move(flow, id, 0, "triage", " ", error)), "a blank note");
	ok(g_str_has_prefix(fl_why(), "note:"), "named: %s", fl_why());
	static const char *const elsewhere[] = {"liveness", "drop", "session", "link", NULL};
	for (size_t m = 0; m < hk_move_count; m++) {
		/* Those of a watched site are audited as site.dark, site.back and site.changed (flow/monitor), those of a drop as c2.drop (flow/c2); what a session does many
		 * times a day stands in its record (c2.piece), and a link tells where it leads (wave.landing). */
		if (g_strv_contains(elsewhere, hk_machine_text(hk_moves[m].machine))) {
			continue;
		}
		g_autofree char *name = g_strconcat(
			hk_machine_text(hk_moves[m].machine), ".", hk_moves[m].act, NULL);
		ok(hk_act_find(name) != NULL, "%s is a row of acts.def", name);
	}
	fl_close(flow);
}

static void
test_clocks(void)
{
	hk_flow *flow = fl_open();
	GError *local = NULL;
	int64_t id = fl_take(flow, "a.example", "", NULL);
	static const struct {
		const char *act, *clock;
		int64_t minutes;
	} life[] = {{"triage", "confirm", 120}, {"confirm", "report", 240},
		{"report", "down", 2880}, {"down", "", 0}, {"close", "", 0},
		{"resurrect", "confirm", 120}};

	is_int(fl_int(flow, HK_SQL("SELECT due_ms - opened_ms FROM cases")), 30 * 60000,
		"triage: 30 min");
	for (size_t i = 0; i < G_N_ELEMENTS(life); i++) {
		hk_clock_advance(60000);
		ok(fl_move(flow, id, life[i].act, &local), "%s", life[i].act);
		g_autofree char *clock = fl_text(flow, HK_SQL("SELECT due_clock FROM cases"));
		is_str(clock, life[i].clock, "%s: which clock", life[i].act);
		is_int(fl_int(flow, HK_SQL("SELECT COALESCE(due_ms - updated_ms, 0) FROM cases")),
			life[i].minutes * 60000, "%s: its minutes", life[i].act);
	}
	is_int(fl_int(flow, HK_SQL("SELECT breached FROM cases")), 0, "nothing broke");
	hk_clock_advance(121 * 60000);
	ok(fl_move(flow, id, "confirm", &local), "late");
	is_int(fl_int(flow, HK_SQL("SELECT breached FROM cases")), 1,
		"a move that comes late breaks it");
	/* The sweep finds the one that nobody touches. */
	int64_t other = fl_take(flow, "b.example", "", NULL);
	hk_job job;
	ok(fl_do(flow, hk_sweep_start(flow, error)), "sweep");
	hk_clock_advance(31 * 60000);
	ok(hk_job_claim(flow, "w", NULL, &job, &local) && strcmp(job.stage, "sweep") == 0,
		"its job");
	ok(hk_sweep_run(flow, &job, NULL, &local), "runs");
	hk_job_clear(&job);
	g_autofree char *broke = fl_text_of(
		flow, HK_SQL("SELECT CAST(breached AS TEXT) FROM cases WHERE id = $1"), other);
	is_str(broke, "1", "marked");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'case.breach'")), 1,
		"audited");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'sweep' AND state = "
				   "'ready'")),
		1, "it comes again");
	fl_close(flow);
}

static void
test_edit(void)
{
	hk_flow *flow = fl_open();
	GError *local = NULL;
	int64_t id = fl_take(flow, "a.example", "", NULL);
	static const struct {
		const char *fields;
		hk_err code;
		const char *field;
	} wrong[] = {
		{"", HK_EFORM, "fields:"},
		{"[]", HK_EFORM, "fields:"},
		{"{\"x\":1}", HK_EFORM, "x:"},
		{"{\"state\":\"new\"}", HK_EFORM, "state:"},
		{"{\"opened\":\"2024-01-01T00:00:00Z\"}", HK_EFORM, "opened:"},
		{"{\"name\":\"\"}", HK_EFORM, "name:"},
		{"{\"name\":null}", HK_EFORM, "name:"},
		{"{\"kind\":\"x\"}", HK_EFORM, "kind:"},
		{"{\"target\":\"x\"}", HK_ENOENT, "target:"},
		{"{\"actor\":\"x\"}", HK_ENOENT, "actor:"},
		{"{\"assignee\":\"x\"}", HK_ENOENT, "assignee:"},
		{"{\"first_seen\":\"yesterday\"}", HK_EFORM, "first_seen:"},
		{"{\"first_seen\":null}", HK_EFORM, "first_seen:"},
		{"{\"first_seen\":\"1999-01-01T00:00:00Z\"}", HK_ERANGE, "first_seen:"},
		{"{\"gsb_type\":\"x\"}", HK_EFORM, "gsb_type:"},
		{"{\"ticket_type\":\"other\"}", HK_EFORM, "ticket_type:"},
		{"{\"wants\":[\"x\"]}", HK_EFORM, "wants:"},
		{"{\"campaign\":77}", HK_ENOENT, "campaign:"},
		{"{\"campaign\":\"a\"}", HK_EFORM, "campaign:"},
		{"{\"listed\":5}", HK_EFORM, "listed:"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) why = NULL;
		ok(!fl_edit(flow, id, 0, wrong[i].fields, &why), "%s", wrong[i].fields);
		is_int(hk_error_code(why), wrong[i].code, "its code");
		ok(why && g_str_has_prefix(why->message, wrong[i].field), "named: %s",
			why ? why->message : "");
	}
	is_int(fl_int(flow, HK_SQL("SELECT version FROM cases")), 1, "nothing was written");
	int64_t campaign = 0;
	ok(fl_do(flow, hk_campaign_new(flow, "年末", &campaign, error)), "campaign");
	ok(fl_edit(flow, id, 1,
		   "{\"name\":\"みほん\",\"target\":\"みほん銀行\",\"actor\":\"mirage\","
		   "\"assignee\":\"yuzu\","
		   "\"listed\":\"2024-11-29T10:00:00.5+09:00\",\"wants\":[\"whois\",\"html\"],"
		   "\"campaign\":1}",
		   &local),
		"edited%s", local ? local->message : "");
	g_autofree char *data =
		fl_text(flow, HK_SQL("SELECT data FROM events WHERE act = 'case.edit'"));
	ok(strstr(data, "\"name\":{\"was\":\"a.example\",\"is\":\"みほん\"}") != NULL,
		"old and new: %s", data);
	ok(strstr(data, "\"listed\":{\"was\":null,\"is\":\"2024-11-29T01:00:00.500Z\"}") != NULL,
		"the time");
	g_autofree char *wants = fl_text(flow, HK_SQL("SELECT wants FROM cases"));
	is_str(wants, "[\"html\",\"whois\"]", "wants in their order");
	is_int(fl_int(flow, HK_SQL("SELECT cases FROM campaigns")), 1, "counted in the campaign");
	ok(!fl_edit(flow, id, 1, "{\"name\":\"x\"}", &local), "a stale version");
	is_int(hk_error_code(local), HK_EINCONSISTENT, "said");
	g_clear_error(&local);
	ok(fl_edit(flow, id, 2, "{\"name\":\"みほん\"}", &local), "the same again");
	is_int(fl_int(flow, HK_SQL("SELECT version FROM cases")), 2, "is no change");
	int64_t count;
	ok(fl_do(flow, hk_campaign_act(flow, 1, "confirm", "まとめて", &count, error)) &&
			count == 1,
		"the campaign's cases move: %s", fl_why());
	ok(fl_do(flow, hk_campaign_act(flow, 1, "confirm", NULL, &count, error)) && count == 0,
		"those that cannot stay");
	fl_close(flow);
}

static void
test_rows(void)
{
	hk_flow *flow = fl_open();
	int64_t id = fl_take(flow, "a.example", "", NULL), b = fl_take(flow, "b.example", "", NULL);
	int64_t comment = 0, task = 0, file = 0;
	uint8_t sha[32] = {1};

	ok(fl_do(flow, hk_case_comment(flow, id, "調査した", &comment, error)), "comment");
	ok(fl_do(flow, hk_case_comment_edit(flow, comment, "調査し直した", error)), "changed");
	g_autofree char *said =
		fl_text(flow, HK_SQL("SELECT data FROM events WHERE act = 'case.comment_edit'"));
	ok(strstr(said, "\"was\":\"調査した\"") != NULL, "what was said is kept: %s", said);
	ok(fl_do(flow, hk_case_comment_edit(flow, comment, NULL, error)), "deleted");
	ok(!fl_do(flow, hk_case_comment_edit(flow, comment, "x", error)), "gone: %s", fl_why());
	ok(fl_do(flow, hk_case_label(flow, id, " SMS ", true, error)), "label");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM labels WHERE label = 'sms'")), 1,
		"lower case");
	int64_t events = fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events"));
	ok(fl_do(flow, hk_case_label(flow, id, "sms", true, error)), "again");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events")), events, "is no change");
	ok(fl_do(flow, hk_case_label(flow, id, "sms", false, error)), "taken off");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM labels")), 0, "is off");
	ok(!fl_do(flow, hk_case_label(flow, id, "a,b", true, error)), "no comma: %s", fl_why());
	ok(fl_do(flow, hk_task_add(flow, id, "画面", 0, &task, error)), "task");
	ok(fl_do(flow, hk_task_edit(flow, task,
			       "{\"assignee\":\"yuzu\",\"due\":\"2024-12-01T00:00:00Z\"}", error)),
		"edited: %s", fl_why());
	ok(!fl_do(flow, hk_task_edit(flow, task, "{\"due\":\"soon\"}", error)), "due: %s",
		fl_why());
	ok(fl_do(flow, hk_task_move(flow, task, "finish", error)), "finished");
	ok(!fl_do(flow, hk_task_move(flow, task, "finish", error)), "not twice: %s", fl_why());
	ok(fl_do(flow, hk_task_move(flow, task, "reopen", error)), "reopened");
	ok(fl_do(flow, hk_case_attach(flow, id, "a.png", "image/png", 5, sha, &file, error)),
		"file");
	ok(fl_do(flow, hk_case_link(flow, b, id, "同じ", true, error)), "link: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT case_a FROM links")), id, "the smaller number first");
	ok(!fl_do(flow, hk_case_link(flow, id, id, NULL, true, error)), "not to itself");
	ok(fl_do(flow, hk_case_link(flow, id, b, NULL, false, error)), "cut");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM links")), 0, "is cut");
	ok(fl_do(flow, hk_case_delete(flow, id, 0, error)), "deleted");
	ok(!fl_do(flow, hk_case_comment(flow, id, "x", &comment, error)),
		"a deleted case takes nothing");
	is_int(fl_code(), HK_ENOENT, "said: %s", fl_why());
	hk_taken taken;
	ok(fl_take(flow, "a.example", "", &taken) != id, "a deleted case is not found again");
	ok(fl_do(flow, hk_case_restore(flow, id, error)), "restored");
	ok(!fl_do(flow, hk_case_restore(flow, id, error)), "not twice");
	fl_close(flow);
}

static void
test_sightings(void)
{
	hk_flow *flow = fl_open();
	hk_observation seen = {.source = "feed:mihon",
		.key = {1},
		.kind = "url",
		.host = "a.example",
		.url = "https://a.example/",
		.title = "a.example",
		.score = 0.8,
		.target = "nobody knows it",
		.data = "{}"};
	int64_t id = 0, again = 0, a = fl_take(flow, "a.example", "", NULL);
	g_autofree char *position = NULL;
	GError *local = NULL;

	ok(fl_do(flow, hk_sighting_take(flow, &seen, &id, error)) && id > 0, "taken: %s", fl_why());
	ok(fl_do(flow, hk_sighting_take(flow, &seen, &again, error)) && again == 0, "once");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'sighting'")), 1,
		"a job");
	ok(fl_do(flow, hk_sighting_move(flow, id, 1, "ignore", error)), "ignored: %s", fl_why());
	ok(!fl_do(flow, hk_sighting_move(flow, id, 1, "restore", error)), "stale");
	is_int(fl_code(), HK_EINCONSISTENT, "said");
	ok(fl_do(flow, hk_sighting_move(flow, id, 2, "restore", error)), "restored");
	ok(fl_do(flow, hk_sighting_attach(flow, id, a, error)), "attached");
	ok(!fl_do(flow, hk_sighting_attach(flow, id, a, error)), "not twice: %s", fl_why());
	ok(!fl_do(flow, hk_sighting_move(flow, 99, 0, "ignore", error)), "no such");
	ok(fl_do(flow, hk_source_mark(flow, "feed:mihon", "{\"etag\":\"x\"}", NULL, error)),
		"mark");
	ok(hk_source_position(hk_flow_db(flow), "feed:mihon", &position, &local), "position");
	is_str(position, "{\"etag\":\"x\"}", "is kept");
	seen.kind = "cow";
	ok(!fl_do(flow, hk_sighting_take(flow, &seen, &id, error)), "kind: %s", fl_why());
	fl_close(flow);
}

static void
test_intake(void)
{
	hk_flow *flow = fl_open();
	static const struct {
		const char *kind, *source, *body, *options;
		hk_err code;
		const char *field;
	} wrong[] = {
		{"xml", "manual", "a", NULL, HK_EFORM, "kind:"},
		{"lines", "manual", "", NULL, HK_ERANGE, "body:"},
		{"lines", "nothing", "a", NULL, HK_EFORM, "source:"},
		{"lines", "manual", "a", "[]", HK_EFORM, "options:"},
		{"lines", "manual", "a", "{\"cow\":1}", HK_EFORM, "options.cow:"},
	};
	int64_t id = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		ok(!fl_do(flow, hk_intake_new(flow, wrong[i].kind, wrong[i].source,
					hk_span_str(wrong[i].body), wrong[i].options, false, &id,
					error)),
			"%s", wrong[i].field);
		is_int(fl_code(), wrong[i].code, "its code");
		ok(g_str_has_prefix(fl_why(), wrong[i].field), "named: %s", fl_why());
	}
	ok(fl_do(flow, hk_intake_new(flow, "lines", "manual", HK_SPAN_LIT("a\nb\n\nc"),
			       "{\"note\":\"x\"}", false, &id, error)),
		"handed in: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT lines FROM intakes")), 4, "four lines");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'intake'")), 1,
		"a job");
	ok(!fl_do(flow, hk_intake_move(flow, id, "finish", error)), "not finished before it began");
	ok(fl_do(flow, hk_intake_move(flow, id, "start", error)), "started");
	ok(fl_do(flow, hk_intake_cancel(flow, id, error)), "cancelled");
	ok(!fl_do(flow, hk_intake_cancel(flow, id, error)), "not twice: %s", fl_why());
	is_int(fl_code(), HK_EPOLICY, "by policy");
	/* The sweep of a full hour anchors the trail, and empties old bodies. */
	GError *local = NULL;
	hk_job job;
	hk_clock_advance(31 * INT64_C(86400000));
	hk_clock_advance(3600000 - hk_clock_wall_ms() % 3600000);
	static const char *const stages[] = {"sweep", NULL};
	ok(fl_do(flow, hk_sweep_start(flow, error)), "sweep");
	ok(hk_job_claim(flow, "w", stages, &job, &local) && hk_sweep_run(flow, &job, NULL, &local),
		"runs");
	hk_job_clear(&job);
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM anchors")), 1, "an anchor");
	is_int(fl_int(flow, HK_SQL("SELECT LENGTH(body) FROM intakes")), 0, "the body is gone");
	fl_close(flow);
}

int
main(void)
{
	hk_clock_freeze(start_ms);
	test_moves();
	test_clocks();
	test_edit();
	test_rows();
	test_sightings();
	test_intake();
	return tap_done();
}
