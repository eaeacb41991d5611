#include "parse/der.h"

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar, years 0..9999: years counted from March, so that the
 * leap day is the last of its year, in eras of 400 years, one of them added so that year 0 stays positive. In 32 bits, because
 * every certificate comes by here twice. */
static int64_t
days_of(uint32_t year, uint32_t month, uint32_t day)
{
	uint32_t from_march = year + 400 - (month <= 2);
	uint32_t era = from_march / 400;
	uint32_t year_of_era = from_march - era * 400;
	uint32_t day_of_year = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;

	return (int64_t)(era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
			 day_of_year) -
	       719468 - 146097;
}

static uint32_t
month_days(uint32_t year, uint32_t month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

hk_err
hk_der_length_(const uint8_t *at, size_t left, size_t *ret_head, size_t *ret_len, bool *lax)
{
	size_t octets = at[1] & 0x7F;
	hk_cur cur = hk_cur_of(hk_span_of(at + 2, left - 2));
	uint64_t value;

	/* 0x80 is the indefinite form, 0xFF reserved (section 8.1.3.5). */
	if (octets == 0 || octets > 8) {
		return HK_EFORM;
	}
	HK_TRY(hk_cur_uint(&cur, octets, &value));
	if (value < 0x80 || value >> (8 * (octets - 1)) == 0) {
		*lax = true;
	}
	/* On a machine of 32 bits a greater length must not wrap. */
	*ret_len = value > SIZE_MAX ? SIZE_MAX : (size_t)value;
	*ret_head = 2 + octets;
	return HK_OK;
}

hk_err
hk_der_bool(hk_span content, bool *ret, bool *lax)
{
	if (content.len != 1) {
		return HK_EFORM;
	}
	uint8_t octet = content.data[0];
	if (octet != 0x00 && octet != 0xFF) {
		*lax = true;
	}
	*ret = octet != 0;
	return HK_OK;
}

hk_err
hk_der_uint(hk_span content, uint64_t *ret, bool *lax)
{
	uint64_t value = 0;

	if (content.len == 0) {
		return HK_EFORM;
	}
	if (content.data[0] & 0x80) {
		return HK_ERANGE;
	}
	for (size_t i = 0; i < content.len; i++) {
		if (value >> 55 != 0) {
			return HK_ERANGE;
		}
		value = value << 8 | content.data[i];
	}
	if (content.len > 1 && content.data[0] == 0 && !(content.data[1] & 0x80)) {
		*lax = true;
	}
	*ret = value;
	return HK_OK;
}

hk_err
hk_der_bits(hk_span content, hk_span *ret, uint8_t *ret_unused, bool *lax)
{
	if (content.len == 0 || content.data[0] > 7 || (content.len == 1 && content.data[0] > 0)) {
		return HK_EFORM;
	}
	uint8_t unused = content.data[0];
	if (content.data[content.len - 1] & ((1u << unused) - 1) && content.len > 1) {
		*lax = true;
	}
	*ret = hk_span_of(content.data + 1, content.len - 1);
	*ret_unused = unused;
	return HK_OK;
}

static inline bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Two digits at at, or a value over 99. */
static inline unsigned
two(const uint8_t *at)
{
	unsigned tens = (unsigned)at[0] - '0';
	unsigned ones = (unsigned)at[1] - '0';

	return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones;
}

/* What may follow the minutes beside "SSZ": no seconds, a fraction of them, an offset. Sets the seconds, and the minutes that
 * local time is ahead of UTC. */
static hk_err
lax_tail(bool is_utc_time, hk_span tail, unsigned *ret_second, int64_t *ret_ahead)
{
	hk_cur cur = hk_cur_of(tail);
	unsigned second = 0;
	int64_t ahead = 0;

	if (hk_cur_left(&cur) >= 2 && two(cur.at) < 100) {
		second = two(cur.at);
		cur.at += 2;
		if (!is_utc_time && hk_cur_left(&cur) >= 2 && cur.at[0] == '.' &&
			is_digit(cur.at[1])) {
			for (cur.at++; !hk_cur_empty(&cur) && is_digit(*cur.at);) {
				cur.at++;
			}
		}
	}
	if (hk_cur_left(&cur) == 5 && (*cur.at == '+' || *cur.at == '-')) {
		unsigned hours = two(cur.at + 1);
		unsigned minutes = two(cur.at + 3);
		if (hours > 99 || minutes > 99) {
			return HK_EFORM;
		}
		if (hours > 12 || minutes > 59) {
			return HK_ERANGE; /* the limit of OpenSSL; zones beyond are three islands without a CA */
		}
		ahead = (*cur.at == '+' ? 1 : -1) * (int64_t)(hours * 60 + minutes);
	} else if (hk_cur_left(&cur) != 1 || *cur.at != 'Z') {
		return HK_EFORM;
	}
	*ret_second = second;
	*ret_ahead = ahead;
	return HK_OK;
}

hk_err
hk_der_time(const hk_der *time, int64_t *ret, bool *lax)
{
	bool is_utc_time = time->tag == HK_DER_UTC_TIME;
	size_t year_len = is_utc_time ? 2 : 4;
	const uint8_t *at = time->content.data;
	size_t len = time->content.len;
	int64_t ahead = 0;
	uint32_t year;
	unsigned second;

	if ((!is_utc_time && time->tag != HK_DER_GENERALIZED_TIME) || len < year_len + 9) {
		return HK_EFORM;
	}
	if (is_utc_time) {
		unsigned short_year = two(at);
		year = short_year + (short_year >= 50 ? 1900 : 2000);
		year = short_year > 99 ? 10000 : year;
	} else {
		unsigned century = two(at);
		unsigned short_year = two(at + 2);
		year = century > 99 || short_year > 99 ? 10000 : century * 100 + short_year;
	}
	at += year_len;
	unsigned month = two(at);
	unsigned day = two(at + 2);
	unsigned hour = two(at + 4);
	unsigned minute = two(at + 6);
	if (year > 9999 || month > 99 || day > 99 || hour > 99 || minute > 99) {
		return HK_EFORM;
	}
	if (len == year_len + 11 && at[10] == 'Z' && two(at + 8) < 100) {
		second = two(at + 8);
	} else {
		HK_TRY(lax_tail(
			is_utc_time, hk_span_of(at + 8, len - year_len - 8), &second, &ahead));
		*lax = true;
	}
	if (month < 1 || month > 12 || day < 1 || (day > 28 && day > month_days(year, month)) ||
		hour > 23 || minute > 59 || second > 59) {
		return HK_ERANGE;
	}
	*ret = ((days_of(year, month, day) * 24 + hour) * 60 + minute - ahead) * 60 + second;
	return HK_OK;
}

size_t
hk_der_header(uint8_t tag, size_t len, uint8_t *ret)
{
	size_t octets = 0;

	ret[0] = tag;
	if (len < 0x80) {
		ret[1] = (uint8_t)len;
		return 2;
	}
	for (size_t rest = len; rest > 0; rest >>= 8) {
		octets++;
	}
	ret[1] = (uint8_t)(0x80 | octets);
	for (size_t i = 0; i < octets; i++) {
		ret[2 + i] = (uint8_t)(len >> (8 * (octets - 1 - i)));
	}
	return 2 + octets;
}
