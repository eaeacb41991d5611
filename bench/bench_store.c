/* bench_store: what the store does a second, through its own calls: on SQLite below HK_TEST_DIR (default: the temporary folder), or on the PostgreSQL
 * server of HK_TEST_PGSQL (tests/pgsql.sh start: without fsync; a server of one's own: with it). Wall time: the disk is part of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"

#include "bench.h"
#include "store.h"

static double
now_s(void)
{
	return (double)g_get_monotonic_time() / 1e6;
}

static void
must(bool good, GError *error)
{
	if (!good) {
		fprintf(stderr, "bench_store: %s\n", error ? error->message : "failed");
		exit(1);
	}
}

static hk_db *
another(void)
{
	GError *error = NULL;
	hk_db *db = hk_db_open(hk_test_db_url(), &error);

	must(db != NULL, error);
	return db;
}

static void
sighting(hk_db *db, int i)
{
	GError *error = NULL;
	uint8_t key[32] = {0};
	char host[64];
	int64_t id;

	/* Spread as hashes are. */
	uint64_t spread = (uint64_t)i * 0x9e3779b97f4a7c15u;
	memcpy(key, &spread, sizeof(spread));
	g_snprintf(host, sizeof(host), "login-%d.mihon-bank.example", i);
	must(hk_db_int(db,
		     HK_SQL("INSERT INTO sightings (source_id, key, kind, state, seen_ms, host, "
			    "title, score, "
			    "data) VALUES (1, $1, 'certificate', 'new', $2, $3, $3, $4, '{}') ON "
			    "CONFLICT "
			    "(source_id, key) DO UPDATE SET seen_ms = excluded.seen_ms RETURNING "
			    "id"),
		     HK_ARGS(hk_v_blob(hk_span_of(key, sizeof(key))), hk_v_int(i), hk_v_str(host),
			     hk_v_real((i % 1000) / 1000.0)),
		     &id, &error),
		error);
}

static void
inserts(hk_db *db, int *from, int count, int batch, const char *name)
{
	GError *error = NULL;
	double began = now_s();

	for (int i = 0; i < count; i += batch) {
		must(hk_db_begin(db, true, &error), error);
		for (int k = 0; k < batch; k++) {
			sighting(db, ++*from);
		}
		must(hk_db_commit(db, &error), error);
	}
	bench_figure("store", name, count / (now_s() - began), "rows/s", NULL, 0, NULL);
}

static void
pages(hk_db *db, int count)
{
	GError *error = NULL;
	double began = now_s(), worst = 0;

	for (int i = 0; i < count; i++) {
		double at = now_s();
		g_autoptr(hk_rows) rows = hk_db_query(db,
			HK_SQL("SELECT id, host, score FROM sightings WHERE state = 'new' AND "
			       "(score, id) < ($1, $2) "
			       "ORDER BY score DESC, id DESC LIMIT 50"),
			HK_ARGS(hk_v_real((i % 1000) / 1000.0), hk_v_int(INT64_MAX)), &error);
		must(rows != NULL, error);
		while (hk_rows_next(rows, &error)) {
			hk_rows_str(rows, 1);
		}
		worst = MAX(worst, now_s() - at);
	}
	bench_figure(
		"store", "page of 50, mean", (now_s() - began) / count * 1e6, "us", NULL, 0, NULL);
	bench_figure("store", "page of 50, worst", worst * 1e6, "us", NULL, 0, NULL);
}

/* Jobs as flow takes them: claim in one transaction, done in another, by four processes. */
static int
claim(hk_db *db, bool pgsql)
{
	GError *error = NULL;
	int64_t id = 0;
	bool found;

	must(hk_db_begin(db, true, &error), error);
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	hk_sqlb_add(b, HK_SQL("UPDATE jobs SET state = 'leased', owner = 'x', lease_ms = 1 WHERE "
			      "id = (SELECT id "
			      "FROM jobs WHERE state = 'ready' ORDER BY due_ms, id LIMIT 1"));
	hk_sqlb_both(b, HK_SQL(""), HK_SQL(" FOR UPDATE SKIP LOCKED"));
	hk_sqlb_add(b, HK_SQL(") RETURNING id"));
	hk_rows *rows = hk_sqlb_query(b, db, &error);
	must(rows != NULL, error);
	found = hk_rows_next(rows, &error);
	id = found ? hk_rows_int(rows, 0) : 0;
	hk_rows_free(rows);
	must(hk_db_commit(db, &error), error);
	if (found) {
		must(hk_db_begin(db, true, &error) &&
				hk_db_exec(db,
					HK_SQL("UPDATE jobs SET state = 'done' WHERE id = $1"),
					HK_ARGS(hk_v_int(id)), NULL, &error) &&
				hk_db_commit(db, &error),
			error);
	}
	(void)pgsql;
	return found;
}

