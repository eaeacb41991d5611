/* fuzz_imap: what a server says. Properties: a frame lies inside the buffer and is whole; a body lies inside its frame; a folder's name comes out
 * without line ends and 8 bits. */
#include <stdlib.h>

#include "fuzz.h"
#include "parse/imap.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_span buffer = hk_span_of(data, size);
	char name[256];

	while (buffer.len > 0) {
		size_t len = 0, pos = 0;
		uint64_t number;
		hk_imap_response r;
		hk_imap_fetch f;

		if (hk_imap_frame(buffer, 4096, &len) != HK_OK) {
			break;
		}
		need(len > 0 && len <= buffer.len && len <= 4096 && buffer.data[len - 1] == '\n');
		if (hk_imap_read(hk_span_of(buffer.data, len), &r) == HK_OK) {
			need(r.rest.data >= buffer.data &&
				r.rest.data + r.rest.len <= buffer.data + len);
			while (hk_imap_next_number(r.rest, &pos, &number)) {
				need(pos <= r.rest.len);
			}
			(void)hk_imap_code(r.rest, "UIDVALIDITY", &number);
			(void)hk_imap_has(r.rest, "MOVE");
			if (hk_imap_fetched(r.rest, &f) == HK_OK && f.body.len > 0) {
				need(f.body.data >= r.rest.data &&
					f.body.data + f.body.len <= r.rest.data + r.rest.len);
			}
		}
		buffer = hk_span_of(buffer.data + len, buffer.len - len);
	}
	if (hk_imap_folder(hk_span_of(data, size), name, sizeof name) == HK_OK) {
		for (const char *at = name; *at; at++) {
			need(*at >= ' ' && *at < 0x7f);
		}
	}
	if (hk_imap_quote(hk_span_of(data, size), name, sizeof name) == HK_OK) {
		need(!strpbrk(name, "\r\n"));
	}
	return 0;
}
