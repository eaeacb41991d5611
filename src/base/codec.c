#include "base/codec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
hk_hex_encode(hk_span in, char *ret)
{
	for (size_t i = 0; i < in.len; i++) {
		*ret++ = hex_digits[in.data[i] >> 4];
		*ret++ = hex_digits[in.data[i] & 15];
	}
	*ret = '\0';
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

hk_err
hk_hex_decode(hk_span text, uint8_t *ret, size_t ret_size)
{
	if (text.len != 2 * ret_size) {
		return HK_EFORM;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (hex_value(text.data[i]) < 0) {
			return HK_EFORM;
		}
	}
	for (size_t i = 0; i < ret_size; i++) {
		ret[i] = (uint8_t)(hex_value(text.data[2 * i]) << 4 |
				   hex_value(text.data[2 * i + 1]));
	}
	return HK_OK;
}

void
hk_base64_encode(hk_span in, char *ret)
{
	const uint8_t *at = in.data;
	size_t left = in.len;

	for (; left >= 3; left -= 3, at += 3) {
		uint32_t group = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
		*ret++ = base64_digits[group >> 18];
		*ret++ = base64_digits[group >> 12 & 63];
		*ret++ = base64_digits[group >> 6 & 63];
		*ret++ = base64_digits[group & 63];
	}
	if (left > 0) {
		uint32_t group = (uint32_t)at[0] << 16 | (left == 2 ? (uint32_t)at[1] << 8 : 0);
		*ret++ = base64_digits[group >> 18];
		*ret++ = base64_digits[group >> 12 & 63];
		*ret++ = left == 2 ? base64_digits[group >> 6 & 63] : '=';
		*ret++ = '=';
	}
	*ret = '\0';
}

/* Four tables of 256 entries, one per position in a group of four characters, so that a group is four loads and three
 * ORs. A character outside the alphabet sets BAD, which survives the ORs. Built by the preprocessor: no start-up code,
 * no lock. */
#define BAD 0x80000000u
#define V(c)                                                                                       \
	((c) >= 'A' && (c) <= 'Z'          ? (uint32_t)((c) - 'A')                                 \
		: (c) >= 'a' && (c) <= 'z' ? (uint32_t)((c) - 'a' + 26)                            \
		: (c) >= '0' && (c) <= '9' ? (uint32_t)((c) - '0' + 52)                            \
		: (c) == '+'               ? 62u                                                   \
		: (c) == '/'               ? 63u                                                   \
					   : BAD)
#define E(c, shift) (V(c) == BAD ? BAD : V(c) << (shift))
#define R4(c, s)    E(c, s), E((c) + 1, s), E((c) + 2, s), E((c) + 3, s)
#define R16(c, s)   R4(c, s), R4((c) + 4, s), R4((c) + 8, s), R4((c) + 12, s)
#define R64(c, s)   R16(c, s), R16((c) + 16, s), R16((c) + 32, s), R16((c) + 48, s)
#define R256(s)     R64(0, s), R64(64, s), R64(128, s), R64(192, s)
static const uint32_t place[4][256] = {{R256(18)}, {R256(12)}, {R256(6)}, {R256(0)}};

static uint32_t
group_of(const uint8_t *at)
{
	return place[0][at[0]] | place[1][at[1]] | place[2][at[2]] | place[3][at[3]];
}

#if defined(__x86_64__)
/* 32 characters at a time (the method of W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding
 * using AVX2 Instructions", 2018) for as long as at least 16 more follow: each step stores 32 bytes of
 * which 24 count, and the 8 others are then still inside what the caller gave, and, in place, behind
 * what was read. Stops before the first block with a character outside the alphabet. Returns the
 * number of characters decoded. */
__attribute__((target("avx2"))) static size_t
decode_avx2(const uint8_t *in, size_t len, uint8_t *out)
{
	const __m256i lo_table = _mm256_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
		0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A, 0x15, 0x11, 0x11, 0x11, 0x11, 0x11,
		0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
	const __m256i hi_table = _mm256_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,
		0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x01, 0x02, 0x04, 0x08,
		0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
	const __m256i roll_table = _mm256_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
	const __m256i order = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1,
		-1, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
	const __m256i join = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
	const __m256i slash = _mm256_set1_epi8(0x2F);
	size_t at = 0;

	for (; len - at >= 48; at += 32, out += 24) {
		__m256i text = _mm256_loadu_si256((const __m256i *)(in + at));
		__m256i hi = _mm256_and_si256(_mm256_srli_epi32(text, 4), slash);
		__m256i lo = _mm256_and_si256(text, slash);
		__m256i six;
		if (!_mm256_testz_si256(
			    _mm256_shuffle_epi8(lo_table, lo), _mm256_shuffle_epi8(hi_table, hi))) {
			break;
		}
		six = _mm256_add_epi8(
			text, _mm256_shuffle_epi8(roll_table,
				      _mm256_add_epi8(_mm256_cmpeq_epi8(text, slash), hi)));
		six = _mm256_maddubs_epi16(six, _mm256_set1_epi32(0x01400140));
		six = _mm256_madd_epi16(six, _mm256_set1_epi32(0x00011000));
		six = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(six, order), join);
		_mm256_storeu_si256((__m256i *)out, six);
	}
	return at;
}

static size_t
decode_fast(const uint8_t *in, size_t len, uint8_t *out)
{
	return __builtin_cpu_supports("avx2") ? decode_avx2(in, len, out) : 0;
}
#else
static size_t
decode_fast(const uint8_t *in, size_t len, uint8_t *out)
{
	(void)in, (void)len, (void)out;
	return 0;
}
#endif

hk_err
hk_base64_decode(hk_span text, uint8_t *ret, size_t *ret_len)
{
	const uint8_t *at = text.data;
	uint8_t *out = ret;
	size_t groups = text.len / 4;
	uint32_t seen = 0;

	if (text.len % 4 != 0) {
		return HK_EFORM;
	}
	if (groups == 0) {
		*ret_len = 0;
		return HK_OK;
	}
	/* All groups but the last have no padding. */
	size_t done = decode_fast(at, text.len, out);
	at += done;
	out += done / 4 * 3;
	for (size_t i = done / 4; i + 1 < groups; i++, at += 4, out += 3) {
		uint32_t group = group_of(at);
		seen |= group;
		out[0] = (uint8_t)(group >> 16);
		out[1] = (uint8_t)(group >> 8);
		out[2] = (uint8_t)group;
	}
	size_t pad = (size_t)(at[3] == '=') + (size_t)(at[3] == '=' && at[2] == '=');
	uint32_t last = place[0][at[0]] | place[1][at[1]];
	last |= pad == 2 ? 0 : place[2][at[2]];
	last |= pad >= 1 ? 0 : place[3][at[3]];
	seen |= last;
	if (seen & BAD) {
		return HK_EFORM;
	}
	if ((pad == 2 && (last & 0xFFFF)) || (pad == 1 && (last & 0xFF))) {
		return HK_EFORM;
	}
	out[0] = (uint8_t)(last >> 16);
	if (pad < 2) {
		out[1] = (uint8_t)(last >> 8);
	}
	if (pad < 1) {
		out[2] = (uint8_t)last;
	}
	*ret_len = groups * 3 - pad;
	return HK_OK;
}
