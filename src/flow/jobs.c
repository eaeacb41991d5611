#include "flow/jobs.h"

#include <string.h>

#include "flow/flow_int.h"
#include "store/jobs.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { BACKOFF_MAX_MS = 3600000, WHY_MAX = 1000, EXPIRED_AT_ONCE = 100 };

static const hk_who program = {.login = "auto", .via = "work", .address = ""};

void
hk_job_clear(hk_job *job)
{
	g_clear_pointer(&job->stage, g_free);
	g_clear_pointer(&job->key, g_free);
	g_clear_pointer(&job->data, g_free);
	g_clear_pointer(&job->owner, g_free);
	job->id = 0;
}

/* The first stages are few, so that a row is found by its own index range; which one comes first goes round, so that a flood of
 * one stage starves no other. */
static bool
wanted(const char *const *stages, const char *stage)
{
	return !stages || g_strv_contains(stages, stage);
}

static const hk_stage *
turn(const hk_flow *flow, size_t i)
{
	return &hk_stages[(flow->turn + i) % hk_stage_count];
}

static bool
anything(hk_flow *flow, const char *const *stages, int64_t now_ms, bool *ret, GError **error)
{
	bool found = false;

	if (!hk_jobs_late(flow->db, now_ms, &found, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_stage_count && !found; i++) {
		const hk_stage *stage = turn(flow, i);
		if (wanted(stages, stage->text) &&
			!hk_jobs_due(flow->db, stage->text, now_ms, &found, error)) {
			return false;
		}
	}
	*ret = found;
	return true;
}

/* What a reason may become in a row: one line of valid UTF-8. */
static char *
clean(const char *reason)
{
	g_autofree char *valid = g_utf8_make_valid(reason ? reason : "", -1);
	char *line = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), WHY_MAX));

	return g_strdelimit(line, "\n\r\t", ' ');
}

static bool
bury(hk_flow *flow, const hk_job_row *row, const char *why, bool *ret, GError **error)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "stage");
	hk_jsonw_str(data, row->stage);
	hk_jsonw_key(data, "key");
	hk_jsonw_str(data, row->key);
	hk_jsonw_key(data, "error");
	hk_jsonw_str(data, why);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "job.dead", "job", row->id, row->case_id, data->str);
	return hk_jobs_dead(flow->db, row->id, row->owner, row->lease_ms, why, ret, error);
}

/* Upkeep (attempts 0) is never given up: without it no clock would run and no anchor be put down, until somebody looks. */
static bool
is_last(const hk_stage *stage, int64_t attempts)
{
	return !stage || (stage->attempts > 0 && attempts >= stage->attempts);
}

/* A job that ends its worker each time must not do so for ever. */
static bool
give_back(hk_flow *flow, const hk_job_row *row, GError **error)
{
	const hk_stage *stage = hk_stage_find(row->stage);
	bool held;

	if (is_last(stage, row->attempts)) {
		return bury(flow, row, "the lease ran out each time: the worker ended or hung",
			&held, error);
	}
	return hk_jobs_back(flow->db, row->id, row->owner, row->lease_ms, flow->now_ms,
		"the lease ran out: the worker ended or hung", &held, error);
}

static bool
give_back_all(hk_flow *flow, GError **error)
{
	for (int i = 0; i < EXPIRED_AT_ONCE; i++) {
		hk_job_row row = {0};
		bool good = hk_jobs_expired(flow->db, flow->now_ms, &row, error);
		bool last = good && row.id == 0;
		good = good && (last || give_back(flow, &row, error));
		hk_job_row_clear(&row);
		if (!good || last) {
			return good;
		}
	}
	return true;
}

typedef struct claim {
	const char *owner;
	const char *const *stages;
	hk_job_row row;
} claim;

