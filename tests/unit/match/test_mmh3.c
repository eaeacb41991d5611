#include "match/mmh3.h"

#include <string.h>

#include "tap.h"

/* Of SMHasher's description and of what others publish as test values. */
static void
check_vectors(void)
{
	static const struct {
		const char *text;
		uint32_t seed, want;
	} rows[] = {
		{"", 0, 0},
		{"", 1, 0x514e28b7},
		{"", 0xffffffff, 0x81f16f39},
		{"a", 0x9747b28c, 0x7fa09ea6},
		{"aa", 0x9747b28c, 0x5d211726},
		{"aaa", 0x9747b28c, 0x283e0130},
		{"aaaa", 0x9747b28c, 0x5a97808a},
		{"abc", 0, 0xb3dd93fa},
		{"Hello, world!", 0x9747b28c, 0x24884cba},
		{"The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		is_int(hk_mmh3(hk_span_str(rows[i].text), rows[i].seed), rows[i].want,
			"\"%s\" with seed %x", rows[i].text, rows[i].seed);
	}
	is_int(hk_mmh3(hk_span_of("\0\0\0\0", 4), 0), 0x2362f9de, "four zeros");
}

/* mmh3.hash(base64.encodebytes(...)) of Python, of bytes 7i + 3. */
static void
check_icons(void)
{
	static const struct {
		size_t len;
		int32_t want;
	} rows[] = {{0, 0}, {1, 600172629}, {2, 1856789500}, {3, -962605734}, {56, -1629500324},
		{57, -1410568477}, {58, -189587341}, {1000, -985767447}};
	uint8_t bytes[1000];

	for (size_t i = 0; i < sizeof bytes; i++) {
		bytes[i] = (uint8_t)(i * 7 + 3);
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		is_int(hk_mmh3_icon(hk_span_of(bytes, rows[i].len)), rows[i].want,
			"an icon of %zu bytes", rows[i].len);
	}
}

int
main(void)
{
	check_vectors();
	check_icons();
	return tap_done();
}
