/* fuzz_ctleaf: the input as a data tile, as a MerkleTreeLeaf and as extra_data.
 * Properties: spans lie inside; a tile's entry is the same entry when framed as a MerkleTreeLeaf; a
 * tile cut within an entry says truncated; extra_data is used up by its parts. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "parse/ctleaf.h"

static void
need_inside(hk_span span, const uint8_t *data, size_t size)
{
	need(span.len == 0 || (span.data >= data && span.data + span.len <= data + size));
}

static void
check_leaf(const hk_ctleaf *leaf, const uint8_t *data, size_t size)
{
	need_inside(leaf->cert, data, size);
	need_inside(leaf->extensions, data, size);
	need_inside(leaf->timestamped_entry, data, size);
	need_inside(leaf->precert_der, data, size);
	need_inside(leaf->chain, data, size);
	need(leaf->precert == (leaf->issuer_key_hash != NULL));
	need(leaf->leaf_index >= -1 && leaf->leaf_index < INT64_C(1) << 40);
	need(leaf->odd == HK_OK || leaf->odd == HK_EFORM || leaf->odd == HK_ETRUNC);
}

static void
check_same(const hk_ctleaf *leaf)
{
	size_t len = leaf->timestamped_entry.len + 2;
	uint8_t *copy = malloc(len);
	hk_ctleaf again;

	memset(copy, 0, 2);
	memcpy(copy + 2, leaf->timestamped_entry.data, len - 2);
	need(hk_ctleaf_parse_merkle(hk_span_of(copy, len), &again) == HK_OK);
	need(again.precert == leaf->precert && again.timestamp_ms == leaf->timestamp_ms);
	need(hk_span_eq(again.cert, leaf->cert) && again.leaf_index == leaf->leaf_index);
	need(hk_span_eq(again.timestamped_entry, leaf->timestamped_entry));
	need(hk_ctleaf_parse_merkle(hk_span_of(copy, len - 1), &again) == HK_ETRUNC);
	free(copy);
}

static void
as_tile(const uint8_t *data, size_t size)
{
	hk_cur cur = hk_cur_of(hk_span_of(data, size));
	hk_ctleaf leaf;

	while (!hk_cur_empty(&cur)) {
		hk_cur before = cur, cut;
		hk_err err = hk_ctleaf_next_tile(&cur, &leaf);
		if (err != HK_OK) {
			need(err == HK_ETRUNC || err == HK_EVERSION);
			need(cur.at == before.at);
			break;
		}
		check_leaf(&leaf, data, size);
		check_same(&leaf);
		cut = hk_cur_of(hk_span_of(before.at, (size_t)(cur.at - before.at) - 1));
		need(hk_ctleaf_next_tile(&cut, &leaf) == HK_ETRUNC);
	}
}

static void
as_extra(const uint8_t *data, size_t size, bool precert)
{
	hk_ctleaf leaf = {.leaf_index = 7};
	hk_cur cur;

	if (hk_ctleaf_parse_extra(hk_span_of(data, size), precert, &leaf) != HK_OK) {
		return;
	}
	need(leaf.leaf_index == 7);
	need(leaf.chain.len + leaf.precert_der.len + (precert ? 6 : 3) == size);
	for (cur = hk_cur_of(leaf.chain); !hk_cur_empty(&cur);) {
		hk_span cert;
		need(hk_ctleaf_next_chain(&cur, &cert) == HK_OK);
		need_inside(cert, data, size);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_ctleaf leaf;

	as_tile(data, size);
	if (hk_ctleaf_parse_merkle(hk_span_of(data, size), &leaf) == HK_OK) {
		check_leaf(&leaf, data, size);
		need(leaf.timestamped_entry.len == size - 2);
	}
	as_extra(data, size, false);
	as_extra(data, size, true);
	return 0;
}
