#include "evidence/bundle.h"

#include <string.h>

#include "base/codec.h"
#include "base/num.h"
#include "evidence/bundle_told.h"
#include "store/cases.h"
#include "store/custody.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/tsp.h"
#include "sys/zipr.h"

enum { HEX = 2 * HK_SHA256_SIZE, WRONG_MAX = 10000 };

/* Where the files of a run come from. */
typedef GBytes *(*getter)(
	void *user, const char *name, const hk_manifest_artefact *a, GError **error);

/* A run to be checked. */
typedef struct check {
	hk_bundle_report *report;
	int64_t run_id, case_id; /* case_id 0: any */
	hk_span text;            /* of the manifest */
	hk_span token;           /* empty: none */
	const char *ca;          /* NULL: stamps are not checked */
	getter get;
	void *user;
	GHashTable *named; /* names of files that a manifest names */
	hk_told *told;     /* what the audit trail tells */
} check;

void
hk_bundle_report_init(hk_bundle_report *r)
{
	*r = (hk_bundle_report){.wrong = g_ptr_array_new_with_free_func(g_free),
		.notes = g_ptr_array_new_with_free_func(g_free)};
}

void
hk_bundle_report_clear(hk_bundle_report *r)
{
	g_ptr_array_unref(r->wrong);
	g_ptr_array_unref(r->notes);
	*r = (hk_bundle_report){0};
}

