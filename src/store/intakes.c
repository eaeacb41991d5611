#include "store/intakes.h"

#include "store/later.h"
#include "store/lookup.h"

void
hk_intake_row_clear(hk_intake_row *row)
{
	g_clear_pointer(&row->kind, g_free);
	g_clear_pointer(&row->options, g_free);
	g_clear_pointer(&row->source, g_free);
}

bool
hk_intakes_add(hk_db *db, const hk_intake_row *row, hk_span body, int64_t at_ms, int64_t *ret_id,
	GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO intakes (state, kind, dry_run, options, source_id, user_id, "
		       "body, lines, "
		       "at_ms) VALUES ('waiting', $1, $2, $3, $4, $5, $6, $7, $8) RETURNING id"),
		HK_ARGS(hk_v_str(row->kind), hk_v_int(row->dry_run), hk_v_str(row->options),
			hk_v_int(row->source_id), hk_v_id(row->user_id), hk_v_blob(body),
			hk_v_int(row->lines), hk_v_int(at_ms)),
		ret_id, error);
}

#define INTAKE                                                                                     \
	"SELECT i.id, i.state, i.kind, i.dry_run, i.options, s.key, i.source_id, i.user_id, "      \
	"LENGTH(i.body), i.position, i.line, i.lines, i.opened, i.attached, i.routed, i.refused, " \
	"i.skipped FROM intakes i JOIN sources s ON s.id = i.source_id WHERE i.id = $1"

bool
hk_intakes_get(hk_db *db, int64_t id, hk_intake_row *ret, GError **error)
{
	bool locks = hk_db_engine_of(db) == HK_DB_PGSQL && hk_db_in_transaction(db);
	g_autoptr(hk_rows) rows =
		hk_db_query(db, locks ? HK_SQL(INTAKE " FOR NO KEY UPDATE OF i") : HK_SQL(INTAKE),
			HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "intake", id, error)) {
		return false;
	}
	*ret = (hk_intake_row){.id = hk_rows_int(rows, 0),
		.state = g_intern_string(hk_rows_str(rows, 1)),
		.kind = g_strdup(hk_rows_str(rows, 2)),
		.dry_run = hk_rows_int(rows, 3) != 0,
		.options = g_strdup(hk_rows_str(rows, 4)),
		.source = g_strdup(hk_rows_str(rows, 5)),
		.source_id = hk_rows_int(rows, 6),
		.user_id = hk_rows_int(rows, 7),
		.bytes = hk_rows_int(rows, 8),
		.position = hk_rows_int(rows, 9),
		.line = hk_rows_int(rows, 10),
		.lines = hk_rows_int(rows, 11),
		.opened = hk_rows_int(rows, 12),
		.attached = hk_rows_int(rows, 13),
		.routed = hk_rows_int(rows, 14),
		.refused = hk_rows_int(rows, 15),
		.skipped = hk_rows_int(rows, 16)};
	return true;
}

bool
hk_intakes_read(hk_db *db, int64_t id, int64_t from, int64_t max, GByteArray *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT SUBSTR(body, CAST($2 AS INTEGER), CAST($3 AS INTEGER)) FROM intakes "
		       "WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_int(from + 1), hk_v_int(max)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (found) {
		hk_span piece = hk_rows_blob(rows, 0);
		g_byte_array_append(ret, piece.data, (unsigned)piece.len);
	}
	return true;
}

bool
hk_intakes_progress(hk_db *db, const hk_intake_row *row, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE intakes SET kind = $2, position = $3, line = $4, lines = $5, opened "
		       "= $6, "
		       "attached = $7, routed = $8, refused = $9, skipped = $10 WHERE id = $1"),
		HK_ARGS(hk_v_int(row->id), hk_v_str(row->kind), hk_v_int(row->position),
			hk_v_int(row->line), hk_v_int(row->lines), hk_v_int(row->opened),
			hk_v_int(row->attached), hk_v_int(row->routed), hk_v_int(row->refused),
			hk_v_int(row->skipped)),
		NULL, error);
}

bool
hk_intakes_state(hk_db *db, int64_t id, const char *state, int64_t done_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE intakes SET state = $2, done_ms = $3 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_str(state), hk_v_id(done_ms)), NULL, error);
}

bool
hk_intakes_put_line(hk_db *db, const hk_intake_line *line, GError **error)
{
	hk_later *later = hk_later_of(db);

	if (later) {
		hk_later_line(later, line);
		return true;
	}
	return hk_db_exec(db,
		HK_SQL("INSERT INTO intake_lines (intake_id, line, text, url, how, case_id, why) "
		       "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (intake_id, line) DO "
		       "UPDATE "
		       "SET text = excluded.text, url = excluded.url, how = excluded.how, "
		       "case_id = excluded.case_id, why = excluded.why"),
		HK_ARGS(hk_v_int(line->intake_id), hk_v_int(line->line), hk_v_str(line->text),
			hk_v_str(line->url), hk_v_str(line->how), hk_v_id(line->case_id),
			hk_v_str(line->why)),
		NULL, error);
}

bool
hk_intakes_empty(hk_db *db, int64_t before_ms, int64_t *ret_count, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE intakes SET body = $2 WHERE done_ms < $1 AND LENGTH(body) > 0"),
		HK_ARGS(hk_v_int(before_ms), hk_v_blob(hk_span_of("", 0))), ret_count, error);
}
