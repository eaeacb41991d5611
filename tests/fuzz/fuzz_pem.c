/* fuzz_pem: a text with PEM blocks.
 * Properties: certificates lie inside the text and never overlap; the number of blocks, good or bad, is at most the number
 * of BEGIN marks; a text in which nothing looks like PEM has none; and a block, written anew, is read back the same. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "fuzz.h"
#include "parse/pem.h"

static size_t
count_marks(const uint8_t *data, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i + 11 <= size; i++) {
		n += memcmp(data + i, "-----BEGIN ", 11) == 0;
	}
	return n;
}

static void
round_trip(hk_span der)
{
	static const char head[] = "text\r\n-----BEGIN CERTIFICATE-----\r\n";
	static const char foot[] = "\n-----END CERTIFICATE-----\n";
	size_t text_len = HK_BASE64_LEN(der.len);
	size_t len = sizeof head - 1 + text_len + sizeof foot - 1;
	char *text = malloc(len + 1);
	hk_pem pem;
	hk_span again;
	bool done = true;

	memcpy(text, head, sizeof head - 1);
	hk_base64_encode(der, text + sizeof head - 1);
	memcpy(text + sizeof head - 1 + text_len, foot, sizeof foot - 1);
	hk_pem_init(&pem, (uint8_t *)text, len);
	need(hk_pem_next(&pem, &again, &done) == HK_OK && !done && hk_span_eq(der, again));
	need(hk_pem_next(&pem, &again, &done) == HK_OK && done && again.len == 0);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t marks = count_marks(data, size);
	bool looks = hk_pem_looks(hk_span_of(data, size));
	/* An exact allocation, so that the sanitizer sees a read one past the end. */
	uint8_t *text = malloc(size ? size : 1);
	const uint8_t *last = text;
	size_t blocks = 0;
	bool done = false;
	hk_pem pem;

	memcpy(text, data, size);
	hk_pem_init(&pem, text, size);
	while (!done) {
		hk_span der;
		hk_err err = hk_pem_next(&pem, &der, &done);
		need(err == HK_OK || err == HK_ETRUNC || err == HK_EFORM);
		if (err == HK_OK && !done) {
			need(der.len > 0 && der.data >= last && der.data + der.len <= pem.at &&
				pem.at <= text + size);
			last = der.data + der.len;
			round_trip(der);
		}
		blocks += err != HK_OK || !done;
		need(blocks <= marks);
	}
	need(looks || blocks == 0);
	free(text);
	return 0;
}