static void wrong(hk_bundle_report *r, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
wrong(hk_bundle_report *r, const char *format, ...)
{
	va_list args;

	if (r->wrong->len >= WRONG_MAX) {
		if (r->wrong->len == WRONG_MAX) {
			g_ptr_array_add(r->wrong, g_strdup("and more"));
		}
		return;
	}
	va_start(args, format);
	g_ptr_array_add(r->wrong, g_strdup_vprintf(format, args));
	va_end(args);
}

static hk_span
span_of(GBytes *bytes)
{
	gsize len = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;

	return hk_span_of(data, len);
}

static void
check_file(check *c, const hk_manifest_variant *v, size_t index, const hk_manifest_artefact *a)
{
	g_autofree char *visit = hk_manifest_visit(v, index);
	g_autofree char *name =
		g_strdup_printf("runs/%" G_GINT64_FORMAT "/%s/%s", c->run_id, visit, a->name);
	g_autoptr(GError) why = NULL;
	g_autoptr(GBytes) bytes = NULL;
	uint8_t hash[HK_SHA256_SIZE];

	c->report->files++;
	/* Once is enough: a list of a million times the same file would take days. */
	if (!g_hash_table_add(c->named, g_strdup(name))) {
		wrong(c->report, "%s: named twice", name);
		return;
	}
	bytes = c->get(c->user, name, a, &why);
	if (!bytes) {
		wrong(c->report, "%s: %s", name, why->message);
		return;
	}
	hk_sha256(span_of(bytes), hash);
	if ((int64_t)g_bytes_get_size(bytes) != a->bytes) {
		wrong(c->report, "%s: %zu bytes, the manifest says %" G_GINT64_FORMAT, name,
			g_bytes_get_size(bytes), a->bytes);
	} else if (memcmp(hash, a->sha256, sizeof hash) != 0) {
		wrong(c->report, "%s: its SHA-256 is not the manifest's", name);
	}
}

static char *
check_stamp(check *c)
{
	g_autoptr(GError) why = NULL;
	uint8_t hash[HK_SHA256_SIZE];
	hk_tsp_info info;
	char at[HK_CLOCK_TEXT_SIZE];

	if (c->token.len == 0) {
		const hk_told_run *told = hk_told_run_get(c->told, c->run_id);
		if (told && told->stamped) {
			wrong(c->report,
				"runs/%" G_GINT64_FORMAT "/manifest.tsr: missing, the audit trail "
				"tells of a time stamp",
				c->run_id);
		}
		return g_strdup("no time stamp");
	}
	if (!c->ca) {
		return g_strdup("a time stamp that was not checked (tsa-ca)");
	}
	hk_sha256(c->text, hash);
	if (!hk_tsp_verify(c->token, hash, c->ca, &info, &why)) {
		wrong(c->report, "runs/%" G_GINT64_FORMAT "/manifest.tsr: %s", c->run_id,
			why->message);
		return g_strdup("a time stamp that is not good");
	}
	c->report->stamps++;
	return g_strdup_printf("stamped %s by %s", hk_clock_format(info.at_ms, at),
		*info.signer ? info.signer : "an authority without a name");
}

/* The manifest against what the audit trail kept of it. True: it is that one. */
static bool
check_told(check *c)
{
	hk_told_run *told = hk_told_run_get(c->told, c->run_id);
	uint8_t hash[HK_SHA256_SIZE];

	if (!told || !told->finished) {
		return false;
	}
	told->seen = true;
	hk_sha256(c->text, hash);
	if (memcmp(hash, told->manifest, sizeof hash) != 0) {
		wrong(c->report,
			"runs/%" G_GINT64_FORMAT
			"/manifest.json: its SHA-256 is not that of the audit trail",
			c->run_id);
		return false;
	}
	return true;
}

/* Whose run it is. A run that came by a merge names the case that it was made for: then the audit trail must know this manifest. */
static void
check_numbers(check *c, const hk_manifest *m, bool known)
{
	if (m->run_id != c->run_id || (c->case_id != 0 && m->case_id != c->case_id && !known)) {
		wrong(c->report,
			"runs/%" G_GINT64_FORMAT "/manifest.json: it is of run %" G_GINT64_FORMAT
			" of case %" G_GINT64_FORMAT,
			c->run_id, m->run_id, m->case_id);
	} else if (c->case_id != 0 && m->case_id != c->case_id) {
		g_ptr_array_add(c->report->notes,
			g_strdup_printf("run %" G_GINT64_FORMAT
					": it was made for case %" G_GINT64_FORMAT,
				c->run_id, m->case_id));
	}
}

static void
check_missed(const hk_told *told, hk_bundle_report *report)
{
	g_autoptr(GArray) missed = hk_told_missed(told);

	for (guint i = 0; i < missed->len; i++) {
		wrong(report,
			"runs/%" G_GINT64_FORMAT
			"/manifest.json: missing, the audit trail tells of it",
			g_array_index(missed, int64_t, i));
	}
}

/* Returns what the manifest says, for more checks; NULL: it says nothing. */
static hk_manifest_file *
check_run(check *c)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(hk_manifest_file) file = hk_manifest_read(c->text, &why);
	int64_t files = c->report->files;

	c->report->runs++;
	g_autofree char *stamp = check_stamp(c);
	bool known = check_told(c);
	if (!file) {
		wrong(c->report, "runs/%" G_GINT64_FORMAT "/manifest.json: %s", c->run_id,
			why->message);
		return NULL;
	}
	const hk_manifest *m = hk_manifest_of(file);
	check_numbers(c, m, known);
	for (size_t i = 0; i < m->variant_count; i++) {
		for (size_t k = 0; k < m->variants[i].artefact_count; k++) {
			check_file(c, &m->variants[i], i, &m->variants[i].artefacts[k]);
		}
	}
	g_ptr_array_add(c->report->notes,
		g_strdup_printf("run %" G_GINT64_FORMAT ": %zu visits, %" G_GINT64_FORMAT
				" files, %s",
			c->run_id, m->variant_count, c->report->files - files, stamp));
	return g_steal_pointer(&file);
}

/* ---- A zip file ---- */

typedef struct opened {
	hk_zipr *zip;
	hk_bundle_report *report;
	GHashTable *summed, *named; /* names: in SHA256SUMS; that a manifest accounts for */
	hk_told *told;
	char *own_ca;
} opened;

