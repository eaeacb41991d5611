/* Answers of an SMTP server: any bytes. What is taken is whole, its lines lie inside, and more bytes behind it change nothing. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "parse/smtpreply.h"

static bool
inside(hk_span part, const uint8_t *data, size_t len)
{
	return part.len == 0 || (part.data >= data && part.data + part.len <= data + len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_smtpreply reply, again;
	size_t len = 0, len2 = 0;
	unsigned n = 0;
	hk_span line;
	hk_err err = hk_smtpreply_read(hk_span_of(data, size), &reply, &len);

	if (err != HK_OK) {
		need(err == HK_ETRUNC || err == HK_EFORM || err == HK_ELIMIT);
		return 0;
	}
	need(len > 0 && len <= size && data[len - 1] == '\n');
	need(reply.code >= 200 && reply.code <= 599 && reply.count > 0);
	need(inside(reply.enhanced, data, len));
	while (hk_smtpreply_line(&reply, n, &line)) {
		need(inside(line, data, len) &&
			!(line.len > 0 && memchr(line.data, '\n', line.len)));
		n++;
	}
	need(n == reply.count);
	need(hk_smtpreply_read(hk_span_of(data, len), &again, &len2) == HK_OK && len2 == len &&
		again.code == reply.code);
	/* Without its last byte it is not whole. */
	need(hk_smtpreply_read(hk_span_of(data, len - 1), &again, &len2) == HK_ETRUNC);
	if (hk_smtpreply_offers(&reply, "SIZE", &line)) {
		need(inside(line, data, len));
	}
	return 0;
}
