#include "parse/regtime.h"

#include <stdbool.h>

#include "parse/regtext.h"

/* What was read of a text so far. */
typedef struct when {
	int number
		[3]; /* of the date, in the order of the text; a month in words is not among them */
	size_t digits[3];
	size_t count;
	int month; /* 1..12 when it was a word */
	bool timed;
	int64_t second; /* of the day */
	int64_t ms;
	bool zoned;
	int zone_min;
} when;

static uint8_t
lower_at(hk_span text, size_t at)
{
	uint8_t c = at < text.len ? text.data[at] : 0;

	return hk_regtext_lower(c);
}

static bool
digit_at(hk_span text, size_t at)
{
	return at < text.len && text.data[at] >= '0' && text.data[at] <= '9';
}

static bool
letter_at(hk_span text, size_t at)
{
	uint8_t c = lower_at(text, at);

	return c >= 'a' && c <= 'z';
}

/* At most nine digits from *at on. Returns how many; *at moves behind all of them. */
static size_t
number_at(hk_span text, size_t *at, int *ret)
{
	size_t n = 0;

	*ret = 0;
	for (; digit_at(text, *at); (*at)++, n++) {
		if (n < 9) {
			*ret = *ret * 10 + (text.data[*at] - '0');
		}
	}
	return n;
}

/* Whether the letters at `at` are the word, and no more letters follow. */
static bool
word_at(hk_span text, size_t at, const char *word)
{
	size_t i = 0;

	for (; word[i] != '\0'; i++) {
		if (lower_at(text, at + i) != (uint8_t)word[i]) {
			return false;
		}
	}
	return !letter_at(text, at + i);
}

static const struct {
	const char *name;
	int zone_min;
} zones[] = {{"z", 0}, {"utc", 0}, {"gmt", 0}, {"jst", 540}, {"kst", 540}, {"hkt", 480},
	{"msk", 180}, {"cet", 60}, {"cest", 120}, {"eet", 120}, {"eest", 180}, {"wet", 0},
	{"west", 60}, {"bst", 60}};

/* +9, +0900, +09:00 */
static void
read_offset(hk_span text, size_t *at, when *w)
{
	int sign = text.data[*at] == '-' ? -1 : 1;
	size_t look = *at + 1;
	int hours;
	int minutes = 0;
	size_t n = number_at(text, &look, &hours);

	if (n == 4) {
		minutes = hours % 100;
		hours /= 100;
	} else if (n > 0 && n <= 2 && lower_at(text, look) == ':') {
		size_t more = look + 1;
		if (number_at(text, &more, &minutes) == 2) {
			look = more;
		} else {
			minutes = 0;
		}
	}
	if ((n == 1 || n == 2 || n == 4) && hours <= 14 && minutes < 60) {
		w->zone_min = sign * (hours * 60 + minutes);
		w->zoned = true;
	}
	*at = look;
}

/* Behind a time of the day. */
static void
read_zone(hk_span text, size_t *at, when *w)
{
	while (lower_at(text, *at) == ' ' || lower_at(text, *at) == '(') {
		(*at)++;
	}
	if (lower_at(text, *at) == '+' || lower_at(text, *at) == '-') {
		read_offset(text, at, w);
		return;
	}
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		if (!word_at(text, *at, zones[i].name)) {
			continue;
		}
		w->zone_min = zones[i].zone_min;
		w->zoned = true;
		while (letter_at(text, *at)) {
			(*at)++;
		}
		if ((lower_at(text, *at) == '+' || lower_at(text, *at) == '-') &&
			digit_at(text, *at + 1)) {
			read_offset(text, at, w);
		}
		return;
	}
}

/* hh:mm[:ss[.fraction]]; hour was read, *at stands on the colon. */
static hk_err
read_clock(hk_span text, size_t *at, int hour, when *w)
{
	int minute;
	int second = 0;
	int weight = 100;

	(*at)++;
	(void)number_at(text, at, &minute);
	if (lower_at(text, *at) == ':' && digit_at(text, *at + 1)) {
		(*at)++;
		(void)number_at(text, at, &second);
	}
	if (hour > 24 || minute > 59 || second > 60) {
		return HK_EFORM;
	}
	if (lower_at(text, *at) == '.' && digit_at(text, *at + 1)) {
		for ((*at)++; digit_at(text, *at); (*at)++, weight /= 10) {
			w->ms += weight * (text.data[*at] - '0');
		}
	}
	w->second = ((int64_t)hour * 60 + minute) * 60 + second;
	w->timed = true;
	read_zone(text, at, w);
	return HK_OK;
}

