/* Retry-After and HTTP-date: any bytes; what comes out lies within its clamp, and a date read back from its own seconds is the
 * same moment. */
#include <stdlib.h>

#include "fuzz.h"
#include "sys/http.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_span value = hk_span_of(data, size);
	int64_t ms = -7;
	int64_t s;

	if (hk_http_retry_after(value, 1795485600, &ms)) {
		if (ms < 0 || ms > HK_HTTP_RETRY_MAX_MS) {
			abort();
		}
	} else if (ms != -7) {
		abort();
	}
	if (hk_http_date(value, &s)) {
		/* The years 0000 to 9999. */
		if (s < -62167219200 || s > 253402300800) {
			abort();
		}
		/* At that very moment nothing is left to wait. */
		if (!hk_http_retry_after(value, s, &ms) || ms != 0) {
			abort();
		}
		if (!hk_http_retry_after(value, s - 1, &ms) || ms != 1000) {
			abort();
		}
	}
	return 0;
}
