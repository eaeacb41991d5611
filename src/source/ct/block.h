/* source/ct/block: from the bytes that a log serves to verified, matched entries. Layer: source/ct. Input is hostile.
 *
 * A block is one data tile or one get-entries answer: consecutive entries of a log. Reading it is one pass over the bytes
 * while they are in the cache: frame the entry, hash its leaf, read its certificate, put its names into the batch. Each time
 * the batch is full, and at the end, the batch goes to the caller's function, which scores it.
 *
 * One hk_ct_block is reused for all blocks of a process: it owns the batch's memory (about 5 MiB, of which only what is used
 * is ever touched), a decompressor and a hash context. Not thread-safe. */
#ifndef HK_SOURCE_CT_BLOCK_H
#define HK_SOURCE_CT_BLOCK_H

#include <glib.h>

#include "parse/batch.h"
#include "sys/merkle.h"

/* A decompressed tile or an answer of more bytes than this is refused (HK_ELIMIT): 256 entries of the largest certificate
 * that logs accept stay far below. */
#define HK_CT_BLOCK_MAX (256u << 20)

typedef struct hk_ct_block hk_ct_block;

hk_ct_block *hk_ct_block_new(void);
void hk_ct_block_free(hk_ct_block *block);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_ct_block, hk_ct_block_free)

/* hk_ct_block_plain(block, bytes, ret, error): bytes themselves, or, where they are gzip (hk_gz_looks), what they
 * decompress to, in the block's memory until the next call. HK_EFORM, HK_ETRUNC, HK_ECHECK, HK_ELIMIT. */
bool hk_ct_block_plain(hk_ct_block *block, hk_span bytes, hk_span *ret, GError **error);

/* Takes a batch; everything in it is valid during the call only. False stops the block with *error set. */
typedef bool (*hk_ct_batch_fn)(void *user, const hk_batch *batch, GError **error);

/* What to read, and what must hold. */
typedef struct hk_ct_want {
	uint64_t first; /* index of the block's first entry */
	size_t skip; /* entries at its start that are hashed into nothing and not handed out: a tile that was read in part */
	size_t count; /* entries wanted after skip; more in the block are ignored; fewer are HK_ETRUNC unless short_ok */
	bool short_ok; /* a get-entries answer may be short (RFC 6962, section 4.6) */
	bool index_must; /* static-ct: each entry must carry its own leaf_index (static-ct-api, "leaf_index") */
} hk_ct_want;

/* hk_ct_block_tile(block, tile, want, range, fn, user, ret_count, error): a data tile, gzip (recognised by its magic) or
 * raw. range, if not NULL, must have size want->first + want->skip; the leaf hashes of the wanted entries are appended to it.
 * *ret_count is the number of entries read. HK_ETRUNC, HK_EFORM, HK_ETRAIL: the framing is broken, the entry is named;
 * HK_ECHECK: a leaf_index that is not the position. On failure range is unchanged, though fn may have seen batches of the
 * block's first entries: what it made of them must be dropped. */
bool hk_ct_block_tile(hk_ct_block *block, hk_span tile, const hk_ct_want *want, hk_range *range,
	hk_ct_batch_fn fn, void *user, size_t *ret_count, GError **error);

/* hk_ct_block_entries(...): the same for the body of a get-entries answer, plain or gzip. The bytes of body are overwritten
 * (base64 is decoded in place). */
bool hk_ct_block_entries(hk_ct_block *block, uint8_t *body, size_t len, const hk_ct_want *want,
	hk_range *range, hk_ct_batch_fn fn, void *user, size_t *ret_count, GError **error);

/* hk_ct_block_cert(block, der, index, fn, user, error): one bare certificate, as from a file. */
bool hk_ct_block_cert(hk_ct_block *block, hk_span der, uint64_t index, hk_ct_batch_fn fn,
	void *user, GError **error);

#endif
