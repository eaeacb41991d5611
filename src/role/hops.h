/* role/hops: the pool "hops": the short links of waves are followed to where they lead. Layer: role. What answers is hostile.
 *
 * Link by link, many at once, as a telephone in Japan that somebody pressed the link of a message on: HEAD, and GET where that says nothing. Only what a link shortener
 * answers is asked for (flow/sites): the first URL on another host is the landing, and is not touched. What a shortener's page leads to by itself, or by its only button, is a
 * hop, too (score/page). Each hop goes through sys/egress, purpose "c2-link".
 *
 * One job of stage "hops" is whose turn it is (flow/wave, hk_wave_start); it comes back when the next link is due. A pool of its own: a turn of looks takes seconds, and the card of a
 * wave waits HK_WAVE_CARD_MS for its landing. What is under way when a turn is cut is asked again. */
#ifndef HK_ROLE_HOPS_H
#define HK_ROLE_HOPS_H

#include "flow/jobs.h"
#include "flow/sites.h"
#include "sys/egress.h"

#define HK_HOPS_MAX        10    /* short links one after the other */
#define HK_HOPS_BODY_MAX   65536 /* bytes of a shortener's page that are read */
#define HK_HOPS_REQUEST_MS 5000  /* one request; a link has three of these in all */
#define HK_HOPS_POLL_MS                                                                            \
	200 /* while links are followed, those that have become due join in so often */
#define HK_HOPS_TURN_MS  20000  /* none joins after that */
#define HK_HOPS_IDLE_MS  600000 /* longest wait of a job that nobody calls */
#define HK_HOPS_LATER_MS 60000  /* after a refusal that was our own, or a failure */

typedef struct hk_hops hk_hops;

typedef struct hk_hops_config {
	hk_egress *egress;     /* borrowed; NULL: the house's */
	const char *exit;      /* name of a way out, or NULL: direct */
	unsigned in_flight;    /* links at once, at least 1 */
	const hk_sites *sites; /* borrowed */
} hk_hops_config;

/* hk_hops_new(config, error): strings are copied; before other threads are started (score/page). hk_hops_free(): ends what is under way; accepts NULL. */
hk_hops *hk_hops_new(const hk_hops_config *config, GError **error);
void hk_hops_free(hk_hops *hops);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_hops, hk_hops_free)

/* hk_hops_run(flow, job, hops, error): the handler: one turn. Returns when nothing is due and nothing under way, or SIGTERM has come (sys/stop). A link whose result cannot be stored
 * is logged and put off; it holds up no other. */
bool hk_hops_run(hk_flow *flow, const hk_job *job, void *hops, GError **error);

#endif
