#include "role/ct_sink.h"

#include <string.h>

#include "base/num.h"
#include "flow/policy.h"
#include "role/brands.h"
#include "role/judge.h"
#include "score/budget.h"
#include "store/looks.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/sighting.h"

struct hk_ct_sink {
	hk_scorer *scorer; /* owned */
	bool all;
	hk_db *looks;        /* borrowed; NULL: nobody looks */
	hk_flow *flow;       /* borrowed; NULL: new brands become no targets */
	const char *targets; /* borrowed, with flow: where the brands stand */
	hk_budget budget;    /* of looks */
	int64_t renew_ms;    /* when it is read again */
	bool spent;          /* the day's cap was told to be used up */
};

#define MS_PER_DAY INT64_C(86400000)

/* A running batch. */
typedef struct sinking {
	const char *log;
	GPtrArray *sightings; /* borrowed */
} sinking;

hk_ct_sink *
hk_ct_sink_new(const hk_opts *opts, GError **error)
{
	hk_scorer *scorer = hk_judge_scorer(opts, false, error);

	if (!scorer) {
		return NULL;
	}
	hk_ct_sink *sink = g_new0(hk_ct_sink, 1);
	sink->scorer = scorer;
	sink->all = hk_opts_bool(opts, HK_OPT_ALL);
	return sink;
}

void
hk_ct_sink_free(hk_ct_sink *sink)
{
	if (sink) {
		hk_scorer_free(sink->scorer);
		g_free(sink);
	}
}

static void
on_entry(void *user, const hk_batch_entry *entry, const hk_verdict *verdict)
{
	const sinking *to = user;

	g_ptr_array_add(to->sightings, hk_sighting_new(to->log, entry, verdict));
}

void
hk_ct_sink_looks(hk_ct_sink *sink, hk_db *db)
{
	sink->looks = db;
	hk_budget_init(&sink->budget, 0, 0);
}

static void
say_spent(hk_ct_sink *sink, const hk_policy *policy)
{
	bool spent = sink->budget.left <= 0 && policy->looks_on && policy->looks_cap > 0;

	if (spent && !sink->spent) {
		hk_log(HK_EVENT_LOOKS_SPENT, HK_F_INT("cap", policy->looks_cap));
	}
	sink->spent = spent;
}

/* The setting, and what is left of the day. When the database is away what was known stays in force. */
static void
renew(hk_ct_sink *sink)
{
	g_autoptr(GError) error = NULL;
	int64_t now_ms = hk_clock_mono_ms();
	int64_t taken = 0;
	hk_policy policy;

	if (now_ms < sink->renew_ms) {
		return;
	}
	sink->renew_ms = now_ms + HK_CT_SINK_LOOKS_MS;
	bool good = hk_policy_read(sink->looks, &policy, &error) &&
		    hk_looks_since(sink->looks, hk_clock_wall_ms() - MS_PER_DAY, &taken, &error);
	if (good) {
		hk_scorer_budget(sink->scorer, &sink->budget,
			policy.looks_on ? policy.looks_share : 0, policy.looks_floor);
		hk_budget_left(&sink->budget, policy.looks_cap - taken);
		say_spent(sink, &policy);
	} else {
		hk_log(HK_EVENT_STORE_AWAY, HK_F_STR("reason", error->message));
	}
	hk_policy_clear(&policy);
}

static void
on_low(void *user, const hk_batch_entry *entry, const hk_scorer_low *names, size_t count)
{
	const sinking *to = user;
	hk_sighting_host hosts[HK_SCORER_LOW_MAX];

	for (size_t i = 0; i < count; i++) {
		hosts[i] = (hk_sighting_host){hk_span_of(names[i].name.text, names[i].name.len),
			(double)names[i].score, names[i].target};
	}
	g_ptr_array_add(to->sightings, hk_sighting_candidate(to->log, entry, hosts, count));
}

bool
hk_ct_sink_batch(void *user, const hk_ct_log *log, const hk_batch *batch, GPtrArray *ret_sightings,
	GError **error)
{
	hk_ct_sink *sink = user;
	sinking to = {log->kind == HK_CT_STATIC ? log->tile_url : log->url, ret_sightings};

	(void)error;
	if (sink->looks && !sink->all) {
		renew(sink);
		hk_judge_batch_low(sink->scorer, batch, on_entry, on_low, &to);
	} else {
		hk_judge_batch(sink->scorer, batch, sink->all, on_entry, &to);
	}
	return true;
}

void
hk_ct_sink_reload(void *user)
{
	hk_ct_sink *sink = user;
	g_autoptr(GError) error = NULL;

	/* Success is logged by the scorer itself. */
	if (!hk_scorer_reload(sink->scorer, &error) ||
		(sink->flow && !hk_brands_take(sink->flow, sink->targets, &error))) {
		hk_log(HK_EVENT_RELOAD_FAILED, HK_F_STR("reason", error->message));
	}
}

void
hk_ct_sink_brands(hk_ct_sink *sink, hk_flow *flow, const char *targets)
{
	sink->flow = flow;
	sink->targets = targets;
}

bool
hk_ct_sink_from(const char *text, hk_follow_config *config, GError **error)
{
	if (strcmp(text, "end") == 0) {
		config->from = HK_FROM_END;
	} else if (strcmp(text, "start") == 0) {
		config->from = HK_FROM_START;
	} else if (hk_parse_u64(hk_span_str(text), INT64_MAX, &config->from_index) == HK_OK) {
		config->from = HK_FROM_INDEX;
	} else {
		return hk_error_set(error, HK_EUSAGE,
			"--from must be start, end or the index of an entry, not '%s'", text);
	}
	return true;
}
