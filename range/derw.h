/* range/derw: writing DER (X.690) back to front. Part of librange. Input is ours.
 *
 * A length stands before what it measures, so the writer starts at the end of its memory and walks
 * down: write the contents, last element first, then wrap them. No length is ever patched and
 * nothing moves.
 *
 *   size_t mark = rg_derw_mark(w);
 *   rg_derw_tlv(w, RG_DER_UTF8, "R11", 3);
 *   rg_derw_raw(w, oid_cn, sizeof oid_cn);
 *   rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
 *
 * Running out of memory sets `full` and makes every later call a no-op; check it once at the end.
 */
#ifndef RG_DERW_H
#define RG_DERW_H

#include "base/span.h"

enum {
	RG_DER_BOOLEAN = 0x01,
	RG_DER_INTEGER = 0x02,
	RG_DER_BITS = 0x03,
	RG_DER_OCTETS = 0x04,
	RG_DER_NULL = 0x05,
	RG_DER_OID = 0x06,
	RG_DER_UTF8 = 0x0C,
	RG_DER_PRINTABLE = 0x13,
	RG_DER_UTC_TIME = 0x17,
	RG_DER_GENERALIZED_TIME = 0x18,
	RG_DER_SEQUENCE = 0x30,
	RG_DER_SET = 0x31,
};

typedef struct rg_derw {
	uint8_t *start; /* borrowed memory */
	uint8_t *at;    /* first byte written so far */
	uint8_t *end;
	bool full;
} rg_derw;

/* rg_derw_init(w, memory, size): nothing is written yet. */
void rg_derw_init(rg_derw *w, uint8_t *memory, size_t size);

/* rg_derw_mark(w): how much is written; for rg_derw_wrap and rg_derw_since. */
static inline size_t
rg_derw_mark(const rg_derw *w)
{
	return (size_t)(w->end - w->at);
}

/* rg_derw_since(w, mark): what was written after mark; borrowed from the writer's memory. */
static inline hk_span
rg_derw_since(const rg_derw *w, size_t mark)
{
	return hk_span_of(w->at, rg_derw_mark(w) - mark);
}

/* rg_derw_raw(w, data, len): len bytes before what is there. */
void rg_derw_raw(rg_derw *w, const void *data, size_t len);
void rg_derw_byte(rg_derw *w, uint8_t byte);

/* rg_derw_wrap(w, tag, mark): tag and length (shortest form) before everything written since mark.
 */
void rg_derw_wrap(rg_derw *w, uint8_t tag, size_t mark);

/* rg_derw_tlv(w, tag, data, len): one primitive element. */
void rg_derw_tlv(rg_derw *w, uint8_t tag, const void *data, size_t len);

/* rg_derw_uint(w, bytes, len): INTEGER of an unsigned big-endian number; a zero byte is put before
 * a set top bit. */
void rg_derw_uint(rg_derw *w, const uint8_t *bytes, size_t len);

/* rg_derw_bits(w, mark): BIT STRING (no unused bits) around everything written since mark. */
void rg_derw_bits(rg_derw *w, size_t mark);

/* rg_derw_time(w, seconds): UTC seconds since 1970 as UTCTime up to 2049, GeneralizedTime after
 * (RFC 5280, 4.1.2.5). */
void rg_derw_time(rg_derw *w, int64_t seconds);

#endif
