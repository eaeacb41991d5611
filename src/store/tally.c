#include "store/tally.h"

#include <stdio.h>
#include <string.h>

#include "base/jpholiday.h"
#include "store/rowset.h"
#include "sys/gerr.h"

#define HOUR_MS INT64_C(3600000)
#define ZONE_MS (9 * HOUR_MS) /* Japan: all year */

/* One row that a case is counted in. */
typedef struct row {
	const char *dim;
	int64_t month;
	char key[24];
	int64_t by;
} row;

enum { DIMS = 5, ROWS = DIMS * 2 * 2 };

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
hk_tally_month(int64_t ms)
{
	int year, month, day;

	hk_date_of(floor_div(ms + ZONE_MS, 24 * HOUR_MS), &year, &month, &day);
	return (int64_t)year * 12 + month - 1;
}

void
hk_tally_hour(int64_t ms, char ret[4])
{
	int64_t hours = floor_div(ms + ZONE_MS, HOUR_MS), days = floor_div(hours, 24);
	int hour = (int)(hours - days * 24);

	ret[0] = hk_jpholiday_off(days) ? 'o' : 'w';
	ret[1] = (char)('0' + hour / 10);
	ret[2] = (char)('0' + hour % 10);
	ret[3] = '\0';
}

static void
add_rows(const hk_case_facets *f, int64_t by, row *rows, size_t *count)
{
	row of[DIMS] = {{.dim = "state"}, {.dim = "target"}, {.dim = "actor"}, {.dim = "source"},
		{.dim = "hour"}};

	g_strlcpy(of[0].key, f->state, sizeof of[0].key);
	snprintf(of[1].key, sizeof of[1].key, "%" G_GINT64_FORMAT, f->target_id);
	snprintf(of[2].key, sizeof of[2].key, "%" G_GINT64_FORMAT, f->actor_id);
	snprintf(of[3].key, sizeof of[3].key, "%" G_GINT64_FORMAT, f->source_id);
	hk_tally_hour(f->detected_ms, of[4].key);
	for (size_t i = 0; i < DIMS; i++) {
		of[i].by = by;
		rows[(*count)++] = of[i];
		of[i].month = hk_tally_month(i == 4 ? f->detected_ms : f->opened_ms);
		rows[(*count)++] = of[i];
	}
}

static bool
count_row(hk_db *db, const row *r, const char *kind, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO tallies (dim, month, key, kind, cases) VALUES ($1, $2, $3, $4, "
		       "$5) "
		       "ON CONFLICT (dim, month, key, kind) DO UPDATE SET cases = tallies.cases + "
		       "excluded.cases"),
		HK_ARGS(hk_v_str(r->dim), hk_v_int(r->month), hk_v_str(r->key), hk_v_str(kind),
			hk_v_int(r->by)),
		NULL, error);
}

static bool
same_row(const row *a, const row *b)
{
	return a->month == b->month && strcmp(a->dim, b->dim) == 0 && strcmp(a->key, b->key) == 0;
}

bool
hk_tally_move(hk_db *db, const hk_case_facets *was, const hk_case_facets *is, GError **error)
{
	row rows[ROWS];
	size_t count = 0, old = 0;

	if (was) {
		add_rows(was, -1, rows, &count);
	}
	old = count;
	if (is) {
		add_rows(is, 1, rows, &count);
	}
	/* What stays the same is not written: most acts only change the state. */
	if (was && is && strcmp(was->kind, is->kind) == 0) {
		for (size_t i = 0; i < old; i++) {
			if (same_row(&rows[i], &rows[old + i])) {
				rows[i].by = rows[old + i].by = 0;
			}
		}
	}
	bool locked = false;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].by == 0) {
			continue;
		}
		/* The rows are few and every writer wants the same ones: without a lock two of them would wait for each other. */
		if ((!locked && !hk_db_lock(db, "tallies", error)) ||
			!count_row(db, &rows[i], i < old ? was->kind : is->kind, error)) {
			g_prefix_error(error, "counting a case: ");
			return false;
		}
		locked = true;
	}
	return true;
}

/* All at once ------------------------------------------------------------------------------------ */

typedef struct tally {
	char *kind;
	row r;
} tally;

static void
free_tally(void *data)
{
	tally *t = data;

	g_free(t->kind);
	g_free(t);
}

