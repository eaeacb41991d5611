#include "base/num.h"

#include "tap.h"

static const struct {
	const char *text;
	uint64_t max;
	hk_err err;
	uint64_t value;
} rows[] = {
	{"0", 10, HK_OK, 0},
	{"10", 10, HK_OK, 10},
	{"11", 10, HK_ERANGE, 0},
	{"18446744073709551615", UINT64_MAX, HK_OK, UINT64_MAX},
	{"18446744073709551616", UINT64_MAX, HK_ERANGE, 0},
	{"99999999999999999999999", UINT64_MAX, HK_ERANGE, 0},
	{"", 10, HK_EFORM, 0},
	{"01", 10, HK_EFORM, 0},
	{"+1", 10, HK_EFORM, 0},
	{" 1", 10, HK_EFORM, 0},
	{"1 ", 10, HK_EFORM, 0},
	{"1a", 10, HK_EFORM, 0},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t value = 0;
		is_int(hk_parse_u64(hk_span_str(rows[i].text), rows[i].max, &value), rows[i].err,
			"'%s'", rows[i].text);
		ok(value == rows[i].value, "its value");
	}
	return tap_done();
}
