/* nocheck: tested in tests/unit/sys/test_png.c */
/* Small pictures for messages: shrunk and of few colours, in the sandbox. */
#include <string.h>

#include <png.h>

#include "sys/gerr.h"
#include "sys/png.h"
#include "sys/sandbox.h"

/* Levels of each channel, and colours: small files, still recognised. */
enum { LEVELS = 6, COLOURS = LEVELS * LEVELS * LEVELS, LEAST_WIDTH = 32 };

static const hk_sandbox_limits limits = {.memory_bytes = (size_t)768 << 20,
	.cpu_s = 20,
	.wall_ms = 40000,
	.answer_bytes = (size_t)4 << 20};

typedef struct task {
	hk_span bytes;
	unsigned width, height;
	size_t max_bytes;
} task;

/* Three bytes a pixel. */
typedef struct picture {
	uint8_t *pixels;
	unsigned width, height;
} picture;

/* The mean of the pixels that fall into a cell, as a level of 0 to LEVELS - 1. */
static unsigned
level(const picture *from, unsigned x0, unsigned x1, unsigned y0, unsigned y1, unsigned channel)
{
	uint64_t sum = 0;

	for (unsigned y = y0; y < y1; y++) {
		const uint8_t *at = from->pixels + ((size_t)y * from->width + x0) * 3 + channel;
		for (unsigned x = x0; x < x1; x++, at += 3) {
			sum += *at;
		}
	}
	uint64_t count = (uint64_t)(x1 - x0) * (y1 - y0);
	unsigned mean = (unsigned)(sum / count);
	return (mean * (LEVELS - 1) + 127) / 255;
}

/* from's upper `rows` rows as width x height indices into the palette. */
static void
shrink(const picture *from, unsigned rows, unsigned width, unsigned height, uint8_t *ret)
{
	for (unsigned y = 0; y < height; y++) {
		unsigned y0 = (unsigned)((uint64_t)y * rows / height);
		unsigned y1 = (unsigned)((uint64_t)(y + 1) * rows / height);
		for (unsigned x = 0; x < width; x++) {
			unsigned x0 = (unsigned)((uint64_t)x * from->width / width);
			unsigned x1 = (unsigned)((uint64_t)(x + 1) * from->width / width);
			unsigned index = 0;
			for (unsigned channel = 0; channel < 3; channel++) {
				index = index * LEVELS + level(from, x0, x1, y0, y1, channel);
			}
			ret[(size_t)y * width + x] = (uint8_t)index;
		}
	}
}

static void
palette(uint8_t ret[COLOURS * 3])
{
	for (unsigned i = 0; i < COLOURS; i++) {
		ret[i * 3] = (uint8_t)(i / (LEVELS * LEVELS) * 255 / (LEVELS - 1));
		ret[i * 3 + 1] = (uint8_t)(i / LEVELS % LEVELS * 255 / (LEVELS - 1));
		ret[i * 3 + 2] = (uint8_t)(i % LEVELS * 255 / (LEVELS - 1));
	}
}

/* true: it fits and is in out. */
static bool
write_one(const picture *from, unsigned width, const task *t, GString *out)
{
	unsigned rows = (unsigned)MIN(
		(uint64_t)from->height, MAX((uint64_t)from->width * t->height / t->width, 1));
	unsigned height = (unsigned)MAX((uint64_t)rows * width / from->width, 1);
	png_image image = {.version = PNG_IMAGE_VERSION,
		.width = width,
		.height = height,
		.format = PNG_FORMAT_RGB_COLORMAP,
		.colormap_entries = COLOURS};
	png_alloc_size_t size = t->max_bytes;
	uint8_t colours[COLOURS * 3];
	uint8_t *indices = g_try_malloc((size_t)width * height);
	uint8_t *made = g_try_malloc(size);
	bool good = false;

	if (indices && made) {
		palette(colours);
		shrink(from, rows, width, height, indices);
		good = png_image_write_to_memory(&image, made, &size, 0, indices, 0, colours) != 0;
	}
	if (good) {
		g_string_append_len(out, (const char *)made, (gssize)size);
	}
	png_image_free(&image);
	g_free(indices);
	g_free(made);
	return good;
}

/* In the child. One NUL: it is a PNG, and does not get small enough. */
static void
small(void *user, GString *out)
{
	const task *t = user;
	png_image image = {.version = PNG_IMAGE_VERSION};
	const png_color white = {255, 255, 255};

	if (!png_image_begin_read_from_memory(&image, t->bytes.data, t->bytes.len)) {
		return;
	}
	image.format = PNG_FORMAT_RGB;
	picture from = {g_try_malloc(PNG_IMAGE_SIZE(image)), image.width, image.height};
	if (!from.pixels || !png_image_finish_read(&image, &white, from.pixels, 0, NULL)) {
		png_image_free(&image);
		g_free(from.pixels);
		return;
	}
	unsigned width = MIN(t->width, from.width);
	bool done = write_one(&from, width, t, out);
	while (!done && width * 3 / 4 >= LEAST_WIDTH) {
		width = width * 3 / 4;
		done = write_one(&from, width, t, out);
	}
	if (!done) {
		g_string_append_c(out, '\0');
	}
	g_free(from.pixels);
}

GBytes *
hk_png_small(hk_span bytes, unsigned width, unsigned height, size_t max_bytes, GError **error)
{
	uint32_t w, h;
	task t = {bytes, CLAMP(width, 8, 1024), CLAMP(height, 8, 1024), max_bytes};

	if (!hk_png_size(bytes, &w, &h)) {
		hk_error_set(error, HK_EFORM, "this is no PNG");
		return NULL;
	}
	if ((uint64_t)w * h > HK_PNG_PIXELS_MAX || w == 0 || h == 0) {
		hk_error_set(error, HK_ELIMIT, "a picture of %ux%u pixels is too large", w, h);
		return NULL;
	}
	GBytes *made = hk_sandbox_run(&limits, small, &t, error);
	if (made && g_bytes_get_size(made) <= 1) {
		bool broken = g_bytes_get_size(made) == 0;
		g_clear_pointer(&made, g_bytes_unref);
		hk_error_set(error, broken ? HK_EFORM : HK_ELIMIT,
			broken ? "this is a broken PNG" : "this picture does not get small enough");
	}
	return made;
}
