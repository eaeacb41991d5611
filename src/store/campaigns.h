/* store/campaigns: rows of campaigns. Layer: store. Inside a write transaction. Rules: flow/campaign. */
#ifndef HK_STORE_CAMPAIGNS_H
#define HK_STORE_CAMPAIGNS_H

#include "store/db.h"

typedef struct hk_campaign_row {
	int64_t id, actor_id, cases, version;
	char *name, *kind, *key; /* owned; key may be NULL */
} hk_campaign_row;
void hk_campaign_row_clear(hk_campaign_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_campaign_row, hk_campaign_row_clear)

/* hk_campaigns_found(db, name, kind, key, now_ms, ret_id, ret_new, error): the campaign of that kind and key, made if need be; key NULL: a new one. */
bool hk_campaigns_found(hk_db *db, const char *name, const char *kind, const char *key,
	int64_t now_ms, int64_t *ret_id, bool *ret_new, GError **error);
/* hk_campaigns_count(db, id, by, now_ms, error): so many cases more (or fewer). id 0: nothing. */
bool hk_campaigns_count(hk_db *db, int64_t id, int64_t by, int64_t now_ms, GError **error);
bool hk_campaigns_get(hk_db *db, int64_t id, hk_campaign_row *ret, GError **error); /* HK_ENOENT */
/* hk_campaigns_set(db, row, now_ms, error): name and actor; one version up. */
bool hk_campaigns_set(hk_db *db, const hk_campaign_row *row, int64_t now_ms, GError **error);
/* hk_campaigns_cases(db, id, ret, error): its cases that are neither deleted nor duplicates: *ret, array of int64_t. */
bool hk_campaigns_cases(hk_db *db, int64_t id, GArray **ret, GError **error);

#endif
