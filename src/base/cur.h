/* base/cur: the bounded cursor, the only way that hostile bytes are read. Layer: base. Libc only.
 *
 * Shape of BoringSSL's CBS: a cursor is what is left to read. A read advances only on success; on failure nothing
 * changes, neither the cursor nor *ret. A nested length is read as a cursor of its own, so it can never reach outside
 * its parent. All reads are HK_MUST and fail with HK_ETRUNC when too few bytes are left. Integers are big-endian, as in
 * TLS presentation language (RFC 8446, section 3) and DER. No allocation, no I/O. */
#ifndef HK_BASE_CUR_H
#define HK_BASE_CUR_H

#include "base/err.h"
#include "base/span.h"

typedef struct hk_cur {
	const uint8_t *at;  /* next byte to read; borrowed */
	const uint8_t *end; /* one past the last byte */
} hk_cur;

static inline hk_cur
hk_cur_of(hk_span span)
{
	/* NULL + 0 is undefined in C; give an empty span a real address. */
	static const uint8_t nothing[1];
	const uint8_t *at = span.data ? span.data : nothing;
	return (hk_cur){at, at + (span.data ? span.len : 0)};
}

static inline size_t
hk_cur_left(const hk_cur *cur)
{
	return (size_t)(cur->end - cur->at);
}

static inline bool
hk_cur_empty(const hk_cur *cur)
{
	return cur->at == cur->end;
}

/* hk_cur_rest(cur): the unread bytes; does not advance. */
static inline hk_span
hk_cur_rest(const hk_cur *cur)
{
	return hk_span_of(cur->at, hk_cur_left(cur));
}

/* hk_cur_end(cur): HK_OK when everything was read, HK_ETRAIL otherwise. */
HK_MUST static inline hk_err
hk_cur_end(const hk_cur *cur)
{
	return hk_cur_empty(cur) ? HK_OK : HK_ETRAIL;
}

/* hk_cur_bytes(cur, n, ret): the next n bytes, borrowed. */
HK_MUST static inline hk_err
hk_cur_bytes(hk_cur *cur, size_t n, hk_span *ret)
{
	if (n > hk_cur_left(cur)) {
		return HK_ETRUNC;
	}
	*ret = hk_span_of(cur->at, n);
	cur->at += n;
	return HK_OK;
}

/* hk_cur_skip(cur, n): pass over n bytes. */
HK_MUST static inline hk_err
hk_cur_skip(hk_cur *cur, size_t n)
{
	if (n > hk_cur_left(cur)) {
		return HK_ETRUNC;
	}
	cur->at += n;
	return HK_OK;
}

/* hk_cur_uint(cur, n, ret): an unsigned big-endian integer of n bytes, n in 1..8. */
HK_MUST static inline hk_err
hk_cur_uint(hk_cur *cur, size_t n, uint64_t *ret)
{
	uint64_t value = 0;

	if (n > hk_cur_left(cur)) {
		return HK_ETRUNC;
	}
	for (size_t i = 0; i < n; i++) {
		value = value << 8 | cur->at[i];
	}
	cur->at += n;
	*ret = value;
	return HK_OK;
}

HK_MUST static inline hk_err
hk_cur_u8(hk_cur *cur, uint8_t *ret)
{
	if (cur->at == cur->end) {
		return HK_ETRUNC;
	}
	*ret = *cur->at++;
	return HK_OK;
}

HK_MUST static inline hk_err
hk_cur_u16(hk_cur *cur, uint16_t *ret)
{
	uint64_t value;

	HK_TRY(hk_cur_uint(cur, 2, &value));
	*ret = (uint16_t)value;
	return HK_OK;
}

HK_MUST static inline hk_err
hk_cur_u24(hk_cur *cur, uint32_t *ret)
{
	uint64_t value;

	HK_TRY(hk_cur_uint(cur, 3, &value));
	*ret = (uint32_t)value;
	return HK_OK;
}

HK_MUST static inline hk_err
hk_cur_u64(hk_cur *cur, uint64_t *ret)
{
	return hk_cur_uint(cur, 8, ret);
}

/* hk_cur_prefixed(cur, n, ret): a vector with a length prefix of n bytes (1, 2 or 3), as its own span. HK_ETRUNC when
 * the length reaches past the end; the cursor then stands where it stood before the prefix. */
HK_MUST static inline hk_err
hk_cur_prefixed(hk_cur *cur, size_t n, hk_span *ret)
{
	hk_cur probe = *cur;
	uint64_t len;

	HK_TRY(hk_cur_uint(&probe, n, &len));
	HK_TRY(hk_cur_bytes(&probe, (size_t)len, ret));
	*cur = probe;
	return HK_OK;
}

#endif
