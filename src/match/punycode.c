#include "match/punycode.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* RFC 3492 section 5: the parameters that IDNA uses. */
enum { PUNY_BASE = 36, PUNY_TMIN = 1, PUNY_TMAX = 26, PUNY_SKEW = 38, PUNY_DAMP = 700 };
enum { PUNY_INITIAL_BIAS = 72, PUNY_INITIAL_N = 128 };

/* A label of 63 bytes has at most 63 code points; longer input can never fit. */
#define CODEPOINTS_MAX 64

typedef struct out_buf {
	char *bytes;
	size_t len, cap;
} out_buf;

static bool
out_put(out_buf *o, char c)
{
	if (o->len >= o->cap) {
		return false;
	}
	o->bytes[o->len++] = c;
	return true;
}

/* RFC 3492 section 6.1. */
static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / PUNY_DAMP : delta / 2;
	delta += delta / points;
	for (; delta > ((PUNY_BASE - PUNY_TMIN) * PUNY_TMAX) / 2; k += PUNY_BASE) {
		delta /= PUNY_BASE - PUNY_TMIN;
	}
	return k + (PUNY_BASE - PUNY_TMIN + 1) * delta / (delta + PUNY_SKEW);
}

static char
digit(uint32_t d)
{
	return (char)(d < 26 ? 'a' + d : '0' + (d - 26));
}

/* One delta as a generalised variable-length integer (section 3.3). */
static bool
put_delta(out_buf *o, uint32_t delta, uint32_t bias)
{
	uint32_t q = delta;

	for (uint32_t k = PUNY_BASE;; k += PUNY_BASE) {
		uint32_t t = k <= bias ? PUNY_TMIN : k >= bias + PUNY_TMAX ? PUNY_TMAX : k - bias;

		if (q < t) {
			return out_put(o, digit(q));
		}
		if (!out_put(o, digit(t + (q - t) % (PUNY_BASE - t)))) {
			return false;
		}
		q = (q - t) / (PUNY_BASE - t);
	}
}

static bool
encode(const uint32_t *cps, size_t count, out_buf *o)
{
	uint32_t n = PUNY_INITIAL_N, delta = 0, bias = PUNY_INITIAL_BIAS;
	size_t basic = 0, done;

	for (size_t i = 0; i < count; i++) {
		if (cps[i] >= PUNY_INITIAL_N) {
			continue;
		}
		if (!out_put(o, (char)cps[i])) {
			return false;
		}
		basic++;
	}
	if (basic > 0 && !out_put(o, '-')) {
		return false;
	}
	/* At most 64 points below 2^21: delta stays under 2^28, so uint32_t cannot overflow. */
	for (done = basic; done < count; delta++, n++) {
		uint32_t next = UINT32_MAX;

		for (size_t i = 0; i < count; i++) {
			if (cps[i] >= n && cps[i] < next) {
				next = cps[i];
			}
		}
		delta += (next - n) * (uint32_t)(done + 1);
		n = next;
		for (size_t i = 0; i < count; i++) {
			if (cps[i] < n) {
				delta++;
			}
			if (cps[i] != n) {
				continue;
			}
			if (!put_delta(o, delta, bias)) {
				return false;
			}
			bias = adapt(delta, (uint32_t)(done + 1), done == basic);
			delta = 0;
			done++;
		}
	}
	return true;
}

hk_err
hk_punycode_label(hk_span in, char *out, size_t cap, size_t *ret_len)
{
	uint32_t cps[CODEPOINTS_MAX];
	size_t count = 0;
	bool ascii = true;
	out_buf o = {out, 0, cap < HK_PUNYCODE_LABEL_MAX ? cap : HK_PUNYCODE_LABEL_MAX};

	for (size_t at = 0; at < in.len;) {
		uint32_t cp = 0;
		size_t used = hk_utf8_next(in.data + at, in.data + in.len, &cp);

		if (used == 0) {
			return HK_EFORM;
		}
		if (count == CODEPOINTS_MAX) {
			return HK_ELIMIT;
		}
		ascii = ascii && cp < 0x80;
		cps[count++] = cp;
		at += used;
	}
	if (ascii) {
		if (in.len > o.cap) {
			return HK_ELIMIT;
		}
		if (in.len > 0) {
			memcpy(out, in.data, in.len);
		}
		*ret_len = in.len;
		return HK_OK;
	}
	for (const char *p = "xn--"; *p != '\0'; p++) {
		if (!out_put(&o, *p)) {
			return HK_ELIMIT;
		}
	}
	if (!encode(cps, count, &o)) {
		return HK_ELIMIT;
	}
	*ret_len = o.len;
	return HK_OK;
}
