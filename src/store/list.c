#include "store/list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/list_int.h"
#include "sys/gerr.h"

static void
cursor_clear(hk_list_cursor *c)
{
	g_free(c->text);
	c->text = NULL;
}

/* Cursors --------------------------------------------------------------------------------------- */

/* "HASH.FLAGS.ID.VALUE": the hash covers list, query, sort and the rest, so that a cursor of another list is known as such. It is no
 * secret: a made-up cursor shows nothing but another page of the same list. */
static uint32_t
cursor_hash(const hk_list_ask *a, const char *rest)
{
	g_autofree char *all = g_strdup_printf("%d %u %s %d %s", (int)a->filter->of,
		a->filter->hash, a->sort->key, a->falling, rest);

	return g_str_hash(all) * 2654435761u;
}

static char *
cursor_print(const hk_list_ask *a, const hk_list_cursor *c)
{
	g_autoptr(GString) rest = g_string_new(NULL);

	g_string_append_printf(rest, "%c.%" PRId64 ".", c->null ? 'n' : 'v', c->id);
	if (!c->null) {
		switch (a->sort->type) {
		case HK_SORT_INT:
			g_string_append_printf(rest, "%" PRId64, c->i);
			break;
		case HK_SORT_REAL: {
			uint64_t bits;
			memcpy(&bits, &c->d, sizeof bits);
			g_string_append_printf(rest, "%" PRIx64, bits);
			break;
		}
		case HK_SORT_TEXT:
			for (const uint8_t *b = (const uint8_t *)c->text; *b; b++) {
				g_string_append_printf(rest, "%02x", *b);
			}
			break;
		}
	}
	return g_strdup_printf("%08x.%s", cursor_hash(a, rest->str), rest->str);
}

static bool
cursor_text(const char *hex, char **ret)
{
	GString *out = g_string_new(NULL);
	bool good = strlen(hex) % 2 == 0;

	for (; good && *hex; hex += 2) {
		int high = g_ascii_xdigit_value(hex[0]), low = g_ascii_xdigit_value(hex[1]);
		good = high >= 0 && low >= 0 && high + low > 0;
		g_string_append_c(out, (char)(high * 16 + low));
	}
	good = good && g_utf8_validate(out->str, (gssize)out->len, NULL);
	*ret = g_string_free(out, !good);
	return good;
}

static bool
cursor_value(hk_sort_type type, const char *text, hk_list_cursor *c)
{
	if (type == HK_SORT_INT) {
		return g_ascii_string_to_signed(text, 10, INT64_MIN, INT64_MAX, &c->i, NULL);
	}
	if (type == HK_SORT_REAL) {
		uint64_t bits;
		if (!g_ascii_string_to_unsigned(text, 16, 0, UINT64_MAX, &bits, NULL)) {
			return false;
		}
		memcpy(&c->d, &bits, sizeof bits);
		return c->d == c->d;
	}
	return cursor_text(text, &c->text);
}

static bool
cursor_read(const hk_list_ask *a, const char *text, hk_list_cursor *ret, GError **error)
{
	const char *rest = strchr(text, '.'), *id = rest ? strchr(rest + 1, '.') : NULL;
	const char *value = id ? strchr(id + 1, '.') : NULL;
	uint64_t hash;
	hk_list_cursor c = {.given = true};

	if (value && id == rest + 2 && (rest[1] == 'n' || rest[1] == 'v')) {
		g_autofree char *first = g_strndup(text, (size_t)(rest - text));
		g_autofree char *number = g_strndup(id + 1, (size_t)(value - id - 1));
		c.null = rest[1] == 'n';
		if (g_ascii_string_to_unsigned(first, 16, 0, UINT32_MAX, &hash, NULL) &&
			hash == cursor_hash(a, rest + 1) &&
			g_ascii_string_to_signed(number, 10, INT64_MIN, INT64_MAX, &c.id, NULL) &&
			(c.null || cursor_value(a->sort->type, value + 1, &c))) {
			*ret = c;
			return true;
		}
	}
	cursor_clear(&c);
	return hk_error_set(
		error, HK_EFORM, "after: this is no cursor of this list; begin again without it");
}

/* Rows ------------------------------------------------------------------------------------------ */

