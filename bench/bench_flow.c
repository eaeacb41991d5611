/* bench_flow: what acts cost: opening cases in bulk, naming them again, jobs, verifying the audit trail.
 *
 *   bench_flow URL KEYFILE CASES
 *
 * URL: a database that `hikeshi db init` has just made, with its audit key. Wall time: what a person waits for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "flow/audit.h"
#include "flow/case.h"
#include "flow/jobs.h"
#include "sys/clock.h"

enum { BATCH = 1000, JOBS = 2000 };

static const hk_who who = {.login = "auto", .via = "work", .address = ""};
static int64_t number;

_Noreturn static void
die(const GError *error)
{
	fprintf(stderr, "bench_flow: %s\n", error ? error->message : "?");
	exit(1);
}

static bool
take_one(hk_flow *flow, int64_t i, GError **error)
{
	static const char *const words[] = {"login", "secure", "mihon", "card", "verify", "update",
		"account", "web", "direct", "support"};
	char url[200], host[100], domain[100];
	hk_taken taken;

	snprintf(domain, sizeof domain, "%s-%s%" PRId64 ".example", words[i % 10],
		words[i / 10 % 10], i);
	snprintf(host, sizeof host, "www.%s", domain);
	snprintf(
		url, sizeof url, "https://%s/%s/index.php?id=%" PRId64, host, words[i / 7 % 10], i);
	hk_lead lead = {.url = url,
		.host = host,
		.domain = domain,
		.source = "import",
		.score = 0.9,
		.reasons = "[\"name like Mihon Bank\"]"};
	return hk_case_take(flow, &lead, &taken, error);
}

static bool
batch(hk_flow *flow, void *user, GError **error)
{
	const int64_t *from = user;

	for (int64_t i = *from; i < *from + BATCH; i++) {
		if (!take_one(flow, i, error)) {
			return false;
		}
	}
	return true;
}

/* Seconds for cases in batches. */
static double
take(hk_flow *flow, int64_t from, int64_t count)
{
	GError *error = NULL;
	int64_t start = hk_clock_mono_us();

	for (int64_t i = from; i < from + count; i += BATCH) {
		if (!hk_flow_do(flow, &who, batch, &i, &error)) {
			die(error);
		}
	}
	return (double)(hk_clock_mono_us() - start) / 1e6;
}

static bool
add_jobs(hk_flow *flow, void *user, GError **error)
{
	(void)user;
	for (int i = 0; i < JOBS; i++) {
		char key[32];
		snprintf(key, sizeof key, "%" PRId64, ++number);
		if (!hk_flow_job(flow, "mail", key, 0, NULL, 0, error)) {
			return false;
		}
	}
	return true;
}

static bool
finish(hk_flow *flow, void *user, GError **error)
{
	return hk_job_done(flow, user, error);
}

static double
jobs(hk_flow *flow)
{
	static const char *const stages[] = {"mail", NULL};
	GError *error = NULL;

	if (!hk_flow_do(flow, &who, add_jobs, NULL, &error)) {
		die(error);
	}
	int64_t start = hk_clock_mono_us();
	for (int i = 0; i < JOBS; i++) {
		hk_job job;
		if (!hk_job_claim(flow, "bench", stages, &job, &error) || job.id == 0 ||
			!hk_flow_do(flow, &who, finish, &job, &error)) {
			die(error);
		}
		hk_job_clear(&job);
	}
	return (double)(hk_clock_mono_us() - start) / 1e6;
}

static void
verify(hk_db *db, const char *key_file)
{
	GError *error = NULL;
	hk_audit_report report;
	hk_audit_key key;

	if (!hk_audit_key_read(key_file, &key, &error)) {
		die(error);
	}
	int64_t start = hk_clock_mono_us();
	if (!hk_audit_verify(db, &key, NULL, 0, &report, &error) || report.bad_seq != 0) {
		die(error);
	}
	double seconds = (double)(hk_clock_mono_us() - start) / 1e6;
	bench_figure("flow", "verify audit rows (wall)", (double)report.rows / seconds, "rows/s",
		NULL, 0, "1,000,000 in seconds");
	hk_audit_report_clear(&report);
}

int
main(int argc, char **argv)
{
	GError *error = NULL;

	if (argc != 4) {
		fputs("usage: bench_flow URL KEYFILE CASES\n", stderr);
		return 64;
	}
	hk_db *db = hk_db_open(argv[1], &error);
	hk_flow *flow = db ? hk_flow_new(db, argv[2], &error) : NULL;
	if (!flow) {
		die(error);
	}
	int64_t cases = strtoll(argv[3], NULL, 10) / BATCH * BATCH;
	bench_figure("flow", "open the first 1,000 cases (wall)", take(flow, 0, BATCH), "s", NULL,
		0, "well under 1 s");
	double cpu = bench_cpu_s();
	bench_figure("flow", "open the rest (wall)", take(flow, BATCH, cases - BATCH), "s", NULL, 0,
		"200,000 in 60 s");
	bench_figure("flow", "open the rest (CPU)", bench_cpu_s() - cpu, "s", NULL, 0, NULL);
	bench_figure("flow", "name 1,000 of them again (wall)", take(flow, 0, BATCH), "s", NULL, 0,
		NULL);
	bench_figure("flow", "claim and finish 2,000 jobs (wall)", jobs(flow), "s", NULL, 0, NULL);
	verify(db, argv[2]);
	hk_flow_free(flow);
	hk_db_close(db);
	return 0;
}
