/* Reports that leave, and what the other side says: the acts of report/send, and of letters and polls. */
#include <string.h>

#include "flow/check.h"
#include "flow/monitor.h"
#include "flow/notice.h"
#include "flow/report_int.h"
#include "store/jobs.h"
#include "store/notices.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum {
	MORE_MS = 600000, /* how long a report waits that a WAIT stop holds up */
	WOKEN_MAX =
		1000, /* reports that a channel which is opened again wakes at once; the others come when their pause is over */
};

#define BREAKER         (1u << HK_STOPS_VOLUME)
#define BREAKER_TOLD_MS INT64_C(3600000)

/* ---- leaving ---- */

/* A stop that nothing passes: back to the drafts, where people see it; there is nothing to see where the case itself is over. */
static bool
put_back(hk_flow *flow, hk_report_row *row, const char *why, GError **error)
{
	g_auto(hk_case_row) of_case = {0};

	if (!hk_cases_get(flow->db, row->case_id, &of_case, error)) {
		return false;
	}
	if (of_case.deleted_ms != 0 || !hk_report_able(of_case.state)) {
		return hk_report_drop(flow, row, why, error);
	}
	if (!hk_report_move(flow, row, "undo", error)) {
		return false;
	}
	hk_report_note(flow, "stop", row, why);
	hk_report_unapprove(row);
	return hk_reports_update(flow->db, row, error) &&
	       hk_notice_say(flow, "report.held", row->case_id, row->id, "what", why, error);
}

static const char *
first_of(unsigned stops)
{
	unsigned i = 0;

	while (!(stops & 1u << i)) {
		i++;
	}
	return hk_stop_rows[i].text;
}

static bool
start(hk_flow *flow, hk_report_row *row, int64_t *ret_receipt, GError **error)
{
	const hk_receipt_row receipt = {.report_id = row->id,
		.act = "submit",
		.request = row->digest,
		.begun_ms = flow->now_ms};

	if (strcmp(row->state, "approved") == 0) {
		if (!hk_report_move(flow, row, "queue", error)) {
			return false;
		}
		hk_report_note(flow, "queue", row, NULL);
	}
	row->tries++;
	return hk_receipts_begin(flow->db, &receipt, ret_receipt, error) &&
	       hk_reports_update(flow->db, row, error);
}

/* What the person who approved it has agreed to. A bounce that came later is news to them; a policy agrees to nothing. */
static bool
agreed_to(hk_flow *flow, const hk_report_row *row, unsigned *ret, GError **error)
{
	int64_t bounced_ms;

	*ret = 0;
	if (row->approver_id == 0) {
		return true;
	}
	if (!hk_recipients_bounce(flow->db, row->channel, row->recipient, &bounced_ms, error)) {
		return false;
	}
	*ret = hk_stops_of(HK_STOP_ASK);
	if (bounced_ms > row->approved_ms) {
		*ret &= ~(1u << HK_STOPS_BOUNCED);
	}
	return true;
}

/* What holds it up now: those that the caller found, and those of the database. */
static bool
stops_now(hk_flow *flow, hk_report_row *row, unsigned found, unsigned *ret, GError **error)
{
	g_auto(hk_case_row) of_case = {0};
	unsigned agreed;

	row->stops = found;
	/* The breaker counts what others send at the same time: they stand in line. */
	if (!hk_db_lock(flow->db, "reports.volume", error) ||
		!hk_cases_get(flow->db, row->case_id, &of_case, error) ||
		!hk_report_stops(flow, row, &of_case, ret, error) ||
		!agreed_to(flow, row, &agreed, error)) {
		return false;
	}
	*ret = (*ret | found) & ~agreed;
	row->stops = *ret;
	return true;
}

/* A policy that was stopped, or taken away, allows nothing any more, what has not left yet included. */
static bool
policy_stands(hk_flow *flow, const hk_report_row *row, bool *ret, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);

	if (!policy) {
		return false;
	}
	*ret = !row->policy || hk_takedown_allows(&policy->takedown, row->policy);
	return true;
}

bool
hk_report_close_try(
	hk_flow *flow, int64_t receipt, const char *how, const char *why, GError **error)
{
	const hk_receipt_row end = {
		.id = receipt, .how = how, .why = why, .ended_ms = flow->now_ms};

	return hk_receipts_end(flow->db, &end, error);
}

