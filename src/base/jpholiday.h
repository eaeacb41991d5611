/* base/jpholiday: Japan's calendar: which days are holidays. Layer: base. Libc only.
 *
 * The Act on National Holidays (1948) as it stood in each year: fixed days, second and third Mondays, the equinoxes (by the usual
 * formula, which the Observatory has confirmed in every year so far), the days that were moved for the Olympic Games, single
 * ceremonies, substitute holidays (since 1973, since 2007 over several days) and days between two holidays (since 1986). */
#ifndef HK_BASE_JPHOLIDAY_H
#define HK_BASE_JPHOLIDAY_H

#include <stdbool.h>
#include <stdint.h>

#define HK_JPHOLIDAY_YEAR_MIN 1980
#define HK_JPHOLIDAY_YEAR_MAX 2099

/* hk_jpholiday(year, month, day): whether the date is a national holiday. False outside the years above and for a date that does
 * not exist. Saturdays and Sundays are none of themselves. */
bool hk_jpholiday(int year, int month, int day);

/* hk_jpholiday_off(days): whether the day (since 1970-01-01) is a Saturday, a Sunday or a holiday. */
bool hk_jpholiday_off(int64_t days);

/* hk_date_days(year, month, day): days since 1970-01-01 in the Gregorian calendar. hk_date_of(days, ...): back. hk_date_weekday(days):
 * 0 Sunday ... 6. */
int64_t hk_date_days(int64_t year, int64_t month, int64_t day);
void hk_date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day);
int hk_date_weekday(int64_t days);

#endif
