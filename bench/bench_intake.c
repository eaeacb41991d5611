/* bench_intake [FILE]: how fast lists become cases: 1,000 pasted URLs, and FILE (JPCERT/CC's form, date,URL,description; a made one of 200,000
 * rows without). On SQLite, or on the server that HK_TEST_PGSQL names. The floor is the same number of rows in one bare table of
 * the same engine, 500 in each transaction; on PostgreSQL also the same rows with the same indexes, from table to table. Targets: 3 s and 60 s. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "casework/intake.h"
#include "flow/audit.h"
#include "flow/intake.h"
#include "store.h"
#include "sys/clock.h"

static hk_sites *sites;
static const hk_who me = {.user_id = 0, .login = "auto", .via = "cli", .address = ""};

_Noreturn static void
bail(const char *what, const GError *error)
{
	fprintf(stderr, "bench_intake: %s: %s\n", what, error ? error->message : "");
	exit(1);
}

typedef struct handed {
	const char *kind;
	hk_span body;
	bool dry_run;
	int64_t id;
} handed;

static bool
hand_in(hk_flow *flow, void *user, GError **error)
{
	handed *h = user;

	return hk_intake_new(flow, h->kind, "import", h->body, "{}", h->dry_run, &h->id, error);
}

/* Seconds of CPU of the server's process that works for us; 0: SQLite, or another machine's. */
static double
backend_s(hk_flow *flow)
{
	int64_t pid;
	g_autofree char *stat = NULL;

	if (!hk_test_db_pgsql() || !hk_db_int(hk_flow_db(flow), HK_SQL("SELECT pg_backend_pid()"),
					   HK_NO_ARGS, &pid, NULL)) {
		return 0;
	}
	g_autofree char *path = g_strdup_printf("/proc/%lld/stat", (long long)pid);
	const char *at = g_file_get_contents(path, &stat, NULL, NULL) ? strrchr(stat, ')') : NULL;
	unsigned long user = 0, system = 0;
	/* The 14th and 15th; the name, which is the second, may hold anything. */
	if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			   &system) != 2) {
		return 0;
	}
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Seconds of the wall clock from handing in to the last line. */
static double
run(hk_flow *flow, const char *kind, hk_span body, bool dry_run, int64_t *ret_id)
{
	static const char *const stages[] = {"intake", NULL};
	handed h = {kind, body, dry_run, 0};
	int64_t start = hk_clock_mono_us();
	double cpu = bench_cpu_s(), backend = backend_s(flow);
	GError *error = NULL;

	if (!hk_flow_do(flow, &me, hand_in, &h, &error)) {
		bail("handing in", error);
	}
	for (;;) {
		hk_job job = {0};
		if (!hk_job_claim(flow, "bench", stages, &job, &error)) {
			bail("claim", error);
		}
		bool there = job.id != 0;
		if (there && !hk_intake_run(flow, &job, sites, &error)) {
			bail("intake", error);
		}
		hk_job_clear(&job);
		if (!there) {
			break;
		}
	}
	*ret_id = h.id;
	printf("  %.2f s of CPU, %.2f s of the server's\n", bench_cpu_s() - cpu,
		backend_s(flow) - backend);
	return (double)(hk_clock_mono_us() - start) / 1e6;
}

static int64_t
count(hk_flow *flow, hk_sql sql, int64_t id)
{
	int64_t value = 0;
	GError *error = NULL;

	if (!hk_db_int(hk_flow_db(flow), sql, HK_ARGS(hk_v_int(id)), &value, &error)) {
		bail(sql.text, error);
	}
	return value;
}

