#include "sys/merkle.h"

#include "base/codec.h"
#include "sys/hash.h"
#include "tap.h"

#define N 700
static uint8_t leaves[N][32];

/* Straight from RFC 9162, section 2.1.1. */
static uint64_t
split(uint64_t n)
{
	uint64_t k = 1;

	while (k * 2 < n) {
		k *= 2;
	}
	return k;
}

static void
mth(size_t from, size_t n, uint8_t ret[32])
{
	uint8_t left[32], right[32];

	if (n == 0) {
		hk_sha256((hk_span){0}, ret);
	} else if (n == 1) {
		memcpy(ret, leaves[from], 32);
	} else {
		size_t k = split(n);
		mth(from, k, left);
		mth(from + k, n - k, right);
		hk_sha256_node(left, right, ret);
	}
}

/* 2.1.3.1 */
static size_t
path_of(size_t m, size_t from, size_t n, uint8_t (*out)[32])
{
	if (n == 1) {
		return 0;
	}
	size_t k = split(n), count;
	if (m < k) {
		count = path_of(m, from, k, out);
		mth(from + k, n - k, out[count]);
	} else {
		count = path_of(m - k, from + k, n - k, out);
		mth(from, k, out[count]);
	}
	return count + 1;
}

/* 2.1.4.1 */
static size_t
subproof(size_t m, size_t from, size_t n, bool known, uint8_t (*out)[32])
{
	size_t k, count;

	if (m == n) {
		if (!known) {
			mth(from, n, out[0]);
		}
		return !known;
	}
	k = split(n);
	if (m <= k) {
		count = subproof(m, from, k, known, out);
		mth(from + k, n - k, out[count]);
	} else {
		count = subproof(m - k, from + k, n - k, false, out);
		mth(from, k, out[count]);
	}
	return count + 1;
}

/* The reference tree of the CT project: roots of its first 1..8 leaves. */
static void
reference(void)
{
	static const hk_span inputs[] = {{0}, HK_SPAN_LIT("\x00"), HK_SPAN_LIT("\x10"),
		HK_SPAN_LIT("\x20\x21"), HK_SPAN_LIT("\x30\x31"), HK_SPAN_LIT("\x40\x41\x42\x43"),
		HK_SPAN_LIT("\x50\x51\x52\x53\x54\x55\x56\x57"),
		HK_SPAN_LIT("\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f")};
	static const char *const roots[] = {
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
	hk_range range;

	hk_range_init(&range);
	for (size_t i = 0; i < 8; i++) {
		uint8_t leaf[1][32], root[32];
		char hex[65];
		hk_sha256_leaf_any(inputs[i], leaf[0]);
		hk_range_append(&range, (const uint8_t(*)[32])leaf, 1);
		hk_range_root(&range, root);
		hk_hex_encode(hk_span_of(root, 32), hex);
		is_str(hex, roots[i], "the reference tree of %zu leaves", i + 1);
	}
}

static void
ranges(void)
{
	static const size_t steps[] = {1, 3, 255, 256, 257, 700};
	bool same = true, stored = true, from_path = true;
	uint8_t want[32], got[32], path[64][32];
	hk_range range, again;

	for (size_t s = 0; s < G_N_ELEMENTS(steps); s++) {
		hk_range_init(&range);
		for (size_t at = 0; at < N; at += steps[s]) {
			size_t n = MIN(steps[s], N - at);
			hk_range_append(&range, (const uint8_t(*)[32])leaves + at, n);
			mth(0, at + n, want);
			hk_range_root(&range, got);
			same = same && memcmp(got, want, 32) == 0 && range.size == at + n;
		}
	}
	ok(same, "the root after every step, by 1, 3, 255, 256, 257, 700 leaves");
	hk_range_init(&range);
	for (size_t n = 0; n < N; n++) {
		stored = stored &&
			 hk_range_load(n, (const uint8_t(*)[32])range.node, range.count, &again) ==
				 HK_OK &&
			 hk_range_load(n, (const uint8_t(*)[32])range.node, range.count + 1,
				 &again) == HK_EFORM;
		size_t count = path_of(n, 0, n + 1, path);
		from_path =
			from_path &&
			hk_range_from_path(n, (const uint8_t(*)[32])path, count, &again) == HK_OK &&
			again.count == range.count &&
			memcmp(again.node, range.node, range.count * 32) == 0;
		hk_range_append(&range, (const uint8_t(*)[32])leaves + n, 1);
	}
	ok(stored, "stored and loaded; a wrong count is refused");
	ok(from_path, "the audit path of leaf n read backwards is the range of n leaves");
}

static void
tiles(void)
{
	uint8_t level1[2][32], root[32], want[32];
	hk_span tiles[HK_CTTILE_LEVELS] = {{0}};
	hk_range range;

	hk_merkle_tile_root((const uint8_t(*)[32])leaves, 256, level1[0]);
	hk_merkle_tile_root((const uint8_t(*)[32])leaves + 256, 256, level1[1]);
	mth(256, 256, want);
	is_mem(level1[1], want, 32, "the root of a tile");
	tiles[0] = hk_span_of(leaves[512], (N - 512) * 32);
	tiles[1] = hk_span_of(level1, sizeof level1);
	is_int(hk_range_from_tiles(N, tiles, &range), HK_OK, "the range from the rightmost tiles");
	hk_range_root(&range, root);
	mth(0, N, want);
	is_mem(root, want, 32, "has the root");
	tiles[0].len -= 32;
	is_int(hk_range_from_tiles(N, tiles, &range), HK_ETRUNC, "a tile that is too short");
	hk_range_init(&range);
	is_int(hk_range_append_node(&range, 8, level1[0]), HK_OK, "a hash of level 1");
	is_int(hk_range_append_node(&range, 9, level1[0]), HK_ERANGE, "not aligned");
	is_int(hk_range_append_node(&range, 8, level1[1]), HK_OK, "another");
	ok(range.size == 512 && range.count == 1, "merged");
}

static void
inclusion(void)
{
	static const size_t sizes[] = {1, 2, 3, 7, 8, 9, 63, 64, 65, 300};
	bool good = true, bad = true;
	uint8_t path[64][32], root[32];

	for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
		size_t n = sizes[s];
		mth(0, n, root);
		for (size_t i = 0; i < n; i++) {
			size_t count = path_of(i, 0, n, path);
			const uint8_t(*p)[32] = (const uint8_t(*)[32])path;
			good = good &&
			       hk_merkle_check_inclusion(i, n, leaves[i], p, count, root) == HK_OK;
			bad = bad &&
			      hk_merkle_check_inclusion(i, n, leaves[i + 1], p, count, root) ==
				      HK_ECHECK &&
			      hk_merkle_check_inclusion(i, n, leaves[i], p, count + 1, root) ==
				      HK_ECHECK &&
			      (count == 0 || hk_merkle_check_inclusion(i, n, leaves[i], p,
						     count - 1, root) == HK_ECHECK);
		}
	}
	ok(good, "every inclusion proof of ten trees");
	ok(bad, "none with another leaf, a hash more or a hash less");
	is_int(hk_merkle_check_inclusion(3, 3, leaves[0], NULL, 0, root), HK_ERANGE,
		"no such leaf");
}

