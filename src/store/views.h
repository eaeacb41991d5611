/* store/views: rows of saved views. Layer: store. */
#ifndef HK_STORE_VIEWS_H
#define HK_STORE_VIEWS_H

#include "store/db.h"

typedef struct hk_view_row {
	int64_t id, user_id, position;       /* user_id 0: everybody's */
	char *name, *query, *sort, *columns; /* owned */
} hk_view_row;
void hk_view_row_clear(hk_view_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_view_row, hk_view_row_clear)

/* hk_views_get(db, id, user_id, ret, error): a view that this user may change. HK_ENOENT. */
bool hk_views_get(hk_db *db, int64_t id, int64_t user_id, hk_view_row *ret, GError **error);
bool hk_views_add(hk_db *db, const hk_view_row *row, int64_t *ret_id, GError **error);
bool hk_views_set(hk_db *db, const hk_view_row *row, GError **error);
bool hk_views_delete(hk_db *db, int64_t id, int64_t now_ms, GError **error);

#endif
