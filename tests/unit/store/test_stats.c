/* store/stats against counting in C over random cases. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jpholiday.h"
#include "store/stats.h"
#include "store/tally.h"

#include "store.h"
#include "tap.h"

enum { CASES = 500, FIRST = 2025 * 12 + 8, LAST = 2025 * 12 + 10 }; /* September to November 2025 */
#define HOUR_MS INT64_C(3600000)

typedef struct row {
	int64_t target, seen, detected, opened, down, closed;
	const char *state, *kind;
	bool deleted;
} row;

static hk_db *db;
static row rows[CASES];
static uint32_t seed = 99;
static const char *const counted[] = {"investment_scam", NULL};

static uint32_t
next(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void
run(hk_sql sql, const hk_value *values, size_t count)
{
	g_autoptr(GError) error = NULL;

	if (!hk_db_exec(db, sql, values, count, NULL, &error)) {
		ok(false, "%s", error->message);
	}
}

static void
fill(void)
{
	static const char *const states[] = {"new", "closed", "down", "dismissed", "duplicate"};

	hk_db_begin(db, true, NULL);
	run(HK_SQL("INSERT INTO sources (id, key, kind, name, updated_ms) VALUES (1, 's1', 'x', "
		   "'s', 0) ON CONFLICT (id) DO UPDATE SET key = 's1'"),
		HK_NO_ARGS);
	run(HK_SQL("INSERT INTO targets (id, key, name, name_en, updated_ms) VALUES (1, 't1', 't', "
		   "'t', 0), (2, 't2', 'u', 'u', 0)"),
		HK_NO_ARGS);
	run(HK_SQL("DELETE FROM statuses"), HK_NO_ARGS);
	run(HK_SQL("INSERT INTO statuses (key, name, name_en, handled, updated_ms) VALUES "
		   "('closed', 'x', 'x', 1, 0), ('down', 'y', 'y', 1, 0)"),
		HK_NO_ARGS);
	for (int i = 0; i < CASES; i++) {
		row *r = &rows[i];
		*r = (row){.target = next(3),
			.state = states[next(5)],
			.kind = next(5) ? "phishing" : "investment_scam",
			.deleted = next(12) == 0};
		r->opened = INT64_C(1754000000000) + (int64_t)next(4000) * HOUR_MS + next(1000);
		r->seen = r->opened - (int64_t)next(50) * HOUR_MS;
		r->detected = r->opened - (int64_t)next(60) * HOUR_MS;
		r->down = next(2) ? r->opened + next(100) * HOUR_MS : 0;
		r->closed = r->opened + next(300) * HOUR_MS;
		run(HK_SQL("INSERT INTO cases (id, name, kind, state, source_id, target_id, "
			   "first_seen_ms, detected_ms, opened_ms, down_ms, closed_ms, "
			   "last_seen_ms, updated_ms, deleted_ms) VALUES ($1, 'n', $2, $3, 1, $4, "
			   "$5, $6, $7, $8, $9, 0, 0, $10)"),
			HK_ARGS(hk_v_int(i + 1), hk_v_str(r->kind), hk_v_str(r->state),
				hk_v_id(r->target), hk_v_int(r->seen), hk_v_int(r->detected),
				hk_v_int(r->opened), hk_v_id(r->down), hk_v_int(r->closed),
				hk_v_id(r->deleted)));
	}
	ok(hk_tally_rebuild(db, NULL) && hk_db_commit(db, NULL), "filled");
}

static bool
counts(const row *r)
{
	return !r->deleted && strcmp(r->state, "duplicate") != 0;
}

static bool
figures(const row *r)
{
	return counts(r) && strcmp(r->kind, "investment_scam") != 0;
}

static bool
in(int64_t ms)
{
	int64_t month = hk_tally_month(ms);

	return month >= FIRST && month <= LAST;
}

static hk_stats
table(hk_stats_by by)
{
	hk_stats s = {0};
	g_autoptr(GError) error = NULL;

	if (!hk_stats_read(db, by, FIRST, LAST, counted, &s, &error)) {
		ok(false, "%s", error->message);
	}
	return s;
}

static const hk_stats_cell *
cell(const hk_stats *s, size_t r, size_t c)
{
	return &g_array_index((GArray *)g_ptr_array_index(s->rows, r), hk_stats_cell, c);
}

static bool
text_is(const char *a, const char *b)
{
	return g_strcmp0(a, b) == 0;
}

static void
by_month(void)
{
	hk_stats s = table(HK_STATS_MONTH);

	is_int(s.rows->len, LAST - FIRST + 1, "a row for each month");
	for (size_t i = 0; i < s.rows->len; i++) {
		int all = 0, handled = 0;
		for (int k = 0; k < CASES; k++) {
			bool here = figures(&rows[k]) &&
				    hk_tally_month(rows[k].opened) == FIRST + (int64_t)i;
			all += here;
			handled += here && (text_is(rows[k].state, "closed") ||
						   text_is(rows[k].state, "down"));
		}
		ok(all > 0 && cell(&s, i, 1)->value == all && cell(&s, i, 2)->value == handled,
			"%s: %d, %d handled", cell(&s, i, 0)->text, all, handled);
	}
	hk_stats_clear(&s);
	s = table(HK_STATS_MONTH_TARGET);
	double sum = 0, want = 0;
	for (size_t i = 0; i < s.rows->len; i++) {
		int n = 0;
		for (int k = 0; k < CASES; k++) {
			const char *target = rows[k].target == 1   ? "t1"
					     : rows[k].target == 2 ? "t2"
								   : NULL;
			char month[16];
			int64_t m = hk_tally_month(rows[k].opened);
			snprintf(
				month, sizeof month, "%04d-%02d", (int)(m / 12), (int)(m % 12 + 1));
			n += figures(&rows[k]) && text_is(month, cell(&s, i, 0)->text) &&
			     text_is(target, cell(&s, i, 1)->text);
		}
		ok(cell(&s, i, 2)->value == n, "%s %s: %d", cell(&s, i, 0)->text,
			cell(&s, i, 1)->text ? cell(&s, i, 1)->text : "none", n);
		sum += cell(&s, i, 2)->value;
	}
	for (int k = 0; k < CASES; k++) {
		want += figures(&rows[k]) && in(rows[k].opened);
	}
	ok(sum == want, "month and target: all of them");
	hk_stats_clear(&s);
}

static void
by_word(void)
{
	static const hk_stats_by bys[] = {
		HK_STATS_STATE, HK_STATS_KIND, HK_STATS_SOURCE, HK_STATS_ACTOR};

	for (size_t b = 0; b < G_N_ELEMENTS(bys); b++) {
		hk_stats s = table(bys[b]);
		for (size_t i = 0; i < s.rows->len; i++) {
			int n = 0;
			for (int k = 0; k < CASES; k++) {
				const row *r = &rows[k];
				const char *word = bys[b] == HK_STATS_STATE    ? r->state
						   : bys[b] == HK_STATS_KIND   ? r->kind
						   : bys[b] == HK_STATS_SOURCE ? "s1"
									       : NULL;
				n += (bys[b] == HK_STATS_KIND ? counts(r) : figures(r)) &&
				     in(r->opened) && text_is(word, cell(&s, i, 0)->text);
			}
			ok(n > 0 && cell(&s, i, 1)->value == n, "%s %s: %d", hk_stats_name(bys[b]),
				cell(&s, i, 0)->text ? cell(&s, i, 0)->text : "none", n);
		}
		ok(s.rows->len > 0, "rows by %s", hk_stats_name(bys[b]));
		hk_stats_clear(&s);
	}
}

static void
by_hour(void)
{
	int sum = 0, want = 0;

	for (int off = 0; off < 2; off++) {
		hk_stats s = table(off ? HK_STATS_HOUR_HOLIDAY : HK_STATS_HOUR_WEEKDAY);
		bool good = s.rows->len == 24;
		for (int hour = 0; good && hour < 24; hour++) {
			int n = 0;
			for (int k = 0; k < CASES; k++) {
				int64_t hours = (rows[k].detected + 9 * HOUR_MS) / HOUR_MS;
				n += figures(&rows[k]) && in(rows[k].detected) &&
				     hours % 24 == hour && hk_jpholiday_off(hours / 24) == off;
			}
			good = cell(&s, (size_t)hour, 1)->value == n;
			sum += n;
		}
		ok(good, "hours of %s", off ? "days off" : "working days");
		hk_stats_clear(&s);
	}
	for (int k = 0; k < CASES; k++) {
		want += figures(&rows[k]) && in(rows[k].detected);
	}
	is_int(sum, want, "hours: all of them");
}

static int
by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
by_duration(bool close)
{
	hk_stats s = table(close ? HK_STATS_TIME_TO_CLOSE : HK_STATS_TIME_TO_DETECT);

	for (size_t i = 0; i < s.rows->len; i++) {
		double values[CASES];
		size_t n = 0;
		for (int k = 0; k < CASES; k++) {
			const row *r = &rows[k];
			if (!figures(r) || hk_tally_month(r->opened) != FIRST + (int64_t)i ||
				(close && !text_is(r->state, "closed") &&
					!text_is(r->state, "down"))) {
				continue;
			}
			int64_t ms = close ? (r->down ? r->down : r->closed) - r->detected
					   : r->detected - r->seen;
			values[n++] = ms > 0 ? (double)ms / 1000 : 0;
		}
		qsort(values, n, sizeof values[0], by_double);
		double median = values[(size_t)ceil((double)n * 0.5) - 1],
		       p90 = values[(size_t)ceil((double)n * 0.9) - 1];
		ok(n > 10 && cell(&s, i, 1)->value == median && cell(&s, i, 2)->value == p90 &&
				cell(&s, i, 3)->value == (double)n,
			"time to %s: median %.0f, p90 %.0f of %zu", close ? "close" : "detect",
			median, p90, n);
	}
	hk_stats_clear(&s);
}

int
main(void)
{
	hk_stats_by by;

	db = hk_test_db();
	fill();
	by_month();
	by_word();
	by_hour();
	by_duration(false);
	by_duration(true);
	hk_stats s;
	ok(hk_stats_read(db, HK_STATS_TIME_TO_CLOSE, 2001 * 12, 2001 * 12, counted, &s, NULL) &&
			isnan(cell(&s, 0, 1)->value),
		"nothing to tell");
	hk_stats_clear(&s);
	ok(hk_stats_find("month_target", &by) && by == HK_STATS_MONTH_TARGET &&
			!hk_stats_find("x", &by),
		"names");
	hk_db_close(db);
	return tap_done();
}
