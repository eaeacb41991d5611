/* source/ct/anchor: the tree of the first `at` entries of a log, proven to be the beginning of a signed head, without reading
 * those entries. Layer: source/ct. No I/O: it says which URL to fetch next and takes the answer. Input is hostile.
 *
 * For three things: to begin at the end (at = head's size), to begin at an index (at < size), and to check that a smaller,
 * older head tells the same story as ours (at = its size, its root is given).
 *
 * Static log: the level tiles on the way from entry `at` to the root and those at the right edge of the head; at most 11.
 * RFC 6962: get-entry-and-proof for entry at-1 in the tree of `at` (its audit path is the compact range), or get-entries and
 * get-proof-by-hash where a log does not have that; then get-sth-consistency from `at` to the head. */
#ifndef HK_SOURCE_CT_ANCHOR_H
#define HK_SOURCE_CT_ANCHOR_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"
#include "sys/merkle.h"

typedef struct hk_anchor hk_anchor;

/* A head as far as the arithmetic is concerned. */
typedef struct hk_anchor_head {
	uint64_t size;
	uint8_t root[32];
} hk_anchor_head;

/* hk_anchor_new_tiles(base, at, head, old_root), hk_anchor_new_rfc(base, at, head, old_root): base is the monitoring prefix
 * (of the log's URL) with its final slash, copied. 1 <= at <= head->size. old_root: NULL, or the root that the tree of the
 * first `at` entries must have. */
hk_anchor *hk_anchor_new_tiles(
	const char *base, uint64_t at, const hk_anchor_head *head, const uint8_t *old_root);
hk_anchor *hk_anchor_new_rfc(
	const char *base, uint64_t at, const hk_anchor_head *head, const uint8_t *old_root);
void hk_anchor_free(hk_anchor *anchor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_anchor, hk_anchor_free)

/* hk_anchor_url(anchor): what to fetch next, borrowed; NULL when there is nothing left to fetch. */
const char *hk_anchor_url(const hk_anchor *anchor);

/* hk_anchor_missing(anchor): the answer was 400 or 404. True when there is another way (the URL is then that one's). */
bool hk_anchor_missing(hk_anchor *anchor);

/* hk_anchor_answer(anchor, body, error): the body, unpacked, that came for the URL. HK_EFORM: not what was asked for, try
 * again. HK_EINCONSISTENT: it does not lead to the signed root. */
bool hk_anchor_answer(hk_anchor *anchor, hk_span body, GError **error);

/* hk_anchor_range(anchor, ret): once there is nothing left to fetch: the compact range of the first `at` entries. An anchor
 * with old_root on an RFC 6962 log has proven the root but has no range: false. */
bool hk_anchor_range(const hk_anchor *anchor, hk_range *ret);

#endif
