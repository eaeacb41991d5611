#include <inttypes.h>
#include <string.h>

#include "store/list_int.h"

#define EMPTY_SQL HK_SQL("")

int64_t hk_list_few = HK_LIST_FEW;

/* So many rows of a driver are read to count them, or to find a page that the order of the sort would find too late. */
int64_t
hk_list_wide(void)
{
	return hk_list_few * HK_LIST_WIDE / HK_LIST_FEW;
}

static int64_t
widest(void)
{
	return hk_list_few * HK_LIST_WIDEST / HK_LIST_FEW;
}

static hk_value
cursor_bind(const hk_list_ask *a)
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
by_id(const hk_list_ask *a)
{
	return strcmp(a->sort->key, "id") == 0;
}

/* The condition of rows with a value that stand behind the cursor, which has one. */
void
hk_list_plan_behind(const hk_list_ask *a, hk_sqlb *b)
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

void
hk_list_plan_order(const hk_list_ask *a, hk_sqlb *b)
{
	hk_sqlb_add(b, HK_SQL(" ORDER BY "));
	if (!by_id(a)) {
		hk_sqlb_add(b, a->sort->column);
		hk_sqlb_add(b, a->falling ? HK_SQL(" DESC, ") : HK_SQL(", "));
	}
	hk_sqlb_add(b, a->falling ? HK_SQL("c.id DESC") : HK_SQL("c.id"));
}

/* The sort's index of one state, or of the open ones, serves. */
static bool
state_indexed(const hk_list_ask *a)
{
	return a->filter->one_state && a->sort->state.text && !a->filter->deleted;
}

static bool
open_indexed(const hk_list_ask *a)
{
	return a->filter->open_only && a->sort->open.text;
}

void
hk_list_plan_from(const hk_list_ask *a, hk_sqlb *b)
{
	const hk_list_sort *s = a->sort;

	hk_sqlb_add(b, HK_SQL(" FROM "));
	hk_sqlb_both(b,
		state_indexed(a)  ? s->state
		: open_indexed(a) ? s->open
				  : s->all,
		a->filter->of == HK_LIST_CASES ? HK_SQL("cases c") : HK_SQL("sightings c"));
}

/* If the index of the sort does not hold them, rows beyond number would be read for them. */
void
hk_list_plan_states(const hk_list_ask *a, hk_sqlb *b)
{
	bool one = state_indexed(a) || strcmp(a->sort->key, "state") == 0;

	if (one || open_indexed(a)) {
		hk_filter_states(a->filter, one, b);
	} else {
		hk_sqlb_add(b, HK_SQL(" WHERE 1 = 1"));
	}
}

/* Numbers --------------------------------------------------------------------------------------- */

bool
hk_list_plan_int(hk_sqlb *b, hk_db *db, int64_t *ret, GError **error)
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

/* Drivers --------------------------------------------------------------------------------------- */

/* Cases that something hangs on, or that have a value. */
static hk_sql
has_sql(hk_query_flag flag)
{
	switch ((int)flag) {
	case HK_QUERY_HAS_ACTOR:
		return HK_SQL("SELECT c.id AS case_id FROM cases c WHERE c.actor_id > 0");
	case HK_QUERY_HAS_TARGET:
		return HK_SQL("SELECT c.id AS case_id FROM cases c WHERE c.target_id > 0");
	case HK_QUERY_HAS_CAMPAIGN:
		return HK_SQL("SELECT c.id AS case_id FROM cases c WHERE c.campaign_id > 0");
	case HK_QUERY_HAS_CAPTURE:
		return HK_SQL("SELECT c.id AS case_id FROM cases c WHERE c.capture IS NOT NULL");
	case HK_QUERY_HAS_LABEL:
		return HK_SQL("SELECT l.case_id FROM labels l GROUP BY l.case_id");
	case HK_QUERY_HAS_COMMENT:
		return HK_SQL("SELECT m.case_id FROM comments m WHERE m.deleted_ms IS NULL "
			      "GROUP BY m.case_id");
	case HK_QUERY_HAS_ATTACHMENT:
		return HK_SQL("SELECT m.case_id FROM attachments m WHERE m.case_id > 0 AND "
			      "m.deleted_ms IS NULL GROUP BY m.case_id");
	default:
		return EMPTY_SQL; /* has:url: most have */
	}
}

