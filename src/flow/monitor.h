/* flow/monitor: sites that are watched until they are dark, and beyond. Layer: flow. Inside a transaction of flow/flow.h. What sites say is hostile: kept,
 * never followed. docs/monitor.md tells the story.
 *
 * A watch begins when a case is confirmed, reported or found alive again (hk_case_move does it). The pool "monitor" looks (role/monitor), decides
 * (src/monitor) and says what it saw here, which is the one place where a check counts: the state of the watch, the observation, the case's clocks and its
 * move, all in one transaction, audited. */
#ifndef HK_FLOW_MONITOR_H
#define HK_FLOW_MONITOR_H

#include "flow/jobs.h"
#include "store/watches.h"

#define HK_MONITOR_NOTED_MS INT64_C(3600000)  /* an observation at least so often */
#define HK_MONITOR_ASK_MS   INT64_C(21600000) /* the registry is asked again (enrichment) so often */
#define HK_MONITOR_KEEP_MS  INT64_C(7776000000) /* a site that is dark is watched for 90 days */

/* hk_monitor_start(flow, error): sees to it that there are the one job of stage "monitor" and the one of stage "lookup", and a watch for every case that should have one. Each role that
 * works calls it when it starts. */
bool hk_monitor_start(hk_flow *flow, GError **error);

/* hk_monitor_begin(flow, case_id, error): a watch that is due at once, or one that goes on; not of a case without a host, nor one that was stopped by hand. */
bool hk_monitor_begin(hk_flow *flow, int64_t case_id, GError **error);

/* What one check brought. Strings borrowed. */
typedef struct hk_monitor_seen {
	const hk_watch_row *was; /* as it was claimed */
	hk_watch_row
		now; /* as it is to be: state is set by act; the members of the case and listings are not looked at. asked_ms, noted_ms: set here */
	const char *act;     /* move of LIVENESS, or NULL */
	bool down, back;     /* it went from being there to dark; it came back */
	int64_t at_ms;       /* since when, as far as we know; <= the transaction's time */
	const char *saw;     /* code of monitor/visits.def */
	bool nameless, held; /* the DNS has no address of it; the registry holds it: their clocks */
	const char *why;     /* one sentence in English for the survey log */
} hk_monitor_seen;

typedef struct hk_monitor_sum {
	int64_t saved, lost; /* lost: the lease was another's by then; nothing was changed */
	int64_t down, back;  /* cases moved */
} hk_monitor_sum;

/* hk_monitor_save(flow, owner, seen, count, ret, error): all of a batch. Each watch that is still owner's gets its state and next turn; an observation, when a signal changed or the last one is an
 * hour old. down: a case that can be moves to down (clocks content_gone, on_hold, dns_gone by the state, from at_ms; down: now), with an entry of the survey log; back: one that is
 * down or closed is resurrected, and loses those clocks. Acts site.dark, site.back, site.changed are audited; the registry is asked again when a site goes dark, and now and then.
 * HK_EPOLICY: act is no row of states.def from that state. */
bool hk_monitor_save(hk_flow *flow, const char *owner, const hk_monitor_seen *seen, size_t count,
	hk_monitor_sum *ret, GError **error);

/* hk_monitor_act(flow, case_id, act, error): "check": due now; "stop", "resume": a person's word. Audited. HK_ENOENT: it is not watched (resume begins a watch); HK_EFORM: another act;
 * HK_EPOLICY: check of one that is stopped. */
bool hk_monitor_act(hk_flow *flow, int64_t case_id, const char *act, GError **error);

/* hk_monitor_listed(flow, case_id, vendor, state, listed, error): a vendor's or list's word about the site ("safebrowsing", "listed"), asked for just now: kept in the watch with the time
 * since which they say so. A new word becomes a fact of the case (kind list.state); that it is listed, or no longer, is audited (site.listed, site.unlisted), and the first is told in the
 * chat. listed: the case's clock of that name is stamped, if it is empty. A case without a watch has all but the entry of the watch. vendor: letters, digits, hyphens. */
bool hk_monitor_listed(hk_flow *flow, int64_t case_id, const char *vendor, const char *state,
	bool listed, GError **error);

/* What a vendor said last. Times in ms since 1970. */
typedef struct hk_monitor_listing {
	const char *state; /* borrowed; NULL from hk_monitor_listing_of() */
	bool listed;
	int64_t since_ms,
		asked_ms; /* since when they say so; when they were last asked, 0: not known */
} hk_monitor_listing;
/* hk_monitor_listing_of(listings, vendor, ret): of hk_watch_row.listings; false: that vendor has not been asked yet. */
bool hk_monitor_listing_of(const char *listings, const char *vendor, hk_monitor_listing *ret);

#endif