/* Counts a case `by` times in all of its rows. */
static void
add_sums(GHashTable *sums, const hk_case_facets *f, int64_t by)
{
	row of[DIMS * 2];
	size_t count = 0;

	add_rows(f, by, of, &count);
	for (size_t i = 0; i < count; i++) {
		char key[128];
		snprintf(key, sizeof key, "%s %" G_GINT64_FORMAT " %s %s", of[i].dim, of[i].month,
			of[i].key, f->kind);
		tally *t = g_hash_table_lookup(sums, key);
		if (!t) {
			t = g_new0(tally, 1);
			t->kind = g_strdup(f->kind);
			t->r = of[i];
			t->r.by = 0;
			g_hash_table_insert(sums, g_strdup(key), t);
		}
		t->r.by += by;
	}
}

static bool
collect(hk_db *db, GHashTable *sums, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT opened_ms, detected_ms, state, kind, COALESCE(target_id, 0), "
		       "COALESCE(actor_id, 0), source_id FROM cases WHERE deleted_ms IS NULL AND "
		       "state <> "
		       "'duplicate'"),
		HK_NO_ARGS, error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		hk_case_facets f = {hk_rows_int(rows, 0), hk_rows_int(rows, 1),
			hk_rows_str(rows, 2), hk_rows_str(rows, 3), hk_rows_int(rows, 4),
			hk_rows_int(rows, 5), hk_rows_int(rows, 6)};
		add_sums(sums, &f, 1);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

bool
hk_tally_rebuild(hk_db *db, GError **error)
{
	g_autoptr(GHashTable) sums =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_tally);
	GHashTableIter iter;
	void *data;

	if (!hk_db_lock(db, "tallies", error) ||
		!hk_db_exec(db, HK_SQL("DELETE FROM tallies"), HK_NO_ARGS, NULL, error) ||
		!collect(db, sums, error)) {
		return false;
	}
	g_hash_table_iter_init(&iter, sums);
	while (g_hash_table_iter_next(&iter, NULL, &data)) {
		tally *t = data;
		if (!count_row(db, &t->r, t->kind, error)) {
			return false;
		}
	}
	return true;
}

/* Many cases ------------------------------------------------------------------------------------- */

struct hk_tally_sum {
	GHashTable *sums; /* as add_sums makes it */
};

hk_tally_sum *
hk_tally_sum_new(void)
{
	hk_tally_sum *sum = g_new0(hk_tally_sum, 1);

	sum->sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_tally);
	return sum;
}

void
hk_tally_sum_free(hk_tally_sum *sum)
{
	if (sum) {
		g_hash_table_unref(sum->sums);
		g_free(sum);
	}
}

void
hk_tally_sum_move(hk_tally_sum *sum, const hk_case_facets *was, const hk_case_facets *is)
{
	if (was) {
		add_sums(sum->sums, was, -1);
	}
	if (is) {
		add_sums(sum->sums, is, 1);
	}
}

/* PostgreSQL: all rows in one statement. */
static bool
write_at_once(const hk_tally_sum *sum, hk_db *db, GError **error)
{
	g_autoptr(hk_rowset) set = hk_rowset_new("titti");
	GHashTableIter iter;
	void *data;

	g_hash_table_iter_init(&iter, sum->sums);
	while (g_hash_table_iter_next(&iter, NULL, &data)) {
		const tally *t = data;
		if (t->r.by != 0) {
			hk_rowset_add(set,
				(const hk_value[]){hk_v_str(t->r.dim), hk_v_int(t->r.month),
					hk_v_str(t->r.key), hk_v_str(t->kind), hk_v_int(t->r.by)});
		}
	}
	if ((hk_rowset_count(set) > 0 && !hk_db_lock(db, "tallies", error)) ||
		!hk_rowset_exec(set, db,
			HK_SQL("INSERT INTO tallies (dim, month, key, kind, cases) "
			       "SELECT * FROM UNNEST($1, $2, $3, $4, $5) "
			       "ON CONFLICT (dim, month, key, kind) DO UPDATE SET "
			       "cases = tallies.cases + excluded.cases"),
			NULL, error)) {
		g_prefix_error(error, "counting cases: ");
		return false;
	}
	return true;
}

