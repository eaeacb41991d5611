/* sys/clock: what time it is; tests can replace it. Layer: sys. */
#ifndef HK_SYS_CLOCK_H
#define HK_SYS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* hk_clock_wall_ms(): milliseconds since 1970-01-01 00:00 UTC. May jump when the machine's clock is
 * set. */
int64_t hk_clock_wall_ms(void);

/* hk_clock_mono_ms(), hk_clock_mono_us(): time since some moment in the past; never jumps. For
 * intervals. */
int64_t hk_clock_mono_ms(void);
int64_t hk_clock_mono_us(void);

/* hk_clock_freeze(wall_ms): from now on the clocks stand still: the wall clock at wall_ms, the
 * monotonic one at 0. For tests; hk_clock_advance(ms) moves both; hk_clock_thaw() brings the real
 * ones back. Not thread-safe. */
void hk_clock_freeze(int64_t wall_ms);
void hk_clock_advance(int64_t ms);
void hk_clock_thaw(void);

/* The bytes that hk_clock_format writes, with the NUL. */
enum { HK_CLOCK_TEXT_SIZE = 32 };

/* hk_clock_format(wall_ms, ret): "2026-11-24T02:07:54.123Z" (RFC 3339) into
 * ret[HK_CLOCK_TEXT_SIZE]. A time outside the years 0 to 9999 is written as "invalid-time". Returns
 * ret. */
const char *hk_clock_format(int64_t wall_ms, char *ret);

#endif
