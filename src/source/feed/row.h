/* source/feed/row: a row of a table (CSV, JSON lines) as items. Layer: stage; used by source/feed/read_*.c only. Input is
 * hostile. */
#ifndef HK_SOURCE_FEED_ROW_H
#define HK_SOURCE_FEED_ROW_H

#include "source/feed/read.h"

/* The cells that the feed's file names, NUL-terminated; NULL: missing. Borrowed. url, host: several when the member is a
 * list. */
typedef struct hk_feed_row {
	const char *cell[HK_FEED_FIELDS];
	const char *place;
	const char *const *tags; /* when they are a list; else NULL and cell[HK_FEED_FIELD_TAGS] */
	size_t tag_count;
} hk_feed_row;

/* hk_feed_row_give(row, sink, error): the URL if there is one, else the host; none is HK_FEED_ODD_NO_VALUE. */
bool hk_feed_row_give(const hk_feed_row *row, const hk_feed_sink *sink, GError **error);

#endif
