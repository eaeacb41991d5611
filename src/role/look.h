/* role/look: the pool "look": names that are due are asked, what they answer is judged, and what that means is stored. Layer: role.
 *
 * The one place where requests (sys/fetch), judging (score/page) and acts (flow/look) meet. One job of stage "look" is whose turn it is to look;
 * each name has its own lease. A turn takes HK_LOOK_TURN_MS; what is still under way then stays under way for the next one. After kill -9 both
 * leases run out (under `hikeshi serve` they are given up at once): what was not stored is asked again, what was stored is not. */
#ifndef HK_ROLE_LOOK_H
#define HK_ROLE_LOOK_H

#include "flow/jobs.h"
#include "flow/sites.h"
#include "score/page.h"
#include "sys/egress.h"

#define HK_LOOK_TURN_MS   10000
#define HK_LOOK_LEASE_MS  120000
#define HK_LOOK_IDLE_MS   2000   /* longest wait of a job that has nothing to do */
#define HK_LOOK_LATER_MS  60000  /* after a refusal that was our own */
#define HK_LOOK_KITS_MS   300000 /* how often confirmed kits are read anew */
#define HK_LOOK_BATCH     48     /* answers that are judged and stored together */
#define HK_LOOK_GATHER_MS 300    /* ... or what there is after that */

typedef struct hk_looker hk_looker;

typedef struct hk_looker_config {
	const char *targets;   /* packs; NULL: none, kits alone */
	const char *cache;     /* folder for compiled patterns, or NULL */
	const char *exit;      /* name of a way out, or NULL: direct */
	const char *who;       /* requester in egress records; NULL: "look" */
	unsigned in_flight;    /* requests at once, at least 1 */
	unsigned timeout_ms;   /* one page with its redirects */
	const hk_sites *sites; /* borrowed; NULL: hk_looker_one only */
} hk_looker_config;

/* hk_looker_new(config, error): before other threads are started (it compiles patterns). HK_ECONFIG and kin. */
hk_looker *hk_looker_new(const hk_looker_config *config, GError **error);
/* hk_looker_free(looker): ends what is under way and gives its leases back. Accepts NULL. */
void hk_looker_free(hk_looker *looker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_looker, hk_looker_free)

/* hk_looker_run(flow, job, looker, error): the handler: one turn. flow must outlive the looker. Returns when the turn is over, SIGTERM has come (sys/stop),
 * or nothing is due. */
bool hk_looker_run(hk_flow *flow, const hk_job *job, void *looker, GError **error);

/* What one name showed. */
typedef struct hk_looked {
	char *host, *url, *final_url, *type, *why,
		*target; /* owned; why: no answer; target may be NULL */
	int status;
	unsigned steps, ms;
	size_t bytes;
	const char *outcome, *kind; /* static */
	double score;
	int64_t kit_case;
	GPtrArray *reasons; /* of char *, the weightiest first */
} hk_looked;
void hk_looked_free(hk_looked *looked);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_looked, hk_looked_free)

/* hk_looker_one(looker, host, url, threshold, error): one look, now; nothing is stored. url as in hk_look_new. NULL: HK_EPOLICY (no sandbox,
 * egress is stopped). A name that does not answer is a result. */
hk_looked *hk_looker_one(
	hk_looker *looker, const char *host, const char *url, double threshold, GError **error);

#endif