static void
put_labels(const hk_part *part, hk_sqlb *b)
{
	/* One label is on a case once, and its rows come in the order of the numbers. */
	hk_sqlb_add(
		b, part->texts->len > 1
			   ? HK_SQL("SELECT DISTINCT c.case_id FROM labels c WHERE c.label IN (")
			   : HK_SQL("SELECT c.case_id FROM labels c WHERE c.label IN ("));
	for (size_t i = 0; i < part->texts->len; i++) {
		hk_sqlb_add(b, i > 0 ? HK_SQL(", ") : EMPTY_SQL);
		hk_sqlb_value(b, hk_v_str(g_ptr_array_index(part->texts, i)));
	}
	hk_sqlb_add(b, HK_SQL(")"));
}

void
hk_list_plan_driver(const hk_list_ask *a, const hk_list_driver *d, hk_sqlb *b)
{
	if (d->all) {
		hk_sqlb_add(b, HK_SQL("SELECT c.id AS case_id FROM cases c"));
		hk_filter_where(a->filter, b);
	} else if (!d->part) {
		hk_search_ask_sql(d->search, b);
	} else if (d->part->field->how == HK_HOW_LABEL) {
		put_labels(d->part, b);
	} else if (d->part->field->how == HK_HOW_KEY) {
		hk_sqlb_add(b, HK_SQL("SELECT DISTINCT k.case_id FROM case_keys k WHERE "));
		hk_filter_keys(d->part, b);
	} else if (d->part->field->how == HK_HOW_HAS) {
		hk_sqlb_add(b, has_sql(a->filter->query.values[d->part->term->first].flag));
	} else {
		hk_sqlb_add(b, a->filter->of == HK_LIST_CASES
				       ? HK_SQL("SELECT c.id AS case_id FROM cases c WHERE ")
				       : HK_SQL("SELECT c.id AS case_id FROM sightings c WHERE "));
		hk_filter_part(a->filter, d->part, b);
		/* Word by word the condition of the index cases_urls. */
		hk_sqlb_add(b, d->part->field->field == HK_QUERY_URLS ? HK_SQL(" AND c.urls <> 1")
								      : EMPTY_SQL);
	}
}

void
hk_list_plan_gathered(const hk_list_ask *a, const hk_list_driver *driver, hk_sql column, hk_sqlb *b)
{
	hk_sqlb_add(b, HK_SQL(" AND ("));
	hk_sqlb_add(b, column);
	hk_sqlb_add(b, HK_SQL(" IN ("));
	hk_list_plan_driver(a, driver, b);
	/* PostgreSQL: this keeps it from being a join; the numbers become a hash that is made once. */
	hk_sqlb_both(b, HK_SQL("))"), HK_SQL(")) IS TRUE"));
}

/* Whether the driver is a condition on a column: PostgreSQL then reads the rows themselves in the order in which they lie. */
static bool
of_column(const hk_list_driver *d)
{
	return d->all ||
	       (d->part && d->part->field->how != HK_HOW_LABEL &&
		       d->part->field->how != HK_HOW_KEY && d->part->field->how != HK_HOW_HAS);
}

