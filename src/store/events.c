#include "store/events.h"

#include "store/later.h"

#include "sys/gerr.h"

bool
hk_events_init(hk_db *db, GError **error)
{
	static const uint8_t zero[HK_EVENT_MAC_SIZE];

	return hk_db_exec(db,
		HK_SQL("INSERT INTO chain (one, seq, mac) VALUES (1, 0, $1) ON CONFLICT (one) DO "
		       "NOTHING"),
		HK_ARGS(hk_v_blob(hk_span_of(zero, sizeof zero))), NULL, error);
}

static bool
copy_mac(const hk_rows *rows, unsigned column, uint8_t *ret, GError **error)
{
	hk_span mac = hk_rows_blob(rows, column);

	if (mac.len != HK_EVENT_MAC_SIZE) {
		return hk_error_set(error, HK_ECHECK,
			"the audit chain holds a MAC of %zu bytes, not %d: see `hikeshi audit "
			"verify`",
			mac.len, HK_EVENT_MAC_SIZE);
	}
	memcpy(ret, mac.data, HK_EVENT_MAC_SIZE);
	return true;
}

static bool
read_head(hk_rows *rows, hk_event_head *ret, GError **error)
{
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(error, HK_ENOENT,
			"the audit chain has no head: see `hikeshi audit verify`");
	}
	ret->seq = hk_rows_int(rows, 0);
	return copy_mac(rows, 1, ret->mac, error);
}

bool
hk_events_head(hk_db *db, hk_event_head *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(
		db, HK_SQL("SELECT seq, mac FROM chain WHERE one = 1"), HK_NO_ARGS, error);

	return read_head(rows, ret, error);
}

bool
hk_events_lock(hk_db *db, int64_t count, hk_event_head *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("UPDATE chain SET seq = seq + $1 WHERE one = 1 RETURNING seq - $1, mac"),
		HK_ARGS(hk_v_int(count)), error);

	return read_head(rows, ret, error);
}

bool
hk_events_seal(hk_db *db, const uint8_t mac[HK_EVENT_MAC_SIZE], GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE chain SET mac = $1 WHERE one = 1"),
		HK_ARGS(hk_v_blob(hk_span_of(mac, HK_EVENT_MAC_SIZE))), NULL, error);
}

bool
hk_events_insert(hk_db *db, const hk_event_record *r, GError **error)
{
	hk_later *later = hk_later_of(db);

	if (later) {
		hk_later_event(later, r);
		return true;
	}
	return hk_db_exec(db,
		HK_SQL("INSERT INTO events (seq, at_ms, who, via, address, act, object, object_id, "
		       "case_id, "
		       "data, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
		HK_ARGS(hk_v_int(r->seq), hk_v_int(r->at_ms), hk_v_str(r->who), hk_v_str(r->via),
			hk_v_str(r->address), hk_v_str(r->act), hk_v_str(r->object),
			hk_v_int(r->object_id), hk_v_id(r->case_id), hk_v_str(r->data),
			hk_v_blob(hk_span_of(r->mac, HK_EVENT_MAC_SIZE))),
		NULL, error);
}

hk_rows *
hk_events_read(hk_db *db, int64_t after, int64_t count, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT seq, at_ms, who, via, address, act, object, object_id, case_id, "
		       "data, mac "
		       "FROM events WHERE seq > $1 ORDER BY seq LIMIT $2"),
		HK_ARGS(hk_v_int(after), hk_v_int(count)), error);
}

bool
hk_events_next(hk_rows *rows, hk_event_record *ret, GError **error)
{
	if (!hk_rows_next(rows, error)) {
		return false;
	}
	*ret = (hk_event_record){
		.seq = hk_rows_int(rows, 0),
		.at_ms = hk_rows_int(rows, 1),
		.who = hk_rows_str(rows, 2),
		.via = hk_rows_str(rows, 3),
		.address = hk_rows_str(rows, 4),
		.act = hk_rows_str(rows, 5),
		.object = hk_rows_str(rows, 6),
		.object_id = hk_rows_int(rows, 7),
		.case_id = hk_rows_int(rows, 8),
		.data = hk_rows_str(rows, 9),
	};
	/* A MAC of another length is no MAC: it stays zero, which no record has. */
	hk_span mac = hk_rows_blob(rows, 10);
	if (mac.len == HK_EVENT_MAC_SIZE) {
		memcpy(ret->mac, mac.data, HK_EVENT_MAC_SIZE);
	}
	return true;
}

bool
hk_anchors_insert(hk_db *db, const hk_event_head *head, int64_t at_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO anchors (seq, at_ms, mac) VALUES ($1, $2, $3) "
		       "ON CONFLICT (seq) DO NOTHING"),
		HK_ARGS(hk_v_int(head->seq), hk_v_int(at_ms),
			hk_v_blob(hk_span_of(head->mac, HK_EVENT_MAC_SIZE))),
		NULL, error);
}

hk_rows *
hk_anchors_read(hk_db *db, GError **error)
{
	return hk_db_query(
		db, HK_SQL("SELECT seq, at_ms, mac FROM anchors ORDER BY seq"), HK_NO_ARGS, error);
}
