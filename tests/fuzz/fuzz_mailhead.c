/* fuzz_mailhead: a mail's header without a library. Properties: fields lie in order inside the mail, the body is its end. */
#include <stdlib.h>

#include "fuzz.h"
#include "parse/mailhead.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_span mail = hk_span_of(data, size);
	const uint8_t *last = data;
	size_t pos = 0;
	hk_span name, value;

	while (hk_mailhead_next(mail, &pos, &name, &value)) {
		need(name.len > 0 && name.data >= last && value.data > name.data);
		need(pos <= size && value.data + value.len <= data + pos);
		last = value.data;
	}
	hk_span body = hk_mailhead_body(mail);

	need(body.data + body.len == data + size);
	return 0;
}
