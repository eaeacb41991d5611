/* role/monitor: the pool "monitor": watched sites that are due are visited, what they show is judged, and what that means is stored. Layer: role.
 *
 * The one place where visits (role/visit), pages (score/page), decisions (src/monitor) and acts (flow/monitor) meet. As role/look: one job of stage "monitor" is whose turn it is;
 * each watch has its own lease; a turn takes HK_MONITOR_TURN_MS. */
#ifndef HK_ROLE_MONITOR_H
#define HK_ROLE_MONITOR_H

#include "flow/jobs.h"
#include "sys/egress.h"

#define HK_MONITOR_TURN_MS  10000
#define HK_MONITOR_LEASE_MS 240000
#define HK_MONITOR_IDLE_MS  2000 /* longest wait of a job that has nothing to do */
#define HK_MONITOR_CANARY_MS                                                                       \
	60000 /* our own page is asked for so often, while there is something to watch */
#define HK_MONITOR_BATCH     48  /* pages that are read, and checks that are stored, together */
#define HK_MONITOR_GATHER_MS 300 /* ... or what there is after that */

typedef struct hk_monitor hk_monitor;

typedef struct hk_monitor_config {
	const char *const *
		exits; /* names of ways out, NULL at the end; NULL: direct alone. At most HK_CHECK_EXITS_MAX count */
	const char *canary;  /* URL of a page of ours, outside our own network, or NULL */
	const char *places;  /* conf/places.conf, or NULL */
	const char *who;     /* requester in egress records; NULL: "monitor" */
	unsigned in_flight;  /* sites at once, at least 1 */
	unsigned timeout_ms; /* one page with its redirects */
} hk_monitor_config;

/* hk_monitor_new(config, error): strings are copied. HK_ECONFIG: the file of places, or an exit that egress does not know. hk_monitor_free(): ends what is
 * under way and gives its leases back; accepts NULL. */
hk_monitor *hk_monitor_new(const hk_monitor_config *config, GError **error);
void hk_monitor_free(hk_monitor *monitor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_monitor, hk_monitor_free)

/* hk_monitor_run(flow, job, monitor, error): the handler: one turn. flow must outlive the monitor. */
bool hk_monitor_run(hk_flow *flow, const hk_job *job, void *monitor, GError **error);

/* hk_monitor_one(monitor, db, case_id, url, host, ret, error): one check by every visitor, now, and what it says, as a JSON object appended to ret; nothing is stored. case_id: a watched
 * case, read from db; 0: url (or host's front page, url NULL), of which nothing is known. HK_ENOENT: the case is not watched; HK_EPOLICY: no sandbox, egress is stopped. */
bool hk_monitor_one(hk_monitor *monitor, hk_db *db, int64_t case_id, const char *url,
	const char *host, GString *ret, GError **error);

#endif
