#include "evidence/bundle.h"

#include "base/codec.h"
#include "store/cases.h"
#include "store/custody.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/jsonw.h"
#include "sys/tsp.h"
#include "sys/zipw.h"

extern const char hk_bundle_readme[];

enum { CA_MAX = 1 << 20 };

/* An export under way. */
typedef struct making {
	hk_zipw *zip;
	hk_blobs *blobs;
	GString *sums;
	int64_t now_ms;
	bool stamped; /* a run has a time stamp */
	hk_bundle_made made;
} making;

/* A run that goes into it. */
typedef struct run {
	int64_t id;
	uint8_t manifest[HK_SHA256_SIZE];
	GBytes *token; /* or NULL */
} run;

static void
run_clear(void *data)
{
	g_clear_pointer(&((run *)data)->token, g_bytes_unref);
}

static hk_span
span_of(GBytes *bytes)
{
	gsize len = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;

	return hk_span_of(data, len);
}

static bool
put(making *m, const char *name, hk_span bytes, int64_t at_ms, GError **error)
{
	uint8_t hash[HK_SHA256_SIZE];
	char hex[2 * HK_SHA256_SIZE + 1];

	hk_sha256(bytes, hash);
	hk_hex_encode(hk_span_of(hash, sizeof hash), hex);
	g_string_append_printf(m->sums, "%s  %s\n", hex, name);
	return hk_zipw_add(m->zip, name, bytes, at_ms, error);
}

static bool
put_files(making *m, int64_t run_id, const hk_manifest_variant *v, size_t index, GError **error)
{
	g_autofree char *visit = hk_manifest_visit(v, index);

	for (size_t i = 0; i < v->artefact_count; i++) {
		const hk_manifest_artefact *a = &v->artefacts[i];
		g_autofree char *name =
			g_strdup_printf("runs/%" G_GINT64_FORMAT "/%s/%s", run_id, visit, a->name);
		g_autoptr(GBytes) bytes =
			hk_blobs_get(m->blobs, a->sha256, HK_BUNDLE_FILE_MAX, error);
		if (!bytes || !put(m, name, span_of(bytes), v->start_ms, error)) {
			g_prefix_error(error, "%s: ", name);
			return false;
		}
		m->made.files++;
	}
	return true;
}

static bool
put_stamp(making *m, const run *r, int64_t at_ms, GError **error)
{
	g_autofree char *tsr = g_strdup_printf("runs/%" G_GINT64_FORMAT "/manifest.tsr", r->id);
	g_autofree char *chain = g_strdup_printf("runs/%" G_GINT64_FORMAT "/tsa-chain.pem", r->id);
	g_autoptr(GBytes) reply = hk_tsp_reply(span_of(r->token), error);
	g_autofree char *certs = reply ? hk_tsp_certs(span_of(r->token), error) : NULL;

	m->stamped = true;
	return certs && put(m, tsr, span_of(reply), at_ms, error) &&
	       put(m, chain, hk_span_str(certs), at_ms, error);
}

static bool
put_run(making *m, const run *r, GError **error)
{
	g_autofree char *name = g_strdup_printf("runs/%" G_GINT64_FORMAT "/manifest.json", r->id);
	g_autoptr(GBytes) text = hk_blobs_get(m->blobs, r->manifest, HK_MANIFEST_BYTES_MAX, error);
	g_autoptr(hk_manifest_file) file = text ? hk_manifest_read(span_of(text), error) : NULL;

	if (!file) {
		g_prefix_error(error, "%s: ", name);
		return false;
	}
	const hk_manifest *manifest = hk_manifest_of(file);
	if (!put(m, name, span_of(text), manifest->done_ms, error) ||
		(r->token && !put_stamp(m, r, manifest->done_ms, error))) {
		return false;
	}
	for (size_t i = 0; i < manifest->variant_count; i++) {
		if (!put_files(m, r->id, &manifest->variants[i], i, error)) {
			return false;
		}
	}
	m->made.runs++;
	return true;
}

static void
member(GString *out, const char *key, const char *text)
{
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, text);
}

static void
write_event(GString *out, const hk_rows *rows)
{
	char at[HK_CLOCK_TEXT_SIZE];

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "seq");
	hk_jsonw_int(out, hk_rows_int(rows, 0));
	member(out, "at", hk_clock_format(hk_rows_int(rows, 1), at));
	member(out, "who", hk_rows_str(rows, 2));
	member(out, "via", hk_rows_str(rows, 3));
	member(out, "address", hk_rows_str(rows, 4));
	member(out, "act", hk_rows_str(rows, 5));
	member(out, "object", hk_rows_str(rows, 6));
	hk_jsonw_key(out, "object_id");
	hk_jsonw_int(out, hk_rows_int(rows, 7));
	member(out, "data", hk_rows_str(rows, 8));
	hk_jsonw_key(out, "mac");
	hk_jsonw_hex(out, hk_rows_blob(rows, 9));
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
}

