/* role/ct_sink: where the follower's batches go: the scorer says which entries are sightings. Layer: role.
 *
 * source/ct and score/ know nothing of one another; this is the wire between them. */
#ifndef HK_ROLE_CT_SINK_H
#define HK_ROLE_CT_SINK_H

#include "flow/flow.h"
#include "source/ct/follow.h"
#include "store/db.h"
#include "sys/options.h"

typedef struct hk_ct_sink hk_ct_sink;

/* hk_ct_sink_new(opts, error): reads --targets, --rules, --model, --threshold, --all. HK_ENOENT, HK_ECONFIG and kin. */
hk_ct_sink *hk_ct_sink_new(const hk_opts *opts, GError **error);
void hk_ct_sink_free(hk_ct_sink *sink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_ct_sink, hk_ct_sink_free)

/* An hk_follow_sink and an hk_follow_reload; user is the hk_ct_sink. An entry becomes a sighting when the scorer hits it, when
 * it is malformed, or with --all. */
bool hk_ct_sink_batch(void *user, const hk_ct_log *log, const hk_batch *batch,
	GPtrArray *ret_sightings, GError **error);
void hk_ct_sink_reload(void *user);

/* hk_ct_sink_looks(sink, db): from now on the names of entries that are no sighting, but likelier than most, become candidates for a light look
 * (sightings of kind "candidate", which a keeper in the database turns into rows of `looks`). How many: setting "looks", which is read, with what is left of
 * the day, from db (borrowed, outside of transactions) every HK_CT_SINK_LOOKS_MS. Not with --all. */
#define HK_CT_SINK_LOOKS_MS 10000
void hk_ct_sink_looks(hk_ct_sink *sink, hk_db *db);

/* hk_ct_sink_brands(sink, flow, targets): when files are read again, brands that are new in the pack become targets of the database (role/brands). flow (borrowed, of the
 * follower's thread), targets: --targets, or NULL. */
void hk_ct_sink_brands(hk_ct_sink *sink, hk_flow *flow, const char *targets);

/* hk_ct_sink_from(text, config, error): --from into config: start, end or the index of an entry; else HK_EUSAGE. */
bool hk_ct_sink_from(const char *text, hk_follow_config *config, GError **error);

#endif
