#include "parse/der.h"

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar: years counted from March, so that the leap day is the
 * last of its year, in eras of 400 years. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
        year -= month <= 2;
        int64_t era = (year >= 0 ? year : year - 399) / 400;
        int64_t year_of_era = year - era * 400;
        int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int64_t
month_days(int64_t year, int64_t month)
{
        static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return days[month - 1] + (month == 2 && leap);
}

hk_err
hk_der_time(const hk_der *time, int64_t *ret)
{
        size_t year_digits = time->tag == HK_DER_UTC_TIME ? 2 : 4;
        const uint8_t *at = time->content.data;
        int64_t field[6] = {0}; /* year, month, day, hour, minute, second */

        if ((time->tag != HK_DER_UTC_TIME && time->tag != HK_DER_GENERALIZED_TIME) ||
                time->content.len != year_digits + 11 || at[year_digits + 10] != 'Z') {
                return HK_EFORM;
        }
        for (size_t i = 0; i < year_digits + 10; i++) {
                size_t which = i < year_digits ? 0 : 1 + (i - year_digits) / 2;
                if (at[i] < '0' || at[i] > '9') {
                        return HK_EFORM;
                }
                field[which] = field[which] * 10 + (at[i] - '0');
        }
        if (year_digits == 2) {
                field[0] += field[0] >= 50 ? 1900 : 2000;
        }
        if (field[1] < 1 || field[1] > 12 || field[2] < 1 || field[2] > month_days(field[0], field[1]) || field[3] > 23 ||
                field[4] > 59 || field[5] > 59) {
                return HK_ERANGE;
        }
        *ret = ((days_of(field[0], field[1], field[2]) * 24 + field[3]) * 60 + field[4]) * 60 + field[5];
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
