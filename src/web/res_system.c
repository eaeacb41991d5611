/* /system, /jobs and /audit: the state of the house, and the record of it. */
#include <string.h>

#include "flow/audit.h"
#include "flow/jobs.h"
#include "store/events.h"
#include "store/looks.h"
#include "store/reads.h"
#include "sys/clock.h"
#include "sys/disk.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/res.h"
#include "web/rows.h"
#include "web/web.h"

#define MS_PER_DAY INT64_C(86400000)

static const hk_col worker_cols[] = {
	{"name", HK_COL_TEXT},
	{"role", HK_COL_TEXT},
	{"started", HK_COL_TIME},
	{"seen", HK_COL_TIME},
	{"data", HK_COL_JSON},
	{NULL, HK_COL_END},
};
static const hk_col source_cols[] = {
	{"key", HK_COL_TEXT},
	{"name", HK_COL_TEXT},
	{"kind", HK_COL_TEXT},
	{"state", HK_COL_TEXT},
	{"trust", HK_COL_REAL},
	{"health", HK_COL_JSON},
	{NULL, HK_COL_END},
};
static const hk_col log_cols[] = {
	{"name", HK_COL_TEXT},
	{"status", HK_COL_TEXT},
	{"verified", HK_COL_INT},
	{"head", HK_COL_TIME},
	{"why", HK_COL_TEXT},
	{"health", HK_COL_JSON},
	{NULL, HK_COL_END},
};
static const hk_col job_cols[] = {
	{"id", HK_COL_INT},
	{"stage", HK_COL_TEXT},
	{"key", HK_COL_TEXT},
	{"state", HK_COL_TEXT},
	{"case_id", HK_COL_ID},
	{"due", HK_COL_TIME},
	{"owner", HK_COL_TEXT},
	{"attempts", HK_COL_INT},
	{"error", HK_COL_TEXT},
	{"made", HK_COL_TIME},
	{NULL, HK_COL_END},
};
static const hk_col audit_cols[] = {
	{"seq", HK_COL_INT},
	{"at", HK_COL_TIME},
	{"who", HK_COL_TEXT},
	{"via", HK_COL_TEXT},
	{"address", HK_COL_TEXT},
	{"act", HK_COL_TEXT},
	{"object", HK_COL_TEXT},
	{"object_id", HK_COL_ID},
	{"case_id", HK_COL_ID},
	{"data", HK_COL_JSON},
	{NULL, HK_COL_END},
};

static bool
put_list(GString *out, const char *key, hk_rows *taken, const hk_col *cols, GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	g_autoptr(GError) local = NULL;

	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	while (rows && hk_rows_next(rows, &local)) {
		hk_web_row(rows, cols, out);
	}
	hk_jsonw_close(out, ']');
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return rows != NULL;
}

/* {"ready":n,"leased":n,"dead":n,"by_stage":{"intake":{"ready":n}}}; rows come by stage. */
static bool
put_jobs(hk_req *req, GString *out, GError **error)
{
	static const char *const states[] = {"ready", "leased", "dead"};
	g_autoptr(hk_rows) rows = hk_read_job_counts(req->db, error);
	g_autoptr(GError) local = NULL;
	g_autoptr(GString) stages = g_string_new(NULL);
	g_autofree char *stage = NULL;
	int64_t sums[G_N_ELEMENTS(states)] = {0};

	hk_jsonw_open(stages, '{');
	while (rows && hk_rows_next(rows, &local)) {
		if (g_strcmp0(stage, hk_rows_str(rows, 0)) != 0) {
			if (stage) {
				hk_jsonw_close(stages, '}');
			}
			g_free(stage);
			stage = g_strdup(hk_rows_str(rows, 0));
			/* Stages are words of stages.def. */
			hk_jsonw_key(stages, stage);
			hk_jsonw_open(stages, '{');
		}
		hk_jsonw_key(stages, hk_rows_str(rows, 1));
		hk_jsonw_int(stages, hk_rows_int(rows, 2));
		for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
			sums[i] += strcmp(states[i], hk_rows_str(rows, 1)) == 0
					   ? hk_rows_int(rows, 2)
					   : 0;
		}
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	if (stage) {
		hk_jsonw_close(stages, '}');
	}
	hk_jsonw_close(stages, '}');
	hk_jsonw_key(out, "jobs");
	hk_jsonw_open(out, '{');
	for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
		hk_jsonw_key(out, states[i]);
		hk_jsonw_int(out, sums[i]);
	}
	hk_jsonw_key(out, "by_stage");
	g_string_append(out, stages->str);
	hk_jsonw_close(out, '}');
	return rows != NULL;
}

static bool
put_database(hk_req *req, GString *out, GError **error)
{
	g_autofree char *version = NULL;
	int64_t bytes;

	if (!hk_read_database(req->db, &version, &bytes, error)) {
		return false;
	}
	hk_jsonw_key(out, "database");
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "engine");
	hk_jsonw_str(out, hk_db_engine_of(req->db) == HK_DB_SQLITE ? "SQLite" : "PostgreSQL");
	hk_jsonw_key(out, "version");
	hk_jsonw_str(out, version);
	hk_jsonw_key(out, "bytes");
	hk_jsonw_int(out, bytes);
	hk_jsonw_close(out, '}');
	return true;
}

