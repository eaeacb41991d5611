#include "sys/gz.h"

#include <libdeflate.h>

#include "tap.h"

static uint8_t *
pack(hk_span plain, size_t *ret_len)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
	size_t room = libdeflate_gzip_compress_bound(compressor, plain.len);
	uint8_t *out = g_malloc(room);

	*ret_len = libdeflate_gzip_compress(compressor, plain.data, plain.len, out, room);
	libdeflate_free_compressor(compressor);
	return out;
}

int
main(void)
{
	g_autoptr(hk_gz) gz = hk_gz_new();
	size_t tile_len, packed_len, len;
	uint8_t *tile =
		tap_file("tests/fixtures/ct/static-ct/navigli2025h2/tile/data/000", &tile_len);
	g_autofree uint8_t *packed = pack(hk_span_of(tile, tile_len), &packed_len);
	g_autofree uint8_t *two = g_malloc(2 * packed_len + 4);
	uint8_t *out;

	ok(hk_gz_looks(hk_span_of(packed, packed_len)), "gzip looks like gzip");
	ok(!hk_gz_looks(hk_span_of(tile, tile_len)), "a tile does not");
	is_int(hk_gz_inflate(gz, hk_span_of(packed, packed_len), tile_len, &out, &len), HK_OK,
		"a tile");
	ok(hk_span_eq(hk_span_of(out, len), hk_span_of(tile, tile_len)), "its bytes");
	is_int(hk_gz_inflate(gz, hk_span_of(packed, packed_len), tile_len - 1, &out, &len),
		HK_ELIMIT, "over the cap");
	is_int(hk_gz_inflate(gz, hk_span_of(packed, packed_len - 1), tile_len, &out, &len),
		HK_EFORM, "cut");
	memcpy(two, packed, packed_len);
	memcpy(two + packed_len, packed, packed_len);
	is_int(hk_gz_inflate(gz, hk_span_of(two, 2 * packed_len), 2 * tile_len, &out, &len), HK_OK,
		"two members");
	ok(len == 2 * tile_len && memcmp(out + tile_len, tile, tile_len) == 0,
		"one after the other");
	is_int(hk_gz_inflate(gz, hk_span_of(two, packed_len + 3), 2 * tile_len, &out, &len),
		HK_EFORM, "the second is cut");
	two[packed_len] = 'x';
	is_int(hk_gz_inflate(gz, hk_span_of(two, 2 * packed_len), 2 * tile_len, &out, &len),
		HK_ETRAIL, "no member behind the first");
	packed[packed_len - 6] ^= 1;
	is_int(hk_gz_inflate(gz, hk_span_of(packed, packed_len), tile_len, &out, &len), HK_EFORM,
		"a bad checksum");
	is_int(hk_gz_inflate(gz, (hk_span){0}, 10, &out, &len), HK_EFORM, "nothing");

	/* 32 MiB of zeros pack into 33 KB: a bomb. */
	g_autofree uint8_t *zeros = g_malloc0(32u << 20);
	size_t bomb_len;
	g_autofree uint8_t *bomb = pack(hk_span_of(zeros, 32u << 20), &bomb_len);
	is_int(hk_gz_inflate(gz, hk_span_of(bomb, bomb_len), 64u << 20, &out, &len), HK_ELIMIT,
		"a bomb of %zu bytes", bomb_len);
	g_autofree uint8_t *own = hk_gz_pack(gz, hk_span_of(tile, tile_len), &len);
	ok(len > 0 && len < tile_len, "packed: %zu of %zu", len, tile_len);
	is_int(hk_gz_inflate(gz, hk_span_of(own, len), tile_len, &out, &len), HK_OK,
		"and unpacked");
	ok(hk_span_eq(hk_span_of(out, len), hk_span_of(tile, tile_len)), "the same bytes");
	g_autofree uint8_t *nothing = hk_gz_pack(gz, (hk_span){NULL, 0}, &len);
	is_int(hk_gz_inflate(gz, hk_span_of(nothing, len), 10, &out, &len), HK_OK,
		"nothing, packed");
	is_int(len, 0, "is nothing");
	free(tile);
	return tap_done();
}
