/* tests/enrich_stage: does the jobs of stage "enrich" that are due, as a worker would (tests/scenario/enrich.t).
 *
 *   enrich_stage DATABASE AUDIT_KEY EGRESS CA OPERATORS RDAP_STATE BLOBS MS
 *
 * One line for each job: "KEY done", or "KEY CODE text". Exit code 1 when something before the jobs failed. */
#include <stdio.h>

#include "enrich/enrich.h"
#include "sys/gerr.h"

static void
do_job(hk_flow *flow, const hk_job *job, hk_enrich *enrich)
{
	g_autoptr(GError) error = NULL;

	if (hk_enrich_run(flow, job, enrich, &error)) {
		printf("%s done\n", job->key);
		return;
	}
	hk_flow_rollback(flow);
	printf("%s %s %s\n", job->key, hk_err_code(hk_error_code(error)), error->message);
	hk_job_failed(flow, job, error->message, false, NULL);
}

static bool
run(char **args, GError **error)
{
	static const char *const stages[] = {"enrich", NULL};
	g_autoptr(hk_egress) egress = hk_egress_new(args[3], error);
	hk_enrich_config config = {.egress = egress,
		.ca_file = args[4],
		.operators = args[5],
		.rdap_state = args[6],
		.blobs = &(hk_blobs_config){.where = args[7]},
		.look_ms = (unsigned)g_ascii_strtoull(args[8], NULL, 10)};
	g_autoptr(hk_enrich) enrich = egress ? hk_enrich_new(&config, error) : NULL;
	g_autoptr(hk_db) db = enrich ? hk_db_open(args[1], error) : NULL;
	g_autoptr(hk_flow) flow = db ? hk_flow_new(db, args[2], error) : NULL;
	bool good = flow != NULL;

	while (good) {
		hk_job job = {0};
		good = hk_job_claim(flow, "enrich-stage", stages, &job, error);
		if (!good || job.id == 0) {
			break;
		}
		do_job(flow, &job, enrich);
		hk_job_clear(&job);
	}
	return good;
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	if (argc != 9) {
		fputs("usage: enrich_stage DATABASE AUDIT_KEY EGRESS CA OPERATORS RDAP_STATE BLOBS "
		      "MS\n",
			stderr);
		return 64;
	}
	if (!run(argv, &error)) {
		fprintf(stderr, "enrich_stage: %s\n", error->message);
		return 1;
	}
	return 0;
}