bool
hk_tally_sum_write(const hk_tally_sum *sum, hk_db *db, GError **error)
{
	GHashTableIter iter;
	void *data;
	bool locked = false;

	if (hk_db_engine_of(db) == HK_DB_PGSQL) {
		return write_at_once(sum, db, error);
	}
	g_hash_table_iter_init(&iter, sum->sums);
	while (g_hash_table_iter_next(&iter, NULL, &data)) {
		const tally *t = data;
		if (t->r.by == 0) {
			continue;
		}
		/* As in hk_tally_move. */
		if ((!locked && !hk_db_lock(db, "tallies", error)) ||
			!count_row(db, &t->r, t->kind, error)) {
			g_prefix_error(error, "counting cases: ");
			return false;
		}
		locked = true;
	}
	return true;
}

/* Counters --------------------------------------------------------------------------------------- */

static void
add_state(GHashTable *by_state, const char *state, int64_t cases)
{
	int64_t *sum = g_hash_table_lookup(by_state, state);

	if (!sum) {
		sum = g_new0(int64_t, 1);
		g_hash_table_insert(by_state, g_strdup(state), sum);
	}
	*sum += cases;
}

static bool
count_states(hk_db *db, int64_t month, const char *const *counted, const char *const *notify,
	hk_counters *ret, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT t.month, t.key, t.kind, t.cases, COALESCE(s.handled, 0) FROM "
		       "tallies t "
		       "LEFT JOIN statuses s ON s.key = t.key WHERE t.dim = 'state' AND t.month IN "
		       "(0, $1)"),
		HK_ARGS(hk_v_int(month)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		const char *kind = hk_rows_str(rows, 2);
		int64_t cases = hk_rows_int(rows, 3);
		bool all = hk_rows_int(rows, 0) == 0, handled = hk_rows_int(rows, 4) != 0;
		if (all) {
			add_state(ret->by_state, hk_rows_str(rows, 1), cases);
			ret->notify += g_strv_contains(notify, kind) && !handled ? cases : 0;
		}
		if (g_strv_contains(counted, kind)) {
			ret->investment_scam += all ? cases : 0;
			continue;
		}
		*(all ? &ret->total : &ret->this_month) += cases;
		if (handled) {
			*(all ? &ret->handled : &ret->handled_this_month) += cases;
		} else {
			*(all ? &ret->unsupported : &ret->unsupported_this_month) += cases;
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* At most HK_COUNTERS_MAX rows of one index. */
static bool
count_some(hk_db *db, hk_sql sqlite, hk_sql pgsql, int64_t *ret, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL("SELECT count(*) FROM (SELECT 1 FROM "));
	hk_sqlb_both(b, sqlite, pgsql);
	hk_sqlb_add(b, HK_SQL(" LIMIT "));
	hk_sqlb_value(b, hk_v_int(HK_COUNTERS_MAX));
	hk_sqlb_add(b, HK_SQL(") x"));
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

#define BREACHED                                                                                   \
	" WHERE breached = 1 AND state IN ('new', 'triaged', 'confirmed', 'reported', "            \
	"'resurrected') AND deleted_ms IS NULL"

bool
hk_counters_read(hk_db *db, int64_t now_ms, const char *const *counted, const char *const *notify,
	hk_counters *ret, GError **error)
{
	memset(ret, 0, sizeof *ret);
	ret->by_state = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	/* Each names its index: without statistics SQLite would take that of the states. */
	if (count_states(db, hk_tally_month(now_ms), counted, notify, ret, error) &&
		count_some(db, HK_SQL("cases INDEXED BY cases_breached" BREACHED),
			HK_SQL("cases" BREACHED), &ret->breached, error) &&
		count_some(db,
			HK_SQL("cases INDEXED BY cases_deleted WHERE deleted_ms IS NOT NULL"),
			HK_SQL("cases WHERE deleted_ms IS NOT NULL"), &ret->deleted, error) &&
		count_some(db, HK_SQL("sightings INDEXED BY sightings_state WHERE state = 'new'"),
			HK_SQL("sightings WHERE state = 'new'"), &ret->sightings_new, error)) {
		return true;
	}
	hk_counters_clear(ret);
	return false;
}

void
hk_counters_clear(hk_counters *counters)
{
	g_clear_pointer(&counters->by_state, g_hash_table_unref);
}
