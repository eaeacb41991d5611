#include "evidence/stamp.h"

#include <string.h>

#include "base/num.h"
#include "store/c2.h"
#include "store/custody.h"
#include "store/runs.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/tsp.h"

static const hk_who program = {.login = "auto", .via = "work", .address = ""};

typedef struct work work;

/* What is stamped: the manifest of a run of the browser, or a piece of a command channel's record. */
typedef struct kind {
	const char *before; /* of the job's key, before the number */
	const char *act, *object, *number;
	/* What there is to stamp: w->case_id, w->hash, w->nothing. */
	bool (*read)(hk_db *db, work *w, GError **error);
	bool (*write)(hk_db *db, int64_t id, hk_span token, const char *why, GError **error);
} kind;

/* What is written in the end. */
struct work {
	const hk_job *job;
	const kind *kind;
	int64_t id, case_id;
	uint8_t hash[32];
	bool nothing;     /* it is stamped, or there is nothing to stamp */
	GBytes *token;    /* NULL: none */
	hk_tsp_info info; /* of the token */
	const char *why;  /* NULL with a token, and where there is nothing to stamp */
	bool done, write; /* the job is done; something is to be written */
};

static bool
read_run(hk_db *db, work *w, GError **error)
{
	g_auto(hk_run_row) run = {0};
	bool stamped;

	if (!hk_runs_get(db, w->id, &run, error) ||
		!hk_custody_stamped(db, w->id, &stamped, error)) {
		return false;
	}
	w->case_id = run.case_id;
	w->nothing = stamped || !run.has_manifest;
	memcpy(w->hash, run.manifest, sizeof w->hash);
	return true;
}

static bool
read_piece(hk_db *db, work *w, GError **error)
{
	hk_c2_piece_row piece;
	bool stamped;

	if (!hk_c2_piece_get(db, w->id, &piece, &stamped, error)) {
		return false;
	}
	w->nothing = stamped;
	memcpy(w->hash, piece.sha256, sizeof w->hash);
	return true;
}

static const kind kinds[] = {
	{"c2:", "c2.stamp", "c2", "piece", read_piece, hk_c2_piece_stamp},
	{"", "run.stamp", "run", "run", read_run, hk_runs_stamp},
};

static void
note(hk_flow *flow, const work *w)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, w->kind->number);
	hk_jsonw_int(data, w->id);
	hk_jsonw_key(data, "time");
	hk_jsonw_time(data, w->info.at_ms / 1000);
	hk_jsonw_key(data, "signer");
	hk_jsonw_str(data, w->info.signer);
	hk_jsonw_key(data, "serial");
	hk_jsonw_str(data, w->info.serial);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, w->kind->act, w->kind->object, w->id, w->case_id, data->str);
}

static bool
finish(hk_flow *flow, void *user, GError **error)
{
	const work *w = user;
	gsize len = 0;
	const void *data = w->token ? g_bytes_get_data(w->token, &len) : NULL;

	if (w->write &&
		!w->kind->write(hk_flow_db(flow), w->id, hk_span_of(data, len), w->why, error)) {
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
ask(hk_flow *flow, const hk_stamper *stamper, work *w, GError **error)
{
	g_autofree char *case_text = g_strdup_printf("%" G_GINT64_FORMAT, w->case_id);
	const hk_tsp_config config = {.url = stamper->url,
		.ca_file = stamper->ca_file,
		.policy = stamper->policy,
		.case_id = w->case_id != 0 ? case_text : NULL,
		.egress = stamper->egress};
	GError *why = NULL;

	w->token = hk_tsp_stamp(&config, w->hash, &why);
	if (w->token) {
		gsize len;
		const void *data = g_bytes_get_data(w->token, &len);
		if (!hk_tsp_verify(
			    hk_span_of(data, len), w->hash, stamper->ca_file, &w->info, &why)) {
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
	work w = {.job = job};
	uint64_t id;

	for (size_t i = 0; i < G_N_ELEMENTS(kinds) && !w.kind; i++) {
		if (g_str_has_prefix(job->key, kinds[i].before)) {
			w.kind = &kinds[i];
		}
	}
	if (hk_parse_u64(hk_span_str(job->key + strlen(w.kind->before)), INT64_MAX, &id) != HK_OK) {
		return hk_error_set(error, HK_EFORM,
			"the job's key is no number of a run or piece: %s", job->key);
	}
	w.id = (int64_t)id;
	if (!w.kind->read(hk_flow_db(flow), &w, error)) {
		return false;
	}
	if (w.nothing || !stamper || !stamper->url) {
		w.done = true;
		w.write = !w.nothing;
		w.why = "no time-stamping authority is configured (tsa)";
		return hk_flow_do(flow, &program, finish, &w, error);
	}
	bool good = ask(flow, stamper, &w, error);
	g_clear_pointer(&w.token, g_bytes_unref);
	return good;
}