static void
consistency(void)
{
	bool good = true, bad = true;
	uint8_t path[66][32], root1[32], root2[32];
	const uint8_t(*p)[32] = (const uint8_t(*)[32])path;

	for (size_t n = 1; n <= 70; n++) {
		mth(0, n, root2);
		for (size_t m = 1; m <= n; m++) {
			size_t count = subproof(m, 0, n, true, path);
			mth(0, m, root1);
			good = good &&
			       hk_merkle_check_consistency(m, root1, n, root2, p, count) == HK_OK;
			bad = bad &&
			      hk_merkle_check_consistency(m, leaves[N - 1], n, root2, p, count) ==
				      HK_ECHECK &&
			      hk_merkle_check_consistency(m, root1, n, leaves[N - 1], p, count) ==
				      HK_ECHECK &&
			      hk_merkle_check_consistency(m, root1, n, root2, p, count + 1) ==
				      HK_ECHECK &&
			      (count == 0 || hk_merkle_check_consistency(m, root1, n, root2, p,
						     count - 1) == HK_ECHECK);
		}
	}
	ok(good, "every consistency proof of trees up to 70 leaves");
	ok(bad, "none with another root, a hash more or a hash less");
	mth(0, 0, root1);
	is_int(hk_merkle_check_consistency(0, root1, 70, root2, p, 0), HK_OK,
		"from the empty tree");
	is_int(hk_merkle_check_consistency(0, root2, 70, root2, p, 0), HK_ECHECK,
		"which has one root");
	is_int(hk_merkle_check_consistency(0, root1, 0, root1, p, 0), HK_OK, "and stays empty");
	is_int(hk_merkle_check_consistency(0, root1, 0, root2, p, 0), HK_ECHECK, "with that root");
	is_int(hk_merkle_check_consistency(3, root1, 2, root2, p, 0), HK_ERANGE,
		"it never shrinks");
}

int
main(void)
{
	for (uint32_t i = 0; i < N; i++) {
		hk_sha256_leaf_any(hk_span_of(&i, sizeof i), leaves[i]);
	}
	reference();
	ranges();
	tiles();
	inclusion();
	consistency();
	return tap_done();
}
