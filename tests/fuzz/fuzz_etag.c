/* fuzz_etag: any value of an ETag line. Properties: the opaque part lies in the value and holds no quote; nginx's form printed again is the tag. */
#include <inttypes.h>
#include <stdio.h>

#include "fuzz.h"
#include "parse/etag.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_etag etag;
	char again[64];

	if (hk_etag_read(hk_span_of(data, size), &etag) != HK_OK) {
		return 0;
	}
	need(etag.opaque.len <= size && etag.opaque.len <= HK_ETAG_MAX);
	need(etag.opaque.len == 0 || !memchr(etag.opaque.data, '"', etag.opaque.len));
	need(etag.nginx == !(hk_etag_check(&etag, -1, -1) & HK_ETAG_ODD_FORM));
	if (etag.nginx) {
		snprintf(again, sizeof again, "%" PRIx64 "-%" PRIx64, (uint64_t)etag.mtime_s,
			etag.size);
		need(hk_span_eq(etag.opaque, hk_span_str(again)));
		need(hk_etag_check(&etag, etag.mtime_s, -1) == 0);
	}
	return 0;
}