/* What the last try came to. *ret_go: HK_GO_SEND: nothing is in the way. */
static bool
look_back(hk_flow *flow, const hk_report_row *row, hk_report_go *ret_go, int64_t *ret_receipt,
	int64_t *ret_wait_ms, GError **error)
{
	int64_t receipt, begun_ms;
	bool committed;

	*ret_go = HK_GO_SEND;
	if (!hk_receipts_open(flow->db, row->id, &receipt, &committed, error)) {
		return false;
	}
	if (receipt == 0) {
		return true;
	}
	if (!hk_receipts_since(flow->db, receipt, &begun_ms, error)) {
		return false;
	}
	if (flow->now_ms < begun_ms + HK_REPORT_YOUNG_MS) {
		*ret_go = HK_GO_WAIT;
		*ret_wait_ms = begun_ms + HK_REPORT_YOUNG_MS - flow->now_ms;
		return true;
	}
	if (committed) {
		*ret_go = HK_GO_DOUBT;
		*ret_receipt = receipt;
		return true;
	}
	return hk_report_close_try(
		flow, receipt, "again", "the process ended before anything had left", error);
}

/* Those that leave after the others: not yet? */
static bool
comes_after(hk_flow *flow, const hk_report_row *row, bool *ret_waits, GError **error)
{
	g_auto(hk_case_row) of_case = {0};
	int64_t ahead = 0;

	*ret_waits = false;
	if (!hk_report_is_after(row) || flow->now_ms - row->approved_ms >= HK_REPORT_AFTER_MS) {
		return true;
	}
	if (!hk_cases_get(flow->db, row->case_id, &of_case, error) ||
		!hk_reports_ahead(flow->db, row->case_id, row->round, &ahead, error)) {
		return false;
	}
	*ret_waits = ahead > 0 && strcmp(of_case.state, "down") != 0;
	return true;
}

/* An answer came before its worker had written down that it was sent, and the worker is gone. */
static bool
close_answered(hk_flow *flow, const hk_report_row *row, GError **error)
{
	int64_t receipt;
	bool committed;

	if (!hk_receipts_open(flow->db, row->id, &receipt, &committed, error)) {
		return false;
	}
	return receipt == 0 ||
	       hk_report_close_try(flow, receipt, "taken", "it was answered", error);
}

/* Once in a while, however many reports it holds up. */
static bool
tell_breaker(hk_flow *flow, GError **error)
{
	bool told;

	return hk_notices_since(
		       flow->db, "volume.stop", flow->now_ms - BREAKER_TOLD_MS, &told, error) &&
	       (told || hk_notice_tell(flow, "volume.stop", 0, 0, NULL, error));
}

bool
hk_report_begin(hk_flow *flow, int64_t id, unsigned found, hk_report_go *ret_go, hk_report_row *ret,
	int64_t *ret_receipt, int64_t *ret_wait_ms, GError **error)
{
	unsigned stops, was;
	bool stands;

	*ret_go = HK_GO_NOTHING;
	*ret_receipt = *ret_wait_ms = 0;
	if (!hk_reports_lock(flow->db, id, ret, error)) {
		return false;
	}
	bool queued = strcmp(ret->state, "queued") == 0;
	if (!queued && strcmp(ret->state, "approved") != 0) {
		return close_answered(flow, ret, error);
	}
	if (!queued && flow->now_ms < ret->send_ms) {
		*ret_go = HK_GO_WAIT;
		*ret_wait_ms = ret->send_ms - flow->now_ms;
		return true;
	}
	bool waits;
	if (!queued && !comes_after(flow, ret, &waits, error)) {
		return false;
	}
	if (!queued && waits) {
		*ret_go = HK_GO_WAIT;
		*ret_wait_ms = MORE_MS;
		return true;
	}
	if (!look_back(flow, ret, ret_go, ret_receipt, ret_wait_ms, error)) {
		return false;
	}
	if (*ret_go != HK_GO_SEND) {
		return true;
	}
	*ret_go = HK_GO_NOTHING;
	was = ret->stops;
	if (!stops_now(flow, ret, found, &stops, error) ||
		!policy_stands(flow, ret, &stands, error)) {
		return false;
	}
	unsigned against = stops & (hk_stops_of(HK_STOP_HARD) | hk_stops_of(HK_STOP_ASK));
	if (against || !stands) {
		return put_back(flow, ret, against ? first_of(against) : "policy", error);
	}
	if (stops) {
		*ret_go = HK_GO_WAIT;
		*ret_wait_ms = MORE_MS;
		if (!(was & BREAKER) && (stops & BREAKER) && !tell_breaker(flow, error)) {
			return false;
		}
		return stops == was || hk_reports_update(flow->db, ret, error);
	}
	*ret_go = HK_GO_SEND;
	return start(flow, ret, ret_receipt, error);
}