void
hk_list_plan_rows(const hk_list_ask *a, const hk_list_plan *plan, hk_sqlb *b)
{
	if (a->filter->engine == HK_DB_PGSQL && of_column(&plan->driver) && !plan->gather) {
		hk_sqlb_add(b, a->filter->of == HK_LIST_CASES
				       ? HK_SQL(" FROM (SELECT c.* FROM cases c")
				       : HK_SQL(" FROM (SELECT c.* FROM sightings c"));
		hk_filter_where(a->filter, b);
		hk_sqlb_add(b, HK_SQL(" OFFSET 0) c"));
		return;
	}
	hk_sqlb_add(b, HK_SQL(" FROM ("));
	hk_list_plan_driver(a, &plan->driver, b);
	/* CROSS: SQLite then reads them in this order. */
	/* OFFSET 0: PostgreSQL, too; and it stops at the end of the page if they come in the order of the page. */
	if (plan->gather) {
		hk_sqlb_both(b, EMPTY_SQL,
			a->falling ? HK_SQL(" ORDER BY case_id DESC")
				   : HK_SQL(" ORDER BY case_id"));
	}
	hk_sqlb_both(b, HK_SQL(") y CROSS JOIN "), HK_SQL(" OFFSET 0) y CROSS JOIN "));
	hk_sqlb_add(b, a->filter->of == HK_LIST_CASES ? HK_SQL("cases c") : HK_SQL("sightings c"));
	hk_filter_where(a->filter, b);
	hk_sqlb_add(b, HK_SQL(" AND c.id = y.case_id"));
}

/* Whether a term finds its rows by an index when it stands alone, and what they cost to count. */
typedef enum worth { WORTH_NOTHING, WORTH_INDEX, WORTH_TABLE } worth;

static worth
indexed(const hk_part *part)
{
	switch (part->field->index) {
	case HK_INDEX_ALL:
		return WORTH_INDEX;
	case HK_INDEX_VALUES:
		return part->none ? WORTH_NOTHING : WORTH_INDEX;
	case HK_INDEX_NONE:
		break;
	}
	return WORTH_NOTHING;
}

static worth
flag_worth(const hk_part *part, const hk_query_value *v)
{
	if (part->field->how == HK_HOW_IS) {
		return v->flag == HK_QUERY_IS_MINE || v->flag == HK_QUERY_IS_OVERDUE ||
				       v->flag == HK_QUERY_IS_DELETED ||
				       v->flag == HK_QUERY_IS_AWAITING
			       ? WORTH_INDEX
			       : WORTH_NOTHING;
	}
	if (part->field->how == HK_HOW_FLAG) {
		return v->yes ? WORTH_INDEX : WORTH_NOTHING;
	}
	if (*has_sql(v->flag).text == '\0') {
		return WORTH_NOTHING;
	}
	return v->flag == HK_QUERY_HAS_COMMENT || v->flag == HK_QUERY_HAS_ATTACHMENT ? WORTH_TABLE
										     : WORTH_INDEX;
}

static worth
drives(const hk_filter *f, const hk_part *part)
{
	const hk_query_value *v = &f->query.values[part->term->first];

	if (part->term->negated) {
		return WORTH_NOTHING;
	}
	switch ((int)part->field->how) {
	case HK_HOW_IS:
	case HK_HOW_FLAG:
	case HK_HOW_HAS:
		return part->term->count == 1 && f->of == HK_LIST_CASES ? flag_worth(part, v)
									: WORTH_NOTHING;
	case HK_HOW_WILD:
		return part->likes == 0 ? indexed(part) : WORTH_NOTHING;
	case HK_HOW_INT:
	case HK_HOW_REAL:
	case HK_HOW_TIME:
		/* One span of an index; of several, the engine would read all. */
		if (part->term->count > 1 && part->field->field != HK_QUERY_ID) {
			return WORTH_NOTHING;
		}
		if (part->field->field == HK_QUERY_URLS && v->from <= 1 && v->to >= 1) {
			return WORTH_NOTHING; /* most have one */
		}
		return indexed(part);
	default:
		return indexed(part);
	}
}

/* How many rows the driver finds, at most `most`. */
static bool
probe(hk_db *db, const hk_list_ask *a, const hk_list_driver *d, int64_t most, int64_t *ret,
	GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("SELECT count(*) FROM (SELECT 1 FROM ("));
	hk_list_plan_driver(a, d, b);
	hk_sqlb_add(b, HK_SQL(") y LIMIT "));
	hk_sqlb_value(b, hk_v_int(most));
	hk_sqlb_add(b, HK_SQL(") z"));
	return hk_list_plan_int(b, db, ret, error);
}

