#include "store/lookup.h"

bool
hk_rows_ids(hk_rows *taken, GArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		g_array_append_val(list, id);
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	if (!rows || inner) {
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_rows_texts(hk_rows *taken, GPtrArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		g_ptr_array_add(list, g_strdup(hk_rows_str(rows, 0)));
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	if (!rows || inner) {
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

void
hk_target_row_free(hk_target_row *row)
{
	if (row) {
		g_free(row->key);
		g_free(row->services);
		g_free(row);
	}
}

void
hk_template_row_free(hk_template_row *row)
{
	if (row) {
		g_free(row->key);
		g_free(row->steps);
		g_free(row->kinds);
		g_free(row);
	}
}

static bool
one_target(hk_rows *rows, hk_target_row **ret, GError **error)
{
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = NULL;
	if (found) {
		hk_target_row *row = g_new0(hk_target_row, 1);
		row->id = hk_rows_int(rows, 0);
		row->key = g_strdup(hk_rows_str(rows, 1));
		row->own = hk_rows_int(rows, 2) != 0;
		row->services = g_strdup(hk_rows_str(rows, 3));
		*ret = row;
	}
	return true;
}

bool
hk_lookup_target(hk_db *db, const char *word, hk_target_row **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, key, own, services FROM targets WHERE state = 'active' AND "
		       "(key = $1 OR name = $1 OR name_en = $1) ORDER BY CASE WHEN key = $1 THEN 0 "
		       "WHEN name = $1 THEN 1 ELSE 2 END, id LIMIT 1"),
		HK_ARGS(hk_v_str(word)), error);

	return one_target(rows, ret, error);
}

bool
hk_lookup_target_id(hk_db *db, int64_t id, hk_target_row **ret, GError **error)
{
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT id, key, own, services FROM targets WHERE id = $1"),
			HK_ARGS(hk_v_int(id)), error);

	return one_target(rows, ret, error);
}

static bool
one_id(hk_rows *rows, int64_t *ret, GError **error)
{
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = found ? hk_rows_int(rows, 0) : 0;
	return true;
}

static bool
one_text(hk_rows *rows, char **ret, GError **error)
{
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = found ? g_strdup(hk_rows_str(rows, 0)) : NULL;
	return true;
}

bool
hk_lookup_actor(hk_db *db, const char *key, int64_t *ret_id, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id FROM actors WHERE state = 'active' AND (key = $1 OR name = $1) "
		       "ORDER BY CASE WHEN key = $1 THEN 0 ELSE 1 END, id LIMIT 1"),
		HK_ARGS(hk_v_str(key)), error);

	return one_id(rows, ret_id, error);
}

bool
hk_lookup_user(hk_db *db, const char *login, int64_t *ret_id, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id FROM users WHERE login = $1 AND state = 'active'"),
		HK_ARGS(hk_v_str(login)), error);

	return one_id(rows, ret_id, error);
}

bool
hk_lookup_login(hk_db *db, int64_t user_id, char **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db, HK_SQL("SELECT login FROM users WHERE id = $1"),
		HK_ARGS(hk_v_int(user_id)), error);

	return one_text(rows, ret, error);
}

bool
hk_lookup_source(hk_db *db, const char *key, const char *kind, int64_t now_ms, int64_t *ret_id,
	bool *ret_made, GError **error)
{
	{
		g_autoptr(hk_rows) known =
			hk_db_query(db, HK_SQL("SELECT id FROM sources WHERE key = $1"),
				HK_ARGS(hk_v_str(key)), error);
		if (!one_id(known, ret_id, error)) {
			return false;
		}
	}
	*ret_made = false;
	if (*ret_id != 0) {
		return true;
	}
	/* Another may make it at the same time: then this is its row. */
	g_autoptr(hk_rows) made = hk_db_query(db,
		HK_SQL("INSERT INTO sources (key, kind, name, updated_ms) VALUES ($1, $2, $3, $4) "
		       "ON CONFLICT (key) DO UPDATE SET kind = excluded.kind RETURNING id"),
		HK_ARGS(hk_v_str(key), hk_v_str(kind), hk_v_str(key), hk_v_int(now_ms)), error);
	*ret_made = true;
	return one_id(made, ret_id, error);
}

bool
hk_source_write(hk_db *db, int64_t id, const char *position, const char *health, int64_t now_ms,
	GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE sources SET position = COALESCE($2, position), "
		       "health = COALESCE($3, health), updated_ms = $4 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_str(position), hk_v_str(health), hk_v_int(now_ms)), NULL,
		error);
}

bool
hk_source_read_position(hk_db *db, const char *key, char **ret, GError **error)
{
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT position FROM sources WHERE key = $1"),
			HK_ARGS(hk_v_str(key)), error);

	return one_text(rows, ret, error);
}

bool
hk_source_read_health(hk_db *db, const char *key, char **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT health FROM sources WHERE key = $1"), HK_ARGS(hk_v_str(key)), error);

	return one_text(rows, ret, error);
}

bool
hk_source_trust(hk_db *db, const char *key, double trust, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE sources SET trust = $2 WHERE key = $1 AND trust <> $2"),
		HK_ARGS(hk_v_str(key), hk_v_real(trust)), NULL, error);
}

static hk_template_row *
template_of(const hk_rows *rows)
{
	hk_template_row *row = g_new0(hk_template_row, 1);

	row->id = hk_rows_int(rows, 0);
	row->key = g_strdup(hk_rows_str(rows, 1));
	row->steps = g_strdup(hk_rows_str(rows, 2));
	row->kinds = g_strdup(hk_rows_str(rows, 3));
	return row;
}

bool
hk_lookup_templates(hk_db *db, GPtrArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, key, steps, kinds FROM task_templates "
		       "WHERE state = 'active' AND kinds <> '[]' ORDER BY id"),
		HK_NO_ARGS, error);
	g_autoptr(GPtrArray) list =
		g_ptr_array_new_with_free_func((GDestroyNotify)hk_template_row_free);
	GError *inner = NULL;

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		g_ptr_array_add(list, template_of(rows));
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_lookup_template(hk_db *db, const char *key, hk_template_row **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, key, steps, kinds FROM task_templates "
		       "WHERE state = 'active' AND key = $1"),
		HK_ARGS(hk_v_str(key)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = found ? template_of(rows) : NULL;
	return true;
}
