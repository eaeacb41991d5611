/* flow/flow_int: what the acts share. Layer: flow; only src/flow includes it. */
#ifndef HK_FLOW_FLOW_INT_H
#define HK_FLOW_FLOW_INT_H

#include "flow/audit.h"
#include "flow/flow.h"
#include "flow/policy.h"
#include "store/lookup.h"
#include "store/tally.h"

struct hk_flow {
	hk_db *db;
	hk_audit_key key;
	bool open;
	hk_who who;
	int64_t now_ms;
	GArray *notes;       /* of note: audit rows that wait for COMMIT */
	GStringChunk *texts; /* their texts */
	GHashTable *touched; /* case id -> touch */
	GHashTable *sources; /* key -> id; good until a rollback */
	GHashTable *targets; /* what was asked for -> hk_target_row; of this transaction */
	GPtrArray *
		templates; /* of hk_template_row, those that come with a kind; NULL: not read in this transaction */
	hk_policy policy; /* of this transaction, once policy_read */
	bool policy_read;
	bool chats_read,
		chats; /* whether there is a chat to tell; of this transaction, once chats_read */
	unsigned turn; /* of hk_job_claim, over the stages */
};

/* hk_flow_touch(flow, id, was, is, words): the case is counted as `is` from now on (NULL: not counted); was: as what before this
 * act (NULL: not). words: what it can be found by has changed. Strings of the facets are static (flow/states) or interned.
 * Counters and search are brought up to date once per case, at COMMIT. */
void hk_flow_touch(
	hk_flow *flow, int64_t id, const hk_case_facets *was, const hk_case_facets *is, bool words);

/* hk_flow_policy(flow, error): the settings, read once per transaction. NULL on failure. */
const hk_policy *hk_flow_policy(hk_flow *flow, GError **error);

/* hk_flow_source(flow, key, ret_id, error): the source's number; made when it is new. HK_EFORM when key is no key of a source. */
bool hk_flow_source(hk_flow *flow, const char *key, int64_t *ret_id, GError **error);

#endif
