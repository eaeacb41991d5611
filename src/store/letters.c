/* nocheck: tested in tests/scenario/replies.t */
#include "store/letters.h"

#include "sys/hash.h"

#define DAY_MS INT64_C(86400000)

void
hk_letter_about_clear(void *about)
{
	hk_letter_about *a = about;

	g_clear_pointer(&a->recipient, g_free);
}

/* Numbers grow with time: the one so many places from the end tells whether all of them are of the last day. */
bool
hk_letters_full(hk_db *db, int64_t report_id, int64_t now_ms, bool *ret, GError **error)
{
	int64_t at_ms = 0;
	bool good =
		report_id != 0
			? hk_db_int(db,
				  HK_SQL("SELECT COALESCE(MAX(at_ms), 0) FROM (SELECT at_ms FROM "
					 "letters WHERE report_id = $1 ORDER BY id DESC LIMIT 1 "
					 "OFFSET $2) AS one"),
				  HK_ARGS(hk_v_int(report_id), hk_v_int(HK_LETTERS_REPORT_MAX - 1)),
				  &at_ms, error)
			: hk_db_int(db,
				  HK_SQL("SELECT COALESCE(MAX(at_ms), 0) FROM (SELECT at_ms FROM "
					 "letters WHERE report_id IS NULL ORDER BY id DESC LIMIT 1 "
					 "OFFSET $1) AS one"),
				  HK_ARGS(hk_v_int(HK_LETTERS_OPEN_DAY_MAX - 1)), &at_ms, error);

	*ret = at_ms > (report_id != 0 ? 0 : now_ms - DAY_MS);
	return good;
}

bool
hk_letters_forget(hk_db *db, int64_t now_ms, int64_t *ret_count, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM letters WHERE report_id IS NULL AND at_ms < $1"),
		HK_ARGS(hk_v_int(now_ms - HK_LETTERS_OPEN_MS)), ret_count, error);
}

bool
hk_letters_add(hk_db *db, const hk_letter_row *row, int64_t *ret_id, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("INSERT INTO letters (mailbox, message_id, report_id, matched, class, "
		       "number, sender, subject, text, content, sent_ms, at_ms, proof) VALUES "
		       "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT "
		       "(mailbox, message_id) DO NOTHING RETURNING id"),
		HK_ARGS(hk_v_str(row->mailbox), hk_v_str(row->message_id), hk_v_id(row->report_id),
			hk_v_str(row->matched), hk_v_str(row->class), hk_v_str(row->number),
			hk_v_str(row->sender), hk_v_str(row->subject), hk_v_str(row->text),
			hk_v_blob(hk_span_of(row->content, 32)), hk_v_id(row->sent_ms),
			hk_v_int(row->at_ms), hk_v_str(row->proof)),
		error);
	g_autoptr(GError) why = NULL;

	if (!rows) {
		return false;
	}
	if (hk_rows_next(rows, &why)) {
		*ret_id = hk_rows_int(rows, 0);
		return true;
	}
	if (why) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	*ret_id = 0;
	return true;
}

static bool
collect(hk_rows *rows, GArray **ret, GError **error)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(hk_letter_about));
	g_autoptr(GError) why = NULL;

	if (!rows) {
		return false;
	}
	g_array_set_clear_func(all, hk_letter_about_clear);
	while (hk_rows_next(rows, &why)) {
		hk_letter_about about = {hk_rows_int(rows, 0), g_strdup(hk_rows_str(rows, 1))};
		g_array_append_val(all, about);
	}
	if (why) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	*ret = g_steal_pointer(&all);
	return true;
}

/* What has not begun to leave cannot be answered. */
#define LEFT " AND r.state NOT IN ('drafted', 'approved', 'dropped') ORDER BY r.id DESC LIMIT 50"

bool
hk_letters_by_token(hk_db *db, const char *token, GArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT r.id, r.recipient FROM reports r WHERE r.token = $1" LEFT),
		HK_ARGS(hk_v_str(token)), error);

	return collect(rows, ret, error);
}

bool
hk_letters_by_number(hk_db *db, const char *number, GArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT r.id, r.recipient FROM reports r WHERE r.channel = 'mail' AND "
		       "r.remote_id = $1" LEFT),
		HK_ARGS(hk_v_str(number)), error);

	return collect(rows, ret, error);
}

/* By the cases of that URL: there is an index of its hash. */
bool
hk_letters_by_url(hk_db *db, const char *url, GArray **ret, GError **error)
{
	uint8_t hash[32];

	hk_sha256(hk_span_str(url), hash);
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT DISTINCT r.id, r.recipient FROM case_urls u JOIN report_sites s ON "
		       "s.case_id = u.case_id AND s.url = u.url JOIN reports r ON r.id = "
		       "s.report_id WHERE u.hash = $1 AND r.channel = 'mail'" LEFT),
		HK_ARGS(hk_v_blob(hk_span_of(hash, 32))), error);

	return collect(rows, ret, error);
}
