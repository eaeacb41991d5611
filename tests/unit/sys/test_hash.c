#include "sys/hash.h"

#include <openssl/evp.h>

#include "base/codec.h"
#include "parse/ctleaf.h"
#include "tap.h"

static void
is_hash(const uint8_t got[32], const char *want, const char *what)
{
	char hex[65];

	hk_hex_encode(hk_span_of(got, 32), hex);
	is_str(hex, want, "%s", what);
}

/* The leaf hashes of 512 real entries are those of the log's level-0 tiles. */
static void
real_tiles(void)
{
	for (int n = 0; n < 2; n++) {
		g_autofree char *data_path = g_strdup_printf(
			"tests/fixtures/ct/static-ct/navigli2025h2/tile/data/%03d", n);
		g_autofree char *hash_path =
			g_strdup_printf("tests/fixtures/ct/static-ct/navigli2025h2/tile/0/%03d", n);
		size_t len, hashes_len, at = 0;
		uint8_t *data = tap_file(data_path, &len);
		uint8_t *hashes = tap_file(hash_path, &hashes_len);
		hk_cur cur = hk_cur_of(hk_span_of(data, len));
		bool equal = true;
		while (!hk_cur_empty(&cur) && at < hashes_len) {
			hk_ctleaf leaf;
			uint8_t hash[32];
			if (hk_ctleaf_next_tile(&cur, &leaf) != HK_OK) {
				break;
			}
			hk_sha256_leaf(leaf.timestamped_entry, hash);
			equal = equal && memcmp(hash, hashes + at, 32) == 0;
			at += 32;
		}
		ok(equal && at == 8192, "%s: 256 leaf hashes", hash_path);
		free(data);
		free(hashes);
	}
}

/* Every length up to 700, and some that are too long for a lane, in one block and in a second one. */
static void
many_leaves(void)
{
	enum { COUNT = 704, LONGEST = 20000 };
	static uint8_t bytes[LONGEST];
	static uint8_t got[COUNT][HK_SHA256_SIZE];
	hk_span entries[COUNT];
	g_autoptr(hk_leaf_hasher) hasher = hk_leaf_hasher_new();

	for (size_t i = 0; i < sizeof bytes; i++) {
		bytes[i] = (uint8_t)(i * 31 + i / 251);
	}
	for (int round = 0; round < 2; round++) {
		unsigned same = 0;
		for (size_t i = 0; i < COUNT; i++) {
			size_t len = i < 700 ? i : 8190 + (i - 700) * 3900;
			entries[i] = hk_span_of(bytes + (i + (size_t)round) % 7, len);
		}
		hk_leaf_hasher_run(hasher, entries, COUNT, got);
		for (size_t i = 0; i < COUNT; i++) {
			uint8_t want[HK_SHA256_SIZE];
			hk_sha256_leaf(entries[i], want);
			same += memcmp(got[i], want, sizeof want) == 0;
		}
		is_int(same, COUNT, "block %d: hashes in lanes are those of one after another",
			round + 1);
	}
	hk_leaf_hasher_run(hasher, NULL, 0, NULL);
	ok(true, "no leaves are fine");
}

int
main(void)
{
	uint8_t hash[32], want[32], text[200];
	bool same = true;

	hk_sha256((hk_span){0}, hash);
	is_hash(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"nothing");
	hk_sha256(HK_SPAN_LIT("abc"), hash);
	is_hash(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc");
	hk_sha256_pieces((const hk_span[]){HK_SPAN_LIT("a"), {0}, HK_SPAN_LIT("bc")}, 3, hash);
	is_hash(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"in pieces");
	hk_sha256_leaf_any((hk_span){0}, hash);
	is_hash(hash, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"the leaf of nothing (RFC 6962)");
	for (size_t i = 0; i < sizeof text; i++) {
		text[i] = (uint8_t)(i * 7);
	}
	for (size_t i = 0; i + 65 < sizeof text; i++) {
		uint8_t node[65] = {1};
		memcpy(node + 1, text + i, 64);
		EVP_Digest(node, sizeof node, want, NULL, EVP_sha256(), NULL);
		hk_sha256_node(text + i, text + i + 32, hash);
		same = same && memcmp(hash, want, 32) == 0;
	}
	ok(same, "nodes are those of EVP");
	memcpy(hash, text, 32);
	hk_sha256_node(text, text + 32, want);
	hk_sha256_node(hash, text + 32, hash);
	is_mem(hash, want, 32, "the result may go over the left one");

	g_autoptr(hk_hasher) hasher = hk_hasher_new();
	for (int i = 0; i < 2; i++) {
		hk_hasher_add(hasher, HK_SPAN_LIT("ab"));
		hk_hasher_add(hasher, HK_SPAN_LIT("c"));
		hk_hasher_done(hasher, hash);
		is_hash(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			"over time, twice");
	}
	real_tiles();
	many_leaves();
	return tap_done();
}
