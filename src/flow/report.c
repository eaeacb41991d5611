/* Drafts and approvals: what people do with a report before it leaves. What happens when it leaves: report_send.c. */
#include "flow/report.h"

#include <string.h>

#include "flow/check.h"
#include "flow/people.h"
#include "flow/report_int.h"
#include "flow/victim.h"
#include "store/jobs.h"
#include "store/letter_templates.h"
#include "store/settings.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY  (24 * MS_PER_HOUR)

enum { LETTER_CHARS_MAX = 50000 };

const hk_stop_row hk_stop_rows[HK_STOP_COUNT] = {
#define STOP(id, text, how, en, ja) [HK_STOPS_##id] = {text, HK_STOP_##how, en, ja},
#include "flow/stops.def"
#undef STOP
};

/* What only the caller of hk_report_draft can tell. */
#define BY_DRAFTER                                                                                 \
	(1u << HK_STOPS_OWN | 1u << HK_STOPS_ALLOWED | 1u << HK_STOPS_RECIPIENT |                  \
		1u << HK_STOPS_VICTIM)

hk_stop
hk_stop_find(const char *text)
{
	unsigned i = 0;

	while (i < HK_STOP_COUNT && strcmp(hk_stop_rows[i].text, text) != 0) {
		i++;
	}
	return (hk_stop)i;
}

void
hk_stops_json(unsigned stops, GString *out)
{
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < HK_STOP_COUNT; i++) {
		if (stops & 1u << i) {
			hk_jsonw_str(out, hk_stop_rows[i].text);
		}
	}
	hk_jsonw_close(out, ']');
}

unsigned
hk_stops_of(hk_stop_how how)
{
	unsigned stops = 0;

	for (unsigned i = 0; i < HK_STOP_COUNT; i++) {
		stops |= hk_stop_rows[i].how == how ? 1u << i : 0;
	}
	return stops;
}

/* The first of them, for an error. */
static const hk_stop_row *
first_of(unsigned stops)
{
	unsigned i = 0;

	while (i + 1 < HK_STOP_COUNT && !(stops & 1u << i)) {
		i++;
	}
	return &hk_stop_rows[i];
}

bool
hk_report_able(const char *state)
{
	static const char *const states[] = {"confirmed", "reported", "resurrected", NULL};

	return g_strv_contains(states, state);
}

static bool
volume(hk_flow *flow, const hk_report_row *row, bool *ret_over, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);
	int64_t all, one;

	if (!policy ||
		!hk_reports_volume(flow->db, flow->now_ms - MS_PER_HOUR, NULL, NULL, &all, error) ||
		!hk_reports_volume(flow->db, flow->now_ms - MS_PER_DAY, row->channel,
			row->recipient, &one, error)) {
		return false;
	}
	/* A report that is on its way already is one of those counted. */
	int64_t own = strcmp(row->state, "queued") == 0;
	*ret_over = all - own >= policy->takedown.per_hour ||
		    (strcmp(row->channel, "mail") == 0 &&
			    one - own >= policy->takedown.per_recipient_day);
	return true;
}

/* Of one that is kept; one that is being drafted is looked at by its drafter's sites. */
static bool
names_victim(hk_flow *flow, int64_t id, bool *ret, GError **error)
{
	g_autoptr(GPtrArray) urls = NULL;

	*ret = false;
	if (id != 0 && !hk_reports_sites(flow->db, id, &urls, NULL, error)) {
		return false;
	}
	for (unsigned i = 0; urls && i < urls->len && !*ret; i++) {
		*ret = hk_victim_in_url(urls->pdata[i]);
	}
	return true;
}

/* Whether it may have been sent between a backup and its restore (store/settings.h). */
static bool
sent_before(hk_flow *flow, const hk_report_row *row, const hk_case_row *of_case, bool *ret,
	GError **error)
{
	hk_restored restored;
	int64_t seen_ms = of_case->clocks[HK_CLOCK_FIRST_SEEN];
	int64_t drafted_ms = row->drafted_ms ? row->drafted_ms : flow->now_ms;

	if (!hk_restored_get(flow->db, &restored, error)) {
		return false;
	}
	*ret = drafted_ms < restored.until_ms ||
	       (seen_ms < restored.at_ms && drafted_ms < restored.at_ms + HK_RESTORED_SITES_MS);
	return true;
}

