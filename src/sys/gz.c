#include "sys/gz.h"

#include <libdeflate.h>

struct hk_gz {
	struct libdeflate_decompressor *decompressor;
	struct libdeflate_compressor *compressor; /* NULL until it is needed */
	uint8_t *room;                            /* output; kept between calls */
	size_t room_len;
};

hk_gz *
hk_gz_new(void)
{
	hk_gz *gz = g_new0(hk_gz, 1);

	gz->decompressor = libdeflate_alloc_decompressor();
	if (!gz->decompressor) {
		HK_BUG("no memory for a decompressor");
	}
	return gz;
}

void
hk_gz_free(hk_gz *gz)
{
	if (gz) {
		libdeflate_free_decompressor(gz->decompressor);
		libdeflate_free_compressor(gz->compressor);
		g_free(gz->room);
		g_free(gz);
	}
}

bool
hk_gz_looks(hk_span body)
{
	return body.len >= 3 && body.data[0] == 0x1f && body.data[1] == 0x8b && body.data[2] == 8;
}

/* Room for want bytes, the first used of which are kept. */
static void
make_room(hk_gz *gz, size_t want, size_t used)
{
	if (used == 0 && gz->room_len > HK_GZ_KEEP_BYTES && want <= HK_GZ_KEEP_BYTES) {
		g_clear_pointer(&gz->room, g_free);
		gz->room_len = 0;
	}
	if (want > gz->room_len) {
		/* Not g_realloc for a fresh start: nothing of the old body is worth copying. */
		if (used == 0) {
			g_clear_pointer(&gz->room, g_free);
		}
		gz->room = g_realloc(gz->room, want);
		gz->room_len = want;
	}
}

/* The size that the last member announces (RFC 1952, ISIZE): a hint that is right for every honest
 * body of one member, so that it is inflated once and into no more room than it needs. */
static size_t
announced(hk_span body)
{
	const uint8_t *tail = body.data + body.len - 4;

	return (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 |
	       (size_t)tail[3] << 24;
}

static size_t
limit_of(size_t body_len, size_t max_bytes)
{
	size_t by_ratio;

	if (__builtin_mul_overflow(body_len, (size_t)HK_GZ_RATIO_MAX, &by_ratio)) {
		by_ratio = SIZE_MAX;
	}
	return MIN(max_bytes, MAX(by_ratio, (size_t)HK_GZ_RATIO_FREE));
}

/* One member at *at into the room behind *used, doubling the room until it fits or the limit is
 * reached: at most twice the work of knowing the size. */
static hk_err
inflate_member(hk_gz *gz, hk_span body, size_t *at, size_t *used, size_t limit)
{
	for (;;) {
		size_t eaten = 0, made = 0;
		enum libdeflate_result result = libdeflate_gzip_decompress_ex(gz->decompressor,
			body.data + *at, body.len - *at, gz->room + *used,
			MIN(gz->room_len, limit) - *used, &eaten, &made);
		if (result == LIBDEFLATE_SUCCESS) {
			*at += eaten;
			*used += made;
			return HK_OK;
		}
		if (result != LIBDEFLATE_INSUFFICIENT_SPACE) {
			return HK_EFORM;
		}
		if (gz->room_len >= limit) {
			return HK_ELIMIT;
		}
		make_room(gz, MIN(limit, gz->room_len * 2), *used);
	}
}

hk_err
hk_gz_inflate(hk_gz *gz, hk_span body, size_t max_bytes, uint8_t **ret, size_t *ret_len)
{
	size_t limit = limit_of(body.len, max_bytes);
	size_t at = 0, used = 0;

	if (body.len < 18) {
		return HK_EFORM; /* the shortest member: 10 bytes of header, 8 of trailer */
	}
	make_room(gz, MAX(MIN(announced(body), limit), 4096), 0);
	while (at < body.len) {
		if (at > 0 && !hk_gz_looks(hk_span_of(body.data + at, body.len - at))) {
			return HK_ETRAIL;
		}
		HK_TRY(inflate_member(gz, body, &at, &used, limit));
	}
	*ret = gz->room;
	*ret_len = used;
	return HK_OK;
}

hk_err
hk_gz_unzlib(hk_gz *gz, hk_span body, size_t max_bytes, uint8_t **ret, size_t *ret_len)
{
	size_t limit = limit_of(body.len, max_bytes), eaten = 0, made = 0;
	enum libdeflate_result result;

	if (body.len < 6) {
		return HK_EFORM; /* two bytes of header, four of trailer */
	}
	make_room(gz, MAX(MIN(body.len * 4, limit), 4096), 0);
	while ((result = libdeflate_zlib_decompress_ex(gz->decompressor, body.data, body.len,
			gz->room, MIN(gz->room_len, limit), &eaten, &made)) ==
		LIBDEFLATE_INSUFFICIENT_SPACE) {
		if (gz->room_len >= limit) {
			return HK_ELIMIT;
		}
		make_room(gz, MIN(limit, gz->room_len * 2), 0);
	}
	if (result != LIBDEFLATE_SUCCESS) {
		return HK_EFORM;
	}
	if (eaten != body.len) {
		return HK_ETRAIL;
	}
	*ret = gz->room;
	*ret_len = made;
	return HK_OK;
}

uint8_t *
hk_gz_pack(hk_gz *gz, hk_span body, size_t *ret_len)
{
	if (!gz->compressor && !(gz->compressor = libdeflate_alloc_compressor(2))) {
		HK_BUG("no memory for a compressor");
	}
	size_t room = libdeflate_gzip_compress_bound(gz->compressor, body.len);
	uint8_t *ret = g_malloc(room);
	/* It fits: that is what the bound is. */
	*ret_len = libdeflate_gzip_compress(gz->compressor, body.data, body.len, ret, room);
	return ret;
}
