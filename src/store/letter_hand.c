#include "store/letter_hand.h"

#include "store/lookup.h"

void
hk_letter_hand_row_clear(hk_letter_hand_row *row)
{
	g_free(row->class);
	g_free(row->number);
	*row = (hk_letter_hand_row){0};
}

bool
hk_letter_hand_get(hk_db *db, int64_t id, hk_letter_hand_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, report_id, class, number FROM letters WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "letter", id, error)) {
		return false;
	}
	*ret = (hk_letter_hand_row){.id = hk_rows_int(rows, 0),
		.report_id = hk_rows_int(rows, 1),
		.class = g_strdup(hk_rows_str(rows, 2)),
		.number = g_strdup(hk_rows_str(rows, 3))};
	return true;
}

bool
hk_letter_hand_set(hk_db *db, int64_t id, int64_t report_id, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE letters SET report_id = $2, matched = 'hand' WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_int(report_id)), NULL, error);
}