bool
hk_report_stops(hk_flow *flow, const hk_report_row *row, const hk_case_row *of_case, unsigned *ret,
	GError **error)
{
	g_auto(hk_channel_row) channel = {0};
	bool known = true, bounced = false, victim, over, before;
	int64_t unfit = 0;

	if ((strcmp(row->channel, "mail") == 0 &&
		    !hk_recipients_known(
			    flow->db, row->channel, row->recipient, &known, &bounced, error)) ||
		!hk_channels_get(flow->db, row->channel, &channel, error) ||
		!hk_reports_unfit(flow->db, row->id, &unfit, error) ||
		!names_victim(flow, row->id, &victim, error) || !volume(flow, row, &over, error) ||
		!sent_before(flow, row, of_case, &before, error)) {
		return false;
	}
	/* What is looked at once more when it has gone may be gone. */
	bool able = hk_report_able(of_case->state) ||
		    (hk_report_is_after(row) && strcmp(of_case->state, "down") == 0);
	const struct {
		hk_stop stop;
		bool holds;
	} found[] = {{HK_STOPS_CASE, of_case->deleted_ms != 0 || unfit != 0 || !able},
		{HK_STOPS_EVIDENCE, of_case->clocks[HK_CLOCK_EVIDENCE] == 0},
		{HK_STOPS_CONTENT, !row->has_content}, {HK_STOPS_FIRST, !known},
		{HK_STOPS_BOUNCED, bounced}, {HK_STOPS_VICTIM, victim}, {HK_STOPS_RESTORED, before},
		{HK_STOPS_VOLUME, over}, {HK_STOPS_CHANNEL, strcmp(channel.state, "open") != 0}};
	unsigned stops = row->stops & BY_DRAFTER;
	for (size_t i = 0; i < G_N_ELEMENTS(found); i++) {
		stops |= found[i].holds ? 1u << found[i].stop : 0;
	}
	*ret = stops;
	return true;
}

bool
hk_report_job(
	hk_flow *flow, const char *stage, const hk_report_row *row, int64_t due_ms, GError **error)
{
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, row->id);

	return hk_flow_job(flow, stage, key, row->case_id, NULL, due_ms, error);
}

void
hk_report_note(hk_flow *flow, const char *act, const hk_report_row *row, const char *why)
{
	g_autofree char *name = g_strconcat("report.", act, NULL);
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "channel", row->channel);
	hk_jsonw_member_str(data, "recipient", row->recipient);
	hk_jsonw_key(data, "digest");
	hk_jsonw_hex(data, hk_span_of(row->digest, sizeof row->digest));
	if (row->policy) {
		hk_jsonw_member_str(data, "policy", row->policy);
	}
	if (why) {
		hk_jsonw_member_str(data, "why", why);
	}
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, name, "report", row->id, row->case_id, data->str);
}

static bool
no_move(const hk_report_row *row, const char *act, GError **error)
{
	return hk_error_set(error, HK_EPOLICY,
		"report %" G_GINT64_FORMAT " is %s: there is no move \"%s\" from there", row->id,
		row->state, act);
}

bool
hk_report_assisted(const hk_report_row *row)
{
	return strstr(row->request, "\"way\":\"assisted\"") != NULL;
}

bool
hk_report_move(hk_flow *flow, hk_report_row *row, const char *act, GError **error)
{
	const hk_move *move = hk_move_find(HK_MACHINE_REPORT, row->state, act);
	const struct {
		const char *clock;
		int64_t *ms;
	} clocks[] = {{"approved_ms", &row->approved_ms}, {"sent_ms", &row->sent_ms},
		{"acknowledged_ms", &row->acknowledged_ms}, {"ended_ms", &row->ended_ms}};

	if (!move) {
		return no_move(row, act, error);
	}
	/* Who answers late shows that it had not ended when we thought so. */
	row->ended_ms = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(clocks); i++) {
		if (strcmp(move->clock, clocks[i].clock) == 0 && *clocks[i].ms == 0) {
			*clocks[i].ms = flow->now_ms;
		}
	}
	g_free(row->state);
	row->state = g_strdup(move->to);
	return true;
}

/* ---- drafts ---- */