/* Light looks: what waits, and the last 24 hours. */
static bool
put_looks(hk_req *req, GString *out, GError **error)
{
	hk_looks_counts c;

	if (!hk_looks_count(req->db, hk_clock_wall_ms() - MS_PER_DAY, &c, error)) {
		return false;
	}
	const struct {
		const char *name;
		int64_t value;
	} members[] = {{"waiting", c.waiting}, {"taken", c.taken}, {"looked", c.looked},
		{"cases", c.cases}};
	hk_jsonw_key(out, "looks");
	hk_jsonw_open(out, '{');
	for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
		hk_jsonw_key(out, members[i].name);
		hk_jsonw_int(out, members[i].value);
	}
	hk_jsonw_close(out, '}');
	return true;
}

/* Of the disk that the keys (and with SQLite the database) lie on. */
static void
put_disk(const hk_req *req, GString *out)
{
	hk_disk disk;

	hk_jsonw_key(out, "disk");
	if (!hk_disk_at(req->config->audit_key, &disk)) {
		hk_jsonw_null(out);
		return;
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "free", disk.free_bytes);
	hk_jsonw_member_int(out, "total", disk.total_bytes);
	hk_jsonw_close(out, '}');
}

static bool
put_audit(hk_req *req, GString *out, GError **error)
{
	hk_event_head head;
	g_autoptr(GError) local = NULL;
	g_autoptr(hk_rows) last = hk_read_audit(req->db, "", "", 0, 1, error);

	if (!last || !hk_events_head(req->db, &head, error)) {
		return false;
	}
	bool any = hk_rows_next(last, &local);
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	hk_jsonw_key(out, "audit");
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "seq");
	hk_jsonw_int(out, head.seq);
	hk_web_time(out, "at", any ? hk_rows_int(last, 1) : 0);
	hk_jsonw_key(out, "mac");
	hk_jsonw_hex(out, hk_span_of(head.mac, sizeof head.mac));
	hk_jsonw_close(out, '}');
	return true;
}

bool
hk_web_system(hk_req *req, hk_reply *reply, GError **error)
{
	GString *out = hk_reply_json(reply, 200);

	hk_jsonw_open(out, '{');
	if (!hk_res_troubles_put(req, out, NULL, error) ||
		!put_list(out, "roles", hk_read_workers(req->db, error), worker_cols, error) ||
		!put_jobs(req, out, error) || !put_looks(req, out, error) ||
		!put_database(req, out, error) ||
		!put_list(out, "sources", hk_read_sources(req->db, error), source_cols, error) ||
		!put_list(out, "logs", hk_read_logs(req->db, error), log_cols, error) ||
		!put_audit(req, out, error)) {
		return false;
	}
	put_disk(req, out);
	hk_jsonw_close(out, '}');
	return true;
}

/* --- jobs --- */

bool
hk_web_jobs_list(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t after, limit;
	const char *state = hk_req_query(req, "state") ? hk_req_query(req, "state") : "dead";

	return hk_req_query_only(req, error, "state", "after", "limit", NULL) &&
	       hk_web_page(req, 50, &after, &limit, error) &&
	       hk_web_rows(hk_read_jobs(req->db, state, after, limit + 1, error), job_cols, limit,
		       reply, error);
}

typedef struct retrying {
	int64_t id, count;
} retrying;

static bool
write_retry(hk_flow *flow, void *data, GError **error)
{
	retrying *r = data;

	return hk_job_retry(flow, r->id, &r->count, error);
}

static bool
retry(hk_req *req, hk_reply *reply, int64_t id, GError **error)
{
	retrying r = {.id = id};

	if (!hk_flow_do(req->flow, &req->who, write_retry, &r, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "done");
	hk_jsonw_int(out, r.count);
	hk_jsonw_close(out, '}');
	return true;
}

bool
hk_web_jobs_retry(hk_req *req, hk_reply *reply, GError **error)
{
	return retry(req, reply, hk_req_id(req, "id"), error);
}

bool
hk_web_jobs_retry_all(hk_req *req, hk_reply *reply, GError **error)
{
	return retry(req, reply, 0, error);
}

/* --- audit --- */

bool
hk_web_audit_list(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t after, limit;
	const char *object = hk_req_query(req, "object"), *who = hk_req_query(req, "who");

	return hk_req_query_only(req, error, "object", "who", "after", "limit", NULL) &&
	       hk_web_page(req, 100, &after, &limit, error) &&
	       hk_web_rows(hk_read_audit(req->db, object ? object : "", who ? who : "", after,
				   limit + 1, error),
		       audit_cols, limit, reply, error);
}

bool
hk_web_audit_verify(hk_req *req, hk_reply *reply, GError **error)
{
	hk_audit_key key;
	hk_audit_report report = {0};

	if (!hk_audit_key_read(req->config->audit_key, &key, error)) {
		return false;
	}
	/* It takes a snapshot of its own, which the request's would enclose. */
	hk_db_rollback(req->db);
	bool good = hk_audit_verify(req->db, &key, NULL, 0, &report, error);
	explicit_bzero(&key, sizeof key);
	if (good) {
		GString *out = hk_reply_json(reply, 200);
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "ok");
		hk_jsonw_bool(out, report.bad_seq == 0);
		hk_jsonw_key(out, "rows");
		hk_jsonw_int(out, report.rows);
		hk_jsonw_key(out, "anchors");
		hk_jsonw_int(out, report.anchors);
		hk_jsonw_key(out, "bad_seq");
		hk_jsonw_int(out, report.bad_seq);
		hk_jsonw_key(out, "what");
		if (report.what) {
			hk_jsonw_str(out, report.what);
		} else {
			hk_jsonw_null(out);
		}
		hk_jsonw_close(out, '}');
	}
	hk_audit_report_clear(&report);
	return good;
}
