/* store/settings: policy that people change at run time. Layer: store. Values are JSON, checked by flow/policy. */
#ifndef HK_STORE_SETTINGS_H
#define HK_STORE_SETTINGS_H

#include "store/db.h"

/* hk_settings_get(db, key, ret, ret_version, error): *ret (owned): the JSON text; NULL when it was never set, *ret_version (or NULL) then 0. */
bool hk_settings_get(hk_db *db, const char *key, char **ret, int64_t *ret_version, GError **error);
/* hk_settings_put(db, key, value, now_ms, error): sets it. hk_settings_add: only if it is not set. */
bool hk_settings_put(hk_db *db, const char *key, const char *value, int64_t now_ms, GError **error);
bool hk_settings_add(hk_db *db, const char *key, const char *value, int64_t now_ms, GError **error);
/* hk_settings_when(db, key, ret_ms, error): when a person last set it; 0: never. hk_settings_date(db, key, at_ms, error): as if it had been set then: what the program itself changes of it
 * is no person's word on the rest. */
bool hk_settings_when(hk_db *db, const char *key, int64_t *ret_ms, GError **error);
bool hk_settings_date(hk_db *db, const char *key, int64_t at_ms, GError **error);

#endif
