/* fuzz_gz: byte 0 chooses: the rest as a gzip body, or as plain bytes that are packed into one, two
 * or more members. Properties: no cap is passed; what was packed comes out; one byte less of it is
 * refused. */
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>

#include "fuzz.h"
#include "sys/gz.h"

#define OUT_MAX (256u << 10)

static void
hostile(hk_gz *gz, hk_span body)
{
	uint8_t *out;
	size_t len;
	hk_err err = hk_gz_inflate(gz, body, OUT_MAX, &out, &len);

	need(err == HK_OK || err == HK_EFORM || err == HK_ELIMIT || err == HK_ETRAIL);
	if (err == HK_OK) {
		need(len <= OUT_MAX &&
			(len <= HK_GZ_RATIO_FREE || len <= body.len * HK_GZ_RATIO_MAX));
		static volatile uint8_t sink;
		sink = len > 0 ? out[len - 1] : 0;
		(void)sink;
	}
}

static void
round_trip(hk_gz *gz, hk_span plain, unsigned members)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(1);
	size_t room = libdeflate_gzip_compress_bound(compressor, plain.len) + 64;
	uint8_t *packed = malloc(room * members), *out;
	size_t packed_len = 0, from = 0, len;

	for (unsigned i = 0; i < members; i++) {
		size_t n = i + 1 == members ? plain.len - from : plain.len / members;
		packed_len += libdeflate_gzip_compress(
			compressor, plain.data + from, n, packed + packed_len, room);
		from += n;
	}
	need(hk_gz_looks(hk_span_of(packed, packed_len)));
	need(hk_gz_inflate(gz, hk_span_of(packed, packed_len), OUT_MAX, &out, &len) == HK_OK);
	need(hk_span_eq(plain, hk_span_of(out, len)));
	need(hk_gz_inflate(gz, hk_span_of(packed, packed_len - 1), OUT_MAX, &out, &len) ==
		HK_EFORM);
	if (plain.len > 0) {
		need(hk_gz_inflate(gz, hk_span_of(packed, packed_len), plain.len - 1, &out, &len) ==
			HK_ELIMIT);
	}
	libdeflate_free_compressor(compressor);
	free(packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static hk_gz *gz;

	if (!gz) {
		gz = hk_gz_new();
	}
	if (size < 1 || size > OUT_MAX) {
		return 0;
	}
	if (data[0] & 0x80) {
		hostile(gz, hk_span_of(data + 1, size - 1));
	} else {
		round_trip(gz, hk_span_of(data + 1, size - 1), 1 + data[0] % 4u);
	}
	return 0;
}
