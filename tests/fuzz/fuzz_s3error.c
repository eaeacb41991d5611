/* Error documents of S3: any bytes; what comes out are words, and what fails leaves the result alone. */
#include <string.h>

#include "fuzz.h"
#include "parse/s3error.h"

#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_s3error error;

	memset(&error, 'x', sizeof error);
	if (hk_s3error_parse(hk_span_of(data, size), &error) != HK_OK) {
		need(error.code[0] == 'x' && error.region[HK_S3ERROR_WORD_SIZE - 1] == 'x');
		return 0;
	}
	size_t len = strnlen(error.code, sizeof error.code);
	need(len > 0 && len < sizeof error.code && strspn(error.code, WORD) == len);
	need(memmem(data, size, error.code, len));
	len = strnlen(error.region, sizeof error.region);
	need(len < sizeof error.region && strspn(error.region, WORD) == len);
	return 0;
}
