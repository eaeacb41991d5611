/* flow/look: names that are looked at lightly, and what becomes of them. Layer: flow. Inside a transaction of flow/flow.h. What pages
 * and certificates said is hostile: kept, never followed. docs/looks.md tells the story.
 *
 * A name is wanted once (hk_look_want), by a source or by casework; the pool "look" looks at it (role/look) and says what it saw
 * (hk_look_save), which is the one transaction in which a look counts: outcome, next turn, and, for a page that imitates, the case. */
#ifndef HK_FLOW_LOOK_H
#define HK_FLOW_LOOK_H

#include "flow/jobs.h"
#include "store/looks.h"

/* Looks that are over are kept for so long: that long a name is not looked at anew. */
#define HK_LOOK_KEPT_MS INT64_C(2592000000)

/* A name, as its source saw it. Strings borrowed. */
typedef struct hk_look_wish {
	const char *source; /* sources.key */
	const char *host;   /* ASCII, lower case */
	const char *target; /* key or name of a target, or NULL; unknown ones are passed over */
	const char *
		data; /* JSON object: {"url"?, "sighting"?: number, "log"?, "index"?, "tbs_sha256"? ...} or NULL */
	double score; /* of the name, 0..1 */
} hk_look_wish;
/* hk_look_want(flow, wish, ret_new, error): a candidate, due at once. *ret_new false: it is one already, it is a case, or no host that can be asked.
 * Not audited: nothing has been done to anybody yet. */
bool hk_look_want(hk_flow *flow, const hk_look_wish *wish, bool *ret_new, GError **error);

/* What one look brought. Strings borrowed. */
typedef struct hk_look_seen {
	const hk_look_row *row;
	const char *
		outcome; /* dead | empty | plain | suspect | case (it has become one by itself; not looked at) */
	double score;        /* of the page, 0..1; < 0: none */
	const char *reasons; /* JSON array of texts */
	const char *
		target; /* key or name of a target that the page imitates, or NULL: what the name speaks of */
	const char *url;    /* suspect: where it was asked, canonical */
	const char *domain; /* suspect: registrable domain of the host, or NULL */
	bool private_suffix, shared_host;
	int64_t case_id; /* outcome case: that it has become */
	bool over;       /* never again, whatever the outcome */
} hk_look_seen;

typedef struct hk_look_sum {
	int64_t saved, lost;   /* lost: the lease was another's by then; nothing was changed */
	int64_t cases, linked; /* cases opened; hosts that were in a case already */
} hk_look_sum;
/* hk_look_save(flow, owner, seen, count, ret, error): all of a batch. Each row that is still owner's gets its outcome and its next turn; a suspect one opens a
 * case (hk_case_take: source, reasons, score, kind by target, certificate, evidence by setting; audited) with a sighting that says where the name was seen and
 * what the page showed. An act that is refused (an unusable name) leaves the row without a case, with event look.refused. */
bool hk_look_save(hk_flow *flow, const char *owner, const hk_look_seen *seen, size_t count,
	hk_look_sum *ret, GError **error);

/* hk_look_due(outcome, before, tries, now_ms): when to look again; 0: never. before: the outcome of the look before, or NULL; tries: looks
 * before this one. dead, empty: after 5 min, 1 h, 6 h, 1 d, 7 d. plain: once more, a day later (what is phishing tomorrow is a front page of
 * the hoster today). suspect, case: never. */
int64_t hk_look_due(const char *outcome, const char *before, int64_t tries, int64_t now_ms);

/* hk_look_start(flow, error): sees to it that there is the one job of stage "look"; inside a transaction. Each role that works calls it when it starts. */
bool hk_look_start(hk_flow *flow, GError **error);

#endif