static bool
own_brand(hk_flow *flow, const hk_case_row *row, bool *ret, GError **error)
{
	g_autoptr(hk_target_row) target = NULL;

	if (row->target_id != 0 && !hk_lookup_target_id(flow->db, row->target_id, &target, error)) {
		return false;
	}
	*ret = target && target->own;
	return true;
}

/* From now on it leaves when its undo window is over. */
static bool
let_go(hk_flow *flow, hk_report_row *row, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);

	if (!policy || !hk_report_move(flow, row, "approve", error)) {
		return false;
	}
	row->send_ms = flow->now_ms + policy->takedown.undo_ms;
	hk_report_note(flow, "approve", row, NULL);
	return hk_reports_update(flow->db, row, error) &&
	       (hk_report_assisted(row) || hk_report_job(flow, "send", row, row->send_ms, error)) &&
	       hk_report_stamp(flow, row, HK_CLOCK_APPROVED, error);
}

/* A policy was written for the words that were there: what somebody has made of them since is seen by a second person, or the setting is saved again. */
static bool
other_words(hk_flow *flow, const hk_report_row *row, bool *ret, GError **error)
{
	int64_t changed = 0;

	if ((hk_report_assisted(row) || strstr(row->request, "\"way\":\"mail\"")) &&
		!hk_letter_templates_after(flow->db, "takedown", &changed, error)) {
		return false;
	}
	*ret = changed > 0;
	return true;
}

/* A policy of the house may approve the class that the draft is of. */
static bool
by_policy(hk_flow *flow, hk_report_row *row, const hk_case_row *of_case, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);
	hk_takedown_ask ask = {.kind = of_case->kind,
		.channel = row->channel,
		.recipient = row->kind,
		.score = of_case->score};

	bool other;
	if (!policy || !own_brand(flow, of_case, &ask.own, error) ||
		!other_words(flow, row, &other, error)) {
		return false;
	}
	const hk_takedown_rule *rule = hk_takedown_rule_for(&policy->takedown, &ask);
	if (!rule || row->stops || other) {
		return true;
	}
	g_free(row->policy);
	row->policy = g_strdup(rule->name);
	row->sample = g_random_double() < rule->sample;
	return let_go(flow, row, error);
}

/* A new one. row's strings are the caller's: those that the flow sets are its own. */
static bool
add_draft(hk_flow *flow, hk_report_row *row, const hk_case_row *of_case,
	const hk_report_site *sites, size_t count, GError **error)
{
	row->drafted_ms = flow->now_ms;
	row->state = g_strdup("drafted");
	row->policy = NULL;
	if (!hk_report_stops(flow, row, of_case, &row->stops, error)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		row->stops |= hk_victim_in_url(sites[i].url) ? 1u << HK_STOPS_VICTIM : 0;
	}
	if (!hk_reports_add(flow->db, row, sites, count, error)) {
		return false;
	}
	hk_report_note(flow, "draft", row, NULL);
	return by_policy(flow, row, of_case, error);
}

bool
hk_report_draft(hk_flow *flow, hk_report_row *row, const hk_report_site *sites, size_t count,
	int64_t *ret_id, GError **error)
{
	g_auto(hk_case_row) of_case = {0};

	/* Locked: two that draft the same at the same time stand in line. */
	if (!hk_cases_lock(flow->db, row->case_id, &of_case, error)) {
		return false;
	}
	if (strcmp(row->step, "followup") != 0) {
		if (!hk_reports_find(flow->db, row->case_id, row->channel, row->recipient,
			    row->step, row->round, ret_id, error)) {
			return false;
		}
		if (*ret_id != 0) {
			return true;
		}
	}
	hk_report_row draft = *row;
	draft.id = 0;
	bool good = add_draft(flow, &draft, &of_case, sites, count, error);
	g_free(draft.state);
	g_free(draft.policy);
	if (good) {
		row->id = *ret_id = draft.id;
		row->stops = draft.stops;
		row->approved_ms = draft.approved_ms;
	}
	return good;
}

/* The report, locked, and its case. */
static bool
open_report(hk_flow *flow, int64_t id, int64_t version, hk_report_row *row, GError **error)
{
	if (!hk_reports_lock(flow->db, id, row, error)) {
		return false;
	}
	return version == 0 || version == row->version ||
	       hk_error_set(error, HK_EINCONSISTENT,
		       "report %" G_GINT64_FORMAT
		       " was changed meanwhile (version %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT
		       ")",
		       id, row->version, version);
}

