#include "store/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jpholiday.h"
#include "store/tally.h"
#include "sys/gerr.h"

static const char *const names[] = {"month_target", "month", "state", "actor", "source", "kind",
	"hour_weekday", "hour_holiday", "time_to_detect", "time_to_close"};

bool
hk_stats_find(const char *name, hk_stats_by *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (hk_stats_by)i;
			return true;
		}
	}
	return false;
}

const char *
hk_stats_name(hk_stats_by by)
{
	return names[by];
}

static void
free_row(void *data)
{
	GArray *row = data;

	for (size_t i = 0; i < row->len; i++) {
		g_free(g_array_index(row, hk_stats_cell, i).text);
	}
	g_array_unref(row);
}

void
hk_stats_clear(hk_stats *stats)
{
	g_clear_pointer(&stats->rows, g_ptr_array_unref);
}

static GArray *
new_row(hk_stats *s)
{
	GArray *row = g_array_new(false, false, sizeof(hk_stats_cell));

	g_ptr_array_add(s->rows, row);
	return row;
}

static void
put_number(GArray *row, double value)
{
	hk_stats_cell cell = {.number = true, .value = value};

	g_array_append_val(row, cell);
}

static void
put_text(GArray *row, const char *text)
{
	hk_stats_cell cell = {.text = g_strdup(text)};

	g_array_append_val(row, cell);
}

static void
put_month(GArray *row, int64_t month)
{
	char text[24];

	snprintf(text, sizeof text, "%04d-%02d", (int)(month / 12), (int)(month % 12) + 1);
	put_text(row, text);
}

static void
columns(hk_stats *s, const char *a, const char *b, const char *c, const char *d)
{
	const char *const all[] = {a, b, c, d};

	for (s->width = 0; s->width < G_N_ELEMENTS(all) && all[s->width]; s->width++) {
		s->columns[s->width] = all[s->width];
	}
	s->columns[s->width] = NULL;
}

/* Rows of tallies of one dimension, with the kinds that count. */
static void
put_from(hk_sqlb *b, const char *dim, int64_t from, int64_t to, const char *const *counted)
{
	hk_sqlb_add(b, HK_SQL(" FROM tallies y "));
	if (strcmp(dim, "target") == 0) {
		hk_sqlb_add(b, HK_SQL("LEFT JOIN targets t ON CAST(t.id AS TEXT) = y.key "));
	} else if (strcmp(dim, "actor") == 0) {
		hk_sqlb_add(b, HK_SQL("LEFT JOIN actors t ON CAST(t.id AS TEXT) = y.key "));
	} else if (strcmp(dim, "source") == 0) {
		hk_sqlb_add(b, HK_SQL("LEFT JOIN sources t ON CAST(t.id AS TEXT) = y.key "));
	}
	hk_sqlb_add(b, HK_SQL("WHERE y.dim = "));
	hk_sqlb_value(b, hk_v_str(dim));
	hk_sqlb_add(b, HK_SQL(" AND y.month >= "));
	hk_sqlb_value(b, hk_v_int(from));
	hk_sqlb_add(b, HK_SQL(" AND y.month <= "));
	hk_sqlb_value(b, hk_v_int(to));
	for (; *counted; counted++) {
		hk_sqlb_add(b, HK_SQL(" AND y.kind <> "));
		hk_sqlb_value(b, hk_v_str(*counted));
	}
}

#define SUM "CAST(sum(y.cases) AS BIGINT)"

