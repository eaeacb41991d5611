/* nocheck: tested in tests/scenario/roles.t. hikeshi work: does the jobs of stages.def, one at a time. */
#include <string.h>

#include "casework/intake.h"
#include "casework/leads.h"
#include "enrich/enrich.h"
#include "evidence/run.h"
#include "evidence/stamp.h"
#include "flow/jobs.h"
#include "flow/states.h"
#include "flow/sweep.h"
#include "role/role.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/stop.h"

/* How long to sleep when nothing is due and nobody writes: a job that waits for its time is late by this at the most. */
#define IDLE_MS 500

/* What handlers work with; made when the first job asks for it. */
typedef struct tools {
	const hk_opts *opts;
	hk_sites *sites;
	hk_evidence_kit *evidence;
	hk_enrich *enrich;
	hk_stamper stamper;
	hk_sweep_config sweep;
} tools;

static void *
sites_of(tools *t, GError **error)
{
	(void)error;
	return t->sites;
}

static void *
evidence_of(tools *t, GError **error)
{
	const hk_evidence_config config = {.egress = hk_egress_house(),
		.blobs = hk_opts_str(t->opts, HK_OPT_BLOBS),
		.browser = hk_opts_str(t->opts, HK_OPT_BROWSER),
		.user = hk_opts_str(t->opts, HK_OPT_BROWSER_USER),
		.full = hk_opts_bool(t->opts, HK_OPT_BROWSER_FULL),
		.tabs = (unsigned)hk_opts_int(t->opts, HK_OPT_BROWSER_TABS),
		.load_ms = (unsigned)hk_opts_int(t->opts, HK_OPT_CAPTURE_TIME),
		.exits = hk_opts_list(t->opts, HK_OPT_CAPTURE_EXITS)};

	if (!t->evidence) {
		t->evidence = hk_evidence_kit_new(&config, error);
	}
	return t->evidence;
}

static void *
enrich_of(tools *t, GError **error)
{
	const hk_enrich_config config = {.ca_file = hk_opts_str(t->opts, HK_OPT_CA_FILE),
		.operators = hk_opts_str(t->opts, HK_OPT_OPERATORS),
		.suffixes = hk_opts_str(t->opts, HK_OPT_SUFFIXES),
		.rdap_state = hk_opts_str(t->opts, HK_OPT_RDAP_STATE),
		.rdap_copies = hk_opts_str(t->opts, HK_OPT_RDAP_COPIES),
		.geo = hk_opts_str(t->opts, HK_OPT_GEO),
		.blobs = hk_opts_str(t->opts, HK_OPT_BLOBS),
		.exit = hk_opts_str(t->opts, HK_OPT_ENRICH_EXIT),
		.look_ms = (unsigned)hk_opts_int(t->opts, HK_OPT_ENRICH_TIME)};

	if (!t->enrich) {
		t->enrich = hk_enrich_new(&config, error);
	}
	return t->enrich;
}

static void *
stamper_of(tools *t, GError **error)
{
	(void)error;
	t->stamper = (hk_stamper){.url = hk_opts_str(t->opts, HK_OPT_TSA),
		.ca_file = hk_opts_str(t->opts, HK_OPT_TSA_CA),
		.policy = hk_opts_str(t->opts, HK_OPT_TSA_POLICY)};
	return &t->stamper;
}

static void *
sweep_of(tools *t, GError **error)
{
	(void)error;
	t->sweep = (hk_sweep_config){.stamps = hk_opts_str(t->opts, HK_OPT_TSA) != NULL};
	return &t->sweep;
}

/* Who does what, with what. A stage of stages.def without a row here is left to other versions of the program. */
static const struct {
	const char *stage;
	hk_job_handler run;
	void *(*with)(tools *t, GError **error);
} handlers[] = {
	{"intake", hk_intake_run, sites_of},
	{"sighting", hk_leads_run, sites_of},
	{"sweep", hk_sweep_run, sweep_of},
	{"capture", hk_capture_run, evidence_of},
	{"stamp", hk_stamp_run, stamper_of},
	{"enrich", hk_enrich_run, enrich_of},
};

/* Errors that a later attempt may not have; anything else is a dead letter at once. */
static const hk_err passing[] = {HK_EAGAIN, HK_EIO, HK_EFULL, HK_EREMOTE, HK_ENOMEM, HK_EINTERNAL};

static bool
is_passing(hk_err code)
{
	for (size_t i = 0; i < G_N_ELEMENTS(passing); i++) {
		if (passing[i] == code) {
			return true;
		}
	}
	return false;
}