/* "HEX  NAME": false for anything else. */
static bool
check_sum(opened *o, hk_span line)
{
	uint8_t want[HK_SHA256_SIZE], got[HK_SHA256_SIZE];

	if (line.len < HEX + 3 || memcmp(line.data + HEX, "  ", 2) != 0 ||
		memchr(line.data, 0, line.len) ||
		hk_hex_decode(hk_span_of(line.data, HEX), want, sizeof want) != HK_OK) {
		return false;
	}
	g_autofree char *name = g_strndup((const char *)line.data + HEX + 2, line.len - HEX - 2);
	g_autoptr(GError) why = NULL;
	if (g_hash_table_contains(o->summed, name)) {
		wrong(o->report, "%s: twice in SHA256SUMS", name);
		return true;
	}
	g_autoptr(GBytes) bytes = hk_zipr_get(o->zip, name, &why);
	if (!bytes) {
		wrong(o->report, "%s: %s", name, why->message);
	} else {
		hk_sha256(span_of(bytes), got);
		if (memcmp(want, got, sizeof want) != 0) {
			wrong(o->report, "%s: its SHA-256 is not that of SHA256SUMS", name);
		}
	}
	if (bytes || hk_error_code(why) != HK_ENOENT) {
		g_hash_table_add(o->summed, g_steal_pointer(&name));
	}
	return true;
}

static void
check_sums(opened *o)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GBytes) bytes = hk_zipr_get(o->zip, "SHA256SUMS", &why);
	hk_span rest = span_of(bytes);

	if (!bytes) {
		wrong(o->report, "SHA256SUMS: %s", why->message);
		return;
	}
	for (unsigned n = 1; rest.len > 0; n++) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;
		if (!check_sum(o, hk_span_of(rest.data, len))) {
			wrong(o->report, "SHA256SUMS: line %u is none", n);
		}
		rest = hk_span_of(rest.data + len + (end != NULL), rest.len - len - (end != NULL));
	}
	for (size_t i = 0; i < hk_zipr_count(o->zip); i++) {
		const char *name = hk_zipr_name(o->zip, i);
		if (strcmp(name, "SHA256SUMS") != 0 && !g_hash_table_contains(o->summed, name)) {
			wrong(o->report, "%s: not in SHA256SUMS", name);
		}
	}
}

static GBytes *
get_zipped(void *user, const char *name, const hk_manifest_artefact *a, GError **error)
{
	(void)a;
	return hk_zipr_get(((opened *)user)->zip, name, error);
}

/* "runs/12/manifest.json" -> 12. */
static bool
run_of(const char *name, const char *tail, int64_t *ret)
{
	uint64_t id;

	if (!g_str_has_prefix(name, "runs/") || !g_str_has_suffix(name, tail) ||
		strlen(name) <= 5 + strlen(tail) ||
		hk_parse_u64(hk_span_of(name + 5, strlen(name) - 5 - strlen(tail)), INT64_MAX,
			&id) != HK_OK) {
		return false;
	}
	*ret = (int64_t)id;
	return true;
}

static void
check_zipped_run(opened *o, const char *name, int64_t run_id, const char *ca)
{
	g_autofree char *tsr = g_strdup_printf("runs/%" G_GINT64_FORMAT "/manifest.tsr", run_id);
	g_autofree char *chain = g_strdup_printf("runs/%" G_GINT64_FORMAT "/tsa-chain.pem", run_id);
	g_autoptr(GError) why = NULL;
	g_autoptr(GBytes) text = hk_zipr_get(o->zip, name, &why);
	g_autoptr(GBytes) reply = hk_zipr_get(o->zip, tsr, NULL);
	g_autoptr(GBytes) token = reply ? hk_tsp_token(span_of(reply), &why) : NULL;

	g_hash_table_add(o->named, g_strdup(name));
	g_hash_table_add(o->named, g_steal_pointer(&chain));
	if (!text || (reply && !token)) {
		wrong(o->report, "%s: %s", text ? tsr : name, why->message);
	}
	g_hash_table_add(o->named, g_steal_pointer(&tsr));
	if (text) {
		check c = {.report = o->report,
			.run_id = run_id,
			.text = span_of(text),
			.token = span_of(token),
			.ca = ca ? ca : o->own_ca,
			.get = get_zipped,
			.user = o,
			.named = o->named,
			.told = o->told};
		hk_manifest_file_free(check_run(&c));
	}
}

/* Below runs/ there is nothing but what a manifest accounts for. */
static void
check_strays(opened *o)
{
	for (size_t i = 0; i < hk_zipr_count(o->zip); i++) {
		const char *name = hk_zipr_name(o->zip, i);
		if (g_str_has_prefix(name, "runs/") && !g_hash_table_contains(o->named, name)) {
			wrong(o->report, "%s: no manifest names it", name);
		}
	}
}

