#include "cttree.h"

#include <glib.h>
#include <openssl/evp.h>

#include "base/err.h"

enum { LEVELS = 48 };

struct rg_tree {
	EVP_MD *md;                /* fetched once: a fetch costs as much as a leaf */
	EVP_MD_CTX *ctx;           /* reused; the range is one thread */
	GByteArray *level[LEVELS]; /* level[k]: hashes of the complete subtrees of 2^k leaves */
};

rg_tree *
rg_tree_new(void)
{
	rg_tree *tree = g_new0(rg_tree, 1);

	tree->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	tree->ctx = EVP_MD_CTX_new();
	for (unsigned k = 0; k < LEVELS; k++) {
		tree->level[k] = g_byte_array_new();
	}
	return tree;
}

void
rg_tree_free(rg_tree *tree)
{
	if (!tree) {
		return;
	}
	EVP_MD_free(tree->md);
	EVP_MD_CTX_free(tree->ctx);
	for (unsigned k = 0; k < LEVELS; k++) {
		g_byte_array_unref(tree->level[k]);
	}
	g_free(tree);
}

static void
hash(const rg_tree *tree, uint8_t first, hk_span a, hk_span b, uint8_t *ret)
{
	if (EVP_DigestInit_ex2(tree->ctx, tree->md, NULL) != 1 ||
		EVP_DigestUpdate(tree->ctx, &first, 1) != 1 ||
		(a.len > 0 && EVP_DigestUpdate(tree->ctx, a.data, a.len) != 1) ||
		(b.len > 0 && EVP_DigestUpdate(tree->ctx, b.data, b.len) != 1) ||
		EVP_DigestFinal_ex(tree->ctx, ret, NULL) != 1) {
		HK_BUG("SHA-256 failed");
	}
}

void
rg_tree_leaf_hash(const rg_tree *tree, hk_span prefix, hk_span data, uint8_t *ret)
{
	hash(tree, 0, prefix, data, ret);
}

static void
parent(const rg_tree *tree, const uint8_t *left, const uint8_t *right, uint8_t *ret)
{
	hash(tree, 1, hk_span_of(left, RG_HASH_SIZE), hk_span_of(right, RG_HASH_SIZE), ret);
}

static const uint8_t *
stored(const rg_tree *tree, unsigned level, uint64_t index)
{
	if ((index + 1) * RG_HASH_SIZE > tree->level[level]->len) {
		HK_BUG("a subtree that is not complete was asked for");
	}
	return tree->level[level]->data + index * RG_HASH_SIZE;
}

uint64_t
rg_tree_size(const rg_tree *tree)
{
	return tree->level[0]->len / RG_HASH_SIZE;
}

void
rg_tree_append(rg_tree *tree, const uint8_t *leaf_hash)
{
	uint8_t up[RG_HASH_SIZE];

	g_byte_array_append(tree->level[0], leaf_hash, RG_HASH_SIZE);
	for (unsigned k = 0; k + 1 < LEVELS; k++) {
		uint64_t count = tree->level[k]->len / RG_HASH_SIZE;
		if (count % 2 != 0) {
			return;
		}
		parent(tree, stored(tree, k, count - 2), stored(tree, k, count - 1), up);
		g_byte_array_append(tree->level[k + 1], up, RG_HASH_SIZE);
	}
}

void
rg_tree_node(const rg_tree *tree, const rg_fork *fork, unsigned level, uint64_t index, uint8_t *ret)
{
	uint8_t left[RG_HASH_SIZE];
	uint8_t right[RG_HASH_SIZE];

	if (!fork || fork->index >> level != index) {
		memcpy(ret, stored(tree, level, index), RG_HASH_SIZE);
		return;
	}
	if (level == 0) {
		memcpy(ret, fork->hash, RG_HASH_SIZE);
		return;
	}
	rg_tree_node(tree, fork, level - 1, index * 2, left);
	rg_tree_node(tree, fork, level - 1, index * 2 + 1, right);
	parent(tree, left, right, ret);
}

/* The largest power of two below n, n >= 2, as an exponent. */
static unsigned
split(uint64_t n)
{
	unsigned k = 0;

	while ((uint64_t)2 << k < n) {
		k++;
	}
	return k;
}

/* MTH of the n leaves from start on; start is a multiple of a power of two that is at least n. */
static void
range_hash(const rg_tree *tree, const rg_fork *fork, uint64_t start, uint64_t n, uint8_t *ret)
{
	uint8_t left[RG_HASH_SIZE];
	uint8_t right[RG_HASH_SIZE];

	if ((n & (n - 1)) == 0) {
		unsigned level = n == 1 ? 0 : split(n) + 1;
		rg_tree_node(tree, fork, level, start >> level, ret);
		return;
	}
	uint64_t half = (uint64_t)1 << split(n);
	range_hash(tree, fork, start, half, left);
	range_hash(tree, fork, start + half, n - half, right);
	parent(tree, left, right, ret);
}

void
rg_tree_root(const rg_tree *tree, const rg_fork *fork, uint64_t size, uint8_t *ret)
{
	if (size == 0) {
		if (EVP_Digest("", 0, ret, NULL, tree->md, NULL) != 1) {
			HK_BUG("SHA-256 failed");
		}
		return;
	}
	range_hash(tree, fork, 0, size, ret);
}

size_t
rg_tree_inclusion(const rg_tree *tree, const rg_fork *fork, uint64_t index, uint64_t size,
	uint8_t ret[][RG_HASH_SIZE])
{
	uint64_t start = 0;
	uint8_t down[RG_PROOF_MAX][RG_HASH_SIZE];
	size_t count = 0;

	/* PATH(m, D[n]) of section 2.1.1, from the root down; turned round at the end. */
	while (size > 1) {
		uint64_t half = (uint64_t)1 << split(size);
		if (index - start < half) {
			range_hash(tree, fork, start + half, size - half, down[count++]);
			size = half;
		} else {
			range_hash(tree, fork, start, half, down[count++]);
			start += half;
			size -= half;
		}
	}
	for (size_t i = 0; i < count; i++) {
		memcpy(ret[i], down[count - 1 - i], RG_HASH_SIZE);
	}
	return count;
}

/* SUBPROOF(m, D[start:start+n], whole) of section 2.1.2. */
static size_t
subproof(const rg_tree *tree, const rg_fork *fork, uint64_t m, uint64_t start, uint64_t n,
	bool whole, uint8_t ret[][RG_HASH_SIZE])
{
	if (m == n) {
		if (!whole) {
			range_hash(tree, fork, start, n, ret[0]);
		}
		return whole ? 0 : 1;
	}
	uint64_t half = (uint64_t)1 << split(n);
	size_t count;
	if (m <= half) {
		count = subproof(tree, fork, m, start, half, whole, ret);
		range_hash(tree, fork, start + half, n - half, ret[count]);
	} else {
		count = subproof(tree, fork, m - half, start + half, n - half, false, ret);
		range_hash(tree, fork, start, half, ret[count]);
	}
	return count + 1;
}

size_t
rg_tree_consistency(const rg_tree *tree, const rg_fork *fork, uint64_t first, uint64_t second,
	uint8_t ret[][RG_HASH_SIZE])
{
	return subproof(tree, fork, first, 0, second, true, ret);
}

bool
rg_tree_find(const rg_tree *tree, const uint8_t *leaf_hash, uint64_t size, uint64_t *ret)
{
	for (uint64_t i = 0; i < size; i++) {
		if (memcmp(stored(tree, 0, i), leaf_hash, RG_HASH_SIZE) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}
