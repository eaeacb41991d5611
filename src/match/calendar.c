#include "match/calendar.h"

#include <stddef.h>

#include "base/jpholiday.h"

static const struct {
	int year, month, day, days; /* days 0: worked */
	const char *name, *zh;
} rows[] = {
#define CNYEAR(year, notice)
#define CNOFF(year, month, day, days, name, zh) {year, month, day, days, name, zh},
#define CNWORK(year, month, day)                {year, month, day, 0, NULL, NULL},
#include "match/cnholidays.def"
#undef CNYEAR
#undef CNOFF
#undef CNWORK
};

static const int years[] = {
#define CNYEAR(year, notice) year,
#define CNOFF(year, month, day, days, name, zh)
#define CNWORK(year, month, day)
#include "match/cnholidays.def"
#undef CNYEAR
#undef CNOFF
#undef CNWORK
};

enum { YEARS = sizeof years / sizeof years[0] };

void
hk_calendar_cn_years(int *ret_first, int *ret_last)
{
	*ret_first = years[0];
	*ret_last = years[YEARS - 1];
}

static void
look_up_cn(int64_t days, int year, hk_calendar_day *day)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t first = hk_date_days(rows[i].year, rows[i].month, rows[i].day);
		if (rows[i].year != year || days < first) {
			continue;
		}
		if (rows[i].days == 0 && days == first) {
			day->cn_worked = true;
			day->cn_off = false;
		} else if (days < first + rows[i].days) {
			day->cn_off = true;
			day->cn = rows[i].name;
			day->cn_zh = rows[i].zh;
		}
	}
}

hk_calendar_day
hk_calendar_of(int64_t days)
{
	hk_calendar_day ret = {.weekday = hk_date_weekday(days)};
	int year, month, day;

	hk_date_of(days, &year, &month, &day);
	ret.jp_holiday = hk_jpholiday(year, month, day);
	ret.jp_off = hk_jpholiday_off(days);
	ret.cn_off = ret.weekday == 0 || ret.weekday == 6;
	ret.cn_known = year >= years[0] && year <= years[YEARS - 1];
	if (ret.cn_known) {
		look_up_cn(days, year, &ret);
	}
	return ret;
}
