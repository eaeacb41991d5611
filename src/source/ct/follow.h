/* source/ct/follow: reads many CT logs like a well-behaved guest, believes nothing unverified, resumes exactly.
 * Layer: source/ct. What logs say is hostile.
 *
 * When is an entry a sighting? Each tree head that is fetched is kept in a queue until the entries up to its size have been
 * read and hashed. If the root then is the head's, everything below that size is verified: the sightings among those entries
 * are written to the journal and committed together with the position, and only then printed. Between two heads they wait,
 * in memory, and for a long way (back-fill) in the log's pending file, so that a restart goes on where it was.
 * If the root is another one, or a head contradicts an earlier one, the log stops for good: both heads and the entries since
 * the last verified head go to evidence/, an error event is raised, and nothing of those entries is ever reported. The other
 * logs go on.
 *
 * One thread. Memory is bounded by in_flight bodies for each log, 16 in all, and 4 MiB of bodies kept as possible
 * evidence. */
#ifndef HK_SOURCE_CT_FOLLOW_H
#define HK_SOURCE_CT_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "parse/batch.h"
#include "source/ct/loglist.h"

/* Bodies of entries that are under way or wait for their turn, over all logs: a tile counts 1, a get-entries page 4. Each log
 * may always have one. */
#define HK_FOLLOW_BODIES_MAX 16
/* Bodies kept since the last verified head, as evidence if it comes to that, over all logs. */
#define HK_FOLLOW_KEEP_BYTES (4u << 20)
/* The log list is read again after this. */
#define HK_FOLLOW_LIST_MS (60 * 60 * 1000)

/* Scores a batch: appends an hk_sighting (sys/sighting.h) for each entry that is one to ret_sightings, which owns it. Called
 * for entries that are framed and hashed but not yet verified; what it returns may be dropped. */
typedef bool (*hk_follow_sink)(void *user, const hk_ct_log *log, const hk_batch *batch,
	GPtrArray *ret_sightings, GError **error);

/* SIGHUP: reload rules, targets, model. Failure is logged by the callee; what was loaded stays in use. */
typedef void (*hk_follow_reload)(void *user);

/* How far the first log is read. */
typedef void (*hk_follow_progress)(void *user, uint64_t position, uint64_t size);

typedef enum hk_follow_from {
	HK_FROM_END,
	HK_FROM_START,
	HK_FROM_INDEX,
} hk_follow_from;

typedef struct hk_follow_config {
	const char *list; /* log list v3: file or URL */
	hk_ct_log *log;   /* instead of list: this one log; taken */
	const char *state_dir;
	struct hk_keep *
		keep; /* instead of state_dir: where it stands and what it sees go there; borrowed */
	const char *contact; /* checked here: hk_http_contact_check() */
	const char *ca_file; /* or NULL */
	hk_follow_from from; /* for logs that the state does not know */
	uint64_t from_index;
	uint64_t
		until_index; /* read no entry from here on; 0: up to the head. If the head is larger, the tree of the
				 first until_index entries is proven a beginning of it, and the log ends there */
	unsigned poll_ms;   /* between two looks at a head */
	double rate_per_s;  /* requests per second and operator; 0: no limit of ours */
	unsigned in_flight; /* bodies per log; 0: 4 */
	/* Operators or hosts, lists that end with NULL, or NULL: */
	const char *const *http1; /* that are spoken to in HTTP/1.1 only */
	const char *const *fresh; /* that get a new connection for each request */
	bool once;                /* up to the present heads, then return */
	int out_fd;               /* sightings go there; -1: nowhere */
	hk_follow_sink sink;
	hk_follow_reload reload;     /* or NULL */
	hk_follow_progress progress; /* or NULL */
	void *user;
} hk_follow_config;

/* hk_follow_run(config, error): follows until SIGTERM or SIGINT (true: the work at hand is committed), with `once` until every
 * log is read up to its present head. Takes the process's signal handlers for SIGTERM, SIGINT, SIGHUP while it runs. False:
 * HK_EUSAGE (contact), HK_EPOLICY (state folder in use, URL not allowed), HK_ENOENT, HK_ECONFIG (log list), HK_EFULL, HK_EIO
 * (state, output); HK_EINCONSISTENT, HK_EREMOTE with `once`: a log was stopped, or could not be read. */
bool hk_follow_run(const hk_follow_config *config, GError **error);

#endif
