#include "flow/evidence.h"

#include <string.h>

#include "flow/case_int.h"
#include "flow/check.h"
#include "flow/report.h"
#include "flow/states.h"
#include "store/jobs.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"

enum { URL_MAX = 8192 };

const char *const hk_plans[] = {"quick", "standard", "full", NULL};

static bool
job_of(hk_flow *flow, const char *stage, int64_t key, int64_t case_id, int64_t due_ms,
	GError **error)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, key);

	return hk_flow_job(flow, stage, text, case_id, NULL, due_ms, error);
}

/* A person who asks once more puts a dead letter back: its key is taken as long as it lies there, and nothing would come of the wish. */
static bool
wish(hk_flow *flow, const char *stage, int64_t key, GError **error)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, key);

	return hk_jobs_revive_key(flow->db, stage, text, hk_flow_now(flow), error);
}

static bool
add_run(hk_flow *flow, int64_t case_id, const char *url, const char *plan, const char *asked,
	int64_t due_ms, int64_t *ret_run, GError **error)
{
	hk_run_row run = {.case_id = case_id,
		.url = (char *)(uintptr_t)url,
		.plan = (char *)(uintptr_t)plan,
		.asked = (char *)(uintptr_t)asked,
		.asked_ms = hk_flow_now(flow)};

	return hk_runs_open(flow->db, case_id, url, plan, ret_run, error) &&
	       (*ret_run != 0 || hk_runs_add(flow->db, &run, ret_run, error)) &&
	       job_of(flow, "capture", *ret_run, case_id, due_ms, error);
}

/* What a browser can be sent to: the URL, else the host's front page. Caller frees. NULL: nothing. */
static char *
place_of(const hk_case_row *row)
{
	return row->url    ? g_strdup(row->url)
	       : row->host ? g_strdup_printf("https://%s/", row->host)
			   : NULL;
}

static void
note_asked(hk_flow *flow, int64_t case_id, int64_t run, const char *url, const char *plan)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "run");
	hk_jsonw_int(data, run);
	hk_jsonw_key(data, "url");
	hk_jsonw_str(data, url);
	hk_jsonw_key(data, "plan");
	hk_jsonw_str(data, plan);
	hk_jsonw_close(data, '}');
	hk_case_note(flow, "case.capture", case_id, data->str);
}

bool
hk_evidence_ask(hk_flow *flow, int64_t case_id, const char *url, const char *plan, int64_t *ret_run,
	GError **error)
{
	g_auto(hk_case_work) work = {0};
	int64_t run;

	if (!hk_check_word("plan", plan, hk_plans, error) ||
		(url && !hk_check_line("url", url, URL_MAX, error)) ||
		!hk_case_open(flow, case_id, 0, &work, error)) {
		return false;
	}
	g_autofree char *place = url ? g_strdup(url) : place_of(&work.row);
	if (!place) {
		return hk_error_set(
			error, HK_EFORM, "url: the case has none; name the URL to be secured");
	}
	if (!add_run(flow, case_id, place, plan, flow->who.login, flow->now_ms, &run, error) ||
		!wish(flow, "capture", run, error)) {
		return false;
	}
	note_asked(flow, case_id, run, place, plan);
	*ret_run = run;
	return true;
}

bool
hk_enrich_ask(hk_flow *flow, int64_t case_id, GError **error)
{
	g_auto(hk_case_work) work = {0};

	if (!hk_case_open(flow, case_id, 0, &work, error)) {
		return false;
	}
	if (!work.row.host) {
		return hk_error_set(error, HK_EFORM, "host: the case has none to ask about");
	}
	hk_case_note(flow, "case.enrich", case_id, NULL);
	return job_of(flow, "enrich", case_id, case_id, flow->now_ms, error) &&
	       wish(flow, "enrich", case_id, error);
}

/* S37's ticks of the form: what was ticked is done whatever the policy says. */
static void
wants_of(const char *wants, bool *ret_capture, bool *ret_enrich)
{
	static const struct {
		const char *word;
		bool capture;
	} words[] = {{"\"html\"", true}, {"\"screenshot\"", true}, {"\"certificate\"", false},
		{"\"address\"", false}, {"\"whois\"", false}};

	for (size_t i = 0; wants && i < G_N_ELEMENTS(words); i++) {
		if (strstr(wants, words[i].word)) {
			*(words[i].capture ? ret_capture : ret_enrich) = true;
		}
	}
}

