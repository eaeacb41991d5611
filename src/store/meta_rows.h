/* store/meta_rows: targets, actors, contacts, task templates, statuses, all in one way. Layer: store. Rules: flow/meta. */
#ifndef HK_STORE_META_ROWS_H
#define HK_STORE_META_ROWS_H

#include "store/db.h"

typedef enum hk_meta {
	HK_META_TARGET,
	HK_META_ACTOR,
	HK_META_CONTACT,
	HK_META_TASK_TEMPLATE,
	HK_META_STATUS,
} hk_meta;
#define HK_META_COUNT       (HK_META_STATUS + 1)
#define HK_META_COLUMNS_MAX 8

/* One value: a text (owned; NULL: none), or a whole number. */
typedef struct hk_meta_value {
	bool is_int;
	int64_t i;
	char *s;
} hk_meta_value;

typedef struct hk_meta_row {
	int64_t id, version;
	hk_meta_value values[HK_META_COLUMNS_MAX];
} hk_meta_row;
void hk_meta_row_clear(hk_meta_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_meta_row, hk_meta_row_clear)

/* hk_meta_columns(meta): the names of the columns but id, updated_ms and version, in order, NULL-terminated. The first is "key". */
const char *const *hk_meta_columns(hk_meta meta);

/* hk_meta_rows_get(db, meta, id, key, ret, ret_found, error): by number, or, when id is 0, by key. */
bool hk_meta_rows_get(hk_db *db, hk_meta meta, int64_t id, const char *key, hk_meta_row *ret,
	bool *ret_found, GError **error);
/* hk_meta_rows_all(db, meta, ret, error): *ret: GPtrArray of hk_meta_row, in the order of their keys. */
bool hk_meta_rows_all(hk_db *db, hk_meta meta, GPtrArray **ret, GError **error);
/* hk_meta_rows_put(db, meta, row, now_ms, error): row->id 0: a new one (sets row->id); else one version up. */
bool hk_meta_rows_put(hk_db *db, hk_meta meta, hk_meta_row *row, int64_t now_ms, GError **error);

#endif
