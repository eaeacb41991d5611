/* fuzz_proxyreq: heads of requests and of answers. Properties: a head that is taken has one way to be framed; what is forwarded is a
 * head by itself, with one Host line, without anything of the proxy's; what is handed back is a head. */
#include <string.h>

#include "fuzz.h"
#include "parse/proxyreq.h"

static void
request(hk_span bytes)
{
	static char text[HK_PROXYREQ_HEAD_MAX + 1024];
	hk_proxyreq req;
	size_t len;

	if (hk_proxyreq_head_len(bytes, &len) != HK_OK) {
		return;
	}
	need(len <= bytes.len && len <= HK_PROXYREQ_HEAD_MAX && len >= 3);
	if (hk_proxyreq_parse(hk_span_of(bytes.data, len), &req) != HK_OK) {
		return;
	}
	need(req.host.len > 0 && req.port > 0 && req.port < 65536);
	need(!(req.has_length && req.chunked));
	if (req.kind == HK_PROXYREQ_ABSOLUTE) {
		size_t n, again;
		need(hk_proxyreq_forward(&req, text, sizeof text, &n) == HK_OK);
		need(hk_proxyreq_answer_len(hk_span_of(text, n), &again) == HK_OK ||
			n > HK_PROXYREQ_HEAD_MAX);
		need(n > HK_PROXYREQ_HEAD_MAX || again == n);
		need(memmem(text, n, "\r\nHost: ", 8) && !memmem(text, n, "\r\nProxy-", 8));
	}
}

static void
answer(hk_span bytes)
{
	static char text[HK_PROXYREQ_HEAD_MAX * 2];
	unsigned status;
	size_t len, n, again;

	if (hk_proxyreq_answer_len(bytes, &len) == HK_OK &&
		hk_proxyreq_answer(hk_span_of(bytes.data, len), &status, text, sizeof text, &n) ==
			HK_OK) {
		need(status >= 100 && status < 600);
		need(n > HK_PROXYREQ_HEAD_MAX ||
			(hk_proxyreq_answer_len(hk_span_of(text, n), &again) == HK_OK &&
				again == n));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	request(hk_span_of(data, size));
	answer(hk_span_of(data, size));
	return 0;
}
