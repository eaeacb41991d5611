#include "cmd/ct_sink.h"

#include "sys/sighting.h"

struct hk_ct_sink {
	bool all;
};

hk_ct_sink *
hk_ct_sink_new(const hk_opts *opts, GError **error)
{
	hk_ct_sink *sink = g_new0(hk_ct_sink, 1);

	(void)error;
	sink->all = hk_opts_bool(opts, HK_OPT_ALL);
	return sink;
}

void
hk_ct_sink_free(hk_ct_sink *sink)
{
	g_free(sink);
}

bool
hk_ct_sink_batch(void *user, const hk_ct_log *log, const hk_batch *batch, GPtrArray *ret_sightings,
	GError **error)
{
	const hk_ct_sink *sink = user;

	(void)error;
	for (size_t i = 0; i < batch->entry_count; i++) {
		const hk_batch_entry *entry = &batch->entries[i];
		if (sink->all || hk_batch_is_odd(entry)) {
			g_ptr_array_add(ret_sightings,
				hk_sighting_new(
					log->kind == HK_CT_STATIC ? log->tile_url : log->url, entry,
					NULL));
		}
	}
	return true;
}

void
hk_ct_sink_reload(void *user)
{
	(void)user;
}
