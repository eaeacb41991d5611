/* match/calendar: what day it is where the victims live, and where the senders do. Layer: match. Libc only.
 *
 * Japan's holidays come from the law (base/jpholiday: fixed days, Mondays, equinoxes, substitute holidays, days between two). China's cannot be computed: the State Council
 * announces each autumn which days are off and which Saturdays and Sundays are worked instead; cnholidays.def has them, with the number of each notice. */
#ifndef HK_MATCH_CALENDAR_H
#define HK_MATCH_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct hk_calendar_day {
	int weekday;     /* 0 Sunday ... 6 */
	bool jp_holiday; /* a national holiday of Japan, 1980 to 2099 */
	bool jp_off;     /* that, a Saturday or a Sunday */
	bool cn_known; /* the year is in the table; else the rest tells Saturdays and Sundays alone */
	bool cn_off;   /* no work in China */
	bool cn_worked;    /* a Saturday or Sunday that is worked there */
	const char *cn;    /* "Spring Festival"; NULL: none. Static storage, as the next one */
	const char *cn_zh; /* "春节" */
} hk_calendar_day;

/* hk_calendar_of(days): of the day that many days after 1970-01-01 (base/jpholiday: hk_date_days). */
hk_calendar_day hk_calendar_of(int64_t days);

/* hk_calendar_cn_years(ret_first, ret_last): the years of the table, without gaps. */
void hk_calendar_cn_years(int *ret_first, int *ret_last);

#endif
