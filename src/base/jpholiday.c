#include "base/jpholiday.h"

#include <stddef.h>

/* Which day of a month it is. */
typedef enum when { FIXED, MONDAY, VERNAL, AUTUMNAL } when;

/* A rule: in the years from..to, month and day; MONDAY: the day-th Monday. */
typedef struct rule {
	int from, to, month;
	when when;
	int day;
} rule;

#define EVER HK_JPHOLIDAY_YEAR_MAX

static const rule rules[] = {
	{1949, EVER, 1, FIXED, 1},                              /* New Year's Day */
	{1949, 1999, 1, FIXED, 15},                             /* Coming of Age */
	{2000, EVER, 1, MONDAY, 2}, {1967, EVER, 2, FIXED, 11}, /* Foundation */
	{2020, EVER, 2, FIXED, 23},                             /* Emperor's Birthday */
	{1949, EVER, 3, VERNAL, 0},
	{1949, EVER, 4, FIXED, 29}, /* Emperor's Birthday, Greenery, Showa */
	{1949, EVER, 5, FIXED, 3},  /* Constitution */
	{2007, EVER, 5, FIXED, 4},  /* Greenery */
	{1949, EVER, 5, FIXED, 5},  /* Children */
	{1996, 2002, 7, FIXED, 20}, /* Marine */
	{2003, 2019, 7, MONDAY, 3}, {2020, 2020, 7, FIXED, 23}, {2021, 2021, 7, FIXED, 22},
	{2022, EVER, 7, MONDAY, 3}, {2016, 2019, 8, FIXED, 11}, /* Mountain */
	{2020, 2020, 8, FIXED, 10}, {2021, 2021, 8, FIXED, 8}, {2022, EVER, 8, FIXED, 11},
	{1966, 2002, 9, FIXED, 15}, /* Respect for the Aged */
	{2003, EVER, 9, MONDAY, 3}, {1948, EVER, 9, AUTUMNAL, 0},
	{1966, 1999, 10, FIXED, 10}, /* Sports */
	{2000, 2019, 10, MONDAY, 2}, {2020, 2020, 7, FIXED, 24}, {2021, 2021, 7, FIXED, 23},
	{2022, EVER, 10, MONDAY, 2}, {1948, EVER, 11, FIXED, 3}, /* Culture */
	{1948, EVER, 11, FIXED, 23},                             /* Labour */
	{1989, 2018, 12, FIXED, 23},                             /* Emperor's Birthday */
	{1989, 1989, 2, FIXED, 24},                              /* funeral of the Emperor Showa */
	{1990, 1990, 11, FIXED, 12},                             /* enthronement */
	{1993, 1993, 6, FIXED, 9},                               /* wedding of the Crown Prince */
	{2019, 2019, 5, FIXED, 1},                               /* accession */
	{2019, 2019, 10, FIXED, 22},                             /* enthronement */
};

int64_t
hk_date_days(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400, in_era = year - era * 400;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

void
hk_date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097,
		in_era = z - era * 146097;
	int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t shifted = (5 * in_year + 2) / 153;

	*ret_day = (int)(in_year - (153 * shifted + 2) / 5 + 1);
	*ret_month = (int)(shifted + (shifted < 10 ? 3 : -9));
	*ret_year = (int)(year + era * 400 + (*ret_month <= 2));
}

int
hk_date_weekday(int64_t days)
{
	int64_t w = (days + 4) % 7;

	return (int)(w < 0 ? w + 7 : w);
}

/* The equinox's day: valid for 1980..2099. */
static int
equinox(double first, int year)
{
	return (int)(first + 0.242194 * (year - 1980)) - (year - 1980) / 4;
}

static int
day_of(const rule *r, int year)
{
	switch (r->when) {
	case MONDAY: {
		int first = hk_date_weekday(hk_date_days(year, r->month, 1));
		return 1 + (8 - first) % 7 + (r->day - 1) * 7;
	}
	case VERNAL:
		return equinox(20.8431, year);
	case AUTUMNAL:
		return equinox(23.2488, year);
	case FIXED:
		break;
	}
	return r->day;
}

/* A holiday by its own name. */
static bool
named(int64_t days)
{
	int year, month, day;

	hk_date_of(days, &year, &month, &day);
	if (year < HK_JPHOLIDAY_YEAR_MIN || year > HK_JPHOLIDAY_YEAR_MAX) {
		return false;
	}
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		const rule *r = &rules[i];
		if (month == r->month && year >= r->from && year <= r->to &&
			day == day_of(r, year)) {
			return true;
		}
	}
	return false;
}

/* In place of one that fell on a Sunday: until 2006 only the Monday after it; since then the next day that is none itself. */
static bool
substitute(int64_t days, int year)
{
	if (named(days)) {
		return false;
	}
	for (int64_t before = days - 1; named(before); before--) {
		if (hk_date_weekday(before) == 0) {
			return true;
		}
		if (year < 2007) {
			break;
		}
	}
	return false;
}

bool
hk_jpholiday(int year, int month, int day)
{
	int64_t days = hk_date_days(year, month, day);
	int y, m, d;

	hk_date_of(days, &y, &m, &d);
	if (y != year || m != month || d != day || year < HK_JPHOLIDAY_YEAR_MIN ||
		year > HK_JPHOLIDAY_YEAR_MAX) {
		return false;
	}
	if (named(days) || substitute(days, year)) {
		return true;
	}
	/* Between two: since 27 December 1985. */
	return year >= 1986 && hk_date_weekday(days) != 0 && named(days - 1) && named(days + 1);
}

bool
hk_jpholiday_off(int64_t days)
{
	int weekday = hk_date_weekday(days);
	int year, month, day;

	hk_date_of(days, &year, &month, &day);
	return weekday == 0 || weekday == 6 || hk_jpholiday(year, month, day);
}