static bool
must_be_draft(const hk_report_row *row, GError **error)
{
	return strcmp(row->state, "drafted") == 0 ||
	       hk_error_set(error, HK_EPOLICY,
		       "report %" G_GINT64_FORMAT " is %s: only a draft is changed", row->id,
		       row->state);
}

static void
replace(char **place, const char *text)
{
	g_free(*place);
	*place = g_strdup(text);
}

bool
hk_report_rewrite(hk_flow *flow, int64_t id, const hk_report_row *fresh, GError **error)
{
	g_auto(hk_report_row) row = {0};
	g_auto(hk_case_row) of_case = {0};

	if (!open_report(flow, id, 0, &row, error) || !must_be_draft(&row, error) ||
		!hk_cases_get(flow->db, row.case_id, &of_case, error)) {
		return false;
	}
	replace(&row.title, fresh->title);
	replace(&row.request, fresh->request);
	replace(&row.type, fresh->type);
	row.has_content = fresh->has_content;
	row.bytes = fresh->bytes;
	memcpy(row.content, fresh->content, sizeof row.content);
	memcpy(row.digest, fresh->digest, sizeof row.digest);
	row.stops = fresh->stops;
	hk_report_note(flow, "edit", &row, NULL);
	return hk_report_stops(flow, &row, &of_case, &row.stops, error) &&
	       hk_reports_update(flow->db, &row, error);
}

bool
hk_report_edit(hk_flow *flow, int64_t id, int64_t version, const char *subject, const char *text,
	GError **error)
{
	g_auto(hk_report_row) row = {0};
	g_autoptr(GString) data = g_string_new(NULL);

	if (!hk_check_line("subject", subject, HK_NAME_MAX, error) ||
		!hk_check_text("text", text, LETTER_CHARS_MAX, error) ||
		!open_report(flow, id, version, &row, error) || !must_be_draft(&row, error)) {
		return false;
	}
	if (!strstr(row.request, "\"way\":\"mail\"")) {
		return hk_error_set(error, HK_EPOLICY,
			"text: what goes to %s is made of the case's facts and has no words of its "
			"own",
			row.channel);
	}
	row.has_content = false;
	row.stops |= 1u << HK_STOPS_CONTENT;
	row.proposer_id = flow->who.user_id;
	hk_report_note(flow, "edit", &row, NULL);
	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "subject", subject);
	hk_jsonw_member_str(data, "text", text);
	hk_jsonw_close(data, '}');
	g_autofree char *key = g_strdup_printf("report:%" G_GINT64_FORMAT, id);
	/* The words of an earlier edit that nobody has got to yet are not those that hold. */
	return hk_reports_update(flow->db, &row, error) &&
	       hk_jobs_revive_key(flow->db, "draft", key, flow->now_ms, error) &&
	       hk_flow_job(flow, "draft", key, row.case_id, data->str, flow->now_ms, error) &&
	       hk_jobs_data_set(flow->db, "draft", key, data->str, error);
}

/* ---- approval ---- */

static bool
may_approve(hk_flow *flow, const hk_report_row *row, const uint8_t digest[32], GError **error)
{
	if (flow->who.user_id == 0) {
		return hk_error_set(error, HK_EPOLICY, "a report is approved by a person");
	}
	if (row->proposer_id == flow->who.user_id) {
		return hk_error_set(error, HK_EPOLICY,
			"four eyes: you proposed report %" G_GINT64_FORMAT
			", so somebody else approves it",
			row->id);
	}
	return memcmp(digest, row->digest, sizeof row->digest) == 0 ||
	       hk_error_set(error, HK_EINCONSISTENT,
		       "report %" G_GINT64_FORMAT " is not what you saw any more: look at it again",
		       row->id);
}

static int
compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