/* A row as (id, sort value). */
static void
take_row(const hk_list_ask *a, const hk_rows *rows, hk_page *page, hk_list_cursor *last)
{
	int64_t id = hk_rows_int(rows, 0);

	g_array_append_val(page->ids, id);
	if (page->ids->len == a->limit) {
		cursor_clear(last);
		*last = (hk_list_cursor){.given = true, .id = id, .null = hk_rows_is_null(rows, 1)};
		if (last->null) {
			return;
		}
		switch (a->sort->type) {
		case HK_SORT_INT:
			last->i = hk_rows_int(rows, 1);
			break;
		case HK_SORT_REAL:
			last->d = hk_rows_real(rows, 1);
			break;
		case HK_SORT_TEXT:
			last->text = g_strdup(hk_rows_str(rows, 1));
			break;
		}
	}
}

/* Rows up to one more than the page holds; *ret_more: there was one more. */
static bool
take_rows(const hk_list_ask *a, hk_sqlb *b, hk_db *db, hk_page *page, hk_list_cursor *last,
	bool *ret_more, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		if (page->ids->len == a->limit) {
			*ret_more = true;
			break;
		}
		take_row(a, rows, page, last);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* Those with a value behind the cursor, or those without one; their order and how many. */
static void
put_part(const hk_list_ask *a, bool null, hk_sqlb *b)
{
	if (null) {
		hk_sqlb_add(b, HK_SQL(" AND "));
		hk_sqlb_add(b, a->sort->column);
		hk_sqlb_add(b, HK_SQL(" IS NULL"));
		if (a->after.given && a->after.null) {
			hk_sqlb_add(
				b, a->falling ? HK_SQL(" AND c.id < ") : HK_SQL(" AND c.id > "));
			hk_sqlb_value(b, hk_v_int(a->after.id));
		}
		hk_sqlb_add(
			b, a->falling ? HK_SQL(" ORDER BY c.id DESC") : HK_SQL(" ORDER BY c.id"));
		return;
	}
	if (a->sort->nullable) {
		hk_sqlb_add(b, HK_SQL(" AND "));
		hk_sqlb_add(b, a->sort->column);
		hk_sqlb_add(b, HK_SQL(" IS NOT NULL"));
	}
	if (a->after.given) {
		hk_sqlb_add(b, HK_SQL(" AND "));
		hk_list_plan_behind(a, b);
	}
	hk_list_plan_order(a, b);
}

/* The order of the sort is that of the numbers, at least within one value of a condition: rows lie in that order. */
static bool
by_number(const hk_list_ask *a)
{
	bool same = strcmp(a->sort->key, "id") == 0;

	for (size_t i = 0; !same && i < a->filter->parts->len; i++) {
		const hk_part *part = g_ptr_array_index(a->filter->parts, i);
		same = !part->term->negated && hk_list_plan_same(a, part);
	}
	return same;
}

/* In the order of the sort's index; gathered: only those that the driver names, as that index tells by itself. SQLite compares what the index holds before
 * it reads the row; PostgreSQL must be given the index alone first, or it chooses another that it takes for better. */
static void
put_sorted(hk_db *db, const hk_list_ask *a, const hk_list_plan *plan, bool null, hk_sqlb *b)
{
	bool direct = hk_db_engine_of(db) == HK_DB_SQLITE || by_number(a);

	hk_sqlb_add(b, HK_SQL("SELECT c.id, "));
	hk_sqlb_add(b, a->sort->column);
	if (!direct) {
		hk_sqlb_add(b, HK_SQL(" FROM (SELECT c.id AS case_id, "));
		hk_sqlb_add(b, a->sort->column);
		hk_sqlb_add(b, HK_SQL(" AS place"));
	}
	hk_list_plan_from(a, b);
	if (direct) {
		hk_filter_where(a->filter, b);
	} else {
		hk_list_plan_states(a, b);
	}
	if (plan->gather) {
		hk_list_plan_gathered(a, &plan->driver, HK_SQL("c.id"), b);
	}
	put_part(a, null, b);
	if (direct) {
		return;
	}
	hk_sqlb_add(b, a->filter->of == HK_LIST_CASES ? HK_SQL(") y CROSS JOIN cases c")
						      : HK_SQL(") y CROSS JOIN sightings c"));
	hk_filter_where(a->filter, b);
	hk_sqlb_add(b, HK_SQL(" AND c.id = y.case_id ORDER BY "));
	if (!null) {
		hk_sqlb_add(b, a->falling ? HK_SQL("y.place DESC, ") : HK_SQL("y.place, "));
	}
	hk_sqlb_add(b, a->falling ? HK_SQL("y.case_id DESC") : HK_SQL("y.case_id"));
}

/* By number: the search index names them in this order, and so do most others. */
static void
put_by_number(const hk_list_ask *a, const hk_list_plan *plan, hk_sqlb *b)
{
	hk_sqlb_add(b, HK_SQL("SELECT c.id, c.id"));
	hk_list_plan_rows(a, plan, b);
	if (a->after.given) {
		hk_sqlb_add(
			b, a->falling ? HK_SQL(" AND y.case_id < ") : HK_SQL(" AND y.case_id > "));
		hk_sqlb_value(b, hk_v_int(a->after.id));
	}
	hk_sqlb_add(
		b, a->falling ? HK_SQL(" ORDER BY y.case_id DESC") : HK_SQL(" ORDER BY y.case_id"));
}

/* First those with a value, then those without. */
static bool
scan_part(hk_db *db, const hk_list_ask *a, const hk_list_plan *plan, bool null, hk_page *page,
	hk_list_cursor *last, bool *ret_more, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	if (plan->gather && strcmp(a->sort->key, "id") == 0) {
		put_by_number(a, plan, b);
	} else {
		put_sorted(db, a, plan, null, b);
	}
	hk_sqlb_add(b, HK_SQL(" LIMIT "));
	hk_sqlb_value(b, hk_v_int((int64_t)a->limit - page->ids->len + 1));
	return take_rows(a, b, db, page, last, ret_more, error);
}

/* Whether some condition on the very column of the sort leaves no row with a value (null false), or none without (null true). */
static bool
excluded(const hk_list_ask *a, bool null)
{
	for (size_t i = 0; i < a->filter->parts->len; i++) {
		const hk_part *part = g_ptr_array_index(a->filter->parts, i);
		bool values = part->numbers->len > 0 || part->texts->len > 0;
		bool named = part->field->how == HK_HOW_TARGET ||
			     part->field->how == HK_HOW_ACTOR || part->field->how == HK_HOW_USER;
		if (!named || part->term->negated || (!values && !part->none) ||
			!hk_list_plan_same(a, part)) {
			continue;
		}
		if (null ? !part->none : !values) {
			return true;
		}
	}
	return false;
}

static bool
scan(hk_db *db, const hk_list_ask *a, const hk_list_plan *plan, hk_page *page, hk_list_cursor *last,
	bool *ret_more, GError **error)
{
	if (!(a->after.given && a->after.null) && !excluded(a, false) &&
		!scan_part(db, a, plan, false, page, last, ret_more, error)) {
		return false;
	}
	return !a->sort->nullable || *ret_more || excluded(a, true) ||
	       scan_part(db, a, plan, true, page, last, ret_more, error);
}

/* Few rows -------------------------------------------------------------------------------------- */

/* All of them are read: so many there are, and the page is among them. */
static bool
few(hk_db *db, const hk_list_ask *a, const hk_list_plan *plan, hk_page *page, hk_list_cursor *last,
	bool *ret_more, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL("SELECT c.id, "));
	hk_sqlb_add(b, a->sort->column);
	hk_sqlb_add(b, HK_SQL(", CASE WHEN "));
	if (!a->after.given) {
		hk_sqlb_add(b, HK_SQL("1 = 1"));
	} else if (a->after.null) {
		hk_sqlb_add(b, a->sort->column);
		hk_sqlb_add(b, a->falling ? HK_SQL(" IS NULL AND c.id < ")
					  : HK_SQL(" IS NULL AND c.id > "));
		hk_sqlb_value(b, hk_v_int(a->after.id));
	} else {
		hk_sqlb_add(b, a->sort->column);
		hk_sqlb_add(b, HK_SQL(" IS NULL OR "));
		hk_list_plan_behind(a, b);
	}
	hk_sqlb_add(b, HK_SQL(" THEN 1 ELSE 0 END"));
	hk_list_plan_rows(a, plan, b);
	hk_sqlb_add(b, HK_SQL(" ORDER BY CASE WHEN "));
	hk_sqlb_add(b, a->sort->column);
	hk_sqlb_add(b, HK_SQL(" IS NULL THEN 1 ELSE 0 END, "));
	hk_sqlb_add(b, a->sort->column);
	hk_sqlb_add(b, a->falling ? HK_SQL(" DESC, c.id DESC") : HK_SQL(", c.id"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	page->count = 0;
	while (hk_rows_next(rows, &inner)) {
		page->count++;
		if (hk_rows_int(rows, 2) == 0) {
			continue;
		}
		if (page->ids->len < a->limit) {
			take_row(a, rows, page, last);
		} else {
			*ret_more = true;
		}
	}
	page->exact = true;
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* Pages ----------------------------------------------------------------------------------------- */

void
hk_page_clear(hk_page *page)
{
	g_clear_pointer(&page->ids, g_array_unref);
	g_clear_pointer(&page->next, g_free);
}

static bool
read_ask(const hk_filter *f, const char *sort, unsigned limit, const char *after, hk_list_ask *ret,
	GError **error)
{
	if (!sort || *sort == '\0') {
		sort = "-id";
	}
	*ret = (hk_list_ask){.filter = f, .falling = *sort == '-', .limit = limit};
	ret->sort = hk_list_sort_find(f->of, sort + ret->falling);
	if (!ret->sort) {
		g_autofree char *known =
			g_strjoinv(" ", (char **)(void *)(uintptr_t)hk_list_sorts(f->of));
		return hk_error_set(error, HK_EFORM,
			"sort: the list cannot be sorted by %.40s; known are %s, with - before it "
			"for falling order",
			sort, known);
	}
	if (limit == 0 || limit > HK_LIST_LIMIT_MAX) {
		HK_BUG("a page of no or too many rows");
	}
	return !after || *after == '\0' || cursor_read(ret, after, &ret->after, error);
}

bool
hk_list_page(hk_db *db, const hk_filter *filter, const char *sort, unsigned limit,
	const char *after, hk_page *ret, GError **error)
{
	hk_page page = {.ids = g_array_new(false, false, sizeof(int64_t))};
	hk_list_cursor last = {0};
	hk_list_plan plan = {0};
	bool more = false;
	hk_list_ask a = {0};
	g_autoptr(hk_search_ask) search = hk_filter_ask(filter, db);

	bool good = read_ask(filter, sort, limit, after, &a, error) &&
		    hk_list_plan_make(db, &a, search, true, &plan, error) &&
		    (plan.few ? few(db, &a, &plan, &page, &last, &more, error)
			      : scan(db, &a, &plan, &page, &last, &more, error) &&
					    hk_list_plan_total(db, &a, &plan, more, &page, error));
	if (good) {
		page.next = more ? cursor_print(&a, &last) : NULL;
		*ret = page;
	} else {
		hk_page_clear(&page);
	}
	cursor_clear(&last);
	cursor_clear(&a.after);
	return good;
}

/* SELECT what FROM the rows, by the best way. */
static bool
select_all(hk_db *db, const hk_filter *f, hk_sql what, int64_t most, hk_sqlb *b, GError **error)
{
	g_autoptr(hk_search_ask) search = hk_filter_ask(f, db);
	hk_list_ask a = {.filter = f, .sort = hk_list_sort_find(f->of, "id"), .limit = 1};
	hk_list_plan plan = {0};

	if (!hk_list_plan_make(db, &a, search, false, &plan, error)) {
		return false;
	}
	hk_sqlb_add(b, what);
	if (plan.few) {
		hk_list_plan_rows(&a, &plan, b);
	} else {
		hk_list_plan_from(&a, b);
		hk_filter_where(f, b);
	}
	hk_sqlb_add(b, HK_SQL(" ORDER BY c.id LIMIT "));
	hk_sqlb_value(b, hk_v_int(most));
	return true;
}

bool
hk_list_count(hk_db *db, const hk_filter *filter, int64_t most, int64_t *ret, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	if (!select_all(db, filter, HK_SQL("SELECT count(*) FROM (SELECT c.id"), most, b, error)) {
		return false;
	}
	hk_sqlb_add(b, HK_SQL(") z"));
	return hk_list_plan_int(b, db, ret, error);
}

bool
hk_list_ids(hk_db *db, const hk_filter *filter, int64_t most, GArray **ret, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	g_autoptr(GArray) ids = g_array_new(false, false, sizeof(int64_t));
	GError *inner = NULL;

	if (!select_all(db, filter, HK_SQL("SELECT c.id"), most, b, error)) {
		return false;
	}
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&ids);
	return true;
}