static void
jobs(int count)
{
	GError *error = NULL;
	int *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	hk_db *db = another();
	int least = INT32_MAX, most = 0;

	must(hk_db_begin(db, true, &error), error);
	for (int i = 0; i < count; i++) {
		must(hk_db_exec(db,
			     HK_SQL("INSERT INTO jobs (stage, key, state, due_ms, made_ms) VALUES "
				    "('x', CAST($1 AS "
				    "TEXT), 'ready', $2, 0)"),
			     HK_ARGS(hk_v_str(g_strdup_printf("%d", i)), hk_v_int(i)), NULL,
			     &error),
			error);
	}
	must(hk_db_commit(db, &error), error);
	hk_db_close(db);
	double began = now_s();
	for (int p = 0; p < 4; p++) {
		if (fork() == 0) {
			hk_db *own = another();
			while (claim(own, hk_test_db_pgsql())) {
				done[p]++;
			}
			hk_db_close(own);
			_exit(0);
		}
	}
	while (wait(NULL) > 0) {
	}
	for (int p = 0; p < 4; p++) {
		least = MIN(least, done[p]);
		most = MAX(most, done[p]);
	}
	bench_figure(
		"store", "jobs, 4 processes", count / (now_s() - began), "jobs/s", NULL, 0, NULL);
	bench_figure("store", "jobs, least by one process", least, "jobs", "most",
		(double)least / most, NULL);
}

/* From the commit of one process to the return of hk_db_wait in another. */
static void
wakes(int count)
{
	GError *error = NULL;
	double *stamp = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();

	if (pid == 0) {
		hk_db *own = another();
		hk_db_wait(own, 0, -1, NULL);
		stamp[1] = 1;
		for (int i = 0; i < count; i++) {
			hk_db_wait(own, 5000, -1, NULL);
			stamp[2] += now_s() - stamp[0];
			stamp[1] = i + 2;
		}
		_exit(0);
	}
	hk_db *db = another();
	for (int i = 0; i < count; i++) {
		while (((volatile double *)stamp)[1] < i + 1) {
			usleep(100);
		}
		usleep(7000 + (unsigned)i * 300 % 20000);
		stamp[0] = now_s();
		must(hk_db_exec(db, HK_SQL("UPDATE sources SET updated_ms = updated_ms + 1"),
			     HK_NO_ARGS, NULL, &error),
			error);
	}
	waitpid(pid, NULL, 0);
	bench_figure(
		"store", "write to wake-up, mean", stamp[2] / count * 1e3, "ms", NULL, 0, NULL);
	hk_db_close(db);
}

int
main(void)
{
	GError *error = NULL;
	g_setenv("HK_TEST_DIR", g_get_tmp_dir(), false); /* on a disk */
	hk_db *db = hk_test_db();
	int next = 0;

	printf("%s\n", hk_test_db_pgsql() ? "PostgreSQL" : "SQLite");
	must(hk_db_exec(db,
		     HK_SQL("INSERT INTO sources (id, key, kind, name, updated_ms) VALUES (1, "
			    "'ct', 'ct', 'CT', 0)"),
		     HK_NO_ARGS, NULL, &error),
		error);
	inserts(db, &next, 4000, 1, "sightings, 1 a transaction");
	inserts(db, &next, 50000, 100, "sightings, 100 a transaction");
	inserts(db, &next, 50000, 1000, "sightings, 1,000 a transaction");
	pages(db, 5000);
	hk_db_close(db);
	jobs(8000);
	wakes(100);
	return 0;
}
