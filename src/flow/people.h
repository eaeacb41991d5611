/* flow/people: settings and saved views; and how acts on people are audited. Layer: flow.
 *
 * The rows of users, roles and tokens are store/users'; who writes them calls hk_flow_note() with the rows "user.*" and "token.*" of acts.def inside the same
 * transaction, never with a password, secret or code in its data. */
#ifndef HK_FLOW_PEOPLE_H
#define HK_FLOW_PEOPLE_H

#include "flow/flow.h"

/* hk_setting_put(flow, key, version, value, error): policy that people change at run time; keys and values: flow/policy.h. value is JSON text; version: what the caller read (0 when the setting was never set), or -1: whatever it is.
 * The audit row holds old and new value. Errors: HK_ENOENT (no such key), HK_EFORM, HK_ERANGE (the text begins with the path in value), HK_EINCONSISTENT. */
bool hk_setting_put(
	hk_flow *flow, const char *key, int64_t version, const char *value, GError **error);

/* hk_setting_get(db, key, ret, ret_version, error): *ret (owned): the JSON text; the defaults when it was never set (*ret_version 0). HK_ENOENT: no such key. hk_setting_keys: NULL-terminated, static. */
bool hk_setting_get(hk_db *db, const char *key, char **ret, int64_t *ret_version, GError **error);
extern const char *const hk_setting_keys[];

/* Saved views. fields: JSON object with any of name, query, sort, columns (list of texts), position (number), shared (true: everybody's).
 * A view belongs to who made it; everybody's (shared) is anybody's to change. hk_view_new needs name; HK_ENOENT for what belongs to another. */
bool hk_view_new(hk_flow *flow, const char *fields, int64_t *ret_id, GError **error);
bool hk_view_edit(hk_flow *flow, int64_t id, const char *fields, GError **error);
bool hk_view_delete(hk_flow *flow, int64_t id, GError **error);

#endif