/* The certificates in the file itself, from the first one on: sys/tsp takes any other text for the name of a file of ours. */
static void
take_own_ca(opened *o)
{
	g_autoptr(GBytes) own = hk_zipr_get(o->zip, "tsa-ca.pem", NULL);
	hk_span text = span_of(own);
	const void *first =
		text.len > 0 ? memmem(text.data, text.len, HK_TSP_PEM, strlen(HK_TSP_PEM)) : NULL;

	if (first) {
		o->own_ca =
			g_strndup(first, text.len - (size_t)((const uint8_t *)first - text.data));
		g_ptr_array_add(o->report->notes,
			g_strdup("time stamps are checked against the tsa-ca.pem in the file "
				 "itself: "
				 "--tsa-ca names the authority that you believe"));
	} else if (own) {
		wrong(o->report, "tsa-ca.pem: there is no certificate in it");
	}
}

static void
read_told(opened *o)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GBytes) text = hk_zipr_get(o->zip, "audit.jsonl", &why);

	if (!text) {
		wrong(o->report, "audit.jsonl: %s", why->message);
	} else if (!hk_told_lines(o->told, span_of(text))) {
		wrong(o->report, "audit.jsonl: a line is no audit row");
	}
}

static void
check_zip(opened *o, const char *ca)
{
	if (!ca) {
		take_own_ca(o);
	}
	check_sums(o);
	read_told(o);
	for (size_t i = 0; i < hk_zipr_count(o->zip); i++) {
		const char *name = hk_zipr_name(o->zip, i);
		int64_t run_id;
		if (run_of(name, "/manifest.json", &run_id)) {
			check_zipped_run(o, name, run_id, ca);
		}
	}
	check_strays(o);
	check_missed(o->told, o->report);
	if (o->report->runs == 0) {
		wrong(o->report, "runs/: there is no manifest");
	}
}

bool
hk_bundle_check_file(const char *path, const char *ca, hk_bundle_report *report, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_map(path, error);
	g_autoptr(hk_zipr) zip = bytes ? hk_zipr_new(span_of(bytes), error) : NULL;
	g_autoptr(GHashTable) summed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(hk_told) told = hk_told_new();
	opened o = {zip, report, summed, named, told, NULL};

	if (!zip) {
		g_prefix_error(error, "%s: ", path);
		return false;
	}
	check_zip(&o, ca);
	g_free(o.own_ca);
	return true;
}

/* ---- A case ---- */

static GBytes *
get_blob(void *user, const char *name, const hk_manifest_artefact *a, GError **error)
{
	(void)name;
	return hk_blobs_get(user, a->sha256, HK_BUNDLE_FILE_MAX, error);
}

static char *
line_of(const char *profile, const char *referrer, const char *way, int64_t visit, const char *kind,
	const char *name, const char *type, int64_t bytes, hk_span sha256)
{
	g_autofree char *hex = g_malloc0(2 * sha256.len + 1);

	hk_hex_encode(sha256, hex);
	return g_strdup_printf("%s (%s, %s, %s, visit %" G_GINT64_FORMAT
			       ", %s, %s, %" G_GINT64_FORMAT " bytes, %s)",
		name, profile, referrer, way ? way : "direct", visit, kind, type, bytes, hex);
}

/* The lines of the manifest, each with how often. */
static GHashTable *
lines_of(const hk_manifest *m)
{
	GHashTable *lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (size_t i = 0; i < m->variant_count; i++) {
		const hk_manifest_variant *v = &m->variants[i];
		for (size_t k = 0; k < v->artefact_count; k++) {
			const hk_manifest_artefact *a = &v->artefacts[k];
			char *line = line_of(v->profile, v->referrer, v->exit, v->visit, a->kind,
				a->name, a->type, a->bytes,
				hk_span_of(a->sha256, sizeof a->sha256));
			size_t n = GPOINTER_TO_SIZE(g_hash_table_lookup(lines, line));
			g_hash_table_insert(lines, line, GSIZE_TO_POINTER(n + 1));
		}
	}
	return lines;
}

