#include "match/mmh3.h"

#define C1 0xcc9e2d51u
#define C2 0x1b873593u

/* A hash that is fed in pieces. */
typedef struct running {
	uint32_t hash, block; /* block: bytes that wait for their word to be full */
	uint32_t len;
} running;

static uint32_t
rotl(uint32_t x, unsigned by)
{
	return x << by | x >> (32 - by);
}

static uint32_t
stir(uint32_t word)
{
	return rotl(word * C1, 15) * C2;
}

static void
feed(running *r, uint8_t byte)
{
	r->block |= (uint32_t)byte << (8 * (r->len & 3));
	r->len++;
	if ((r->len & 3) == 0) {
		r->hash = rotl(r->hash ^ stir(r->block), 13) * 5 + 0xe6546b64u;
		r->block = 0;
	}
}

static uint32_t
finish(const running *r)
{
	/* An empty rest stirs to 0 and changes nothing. */
	uint32_t h = (r->hash ^ stir(r->block)) ^ r->len;

	h = (h ^ h >> 16) * 0x85ebca6bu;
	h = (h ^ h >> 13) * 0xc2b2ae35u;
	return h ^ h >> 16;
}

uint32_t
hk_mmh3(hk_span in, uint32_t seed)
{
	running r = {.hash = seed};

	for (size_t i = 0; i < in.len; i++) {
		feed(&r, in.data[i]);
	}
	return finish(&r);
}

static void
feed_digit(running *r, unsigned value, unsigned *column)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	feed(r, value < 64 ? (uint8_t)digits[value] : '=');
	if (++*column == 76) {
		feed(r, '\n');
		*column = 0;
	}
}

int32_t
hk_mmh3_icon(hk_span in)
{
	running r = {0};
	unsigned column = 0;

	for (size_t i = 0; i < in.len; i += 3) {
		size_t n = in.len - i < 3 ? in.len - i : 3;
		uint32_t three = (uint32_t)in.data[i] << 16 |
				 (n > 1 ? (uint32_t)in.data[i + 1] << 8 : 0) |
				 (n > 2 ? (uint32_t)in.data[i + 2] : 0);

		feed_digit(&r, three >> 18, &column);
		feed_digit(&r, three >> 12 & 63, &column);
		feed_digit(&r, n > 1 ? three >> 6 & 63 : 64, &column);
		feed_digit(&r, n > 2 ? three & 63 : 64, &column);
	}
	if (column > 0) {
		feed(&r, '\n');
	}
	return (int32_t)finish(&r);
}
