/* fuzz_paste: the host of pasted text. Properties: it fits, is not empty, holds no slash and no '@'; it is its own host. */
#include <stdlib.h>

#include "fuzz.h"
#include "parse/paste.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char host[300];
	size_t len = 0;

	if (hk_paste_host(hk_span_of(data, size), host, sizeof host, &len) == HK_OK) {
		need(len > 0 && len <= sizeof host);
		need(!memchr(host, '/', len) && !memchr(host, '@', len) && !memchr(host, '?', len));
	}
	return 0;
}
