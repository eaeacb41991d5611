/* What sets reports going, and what ends those that nobody needs any more: jobs of stage "draft", and drafts that are dropped. */
#include <string.h>

#include "flow/report_int.h"
#include "store/jobs.h"
#include "sys/gerr.h"
#include "sys/json.h"

enum { DATA_BYTES_MAX = 65536 };

/* Who asked in an earlier one that is not done: they stay its proposer (four eyes). *ret_is: there is one. */
static bool
join_earlier(hk_flow *flow, const char *key, int64_t *user_id, bool *ret_is, GError **error)
{
	g_autofree char *text = NULL;
	int64_t was = 0;

	if (!hk_jobs_data_get(flow->db, "draft", key, &text, error)) {
		return false;
	}
	*ret_is = text != NULL;
	if (!text) {
		return true;
	}
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(text), DATA_BYTES_MAX, error);
	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (hk_json_has(&root, "user") && !hk_json_i64(&root, "user", &was, error)) {
		return false;
	}
	*user_id = was ? was : *user_id;
	return true;
}

static bool
job_for_case(hk_flow *flow, int64_t case_id, int64_t user_id, GError **error)
{
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, case_id);
	bool earlier;

	if (!join_earlier(flow, key, &user_id, &earlier, error)) {
		return false;
	}
	g_autofree char *data = g_strdup_printf("{\"user\":%" G_GINT64_FORMAT "}", user_id);
	/* One that has failed for good is asked for anew. */
	return hk_jobs_revive_key(flow->db, "draft", key, flow->now_ms, error) &&
	       hk_flow_job(flow, "draft", key, case_id, data, flow->now_ms, error) &&
	       (!earlier || hk_jobs_data_set(flow->db, "draft", key, data, error));
}

bool
hk_report_ask(hk_flow *flow, int64_t case_id, GError **error)
{
	g_auto(hk_case_work) work = {0};

	if (!hk_case_open(flow, case_id, 0, &work, error)) {
		return false;
	}
	if (!hk_report_able(work.row.state)) {
		return hk_error_set(error, HK_EPOLICY,
			"case %" G_GINT64_FORMAT " is %s: only what is confirmed is reported",
			case_id, work.row.state);
	}
	return job_for_case(flow, case_id, flow->who.user_id, error);
}

bool
hk_report_want(hk_flow *flow, int64_t case_id, const char *state, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);

	return policy && (!policy->takedown.draft || !hk_report_able(state) ||
				 job_for_case(flow, case_id, 0, error));
}

bool
hk_report_missing(hk_flow *flow, GError **error)
{
	g_autoptr(GArray) ids = NULL;

	if (!hk_reports_missing(flow->db, HK_REPORT_MISSING_MAX, &ids, error)) {
		return false;
	}
	for (unsigned i = 0; i < ids->len; i++) {
		if (!hk_report_want(flow, g_array_index(ids, int64_t, i), "confirmed", error)) {
			return false;
		}
	}
	return true;
}

bool
hk_report_again(hk_flow *flow, int64_t case_id, const char *state, GError **error)
{
	return !hk_report_able(state) || job_for_case(flow, case_id, 0, error);
}

/* ---- dropped ---- */

bool
hk_report_drop(hk_flow *flow, hk_report_row *row, const char *why, GError **error)
{
	/* From "queued" there is no way but back. */
	if (strcmp(row->state, "queued") == 0 && !hk_report_move(flow, row, "undo", error)) {
		return false;
	}
	if (!hk_report_move(flow, row, "drop", error)) {
		return false;
	}
	hk_report_note(flow, "drop", row, why);
	row->due_ms = row->sample = 0;
	g_free(row->why);
	row->why = g_strdup(why);
	return hk_reports_update(flow->db, row, error);
}

bool
hk_report_is_after(const hk_report_row *row)
{
	return strcmp(row->step, "after") == 0;
}

bool
hk_report_wake_after(hk_flow *flow, int64_t case_id, GError **error)
{
	g_autoptr(GArray) ids = NULL;

	if (!hk_reports_after(flow->db, case_id, &ids, error)) {
		return false;
	}
	for (unsigned i = 0; i < ids->len; i++) {
		g_auto(hk_report_row) row = {0};
		if (!hk_reports_get(flow->db, g_array_index(ids, int64_t, i), &row, error) ||
			!hk_report_job(flow, "send", &row, MAX(row.send_ms, flow->now_ms), error)) {
			return false;
		}
	}
	return true;
}

bool
hk_report_drop_unsent(hk_flow *flow, int64_t case_id, const char *why, GError **error)
{
	g_autoptr(GArray) ids = NULL;
	bool down = strcmp(why, "down") == 0;

	if (!hk_reports_unsent(flow->db, case_id, &ids, error)) {
		return false;
	}
	for (unsigned i = 0; i < ids->len; i++) {
		g_auto(hk_report_row) row = {0};
		if (!hk_reports_lock(flow->db, g_array_index(ids, int64_t, i), &row, error)) {
			return false;
		}
		bool kept = down && hk_report_is_after(&row) && strcmp(row.state, "drafted") != 0;
		if (!kept && !hk_report_drop(flow, &row, why, error)) {
			return false;
		}
	}
	return !down || hk_report_wake_after(flow, case_id, error);
}
