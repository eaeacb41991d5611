/* source/feed/when: the times that feeds write. Layer: stage. Input is hostile. Pure. */
#ifndef HK_SOURCE_FEED_WHEN_H
#define HK_SOURCE_FEED_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* hk_feed_when(text, ret_ms): milliseconds since 1970 of one of
 *     2026-07-31T20:24:50.123Z  2026-07-31T20:24:50+09:00     RFC 3339; any number of digits of a second
 *     2026-07-31 20:24:50  2026-07-31 20:24  2026-07-31       UTC; also with / between, and with T
 *     1785529490  1785529490123                               Unix seconds (9 to 11 digits), milliseconds (12 and 13)
 * False for anything else, for days that do not exist, and for years outside 1970 to 9999. A leap second counts as the next
 * second. */
bool hk_feed_when(hk_span text, int64_t *ret_ms);

#endif