bool
hk_report_stamp(hk_flow *flow, const hk_report_row *row, hk_clock clock, GError **error)
{
	g_autoptr(GPtrArray) urls = NULL;
	g_autoptr(GArray) cases = NULL;

	if (!hk_reports_sites(flow->db, row->id, &urls, &cases, error)) {
		return false;
	}
	/* Locked in one order, whoever asks. */
	g_array_sort(cases, compare_ids);
	for (unsigned i = 0; i < cases->len; i++) {
		g_auto(hk_case_work) work = {0};
		if (!hk_case_open_any(flow, g_array_index(cases, int64_t, i), 0, &work, error)) {
			return false;
		}
		if (work.row.clocks[clock] == 0) {
			work.row.clocks[clock] = flow->now_ms;
			if (!hk_case_save(flow, &work, HK_CASE_ALL, false, error)) {
				return false;
			}
		}
	}
	return true;
}

bool
hk_report_approve(
	hk_flow *flow, int64_t id, const uint8_t digest[32], unsigned agreed, GError **error)
{
	g_auto(hk_report_row) row = {0};
	g_auto(hk_case_row) of_case = {0};

	if (!open_report(flow, id, 0, &row, error)) {
		return false;
	}
	if (!hk_move_find(HK_MACHINE_REPORT, row.state, "approve")) {
		return no_move(&row, "approve", error);
	}
	if (!may_approve(flow, &row, digest, error) ||
		!hk_cases_get(flow->db, row.case_id, &of_case, error) ||
		!hk_report_stops(flow, &row, &of_case, &row.stops, error)) {
		return false;
	}
	unsigned against =
		row.stops & (hk_stops_of(HK_STOP_HARD) | (hk_stops_of(HK_STOP_ASK) & ~agreed));
	if (against) {
		const hk_stop_row *stop = first_of(against);
		return hk_error_set(error, HK_EPOLICY, "%s: %s", stop->text, stop->en);
	}
	row.stops &= ~hk_stops_of(HK_STOP_ASK);
	row.approver_id = flow->who.user_id;
	return let_go(flow, &row, error);
}

/* ---- other acts of people ---- */

/* What may be taken back, or judged, only as long as nothing is leaving. A try that is not young any more and had not come to its last byte (its worker is gone, or its bytes cannot be read) is ended: so it never will. */
static bool
nothing_leaves(hk_flow *flow, const hk_report_row *row, GError **error)
{
	int64_t open = 0, begun_ms;
	bool committed;

	if (strcmp(row->state, "queued") != 0) {
		return true;
	}
	if (!hk_receipts_open(flow->db, row->id, &open, &committed, error)) {
		return false;
	}
	if (open == 0) {
		return true;
	}
	if (!hk_receipts_since(flow->db, open, &begun_ms, error)) {
		return false;
	}
	if (!committed && flow->now_ms >= begun_ms + HK_REPORT_YOUNG_MS) {
		return hk_report_close_try(flow, open, "again", "it was called back", error);
	}
	return hk_error_set(error, HK_EPOLICY,
		"report %" G_GINT64_FORMAT " is on its way this moment", row->id);
}

void
hk_report_unapprove(hk_report_row *row)
{
	row->approver_id = 0;
	row->approved_ms = row->send_ms = 0;
	row->sample = 0;
	g_clear_pointer(&row->policy, g_free);
}

static bool
act_undo(hk_flow *flow, hk_report_row *row, GError **error)
{
	(void)flow;
	(void)error;
	hk_report_unapprove(row);
	return true;
}

/* What is not sent needs no review. */
static bool
act_drop(hk_flow *flow, hk_report_row *row, GError **error)
{
	(void)flow;
	(void)error;
	row->sample = 0;
	return true;
}

static bool
act_requeue(hk_flow *flow, hk_report_row *row, GError **error)
{
	return hk_report_job(flow, "send", row, flow->now_ms, error);
}

/* What a person hands in is held up by the same stops as what leaves by itself, but for those that only wait: they are about what we send. */
static bool
may_hand(hk_flow *flow, const hk_report_row *row, GError **error)
{
	g_auto(hk_case_row) of_case = {0};
	unsigned stops;

	if (strcmp(row->state, "approved") != 0 || !hk_report_assisted(row)) {
		return true;
	}
	const hk_policy *policy = hk_flow_policy(flow, error);
	if (!policy || !hk_cases_get(flow->db, row->case_id, &of_case, error) ||
		!hk_report_stops(flow, row, &of_case, &stops, error)) {
		return false;
	}
	unsigned against = stops & hk_stops_of(HK_STOP_HARD);
	if (against) {
		const hk_stop_row *stop = first_of(against);
		return hk_error_set(error, HK_EPOLICY, "%s: %s", stop->text, stop->en);
	}
	return !row->policy || hk_takedown_allows(&policy->takedown, row->policy) ||
	       hk_error_set(
		       error, HK_EPOLICY, "policy: %s, which allowed it, was stopped", row->policy);
}

