#include "store/c2.h"

#include <string.h>

#include "store/lookup.h"
#include "sys/gerr.h"

/* ---- Dead drops ---- */

void
hk_c2_drop_row_clear(hk_c2_drop_row *row)
{
	g_free(row->state);
	g_free(row->etag);
	g_free(row->modified);
	g_free(row->address);
	g_free(row->body);
	*row = (hk_c2_drop_row){0};
}

bool
hk_c2_drop_find(hk_db *db, const char *family, const char *url, hk_c2_drop_row *ret, GError **error)
{
	bool found;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT d.id, d.since_ms, d.last_ms, d.status, d.checks, d.state, d.etag, "
		       "d.modified, n.address, n.body, n.id FROM c2_drops d LEFT JOIN c2_named n "
		       "ON n.id = (SELECT MAX(id) FROM c2_named WHERE drop_id = d.id) WHERE "
		       "d.family = $1 AND d.url = $2"),
		HK_ARGS(hk_v_str(family), hk_v_str(url)), error);
	int64_t *const numbers[] = {
		&ret->id, &ret->since_ms, &ret->last_ms, &ret->status, &ret->checks};
	char **const texts[] = {&ret->state, &ret->etag, &ret->modified, &ret->address, &ret->body};
	unsigned column = 0;

	*ret = (hk_c2_drop_row){0};
	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		*numbers[i] = hk_rows_int(rows, column++);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		*texts[i] = g_strdup(hk_rows_str(rows, column++));
	}
	ret->named_id = hk_rows_int(rows, column);
	return true;
}

bool
hk_c2_drop_get(hk_db *db, const char *family, const char *url, int64_t now_ms, hk_c2_drop_row *ret,
	GError **error)
{
	*ret = (hk_c2_drop_row){0};
	return hk_db_exec(db,
		       HK_SQL("INSERT INTO c2_drops (family, url, state, since_ms, last_ms) "
			      "VALUES ($1, $2, 'unseen', $3, $3) ON CONFLICT DO NOTHING"),
		       HK_ARGS(hk_v_str(family), hk_v_str(url), hk_v_int(now_ms)), NULL, error) &&
	       hk_c2_drop_find(db, family, url, ret, error);
}

bool
hk_c2_drop_set(hk_db *db, const hk_c2_drop_row *row, const char *why, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE c2_drops SET state = $2, since_ms = $3, last_ms = $4, status = $5, "
		       "etag = $6, modified = $7, checks = checks + 1, why = $8 WHERE id = $1"),
		HK_ARGS(hk_v_int(row->id), hk_v_str(row->state), hk_v_int(row->since_ms),
			hk_v_int(row->last_ms), hk_v_int(row->status), hk_v_str(row->etag),
			hk_v_str(row->modified), hk_v_str(why)),
		NULL, error);
}

bool
hk_c2_named_add(hk_db *db, int64_t drop_id, const char *address, const char *body, int64_t now_ms,
	GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO c2_named (drop_id, address, body, first_ms, last_ms) VALUES "
		       "($1, $2, $3, $4, $4)"),
		HK_ARGS(hk_v_int(drop_id), hk_v_str(address), hk_v_str(body), hk_v_int(now_ms)),
		NULL, error);
}

bool
hk_c2_named_seen(hk_db *db, int64_t named_id, int64_t now_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE c2_named SET last_ms = $2 WHERE id = $1"),
		HK_ARGS(hk_v_int(named_id), hk_v_int(now_ms)), NULL, error);
}

bool
hk_c2_addresses(hk_db *db, const char *family, int64_t since_ms, GPtrArray **ret, GError **error)
{
	return hk_rows_texts(
		hk_db_query(db,
			HK_SQL("SELECT DISTINCT n.address FROM c2_drops d JOIN c2_named n ON "
			       "n.drop_id = d.id WHERE d.family = $1 AND (n.id = (SELECT MAX(id) "
			       "FROM c2_named WHERE drop_id = d.id) OR ($2 > 0 AND n.last_ms >= "
			       "$2)) ORDER BY n.address"),
			HK_ARGS(hk_v_str(family), hk_v_int(since_ms)), error),
		ret, error);
}

