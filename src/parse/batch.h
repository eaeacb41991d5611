/* parse/batch: the certificates of one block of a log, ready to be matched. Layer: parse. Input is hostile.
 *
 * A batch holds up to entry_max entries and, in one text arena, every name of theirs, so that one pattern scan and one run
 * of the name model see them all. The memory is the caller's (hk_batch_init); nothing is allocated. All spans borrow from
 * the block's bytes, all names from the arena: both are valid until the next hk_batch_clear().
 *
 * Arena: "\n" name "\n" name "\n" ... : each name has a line feed before and after it, so a pattern can be anchored at
 * either end and never matches across two names. Names are mapped as base/name.h says. */
#ifndef HK_PARSE_BATCH_H
#define HK_PARSE_BATCH_H

#include "base/name.h"
#include "parse/ctleaf.h"
#include "parse/x509.h"

/* Of one certificate at most this many names are put into the arena; the certificate is then odd (too-many-names) and a
 * sighting of its own with its raw bytes, so nothing is lost silently. */
#define HK_BATCH_ENTRY_NAMES_MAX 10000

/* Arena bytes that any one entry can need at most. An arena must not be smaller. */
#define HK_BATCH_TEXT_MIN (HK_BATCH_ENTRY_NAMES_MAX * (HK_NAME_MAX + 1) + 1)

typedef struct hk_batch_entry {
	uint64_t index;      /* position in the log, 0-based; for a file: number within the run */
	hk_ctleaf leaf;      /* as framed; for a bare certificate only precert and cert are set */
	hk_x509 x509;        /* meaningful when err is HK_OK */
	hk_err err;          /* why the certificate could not be read, or HK_OK */
	uint32_t first_name; /* number of its first name within the batch */
	uint32_t name_count; /* dNSNames, or the subject CN where there is no dNSName */
} hk_batch_entry;

typedef struct hk_batch {
	hk_batch_entry *entries; /* caller's memory, entry_max of them */
	size_t entry_count;
	size_t entry_max;
	hk_name *names; /* caller's memory, name_max of them */
	size_t name_count;
	size_t name_max; /* at least HK_BATCH_ENTRY_NAMES_MAX */
	char *text;      /* caller's memory, text_max bytes */
	size_t text_len;
	size_t text_max; /* at least HK_BATCH_TEXT_MIN */
} hk_batch;

/* hk_batch_clear(batch): forget all entries; the memory stays. Also readies a batch whose pointers and maxima were set. */
void hk_batch_clear(hk_batch *batch);

/* hk_batch_add(batch, index, leaf): read the certificate of leaf and append it with its names. A certificate that cannot
 * be read is appended too, with err set and no names. HK_ENOMEM when the batch is full: nothing was appended; use it,
 * clear it and come again (an empty batch takes any entry). No other error. */
HK_MUST hk_err hk_batch_add(hk_batch *batch, uint64_t index, const hk_ctleaf *leaf);

/* hk_batch_is_odd(entry): whether the entry is surfaced as a sighting of kind "malformed": its certificate could not be
 * read, a part of its frame is odd (hk_ctleaf.odd), or one of its oddities has the severity "malformed" in parse/odd.def. */
bool hk_batch_is_odd(const hk_batch_entry *entry);

#endif
