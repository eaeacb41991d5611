/* flow/case: what can be done with a case. Layer: flow. Every act runs inside a transaction of flow/flow.h and is audited.
 *
 * version: what the caller last read (cases.version), or 0: do it whatever the version is (bulk acts). */
#ifndef HK_FLOW_CASE_H
#define HK_FLOW_CASE_H

#include "flow/flow.h"

/* What is known when somebody or something says "this is a phishing site". All strings borrowed, UTF-8. */
typedef struct hk_lead {
	const char *url;     /* canonical (parse/url), or NULL */
	const char *host;    /* ASCII, lower case, or NULL */
	const char *domain;  /* registrable domain, or NULL; keyed only if !private_suffix */
	bool private_suffix; /* domain lies directly under a private suffix (duckdns.org): names below it have nothing in common */
	bool shared_host; /* many people's pages on one host (forms, drive, link shorteners): the URL, not the host, is the site */
	uint8_t certificate[32]; /* tbs_sha256; all zero: unknown */
	const char *landing;     /* key of the landing page, or NULL */
	const char *name;        /* of the case; NULL: the host, else required */
	const char *
		kind; /* casekinds.def; NULL: by target (own -> phishing, another's -> phishing_other, none -> phishing) */
	const char *target;  /* key or name of a target, or NULL; unknown ones are HK_ENOENT */
	const char *service; /* or NULL */
	const char *actor;   /* key, or NULL */
	const char *
		source; /* sources.key: manual, api, import, ct, mail:X, feed:X, c2:X; made when new */
	int64_t reporter_id;       /* 0: auto */
	int64_t first_seen_ms;     /* 0: now */
	double score;              /* 0..1 */
	const char *reasons;       /* JSON array of texts, or NULL */
	const char *note;          /* first entry of the survey log, or NULL */
	const char *const *labels; /* NULL-terminated, or NULL */
	const char *gsb_type;      /* phishing | trademark | other, or NULL */
	const char *ticket_type;   /* phishing | trademark, or NULL */
	const char *wants;         /* JSON array, or NULL */
	int64_t sighting_id;       /* attach it; 0: none */
	bool urgent;               /* its evidence goes before what waits (hk_evidence_want) */
} hk_lead;

typedef enum hk_taken_how {
	HK_TAKEN_OPENED, /* a new case */
	HK_TAKEN_ATTACHED, /* the URL, or its host, is in a case and was seen within the dedupe period: counted there */
	HK_TAKEN_ROUTED, /* a new case in state out_of_scope: the scope rule says who deals with it */
} hk_taken_how;

typedef struct hk_taken {
	hk_taken_how how;
	int64_t case_id;
	char why[48]; /* url | host | rule name ...: what made it ATTACHED or ROUTED */
} hk_taken;

/* hk_case_take(flow, lead, ret, error): opens a case or attaches to one. Order of looking: same URL, same host (unless shared_host), in a case that is
 * neither deleted nor a duplicate (then: the case it was merged into), named within settings "dedupe" (default: one month, S34) of now; for source "import", of
 * first_seen: what is imported is history. A case that is down or closed
 * and is named again is resurrected by monitor, not here: the URL is attached and a comment says so. Same certificate, same domain, same
 * landing page: the new case joins (or founds) the campaign of that kind and key. Locks by key: two workers never open two cases for one URL. */
bool hk_case_take(hk_flow *flow, const hk_lead *lead, hk_taken *ret, GError **error);

/* hk_case_many(flow, leads, count, error): before the first of several hk_case_take in one transaction: such transactions stand in line, else each would soon
 * wait for a key that the other holds (PostgreSQL; they would be told HK_EAGAIN after a second and begin anew). leads: those that will be taken, as far as
 * they are known: on PostgreSQL what is known of their sites is read at once, and what the transaction writes is written in few statements at its end, where
 * its errors show, too (store/later). Others may be taken as well, for more. */
bool hk_case_many(hk_flow *flow, const hk_lead *const *leads, size_t count, GError **error);

