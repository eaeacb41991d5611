#include "parse/ctleaf.h"

#include <stdlib.h>

#include "tap.h"

static const char tile_path[] = "tests/fixtures/ct/static-ct/navigli2025h2/tile/data/00%d";

/* Two real tiles: 512 entries, numbered by their own extension, to the last byte. */
static void
real_tiles(void)
{
	int64_t index = 0;
	bool in_order = true, framed = true, same = true;
	unsigned precerts = 0;

	for (int n = 0; n < 2; n++) {
		char path[128];
		size_t len;
		memcpy(path, tile_path, sizeof tile_path);
		path[sizeof tile_path - 3] = (char)('0' + n);
		path[sizeof tile_path - 2] = '\0';
		uint8_t *tile = tap_file(path, &len);
		hk_cur cur = hk_cur_of(hk_span_of(tile, len));
		while (!hk_cur_empty(&cur)) {
			hk_ctleaf leaf, again;
			if (hk_ctleaf_next_tile(&cur, &leaf) != HK_OK) {
				framed = false;
				break;
			}
			in_order = in_order && leaf.leaf_index == index++ && leaf.odd == HK_OK;
			precerts += leaf.precert;
			uint8_t *merkle = calloc(1, leaf.timestamped_entry.len + 2);
			memcpy(merkle + 2, leaf.timestamped_entry.data, leaf.timestamped_entry.len);
			same = same &&
			       hk_ctleaf_parse_merkle(
				       hk_span_of(merkle, leaf.timestamped_entry.len + 2),
				       &again) == HK_OK &&
			       hk_span_eq(leaf.cert, again.cert);
			free(merkle);
		}
		free(tile);
	}
	ok(framed, "every entry of two real tiles is framed");
	is_int(index, 512, "they hold 512 entries");
	ok(in_order, "each carries its own index");
	ok(precerts > 0, "%u of them are precertificates", precerts);
	ok(same, "each is the same entry as a MerkleTreeLeaf");
}

/* timestamp 1, x509, 2-byte certificate, leaf_index 258, one fingerprint. */
static const uint8_t x509_leaf[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0x30, 0, 0, 8, 0, 0, 5,
	0, 0, 0, 1, 2, 0, 32, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
	7, 7, 7, 7, 7, 7, 7, 7, 7};

static void
every_length(void)
{
	uint8_t *copy = malloc(sizeof x509_leaf + 1);
	bool cut = true;
	hk_ctleaf leaf;
	hk_cur cur;

	memcpy(copy, x509_leaf, sizeof x509_leaf);
	copy[sizeof x509_leaf] = 0;
	for (size_t len = 0; len < sizeof x509_leaf; len++) {
		cur = hk_cur_of(hk_span_of(copy, len));
		cut = cut && hk_ctleaf_next_tile(&cur, &leaf) == HK_ETRUNC && cur.at == copy;
	}
	ok(cut, "cut anywhere, an entry is truncated and nothing is taken");
	cur = hk_cur_of(hk_span_of(copy, sizeof x509_leaf));
	is_int(hk_ctleaf_next_tile(&cur, &leaf), HK_OK, "whole, it is read");
	is_int(leaf.leaf_index, 258, "with its index");
	is_int(leaf.chain.len, 32, "and its fingerprint");
	ok(!leaf.precert && leaf.issuer_key_hash == NULL && hk_cur_empty(&cur), "as a certificate");
	free(copy);
}

static void
odd_parts(void)
{
	uint8_t copy[sizeof x509_leaf];
	hk_ctleaf leaf;
	hk_cur cur;

	memcpy(copy, x509_leaf, sizeof copy);
	copy[19] = 6; /* the extension reaches over the list */
	cur = hk_cur_of(hk_span_of(copy, sizeof copy));
	is_int(hk_ctleaf_next_tile(&cur, &leaf), HK_OK, "broken extensions do not break the tile");
	ok(leaf.odd != HK_OK && leaf.leaf_index == -1, "they are odd");
	memcpy(copy, x509_leaf, sizeof copy);
	copy[26] = 31;
	cur = hk_cur_of(hk_span_of(copy, sizeof copy));
	is_int(hk_ctleaf_next_tile(&cur, &leaf), HK_OK, "nor does a chain of 31 bytes");
	is_int(leaf.odd, HK_EFORM, "it is odd");
	copy[9] = 2;
	cur = hk_cur_of(hk_span_of(copy, sizeof copy));
	is_int(hk_ctleaf_next_tile(&cur, &leaf), HK_EVERSION,
		"an unknown entry type ends the tile");
}

static void
merkle_and_extra(void)
{
	static const uint8_t bad_version[] = {1, 0, 0};
	static const uint8_t extra[] = {0, 0, 2, 0x30, 0, 0, 0, 4, 0, 0, 1, 0x31};
	uint8_t merkle[2 + 25 + 1] = {0};
	hk_ctleaf leaf = {.leaf_index = 5};
	hk_span cert;

	memcpy(merkle + 2, x509_leaf, 25);
	is_int(hk_ctleaf_parse_merkle(hk_span_of(merkle, 27), &leaf), HK_OK, "a MerkleTreeLeaf");
	is_int(hk_ctleaf_parse_merkle(hk_span_of(merkle, 28), &leaf), HK_ETRAIL,
		"a byte behind it");
	is_int(hk_ctleaf_parse_merkle(hk_span_of(merkle, 26), &leaf), HK_ETRUNC, "a byte missing");
	is_int(hk_ctleaf_parse_merkle(hk_span_of(bad_version, 3), &leaf), HK_EVERSION, "version 2");
	is_int(hk_ctleaf_parse_extra(hk_span_of(extra, sizeof extra), true, &leaf), HK_OK,
		"extra_data of a precertificate");
	is_int(leaf.precert_der.len, 2, "the precertificate");
	is_int(leaf.leaf_index, 258, "what it does not hold is left alone");
	hk_cur cur = hk_cur_of(leaf.chain);
	is_int(hk_ctleaf_next_chain(&cur, &cert), HK_OK, "the chain's certificate");
	ok(cert.len == 1 && cert.data[0] == 0x31 && hk_cur_empty(&cur), "and no other");
	is_int(hk_ctleaf_parse_extra(hk_span_of(extra, sizeof extra), false, &leaf), HK_ETRAIL,
		"the same is no extra_data of a certificate");
	is_int(hk_ctleaf_parse_extra(hk_span_of(extra + 5, 6), false, &leaf), HK_ETRUNC, "cut");
}

int
main(void)
{
	real_tiles();
	every_length();
	odd_parts();
	merkle_and_extra();
	return tap_done();
}
