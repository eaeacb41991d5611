#include "sys/clock.h"

#include <stdio.h>
#include <time.h>

static struct {
	bool frozen;
	int64_t wall_ms;
	int64_t mono_ms;
} fake;

static int64_t
read_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
hk_clock_wall_ms(void)
{
	return fake.frozen ? fake.wall_ms : read_us(CLOCK_REALTIME) / 1000;
}

int64_t
hk_clock_mono_us(void)
{
	return fake.frozen ? fake.mono_ms * 1000 : read_us(CLOCK_MONOTONIC);
}

int64_t
hk_clock_mono_ms(void)
{
	return hk_clock_mono_us() / 1000;
}

void
hk_clock_freeze(int64_t wall_ms)
{
	fake.frozen = true;
	fake.wall_ms = wall_ms;
	fake.mono_ms = 0;
}

void
hk_clock_advance(int64_t ms)
{
	fake.wall_ms += ms;
	fake.mono_ms += ms;
}

void
hk_clock_thaw(void)
{
	fake.frozen = false;
}

const char *
hk_clock_format(int64_t wall_ms, char *ret)
{
	int64_t ms = wall_ms % 1000;
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	if (!gmtime_r(&seconds, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
		snprintf(ret, HK_CLOCK_TEXT_SIZE, "invalid-time");
		return ret;
	}
	snprintf(ret, HK_CLOCK_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		(unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
		(unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		(unsigned)tm.tm_sec % 100, (unsigned)ms % 1000);
	return ret;
}
