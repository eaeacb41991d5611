/* range/cttree: a whole Merkle tree (RFC 6962, section 2.1) in memory. Part of librange. Input is
 * ours.
 *
 * Every hash of every complete subtree is kept (64 bytes per leaf), so that tiles, roots of any
 * earlier size and proofs are look-ups. Written apart from sys/merkle on purpose: the range is what
 * the follower is tested against. */
#ifndef RG_CTTREE_H
#define RG_CTTREE_H

#include "base/err.h"
#include "base/span.h"

enum { RG_HASH_SIZE = 32, RG_PROOF_MAX = 65 };

typedef struct rg_tree rg_tree;

void rg_tree_free(rg_tree *tree);
rg_tree *rg_tree_new(void) HK_FREED_BY(rg_tree_free);

/* A second truth: the same tree with one leaf replaced. NULL stands for the tree as it is. */
typedef struct rg_fork {
	uint64_t index;
	uint8_t hash[RG_HASH_SIZE];
} rg_fork;

/* rg_tree_leaf_hash(tree, prefix, data, ret): SHA-256(00 || prefix || data). */
void rg_tree_leaf_hash(const rg_tree *tree, hk_span prefix, hk_span data, uint8_t *ret);

/* rg_tree_append(tree, leaf_hash): one more leaf. */
void rg_tree_append(rg_tree *tree, const uint8_t *leaf_hash);

uint64_t rg_tree_size(const rg_tree *tree);

/* rg_tree_node(tree, fork, level, index, ret): hash of the complete subtree of 2^level leaves that
 * begins at leaf index * 2^level. It must be complete. */
void rg_tree_node(
	const rg_tree *tree, const rg_fork *fork, unsigned level, uint64_t index, uint8_t *ret);

/* rg_tree_root(tree, fork, size, ret): root of the first size leaves; SHA-256("") for 0. */
void rg_tree_root(const rg_tree *tree, const rg_fork *fork, uint64_t size, uint8_t *ret);

/* rg_tree_inclusion(tree, fork, index, size, ret): audit path of leaf index < size, leaf side
 * first. Returns its length. rg_tree_consistency(tree, fork, first, second, ret): proof for 0 <
 * first <= second <= size. ret holds RG_PROOF_MAX. */
size_t rg_tree_inclusion(const rg_tree *tree, const rg_fork *fork, uint64_t index, uint64_t size,
	uint8_t ret[][RG_HASH_SIZE]);
size_t rg_tree_consistency(const rg_tree *tree, const rg_fork *fork, uint64_t first,
	uint64_t second, uint8_t ret[][RG_HASH_SIZE]);

/* rg_tree_find(tree, leaf_hash, size, ret): the first leaf below size with that hash; false: none.
 * Walks all. */
bool rg_tree_find(const rg_tree *tree, const uint8_t *leaf_hash, uint64_t size, uint64_t *ret);

#endif
