/* fuzz_dnsmsg: any bytes as an answer of the DNS. Properties: the walk ends after at most 65,535 records; texts are printable ASCII with a NUL. */
#include <string.h>

#include "fuzz.h"
#include "parse/dnsmsg.h"

static void
printable(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	need(len < size);
	for (size_t i = 0; i < len; i++) {
		need(text[i] >= 0x20 && text[i] <= 0x7e);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static hk_dnsmsg_record record;
	hk_dnsmsg msg;
	unsigned count = 0;

	if (hk_dnsmsg_open(hk_span_of(data, size), &msg) != HK_OK) {
		return 0;
	}
	while (hk_dnsmsg_next(&msg, &record) == HK_OK) {
		printable(record.owner, sizeof record.owner);
		printable(record.text, sizeof record.text);
		need(++count <= 65535);
	}
	return 0;
}
