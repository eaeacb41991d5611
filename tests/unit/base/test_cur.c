#include "base/cur.h"

#include "tap.h"

/* Every read at its length, one less and one more: the habit of knot's test_wire_ctx. */
static void
lengths(void)
{
	const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};

	for (size_t n = 1; n <= 8; n++) {
		uint64_t value = 99;
		hk_cur cur = hk_cur_of(hk_span_of(bytes, n));
		is_int(hk_cur_uint(&cur, n, &value), HK_OK, "%zu bytes from %zu", n, n);
		ok(hk_cur_empty(&cur), "all read");
		cur = hk_cur_of(hk_span_of(bytes, n - 1));
		value = 99;
		is_int(hk_cur_uint(&cur, n, &value), HK_ETRUNC, "%zu bytes from %zu", n, n - 1);
		is_int(value, 99, "output untouched");
		is_int(hk_cur_left(&cur), n - 1, "cursor untouched");
	}
}

static void
prefixes(void)
{
	const uint8_t good[] = {0x00, 0x02, 'a', 'b', 'c'};
	const uint8_t bad[] = {0x00, 0x03, 'a', 'b'};
	hk_cur cur = hk_cur_of(hk_span_of(good, sizeof good));
	hk_span inner = {0};

	is_int(hk_cur_prefixed(&cur, 2, &inner), HK_OK, "prefixed");
	ok(hk_span_eq(inner, HK_SPAN_LIT("ab")), "the inner bytes");
	is_int(hk_cur_end(&cur), HK_ETRAIL, "one byte is left");
	cur = hk_cur_of(hk_span_of(bad, sizeof bad));
	is_int(hk_cur_prefixed(&cur, 2, &inner), HK_ETRUNC, "a length over the end");
	is_int(hk_cur_left(&cur), 4, "the cursor stands before the prefix");
}

static void
empty(void)
{
	hk_cur cur = hk_cur_of((hk_span){NULL, 0});
	hk_span none = {0};
	uint8_t byte = 7;

	ok(hk_cur_empty(&cur), "an empty span is an empty cursor");
	is_int(hk_cur_u8(&cur, &byte), HK_ETRUNC, "nothing to read");
	is_int(byte, 7, "output untouched");
	is_int(hk_cur_bytes(&cur, 0, &none), HK_OK, "no bytes can be read");
	is_int(hk_cur_skip(&cur, 1), HK_ETRUNC, "nothing to skip");
	is_int(hk_cur_end(&cur), HK_OK, "at the end");
}

int
main(void)
{
	lengths();
	prefixes();
	empty();
	return tap_done();
}
