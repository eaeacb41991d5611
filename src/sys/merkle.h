/* sys/merkle: Merkle trees of RFC 6962 and RFC 9162, section 2.1. Layer: sys. Pure. Proofs and
 * tiles are hostile.
 *
 * hk_range is a compact range: the roots of the perfect subtrees that cover the first size leaves,
 * one for each set bit of size, largest (leftmost) first. With it a tree is followed leaf by leaf
 * in 64 hashes at most. */
#ifndef HK_SYS_MERKLE_H
#define HK_SYS_MERKLE_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"
#include "parse/cttile.h"

#define HK_RANGE_MAX 64
/* No proof is longer: one hash per level for inclusion, one more for consistency. */
#define HK_MERKLE_PROOF_MAX 65

typedef struct hk_range {
	uint64_t size;  /* leaves */
	uint32_t count; /* nodes: the set bits of size */
	uint8_t node[HK_RANGE_MAX][32];
} hk_range;

/* hk_range_init(range): of no leaves. */
void hk_range_init(hk_range *range);

/* hk_range_append(range, leaves, n): append n leaf hashes. Full, aligned tiles of 256 go the fast
 * way. The size must stay under 2^63 (HK_BUG). */
void hk_range_append(hk_range *range, const uint8_t (*leaves)[32], size_t n);

/* hk_range_append_node(range, level, hash): append the 2^level leaves of which hash is the root;
 * e.g. a hash of a level tile. HK_ERANGE unless size is a multiple of 2^level and level < 63. */
HK_MUST hk_err hk_range_append_node(hk_range *range, unsigned level, const uint8_t hash[32]);

/* hk_range_root(range, ret): the Merkle tree head; SHA256("") when there is no leaf. */
void hk_range_root(const hk_range *range, uint8_t ret[32]);

/* hk_range_load(size, nodes, count, ret): from nodes as stored (range->node, range->count), largest
 * first. HK_EFORM unless count is the number of set bits of size. Whether they are right only a
 * root tells. */
HK_MUST hk_err hk_range_load(
	uint64_t size, const uint8_t (*nodes)[32], size_t count, hk_range *ret);

/* hk_range_from_path(size, path, count, ret): the range of the first size leaves out of the audit
 * path of leaf `size` (the last one of a tree of size + 1): that path read backwards is the range.
 * HK_EFORM on a wrong count. Then append the leaf and compare the root. */
HK_MUST hk_err hk_range_from_path(
	uint64_t size, const uint8_t (*path)[32], size_t count, hk_range *ret);

/* hk_range_from_tiles(size, tiles, ret): from the partial tiles of hk_cttile_right_edge(size),
 * tiles[L] being the body of the one of level L (longer is fine; ignored when the level has none).
 * HK_ETRUNC, HK_EFORM, HK_ELIMIT of hk_cttile_view, HK_ERANGE for size over HK_CTTILE_SIZE_MAX.
 * Compare the root. */
HK_MUST hk_err hk_range_from_tiles(
	uint64_t size, const hk_span tiles[HK_CTTILE_LEVELS], hk_range *ret);

/* hk_merkle_tile_root(leaves, n, ret): the root over n (a power of two, 1..256) hashes: of a full
 * tile, the hash that the tile one level up holds. HK_BUG otherwise. */
void hk_merkle_tile_root(const uint8_t (*leaves)[32], size_t n, uint8_t ret[32]);

/* hk_merkle_check_inclusion(index, size, leaf, path, count, root): RFC 9162, 2.1.3.2. HK_ECHECK
 * when the path does not lead from leaf to root; HK_ERANGE when index >= size. */
HK_MUST hk_err hk_merkle_check_inclusion(uint64_t index, uint64_t size, const uint8_t leaf[32],
	const uint8_t (*path)[32], size_t count, const uint8_t root[32]);

/* hk_merkle_check_consistency(size1, root1, size2, root2, path, count): RFC 9162, 2.1.4.2; size1 =
 * 0 (root1 must then be SHA256("")) and size1 = size2 (roots equal) are consistent with an empty
 * path. HK_ECHECK when not consistent, HK_ERANGE when size1 > size2. */
HK_MUST hk_err hk_merkle_check_consistency(uint64_t size1, const uint8_t root1[32], uint64_t size2,
	const uint8_t root2[32], const uint8_t (*path)[32], size_t count);

#endif