/* ---- Sessions ---- */

void
hk_c2_session_row_clear(hk_c2_session_row *row)
{
	g_free(row->family);
	g_free(row->host);
	g_free(row->state);
	g_free(row->print);
	g_free(row->why);
	*row = (hk_c2_session_row){0};
}

#define SESSION                                                                                    \
	"id, port, since_ms, opened_ms, beat_ms, command_ms, opened, failed, commands, alarmed, "  \
	"alarmed_ms, back_ms, family, host, state, print, why"

static void
read_session(hk_rows *rows, hk_c2_session_row *ret)
{
	int64_t *const numbers[] = {&ret->id, &ret->port, &ret->since_ms, &ret->opened_ms,
		&ret->beat_ms, &ret->command_ms, &ret->opened, &ret->failed, &ret->commands,
		&ret->alarmed, &ret->alarmed_ms, &ret->back_ms};
	char **const texts[] = {&ret->family, &ret->host, &ret->state, &ret->print, &ret->why};
	unsigned column = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		*numbers[i] = hk_rows_int(rows, column++);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		*texts[i] = g_strdup(hk_rows_str(rows, column++));
	}
}

static bool
take_session(hk_rows *rows, hk_c2_session_row *ret, bool *ret_found, GError **error)
{
	*ret = (hk_c2_session_row){0};
	if (!hk_rows_one(rows, ret_found, error)) {
		return false;
	}
	if (*ret_found) {
		read_session(rows, ret);
	}
	return true;
}

bool
hk_c2_session_get(hk_db *db, const char *family, const char *host, unsigned port, int64_t now_ms,
	hk_c2_session_row *ret, GError **error)
{
	bool found;

	if (!hk_db_exec(db,
		    HK_SQL("INSERT INTO c2_sessions (family, host, port, state, since_ms) VALUES "
			   "($1, $2, $3, 'idle', $4) ON CONFLICT DO NOTHING"),
		    HK_ARGS(hk_v_str(family), hk_v_str(host), hk_v_int(port), hk_v_int(now_ms)),
		    NULL, error)) {
		return false;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " SESSION
		       " FROM c2_sessions WHERE family = $1 AND host = $2 AND port = $3"),
		HK_ARGS(hk_v_str(family), hk_v_str(host), hk_v_int(port)), error);
	return take_session(rows, ret, &found, error);
}

bool
hk_c2_session_find(hk_db *db, int64_t id, hk_c2_session_row *ret, GError **error)
{
	bool found;
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT " SESSION " FROM c2_sessions WHERE id = $1"),
			HK_ARGS(hk_v_int(id)), error);

	return take_session(rows, ret, &found, error) &&
	       (found || hk_rows_none("session", id, error));
}

bool
hk_c2_session_set(hk_db *db, const hk_c2_session_row *row, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE c2_sessions SET state = $2, since_ms = $3, opened_ms = $4, beat_ms "
		       "= $5, opened = $6, failed = $7, print = $8, why = $9, alarmed = $10, "
		       "alarmed_ms = $11, back_ms = $12 WHERE id = $1"),
		HK_ARGS(hk_v_int(row->id), hk_v_str(row->state), hk_v_int(row->since_ms),
			hk_v_id(row->opened_ms), hk_v_id(row->beat_ms), hk_v_int(row->opened),
			hk_v_int(row->failed), hk_v_str(row->print), hk_v_str(row->why),
			hk_v_int(row->alarmed), hk_v_id(row->alarmed_ms), hk_v_id(row->back_ms)),
		NULL, error);
}

