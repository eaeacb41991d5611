#include "base/cur.h"
#include "ctlog.h"

hk_err
rg_leaf_of(hk_span bytes, rg_leaf *ret, size_t *ret_used)
{
	hk_cur cur = hk_cur_of(bytes);
	rg_leaf leaf = {0};
	uint16_t type;

	HK_TRY(hk_cur_u64(&cur, &leaf.timestamp_ms));
	HK_TRY(hk_cur_u16(&cur, &type));
	if (type > 1) {
		return HK_EFORM;
	}
	leaf.precert = type == 1;
	if (leaf.precert) {
		HK_TRY(hk_cur_skip(&cur, 32));
	}
	HK_TRY(hk_cur_prefixed(&cur, 3, &leaf.cert));
	HK_TRY(hk_cur_prefixed(&cur, 2, &leaf.extensions));
	leaf.timestamped = hk_span_of(bytes.data, (size_t)(cur.at - bytes.data));
	if (leaf.precert) {
		HK_TRY(hk_cur_prefixed(&cur, 3, &leaf.precert_der));
	}
	HK_TRY(hk_cur_prefixed(&cur, 2, &leaf.chain));
	*ret = leaf;
	if (ret_used) {
		*ret_used = (size_t)(cur.at - bytes.data);
	}
	return HK_OK;
}
