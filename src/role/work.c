/* nocheck: tested in tests/scenario/roles.t. hikeshi work: does the jobs of stages.def, one at a time. */
#include <string.h>

#include "casework/intake.h"
#include "casework/leads.h"
#include "enrich/enrich.h"
#include "evidence/run.h"
#include "evidence/stamp.h"
#include "flow/jobs.h"
#include "flow/look.h"
#include "flow/monitor.h"
#include "flow/states.h"
#include "flow/sweep.h"
#include "flow/wave.h"
#include "report/chat_send.h"
#include "role/crew.h"
#include "role/hops.h"
#include "role/look.h"
#include "role/monitor.h"
#include "role/role.h"
#include "sys/egress.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/stop.h"

/* How long to sleep when nothing is due and nobody writes: a job that waits for its time is late by this at the most. */
#define IDLE_MS 500

/* How long a job waits that the kill switch cut. */
#define PUT_OFF_MS 10000

/* Short links at once. */
#define HOPS_IN_FLIGHT 32

/* What handlers work with; made when the first job asks for it. */
typedef struct tools {
	const hk_opts *opts;
	hk_sites *sites;
	hk_evidence_kit *evidence;
	hk_enrich *enrich;
	hk_looker *looker; /* made before there are threads */
	hk_role_crew_kit *crew;
	hk_monitor *monitor;
	hk_hops *hops; /* so, too */
	hk_chats *chats;
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
	const hk_blobs_config blobs = hk_blobs_config_of(t->opts);
	const hk_evidence_config config = {.egress = hk_egress_house(),
		.blobs = &blobs,
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
	const hk_blobs_config blobs = hk_blobs_config_of(t->opts);
	hk_enrich_config config = hk_enrich_config_of(t->opts);

	config.blobs = &blobs;
	config.sites = t->sites;
	if (!t->enrich) {
		t->enrich = hk_enrich_new(&config, error);
	}
	return t->enrich;
}

static void *
looker_of(tools *t, GError **error)
{
	(void)error;
	return t->looker;
}

static void *
hops_of(tools *t, GError **error)
{
	(void)error;
	return t->hops;
}

static void *
monitor_of(tools *t, GError **error)
{
	const hk_monitor_config config = {.exits = hk_opts_list(t->opts, HK_OPT_MONITOR_EXITS),
		.canary = hk_opts_str(t->opts, HK_OPT_MONITOR_CANARY),
		.places = hk_opts_str(t->opts, HK_OPT_PLACES),
		.in_flight = (unsigned)hk_opts_int(t->opts, HK_OPT_MONITOR_IN_FLIGHT),
		.timeout_ms = (unsigned)hk_opts_int(t->opts, HK_OPT_MONITOR_TIME)};

	if (!t->monitor) {
		t->monitor = hk_monitor_new(&config, error);
	}
	return t->monitor;
}

static void *
chats_of(tools *t, GError **error)
{
	const hk_blobs_config blobs = hk_blobs_config_of(t->opts);
	const hk_chats_config config = {.folder = hk_opts_str(t->opts, HK_OPT_CHATS),
		.base_url = hk_opts_str(t->opts, HK_OPT_BASE_URL),
		.blobs = &blobs,
		.contact = hk_opts_str(t->opts, HK_OPT_REPORT_CONTACT)};

	if (!t->chats) {
		t->chats = hk_chats_open(&config, error);
	}
	return t->chats;
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
crew_of(tools *t, GError **error)
{
	if (!t->crew) {
		t->crew = hk_role_crew_new(t->opts, t->sites, error);
	}
	return t->crew ? hk_role_crew(t->crew) : NULL;
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
	bool out; /* asks the world: waits while the kill switch is on */
} handlers[] = {
	{"intake", hk_intake_run, sites_of, false},
	{"sighting", hk_leads_run, sites_of, false},
	{"sweep", hk_sweep_run, sweep_of, false},
	{"capture", hk_capture_run, evidence_of, true},
	{"stamp", hk_stamp_run, stamper_of, true},
	{"enrich", hk_enrich_run, enrich_of, true},
	{"look", hk_looker_run, looker_of, true},
	{"hops", hk_hops_run, hops_of, true},
	{"draft", hk_draft_run, crew_of, false},
	{"send", hk_send_run, crew_of, true},
	{"poll", hk_poll_run, crew_of, true},
	{"lookup", hk_lookup_run, crew_of, true},
	{"notice", hk_notice_run, chats_of, true},
	{"monitor", hk_monitor_run, monitor_of, true},
};

static bool
goes_out(const char *stage)
{
	for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
		if (strcmp(handlers[i].stage, stage) == 0) {
			return handlers[i].out;
		}
	}
	return false;
}

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

static const hk_who auto_who = {.login = "auto", .via = "work", .address = ""};

static bool
put_off(hk_flow *flow, void *user, GError **error)
{
	return hk_job_again(flow, user, hk_flow_now(flow) + PUT_OFF_MS, error);
}

static void
do_job(const hk_role *role, tools *t, hk_job *job)
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
	/* The kill switch cut it: that is no attempt, and no reason to give it up. */
	if (goes_out(job->stage) && hk_egress_killed(hk_egress_house())) {
		(void)hk_flow_do(role->flow, &auto_who, put_off, job, NULL);
		return;
	}
	/* If even this cannot be written, the lease runs out by itself. */
	hk_job_failed(role->flow, job, why->message, !is_passing(code), NULL);
}

