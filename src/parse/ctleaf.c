#include "parse/ctleaf.h"

enum { X509_ENTRY = 0, PRECERT_ENTRY = 1, EXTENSION_LEAF_INDEX = 0 };

/* static-ct-api: Extension { u8 type; u16-length data }; leaf_index (0) is a 40-bit big-endian
 * integer, and at most one. */
static hk_err
read_extensions(hk_span extensions, int64_t *ret_index)
{
	hk_cur cur = hk_cur_of(extensions);
	int64_t index = -1;

	while (!hk_cur_empty(&cur)) {
		uint8_t type;
		hk_span data;
		HK_TRY(hk_cur_u8(&cur, &type));
		HK_TRY(hk_cur_prefixed(&cur, 2, &data));
		if (type == EXTENSION_LEAF_INDEX) {
			uint64_t value;
			hk_cur inside = hk_cur_of(data);
			if (index >= 0 || data.len != 5) {
				return HK_EFORM;
			}
			HK_TRY(hk_cur_uint(&inside, 5, &value));
			index = (int64_t)value;
		}
	}
	*ret_index = index;
	return HK_OK;
}

static hk_err
read_entry(hk_cur *cur, hk_ctleaf *leaf)
{
	const uint8_t *start = cur->at;
	uint16_t type;
	hk_span hash;

	*leaf = (hk_ctleaf){0};
	HK_TRY(hk_cur_u64(cur, &leaf->timestamp_ms));
	HK_TRY(hk_cur_u16(cur, &type));
	if (type != X509_ENTRY && type != PRECERT_ENTRY) {
		return HK_EVERSION;
	}
	leaf->precert = type == PRECERT_ENTRY;
	if (leaf->precert) {
		HK_TRY(hk_cur_bytes(cur, 32, &hash));
		leaf->issuer_key_hash = hash.data;
	}
	HK_TRY(hk_cur_prefixed(cur, 3, &leaf->cert));
	HK_TRY(hk_cur_prefixed(cur, 2, &leaf->extensions));
	leaf->leaf_index = -1;
	if (leaf->extensions.len > 0) {
		leaf->odd = read_extensions(leaf->extensions, &leaf->leaf_index);
	}
	if (leaf->cert.len == 0) {
		leaf->odd = HK_EFORM; /* opaque <1..2^24-1> */
	}
	leaf->timestamped_entry = hk_span_of(start, (size_t)(cur->at - start));
	return HK_OK;
}

hk_err
hk_ctleaf_next_tile(hk_cur *cur, hk_ctleaf *ret)
{
	hk_cur probe = *cur;
	hk_ctleaf leaf;

	HK_TRY(read_entry(&probe, &leaf));
	if (leaf.precert) {
		HK_TRY(hk_cur_prefixed(&probe, 3, &leaf.precert_der));
	}
	HK_TRY(hk_cur_prefixed(&probe, 2, &leaf.chain));
	if (leaf.chain.len % HK_CTLEAF_FINGERPRINT != 0) {
		leaf.odd = HK_EFORM;
	}
	*cur = probe;
	*ret = leaf;
	return HK_OK;
}

hk_err
hk_ctleaf_parse_merkle(hk_span leaf_input, hk_ctleaf *ret)
{
	hk_cur cur = hk_cur_of(leaf_input);
	uint16_t version_and_type;
	hk_ctleaf leaf;

	HK_TRY(hk_cur_u16(&cur, &version_and_type));
	if (version_and_type != 0) {
		return HK_EVERSION; /* v1, timestamped_entry */
	}
	HK_TRY(read_entry(&cur, &leaf));
	HK_TRY(hk_cur_end(&cur));
	*ret = leaf;
	return HK_OK;
}

hk_err
hk_ctleaf_parse_extra(hk_span extra_data, bool precert, hk_ctleaf *ret)
{
	hk_cur cur = hk_cur_of(extra_data);
	hk_span der = {0};
	hk_span chain;

	if (precert) {
		HK_TRY(hk_cur_prefixed(&cur, 3, &der));
	}
	HK_TRY(hk_cur_prefixed(&cur, 3, &chain));
	HK_TRY(hk_cur_end(&cur));
	for (hk_cur walk = hk_cur_of(chain); !hk_cur_empty(&walk);) {
		hk_span cert;
		HK_TRY(hk_ctleaf_next_chain(&walk, &cert));
	}
	ret->precert_der = der;
	ret->chain = chain;
	return HK_OK;
}
