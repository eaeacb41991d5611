#include "source/feed/when.h"

#include "base/cur.h"
#include "base/num.h"

static bool
digits(hk_cur *cur, size_t n, int *ret)
{
	int value = 0;
	uint8_t c;

	for (size_t i = 0; i < n; i++) {
		if (hk_cur_u8(cur, &c) != HK_OK || c < '0' || c > '9') {
			return false;
		}
		value = value * 10 + (c - '0');
	}
	*ret = value;
	return true;
}

static bool
eat(hk_cur *cur, char want)
{
	if (hk_cur_empty(cur) || *cur->at != (uint8_t)want) {
		return false;
	}
	return hk_cur_skip(cur, 1) == HK_OK;
}

/* Days since 1970-01-01 of a Gregorian date (Howard Hinnant's days_from_civil); year from 1970. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool
date_of(hk_cur *cur, int64_t *ret_days)
{
	static const int longest[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day;

	if (!digits(cur, 4, &year)) {
		return false;
	}
	char sign = !hk_cur_empty(cur) && *cur->at == '/' ? '/' : '-';
	if (!eat(cur, sign) || !digits(cur, 2, &month) || !eat(cur, sign) ||
		!digits(cur, 2, &day) || year < 1970 || month < 1 || month > 12) {
		return false;
	}
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day < 1 || day > longest[month - 1] + (month == 2 && leap)) {
		return false;
	}
	*ret_days = days_of(year, month, day);
	return true;
}

/* hh:mm[:ss[.fraction]] */
static bool
clock_of(hk_cur *cur, int64_t *ret_ms)
{
	int h, m, s = 0, ms = 0, scale = 100, digit;

	if (!digits(cur, 2, &h) || !eat(cur, ':') || !digits(cur, 2, &m)) {
		return false;
	}
	if (eat(cur, ':')) {
		if (!digits(cur, 2, &s)) {
			return false;
		}
		if (eat(cur, '.')) {
			if (!digits(cur, 1, &digit)) {
				return false;
			}
			do {
				ms += digit * scale;
				scale /= 10;
			} while (digits(cur, 1, &digit));
		}
	}
	if (h > 23 || m > 59 || s > 60) {
		return false;
	}
	*ret_ms = ((h * 60 + m) * 60 + s) * INT64_C(1000) + ms;
	return true;
}

/* Z, +hh:mm, -hh:mm, or nothing: UTC. */
static bool
zone_of(hk_cur *cur, int64_t *ret_ms)
{
	int h, m;

	*ret_ms = 0;
	if (hk_cur_empty(cur) || eat(cur, 'Z') || eat(cur, 'z')) {
		return true;
	}
	bool west = eat(cur, '-');
	if ((!west && !eat(cur, '+')) || !digits(cur, 2, &h) || !eat(cur, ':') ||
		!digits(cur, 2, &m) || h > 23 || m > 59) {
		return false;
	}
	*ret_ms = (h * 60 + m) * INT64_C(60000) * (west ? -1 : 1);
	return true;
}

bool
hk_feed_when(hk_span text, int64_t *ret_ms)
{
	hk_cur cur = hk_cur_of(text);
	int64_t days, ms = 0, zone = 0;
	uint64_t number;

	if (text.len >= 9 && text.len <= 13 && hk_parse_u64(text, INT64_MAX, &number) == HK_OK) {
		*ret_ms = (int64_t)number * (text.len <= 11 ? 1000 : 1);
		return number > 0;
	}
	if (!date_of(&cur, &days)) {
		return false;
	}
	if (!hk_cur_empty(&cur)) {
		if (!(eat(&cur, 'T') || eat(&cur, 't') || eat(&cur, ' ')) || !clock_of(&cur, &ms)) {
			return false;
		}
		(void)eat(&cur, ' '); /* "2026-07-31 20:24:50 +09:00" */
		if (!zone_of(&cur, &zone) || !hk_cur_empty(&cur)) {
			return false;
		}
	}
	int64_t at = days * INT64_C(86400000) + ms - zone;
	if (at < 0) {
		return false;
	}
	*ret_ms = at;
	return true;
}