bool
hk_report_committed(hk_flow *flow, int64_t receipt, GError **error)
{
	int64_t changed = 0;

	if (!hk_receipts_commit(flow->db, receipt, &changed, error)) {
		return false;
	}
	return changed == 1 ||
	       hk_error_set(error, HK_EINCONSISTENT,
		       "receipt %" G_GINT64_FORMAT " is not the running one any more", receipt);
}

/* The cases that it speaks of are reported; those that are further already stay where they are. */
static bool
report_cases(hk_flow *flow, const hk_report_row *row, GError **error)
{
	g_autoptr(GPtrArray) urls = NULL;
	g_autoptr(GArray) cases = NULL;

	/* A notice to another bank asks nobody to take anything down. */
	if (strcmp(row->step, "notice") == 0) {
		return true;
	}
	if (!hk_reports_sites(flow->db, row->id, &urls, &cases, error)) {
		return false;
	}
	for (unsigned i = 0; i < cases->len; i++) {
		int64_t id = g_array_index(cases, int64_t, i);
		g_auto(hk_case_row) of_case = {0};
		/* Locked: two reports of one case may end at the same moment. */
		if (!hk_cases_lock(flow->db, id, &of_case, error)) {
			return false;
		}
		if (of_case.deleted_ms == 0 &&
			hk_move_find(HK_MACHINE_CASE, of_case.state, "report") &&
			!hk_case_move(flow, id, 0, "report", NULL, error)) {
			return false;
		}
	}
	return true;
}

/* Silence is answered: a job looks at the report when its time has come. */
static bool
wait_for_answer(hk_flow *flow, hk_report_row *row, int64_t room_ms, GError **error)
{
	g_autofree char *key = g_strdup_printf("chase:%" G_GINT64_FORMAT, row->id);

	row->due_ms = flow->now_ms + room_ms;
	/* One that waits for an earlier time, or has failed for good, is the same one. */
	return hk_jobs_revive_key(flow->db, "draft", key, flow->now_ms, error) &&
	       hk_flow_job(flow, "draft", key, row->case_id, NULL, row->due_ms, error) &&
	       hk_jobs_later(flow->db, "draft", key, row->due_ms, error);
}

static void
set(char **place, const char *text)
{
	if (text) {
		g_free(*place);
		*place = g_strdup(text);
	}
}

/* It has left, and was taken. */
static bool
take_sent(hk_flow *flow, hk_report_row *row, const hk_report_end *end, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);

	if (!policy || !hk_report_move(flow, row, "send", error)) {
		return false;
	}
	set(&row->remote_id, end->remote_id);
	set(&row->remote_state, end->remote_state);
	set(&row->facts, end->facts);
	g_clear_pointer(&row->why, g_free);
	row->stops = 0;
	hk_report_note(flow, "send", row, end->why);
	return wait_for_answer(flow, row, policy->takedown.followup_ms, error) &&
	       hk_reports_update(flow->db, row, error) &&
	       /* Whoever approved it has said that the mailbox is right, new or bounced before. */
	       hk_recipients_put(flow->db, row->channel, row->recipient, row->approver_id,
		       flow->now_ms, error) &&
	       hk_recipients_mend(
		       flow->db, row->channel, row->recipient, row->approved_ms, error) &&
	       (end->poll_ms <= 0 ||
		       hk_report_job(flow, "poll", row, flow->now_ms + end->poll_ms, error)) &&
	       report_cases(flow, row, error) &&
	       (hk_report_is_after(row) || hk_report_wake_after(flow, row->case_id, error));
}

