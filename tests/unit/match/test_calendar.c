/* The calendars of Japan and China against dates that were looked up: the Cabinet Office's list of holidays, the State Council's notices. */
#include "match/calendar.h"

#include "base/jpholiday.h"
#include "tap.h"

static hk_calendar_day
on(int year, int month, int day)
{
	return hk_calendar_of(hk_date_days(year, month, day));
}

/* Substitute and citizens' holidays, the moved ones, ordinary ones. */
static void
japan(void)
{
	static const int holidays[][3] = {{2000, 1, 10}, {2009, 9, 22}, {2015, 9, 22},
		{2019, 4, 30}, {2019, 5, 1}, {2019, 5, 2}, {2019, 10, 22}, {2020, 5, 6},
		{2020, 7, 24}, {2021, 8, 9}, {2024, 2, 12}, {2024, 5, 6}, {2024, 7, 15},
		{2024, 8, 12}, {2024, 9, 16}, {2024, 9, 22}, {2024, 9, 23}, {2024, 10, 14},
		{2024, 11, 4}, {2024, 11, 23}, {2025, 2, 24}, {2025, 5, 6}, {2025, 11, 24},
		{2026, 5, 6}, {2026, 9, 22}, {2032, 9, 21}};
	static const int ordinary[][3] = {{2000, 1, 15}, {2019, 12, 23}, {2020, 7, 20},
		{2021, 10, 11}, {2024, 6, 19}, {2024, 12, 11}, {2024, 12, 12}, {2024, 12, 23},
		{2024, 12, 31}, {2026, 9, 24}};

	for (size_t i = 0; i < sizeof holidays / sizeof holidays[0]; i++) {
		const int *d = holidays[i];
		ok(on(d[0], d[1], d[2]).jp_holiday && on(d[0], d[1], d[2]).jp_off,
			"%d-%02d-%02d is a holiday of Japan", d[0], d[1], d[2]);
	}
	for (size_t i = 0; i < sizeof ordinary / sizeof ordinary[0]; i++) {
		const int *d = ordinary[i];
		ok(!on(d[0], d[1], d[2]).jp_holiday, "%d-%02d-%02d is none", d[0], d[1], d[2]);
	}
	ok(on(2024, 6, 22).jp_off && !on(2024, 6, 22).jp_holiday,
		"a Saturday is off, and no holiday");
	is_int(on(2024, 12, 12).weekday, 4, "2024-12-12 was a Thursday");
}

static void
china(void)
{
	hk_calendar_day day = on(2024, 2, 10);
	int first, last;

	is_str(day.cn, "Spring Festival", "2024-02-10");
	is_str(day.cn_zh, "春节", "in Chinese");
	ok(day.cn_off && day.cn_known && !day.cn_worked, "is off");
	ok(on(2024, 2, 17).cn_off && !on(2024, 2, 9).cn_off, "to the 17th; the eve was worked");
	ok(on(2024, 2, 18).cn_worked && !on(2024, 2, 18).cn_off, "a Sunday that was worked");
	ok(!on(2024, 2, 19).cn && !on(2024, 2, 19).cn_off, "an ordinary Monday");
	ok(on(2024, 6, 22).cn_off && !on(2024, 6, 22).cn, "an ordinary Saturday");
	is_str(on(2024, 6, 10).cn, "Dragon Boat Festival", "2024-06-10");
	is_str(on(2024, 9, 16).cn, "Mid-Autumn Festival", "2024-09-16");
	is_str(on(2024, 10, 7).cn, "National Day", "2024-10-07");
	ok(!on(2024, 10, 8).cn_off, "2024-10-08 is worked");
	ok(on(2025, 10, 8).cn_off && on(2026, 2, 23).cn_off && !on(2026, 2, 24).cn_off,
		"the long ones of 2025 and 2026 end when they should");
	ok(on(2023, 12, 31).cn && on(2024, 1, 1).cn && !on(2024, 1, 2).cn, "across a year's end");
	hk_calendar_cn_years(&first, &last);
	ok(!on(last + 1, 1, 1).cn_known && !on(first - 1, 1, 1).cn_known,
		"what is not in the table is not known");
	ok(on(last + 1, 1, 2).cn_off == (on(last + 1, 1, 2).weekday % 6 == 0),
		"weekends are, all the same");
}

/* Every row: a day off adds a weekday, or it is a weekend; a day that is worked is a weekend; no day is both. */
static void
rows(void)
{
	int first, last, wrong = 0, off = 0, worked = 0;

	hk_calendar_cn_years(&first, &last);
	for (int64_t d = hk_date_days(first, 1, 1); d < hk_date_days(last + 1, 1, 1); d++) {
		hk_calendar_day day = hk_calendar_of(d);
		bool weekend = day.weekday % 6 == 0;
		wrong += day.cn_worked && (!weekend || day.cn || day.cn_off);
		wrong += day.cn && !day.cn_off;
		wrong += !weekend && day.cn_off && !day.cn;
		off += day.cn && !weekend;
		worked += day.cn_worked;
	}
	is_int(wrong, 0, "no day of the table contradicts itself");
	/* The law gives 11 days in 2023 and 2024, 13 since 2025, and one on a weekend is made up for: so many weekdays more are off than weekends are worked. */
	is_int(off - worked, 11 + 11 + 13 + 13,
		"weekdays off less weekends worked, over the years");
}

int
main(void)
{
	japan();
	china();
	rows();
	return tap_done();
}
