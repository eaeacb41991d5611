#include "store/campaigns.h"

#include "store/later.h"
#include "store/lookup.h"

void
hk_campaign_row_clear(hk_campaign_row *row)
{
	g_clear_pointer(&row->name, g_free);
	g_clear_pointer(&row->kind, g_free);
	g_clear_pointer(&row->key, g_free);
}

/* The version says whether it is new: another transaction may have made it meanwhile. */
bool
hk_campaigns_found(hk_db *db, const char *name, const char *kind, const char *key, int64_t now_ms,
	int64_t *ret_id, bool *ret_new, GError **error)
{
	hk_later *later = hk_later_of(db);
	bool found;

	if (later) {
		if (!hk_later_campaign(later, name, kind, key, now_ms, ret_id, &found, error)) {
			return false;
		}
		if (found) {
			*ret_new = true;
			return true;
		}
	}
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("INSERT INTO campaigns (name, kind, key, opened_ms, updated_ms) "
		       "VALUES ($1, $2, $3, $4, $4) ON CONFLICT (kind, key) DO UPDATE SET "
		       "updated_ms = excluded.updated_ms, version = campaigns.version + 1 "
		       "RETURNING id, version"),
		HK_ARGS(hk_v_str(name), hk_v_str(kind), hk_v_str(key), hk_v_int(now_ms)), error);

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret_id = hk_rows_int(rows, 0);
	*ret_new = hk_rows_int(rows, 1) == 1;
	return true;
}

bool
hk_campaigns_count(hk_db *db, int64_t id, int64_t by, int64_t now_ms, GError **error)
{
	hk_later *later = hk_later_of(db);

	if (later && id != 0) {
		hk_later_count(later, id, by, now_ms);
		return true;
	}
	return id == 0 ||
	       hk_db_exec(db,
		       HK_SQL("UPDATE campaigns SET cases = cases + $2, updated_ms = $3 WHERE id = "
			      "$1"),
		       HK_ARGS(hk_v_int(id), hk_v_int(by), hk_v_int(now_ms)), NULL, error);
}

bool
hk_campaigns_get(hk_db *db, int64_t id, hk_campaign_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, actor_id, cases, version, name, kind, key FROM campaigns "
		       "WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "campaign", id, error)) {
		return false;
	}
	*ret = (hk_campaign_row){.id = hk_rows_int(rows, 0),
		.actor_id = hk_rows_int(rows, 1),
		.cases = hk_rows_int(rows, 2),
		.version = hk_rows_int(rows, 3),
		.name = g_strdup(hk_rows_str(rows, 4)),
		.kind = g_strdup(hk_rows_str(rows, 5)),
		.key = g_strdup(hk_rows_str(rows, 6))};
	return true;
}

bool
hk_campaigns_set(hk_db *db, const hk_campaign_row *row, int64_t now_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE campaigns SET name = $2, actor_id = $3, updated_ms = $4, "
		       "version = version + 1 WHERE id = $1"),
		HK_ARGS(hk_v_int(row->id), hk_v_str(row->name), hk_v_id(row->actor_id),
			hk_v_int(now_ms)),
		NULL, error);
}

bool
hk_campaigns_cases(hk_db *db, int64_t id, GArray **ret, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id FROM cases WHERE campaign_id = $1 AND deleted_ms IS NULL "
		       "AND state <> 'duplicate' ORDER BY id"),
		HK_ARGS(hk_v_int(id)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t case_id = hk_rows_int(rows, 0);
		g_array_append_val(list, case_id);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}
