/* role/poller: one source that is looked at now and then (a feed, a mailbox), in a thread with a database connection of its own. Layer: role.
 *
 * Where several watch processes run, only the first of them by name looks: a source belongs to one process at a time, and to the next one when that
 * has gone. Two that overlap for a moment do no harm: an observation is taken once, by its key. */
#ifndef HK_ROLE_POLLER_H
#define HK_ROLE_POLLER_H

#include "flow/flow.h"
#include "sys/options.h"

typedef struct hk_poller hk_poller;

/* What is looked at. poll: one look; a failure is logged (the source's health tells the board). next_ms: how long to wait until the next look, from now. */
typedef struct hk_polled {
	const char *name; /* for log lines; borrowed */
	void *source;     /* owned: freed with free when the poller stops */
	bool (*poll)(void *source, hk_flow *flow, uint64_t *ret_new, GError **error);
	int64_t (*next_ms)(void *source);
	GDestroyNotify free;
} hk_polled;

/* hk_poller_start(opts, owner, polled): opts: --database and --audit-key, which must outlive it; owner: the process's name in `workers`. Ends when sys/stop is
 * asked; hk_poller_join() waits for that. */
hk_poller *hk_poller_start(const hk_opts *opts, const char *owner, const hk_polled *polled);
void hk_poller_join(hk_poller *poller);

#endif