bool
hk_evidence_want(hk_flow *flow, const hk_case_row *row, bool first, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);
	g_autofree char *place = place_of(row);
	int64_t due_ms = flow->now_ms - (first ? HK_EVIDENCE_FIRST_MS : 0);
	int64_t run;

	if (!policy) {
		return false;
	}
	/* What an import says of last year is history: nobody is there any more. */
	bool fresh = row->last_seen_ms >= flow->now_ms - policy->evidence_age_ms;
	bool finished = strcmp(row->state, "out_of_scope") == 0;
	bool capture = policy->evidence_capture && fresh && !finished;
	bool enrich = policy->evidence_enrich && fresh && !finished;
	wants_of(row->wants, &capture, &enrich);
	if (capture && place &&
		!add_run(
			flow, row->id, place, policy->evidence_plan, "auto", due_ms, &run, error)) {
		return false;
	}
	return !enrich || !row->host || job_of(flow, "enrich", row->id, row->id, due_ms, error);
}

static bool
save_variant(hk_flow *flow, int64_t run_id, int64_t position, const hk_evidence_variant *v,
	GError **error)
{
	hk_capture_row row = v->capture;
	int64_t id;

	row.run_id = run_id;
	row.position = position;
	if (!hk_captures_add(flow->db, &row, &id, error)) {
		return false;
	}
	for (size_t i = 0; i < v->artefact_count; i++) {
		if (!hk_artefacts_add(flow->db, id, (int64_t)i, &v->artefacts[i], error)) {
			return false;
		}
	}
	return true;
}

static void
note_saved(hk_flow *flow, const hk_evidence *e, int64_t case_id)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "run");
	hk_jsonw_int(data, e->run_id);
	if (e->why) {
		hk_jsonw_key(data, "why");
		hk_jsonw_str(data, e->why);
	} else {
		hk_jsonw_key(data, "verdict");
		hk_jsonw_str(data, e->verdict);
		hk_jsonw_key(data, "variants");
		hk_jsonw_int(data, (int64_t)e->variant_count);
	}
	if (e->manifest) {
		hk_jsonw_key(data, "manifest");
		hk_jsonw_hex(data, hk_span_of(e->manifest, 32));
	}
	hk_jsonw_close(data, '}');
	hk_flow_note(
		flow, e->why ? "run.fail" : "run.finish", "run", e->run_id, case_id, data->str);
}

/* The case itself: its picture, and since when it is secured. A case that was deleted or merged meanwhile keeps its rows; there is
 * nothing to show on it. */
static bool
save_case(hk_flow *flow, const hk_evidence *e, int64_t case_id, GError **error)
{
	g_auto(hk_case_work) work = {0};

	if (!hk_case_open_any(flow, case_id, 0, &work, error)) {
		return false;
	}
	if (e->picture) {
		memcpy(work.row.capture, e->picture, sizeof work.row.capture);
		work.row.has_capture = true;
	}
	if (!e->why && work.row.clocks[HK_CLOCK_EVIDENCE] == 0) {
		work.row.clocks[HK_CLOCK_EVIDENCE] = flow->now_ms;
	}
	/* What was confirmed and waited for this can be reported now. */
	return hk_case_save(flow, &work, HK_CASE_ALL, false, error) &&
	       (e->why || work.row.deleted_ms != 0 ||
		       hk_report_want(flow, case_id, work.row.state, error));
}