/* One word and how many. */
static bool
by_word(hk_db *db, const char *dim, hk_sql select, hk_sql group, int64_t from, int64_t to,
	const char *const *counted, hk_stats *s, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;

	hk_sqlb_add(b, select);
	put_from(b, dim, from, to, counted);
	hk_sqlb_add(b, group);
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		if (hk_rows_int(rows, 1) != 0) {
			GArray *row = new_row(s);
			put_text(row, hk_rows_str(rows, 0));
			put_number(row, (double)hk_rows_int(rows, 1));
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

static bool
by_month(hk_db *db, int64_t from, int64_t to, const char *const *counted, hk_stats *s,
	GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	g_autofree double *sums = g_new0(double, (size_t)(to - from + 1));
	g_autofree double *handled = g_new0(double, (size_t)(to - from + 1));
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL("SELECT y.month, y.key, (SELECT u.handled FROM statuses u WHERE "
			      "u.key = y.key), " SUM));
	put_from(b, "state", from, to, counted);
	hk_sqlb_add(b, HK_SQL(" GROUP BY y.month, y.key"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t month = hk_rows_int(rows, 0) - from;
		sums[month] += (double)hk_rows_int(rows, 3);
		handled[month] += hk_rows_int(rows, 2) ? (double)hk_rows_int(rows, 3) : 0;
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	for (int64_t m = from; m <= to; m++) {
		GArray *row = new_row(s);
		put_month(row, m);
		put_number(row, sums[m - from]);
		put_number(row, handled[m - from]);
	}
	return true;
}

static bool
by_month_target(hk_db *db, int64_t from, int64_t to, const char *const *counted, hk_stats *s,
	GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;
	int64_t next = from;

	hk_sqlb_add(b, HK_SQL("SELECT y.month, t.key, " SUM));
	put_from(b, "target", from, to, counted);
	hk_sqlb_add(b, HK_SQL(" GROUP BY y.month, t.key HAVING sum(y.cases) <> 0 ORDER BY 1, 2"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		GArray *row = new_row(s);
		put_month(row, hk_rows_int(rows, 0));
		put_text(row, hk_rows_str(rows, 1));
		put_number(row, (double)hk_rows_int(rows, 2));
	}
	(void)next;
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* How many days of each class the months have: hours are compared per day. */
static int64_t
days_of_class(int64_t from, int64_t to, bool off)
{
	int64_t first = hk_date_days(from / 12, from % 12 + 1, 1), n = 0;
	int64_t end = hk_date_days((to + 1) / 12, (to + 1) % 12 + 1, 1);

	for (int64_t day = first; day < end; day++) {
		n += hk_jpholiday_off(day) == off;
	}
	return n;
}

static bool
by_hour(hk_db *db, bool off, int64_t from, int64_t to, const char *const *counted, hk_stats *s,
	GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;
	double sums[24] = {0};

	hk_sqlb_add(b, HK_SQL("SELECT y.key, " SUM));
	put_from(b, "hour", from, to, counted);
	hk_sqlb_add(b, HK_SQL(" GROUP BY y.key"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		const char *key = hk_rows_str(rows, 0);
		if (key[0] == (off ? 'o' : 'w')) {
			sums[((key[1] - '0') * 10 + key[2] - '0') % 24] +=
				(double)hk_rows_int(rows, 1);
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	double days = (double)days_of_class(from, to, off);
	for (int hour = 0; hour < 24; hour++) {
		GArray *row = new_row(s);
		put_number(row, hour);
		put_number(row, sums[hour]);
		put_number(row, days > 0 ? sums[hour] / days : 0);
	}
	return true;
}

/* Durations ------------------------------------------------------------------------------------- */

static int
by_int(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The nearest rank: of 10 values the 90th percentile is the 9th. */
static double
percentile(const GArray *sorted, unsigned percent)
{
	size_t rank = (sorted->len * percent + 99) / 100;

	return sorted->len == 0
		       ? (double)NAN
		       : (double)g_array_index(sorted, int64_t, rank > 0 ? rank - 1 : 0) / 1000;
}

static int64_t
month_ms(int64_t month)
{
	return hk_date_days(month / 12, month % 12 + 1, 1) * INT64_C(86400000) - INT64_C(32400000);
}

static void
put_durations(hk_stats *s, int64_t month, GArray *all)
{
	GArray *row = new_row(s);

	g_array_sort(all, by_int);
	put_month(row, month);
	put_number(row, percentile(all, 50));
	put_number(row, percentile(all, 90));
	put_number(row, (double)all->len);
}

/* One month at a time: a month's cases fit in memory, all of them need not. */
static bool
durations(hk_db *db, hk_sql sql, int64_t month, const char *const *counted, hk_stats *s,
	GError **error)
{
	GError *inner = NULL;
	g_autoptr(GArray) all = g_array_new(false, false, sizeof(int64_t));
	g_autoptr(hk_rows) rows = hk_db_query(
		db, sql, HK_ARGS(hk_v_int(month_ms(month)), hk_v_int(month_ms(month + 1))), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t ms = hk_rows_int(rows, 0);
		/* People may enter an hour that lies before it was seen: no time has gone by then. */
		ms = MAX(ms, 0);
		if (!g_strv_contains(counted, hk_rows_str(rows, 1))) {
			g_array_append_val(all, ms);
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	put_durations(s, month, all);
	return true;
}

static bool
by_duration(hk_db *db, hk_stats_by by, int64_t from, int64_t to, const char *const *counted,
	hk_stats *s, GError **error)
{
	hk_sql sql = by == HK_STATS_TIME_TO_DETECT
			     ? HK_SQL("SELECT detected_ms - first_seen_ms, kind FROM cases WHERE "
				      "opened_ms >= $1 AND opened_ms < "
				      "$2 AND deleted_ms IS NULL AND state <> 'duplicate'")
			     : HK_SQL("SELECT COALESCE(down_ms, closed_ms) - detected_ms, kind "
				      "FROM cases WHERE opened_ms >= $1 AND "
				      "opened_ms < $2 AND deleted_ms IS NULL AND state IN ('down', "
				      "'closed') AND "
				      "COALESCE(down_ms, closed_ms) IS NOT NULL");

	for (int64_t month = from; month <= to; month++) {
		if (!durations(db, sql, month, counted, s, error)) {
			return false;
		}
	}
	return true;
}

static bool
read_one(hk_db *db, hk_stats_by by, int64_t from, int64_t to, const char *const *counted,
	hk_stats *s, GError **error)
{
	static const char *const nothing[] = {NULL};

	switch (by) {
	case HK_STATS_MONTH_TARGET:
		columns(s, "month", "target", "cases", NULL);
		return by_month_target(db, from, to, counted, s, error);
	case HK_STATS_MONTH:
		columns(s, "month", "cases", "handled", NULL);
		return by_month(db, from, to, counted, s, error);
	case HK_STATS_STATE:
		columns(s, "state", "cases", NULL, NULL);
		return by_word(db, "state", HK_SQL("SELECT y.key, " SUM),
			HK_SQL(" GROUP BY y.key ORDER BY 2 DESC, 1"), from, to, counted, s, error);
	case HK_STATS_ACTOR:
		columns(s, "actor", "cases", NULL, NULL);
		return by_word(db, "actor", HK_SQL("SELECT t.key, " SUM),
			HK_SQL(" GROUP BY t.key ORDER BY 2 DESC, 1"), from, to, counted, s, error);
	case HK_STATS_SOURCE:
		columns(s, "source", "cases", NULL, NULL);
		return by_word(db, "source", HK_SQL("SELECT t.key, " SUM),
			HK_SQL(" GROUP BY t.key ORDER BY 2 DESC, 1"), from, to, counted, s, error);
	case HK_STATS_KIND:
		columns(s, "kind", "cases", NULL, NULL);
		return by_word(db, "state", HK_SQL("SELECT y.kind, " SUM),
			HK_SQL(" GROUP BY y.kind ORDER BY 2 DESC, 1"), from, to, nothing, s, error);
	case HK_STATS_HOUR_WEEKDAY:
	case HK_STATS_HOUR_HOLIDAY:
		columns(s, "hour", "cases", "per_day", NULL);
		return by_hour(db, by == HK_STATS_HOUR_HOLIDAY, from, to, counted, s, error);
	case HK_STATS_TIME_TO_DETECT:
	case HK_STATS_TIME_TO_CLOSE:
		columns(s, "month", "median", "p90", "cases");
		return by_duration(db, by, from, to, counted, s, error);
	case HK_STATS_COUNT:
		break;
	}
	HK_BUG("no such statistics");
}

bool
hk_stats_read(hk_db *db, hk_stats_by by, int64_t from, int64_t to, const char *const *counted,
	hk_stats *ret, GError **error)
{
	hk_stats s = {.rows = g_ptr_array_new_with_free_func(free_row)};

	if (!read_one(db, by, from, to, counted, &s, error)) {
		hk_stats_clear(&s);
		return false;
	}
	*ret = s;
	return true;
}