static bool
check_rows(
	hk_db *db, int64_t run_id, const hk_manifest *m, hk_bundle_report *report, GError **error)
{
	g_autoptr(GHashTable) lines = lines_of(m);
	g_autoptr(hk_rows) rows = hk_custody_files(db, run_id, error);
	GError *inner = NULL;
	GHashTableIter each;
	void *key, *count;

	while (rows && hk_rows_next(rows, &inner)) {
		g_autofree char *line =
			line_of(hk_rows_str(rows, 0), hk_rows_str(rows, 1), hk_rows_str(rows, 2),
				hk_rows_int(rows, 3), hk_rows_str(rows, 4), hk_rows_str(rows, 5),
				hk_rows_str(rows, 6), hk_rows_int(rows, 7), hk_rows_blob(rows, 8));
		size_t n = GPOINTER_TO_SIZE(g_hash_table_lookup(lines, line));
		if (n == 0) {
			wrong(report,
				"run %" G_GINT64_FORMAT
				": in the database, not in the manifest: %s",
				run_id, line);
		} else {
			g_hash_table_insert(lines, g_steal_pointer(&line), GSIZE_TO_POINTER(n - 1));
		}
	}
	if (!rows || inner) {
		if (inner) {
			g_propagate_error(error, inner);
		}
		return false;
	}
	g_hash_table_iter_init(&each, lines);
	while (g_hash_table_iter_next(&each, &key, &count)) {
		if (count) {
			wrong(report,
				"run %" G_GINT64_FORMAT
				": in the manifest, not in the database: %s",
				run_id, (const char *)key);
		}
	}
	return true;
}

static bool
check_row(hk_db *db, hk_blobs *blobs, int64_t case_id, const char *ca, const hk_rows *row,
	hk_told *told, hk_bundle_report *report, GError **error)
{
	hk_span hash = hk_rows_blob(row, 1);
	g_autoptr(GHashTable) named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	check c = {.report = report,
		.named = named,
		.told = told,
		.run_id = hk_rows_int(row, 0),
		.case_id = case_id,
		.token = hk_rows_blob(row, 2),
		.ca = ca,
		.get = get_blob,
		.user = blobs};
	g_autoptr(GError) why = NULL;
	g_autoptr(GBytes) text = hash.len == HK_SHA256_SIZE ? hk_blobs_get(blobs, hash.data,
								      HK_MANIFEST_BYTES_MAX, &why)
							    : NULL;

	if (!text) {
		hk_told_run *known = hk_told_run_get(told, c.run_id);
		if (known) {
			known->seen = true;
		}
		report->runs++;
		wrong(report, "runs/%" G_GINT64_FORMAT "/manifest.json: %s", c.run_id,
			why ? why->message : "its row has no hash");
		return true;
	}
	c.text = span_of(text);
	g_autoptr(hk_manifest_file) file = check_run(&c);
	return !file || check_rows(db, c.run_id, hk_manifest_of(file), report, error);
}

static hk_told *
told_of(hk_db *db, int64_t case_id, GError **error)
{
	g_autoptr(hk_told) told = hk_told_new();
	g_autoptr(hk_rows) rows = hk_custody_told(db, case_id, error);
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		hk_told_add(told, hk_rows_str(rows, 0), hk_rows_int(rows, 1), hk_rows_str(rows, 2));
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner ? g_steal_pointer(&told) : NULL;
}

bool
hk_bundle_check_case(hk_db *db, hk_blobs *blobs, int64_t case_id, const char *ca,
	hk_bundle_report *report, GError **error)
{
	g_auto(hk_case_row) row = {0};
	GError *inner = NULL;

	if (!hk_cases_get(db, case_id, &row, error)) {
		return false;
	}
	g_autoptr(hk_told) told = told_of(db, case_id, error);
	if (!told) {
		return false;
	}
	g_autoptr(hk_rows) runs = hk_custody_runs(db, case_id, error);
	while (runs && hk_rows_next(runs, &inner)) {
		if (!check_row(db, blobs, case_id, ca, runs, told, report, error)) {
			return false;
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	if (!runs || inner) {
		return false;
	}
	check_missed(told, report);
	return true;
}
