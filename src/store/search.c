#include "store/search.h"

#include "sys/gerr.h"

/* One statement, in the order of what matters most: one round trip per case. */
static hk_rows *
words(hk_db *db, int64_t case_id, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT 1 AS rank, c.id AS at, c.name || ' ' || COALESCE(c.host, '') || ' ' "
		       "|| "
		       "COALESCE(t.name || ' ' || t.name_en, '') || ' ' || COALESCE(a.name, '') AS "
		       "text "
		       "FROM cases c LEFT JOIN targets t ON t.id = c.target_id "
		       "LEFT JOIN actors a ON a.id = c.actor_id "
		       "WHERE c.id = $1 AND c.deleted_ms IS NULL "
		       "UNION ALL SELECT 2, 0, label FROM labels WHERE case_id = $1 "
		       "UNION ALL SELECT 3, id, url FROM case_urls WHERE case_id = $1 "
		       "UNION ALL SELECT 4, id, text FROM comments WHERE case_id = $1 AND "
		       "deleted_ms IS NULL "
		       "ORDER BY 1, 2"),
		HK_ARGS(hk_v_int(case_id)), error);
}

/* *ret: the folded text, NULL for a case that is not to be found. */
static bool
read_text(hk_db *db, int64_t case_id, char **ret, GError **error)
{
	g_autoptr(hk_rows) rows = words(db, case_id, error);
	g_autoptr(GString) text = g_string_new(NULL);
	bool found = false;
	GError *inner = NULL;

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		found = found || hk_rows_int(rows, 0) == 1;
		if (text->len < HK_SEARCH_TEXT_MAX) {
			g_string_append(text, hk_rows_str(rows, 2));
			g_string_append_c(text, '\n');
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	g_autofree char *even = g_utf8_normalize(text->str, (gssize)text->len, G_NORMALIZE_NFKC);
	*ret = found && even ? g_utf8_strdown(even, -1) : NULL;
	return true;
}

bool
hk_search_index(hk_db *db, int64_t case_id, GError **error)
{
	g_autofree char *text = NULL;

	if (!read_text(db, case_id, &text, error)) {
		return false;
	}
	if (!text) {
		return hk_db_exec(db, HK_SQL("DELETE FROM case_texts WHERE case_id = $1"),
			HK_ARGS(hk_v_int(case_id)), NULL, error);
	}
	return hk_db_exec(db,
		HK_SQL("INSERT INTO case_texts (case_id, text) VALUES ($1, $2) "
		       "ON CONFLICT (case_id) DO UPDATE SET text = excluded.text"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(text)), NULL, error);
}
