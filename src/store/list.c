#include "store/list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/list_int.h"
#include "sys/gerr.h"

#define EMPTY_SQL HK_SQL("")

int64_t hk_list_few = HK_LIST_FEW;

/* Where a page begins. */
typedef struct cursor {
	bool given;
	bool null; /* the last row's sort value was empty */
	int64_t i, id;
	double d;
	char *text; /* owned */
} cursor;

static void
cursor_clear(cursor *c)
{
	g_free(c->text);
	c->text = NULL;
}

typedef struct ask {
	const hk_filter *filter;
	const hk_list_sort *sort;
	bool falling;
	unsigned limit;
	cursor after;
} ask;

/* Cursors --------------------------------------------------------------------------------------- */

/* "HASH.FLAGS.ID.VALUE": the hash covers list, query, sort and the rest, so that a cursor of another list is known as such. It is no
 * secret: a made-up cursor shows nothing but another page of the same list. */
static uint32_t
cursor_hash(const ask *a, const char *rest)
{
	g_autofree char *all = g_strdup_printf("%d %u %s %d %s", (int)a->filter->of,
		a->filter->hash, a->sort->key, a->falling, rest);

	return g_str_hash(all) * 2654435761u;
}

static char *
cursor_print(const ask *a, const cursor *c)
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
cursor_value(hk_sort_type type, const char *text, cursor *c)
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
cursor_read(const ask *a, const char *text, cursor *ret, GError **error)
{
	const char *rest = strchr(text, '.'), *id = rest ? strchr(rest + 1, '.') : NULL;
	const char *value = id ? strchr(id + 1, '.') : NULL;
	uint64_t hash;
	cursor c = {.given = true};

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

static hk_value
cursor_bind(const ask *a)
{
	switch (a->sort->type) {
	case HK_SORT_REAL:
		return hk_v_real(a->after.d);
	case HK_SORT_TEXT:
		return hk_v_str(a->after.text);
	case HK_SORT_INT:
		break;
	}
	return hk_v_int(a->after.i);
}

static bool
by_id(const ask *a)
{
	return strcmp(a->sort->key, "id") == 0;
}

/* The condition of rows with a value that stand behind the cursor, which has one. */
static void
put_behind(const ask *a, hk_sqlb *b)
{
	if (by_id(a)) {
		hk_sqlb_add(b, a->falling ? HK_SQL("c.id < ") : HK_SQL("c.id > "));
		hk_sqlb_value(b, hk_v_int(a->after.id));
		return;
	}
	hk_sqlb_add(b, HK_SQL("("));
	hk_sqlb_add(b, a->sort->column);
	hk_sqlb_add(b, a->falling ? HK_SQL(", c.id) < (") : HK_SQL(", c.id) > ("));
	hk_sqlb_value(b, cursor_bind(a));
	hk_sqlb_add(b, HK_SQL(", "));
	hk_sqlb_value(b, hk_v_int(a->after.id));
	hk_sqlb_add(b, HK_SQL(")"));
}

static void
put_order(const ask *a, hk_sqlb *b)
{
	hk_sqlb_add(b, HK_SQL(" ORDER BY "));
	if (!by_id(a)) {
		hk_sqlb_add(b, a->sort->column);
		hk_sqlb_add(b, a->falling ? HK_SQL(" DESC, ") : HK_SQL(", "));
	}
	hk_sqlb_add(b, a->falling ? HK_SQL("c.id DESC") : HK_SQL("c.id"));
}

/* Rows ------------------------------------------------------------------------------------------ */

/* A row as (id, sort value). */
static void
take_row(const ask *a, const hk_rows *rows, hk_page *page, cursor *last)
{
	int64_t id = hk_rows_int(rows, 0);

	g_array_append_val(page->ids, id);
	if (page->ids->len == a->limit) {
		cursor_clear(last);
		*last = (cursor){.given = true, .id = id, .null = hk_rows_is_null(rows, 1)};
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
take_rows(const ask *a, hk_sqlb *b, hk_db *db, hk_page *page, cursor *last, bool *ret_more,
	GError **error)
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

static void
put_from(const ask *a, hk_sqlb *b)
{
	const hk_list_sort *s = a->sort;

	hk_sqlb_add(b, HK_SQL(" FROM "));
	hk_sqlb_both(b,
		a->filter->one_state && s->state.text && !a->filter->deleted ? s->state
		: a->filter->open_only && s->open.text                       ? s->open
									     : s->all,
		a->filter->of == HK_LIST_CASES ? HK_SQL("cases c") : HK_SQL("sightings c"));
}

/* In the order of the sort's index; first those with a value, then those without. */
static bool
scan_part(hk_db *db, const ask *a, bool null, hk_page *page, cursor *last, bool *ret_more,
	GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("SELECT c.id, "));
	hk_sqlb_add(b, a->sort->column);
	put_from(a, b);
	hk_filter_where(a->filter, b);
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
	} else {
		if (a->sort->nullable) {
			hk_sqlb_add(b, HK_SQL(" AND "));
			hk_sqlb_add(b, a->sort->column);
			hk_sqlb_add(b, HK_SQL(" IS NOT NULL"));
		}
		if (a->after.given) {
			hk_sqlb_add(b, HK_SQL(" AND "));
			put_behind(a, b);
		}
		put_order(a, b);
	}
	hk_sqlb_add(b, HK_SQL(" LIMIT "));
	hk_sqlb_value(b, hk_v_int((int64_t)a->limit - page->ids->len + 1));
	return take_rows(a, b, db, page, last, ret_more, error);
}

static bool
scan(hk_db *db, const ask *a, hk_page *page, cursor *last, bool *ret_more, GError **error)
{
	if (!(a->after.given && a->after.null) &&
		!scan_part(db, a, false, page, last, ret_more, error)) {
		return false;
	}
	return !a->sort->nullable || *ret_more ||
	       scan_part(db, a, true, page, last, ret_more, error);
}

/* Few rows -------------------------------------------------------------------------------------- */

/* What finds the few rows: one term, or all that the search index knows (part NULL). */
typedef struct driver {
	const hk_part *part;
	const hk_search_ask *search; /* NULL: none */
	bool all; /* the filter itself, by what indexes the engine finds for it */
} driver;

static void
put_driver(const ask *a, const driver *d, hk_sqlb *b)
{
	if (d->all) {
		hk_sqlb_add(b, HK_SQL("SELECT c.id AS case_id FROM cases c"));
		hk_filter_where(a->filter, b);
	} else if (!d->part) {
		hk_search_ask_sql(d->search, b);
	} else if (d->part->field->how == HK_HOW_LABEL) {
		hk_sqlb_add(
			b, HK_SQL("SELECT DISTINCT c.case_id FROM labels c WHERE c.label IN ("));
		for (size_t i = 0; i < d->part->texts->len; i++) {
			hk_sqlb_add(b, i > 0 ? HK_SQL(", ") : EMPTY_SQL);
			hk_sqlb_value(b, hk_v_str(g_ptr_array_index(d->part->texts, i)));
		}
		hk_sqlb_add(b, HK_SQL(")"));
	} else {
		hk_sqlb_add(b, a->filter->of == HK_LIST_CASES
				       ? HK_SQL("SELECT c.id AS case_id FROM cases c WHERE ")
				       : HK_SQL("SELECT c.id AS case_id FROM sightings c WHERE "));
		hk_filter_part(a->filter, d->part, b);
	}
}

/* Whether a term finds its rows by an index when it stands alone. */
static bool
drives(const hk_filter *f, const hk_part *part)
{
	const hk_query_value *v = &f->query.values[part->term->first];

	if (part->term->negated) {
		return false;
	}
	switch ((int)part->field->how) {
	case HK_HOW_IS:
		return part->term->count == 1 &&
		       (v->flag == HK_QUERY_IS_MINE || v->flag == HK_QUERY_IS_OVERDUE ||
			       v->flag == HK_QUERY_IS_DELETED);
	case HK_HOW_LABEL:
		return !part->none;
	case HK_HOW_WILD:
		return part->field->indexed && part->likes == 0;
	case HK_HOW_INT:
	case HK_HOW_REAL:
	case HK_HOW_TIME:
		/* One span of an index; of several, the engine would read all. */
		return part->field->indexed &&
		       (part->term->count == 1 || part->field->field == HK_QUERY_ID);
	default:
		return part->field->indexed;
	}
}

/* How many rows the driver finds, at most one more than few. */
static bool
probe(hk_db *db, const ask *a, const driver *d, int64_t *ret, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL("SELECT count(*) FROM (SELECT 1 FROM ("));
	put_driver(a, d, b);
	hk_sqlb_add(b, HK_SQL(") y LIMIT "));
	hk_sqlb_value(b, hk_v_int(hk_list_few + 1));
	hk_sqlb_add(b, HK_SQL(") z"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	if (hk_rows_next(rows, &inner)) {
		*ret = hk_rows_int(rows, 0);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* The driver that finds the fewest, or, of many, one that finds some; *ret_few: and they are few. */
static bool
choose(hk_db *db, const ask *a, const hk_search_ask *search, driver *ret, bool *ret_few,
	GError **error)
{
	int64_t least = hk_list_few + 1, n;

	for (size_t i = 0; i < a->filter->parts->len; i++) {
		driver d = {.part = g_ptr_array_index(a->filter->parts, i)};
		if (!drives(a->filter, d.part)) {
			continue;
		}
		if (!probe(db, a, &d, &n, error)) {
			return false;
		}
		if (n < least || (!ret->part && !ret->search && !ret->all)) {
			least = MIN(n, least);
			*ret = d;
		}
	}
	/* The index of grams is asked last: what is found already need not be few in it. */
	if (least > hk_list_few / 10 && hk_search_ask_parts(search) > 0) {
		/* GIN reads the whole list of a tag before it gives the first row; with tags alone PostgreSQL does better by the
		 * indexes of the columns. */
		bool columns =
			hk_db_engine_of(db) == HK_DB_PGSQL && hk_search_ask_texts(search) == 0;
		driver d = {.search = columns ? NULL : search, .all = columns};
		if (!probe(db, a, &d, &n, error)) {
			return false;
		}
		if (n < least || !ret->part) {
			least = MIN(n, least);
			*ret = d;
		}
	}
	*ret_few = least <= hk_list_few;
	return true;
}

static void
put_few(const ask *a, const driver *d, hk_sqlb *b)
{
	hk_sqlb_add(b, HK_SQL(" FROM ("));
	put_driver(a, d, b);
	/* CROSS: SQLite then reads them in this order. */
	hk_sqlb_add(b, a->filter->of == HK_LIST_CASES ? HK_SQL(") y CROSS JOIN cases c")
						      : HK_SQL(") y CROSS JOIN sightings c"));
	hk_filter_where(a->filter, b);
	hk_sqlb_add(b, HK_SQL(" AND c.id = y.case_id"));
}

/* All of them are read: so many there are, and the page is among them. */
static bool
few(hk_db *db, const ask *a, const driver *d, hk_page *page, cursor *last, bool *ret_more,
	GError **error)
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
		put_behind(a, b);
	}
	hk_sqlb_add(b, HK_SQL(" THEN 1 ELSE 0 END"));
	put_few(a, d, b);
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

/* Totals ---------------------------------------------------------------------------------------- */

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
read_int(hk_sqlb *b, hk_db *db, int64_t *ret, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);

	if (!rows) {
		return false;
	}
	if (hk_rows_next(rows, &inner)) {
		*ret = hk_rows_int(rows, 0);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
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
	return read_int(b, db, ret, error);
}

/* Rows up to so many, by the driver (if there is one) or in the order of the page. */
static bool
count_some(hk_db *db, const ask *a, const driver *d, int64_t most, int64_t *ret, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("SELECT count(*) FROM (SELECT 1 AS one"));
	if (d->part || d->search || d->all) {
		put_few(a, d, b);
	} else {
		put_from(a, b);
		hk_filter_where(a->filter, b);
	}
	hk_sqlb_add(b, HK_SQL(" LIMIT "));
	hk_sqlb_value(b, hk_v_int(most));
	hk_sqlb_add(b, HK_SQL(") z"));
	return read_int(b, db, ret, error);
}

/* Of many rows: the tallies' number, or what is known at the least. */
static bool
total_of_many(hk_db *db, const ask *a, const driver *d, bool more, hk_page *page, GError **error)
{
	bool known;
	int64_t most = MIN(hk_list_few, HK_LIST_AT_LEAST);

	if (!total_by_tallies(db, a->filter, &known, &page->count, error)) {
		return false;
	}
	page->exact = known;
	if (known) {
		return true;
	}
	if (!more && !a->after.given) { /* the first page is all */
		page->count = page->ids->len;
		page->exact = true;
		return true;
	}
	if (!count_some(db, a, d, most, &page->count, error)) {
		return false;
	}
	page->exact = page->count < most;
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
read_ask(const hk_filter *f, const char *sort, unsigned limit, const char *after, ask *ret,
	GError **error)
{
	if (!sort || *sort == '\0') {
		sort = "-id";
	}
	*ret = (ask){.filter = f, .falling = *sort == '-', .limit = limit};
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

/* Plans for values of their own: a plan made once for all states would be wrong for most. */
static bool
plan_each(hk_db *db, GError **error)
{
	if (hk_db_engine_of(db) != HK_DB_PGSQL || !hk_db_in_transaction(db)) {
		return true;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"),
		HK_NO_ARGS, error);
	return rows != NULL;
}

bool
hk_list_page(hk_db *db, const hk_filter *filter, const char *sort, unsigned limit,
	const char *after, hk_page *ret, GError **error)
{
	hk_page page = {.ids = g_array_new(false, false, sizeof(int64_t))};
	cursor last = {0};
	driver d = {0};
	bool is_few = false, more = false;
	ask a = {0};
	g_autoptr(hk_search_ask) search = hk_filter_ask(filter, db);

	bool good = read_ask(filter, sort, limit, after, &a, error) && plan_each(db, error) &&
		    choose(db, &a, search, &d, &is_few, error) &&
		    (is_few ? few(db, &a, &d, &page, &last, &more, error)
			    : scan(db, &a, &page, &last, &more, error) &&
					    total_of_many(db, &a, &d, more, &page, error));
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
	ask a = {.filter = f, .sort = hk_list_sort_find(f->of, "id"), .limit = 1};
	driver d = {0};
	bool is_few = false;

	if (!plan_each(db, error) || !choose(db, &a, search, &d, &is_few, error)) {
		return false;
	}
	hk_sqlb_add(b, what);
	if (is_few) {
		put_few(&a, &d, b);
	} else {
		put_from(&a, b);
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
	return read_int(b, db, ret, error);
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
