/* flow/flow: acts. Every change of state goes through here: one transaction with the change, its audit row and its jobs.
 * Layer: flow.
 *
 *     hk_flow_begin(flow, &who, &error)
 *     ... acts (flow/case.h, flow/intake.h, flow/sighting.h, flow/meta.h, flow/people.h ...), reads of store/ on hk_flow_db(flow) ...
 *     hk_flow_commit(flow, &error)          // audit rows get their numbers and MACs here, as the last thing before COMMIT
 *
 * or, better, hk_flow_do(), which repeats the whole when the database says HK_EAGAIN. An act that fails has changed nothing that is
 * kept: the caller rolls back. An act on one case, sighting, task, setting or row of meta data that is refused (all errors below but
 * HK_EAGAIN) has written nothing at all, so that a caller with many of them may go on in the same transaction.
 *
 * Errors of acts: HK_ENOENT (no such row, or deleted), HK_EPOLICY (the move is no row of states.def, the rule is named),
 * HK_EINCONSISTENT (version is not the one that the caller read: somebody else was faster), HK_ERANGE/HK_EFORM (a value; the text begins with the
 * field's name and a colon), HK_EAGAIN (do it again). */
#ifndef HK_FLOW_FLOW_H
#define HK_FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "store/db.h"

typedef struct hk_flow hk_flow;

/* Who acts. Borrowed for the length of the transaction. */
typedef struct hk_who {
	int64_t user_id;     /* 0: nobody, the program itself */
	const char *login;   /* "auto" for the program */
	const char *via;     /* web | api | cli | work | watch */
	const char *address; /* of the client, or "" */
} hk_who;

/* hk_flow_new(db, audit_key_file, error): audit_key_file holds 32 bytes (made by `hikeshi db init`, mode 0600); HK_ECONFIG with advice when
 * missing, readable by others, or not the key of this chain (the key's id is in settings). db is borrowed. */
hk_flow *hk_flow_new(hk_db *db, const char *audit_key_file, GError **error);
void hk_flow_free(hk_flow *flow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_flow, hk_flow_free)

hk_db *hk_flow_db(const hk_flow *flow);

bool hk_flow_begin(hk_flow *flow, const hk_who *who, GError **error);
bool hk_flow_commit(hk_flow *flow, GError **error);
void hk_flow_rollback(hk_flow *flow);

/* hk_flow_now(flow): the one time of this transaction, ms. */
int64_t hk_flow_now(const hk_flow *flow);
const hk_who *hk_flow_who(const hk_flow *flow);

/* hk_flow_do(flow, who, act, user, error): begin, act(flow, user, error), commit; on HK_EAGAIN from any of them rolls back and does it again
 * (random pause, at most 10 times); on another failure rolls back. act must leave what it returns through user as if called once. */
typedef bool (*hk_flow_act)(hk_flow *flow, void *user, GError **error);
bool hk_flow_do(hk_flow *flow, const hk_who *who, hk_flow_act act, void *user, GError **error);

/* hk_flow_note(flow, act, object, object_id, case_id, data): an audit row of this transaction (act: a row of acts.def; data: JSON object, ours, or
 * NULL). For reads of personal data and for exports; the acts write their own. */
void hk_flow_note(hk_flow *flow, const char *act, const char *object, int64_t object_id,
	int64_t case_id, const char *data);

/* hk_flow_job(flow, stage, key, case_id, data, due_ms, error): a job in this transaction. If an unfinished one with the same stage and key
 * exists, that one is enough: it becomes due at the earlier of the two times. */
bool hk_flow_job(hk_flow *flow, const char *stage, const char *key, int64_t case_id,
	const char *data, int64_t due_ms, GError **error);

#endif