static bool
take_refused(hk_flow *flow, hk_report_row *row, const hk_report_end *end, GError **error)
{
	set(&row->why, end->why);
	if (!hk_report_move(flow, row, "refuse", error)) {
		return false;
	}
	hk_report_note(flow, "refuse", row, end->why);
	return wait_for_answer(flow, row, 0, error) && hk_reports_update(flow->db, row, error) &&
	       hk_notice_tell(flow, "report.refused", row->case_id, row->id, NULL, error);
}

static bool
take_again(hk_flow *flow, hk_report_row *row, const hk_report_end *end, GError **error)
{
	set(&row->why, end->why);
	return (end->again_ms <= 0 || hk_channels_pause(flow->db, row->channel,
					      flow->now_ms + end->again_ms, error)) &&
	       hk_reports_update(flow->db, row, error);
}

static bool
take_closed(hk_flow *flow, hk_report_row *row, const hk_report_end *end, GError **error)
{
	set(&row->why, end->why);
	return hk_channel_close(flow, row->channel, end->why ? end->why : "refused", error) &&
	       hk_reports_update(flow->db, row, error);
}

static bool
take_unsure(hk_flow *flow, hk_report_row *row, const hk_report_end *end, GError **error)
{
	set(&row->why, end->why);
	if (!hk_report_move(flow, row, "doubt", error)) {
		return false;
	}
	hk_report_note(flow, "doubt", row, end->why);
	return hk_reports_update(flow->db, row, error) &&
	       hk_notice_tell(flow, "report.unsure", row->case_id, row->id, NULL, error);
}

static const struct {
	const char *how;
	bool (*take)(hk_flow *flow, hk_report_row *row, const hk_report_end *end, GError **error);
} ends[] = {{"taken", take_sent}, {"again", take_again}, {"refused", take_refused},
	{"closed", take_closed}, {"unsure", take_unsure}};

/* A letter has told meanwhile that it arrived: what else the worker knows is kept. */
static bool
take_late(hk_flow *flow, hk_report_row *row, const hk_report_end *end, GError **error)
{
	if (strcmp(end->how, "taken") != 0) {
		return true;
	}
	if (!row->remote_id) {
		set(&row->remote_id, end->remote_id);
	}
	set(&row->remote_state, end->remote_state);
	set(&row->facts, end->facts);
	return hk_reports_update(flow->db, row, error) &&
	       (end->poll_ms <= 0 || row->ended_ms != 0 ||
		       hk_report_job(flow, "poll", row, flow->now_ms + end->poll_ms, error));
}

bool
hk_report_ended(
	hk_flow *flow, int64_t id, int64_t receipt, const hk_report_end *end, GError **error)
{
	g_auto(hk_report_row) row = {0};
	const hk_receipt_row done = {.id = receipt,
		.how = end->how,
		.status = end->status,
		.answer = end->answer,
		.why = end->why,
		.ended_ms = flow->now_ms};
	bool well = strcmp(end->how, "taken") == 0;

	if (!hk_reports_lock(flow->db, id, &row, error) ||
		!hk_receipts_end(flow->db, &done, error) ||
		!hk_channels_note(flow->db, row.channel, flow->now_ms,
			well       ? NULL
			: end->why ? end->why
				   : end->how,
			error) ||
		(end->pause_ms > 0 && !hk_channels_pause(flow->db, row.channel,
					      flow->now_ms + end->pause_ms, error))) {
		return false;
	}
	if (strcmp(row.state, "queued") != 0) {
		return take_late(flow, &row, end, error);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		if (strcmp(ends[i].how, end->how) == 0) {
			return ends[i].take(flow, &row, end, error);
		}
	}
	return hk_error_set(error, HK_EFORM, "how: there is no end \"%s\"", end->how);
}

bool
hk_report_settle(hk_flow *flow, int64_t id, int found, const hk_report_end *what, GError **error)
{
	hk_report_end end = *what;
	int64_t receipt;
	bool committed;

	end.how = found > 0 ? "taken" : found == 0 ? "again" : "unsure";
	end.again_ms = -1;
	if (!hk_receipts_open(flow->db, id, &receipt, &committed, error)) {
		return false;
	}
	return receipt == 0 || hk_report_ended(flow, id, receipt, &end, error);
}