static bool
run_job(const hk_role *role, tools *t, const hk_job *job, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
		if (strcmp(handlers[i].stage, job->stage) == 0) {
			void *with = handlers[i].with(t, error);
			return with && handlers[i].run(role->flow, job, with, error);
		}
	}
	return hk_error_set(error, HK_EVERSION,
		"no handler for stage %s in this version of hikeshi", job->stage);
}

static void
do_job(const hk_role *role, tools *t, const hk_job *job)
{
	g_autoptr(GError) why = NULL;

	if (run_job(role, t, job, &why)) {
		return;
	}
	hk_flow_rollback(role->flow);
	hk_err code = hk_error_code(why);
	if (code == HK_EINCONSISTENT) {
		return; /* the lease ran out: somebody else does it */
	}
	hk_log(HK_EVENT_JOB_FAILED, HK_F_STR("stage", job->stage), HK_F_INT("job", job->id),
		HK_F_INT("attempts", job->attempts), HK_F_STR("reason", why->message));
	/* If even this cannot be written, the lease runs out by itself. */
	hk_job_failed(role->flow, job, why->message, !is_passing(code), NULL);
}

/* The stages that this process has a handler for, of the pools that it was told to serve. What is for others is left for them. */
static bool
stages_of(const char *const *pools, GPtrArray **ret, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
		const hk_stage *stage = hk_stage_find(handlers[i].stage);
		if (!pools || !*pools || g_strv_contains(pools, stage->pool)) {
			g_ptr_array_add(list, (void *)(uintptr_t)stage->text);
		}
	}
	for (size_t i = 0; pools && pools[i]; i++) {
		bool known = false;
		for (size_t k = 0; k < hk_stage_count; k++) {
			known = known || strcmp(hk_stages[k].pool, pools[i]) == 0;
		}
		if (!known) {
			return hk_error_set(error, HK_EUSAGE,
				"--pools: there is no pool \"%s\"; there are work, capture and "
				"look",
				pools[i]);
		}
	}
	g_ptr_array_add(list, NULL);
	*ret = g_steal_pointer(&list);
	return true;
}

static bool
loop(const hk_role *role, tools *t, const char *const *stages, GError **error)
{
	bool away = false;

	while (!hk_stop_asked()) {
		g_autoptr(GError) local = NULL;
		hk_job job = {0};
		if (!hk_job_claim(role->flow, role->name, stages, &job, &local)) {
			if (hk_error_code(local) != HK_EAGAIN) {
				g_propagate_error(error, g_steal_pointer(&local));
				return false;
			}
			if (!away) {
				hk_log(HK_EVENT_STORE_AWAY, HK_F_STR("reason", local->message));
			}
			away = true;
			hk_stop_wait(1000);
			continue;
		}
		away = false;
		if (job.id == 0) {
			hk_db_wait(role->db, IDLE_MS, hk_stop_fd(), NULL);
			hk_stop_clear();
			continue;
		}
		do_job(role, t, &job);
		hk_job_clear(&job);
	}
	return true;
}

static const hk_who auto_who = {.login = "auto", .via = "work", .address = ""};

static bool
start_sweep(hk_flow *flow, void *user, GError **error)
{
	(void)user;
	return hk_sweep_start(flow, error);
}

bool
hk_role_work_pools(const hk_opts *opts, const char *const *pools, GError **error)
{
	hk_role role;
	g_autoptr(GPtrArray) stages = NULL;

	if (!stages_of(pools, &stages, error) || !hk_role_open(opts, "work", NULL, &role, error)) {
		return false;
	}
	hk_log(HK_EVENT_START, HK_F_STR("command", "work"), HK_F_STR("version", HK_VERSION));
	tools t = {.opts = opts};
	t.sites = hk_sites_new(
		hk_opts_str(opts, HK_OPT_SUFFIXES), hk_opts_str(opts, HK_OPT_SHARED_HOSTS), error);
	bool good = t.sites && hk_flow_do(role.flow, &auto_who, start_sweep, NULL, error) &&
		    loop(&role, &t, (const char *const *)stages->pdata, error);
	if (good) {
		hk_log(HK_EVENT_STOP, HK_F_STR("command", "work"), HK_F_STR("reason", "signal"));
	}
	hk_evidence_kit_free(t.evidence);
	hk_enrich_free(t.enrich);
	hk_sites_free(t.sites);
	hk_role_close(&role);
	return good;
}

bool
hk_role_work(const hk_opts *opts, GError **error)
{
	return hk_role_work_pools(opts, hk_opts_list(opts, HK_OPT_POOLS), error);
}
