/* source/feed/look_int: what the looks share. Layer: stage; used by source/feed/look*.c only. */
#ifndef HK_SOURCE_FEED_LOOK_INT_H
#define HK_SOURCE_FEED_LOOK_INT_H

#include "source/feed/look.h"
#include "sys/json.h"

typedef struct hk_look {
	const hk_feed_config *config;
	hk_feed_net *net;
	int64_t now_ms;
	const hk_feed_out *out;
	hk_feed_tally *tally;
	GPtrArray *leads; /* hk_feed_lead that are not written yet */
	hk_json_doc *doc; /* the position */
	hk_json was; /* its object; what is asked of it is "not there" when the feed's file has changed */
	bool known; /* was holds */
} hk_look;

/* hk_look_was(look, key): a string of the position; NULL. */
const char *hk_look_was(const hk_look *look, const char *key);

/* hk_look_position(look): the beginning of a new position: {"config":"..." without the closing bracket. Caller frees. */
GString *hk_look_position(const hk_look *look);

/* hk_look_member(out, key, text): a string, unless it is NULL. */
void hk_look_member(GString *out, const char *key, const char *text);

/* hk_look_read(look, body, error): reads body by the feed's format; full chunks are written. */
bool hk_look_read(hk_look *look, hk_span body, GError **error);

/* hk_look_write(look, position, error): writes what is left, with the position (NULL: none). */
bool hk_look_write(hk_look *look, const char *position, GError **error);

/* hk_look_file(look, path, error): the file, at most max-bytes, unpacked if it is gzip. Caller unrefs. */
GBytes *hk_look_file(hk_look *look, const char *path, GError **error);

/* By format: */
bool hk_look_misp(hk_look *look, GError **error);
bool hk_look_taxii(hk_look *look, GError **error);

#endif
