#include "store/settings.h"

bool
hk_settings_get(hk_db *db, const char *key, char **ret, int64_t *ret_version, GError **error)
{
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT value, version FROM settings WHERE key = $1"),
			HK_ARGS(hk_v_str(key)), error);
	GError *inner = NULL;

	if (!rows) {
		return false;
	}
	bool found = hk_rows_next(rows, &inner);
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = found ? g_strdup(hk_rows_str(rows, 0)) : NULL;
	if (ret_version) {
		*ret_version = found ? hk_rows_int(rows, 1) : 0;
	}
	return true;
}

bool
hk_settings_put(hk_db *db, const char *key, const char *value, int64_t now_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO settings (key, value, updated_ms) VALUES ($1, $2, $3) "
		       "ON CONFLICT (key) DO UPDATE SET value = excluded.value, "
		       "updated_ms = excluded.updated_ms, version = settings.version + 1"),
		HK_ARGS(hk_v_str(key), hk_v_str(value), hk_v_int(now_ms)), NULL, error);
}

bool
hk_settings_add(hk_db *db, const char *key, const char *value, int64_t now_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO settings (key, value, updated_ms) VALUES ($1, $2, $3) "
		       "ON CONFLICT (key) DO NOTHING"),
		HK_ARGS(hk_v_str(key), hk_v_str(value), hk_v_int(now_ms)), NULL, error);
}

bool
hk_settings_when(hk_db *db, const char *key, int64_t *ret_ms, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MAX(updated_ms), 0) FROM settings WHERE key = $1"),
		HK_ARGS(hk_v_str(key)), ret_ms, error);
}

bool
hk_settings_date(hk_db *db, const char *key, int64_t at_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE settings SET updated_ms = $2 WHERE key = $1"),
		HK_ARGS(hk_v_str(key), hk_v_int(at_ms)), NULL, error);
}
