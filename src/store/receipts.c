/* What was tried, to whom one has written before, and how the channels fare: the tables around reports. */
#include "store/lookup.h"
#include "store/reports.h"
#include "sys/gerr.h"

enum { MS_PER_DAY = 24 * 60 * 60 * 1000 };

static hk_value
hash_or_null(const uint8_t *hash)
{
	return hash ? hk_v_blob(hk_span_of(hash, 32)) : hk_v_null();
}

bool
hk_receipts_begin(hk_db *db, const hk_receipt_row *row, int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO receipts (report_id, act, phase, request, begun_ms) VALUES "
		       "($1, $2, "
		       "'begun', $3, $4) RETURNING id"),
		HK_ARGS(hk_v_int(row->report_id), hk_v_str(row->act), hash_or_null(row->request),
			hk_v_int(row->begun_ms)),
		ret_id, error);
}

bool
hk_receipts_commit(hk_db *db, int64_t id, int64_t *ret_changed, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE receipts SET phase = 'committed' WHERE id = $1 AND phase = 'begun'"),
		HK_ARGS(hk_v_int(id)), ret_changed, error);
}

bool
hk_receipts_end(hk_db *db, const hk_receipt_row *row, GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE receipts SET phase = 'ended', how = $2, status = $3, answer = "
			   "$4, why "
			   "= $5, ended_ms = $6 WHERE id = $1 AND phase <> 'ended'"),
		    HK_ARGS(hk_v_int(row->id), hk_v_str(row->how), hk_v_id(row->status),
			    hash_or_null(row->answer), hk_v_str(row->why), hk_v_int(row->ended_ms)),
		    &changed, error)) {
		return false;
	}
	return changed == 1 || hk_error_set(error, HK_EINCONSISTENT,
				       "receipt %" G_GINT64_FORMAT " has an end already", row->id);
}

bool
hk_receipts_open(hk_db *db, int64_t report_id, int64_t *ret_id, bool *ret_committed, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, phase FROM receipts WHERE report_id = $1 AND act = 'submit' AND "
		       "phase "
		       "<> 'ended' ORDER BY id DESC LIMIT 1"),
		HK_ARGS(hk_v_int(report_id)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret_id = found ? hk_rows_int(rows, 0) : 0;
	*ret_committed = found && g_strcmp0(hk_rows_str(rows, 1), "committed") == 0;
	return true;
}

bool
hk_receipts_since(hk_db *db, int64_t id, int64_t *ret_ms, GError **error)
{
	return hk_db_int(db, HK_SQL("SELECT begun_ms FROM receipts WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), ret_ms, error);
}

bool
hk_recipients_known(hk_db *db, const char *channel, const char *recipient, bool *ret_known,
	bool *ret_bounced, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT bounced_ms FROM recipients WHERE channel = $1 AND recipient = $2"),
		HK_ARGS(hk_v_str(channel), hk_v_str(recipient)), error);

	if (!hk_rows_one(rows, ret_known, error)) {
		return false;
	}
	*ret_bounced = *ret_known && !hk_rows_is_null(rows, 0);
	return true;
}

bool
hk_recipients_put(hk_db *db, const char *channel, const char *recipient, int64_t user_id,
	int64_t now_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO recipients (channel, recipient, user_id, at_ms) VALUES ($1, "
		       "$2, $3, "
		       "$4) ON CONFLICT (channel, recipient) DO NOTHING"),
		HK_ARGS(hk_v_str(channel), hk_v_str(recipient), hk_v_id(user_id), hk_v_int(now_ms)),
		NULL, error);
}

bool
hk_recipients_bounced(
	hk_db *db, const char *channel, const char *recipient, int64_t now_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE recipients SET bounced_ms = $3 WHERE channel = $1 AND recipient = "
		       "$2"),
		HK_ARGS(hk_v_str(channel), hk_v_str(recipient), hk_v_int(now_ms)), NULL, error);
}

bool
hk_recipients_bounce(
	hk_db *db, const char *channel, const char *recipient, int64_t *ret_ms, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MAX(bounced_ms), 0) FROM recipients WHERE channel = $1 AND "
		       "recipient = $2"),
		HK_ARGS(hk_v_str(channel), hk_v_str(recipient)), ret_ms, error);
}

bool
hk_recipients_mend(
	hk_db *db, const char *channel, const char *recipient, int64_t before_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE recipients SET bounced_ms = NULL WHERE channel = $1 AND recipient = "
		       "$2 AND bounced_ms <= $3"),
		HK_ARGS(hk_v_str(channel), hk_v_str(recipient), hk_v_int(before_ms)), NULL, error);
}