/* Stages, NULL at the end. */
typedef struct wanted {
	GPtrArray *all;
	GPtrArray *inside; /* those that ask nobody outside: for as long as the kill switch is on */
} wanted;

static void
wanted_clear(wanted *w)
{
	g_clear_pointer(&w->all, g_ptr_array_unref);
	g_clear_pointer(&w->inside, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(wanted, wanted_clear)

/* The stages that this process has a handler for, of the pools that it was told to serve. What is for others is left for them. */
static bool
stages_of(const char *const *pools, wanted *ret, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	g_autoptr(GPtrArray) inside = g_ptr_array_new();

	for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
		const hk_stage *stage = hk_stage_find(handlers[i].stage);
		if (!pools || !*pools || g_strv_contains(pools, stage->pool)) {
			g_ptr_array_add(list, (void *)(uintptr_t)stage->text);
			if (!handlers[i].out) {
				g_ptr_array_add(inside, (void *)(uintptr_t)stage->text);
			}
		}
	}
	for (size_t i = 0; pools && pools[i]; i++) {
		bool known = false;
		for (size_t k = 0; k < hk_stage_count; k++) {
			known = known || strcmp(hk_stages[k].pool, pools[i]) == 0;
		}
		if (!known) {
			return hk_error_set(error, HK_EUSAGE,
				"--pools: there is no pool \"%s\"; there are work, capture, "
				"look, hops, send, monitor and chat",
				pools[i]);
		}
	}
	g_ptr_array_add(list, NULL);
	g_ptr_array_add(inside, NULL);
	*ret = (wanted){g_steal_pointer(&list), g_steal_pointer(&inside)};
	return true;
}

/* SIGHUP, between two jobs: whose domains nothing may be reported about is to be as new as in the role that watches. The rest is read at the start. */
static void
reload(const tools *t)
{
	g_autoptr(GError) error = NULL;

	if (t->crew && !hk_role_crew_reload(t->crew, t->opts, &error)) {
		hk_log(HK_EVENT_RELOAD_FAILED, HK_F_STR("reason", error->message));
	}
}

static bool
loop(const hk_role *role, tools *t, const wanted *w, GError **error)
{
	bool away = false;

	while (!hk_stop_asked()) {
		g_autoptr(GError) local = NULL;
		hk_job job = {0};
		if (hk_stop_reload()) {
			reload(t);
		}
		const GPtrArray *now = hk_egress_killed(hk_egress_house()) ? w->inside : w->all;
		const char *const *stages = (const char *const *)now->pdata;
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

static bool
start_jobs(hk_flow *flow, void *user, GError **error)
{
	const tools *t = user;
	bool reports = hk_opts_str(t->opts, HK_OPT_REPORT_ORG) &&
		       hk_opts_str(t->opts, HK_OPT_REPORT_CONTACT);

	return hk_sweep_start(flow, error) && hk_look_start(flow, error) &&
	       hk_monitor_start(flow, error) && hk_wave_start(flow, error) &&
	       (!reports || hk_report_missing(flow, error)) &&
	       (!t->chats || hk_chats_announce(flow, t->chats, error));
}

/* Whoever looks has its judge before the first thread is started. */
static bool
make_looker(tools *t, const GPtrArray *stages, GError **error)
{
	const hk_opts *opts = t->opts;
	const char *cache = hk_opts_str(opts, HK_OPT_CACHE);
	g_autofree char *own = g_build_filename(g_get_user_cache_dir(), "hikeshi", NULL);
	const hk_looker_config config = {.targets = hk_opts_str(opts, HK_OPT_TARGETS),
		.cache = cache ? cache : own,
		.exit = hk_opts_str(opts, HK_OPT_LOOK_EXIT),
		.in_flight = (unsigned)hk_opts_int(opts, HK_OPT_LOOK_IN_FLIGHT),
		.timeout_ms = (unsigned)hk_opts_int(opts, HK_OPT_LOOK_TIME),
		.sites = t->sites};

	if (!g_strv_contains((const char *const *)stages->pdata, "look")) {
		return true;
	}
	t->looker = hk_looker_new(&config, error);
	return t->looker != NULL;
}

static bool
make_hops(tools *t, const GPtrArray *stages, GError **error)
{
	const hk_hops_config config = {.exit = hk_opts_str(t->opts, HK_OPT_LOOK_EXIT),
		.in_flight = HOPS_IN_FLIGHT,
		.sites = t->sites};

	if (!g_strv_contains((const char *const *)stages->pdata, "hops")) {
		return true;
	}
	t->hops = hk_hops_new(&config, error);
	return t->hops != NULL;
}

/* What is wrong with its options is said at the start, and not by a dead letter. */
static bool
make_monitor(tools *t, const GPtrArray *stages, GError **error)
{
	return !g_strv_contains((const char *const *)stages->pdata, "monitor") ||
	       monitor_of(t, error) != NULL;
}

/* So, too, for the chats: who tells nobody is told of it. Without them there is no picture to look for, and no store of pictures to open. */
static bool
make_chats(tools *t, const GPtrArray *stages, GError **error)
{
	return !g_strv_contains((const char *const *)stages->pdata, "notice") ||
	       !hk_opts_str(t->opts, HK_OPT_CHATS) || chats_of(t, error) != NULL;
}

static void
tools_clear(tools *t)
{
	hk_evidence_kit_free(t->evidence);
	hk_enrich_free(t->enrich);
	hk_role_crew_free(t->crew);
	hk_looker_free(t->looker);
	hk_hops_free(t->hops);
	hk_monitor_free(t->monitor);
	hk_chats_free(t->chats);
	hk_sites_free(t->sites);
}

bool
hk_role_work_pools(const hk_opts *opts, const char *const *pools, GError **error)
{
	hk_role role;
	g_auto(wanted) stages = {NULL, NULL};

	if (!stages_of(pools, &stages, error)) {
		return false;
	}
	tools t = {.opts = opts};
	t.sites = hk_sites_new(
		hk_opts_str(opts, HK_OPT_SUFFIXES), hk_opts_str(opts, HK_OPT_SHARED_HOSTS), error);
	if (!t.sites || !make_looker(&t, stages.all, error) || !make_hops(&t, stages.all, error) ||
		!make_monitor(&t, stages.all, error) || !make_chats(&t, stages.all, error) ||
		!hk_role_open(opts, "work", NULL, &role, error)) {
		tools_clear(&t);
		return false;
	}
	hk_log(HK_EVENT_START, HK_F_STR("command", "work"), HK_F_STR("version", HK_VERSION));
	bool good = hk_flow_do(role.flow, &auto_who, start_jobs, &t, error) &&
		    loop(&role, &t, &stages, error);
	if (good) {
		hk_log(HK_EVENT_STOP, HK_F_STR("command", "work"), HK_F_STR("reason", "signal"));
	}
	tools_clear(&t);
	hk_role_close(&role);
	return good;
}

bool
hk_role_work(const hk_opts *opts, GError **error)
{
	return hk_role_work_pools(opts, hk_opts_list(opts, HK_OPT_POOLS), error);
}
