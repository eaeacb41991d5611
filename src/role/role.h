/* role/role: what watch, work and web have in common, and the four ways to run them. Layer: role.
 *
 * A role is a process with one connection to the database for its work, a row in `workers` that a thread of its own renews (with a
 * connection of its own, so that a long piece of work does not look like a death), and SIGTERM as its way to end in good order. */
#ifndef HK_ROLE_ROLE_H
#define HK_ROLE_ROLE_H

#include <sys/types.h>

#include "flow/flow.h"
#include "sys/options.h"

typedef struct hk_role {
	const char *name; /* "work-HOST-ID": borrowed; unique */
	hk_db *db;
	hk_flow *flow;
	struct hk_role_beat *beat; /* the thread */
} hk_role;

/* hk_role_open(opts, kind, id, ret, error): kind: watch | work; id: makes the name unique, and is the same for a process that takes the place of
 * another (NULL: a random one). Opens --database, checks its schema, --audit-key, begins sys/stop, puts the process
 * into `workers`. hk_role_close(role): takes it out again. */
bool hk_role_open(
	const hk_opts *opts, const char *kind, const char *id, hk_role *ret, GError **error);
void hk_role_close(hk_role *role);

/* hk_role_died(opts, kind, pid): for the parent of a role that was opened with id NULL and ended without a word: what it had leased is anybody's from now on, and
 * its row in `workers` goes. False: the database did not take it: ask again; the leases run out by themselves at last. */
bool hk_role_died(const hk_opts *opts, const char *kind, pid_t pid);

/* hk_role_beat_start(opts, kind, id, error): the row in `workers` alone, for the web role, which has connections of its own. */
typedef struct hk_role_beat hk_role_beat;
hk_role_beat *hk_role_beat_start(
	const hk_opts *opts, const char *kind, const char *id, GError **error);
void hk_role_beat_stop(hk_role_beat *beat); /* accepts NULL */
const char *hk_role_beat_name(const hk_role_beat *beat);

/* Each runs until SIGTERM or SIGINT (true: in good order). Options: see options.def. */
bool hk_role_watch(const hk_opts *opts, GError **error);
bool hk_role_work(const hk_opts *opts, GError **error);
bool hk_role_web(const hk_opts *opts, GError **error);

/* hk_role_work_pools(opts, pools, error): hk_role_work for the stages of these pools (NULL or empty: all). HK_EUSAGE: there is no such pool. */
bool hk_role_work_pools(const hk_opts *opts, const char *const *pools, GError **error);

/* hk_role_serve(opts, error): the three roles as child processes, --workers of work for pool "work", one each for the others; one that ends by itself is started again, after 1 s, doubling
 * to a minute. A wrong command line or configuration (EX_USAGE, EX_CONFIG) ends all of them. Children die with their parent. */
bool hk_role_serve(const hk_opts *opts, GError **error);

#endif