/* Nothing lost: every line has become something. */
static void
check(hk_flow *flow, int64_t id)
{
	GError *error = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(hk_flow_db(flow),
		HK_SQL("SELECT lines, opened, attached, routed, refused, skipped, state, "
		       "(SELECT COUNT(*) FROM intake_lines WHERE intake_id = $1) FROM intakes "
		       "WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), &error);
	int64_t n[6];

	if (!rows || !hk_rows_next(rows, &error)) {
		bail("counts", error);
	}
	for (unsigned i = 0; i < 6; i++) {
		n[i] = hk_rows_int(rows, i);
	}
	printf("  %lld rows: %lld opened, %lld attached, %lld routed, %lld refused, %lld skipped\n",
		(long long)n[0], (long long)n[1], (long long)n[2], (long long)n[3], (long long)n[4],
		(long long)n[5]);
	if (strcmp(hk_rows_str(rows, 6), "done") != 0 || n[1] + n[2] + n[3] + n[4] + n[5] != n[0] ||
		hk_rows_int(rows, 7) != n[0] - n[5]) {
		bail("a line was lost or doubled", NULL);
	}
}

static double
floor_s(hk_flow *flow, int64_t n)
{
	hk_db *db = hk_flow_db(flow);
	GError *error = NULL;
	int64_t start = hk_clock_mono_us();

	if (!hk_db_exec(db,
		    HK_SQL("CREATE TABLE bare (id BIGINT PRIMARY KEY, url TEXT, at BIGINT)"),
		    HK_NO_ARGS, NULL, &error)) {
		bail("bare", error);
	}
	for (int64_t i = 0; i < n; i++) {
		if ((i % HK_INTAKE_CHUNK == 0 && !hk_db_begin(db, true, &error)) ||
			!hk_db_exec(db,
				HK_SQL("INSERT INTO bare (id, url, at) VALUES ($1, $2, $3)"),
				HK_ARGS(hk_v_int(i),
					hk_v_str("https://www.mihon-bank.evil.example/"
						 "login?id=1234"),
					hk_v_int(start)),
				NULL, &error) ||
			((i + 1) % HK_INTAKE_CHUNK == 0 && !hk_db_commit(db, &error))) {
			bail("bare", error);
		}
	}
	if (hk_db_in_transaction(db) && !hk_db_commit(db, &error)) {
		bail("bare", error);
	}
	double s = (double)(hk_clock_mono_us() - start) / 1e6;
	if (!hk_db_exec(db, HK_SQL("DROP TABLE bare"), HK_NO_ARGS, NULL, &error)) {
		bail("bare", error);
	}
	return s;
}

/* The rows of an intake once more, from table to table, 2,000 cases in each transaction: what the database itself takes for them and their indexes. */
static double
copy_s(hk_flow *flow, int64_t intake)
{
	static const struct {
		hk_sql make, copy;
	} tables[] = {
#define TABLE(name, which)                                                                         \
	{HK_SQL("CREATE TABLE bare_" name " (LIKE " name " INCLUDING ALL)"),                       \
		HK_SQL("INSERT INTO bare_" name " SELECT * FROM " name " WHERE " which             \
		       " > $1 AND " which " <= $2")}
		TABLE("cases", "id"),
		TABLE("case_urls", "case_id"),
		TABLE("case_keys", "case_id"),
		TABLE("comments", "case_id"),
		TABLE("case_texts", "case_id"),
		TABLE("case_grams", "case_id"),
		TABLE("events", "case_id"),
		TABLE("intake_lines", "case_id"),
#undef TABLE
	};
	hk_db *db = hk_flow_db(flow);
	GError *error = NULL;
	int64_t from = count(flow,
		HK_SQL("SELECT MIN(case_id) - 1 FROM intake_lines WHERE intake_id = $1"), intake);
	int64_t to = count(
		flow, HK_SQL("SELECT MAX(case_id) FROM intake_lines WHERE intake_id = $1"), intake);

	for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
		if (!hk_db_exec(db, tables[i].make, HK_NO_ARGS, NULL, &error)) {
			bail("copy", error);
		}
	}
	double cpu = backend_s(flow);
	int64_t start = hk_clock_mono_us();
	for (int64_t at = from; at < to; at += 2000) {
		bool good = hk_db_begin(db, true, &error);
		for (size_t i = 0; good && i < G_N_ELEMENTS(tables); i++) {
			good = hk_db_exec(db, tables[i].copy,
				HK_ARGS(hk_v_int(at), hk_v_int(MIN(at + 2000, to))), NULL, &error);
		}
		if (!good || !hk_db_commit(db, &error)) {
			bail("copy", error);
		}
	}
	double s = (double)(hk_clock_mono_us() - start) / 1e6;
	printf("  the same rows from table to table: %.2f s, %.2f s of the server's CPU\n", s,
		backend_s(flow) - cpu);
	return s;
}

static hk_flow *
open_flow(const char *key)
{
	GError *error = NULL;
	hk_flow *flow = hk_flow_new(hk_test_db(), key, &error);

	if (!flow) {
		bail("flow", error);
	}
	return flow;
}

int
main(int argc, char **argv)
{
	GError *error = NULL;
	g_autofree char *key =
		g_strdup_printf("%s/hikeshi-bench-key-%d", g_get_tmp_dir(), getpid());
	g_autoptr(GString) paste = g_string_new(NULL);
	g_autofree char *file = NULL;
	gsize file_len = 0;
	int64_t id;
	const char *engine = hk_test_db_pgsql() ? "PostgreSQL" : "SQLite";

	sites = hk_sites_new(NULL, NULL, &error);
	if (!sites || !hk_audit_key_make(key, &error)) {
		bail("start", error);
	}
	for (int i = 0; i < 1000; i++) {
		g_string_append_printf(
			paste, "hxxps://login[.]mihon-bank-%d[.]example/a/%d?b=c\n", i, i);
	}
	if (argc > 1 && !g_file_get_contents(argv[1], &file, &file_len, &error)) {
		bail(argv[1], error);
	} else if (argc <= 1) {
		GString *made = g_string_new("date,URL,description\n");
		for (int i = 0; i < 200000; i++) {
			g_string_append_printf(made,
				"2024/%02d/%02d "
				"%02d:%02d:00,https://mihon%d.evil%d.example/login/%d,みほん銀行\n",
				1 + i / 20000, 1 + i / 1000 % 28, i / 60 % 24, i % 60, i % 7, i / 2,
				i);
		}
		file_len = made->len;
		file = g_string_free(made, FALSE);
	}

	hk_flow *flow = open_flow(key);
	double s = run(flow, "auto", hk_span_of(paste->str, paste->len), false, &id);
	check(flow, id);
	g_autofree char *name = g_strdup_printf("1,000 URLs pasted, %s", engine);
	double bare = floor_s(flow, 1000);
	bench_figure("intake", name, s, "s", "bare insert", s / bare, "<= 3");

	s = run(flow, "auto", hk_span_of(file, file_len), true, &id);
	check(flow, id);
	int64_t rows = count(flow, HK_SQL("SELECT lines FROM intakes WHERE id = $1"), id);
	g_autofree char *dry =
		g_strdup_printf("%lld rows imported, dry run, %s", (long long)rows, engine);
	bench_figure("intake", dry, s, "s", NULL, 0, NULL);
	s = run(flow, "auto", hk_span_of(file, file_len), false, &id);
	check(flow, id);
	bare = floor_s(flow, rows);
	g_autofree char *real = g_strdup_printf("%lld rows imported, %s", (long long)rows, engine);
	bench_figure(
		"intake", real, s, "s", "bare insert", s / bare, rows >= 200000 ? "<= 60" : NULL);
	if (hk_test_db_pgsql()) {
		bare = copy_s(flow, id);
		bench_figure("intake", real, s, "s", "table to table", s / bare, NULL);
	}

	hk_db *db = hk_flow_db(flow);
	hk_flow_free(flow);
	hk_db_close(db);
	hk_sites_free(sites);
	unlink(key);
	return 0;
}
