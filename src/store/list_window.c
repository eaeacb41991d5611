#include <string.h>

#include "store/list_int.h"

/* Rows of the sort that are looked at before a way is chosen: at first a glance, then as many as a page may cost. */
int64_t
hk_list_glance(const hk_list_ask *a)
{
	return hk_list_few / 10 + 2 * (int64_t)a->limit;
}

bool
hk_list_plan_same(const hk_list_ask *a, const hk_part *part)
{
	return strcmp(part->field->column.text, a->sort->column.text) == 0;
}

/* Conditions on the column of the sort: its index begins where they hold. */
static void
put_same(const hk_list_ask *a, hk_sqlb *b)
{
	for (size_t i = 0; i < a->filter->parts->len; i++) {
		const hk_part *part = g_ptr_array_index(a->filter->parts, i);
		bool spans = part->field->how == HK_HOW_INT || part->field->how == HK_HOW_REAL ||
			     part->field->how == HK_HOW_TIME;
		bool named = part->field->how == HK_HOW_TARGET ||
			     part->field->how == HK_HOW_ACTOR || part->field->how == HK_HOW_USER ||
			     part->field->how == HK_HOW_SOURCE || part->field->how == HK_HOW_KIND;
		if (part->term->count == 1 && !part->term->negated && (spans || named) &&
			hk_list_plan_same(a, part)) {
			hk_sqlb_add(b, HK_SQL(" AND "));
			hk_filter_part(a->filter, part, b);
		}
	}
}

/* The next rows in the order of the sort, `rows` of them, whatever the filter says but for states that have indexes of their own and for the sort's
 * column. */
static void
put_window(const hk_list_ask *a, bool null, int64_t rows, hk_sqlb *b)
{
	hk_sqlb_add(b, HK_SQL("SELECT c.id AS case_id"));
	hk_list_plan_from(a, b);
	hk_list_plan_states(a, b);
	put_same(a, b);
	if (a->sort->nullable) {
		hk_sqlb_add(b, HK_SQL(" AND "));
		hk_sqlb_add(b, a->sort->column);
		hk_sqlb_add(b, null ? HK_SQL(" IS NULL") : HK_SQL(" IS NOT NULL"));
	}
	if (a->after.given && !a->after.null && !null) {
		hk_sqlb_add(b, HK_SQL(" AND "));
		hk_list_plan_behind(a, b);
	}
	if (a->after.given && a->after.null) {
		hk_sqlb_add(b, a->falling ? HK_SQL(" AND c.id < ") : HK_SQL(" AND c.id > "));
		hk_sqlb_value(b, hk_v_int(a->after.id));
	}
	if (null) {
		hk_sqlb_add(
			b, a->falling ? HK_SQL(" ORDER BY c.id DESC") : HK_SQL(" ORDER BY c.id"));
	} else {
		hk_list_plan_order(a, b);
	}
	hk_sqlb_add(b, HK_SQL(" LIMIT "));
	hk_sqlb_value(b, hk_v_int(rows));
}

/* How many rows of the window the filter takes, at most `most`; *ret_rows: how many it has, if it does not take so many. With a driver no other
 * row is read than those that it names. */
static bool
count_window(hk_db *db, const hk_list_ask *a, const hk_list_driver *driver, bool null, int64_t rows,
	int64_t most, int64_t *ret, int64_t *ret_rows, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	g_autoptr(hk_sqlb) all = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("SELECT count(*) FROM (SELECT 1 AS one FROM ("));
	put_window(a, null, rows, b);
	hk_sqlb_add(b, a->filter->of == HK_LIST_CASES ? HK_SQL(") y CROSS JOIN cases c")
						      : HK_SQL(") y CROSS JOIN sightings c"));
	hk_filter_where(a->filter, b);
	if (driver) {
		hk_list_plan_gathered(a, driver, HK_SQL("y.case_id"), b);
	}
	hk_sqlb_add(b, HK_SQL(" AND c.id = y.case_id LIMIT "));
	hk_sqlb_value(b, hk_v_int(most));
	hk_sqlb_add(b, HK_SQL(") z"));
	*ret_rows = 0;
	if (!hk_list_plan_int(b, db, ret, error) || *ret >= most) {
		return *ret >= most;
	}
	hk_sqlb_add(all, HK_SQL("SELECT count(*) FROM ("));
	put_window(a, null, rows, all);
	hk_sqlb_add(all, HK_SQL(") z"));
	return hk_list_plan_int(all, db, ret_rows, error);
}

/* How many of the next `rows` rows the filter takes, at most `most`; *ret_all: there are no more than that. */
bool
hk_list_window_count(hk_db *db, const hk_list_ask *a, const hk_list_driver *driver, int64_t rows,
	int64_t most, int64_t *ret, bool *ret_all, GError **error)
{
	int64_t n = 0, seen = 0;

	*ret = 0;
	*ret_all = false;
	for (int null = a->after.given && a->after.null; null <= a->sort->nullable; null++) {
		if (!count_window(db, a, driver, null, rows, most - *ret, &n, &seen, error)) {
			return false;
		}
		*ret += n;
		if (*ret >= most || seen >= rows) {
			return true;
		}
		rows -= seen;
	}
	*ret_all = true;
	return true;
}

/* Whether the order of the sort fills the page within so many rows; driver: as count_window. */
bool
hk_list_window_fills(hk_db *db, const hk_list_ask *a, const hk_list_driver *driver, int64_t rows,
	bool *ret, int64_t *ret_count, GError **error)
{
	bool all;

	if (!hk_list_window_count(
		    db, a, driver, rows, (int64_t)a->limit + 1, ret_count, &all, error)) {
		return false;
	}
	*ret = all || *ret_count > a->limit;
	return true;
}
