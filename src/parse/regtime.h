/* parse/regtime: the times that registries write. Layer: parse. Libc only. Input is hostile. */
#ifndef HK_PARSE_REGTIME_H
#define HK_PARSE_REGTIME_H

#include "base/err.h"
#include "base/span.h"

/* Longer texts are cut here. */
#define HK_REGTIME_TEXT_MAX 128

/* hk_regtime_read(text, zone_min, ret_ms): milliseconds since 1970, UTC, of
 *     2019-05-17T23:02:50.77Z  2019-05-17T23:02:50+0900  2019-05-17-T23:02:50Z   RFC 3339, and near misses
 *     2023/04/01 01:05:57 (JST)  2014.01.23  2007. 03. 02.  19970711 #46903      year first
 *     30.6.2006 00:00:00  06-04-2004  27/07/2000                                 day first (month first where it cannot be)
 *     16-Feb-2005 06:32:17 UTC  September  5 2000  Tue Feb 10 09:42:42 2004  30th April 2003 at 00:00:00.000   month in English
 * with or without a time of the day, which is 00:00 then. zone_min: minutes east of UTC where the text names no zone. Zones known by
 * name: Z UTC GMT JST KST HKT MSK CET CEST EET EEST WET WEST BST, and offsets. HK_EFORM for anything else, for days that
 * do not exist and for years outside 1970 to 9999. */
HK_MUST hk_err hk_regtime_read(hk_span text, int zone_min, int64_t *ret_ms);

#endif