bool
hk_report_handed(hk_flow *flow, hk_report_row *row, const char *number, GError **error)
{
	const hk_report_end end = {.remote_id = number && *number ? number : NULL, .again_ms = -1};

	if (strcmp(row->state, "approved") == 0 && hk_report_assisted(row) &&
		!hk_report_move(flow, row, "queue", error)) {
		return false;
	}
	return take_sent(flow, row, &end, error);
}

/* ---- answers ---- */

/* Which classes of letters.class and states of channels move a report, and how. */
typedef struct answer {
	const char *class, *act;
	const char *event; /* that the chat is told */
	bool always;       /* told also when it moves nothing: somebody is to answer */
} answer;
static const answer answers[] = {{"acknowledged", "acknowledge", "report.answered", false},
	{"needs_info", "acknowledge", "report.question", true},
	{"actioned", "action", "report.answered", false},
	{"refused", "reject", "report.refused", false},
	{"rejected", "reject", "report.refused", false},
	{"bounced", "bounce", "report.bounced", false}};

static const answer *
answer_of(const char *class)
{
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		if (strcmp(answers[i].class, class) == 0) {
			return &answers[i];
		}
	}
	return NULL;
}

/* An answer to what nobody was sure of, or to what a worker has not yet written down as sent: it was sent. */
static bool
was_sent(hk_flow *flow, hk_report_row *row, GError **error)
{
	const hk_report_end end = {.why = "it was answered", .again_ms = -1};

	return (strcmp(row->state, "unsure") != 0 && strcmp(row->state, "queued") != 0) ||
	       take_sent(flow, row, &end, error);
}

/* After an answer the clock runs anew: who refuses, or cannot be reached, has the next party told at once; whose site is up after a while, whatever they said, too. */
static bool
next_due(hk_flow *flow, hk_report_row *row, const char *act, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);
	bool no = strcmp(act, "reject") == 0 || strcmp(act, "bounce") == 0;

	return policy && wait_for_answer(flow, row, no ? 0 : policy->takedown.escalate_ms, error);
}

/* Somebody says that it is done: believed no more than anybody, but looked at at once. */
static bool
look_at_once(hk_flow *flow, const hk_report_row *row, GError **error)
{
	g_autoptr(GPtrArray) urls = NULL;
	g_autoptr(GArray) cases = NULL;

	if (!hk_reports_sites(flow->db, row->id, &urls, &cases, error)) {
		return false;
	}
	for (unsigned i = 0; i < cases->len; i++) {
		g_auto(hk_case_row) of_case = {0};
		int64_t id = g_array_index(cases, int64_t, i);
		if (!hk_cases_get(flow->db, id, &of_case, error) ||
			(hk_report_able(of_case.state) && !hk_monitor_begin(flow, id, error))) {
			return false;
		}
	}
	return true;
}

static bool
answered(hk_flow *flow, hk_report_row *row, const answer *a, const char *why, GError **error)
{
	const char *act = a->act;
	bool moves = hk_move_find(HK_MACHINE_REPORT, row->state, act) != NULL;

	if ((moves || a->always) &&
		!hk_notice_say(flow, a->event, row->case_id, row->id, "what", a->class, error)) {
		return false;
	}
	if (!moves) {
		return true; /* an earlier, better word stands */
	}
	if (!hk_report_move(flow, row, act, error) || !next_due(flow, row, act, error)) {
		return false;
	}
	set(&row->why, why);
	hk_report_note(flow, act, row, why);
	if (strcmp(act, "bounce") == 0) {
		return hk_recipients_bounced(
			flow->db, row->channel, row->recipient, flow->now_ms, error);
	}
	if (strcmp(act, "action") == 0 && !look_at_once(flow, row, error)) {
		return false;
	}
	return hk_report_stamp(flow, row, HK_CLOCK_ACKNOWLEDGED, error);
}

bool
hk_report_answer(hk_flow *flow, int64_t id, const char *class, const char *remote_id,
	const char *why, GError **error)
{
	g_auto(hk_report_row) row = {0};
	const answer *a = answer_of(class);

	if (!a && !remote_id) {
		return true;
	}
	if (!hk_reports_lock(flow->db, id, &row, error)) {
		return false;
	}
	if (!row.remote_id) {
		set(&row.remote_id, remote_id);
	}
	return (!a || (was_sent(flow, &row, error) && answered(flow, &row, a, why, error))) &&
	       hk_reports_update(flow->db, &row, error);
}

