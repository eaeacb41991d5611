#include "role/ct_sink.h"

#include <string.h>

#include "base/num.h"
#include "role/judge.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/sighting.h"

struct hk_ct_sink {
	hk_scorer *scorer; /* owned */
	bool all;
};

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

bool
hk_ct_sink_batch(void *user, const hk_ct_log *log, const hk_batch *batch, GPtrArray *ret_sightings,
	GError **error)
{
	const hk_ct_sink *sink = user;
	sinking to = {log->kind == HK_CT_STATIC ? log->tile_url : log->url, ret_sightings};

	(void)error;
	hk_judge_batch(sink->scorer, batch, sink->all, on_entry, &to);
	return true;
}

void
hk_ct_sink_reload(void *user)
{
	hk_ct_sink *sink = user;
	g_autoptr(GError) error = NULL;

	/* Success is logged by the scorer itself. */
	if (!hk_scorer_reload(sink->scorer, &error)) {
		hk_log(HK_EVENT_RELOAD_FAILED, HK_F_STR("reason", error->message));
	}
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
