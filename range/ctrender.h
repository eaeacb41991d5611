/* range/ctrender: what a log's readers get, as bytes. Part of librange: no HTTP here. Input is
 * ours.
 *
 * All functions return new bytes (caller unrefs) and look only at what is published. The formats
 * are those of static-ct-api v1 and RFC 6962, section 4. */
#ifndef RG_CTRENDER_H
#define RG_CTRENDER_H

#include "base/err.h"
#include "ctlog.h"

/* A lie about one entry. */
typedef struct rg_twist {
	enum { RG_TWIST_NONE, RG_TWIST_TIMESTAMP, RG_TWIST_LEAF_INDEX } kind;
	uint64_t index;
} rg_twist;

/* rg_render_tile(log, start, width, twist, ret_span): the raw data tile of width entries from entry
 * start on. Without a twist (NULL) inside it, nothing is copied: the span borrows from the log,
 * NULL is returned. */
GBytes *rg_render_tile(const rg_log *log, uint64_t start, unsigned width, const rg_twist *twist,
	hk_span *ret_span);

/* rg_render_gzip(bytes, level): one gzip member (RFC 1952); level 1..12. */
GBytes *rg_render_gzip(hk_span bytes, int level);

/* rg_render_hash_tile(log, fork, level, index, width): width hashes of tile level `level`. */
GBytes *rg_render_hash_tile(
	const rg_log *log, const rg_fork *fork, unsigned level, uint64_t index, unsigned width);

/* A run of get-entries' array: its members with commas between, and where each ends. */
typedef struct rg_page {
	GString *text;  /* {"leaf_input":"...","extra_data":"..."},{...} */
	uint64_t start; /* index of the first */
	GArray *ends;   /* size_t: where each member ends in text, without a comma */
} rg_page;

void rg_page_free(rg_page *page);
rg_page *rg_render_page(const rg_log *log, uint64_t start, uint64_t end, const rg_twist *twist)
	HK_FREED_BY(rg_page_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_page, rg_page_free)

/* What stands before and after members to make a body of them. */
#define RG_ENTRIES_OPEN  "{\"entries\":["
#define RG_ENTRIES_CLOSE "]}"

/* rg_page_slice(page, start, end): the text of members start..end-1 of the log. */
hk_span rg_page_slice(const rg_page *page, uint64_t start, uint64_t end);

/* rg_render_entries(log, start, end): a whole get-entries body. */
GBytes *rg_render_entries(const rg_log *log, uint64_t start, uint64_t end);

/* rg_render_entry_members(log, index, out): appends "leaf_input":"...","extra_data":"..." of one
 * entry. */
void rg_render_entry_members(const rg_log *log, uint64_t index, GString *out);

/* rg_render_checkpoint(log, head), rg_render_sth(head): the two forms of a head. */
GBytes *rg_render_checkpoint(const rg_log *log, const rg_head *head);
GBytes *rg_render_sth(const rg_head *head);

/* rg_render_roots(log): get-roots. rg_render_pem(log, index): entry's certificate (precertificate)
 * as PEM; rg_render_der: as DER. */
GBytes *rg_render_roots(const rg_log *log);
GBytes *rg_render_pem(const rg_log *log, uint64_t index);
GBytes *rg_render_der(const rg_log *log, uint64_t index);

/* rg_render_fork(log, index, ret): the fork in which entry index has another timestamp
 * (RG_TWIST_TIMESTAMP). */
void rg_render_fork(const rg_log *log, uint64_t index, rg_fork *ret);

#endif