bool
hk_report_polled(
	hk_flow *flow, int64_t id, const hk_report_end *end, const char *state, GError **error)
{
	g_auto(hk_report_row) row = {0};
	const answer *a = state ? answer_of(state) : NULL;

	if (!hk_reports_lock(flow->db, id, &row, error)) {
		return false;
	}
	row.polls++;
	set(&row.remote_id, end->remote_id);
	set(&row.remote_state, end->remote_state);
	set(&row.facts, end->facts);
	return (!a || answered(flow, &row, a, end->why, error)) &&
	       (end->pause_ms <= 0 || hk_channels_pause(flow->db, row.channel,
					      flow->now_ms + end->pause_ms, error)) &&
	       (!end->remote_state || hk_report_fact(flow, &row, error)) &&
	       hk_reports_update(flow->db, &row, error);
}

bool
hk_report_due(hk_flow *flow, int64_t id, int64_t due_ms, GError **error)
{
	g_auto(hk_report_row) row = {0};

	if (!hk_reports_lock(flow->db, id, &row, error)) {
		return false;
	}
	row.due_ms = 0;
	return (due_ms == 0 || wait_for_answer(flow, &row, due_ms - flow->now_ms, error)) &&
	       hk_reports_update(flow->db, &row, error);
}

bool
hk_report_expire(hk_flow *flow, int64_t id, GError **error)
{
	g_auto(hk_report_row) row = {0};

	if (!hk_reports_lock(flow->db, id, &row, error) ||
		!hk_report_move(flow, &row, "expire", error)) {
		return false;
	}
	row.due_ms = 0;
	hk_report_note(flow, "expire", &row, NULL);
	return hk_reports_update(flow->db, &row, error);
}

/* ---- channels ---- */

static void
note_channel(hk_flow *flow, const char *act, const char *name, const char *why)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "name", name);
	if (why) {
		hk_jsonw_member_str(data, "why", why);
	}
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, act, "channel", 0, 0, data->str);
}

bool
hk_channel_close(hk_flow *flow, const char *name, const char *why, GError **error)
{
	g_auto(hk_channel_row) row = {0};

	if (!hk_channels_get(flow->db, name, &row, error)) {
		return false;
	}
	if (strcmp(row.state, "open") != 0) {
		return true;
	}
	note_channel(flow, "channel.close", name, why);
	return hk_channels_set(flow->db, name, "closed", why, error) &&
	       hk_notice_say(flow, "channel.closed", 0, 0, "channel", name, error);
}

/* What waited for the channel need not wait to the end of its pause. */
static bool
wake(hk_flow *flow, const char *name, const char *state, GError **error)
{
	const hk_reports_ask ask = {.channel = name, .state = state, .limit = WOKEN_MAX};
	g_autoptr(GArray) ids = NULL;

	if (!hk_reports_list(flow->db, &ask, &ids, error)) {
		return false;
	}
	for (unsigned i = 0; i < ids->len; i++) {
		g_auto(hk_report_row) row = {0};
		if (!hk_reports_get(flow->db, g_array_index(ids, int64_t, i), &row, error) ||
			(!hk_report_assisted(&row) &&
				!hk_report_job(flow, "send", &row, MAX(flow->now_ms, row.send_ms),
					error))) {
			return false;
		}
	}
	return true;
}

bool
hk_channel_set(hk_flow *flow, const char *name, const char *state, GError **error)
{
	static const char *const states[] = {"open", "off", NULL};

	if (!hk_check_word("state", state, states, error) || !hk_check_key("name", name, error)) {
		return false;
	}
	bool open = strcmp(state, "open") == 0;
	note_channel(flow, open ? "channel.open" : "channel.close", name, NULL);
	return hk_channels_set(flow->db, name, state, NULL, error) &&
	       (!open || (hk_notice_say(flow, "channel.open", 0, 0, "channel", name, error) &&
				 wake(flow, name, "approved", error) &&
				 wake(flow, name, "queued", error)));
}
