/* report/crew_int: what the files of the crew share. Layer: stage (report); only src/report includes it. */
#ifndef HK_REPORT_CREW_INT_H
#define HK_REPORT_CREW_INT_H

#include "report/crew.h"
#include "report/gather.h"
#include "report/post.h"
#include "sys/smime.h"

struct hk_crew {
	hk_crew_config config;
	hk_blobs *blobs;
	GPtrArray *confs; /* of hk_channel_conf */
	hk_post *post;
	hk_smime *signer;       /* or NULL */
	hk_cleandns *clients;   /* or NULL */
	GHashTable *lookups;    /* of report/lookup: name of a channel -> how far it has come */
	hk_post *asker;         /* its requests: who is slow is asked another time */
	int64_t clients_due_ms; /* by the monotonic clock; 0: never asked for */
};

extern const hk_who hk_crew_who; /* "auto", by "work" */

/* hk_crew_official(db, error): domains at which nobody is written to and that are never reported: those of all brands. GPtrArray of owned strings. */
GPtrArray *hk_crew_official(hk_db *db, GError **error);

/* hk_crew_stops(crew, db, urls, kind, recipient, ret, error): what only the crew can tell of stops.def: own, allowed, recipient, kill. urls: GPtrArray of URLs. */
bool hk_crew_stops(const hk_crew *crew, hk_db *db, const GPtrArray *urls, const char *kind,
	const char *recipient, unsigned *ret, GError **error);

/* hk_crew_number(text): the number in a job's key; 0, which is no row's, when there is none. */
int64_t hk_crew_number(const char *text);

/* hk_crew_digest(request, content, ret): what is approved: SHA-256 of request, LF, content. */
void hk_crew_digest(const char *request, GBytes *content, uint8_t ret[32]);

/* hk_draft_one(crew, flow, brief, to, round, parent_id, parent_token, words, ret, error): the bytes for one recipient, in *ret (the caller's): title, request, content (kept in the blob store), type, digest,
 * token; and in stops whether it tells of a redirect, landing page or form that may name a victim. words: {subject, text} instead of the template's, or NULL; token: of the report whose draft is made anew, or NULL. HK_EFORM: it cannot be told so, and why. */
typedef struct hk_draft_words {
	const char *subject, *text;
} hk_draft_words;
bool hk_draft_one(hk_crew *crew, hk_flow *flow, const hk_brief *brief, const hk_recipient *to,
	const char *token, const char *parent_token, const hk_draft_words *words,
	hk_report_row *ret, GError **error);

/* hk_draft_save(crew, flow, brief, to, row, ret_id, error): hk_report_draft with the brief's sites and the crew's stops. row: of hk_draft_one, with case_id, round and parent_id. */
bool hk_draft_save(hk_crew *crew, hk_flow *flow, const hk_brief *brief, const hk_recipient *to,
	hk_report_row *row, int64_t *ret_id, GError **error);

/* hk_crew_ask_clients(crew): crew->clients is brought up to date, if channel "cleandns" is enabled and it is time; on the network, so outside of transactions. What cannot be
 * had stays as it was. */
void hk_crew_ask_clients(hk_crew *crew);

/* hk_crew_find(crew, flow, row, conf, url, at_ms, ret, ret_pause_ms, error): asks a channel for what was handed in at that time (HK_CAN_FIND), on the network. What is not there before
 * hk_channel.index_ms have passed is HK_TOLD_NOT_YET. A number that another report of that channel has already
 * is not ours: HK_TOLD_ABSENT. *ret_pause_ms as hk_report_end.pause_ms. Errors: it cannot be asked (HK_EFORM), our file is wrong, the database. */
bool hk_crew_find(hk_crew *crew, hk_flow *flow, const hk_report_row *row,
	const hk_channel_conf *conf, const char *url, int64_t at_ms, hk_told *ret,
	int64_t *ret_pause_ms, GError **error);

/* hk_draft_tell(flow, case_id, count, last_id, error): the chat is asked to approve so many drafts of a case, on one card. Inside their transaction. */
bool hk_draft_tell(hk_flow *flow, int64_t case_id, int64_t count, int64_t last_id, GError **error);

/* hk_crew_gap(conf, ret_gap_ms, ret_day): the pace of a channel as hk_channels_take wants it. */
void hk_crew_gap(const hk_channel_conf *conf, int64_t *ret_gap_ms, int64_t *ret_day);

/* hk_chase_run(flow, job, crew, id, error): report `id` was not answered in time (report/chase.c). hk_redraft_run: its words were changed. Both as handlers. */
bool hk_chase_run(hk_flow *flow, const hk_job *job, hk_crew *crew, int64_t id, GError **error);
bool hk_redraft_run(hk_flow *flow, const hk_job *job, hk_crew *crew, int64_t id, GError **error);

/* hk_crew_contacts(db, case_id, own_brand, ret, error): contacts for report/route: those of enrichment, or of our own table for another bank's case. */
GPtrArray *hk_crew_contacts(hk_db *db, int64_t case_id, bool notice, GError **error);

#endif
