/* store/stats: what the statistics show: tables of numbers by month, target, state and so on. Layer: store. Input is checked by the caller.
 *
 * Numbers of cases come from the tallies: duplicates and deleted cases do not count, nor do kinds that are only counted (investment
 * scams), but for the table by kind. Times come from the cases: to detect: from first seen to detected; to close: from detected to down (or closed,
 * when nobody noted the former), of cases opened in that month. */
#ifndef HK_STORE_STATS_H
#define HK_STORE_STATS_H

#include "store/db.h"

typedef enum hk_stats_by {
	HK_STATS_MONTH_TARGET,
	HK_STATS_MONTH,
	HK_STATS_STATE,
	HK_STATS_ACTOR,
	HK_STATS_SOURCE,
	HK_STATS_KIND,
	HK_STATS_HOUR_WEEKDAY,
	HK_STATS_HOUR_HOLIDAY,
	HK_STATS_TIME_TO_DETECT,
	HK_STATS_TIME_TO_CLOSE,
	HK_STATS_COUNT
} hk_stats_by;

/* hk_stats_find(name, ret): "month_target" ... hk_stats_name(by): static. */
bool hk_stats_find(const char *name, hk_stats_by *ret);
const char *hk_stats_name(hk_stats_by by);

typedef struct hk_stats_cell {
	bool number;  /* else text; NULL text: nobody, none */
	double value; /* NAN: nothing to tell */
	char *text;   /* owned */
} hk_stats_cell;

typedef struct hk_stats {
	const char *columns[8]; /* static, NULL-terminated */
	size_t width;
	GPtrArray *rows; /* of GArray of hk_stats_cell, width each */
} hk_stats;
void hk_stats_clear(hk_stats *stats);

/* hk_stats_read(db, by, from, to, counted, ret, error): months as store/tally counts them, both included; counted: kinds that are only counted
 * (NULL-terminated). Durations in seconds: median and 90th percentile (nearest rank). */
bool hk_stats_read(hk_db *db, hk_stats_by by, int64_t from, int64_t to, const char *const *counted,
	hk_stats *ret, GError **error);

#endif