static void
session_free(void *row)
{
	hk_c2_session_row_clear(row);
	g_free(row);
}

bool
hk_c2_session_peers(hk_db *db, const hk_c2_session_row *row, GPtrArray **ret, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " SESSION " FROM c2_sessions WHERE family = $1 AND host = $2 AND "
		       "id <> $3 ORDER BY id"),
		HK_ARGS(hk_v_str(row->family), hk_v_str(row->host), hk_v_int(row->id)), error);
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(session_free);

	while (rows && hk_rows_next(rows, &inner)) {
		hk_c2_session_row *one = g_new0(hk_c2_session_row, 1);
		read_session(rows, one);
		g_ptr_array_add(list, one);
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
hk_c2_session_beat(hk_db *db, int64_t id, int64_t at_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE c2_sessions SET beat_ms = $2 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_int(at_ms)), NULL, error);
}

bool
hk_c2_sessions_running(hk_db *db, const char *family, GArray **ret, GError **error)
{
	return hk_rows_ids(
		hk_db_query(db,
			HK_SQL("SELECT id FROM c2_sessions WHERE family = $1 AND state <> "
			       "'over' ORDER BY id"),
			HK_ARGS(hk_v_str(family)), error),
		ret, error);
}

/* ---- Commands ---- */

/* The number that a statement with RETURNING gave, 0: it wrote nothing. */
static bool
number_of(hk_rows *rows, int64_t *ret, GError **error)
{
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = found ? hk_rows_int(rows, 0) : 0;
	return true;
}

static bool
put_command(hk_db *db, const hk_c2_command_row *row, int64_t *ret_id, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("INSERT INTO c2_commands (session_id, wave_id, at_ms, verb, word, text, "
		       "numbers, masked, odd, doubles, frame) VALUES ($1, $2, $3, $4, $5, $6, $7, "
		       "$8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING id"),
		HK_ARGS(hk_v_int(row->session_id), hk_v_id(row->wave_id), hk_v_int(row->at_ms),
			hk_v_str(row->verb), hk_v_str(row->word), hk_v_str(row->text),
			hk_v_int(row->numbers), hk_v_int(row->masked), hk_v_int(row->odd),
			hk_v_int(row->doubles),
			hk_v_blob(hk_span_of(row->frame, sizeof row->frame))),
		error);

	return number_of(rows, ret_id, error);
}

bool
hk_c2_command_known(hk_db *db, const uint8_t frame[32], bool *ret, GError **error)
{
	int64_t count = 0;

	if (!hk_db_int(db, HK_SQL("SELECT COUNT(*) FROM c2_commands WHERE frame = $1"),
		    HK_ARGS(hk_v_blob(hk_span_of(frame, 32))), &count, error)) {
		return false;
	}
	*ret = count > 0;
	return true;
}

bool
hk_c2_command_add(hk_db *db, const hk_c2_command_row *row, int64_t *ret_id, GError **error)
{
	return put_command(db, row, ret_id, error) &&
	       (*ret_id == 0 ||
		       hk_db_exec(db,
			       HK_SQL("UPDATE c2_sessions SET commands = commands + 1, command_ms "
				      "= CASE WHEN command_ms > $2 THEN command_ms ELSE $2 END "
				      "WHERE id = $1"),
			       HK_ARGS(hk_v_int(row->session_id), hk_v_int(row->at_ms)), NULL,
			       error));
}

/* ---- Records ---- */

static bool
put_piece(hk_db *db, const hk_c2_piece_row *row, int64_t *ret_id, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("INSERT INTO c2_transcripts (session_id, begun_ms, ended_ms, frames, "
		       "commands, bytes, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT "
		       "DO NOTHING RETURNING id"),
		HK_ARGS(hk_v_int(row->session_id), hk_v_int(row->begun_ms), hk_v_int(row->ended_ms),
			hk_v_int(row->frames), hk_v_int(row->commands), hk_v_int(row->bytes),
			hk_v_blob(hk_span_of(row->sha256, sizeof row->sha256))),
		error);

	return number_of(rows, ret_id, error);
}