static hk_err
read_number(hk_span text, size_t *at, when *w)
{
	int value;
	size_t n = number_at(text, at, &value);
	bool whole = w->count == 3 || (w->month > 0 && w->count == 2);

	if (n <= 2 && !w->timed && lower_at(text, *at) == ':' && digit_at(text, *at + 1)) {
		return read_clock(text, at, value, w);
	}
	if (n == 8 && w->count == 0 && w->month == 0) {
		w->number[0] = value / 10000;
		w->number[1] = value / 100 % 100;
		w->number[2] = value % 100;
		w->digits[0] = 4;
		w->digits[1] = w->digits[2] = 2;
		w->count = 3;
		return HK_OK;
	}
	if (!whole && n != 1 && n != 2 && n != 4) {
		return HK_EFORM;
	}
	if (!whole) {
		w->number[w->count] = value;
		w->digits[w->count++] = n;
	}
	return HK_OK;
}

static void
read_word(hk_span text, size_t *at, when *w)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12 && w->month == 0; i++) {
		bool is = letter_at(text, *at + 2);
		for (size_t k = 0; k < 3; k++) {
			is = is && lower_at(text, *at + k) == (uint8_t)months[i * 3 + (int)k];
		}
		w->month = is ? i + 1 : 0;
	}
	/* "GMT" may stand before the year: Wed Aug 23 00:00:00 GMT 2000. A zone without a time says nothing. */
	while (letter_at(text, *at)) {
		(*at)++;
	}
}

static int
full_year(int year, size_t digits)
{
	if (digits > 2) {
		return year;
	}
	return year + (year < 70 ? 2000 : 1900);
}

/* Which number is which. */
static hk_err
order(const when *w, int *year, int *month, int *day)
{
	const int *n = w->number;

	if (w->month > 0 && w->count >= 2) {
		size_t y = w->digits[0] == 4 ? 0 : 1;
		*year = full_year(n[y], w->digits[y]);
		*month = w->month;
		*day = n[1 - y];
		return HK_OK;
	}
	if (w->month > 0 || w->count < 3) {
		return HK_EFORM;
	}
	if (w->digits[0] == 4) {
		*year = n[0];
		*month = n[1];
		*day = n[2];
		return HK_OK;
	}
	if (w->digits[2] != 4) {
		return HK_EFORM;
	}
	bool american = n[1] > 12;
	*year = n[2];
	*month = american ? n[0] : n[1];
	*day = american ? n[1] : n[0];
	return HK_OK;
}

static hk_err
days_of(int year, int month, int day, int64_t *ret)
{
	static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 ||
		day > length[month - 1] + (leap && month == 2)) {
		return HK_EFORM;
	}
	/* Days since 1970-01-01 by the calendar's 400-year cycle, years beginning in March. */
	int64_t y = year - (month <= 2);
	int64_t of_era = y % 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	*ret = y / 400 * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
	return HK_OK;
}

hk_err
hk_regtime_read(hk_span text, int zone_min, int64_t *ret_ms)
{
	when w = {.count = 0};
	int year = 0;
	int month = 0;
	int day = 0;
	int64_t days;

	text.len = text.len > HK_REGTIME_TEXT_MAX ? HK_REGTIME_TEXT_MAX : text.len;
	for (size_t at = 0; at < text.len;) {
		if (digit_at(text, at)) {
			HK_TRY(read_number(text, &at, &w));
		} else if (letter_at(text, at)) {
			read_word(text, &at, &w);
		} else {
			at++;
		}
	}
	HK_TRY(order(&w, &year, &month, &day));
	HK_TRY(days_of(year, month, day, &days));
	int zone = w.zoned ? w.zone_min : zone_min;
	*ret_ms = (days * 86400 + w.second - (int64_t)zone * 60) * 1000 + w.ms;
	return HK_OK;
}
