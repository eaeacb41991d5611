#include "evidence/stamp.h"

#include "base/num.h"
#include "store/custody.h"
#include "store/runs.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/tsp.h"

static const hk_who program = {.login = "auto", .via = "work", .address = ""};

/* What is written in the end. */
typedef struct work {
	const hk_job *job;
	int64_t run_id, case_id;
	GBytes *token;    /* NULL: none */
	hk_tsp_info info; /* of the token */
	const char *why;  /* NULL with a token, and where there is nothing to stamp */
	bool done, write; /* the job is done; something is to be written */
} work;

static void
note(hk_flow *flow, const work *w)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "run");
	hk_jsonw_int(data, w->run_id);
	hk_jsonw_key(data, "time");
	hk_jsonw_time(data, w->info.at_ms / 1000);
	hk_jsonw_key(data, "signer");
	hk_jsonw_str(data, w->info.signer);
	hk_jsonw_key(data, "serial");
	hk_jsonw_str(data, w->info.serial);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "run.stamp", "run", w->run_id, w->case_id, data->str);
}

static bool
finish(hk_flow *flow, void *user, GError **error)
{
	const work *w = user;
	gsize len = 0;
	const void *data = w->token ? g_bytes_get_data(w->token, &len) : NULL;

	if (w->write &&
		!hk_runs_stamp(hk_flow_db(flow), w->run_id, hk_span_of(data, len), w->why, error)) {
		return false;
	}
	if (w->token) {
		note(flow, w);
	}
	return !w->done || hk_job_done(flow, w->job, error);
}

/* The reason is kept where people look; the error itself is the queue's. */
static bool
fail(hk_flow *flow, work *w, GError *why, GError **error)
{
	GError *inner = NULL;

	w->why = why->message;
	w->write = true;
	if (!hk_flow_do(flow, &program, finish, w, &inner)) {
		g_error_free(inner); /* what went wrong first is what is told */
	}
	g_propagate_error(error, why);
	return false;
}

static bool
ask(hk_flow *flow, const hk_stamper *stamper, const uint8_t manifest[32], work *w, GError **error)
{
	g_autofree char *case_text = g_strdup_printf("%" G_GINT64_FORMAT, w->case_id);
	const hk_tsp_config config = {.url = stamper->url,
		.ca_file = stamper->ca_file,
		.policy = stamper->policy,
		.case_id = case_text,
		.egress = stamper->egress};
	GError *why = NULL;

	w->token = hk_tsp_stamp(&config, manifest, &why);
	if (w->token) {
		gsize len;
		const void *data = g_bytes_get_data(w->token, &len);
		if (!hk_tsp_verify(
			    hk_span_of(data, len), manifest, stamper->ca_file, &w->info, &why)) {
			g_clear_pointer(&w->token, g_bytes_unref);
		}
	}
	if (!w->token) {
		return fail(flow, w, why, error);
	}
	w->done = w->write = true;
	return hk_flow_do(flow, &program, finish, w, error);
}

bool
hk_stamp_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	const hk_stamper *stamper = user;
	g_auto(hk_run_row) run = {0};
	work w = {.job = job};
	uint64_t id;
	bool stamped;

	if (hk_parse_u64(hk_span_str(job->key), INT64_MAX, &id) != HK_OK) {
		return hk_error_set(
			error, HK_EFORM, "the job's key is no number of a run: %s", job->key);
	}
	w.run_id = (int64_t)id;
	if (!hk_runs_get(hk_flow_db(flow), w.run_id, &run, error) ||
		!hk_custody_stamped(hk_flow_db(flow), w.run_id, &stamped, error)) {
		return false;
	}
	w.case_id = run.case_id;
	if (stamped || !run.has_manifest || !stamper || !stamper->url) {
		w.done = true;
		w.write = !stamped && run.has_manifest;
		w.why = "no time-stamping authority is configured (tsa)";
		return hk_flow_do(flow, &program, finish, &w, error);
	}
	bool good = ask(flow, stamper, run.manifest, &w, error);
	g_clear_pointer(&w.token, g_bytes_unref);
	return good;
}