void
hk_channel_row_clear(hk_channel_row *row)
{
	g_free(row->name);
	g_free(row->state);
	g_free(row->why);
	*row = (hk_channel_row){0};
}

#define CHANNEL "SELECT state, why, free_ms, day, sent_day, version FROM channels WHERE name = $1"

static bool
channel(hk_db *db, const char *name, bool lock, hk_channel_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		lock && hk_db_engine_of(db) == HK_DB_PGSQL ? HK_SQL(CHANNEL " FOR UPDATE")
							   : HK_SQL(CHANNEL),
		HK_ARGS(hk_v_str(name)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = (hk_channel_row){.name = g_strdup(name), .state = g_strdup("open")};
	if (found) {
		g_free(ret->state);
		ret->state = g_strdup(hk_rows_str(rows, 0));
		ret->why = g_strdup(hk_rows_str(rows, 1));
		ret->free_ms = hk_rows_int(rows, 2);
		ret->day = hk_rows_int(rows, 3);
		ret->sent_day = hk_rows_int(rows, 4);
		ret->version = hk_rows_int(rows, 5);
	}
	return true;
}

bool
hk_channels_get(hk_db *db, const char *name, hk_channel_row *ret, GError **error)
{
	return channel(db, name, false, ret, error);
}

/* Each has its row from the first time it is used. */
static bool
make(hk_db *db, const char *name, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO channels (name) VALUES ($1) ON CONFLICT (name) DO NOTHING"),
		HK_ARGS(hk_v_str(name)), NULL, error);
}

bool
hk_channels_set(hk_db *db, const char *name, const char *state, const char *why, GError **error)
{
	return make(db, name, error) &&
	       hk_db_exec(db,
		       HK_SQL("UPDATE channels SET state = CAST($2 AS TEXT), why = $3, free_ms = "
			      "CASE WHEN CAST($2 AS TEXT) = 'open' THEN 0 ELSE free_ms END, "
			      "version = version + 1 WHERE name = $1"),
		       HK_ARGS(hk_v_str(name), hk_v_str(state), hk_v_str(why)), NULL, error);
}

bool
hk_channels_take(hk_db *db, const char *name, int64_t now_ms, int64_t gap_ms, int64_t per_day,
	int64_t *ret_wait_ms, GError **error)
{
	g_auto(hk_channel_row) row = {0};
	int64_t day = now_ms / MS_PER_DAY;

	if (!make(db, name, error) || !channel(db, name, true, &row, error)) {
		return false;
	}
	int64_t sent = row.day == day ? row.sent_day : 0;
	if (per_day > 0 && sent >= per_day) {
		*ret_wait_ms = (day + 1) * MS_PER_DAY - now_ms;
		return true;
	}
	/* Nobody asks for more patience than a day: a clock was wrong. */
	if (row.free_ms > now_ms && row.free_ms <= now_ms + MS_PER_DAY) {
		*ret_wait_ms = row.free_ms - now_ms;
		return true;
	}
	*ret_wait_ms = 0;
	return hk_db_exec(db,
		HK_SQL("UPDATE channels SET free_ms = $2, day = $3, sent_day = $4 WHERE name = $1"),
		HK_ARGS(hk_v_str(name), hk_v_int(now_ms + gap_ms), hk_v_int(day),
			hk_v_int(sent + 1)),
		NULL, error);
}

bool
hk_channels_pause(hk_db *db, const char *name, int64_t until_ms, GError **error)
{
	return make(db, name, error) &&
	       hk_db_exec(db,
		       HK_SQL("UPDATE channels SET free_ms = $2 WHERE name = $1 AND free_ms < $2"),
		       HK_ARGS(hk_v_str(name), hk_v_int(until_ms)), NULL, error);
}

bool
hk_channels_note(hk_db *db, const char *name, int64_t now_ms, const char *why, GError **error)
{
	if (!make(db, name, error)) {
		return false;
	}
	return why ? hk_db_exec(db,
			     HK_SQL("UPDATE channels SET error_ms = $2, error = $3 WHERE name = "
				    "$1"),
			     HK_ARGS(hk_v_str(name), hk_v_int(now_ms), hk_v_str(why)), NULL, error)
		   : hk_db_exec(db, HK_SQL("UPDATE channels SET ok_ms = $2 WHERE name = $1"),
			     HK_ARGS(hk_v_str(name), hk_v_int(now_ms)), NULL, error);
}