/* The driver, if it has fewer rows than the one before, and than `below`. */
static bool
take_if_less(hk_db *db, const hk_list_ask *a, const hk_list_driver *d, int64_t below,
	hk_list_plan *plan, GError **error)
{
	int64_t n, most = MIN(plan->least, below);

	if (!probe(db, a, d, most, &n, error)) {
		return false;
	}
	if (n < most) {
		plan->least = n;
		plan->driver = *d;
	}
	return true;
}

static bool
ask_terms(hk_db *db, const hk_list_ask *a, worth kind, hk_list_plan *plan, GError **error)
{
	for (size_t i = 0; i < a->filter->parts->len; i++) {
		hk_list_driver d = {.part = g_ptr_array_index(a->filter->parts, i)};
		if (drives(a->filter, d.part) == kind &&
			!take_if_less(db, a, &d, plan->least, plan, error)) {
			return false;
		}
	}
	return true;
}

/* The index of grams. GIN reads the whole list of a tag before it gives the first row; with tags alone PostgreSQL does better by the
 * indexes of the columns. */
static bool
ask_grams(hk_db *db, const hk_list_ask *a, const hk_search_ask *search, int64_t below,
	hk_list_plan *plan, GError **error)
{
	bool columns = hk_db_engine_of(db) == HK_DB_PGSQL && hk_search_ask_texts(search) == 0;
	hk_list_driver d = {.search = columns ? NULL : search, .all = columns};

	return hk_search_ask_parts(search) == 0 || take_if_less(db, a, &d, below, plan, error);
}

/* The way --------------------------------------------------------------------------------------- */

/* A second look, if what the glance came upon lets expect that the page is full before too many rows are read; if it came upon nothing, a short one.
 * PostgreSQL takes twice as long for a row. */
static bool
looks_on(hk_db *db, const hk_list_ask *a, int64_t glanced, bool *ret, GError **error)
{
	int64_t most = hk_db_engine_of(db) == HK_DB_PGSQL ? hk_list_few * 3 / 2 : hk_list_few * 3,
		rows = glanced > 0 ? hk_list_glance(a) * ((int64_t)a->limit + 1) * 3 / (2 * glanced)
				   : most / 3;

	return rows > most || hk_list_window_fills(db, a, NULL, rows, ret, &glanced, error);
}

/* PostgreSQL: plans for values of their own, since one made once for all states would be wrong for most; not the planner's dearest mistakes, which are
 * to compile a statement that takes 5 ms, or to read all cases because it takes a few thousand rows for many. A set of some hundred thousand hits
 * is kept exactly: a bitmap that is too large for its memory forgets which rows of a page were meant, and compares all their grams. */
static bool
plan_each(hk_db *db, GError **error)
{
	if (hk_db_engine_of(db) != HK_DB_PGSQL || !hk_db_in_transaction(db)) {
		return true;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT set_config('plan_cache_mode', 'force_custom_plan', true), "
		       "set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true), "
		       "set_config('max_parallel_workers_per_gather', '0', true), "
		       "set_config('work_mem', '64MB', true), "
		       "set_config('enable_hashjoin', 'off', true), "
		       "set_config('enable_mergejoin', 'off', true)"),
		HK_NO_ARGS, error);
	return rows != NULL;
}

/* Whether the sort's index by itself comes upon enough of the driver's rows in four times the entries that this takes if they are spread
 * evenly; if not, they stand at its far end, and to read them all is cheaper. */
static bool
gathers(hk_db *db, const hk_list_ask *a, hk_list_plan *plan, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	int64_t all = 0;

	hk_sqlb_add(b, a->filter->of == HK_LIST_CASES
			       ? HK_SQL("SELECT COALESCE(max(id), 0) FROM cases")
			       : HK_SQL("SELECT COALESCE(max(id), 0) FROM sightings"));
	if (!hk_list_plan_int(b, db, &all, error)) {
		return false;
	}
	int64_t evenly = ((int64_t)a->limit + 1) * (all / MAX(plan->least, 1) + 1);
	return hk_list_window_fills(db, a, &plan->driver, MIN(4 * evenly, 10 * hk_list_few),
		&plan->gather, &all, error);
}

