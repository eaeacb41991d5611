#include "store/settings.h"

#include <string.h>

#include "sys/json.h"
#include "sys/jsonw.h"

bool
hk_settings_get(hk_db *db, const char *key, char **ret, int64_t *ret_version, GError **error)
{
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT value, version FROM settings WHERE key = $1"),
			HK_ARGS(hk_v_str(key)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
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

bool
hk_restored_put(hk_db *db, int64_t made_ms, int64_t now_ms, GError **error)
{
	g_autoptr(GString) value = g_string_new(NULL);
	hk_restored before;

	if (!hk_restored_get(db, &before, error)) {
		return false;
	}
	int64_t until_ms = now_ms + MAX(now_ms - made_ms, HK_RESTORED_LEAST_MS);
	hk_jsonw_open(value, '{');
	hk_jsonw_member_int(value, "made_ms", made_ms);
	hk_jsonw_member_int(value, "at_ms", now_ms);
	/* The backup may be one of a house that was restored itself: what was in doubt there is not surer here. */
	hk_jsonw_member_int(value, "until_ms", MAX(until_ms, before.until_ms));
	hk_jsonw_close(value, '}');
	return hk_settings_put(db, HK_RESTORED_SETTING, value->str, now_ms, error);
}

bool
hk_restored_get(hk_db *db, hk_restored *ret, GError **error)
{
	g_autofree char *value = NULL;
	hk_restored r = {0};

	if (!hk_settings_get(db, HK_RESTORED_SETTING, &value, NULL, error)) {
		return false;
	}
	if (value) {
		g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(value), strlen(value), error);
		hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
		if (!doc || !hk_json_i64(&root, "at_ms", &r.at_ms, error) ||
			!hk_json_i64(&root, "until_ms", &r.until_ms, error)) {
			g_prefix_error(error, "setting " HK_RESTORED_SETTING ": ");
			return false;
		}
	}
	*ret = r;
	return true;
}
