#include "match/dhash.h"

#include <string.h>

#include "tap.h"

enum { WIDTH = 390, HEIGHT = 664 };

static uint8_t picture[HEIGHT * 780 * 3];

/* A page of sorts: a dark header, boxes, lines of text; moved by `shift` pixels, lighter by `light`, `scale` times as wide. */
static void
draw(size_t width, unsigned shift, unsigned light, unsigned scale)
{
	for (size_t y = 0; y < HEIGHT; y++) {
		for (size_t x = 0; x < width; x++) {
			size_t at = x / scale, row = y + shift;
			unsigned grey = row < 90                                        ? 40
					: row > 200 && row < 260 && at > 40 && at < 330 ? 90
					: row > 300 && at < 250 && row % 24 < 9         ? 60
					: at > 300 && row > 450                         ? 150
											: 235;

			memset(&picture[(y * width + x) * 3], (int)(grey + light), 3);
		}
	}
}

static void
look(size_t width, uint64_t *d, uint64_t *p)
{
	float coarse[HK_DHASH_COLUMNS * HK_DHASH_ROWS], fine[HK_PHASH_SIDE * HK_PHASH_SIDE];

	hk_grey_shrink(picture, width, HEIGHT, width * 3, coarse, HK_DHASH_COLUMNS, HK_DHASH_ROWS);
	hk_grey_shrink(picture, width, HEIGHT, width * 3, fine, HK_PHASH_SIDE, HK_PHASH_SIDE);
	*d = hk_dhash(coarse);
	*p = hk_phash(fine);
}

static void
check_pages(void)
{
	uint64_t d, p, d2, p2;

	draw(WIDTH, 0, 0, 1);
	look(WIDTH, &d, &p);
	draw(WIDTH, 2, 10, 1);
	look(WIDTH, &d2, &p2);
	ok(hk_hash_distance(d, d2) <= 4 && hk_hash_distance(p, p2) <= 8,
		"two pixels lower and lighter: %u, %u bits", hk_hash_distance(d, d2),
		hk_hash_distance(p, p2));
	draw(780, 0, 0, 2);
	look(780, &d2, &p2);
	ok(hk_hash_distance(d, d2) <= 2 && hk_hash_distance(p, p2) <= 4,
		"twice as wide: %u, %u bits", hk_hash_distance(d, d2), hk_hash_distance(p, p2));
	for (size_t i = 0; i < sizeof picture; i++) {
		picture[i] = (uint8_t)(i / 3 % WIDTH * 7 / WIDTH * 90);
	}
	look(WIDTH, &d2, &p2);
	ok(hk_hash_distance(d, d2) > 10 && hk_hash_distance(p, p2) > 10,
		"another picture: %u, %u bits", hk_hash_distance(d, d2), hk_hash_distance(p, p2));
}

int
main(void)
{
	float cells[HK_DHASH_COLUMNS * HK_DHASH_ROWS], plain[HK_PHASH_SIDE * HK_PHASH_SIDE];
	const uint8_t three[] = {255, 0, 0, 0, 255, 0, 0, 0, 255};

	for (size_t i = 0; i < HK_DHASH_COLUMNS * HK_DHASH_ROWS; i++) {
		cells[i] = (float)(100 - i % HK_DHASH_COLUMNS);
	}
	ok(hk_dhash(cells) == UINT64_MAX, "darker to the right everywhere");
	cells[0] = 0;
	ok(hk_dhash(cells) == UINT64_MAX >> 1, "the first pair is the highest bit");
	cells[HK_DHASH_COLUMNS * HK_DHASH_ROWS - 1] = 200;
	ok(hk_dhash(cells) == (UINT64_MAX >> 1) - 1, "the last pair is the lowest");
	hk_grey_shrink(three, 3, 1, 9, cells, 3, 1);
	ok(cells[0] > 76 && cells[0] < 77 && cells[1] > 149 && cells[1] < 150 && cells[2] > 29 &&
			cells[2] < 30,
		"grey as people see it");
	hk_grey_shrink(three, 3, 1, 9, cells, HK_DHASH_COLUMNS, HK_DHASH_ROWS);
	ok(cells[0] == cells[2] && cells[63] == cells[0], "a small picture is enlarged");
	for (size_t i = 0; i < HK_PHASH_SIDE * HK_PHASH_SIDE; i++) {
		plain[i] = 255;
	}
	ok(hk_phash(plain) == UINT64_C(1) << 63, "a plain picture has a mean and nothing else");
	is_int(hk_hash_distance(5, 6), 2, "bits that differ");
	check_pages();
	return tap_done();
}
