/* store/waves_read: waves of messages as the API shows them, and their statistics. Layer: store. All inside a read transaction; JSON goes to out. Texts are
 * hostile: sys/jsonw keeps the JSON well formed. To whom a wave went is told by region and count alone: no hash of a number leaves this file.
 *
 * Days, hours and holidays are Japan's (UTC+9, base/jpholiday); of a wave's day China's are told, too (match/calendar). */
#ifndef HK_STORE_WAVES_READ_H
#define HK_STORE_WAVES_READ_H

#include "store/db.h"

enum {
	HK_WAVES_READ_COMMANDS = 1000, /* of a wave, the first so many */
	HK_WAVES_READ_LINKS = 200,
	HK_WAVES_READ_LANDINGS = 1000, /* of all links of a wave */
	HK_WAVES_READ_REGIONS = 500,   /* those with most numbers */
	HK_WAVES_READ_OTHERS = 10,     /* waves that share numbers, those with most */
	HK_WAVES_STATS_DAYS = 800,     /* longest span of the statistics */
};

typedef struct hk_waves_filter {
	const char *family, *target; /* of that family; key of a target; or NULL */
	int64_t case_id;             /* 0: any */
	int64_t from_ms, to_ms;      /* with a command in from <= t < to; 0: open */
	const char *after;           /* what *ret_next said; NULL: from the start */
	int64_t limit;
} hk_waves_filter;

/* hk_waves_read(db, filter, out, ret_next, error): waves, the latest first: objects of the list that is open. *ret_next: owned; NULL: that was all. HK_EFORM
 * "after: ...". hk_waves_read_one(db, id, out, error): one, with its commands, links and where they led, regions, numbers that others have, and its day; HK_ENOENT. */
bool hk_waves_read(
	hk_db *db, const hk_waves_filter *filter, GString *out, char **ret_next, GError **error);
bool hk_waves_read_one(hk_db *db, int64_t id, GString *out, GError **error);

/* hk_waves_read_stats(db, family, from_ms, to_ms, out, error): commands that sent something in from <= t < to (at most HK_WAVES_STATS_DAYS: the caller's to check), as
 * an object: "hours" of working days and of days off (Saturdays, Sundays, holidays) with "days", how many of each there were; "ports"; "together": how many waves
 * came over how many ports; "waves", "numbers", "repeated". family: or NULL. */
bool hk_waves_read_stats(hk_db *db, const char *family, int64_t from_ms, int64_t to_ms,
	GString *out, GError **error);

#endif