/* No condition has few rows, and the sort does not come upon those that all take: the driver's rows then, in the order of the sort. The search index
 * names them fastest. */
static void
gather(hk_db *db, const hk_list_ask *a, const hk_search_ask *search, hk_list_plan *plan)
{
	bool grams = hk_search_ask_texts(search) > 0 ||
		     (hk_db_engine_of(db) == HK_DB_SQLITE && hk_search_ask_parts(search) > 0);

	plan->driver = (hk_list_driver){.search = grams ? search : NULL};
	for (size_t i = 0; !grams && !plan->driver.part && i < a->filter->parts->len; i++) {
		hk_part *part = g_ptr_array_index(a->filter->parts, i);
		plan->driver.part = drives(a->filter, part) == WORTH_INDEX ? part : NULL;
	}
	plan->gather = plan->driver.search || plan->driver.part;
}

/* Drivers of many rows: whether the sort does better, and if not, what else there is. To ask the index of grams for a text costs more than a look
 * along the sort, which is all that most pages need. */
static bool
make_of_many(hk_db *db, const hk_list_ask *a, const hk_search_ask *search, hk_list_plan *plan,
	GError **error)
{
	bool soon = false, texts = hk_search_ask_texts(search) > 0,
	     pgsql = hk_db_engine_of(db) == HK_DB_PGSQL;
	int64_t glanced = 0;

	if (!hk_list_window_fills(db, a, NULL, hk_list_glance(a), &soon, &glanced, error)) {
		return false;
	}
	/* Where a driver's rows can all be read, the sort's index by itself tells more than a look at rows. */
	bool on = !soon && plan->least > widest();
	if (on && pgsql && !looks_on(db, a, glanced, &soon, error)) {
		return false;
	}
	if (!soon && !texts && plan->least <= hk_list_wide()) {
		plan->few = true;
		return true;
	}
	/* GIN knows no number: each hit costs a row of its table. Rows of columns are read about as fast as they are counted. */
	int64_t below = pgsql && !texts ? hk_list_wide() : hk_list_few;
	if (!(soon && (texts || pgsql)) &&
		!ask_grams(db, a, search, soon || pgsql ? below + 1 : plan->least, plan, error)) {
		return false;
	}
	plan->few = plan->least <= below;
	if (soon || plan->few) {
		return true;
	}
	if (on && !pgsql && !looks_on(db, a, glanced, &soon, error)) {
		return false;
	}
	if (!soon && !ask_terms(db, a, WORTH_TABLE, plan, error)) {
		return false;
	}
	if (soon) {
		return true;
	}
	/* To gather reads no row but those that the page shows; but how much of the index it takes is bounded only by the index. */
	if (plan->least > widest() || texts) {
		gather(db, a, search, plan);
		return true;
	}
	/* By number that costs no more than to read them all. */
	plan->gather = by_id(a);
	if (!plan->gather && !gathers(db, a, plan, error)) {
		return false;
	}
	plan->few = !plan->gather;
	return true;
}

bool
hk_list_plan_make(hk_db *db, const hk_list_ask *a, const hk_search_ask *search, bool page,
	hk_list_plan *ret, GError **error)
{
	*ret = (hk_list_plan){.least = widest() + 1};
	if (!plan_each(db, error) || !ask_terms(db, a, WORTH_INDEX, ret, error)) {
		return false;
	}
	ret->few = ret->least <= hk_list_few;
	if (ret->few || a->filter->parts->len == 0) {
		return true;
	}
	if (page) {
		return make_of_many(db, a, search, ret, error);
	}
	bool good = ask_grams(db, a, search, ret->least, ret, error) &&
		    (ret->least <= hk_list_few || ask_terms(db, a, WORTH_TABLE, ret, error));
	ret->few = ret->least <= widest();
	return good;
}