/* A line is an object of its own: between two of them there is no comma. */
static bool
put_audit(making *m, hk_db *db, int64_t case_id, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(hk_rows) rows = hk_custody_events(db, case_id, error);
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		g_autoptr(GString) line = g_string_new(NULL);
		write_event(line, rows);
		g_string_append_len(out, line->str, (gssize)line->len);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return rows && put(m, "audit.jsonl", hk_span_of(out->str, out->len), m->now_ms, error);
}

static GArray *
read_runs(hk_db *db, int64_t case_id, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(run));
	g_autoptr(hk_rows) rows = hk_custody_runs(db, case_id, error);
	GError *inner = NULL;

	g_array_set_clear_func(list, run_clear);
	while (rows && hk_rows_next(rows, &inner)) {
		hk_span manifest = hk_rows_blob(rows, 1), stamp = hk_rows_blob(rows, 2);
		run r = {.id = hk_rows_int(rows, 0)};
		if (manifest.len == sizeof r.manifest) {
			memcpy(r.manifest, manifest.data, sizeof r.manifest);
			r.token = stamp.len > 0 ? g_bytes_new(stamp.data, stamp.len) : NULL;
			g_array_append_val(list, r);
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner ? g_steal_pointer(&list) : NULL;
}

static bool
put_rest(making *m, const char *ca, GError **error)
{
	g_autoptr(GBytes) pem = ca && m->stamped ? hk_file_read(ca, CA_MAX, error) : NULL;

	if (ca && m->stamped && (!pem || !put(m, "tsa-ca.pem", span_of(pem), m->now_ms, error))) {
		return false;
	}
	return put(m, "README.txt", hk_span_str(hk_bundle_readme), m->now_ms, error) &&
	       hk_zipw_add(m->zip, "SHA256SUMS", hk_span_of(m->sums->str, m->sums->len), m->now_ms,
		       error) &&
	       hk_zipw_close(m->zip, &m->made.bytes, m->made.sha256, error);
}

/* All of it, in one snapshot of the database. */
static bool
fill(making *m, hk_db *db, int64_t case_id, const char *ca, GError **error)
{
	g_auto(hk_case_row) row = {0};
	g_autoptr(GArray) runs = NULL;

	if (!hk_cases_get(db, case_id, &row, error) || !(runs = read_runs(db, case_id, error))) {
		return false;
	}
	if (runs->len == 0) {
		return hk_error_set(
			error, HK_ENOENT, "case %" G_GINT64_FORMAT " has no evidence", case_id);
	}
	for (guint i = 0; i < runs->len; i++) {
		if (!put_run(m, &g_array_index(runs, run, i), error)) {
			return false;
		}
	}
	return put_audit(m, db, case_id, error) && put_rest(m, ca, error);
}

typedef struct noting {
	int64_t case_id;
	const hk_bundle_made *made;
} noting;

static bool
note(hk_flow *flow, void *user, GError **error)
{
	const noting *n = user;
	g_autoptr(GString) data = g_string_new(NULL);

	(void)error;
	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "runs");
	hk_jsonw_int(data, n->made->runs);
	hk_jsonw_key(data, "files");
	hk_jsonw_int(data, n->made->files);
	hk_jsonw_key(data, "sha256");
	hk_jsonw_hex(data, hk_span_of(n->made->sha256, sizeof n->made->sha256));
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "case.evidence_export", "case", n->case_id, n->case_id, data->str);
	return true;
}

bool
hk_bundle_export(hk_flow *flow, const hk_who *who, hk_blobs *blobs, int64_t case_id, const char *ca,
	const char *path, hk_bundle_made *ret, GError **error)
{
	hk_db *db = hk_flow_db(flow);
	g_autoptr(GString) sums = g_string_new(NULL);
	g_autoptr(hk_zipw) zip = hk_zipw_new(path, error);
	making m = {.zip = zip, .blobs = blobs, .sums = sums, .now_ms = hk_clock_wall_ms()};
	noting n = {case_id, &m.made};

	if (!zip || !hk_db_begin(db, false, error)) {
		return false;
	}
	bool good = fill(&m, db, case_id, ca, error);
	hk_db_rollback(db);
	if (!good || !hk_flow_do(flow, who, note, &n, error) || !hk_zipw_keep(zip, error)) {
		return false;
	}
	*ret = m.made;
	return true;
}