bool
hk_evidence_save(hk_flow *flow, const hk_evidence *e, GError **error)
{
	g_auto(hk_run_row) was = {0};
	hk_run_row row = {.id = e->run_id,
		.state = (char *)(uintptr_t)(e->why ? "failed" : "done"),
		.why = (char *)(uintptr_t)e->why,
		.verdict = (char *)(uintptr_t)e->verdict,
		.dimensions = (char *)(uintptr_t)e->dimensions,
		.diff = (char *)(uintptr_t)e->diff,
		.has_manifest = e->manifest != NULL,
		.done_ms = flow->now_ms};

	if (e->manifest) {
		memcpy(row.manifest, e->manifest, sizeof row.manifest);
	}
	if (!hk_runs_get(flow->db, e->run_id, &was, error) ||
		!hk_runs_finish(flow->db, &row, error)) {
		return false;
	}
	for (size_t i = 0; i < e->variant_count; i++) {
		if (!save_variant(flow, e->run_id, (int64_t)i, &e->variants[i], error)) {
			return false;
		}
	}
	for (size_t i = 0; i < e->pivot_count; i++) {
		if (!hk_pivots_put(flow->db, was.case_id, e->pivots[i].kind, e->pivots[i].key,
			    flow->now_ms, error)) {
			return false;
		}
	}
	note_saved(flow, e, was.case_id);
	return save_case(flow, e, was.case_id, error) &&
	       (!e->manifest || job_of(flow, "stamp", e->run_id, was.case_id, flow->now_ms, error));
}

const hk_factkind hk_factkinds[] = {
#define FACT(text, pivot, en, ja) {text, pivot, en, ja},
#include "flow/factkinds.def"
#undef FACT
};
const size_t hk_factkind_count = sizeof hk_factkinds / sizeof hk_factkinds[0];

const hk_factkind *
hk_factkind_find(const char *text)
{
	for (size_t i = 0; i < hk_factkind_count; i++) {
		if (strcmp(hk_factkinds[i].text, text) == 0) {
			return &hk_factkinds[i];
		}
	}
	return NULL;
}

static void
note_fact(hk_flow *flow, int64_t case_id, const char *act, const char *subject, const char *kind,
	const char *value, const GPtrArray *was)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "subject");
	hk_jsonw_str(data, subject);
	hk_jsonw_key(data, "kind");
	hk_jsonw_str(data, kind);
	if (value) {
		hk_jsonw_key(data, "value");
		hk_jsonw_str(data, value);
	}
	if (was) {
		hk_jsonw_strs(data, "gone", (const char *const *)was->pdata, was->len);
	}
	hk_jsonw_close(data, '}');
	hk_case_note(flow, act, case_id, data->str);
}

static bool
put_fact(hk_flow *flow, int64_t case_id, const hk_fact *fact, GError **error)
{
	const hk_factkind *kind = hk_factkind_find(fact->kind);
	hk_fact_how how;

	if (!kind) {
		return hk_error_set(error, HK_EFORM, "kind: there is no fact \"%s\"", fact->kind);
	}
	if (!hk_facts_put(flow->db, case_id, fact, flow->now_ms, &how, error)) {
		return false;
	}
	if (how != HK_FACT_SAME) {
		note_fact(flow, case_id, "case.fact", fact->subject, fact->kind, fact->value, NULL);
	}
	return *kind->pivot == '\0' ||
	       hk_pivots_put(flow->db, case_id, kind->pivot, fact->value, flow->now_ms, error);
}

bool
hk_facts_save(hk_flow *flow, int64_t case_id, const hk_fact *facts, size_t count,
	const hk_fact_scope *asked, size_t asked_count, GError **error)
{
	for (size_t i = 0; i < count; i++) {
		if (!put_fact(flow, case_id, &facts[i], error)) {
			return false;
		}
	}
	for (size_t i = 0; i < asked_count; i++) {
		g_autoptr(GPtrArray) gone = NULL;
		if (!hk_facts_gone(flow->db, case_id, asked[i].subject, asked[i].kind, flow->now_ms,
			    &gone, error)) {
			return false;
		}
		if (gone->len > 0) {
			note_fact(flow, case_id, "case.fact_changed", asked[i].subject,
				asked[i].kind, NULL, gone);
		}
	}
	/* Whom one could tell may be known now, or be somebody else. */
	g_auto(hk_case_row) row = {0};
	return hk_cases_get(flow->db, case_id, &row, error) &&
	       (row.deleted_ms != 0 || hk_report_want(flow, case_id, row.state, error));
}