/* hk_case_look(db, lead, ret, error): what hk_case_take would do, without doing it (dry run). case_id 0 for a new one. */
bool hk_case_look(hk_db *db, const hk_lead *lead, hk_taken *ret, GError **error);

/* hk_case_move(flow, id, version, act, note, error): a MOVE row of states.def by its act ("confirm", "dismiss" ...). note (or NULL) goes to the survey log.
 * confirm, report and resurrect begin the watch of its site (flow/monitor); resurrect empties the clocks closed, down, content_gone, on_hold and dns_gone. */
bool hk_case_move(hk_flow *flow, int64_t id, int64_t version, const char *act, const char *note,
	GError **error);

/* hk_case_edit(flow, id, version, fields, error): fields: a JSON object with any of name, kind, target, service, actor, assignee (login or null),
 * first_seen, gsb_type, ticket_type, wants, campaign (number or null), and clock fields that people enter by hand (listed, on_hold, acknowledged ...). Unknown members and wrong values are refused by
 * name. The audit row holds old and new values. */
bool hk_case_edit(hk_flow *flow, int64_t id, int64_t version, const char *fields, GError **error);

bool hk_case_delete(hk_flow *flow, int64_t id, int64_t version, GError **error); /* soft */
bool hk_case_restore(hk_flow *flow, int64_t id, GError **error);

bool hk_case_comment(hk_flow *flow, int64_t id, const char *text, int64_t *ret_id, GError **error);
bool hk_case_comment_edit(hk_flow *flow, int64_t comment_id,
	const char *text /* NULL: delete, soft */, GError **error);
bool hk_case_label(hk_flow *flow, int64_t id, const char *label, bool on, GError **error);
bool hk_case_url_add(
	hk_flow *flow, int64_t id, const char *canonical_url, const char *host, GError **error);
bool hk_case_attach(hk_flow *flow, int64_t id, const char *name, const char *type, int64_t bytes,
	const uint8_t sha256[32], int64_t *ret_id, GError **error);
bool hk_case_link(hk_flow *flow, int64_t a, int64_t b, const char *note, bool on, GError **error);

/* Tasks. from a template: all its steps. */
bool hk_task_add(hk_flow *flow, int64_t case_id, const char *title, int64_t due_ms, int64_t *ret_id,
	GError **error);
bool hk_task_add_template(hk_flow *flow, int64_t case_id, const char *template_key, GError **error);
bool hk_task_move(hk_flow *flow, int64_t task_id, const char *act, GError **error);
bool hk_task_edit(hk_flow *flow, int64_t task_id, const char *fields /* title, assignee, due */,
	GError **error);

/* hk_case_merge(flow, from, into, ret_merge, error): from becomes a duplicate of into; URLs, keys, comments, tasks, labels, attachments, sightings move; what moved is kept, so that
 * hk_merge_undo(flow, merge, error) puts everything back as it was (what came in since the merge stays where it is). Undo in any order is HK_EPOLICY only if a later
 * merge moved the same rows on: the text names it. hk_case_split(flow, id, url_ids, count, name, ret_case, error): those URLs (at least one, not all) become a new case with the
 * same target, actor, campaign; undone by the same call. */
bool hk_case_merge(hk_flow *flow, int64_t from, int64_t into, int64_t *ret_merge, GError **error);
bool hk_case_split(hk_flow *flow, int64_t id, const int64_t *url_ids, size_t count,
	const char *name, int64_t *ret_case, int64_t *ret_merge, GError **error);
bool hk_merge_undo(hk_flow *flow, int64_t merge, GError **error);

/* Campaigns. */
bool hk_campaign_new(hk_flow *flow, const char *name, int64_t *ret_id, GError **error);
bool hk_campaign_edit(hk_flow *flow, int64_t id, int64_t version,
	const char *fields /* name, actor */, GError **error);
/* hk_campaign_act(flow, id, act, note, ret_count, error): the move for every case of it that has such a row. */
bool hk_campaign_act(hk_flow *flow, int64_t id, const char *act, const char *note,
	int64_t *ret_count, GError **error);

#endif
