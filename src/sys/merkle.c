#include "sys/merkle.h"

#include "sys/hash.h"

void
hk_range_init(hk_range *range)
{
	range->size = 0;
	range->count = 0;
}

/* Put the root of a perfect subtree of 2^level leaves behind the others and merge what is now
 * complete: the nodes of trailing one bits of size, from level on. */
static void
push(hk_range *range, unsigned level, const uint8_t hash[32])
{
	uint64_t bit = UINT64_C(1) << level;
	uint32_t count = range->count;
	uint8_t node[32];

	if (range->size >= (UINT64_C(1) << 63) - bit) {
		HK_BUG("a tree of 2^63 leaves");
	}
	memcpy(node, hash, sizeof node);
	for (uint64_t carry = bit; range->size & carry; carry <<= 1) {
		hk_sha256_node(range->node[--count], node, node);
	}
	memcpy(range->node[count], node, sizeof node);
	range->count = count + 1;
	range->size += bit;
}

void
hk_merkle_tile_root(const uint8_t (*leaves)[32], size_t n, uint8_t ret[32])
{
	uint8_t row[HK_CTTILE_WIDTH / 2][32];

	if (n == 0 || n > HK_CTTILE_WIDTH || (n & (n - 1)) != 0) {
		HK_BUG("a tile root over a number that is no power of two");
	}
	if (n == 1) {
		memcpy(ret, leaves[0], 32);
		return;
	}
	for (size_t i = 0; i < n / 2; i++) {
		hk_sha256_node(leaves[2 * i], leaves[2 * i + 1], row[i]);
	}
	for (size_t width = n / 2; width > 1; width /= 2) {
		for (size_t i = 0; i < width / 2; i++) {
			hk_sha256_node(row[2 * i], row[2 * i + 1], row[i]);
		}
	}
	memcpy(ret, row[0], 32);
}

void
hk_range_append(hk_range *range, const uint8_t (*leaves)[32], size_t n)
{
	while (n > 0) {
		if (range->size % HK_CTTILE_WIDTH == 0 && n >= HK_CTTILE_WIDTH) {
			uint8_t root[32];
			hk_merkle_tile_root(leaves, HK_CTTILE_WIDTH, root);
			push(range, 8, root);
			leaves += HK_CTTILE_WIDTH;
			n -= HK_CTTILE_WIDTH;
			continue;
		}
		push(range, 0, *leaves);
		leaves++;
		n--;
	}
}

hk_err
hk_range_append_node(hk_range *range, unsigned level, const uint8_t hash[32])
{
	if (level >= 63 || range->size % (UINT64_C(1) << level) != 0 ||
		range->size >= (UINT64_C(1) << 63) - (UINT64_C(1) << level)) {
		return HK_ERANGE;
	}
	push(range, level, hash);
	return HK_OK;
}

void
hk_range_root(const hk_range *range, uint8_t ret[32])
{
	uint8_t root[32];

	if (range->count == 0) {
		hk_sha256((hk_span){0}, ret);
		return;
	}
	/* The right edge: each node is the left sibling of all that stands behind it. */
	memcpy(root, range->node[range->count - 1], sizeof root);
	for (uint32_t i = range->count - 1; i > 0; i--) {
		hk_sha256_node(range->node[i - 1], root, root);
	}
	memcpy(ret, root, sizeof root);
}

hk_err
hk_range_load(uint64_t size, const uint8_t (*nodes)[32], size_t count, hk_range *ret)
{
	if (size >= UINT64_C(1) << 63 || count != (size_t)__builtin_popcountll(size)) {
		return HK_EFORM;
	}
	ret->size = size;
	ret->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		memcpy(ret->node[i], nodes[i], 32);
	}
	return HK_OK;
}

hk_err
hk_range_from_path(uint64_t size, const uint8_t (*path)[32], size_t count, hk_range *ret)
{
	if (size >= UINT64_C(1) << 63 || count != (size_t)__builtin_popcountll(size)) {
		return HK_EFORM;
	}
	ret->size = size;
	ret->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		memcpy(ret->node[i], path[count - 1 - i], 32);
	}
	return HK_OK;
}

hk_err
hk_range_from_tiles(uint64_t size, const hk_span tiles[HK_CTTILE_LEVELS], hk_range *ret)
{
	hk_range range;

	if (size > HK_CTTILE_SIZE_MAX) {
		return HK_ERANGE;
	}
	hk_range_init(&range);
	for (unsigned level = HK_CTTILE_LEVELS; level-- > 0;) {
		uint32_t width = size >> (8 * level) & 255;
		const uint8_t(*hashes)[32];
		if (width == 0) {
			continue;
		}
		HK_TRY(hk_cttile_view(tiles[level], width, &hashes));
		for (uint32_t run = 128; run > 0; run /= 2) {
			if (width & run) {
				hk_merkle_tile_root(hashes, run, range.node[range.count++]);
				hashes += run;
			}
		}
	}
	range.size = size;
	*ret = range;
	return HK_OK;
}

hk_err
hk_merkle_check_inclusion(uint64_t index, uint64_t size, const uint8_t leaf[32],
	const uint8_t (*path)[32], size_t count, const uint8_t root[32])
{
	uint64_t fn = index, sn = size - 1;
	uint8_t r[32];

	if (index >= size) {
		return HK_ERANGE;
	}
	memcpy(r, leaf, sizeof r);
	for (size_t i = 0; i < count; i++) {
		if (sn == 0) {
			return HK_ECHECK;
		}
		if ((fn & 1) || fn == sn) {
			hk_sha256_node(path[i], r, r);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			hk_sha256_node(r, path[i], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(r, root, sizeof r) == 0 ? HK_OK : HK_ECHECK;
}

static hk_err
check_trivial(uint64_t size1, const uint8_t root1[32], const uint8_t root2[32], size_t count)
{
	uint8_t nothing[32];

	hk_sha256((hk_span){0}, nothing);
	return count == 0 && memcmp(root1, size1 == 0 ? nothing : root2, 32) == 0 ? HK_OK
										  : HK_ECHECK;
}

hk_err
hk_merkle_check_consistency(uint64_t size1, const uint8_t root1[32], uint64_t size2,
	const uint8_t root2[32], const uint8_t (*path)[32], size_t count)
{
	uint64_t fn = size1 - 1, sn = size2 - 1;
	uint8_t fr[32], sr[32];
	size_t i = 0;

	if (size1 > size2) {
		return HK_ERANGE;
	}
	if (size1 == 0 || size1 == size2) {
		hk_err err = check_trivial(size1, root1, root2, count);
		/* Two empty trees: both must be the empty root. */
		return err == HK_OK && size2 == 0 ? check_trivial(0, root2, root1, 0) : err;
	}
	/* When size1 is a power of two its root is the first element (step 2). */
	if ((size1 & (size1 - 1)) == 0) {
		memcpy(fr, root1, sizeof fr);
	} else if (count > 0) {
		memcpy(fr, path[i++], sizeof fr);
	} else {
		return HK_ECHECK;
	}
	memcpy(sr, fr, sizeof sr);
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	for (; i < count; i++) {
		if (sn == 0) {
			return HK_ECHECK;
		}
		if ((fn & 1) || fn == sn) {
			hk_sha256_node(path[i], fr, fr);
			hk_sha256_node(path[i], sr, sr);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			hk_sha256_node(sr, path[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(fr, root1, 32) == 0 && memcmp(sr, root2, 32) == 0 ? HK_OK
										   : HK_ECHECK;
}
