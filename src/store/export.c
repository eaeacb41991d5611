#include "store/export.h"

#include <string.h>

#include "sys/gerr.h"

/* One literal per column; kinds: t text, i number, r real, m time, b yes or nothing. The first so many are the report of the board. */
#define COLUMNS(X)                                                                                 \
	X("id", 'i', "c.id")                                                                       \
	X("capture", 'b', "c.capture IS NOT NULL")                                                 \
	X("case", 't', "c.name")                                                                   \
	X("first_seen", 'm', "c.first_seen_ms")                                                    \
	X("actor", 't', "a.name")                                                                  \
	X("target", 't', "t.name")                                                                 \
	X("status", 't', "c.state")                                                                \
	X("reported_by", 't', "COALESCE(r.login, 'auto')")                                         \
	X("kind", 't', "c.kind")                                                                   \
	X("score", 'r', "c.score")                                                                 \
	X("host", 't', "c.host")                                                                   \
	X("domain", 't', "c.domain")                                                               \
	X("url", 't', "c.url")                                                                     \
	X("urls", 'i', "c.urls")                                                                   \
	X("target_key", 't', "t.key")                                                              \
	X("target_en", 't', "t.name_en")                                                           \
	X("service", 't', "c.service")                                                             \
	X("actor_key", 't', "a.key")                                                               \
	X("campaign", 't', "g.name")                                                               \
	X("source", 't', "s.key")                                                                  \
	X("assignee", 't', "u.login")                                                              \
	X("gsb_type", 't', "c.gsb_type")                                                           \
	X("ticket_type", 't', "c.ticket_type")                                                     \
	X("scope_rule", 't', "c.scope_rule")                                                       \
	X("detected", 'm', "c.detected_ms")                                                        \
	X("opened", 'm', "c.opened_ms")                                                            \
	X("triaged", 'm', "c.triaged_ms")                                                          \
	X("confirmed", 'm', "c.confirmed_ms")                                                      \
	X("reported", 'm', "c.reported_ms")                                                        \
	X("acknowledged", 'm', "c.acknowledged_ms")                                                \
	X("listed", 'm', "c.listed_ms")                                                            \
	X("on_hold", 'm', "c.on_hold_ms")                                                          \
	X("down", 'm', "c.down_ms")                                                                \
	X("closed", 'm', "c.closed_ms")                                                            \
	X("last_seen", 'm', "c.last_seen_ms")                                                      \
	X("updated", 'm', "c.updated_ms")                                                          \
	X("due", 'm', "c.due_ms")                                                                  \
	X("breached", 'b', "c.breached = 1")

static const struct {
	const char *name;
	char kind;
	hk_sql sql;
} table[] = {
#define COLUMN(name, kind, sql) {name, kind, HK_SQL(sql)},
	COLUMNS(COLUMN)
#undef COLUMN
};

enum { REPORT = 8 };

static bool
fail(const char *name, GError **error)
{
	g_autoptr(GString) known = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		g_string_append_printf(known, " %s", table[i].name);
	}
	return hk_error_set(error, HK_EFORM, "columns: there is no column %.60s; known are%s", name,
		known->str);
}

bool
hk_export_columns_read(const char *text, hk_export_columns *ret, GError **error)
{
	hk_export_columns c = {.count = 0};

	if (!text || *text == '\0') {
		for (unsigned i = 0; i < REPORT; i++) {
			c.at[c.count++] = i;
		}
		*ret = c;
		return true;
	}
	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		g_autofree char *name = g_strndup(text, len);
		unsigned i = 0;
		while (i < G_N_ELEMENTS(table) && strcmp(table[i].name, name) != 0) {
			i++;
		}
		if (i == G_N_ELEMENTS(table)) {
			return fail(name, error);
		}
		if (c.count == HK_EXPORT_COLUMNS_MAX) {
			return hk_error_set(
				error, HK_ELIMIT, "columns: at most %d", HK_EXPORT_COLUMNS_MAX);
		}
		c.at[c.count++] = i;
		text += len + (text[len] == ',');
	}
	*ret = c;
	return true;
}

void
hk_export_csv_head(const hk_export_columns *columns, hk_csvw *w)
{
	for (size_t i = 0; i < columns->count; i++) {
		hk_csvw_str(w, table[columns->at[i]].name);
	}
	hk_csvw_end_row(w);
}

static void
put_field(const hk_rows *rows, unsigned column, char kind, hk_csvw *w)
{
	if (hk_rows_is_null(rows, column)) {
		hk_csvw_str(w, NULL);
		return;
	}
	switch (kind) {
	case 'i':
		hk_csvw_int(w, hk_rows_int(rows, column));
		break;
	case 'r':
		hk_csvw_real(w, hk_rows_real(rows, column));
		break;
	case 'm':
		hk_csvw_time(w, hk_rows_int(rows, column));
		break;
	case 'b':
		hk_csvw_str(w, hk_rows_int(rows, column) ? "yes" : NULL);
		break;
	default:
		hk_csvw_str(w, hk_rows_str(rows, column));
	}
}

static void
put_row(const hk_rows *rows, const hk_export_columns *columns, hk_csvw *w)
{
	for (size_t i = 0; i < columns->count; i++) {
		put_field(rows, (unsigned)i + 1, table[columns->at[i]].kind, w);
	}
	hk_csvw_end_row(w);
}

static void
free_row(void *data)
{
	g_string_free(data, true);
}

bool
hk_export_csv(
	hk_db *db, const GArray *ids, const hk_export_columns *columns, hk_csvw *w, GError **error)
{
	g_autoptr(GHashTable) found =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_row);
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;

	if (ids->len == 0) {
		return true;
	}
	hk_sqlb_add(b, HK_SQL("SELECT c.id"));
	for (size_t i = 0; i < columns->count; i++) {
		bool flag = table[columns->at[i]].kind == 'b';
		hk_sqlb_add(b, flag ? HK_SQL(", CASE WHEN ") : HK_SQL(", "));
		hk_sqlb_add(b, table[columns->at[i]].sql);
		hk_sqlb_add(b, flag ? HK_SQL(" THEN 1 ELSE 0 END") : HK_SQL(""));
	}
	hk_sqlb_add(b, HK_SQL(" FROM cases c JOIN sources s ON s.id = c.source_id LEFT JOIN "
			      "targets t ON t.id = c.target_id "
			      "LEFT JOIN actors a ON a.id = c.actor_id LEFT JOIN campaigns g ON "
			      "g.id = c.campaign_id "
			      "LEFT JOIN users r ON r.id = c.reporter_id LEFT JOIN users u ON u.id "
			      "= c.assignee_id WHERE c.id IN "));
	for (size_t i = 0; i < ids->len; i++) {
		hk_sqlb_add(b, i > 0 ? HK_SQL(", ") : HK_SQL("("));
		hk_sqlb_value(b, hk_v_int(g_array_index(ids, int64_t, i)));
	}
	hk_sqlb_add(b, HK_SQL(")"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		GString *line = g_string_new(NULL);
		hk_csvw one;
		hk_csvw_begin(&one, line, false);
		put_row(rows, columns, &one);
		g_hash_table_insert(found, g_memdup2(&id, sizeof id), line);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	for (size_t i = 0; i < ids->len; i++) {
		const GString *line = g_hash_table_lookup(found, &g_array_index(ids, int64_t, i));
		if (line) {
			g_string_append_len(w->out, line->str, (gssize)line->len);
		}
	}
	return true;
}
