#include "flow/sweep.h"

#include "flow/case_int.h"
#include "flow/look.h"
#include "flow/monitor.h"
#include "flow/notice.h"
#include "store/c2.h"
#include "store/intakes.h"
#include "store/jobs.h"
#include "store/notices.h"
#include "store/runs.h"
#include "store/sweep.h"
#include "sys/gerr.h"

enum { BROKEN_AT_ONCE = 500, STAMPS_AT_ONCE = 500, MS_PER_HOUR = 3600000 };

typedef struct turn {
	const hk_job *job;
	bool stamps;
} turn;

static const hk_who program = {.login = "auto", .via = "work", .address = ""};

bool
hk_sweep_start(hk_flow *flow, GError **error)
{
	return hk_flow_job(flow, "sweep", "sweep", 0, NULL, flow->now_ms, error);
}

static bool
mark(hk_flow *flow, int64_t id, GError **error)
{
	g_auto(hk_case_work) work = {0};
	g_autoptr(GString) data = g_string_new(NULL);

	if (!hk_case_open_any(flow, id, 0, &work, error)) {
		return false;
	}
	/* Since it was found, somebody may have moved it. */
	if (!work.counted_was || work.row.due_ms == 0 || work.row.due_ms >= flow->now_ms ||
		work.row.breached) {
		return true;
	}
	work.row.breached = true;
	g_string_printf(data, "{\"clock\":\"%s\",\"due_ms\":%" G_GINT64_FORMAT "}",
		work.row.due_clock, work.row.due_ms);
	hk_case_note(flow, "case.breach", id, data->str);
	return hk_notice_say(flow, "case.breach", id, 0, "clock", work.row.due_clock, error) &&
	       hk_case_save(flow, &work, HK_CASE_STATE, false, error);
}

static bool
mark_all(hk_flow *flow, bool *ret_more, GError **error)
{
	g_autoptr(GArray) list = NULL;

	if (!hk_sweep_broken(flow->db, flow->now_ms, BROKEN_AT_ONCE, &list, error)) {
		return false;
	}
	for (unsigned i = 0; i < list->len; i++) {
		if (!mark(flow, g_array_index(list, int64_t, i), error)) {
			return false;
		}
	}
	*ret_more = list->len == BROKEN_AT_ONCE;
	return true;
}

/* Pieces of records (flow/c2), the same way. */
static bool
stamp_pieces(hk_flow *flow, GError **error)
{
	g_autoptr(GArray) list = NULL;

	if (!hk_c2_pieces_unstamped(flow->db, STAMPS_AT_ONCE, &list, error)) {
		return false;
	}
	for (unsigned i = 0; i < list->len; i++) {
		g_autofree char *key =
			g_strdup_printf("c2:%" G_GINT64_FORMAT, g_array_index(list, int64_t, i));
		if (!hk_flow_job(flow, "stamp", key, 0, NULL, flow->now_ms, error)) {
			return false;
		}
	}
	return true;
}

/* Runs from before there was an authority: their jobs are done, and said that there was none. */
static bool
stamp_late(hk_flow *flow, GError **error)
{
	g_autoptr(GArray) list = NULL;

	if (!hk_runs_unstamped(flow->db, STAMPS_AT_ONCE, &list, error)) {
		return false;
	}
	for (unsigned i = 0; i < list->len; i++) {
		const hk_run_key *run = &g_array_index(list, hk_run_key, i);
		g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, run->id);
		if (!hk_flow_job(flow, "stamp", key, run->case_id, NULL, flow->now_ms, error)) {
			return false;
		}
	}
	return stamp_pieces(flow, error);
}

/* The head goes into anchors before this transaction's own rows: those are in the next one. */
static bool
anchor(hk_flow *flow, GError **error)
{
	hk_event_head head;

	return hk_events_head(flow->db, &head, error) &&
	       (head.seq == 0 || hk_anchors_insert(flow->db, &head, flow->now_ms, error));
}

/* What was received in clear has its time; that it is over stands in the trail (rail 4). */
static bool
forget_sealed(hk_flow *flow, GError **error)
{
	int64_t count = 0;

	if (!hk_c2_sealed_forget(flow->db, flow->now_ms, &count, error)) {
		return false;
	}
	if (count > 0) {
		g_autofree char *data = g_strdup_printf("{\"count\":%" G_GINT64_FORMAT "}", count);
		hk_flow_note(flow, "c2.forget", "c2", 0, 0, data);
	}
	return true;
}

static bool
hourly(hk_flow *flow, GError **error)
{
	int64_t count;

	return forget_sealed(flow, error) && hk_sweep_forget(flow->db, flow->now_ms, error) &&
	       hk_jobs_forget(flow->db, flow->now_ms - HK_SWEEP_JOBS_MS, &count, error) &&
	       hk_intakes_empty(flow->db, flow->now_ms - HK_SWEEP_BODY_MS, &count, error) &&
	       hk_notices_forget(flow->db, flow->now_ms - HK_SWEEP_JOBS_MS, error) &&
	       hk_looks_forget(flow->db, flow->now_ms - HK_LOOK_KEPT_MS, &count, error) &&
	       hk_observations_forget(flow->db, flow->now_ms, &count, error) &&
	       hk_c2_sealed_forget(flow->db, flow->now_ms, &count, error) && anchor(flow, error);
}

static bool
sweep(hk_flow *flow, void *user, GError **error)
{
	const turn *t = user;
	bool more = false;
	int64_t anchored_ms;

	/* The first run of an hour, whenever in it that is: the database, or every worker, may have been away at its beginning. */
	return hk_sweep_anchored(flow->db, &anchored_ms, error) && mark_all(flow, &more, error) &&
	       (!t->stamps || stamp_late(flow, error)) &&
	       (anchored_ms >= flow->now_ms - flow->now_ms % MS_PER_HOUR || hourly(flow, error)) &&
	       hk_job_again(flow, t->job,
		       more ? flow->now_ms
			    : flow->now_ms - flow->now_ms % HK_SWEEP_EVERY_MS + HK_SWEEP_EVERY_MS,
		       error);
}

bool
hk_sweep_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	const hk_sweep_config *config = user;
	turn t = {.job = job, .stamps = config && config->stamps};

	return hk_flow_do(flow, &program, sweep, &t, error);
}
