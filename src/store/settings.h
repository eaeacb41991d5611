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

/* What a restore has left behind: until then all that is drafted may have been sent before, and for a longer time what is drafted about sites that were seen before the restore. */
#define HK_RESTORED_SETTING  "restored"
#define HK_RESTORED_LEAST_MS INT64_C(3600000)         /* after a restore at least */
#define HK_RESTORED_SITES_MS (30 * INT64_C(86400000)) /* for sites that were seen before it */
typedef struct hk_restored {
	int64_t at_ms; /* when it was restored; 0: never */
	int64_t until_ms; /* what is drafted before that is in doubt: as long as the time between backup and restore */
} hk_restored;
/* hk_restored_put(db, made_ms, now_ms, error): a backup of made_ms was restored now; inside the transaction of the restore, when its settings are there: a time of doubt that stands in them is never shortened. hk_restored_get(db, ret, error). */
bool hk_restored_put(hk_db *db, int64_t made_ms, int64_t now_ms, GError **error);
bool hk_restored_get(hk_db *db, hk_restored *ret, GError **error);

#endif