static bool
claim_one(hk_flow *flow, void *user, GError **error)
{
	claim *c = user;

	hk_job_row_clear(&c->row);
	if (!give_back_all(flow, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_stage_count && c->row.id == 0; i++) {
		const hk_stage *stage = turn(flow, i);
		if (wanted(c->stages, stage->text) &&
			!hk_jobs_lease(flow->db, stage->text, c->owner, flow->now_ms,
				stage->lease_ms, &c->row, error)) {
			return false;
		}
	}
	return true;
}

bool
hk_job_claim(
	hk_flow *flow, const char *owner, const char *const *stages, hk_job *ret, GError **error)
{
	claim c = {.owner = owner, .stages = stages};
	bool any;

	/* A look without a lock: who waits for work must not keep others from writing. */
	if (!anything(flow, stages, hk_clock_wall_ms(), &any, error)) {
		return false;
	}
	if (any) {
		flow->turn++;
	}
	if (any && !hk_flow_do(flow, &program, claim_one, &c, error)) {
		hk_job_row_clear(&c.row);
		return false;
	}
	*ret = (hk_job){.id = c.row.id,
		.case_id = c.row.case_id,
		.attempts = c.row.attempts,
		.lease_ms = c.row.lease_ms,
		.stage = c.row.stage,
		.key = c.row.key,
		.data = c.row.data,
		.owner = c.row.owner};
	return true;
}

static bool
still(bool good, bool held, const hk_job *job, GError **error)
{
	if (good && !held) {
		return hk_error_set(error, HK_EINCONSISTENT,
			"job %" G_GINT64_FORMAT " took too long: its lease ran out", job->id);
	}
	return good;
}

bool
hk_job_done(hk_flow *flow, const hk_job *job, GError **error)
{
	bool held = false;
	bool good = hk_jobs_done(
		flow->db, job->id, job->owner, job->lease_ms, flow->now_ms, &held, error);

	return still(good, held, job, error);
}

bool
hk_job_again(hk_flow *flow, const hk_job *job, int64_t due_ms, GError **error)
{
	bool held = false;
	bool good =
		hk_jobs_again(flow->db, job->id, job->owner, job->lease_ms, due_ms, &held, error);

	return still(good, held, job, error);
}

typedef struct failure {
	const hk_job *job;
	const char *why;
	bool permanent;
} failure;

static bool
fail_one(hk_flow *flow, void *user, GError **error)
{
	const failure *f = user;
	const hk_job *job = f->job;
	const hk_stage *stage = hk_stage_find(job->stage);
	bool held = false;
	bool good;

	if ((f->permanent && !(stage && stage->attempts == 0)) || is_last(stage, job->attempts)) {
		hk_job_row row = {.id = job->id,
			.case_id = job->case_id,
			.lease_ms = job->lease_ms,
			.stage = job->stage,
			.key = job->key,
			.owner = job->owner};
		good = bury(flow, &row, f->why, &held, error);
	} else {
		int64_t wait_ms = stage->backoff_ms;
		for (int64_t i = 1; i < job->attempts && wait_ms < BACKOFF_MAX_MS; i++) {
			wait_ms *= 2;
		}
		good = hk_jobs_back(flow->db, job->id, job->owner, job->lease_ms,
			flow->now_ms + MIN(wait_ms, BACKOFF_MAX_MS), f->why, &held, error);
	}
	return still(good, held, job, error);
}

bool
hk_job_failed(hk_flow *flow, const hk_job *job, const char *reason, bool permanent, GError **error)
{
	g_autofree char *why = clean(reason);
	failure f = {.job = job, .why = why, .permanent = permanent};

	return hk_flow_do(flow, &program, fail_one, &f, error);
}

typedef struct renewal {
	const hk_job *job;
	int64_t until_ms;
} renewal;

static bool
renew_one(hk_flow *flow, void *user, GError **error)
{
	renewal *r = user;
	const hk_stage *stage = hk_stage_find(r->job->stage);
	bool held = false;

	r->until_ms = MAX(flow->now_ms + (stage ? stage->lease_ms : 0), r->job->lease_ms + 1);
	bool good = hk_jobs_renew(
		flow->db, r->job->id, r->job->owner, r->job->lease_ms, r->until_ms, &held, error);
	return still(good, held, r->job, error);
}

bool
hk_job_renew(hk_flow *flow, hk_job *job, GError **error)
{
	renewal r = {.job = job};

	if (!hk_flow_do(flow, &program, renew_one, &r, error)) {
		return false;
	}
	job->lease_ms = r.until_ms;
	return true;
}

bool
hk_job_retry(hk_flow *flow, int64_t id, int64_t *ret_count, GError **error)
{
	int64_t count = 0;

	if (!hk_jobs_revive(flow->db, id, flow->now_ms, &count, error)) {
		return false;
	}
	if (id != 0 && count == 0) {
		return hk_error_set(
			error, HK_ENOENT, "job %" G_GINT64_FORMAT " is no dead letter", id);
	}
	g_autofree char *data = g_strdup_printf("{\"jobs\":%" G_GINT64_FORMAT "}", count);
	hk_flow_note(flow, "job.retry", "job", id, 0, data);
	if (ret_count) {
		*ret_count = count;
	}
	return true;
}