bool
hk_c2_piece_add(hk_db *db, const hk_c2_piece_row *row, hk_span sealed, int64_t until_ms,
	int64_t *ret_id, GError **error)
{
	return put_piece(db, row, ret_id, error) &&
	       (*ret_id == 0 || sealed.len == 0 ||
		       hk_db_exec(db,
			       HK_SQL("INSERT INTO c2_sealed (transcript_id, sealed, until_ms) "
				      "VALUES ($1, $2, $3)"),
			       HK_ARGS(hk_v_int(*ret_id), hk_v_blob(sealed), hk_v_int(until_ms)),
			       NULL, error));
}

bool
hk_c2_piece_last(hk_db *db, int64_t session_id, bool *ret_any, uint8_t ret[32], GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT sha256 FROM c2_transcripts WHERE session_id = $1 ORDER BY id DESC "
		       "LIMIT 1"),
		HK_ARGS(hk_v_int(session_id)), error);

	if (!hk_rows_one(rows, ret_any, error)) {
		return false;
	}
	if (*ret_any) {
		memcpy(ret, hk_rows_blob(rows, 0).data, 32);
	}
	return true;
}

bool
hk_c2_piece_get(hk_db *db, int64_t id, hk_c2_piece_row *ret, bool *ret_stamped, GError **error)
{
	bool found;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, session_id, begun_ms, ended_ms, frames, commands, bytes, "
		       "sha256, CASE WHEN stamp IS NULL THEN 0 ELSE 1 END FROM c2_transcripts "
		       "WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), error);
	int64_t *const numbers[] = {&ret->id, &ret->session_id, &ret->begun_ms, &ret->ended_ms,
		&ret->frames, &ret->commands, &ret->bytes};

	*ret = (hk_c2_piece_row){0};
	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(
			error, HK_ENOENT, "there is no piece %" G_GINT64_FORMAT " of a record", id);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
		*numbers[i] = hk_rows_int(rows, i);
	}
	memcpy(ret->sha256, hk_rows_blob(rows, 7).data, sizeof ret->sha256);
	*ret_stamped = hk_rows_int(rows, 8) == 1;
	return true;
}

bool
hk_c2_piece_stamp(hk_db *db, int64_t id, hk_span token, const char *why, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE c2_transcripts SET stamp = $2, stamp_why = $3 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), token.len > 0 ? hk_v_blob(token) : hk_v_null(),
			hk_v_str(why)),
		NULL, error);
}

bool
hk_c2_pieces_unstamped(hk_db *db, int64_t limit, GArray **ret, GError **error)
{
	return hk_rows_ids(hk_db_query(db,
				   HK_SQL("SELECT t.id FROM c2_transcripts t WHERE t.stamp IS NULL "
					  "AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.stage = "
					  "'stamp' AND jobs.key = 'c2:' || CAST(t.id AS TEXT) AND "
					  "jobs.state <> 'done') ORDER BY t.id LIMIT $1"),
				   HK_ARGS(hk_v_int(limit)), error),
		ret, error);
}

bool
hk_c2_sealed_get(hk_db *db, int64_t piece, GBytes **ret, GError **error)
{
	bool found;
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT sealed FROM c2_sealed WHERE transcript_id = $1"),
			HK_ARGS(hk_v_int(piece)), error);

	*ret = NULL;
	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (found) {
		hk_span sealed = hk_rows_blob(rows, 0);
		*ret = g_bytes_new(sealed.data, sealed.len);
	}
	return true;
}

bool
hk_c2_sealed_forget(hk_db *db, int64_t now_ms, int64_t *ret_count, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM c2_sealed WHERE until_ms <= $1"),
		HK_ARGS(hk_v_int(now_ms)), ret_count, error);
}
