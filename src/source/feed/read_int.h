/* source/feed/read_int: what the readers share. Layer: stage; used by source/feed/read_*.c only. Input is hostile. */
#ifndef HK_SOURCE_FEED_READ_INT_H
#define HK_SOURCE_FEED_READ_INT_H

#include "source/feed/read.h"
#include "sys/json.h"

enum { HK_FEED_PLACE_SIZE = 160 };

/* hk_feed_body(body, ret, error): body without a byte order mark; HK_EFORM when it begins as a web page does. */
bool hk_feed_body(hk_span body, hk_span *ret, GError **error);

/* hk_feed_line(body, pos, ret): the next line, without its end (LF, CR LF), from *pos; false at the end. */
bool hk_feed_line(hk_span body, size_t *pos, hk_span *ret);

/* hk_feed_plain(text): UTF-8 without control characters (TAB is one). */
bool hk_feed_plain(hk_span text);

/* hk_feed_tag(item, tag): adds a tag, borrowed, unless there are too many; a tag "tlp:..." also sets the TLP, the stricter one
 * of two. */
void hk_feed_tag(hk_feed_item *item, const char *tag);

/* hk_feed_tlp(item, tlp): static storage; the stricter one stays. */
void hk_feed_tlp(hk_feed_item *item, const char *tlp);

/* hk_feed_is_ip(text): an IPv4 or IPv6 address. */
bool hk_feed_is_ip(const char *text);

/* hk_feed_confidence(text): 0..100, else -1. */
int hk_feed_confidence(const char *text);

/* hk_feed_str(obj, key): a string member, or NULL. */
const char *hk_feed_str(const hk_json *obj, const char *key);

#endif