bool
hk_report_act(hk_flow *flow, int64_t id, int64_t version, const char *act, const char *note,
	GError **error)
{
	static const struct {
		const char *act;
		bool (*also)(hk_flow *flow, hk_report_row *row, GError **error);
		bool answer; /* what the other side did: hk_report_answer knows what follows */
		const char *class;
	} acts[] = {{"undo", act_undo, false, NULL}, {"drop", act_drop, false, NULL},
		{"requeue", act_requeue, false, NULL}, {"send", NULL, false, NULL},
		{"refuse", NULL, false, NULL}, {"acknowledge", NULL, true, "acknowledged"},
		{"action", NULL, true, "actioned"}, {"reject", NULL, true, "refused"},
		{"bounce", NULL, true, "bounced"}, {"expire", NULL, false, NULL}};
	g_auto(hk_report_row) row = {0};
	size_t i = 0;

	while (i < G_N_ELEMENTS(acts) && strcmp(acts[i].act, act) != 0) {
		i++;
	}
	if (i == G_N_ELEMENTS(acts)) {
		return hk_error_set(
			error, HK_EFORM, "act: there is no act \"%s\" of a report", act);
	}
	if ((note && !hk_check_line("note", note, HK_NAME_MAX, error)) ||
		!open_report(flow, id, version, &row, error) ||
		!nothing_leaves(flow, &row, error)) {
		return false;
	}
	if (strcmp(act, "send") == 0) {
		if (!may_hand(flow, &row, error)) {
			return false;
		}
		/* What is queued is sent by its worker: nobody's word makes it sent. */
		return strcmp(row.state, "queued") == 0 ? no_move(&row, act, error)
							: hk_report_handed(flow, &row, note, error);
	}
	if (acts[i].answer) {
		if (!hk_move_find(HK_MACHINE_REPORT, row.state, act)) {
			return no_move(&row, act, error);
		}
		return hk_report_answer(flow, id, acts[i].class, NULL, note, error);
	}
	if (!hk_report_move(flow, &row, act, error)) {
		return false;
	}
	row.due_ms = 0;
	if (note) {
		replace(&row.why, note);
	}
	hk_report_note(flow, act, &row, note);
	return (!acts[i].also || acts[i].also(flow, &row, error)) &&
	       hk_reports_update(flow->db, &row, error);
}

/* A policy that let a bad one through lets nothing through until somebody has mended it. */
static bool
stop_policy(hk_flow *flow, const char *name, GError **error)
{
	g_autoptr(GString) value = g_string_new(NULL);

	/* Locked before it is read: what somebody else changes just now is not undone. */
	if (!hk_db_lock(flow->db, "settings", error) || !hk_flow_policy(flow, error)) {
		return false;
	}
	/* flow's own copy: the setting is read anew by whoever comes next. */
	hk_takedown *t = &flow->policy.takedown;
	if (!hk_takedown_stop(t, name)) {
		return true; /* it is gone already */
	}
	hk_takedown_json(t, value);
	/* Who stops one policy has not looked at the words of letters for the others: other_words(). */
	int64_t was_ms;
	return hk_settings_when(flow->db, "takedown", &was_ms, error) &&
	       hk_setting_put(flow, "takedown", -1, value->str, error) &&
	       hk_settings_date(flow->db, "takedown", was_ms, error);
}

bool
hk_report_sample(hk_flow *flow, int64_t id, bool good, const char *note, GError **error)
{
	g_auto(hk_report_row) row = {0};

	if ((note && !hk_check_line("note", note, HK_NAME_MAX, error)) ||
		!open_report(flow, id, 0, &row, error)) {
		return false;
	}
	if (row.sample != 1) {
		return hk_error_set(error, HK_EPOLICY,
			"report %" G_GINT64_FORMAT " does not wait for a review", id);
	}
	row.sample = good ? 2 : 3;
	hk_report_note(flow, "sample", &row, note);
	return hk_reports_update(flow->db, &row, error) &&
	       (good || stop_policy(flow, row.policy, error));
}
