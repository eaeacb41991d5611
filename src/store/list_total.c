#include <inttypes.h>
#include <string.h>

#include "store/list_int.h"

#define EMPTY_SQL HK_SQL("")

static size_t
texts_of(const hk_filter *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->parts->len; i++) {
		const hk_part *part = g_ptr_array_index(f->parts, i);
		n += part->field->how == HK_HOW_TEXT || part->field->how == HK_HOW_NAME ||
		     part->field->how == HK_HOW_URL;
	}
	return n;
}

/* Of the first rows, for a total that nobody counts. To compare a row's text costs three times what the rest of it costs; and so much does each row
 * of PostgreSQL. */
static int64_t
counted(const hk_list_ask *a)
{
	bool dear = texts_of(a->filter) > 0 || a->filter->engine == HK_DB_PGSQL;

	return hk_list_few / (dear ? 6 : 2) + 5 * (int64_t)a->limit;
}

/* Whether the tallies know how many there are: nothing is asked, or one thing that they count by. */
static bool
tallied(const hk_filter *f, hk_sql *ret_condition, GPtrArray *ret_keys)
{
	const hk_part *part = f->parts->len == 1 ? g_ptr_array_index(f->parts, 0) : NULL;

	if (f->of != HK_LIST_CASES || f->deleted || f->parts->len > 1 ||
		(part && part->term->negated)) {
		return false;
	}
	if (!part) {
		*ret_condition = HK_SQL("dim = 'state'");
		return true;
	}
	if (part->states || part->field->how == HK_HOW_KIND) {
		*ret_condition = part->states ? HK_SQL("dim = 'state' AND key IN ")
					      : HK_SQL("dim = 'state' AND kind IN ");
		for (size_t i = 0; i < part->texts->len; i++) {
			const char *text = g_ptr_array_index(part->texts, i);
			if (strcmp(text, "duplicate") == 0 && f->duplicates) {
				return false; /* not counted there */
			}
			g_ptr_array_add(ret_keys, g_strdup(text));
		}
		return ret_keys->len > 0;
	}
	switch ((int)part->field->how) {
	case HK_HOW_TARGET:
		*ret_condition = HK_SQL("dim = 'target' AND key IN ");
		break;
	case HK_HOW_ACTOR:
		*ret_condition = HK_SQL("dim = 'actor' AND key IN ");
		break;
	case HK_HOW_SOURCE:
		*ret_condition = HK_SQL("dim = 'source' AND key IN ");
		break;
	default:
		return false;
	}
	for (size_t i = 0; i < part->numbers->len; i++) {
		g_ptr_array_add(ret_keys,
			g_strdup_printf("%" PRId64, g_array_index(part->numbers, int64_t, i)));
	}
	if (part->none) {
		g_ptr_array_add(ret_keys, g_strdup("0"));
	}
	return ret_keys->len > 0;
}

static bool
total_by_tallies(hk_db *db, const hk_filter *f, bool *ret_known, int64_t *ret, GError **error)
{
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	hk_sql condition;

	*ret_known = tallied(f, &condition, keys);
	if (!*ret_known) {
		return true;
	}
	hk_sqlb_add(b, HK_SQL("SELECT CAST(COALESCE(sum(cases), 0) AS BIGINT) FROM tallies WHERE "
			      "month = 0 AND "));
	hk_sqlb_add(b, condition);
	for (size_t i = 0; i < keys->len; i++) {
		hk_sqlb_add(b, i > 0 ? HK_SQL(", ") : HK_SQL("("));
		hk_sqlb_value(b, hk_v_str(g_ptr_array_index(keys, i)));
	}
	hk_sqlb_add(b, keys->len > 0 ? HK_SQL(")") : EMPTY_SQL);
	return hk_list_plan_int(b, db, ret, error);
}

/* All rows of the driver that the filter takes. */
static bool
count_rows(hk_db *db, const hk_list_ask *a, const hk_list_plan *plan, int64_t *ret, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("SELECT count(*)"));
	hk_list_plan_rows(a, plan, b);
	return hk_list_plan_int(b, db, ret, error);
}

/* Of the first rows in the order of the page. */
static bool
count_first(hk_db *db, const hk_list_ask *a, bool more, hk_page *page, GError **error)
{
	hk_list_ask first = *a;
	int64_t seen = (int64_t)page->ids->len + more;

	first.after = (hk_list_cursor){0};
	if (!hk_list_window_count(db, &first, NULL, counted(&first),
		    MIN(hk_list_few, HK_LIST_AT_LEAST), &page->count, &page->exact, error)) {
		return false;
	}
	page->count = MAX(page->count, seen);
	return true;
}

bool
hk_list_plan_total(hk_db *db, const hk_list_ask *a, const hk_list_plan *plan, bool more,
	hk_page *page, GError **error)
{
	if (!total_by_tallies(db, a->filter, &page->exact, &page->count, error)) {
		return false;
	}
	if (page->exact) {
		return true;
	}
	if (!more && !a->after.given) { /* the first page is all */
		page->count = page->ids->len;
		page->exact = true;
		return true;
	}
	if (plan->least <= hk_list_wide()) {
		page->exact = true;
		return count_rows(db, a, plan, &page->count, error);
	}
	return count_first(db, a, more, page, error);
}
