#include "sys/clock.h"

#include "tap.h"

int
main(void)
{
	char text[HK_CLOCK_TEXT_SIZE];
	int64_t mono = hk_clock_mono_us();

	ok(hk_clock_wall_ms() > INT64_C(1700000000000), "it is later than 2023");
	ok(hk_clock_mono_us() >= mono, "the monotonic clock does not run backwards");
	is_str(hk_clock_format(0, text), "1970-01-01T00:00:00.000Z", "the epoch");
	is_str(hk_clock_format(-1, text), "1969-12-31T23:59:59.999Z", "just before it");
	is_str(hk_clock_format(INT64_C(253402300799999), text), "9999-12-31T23:59:59.999Z",
		"the last year");
	is_str(hk_clock_format(INT64_C(253402300800000), text), "invalid-time",
		"after the last year");
	is_str(hk_clock_format(INT64_MAX, text), "invalid-time", "the largest number");
	is_str(hk_clock_format(INT64_MIN, text), "invalid-time", "the smallest number");
	hk_clock_freeze(1000);
	is_int(hk_clock_wall_ms(), 1000, "frozen");
	is_int(hk_clock_mono_ms(), 0, "the monotonic clock as well");
	hk_clock_advance(250);
	is_int(hk_clock_wall_ms(), 1250, "both advance");
	is_int(hk_clock_mono_us(), 250000, "by the same time");
	hk_clock_thaw();
	ok(hk_clock_wall_ms() > 2000, "and back");
	return tap_done();
}
