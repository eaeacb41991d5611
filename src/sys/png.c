#include "sys/png.h"

#include <string.h>

#include <png.h>

#include "match/dhash.h"
#include "sys/gerr.h"
#include "sys/sandbox.h"

/* Of the child: the pixels (3 bytes each) and what libpng needs beside them. */
static const hk_sandbox_limits limits = {.memory_bytes = (size_t)768 << 20,
	.cpu_s = 20,
	.wall_ms = 40000,
	.answer_bytes = (size_t)64 << 20};

bool
hk_png_size(hk_span bytes, uint32_t *ret_width, uint32_t *ret_height)
{
	const uint8_t *at = bytes.data;

	if (bytes.len < 24 || memcmp(at, "\x89PNG\r\n\x1a\n", 8) != 0) {
		return false;
	}
	*ret_width =
		(uint32_t)at[16] << 24 | (uint32_t)at[17] << 16 | (uint32_t)at[18] << 8 | at[19];
	*ret_height =
		(uint32_t)at[20] << 24 | (uint32_t)at[21] << 16 | (uint32_t)at[22] << 8 | at[23];
	return true;
}

/* In the child. Nothing is written when it fails. */
static void
again(void *user, GString *out)
{
	const hk_span *bytes = user;
	png_image image = {.version = PNG_IMAGE_VERSION};
	const png_color white = {255, 255, 255};
	png_alloc_size_t size = 0;

	if (!png_image_begin_read_from_memory(&image, bytes->data, bytes->len)) {
		return;
	}
	image.format = PNG_FORMAT_RGB;
	uint8_t *pixels = g_try_malloc(PNG_IMAGE_SIZE(image));

	if (!pixels || !png_image_finish_read(&image, &white, pixels, 0, NULL)) {
		png_image_free(&image);
		g_free(pixels);
		return;
	}
	image.flags = PNG_IMAGE_FLAG_FAST;
	size = PNG_IMAGE_PNG_SIZE_MAX(image);
	uint8_t *made = g_try_malloc(size);

	if (made && png_image_write_to_memory(&image, made, &size, 0, pixels, 0, NULL)) {
		g_string_append_len(out, (const char *)made, (gssize)size);
	}
	png_image_free(&image);
	g_free(made);
	g_free(pixels);
}

static bool
may_be_read(hk_span bytes, GError **error)
{
	uint32_t width, height;

	if (!hk_png_size(bytes, &width, &height)) {
		return hk_error_set(error, HK_EFORM, "this is no PNG");
	}
	if ((uint64_t)width * height > HK_PNG_PIXELS_MAX || width == 0 || height == 0) {
		return hk_error_set(
			error, HK_ELIMIT, "a picture of %ux%u pixels is too large", width, height);
	}
	return true;
}

GBytes *
hk_png_again(hk_span bytes, GError **error)
{
	if (!may_be_read(bytes, error)) {
		return NULL;
	}
	GBytes *made = hk_sandbox_run(&limits, again, &bytes, error);

	if (made && g_bytes_get_size(made) == 0) {
		g_clear_pointer(&made, g_bytes_unref);
		hk_error_set(error, HK_EFORM, "this is a broken PNG");
	}
	return made;
}

/* Grey values of the cells that differ by less are one colour to a person. */
#define PLAIN 6

/* In the child. */
static void
look(void *user, GString *out)
{
	const hk_span *bytes = user;
	png_image image = {.version = PNG_IMAGE_VERSION};
	const png_color white = {255, 255, 255};
	float coarse[HK_DHASH_COLUMNS * HK_DHASH_ROWS], fine[HK_PHASH_SIDE * HK_PHASH_SIDE];
	float least = 255, most = 0;

	if (!png_image_begin_read_from_memory(&image, bytes->data, bytes->len)) {
		return;
	}
	image.format = PNG_FORMAT_RGB;
	uint8_t *pixels = g_try_malloc(PNG_IMAGE_SIZE(image));
	if (pixels && png_image_finish_read(&image, &white, pixels, 0, NULL)) {
		size_t stride = PNG_IMAGE_ROW_STRIDE(image);
		hk_grey_shrink(pixels, image.width, image.height, stride, coarse, HK_DHASH_COLUMNS,
			HK_DHASH_ROWS);
		hk_grey_shrink(pixels, image.width, image.height, stride, fine, HK_PHASH_SIDE,
			HK_PHASH_SIDE);
		for (size_t i = 0; i < G_N_ELEMENTS(fine); i++) {
			least = MIN(least, fine[i]);
			most = MAX(most, fine[i]);
		}
		/* Padding would hand out bytes of the stack. */
		hk_png_look found;
		memset(&found, 0, sizeof found);
		found.dhash = hk_dhash(coarse);
		found.phash = hk_phash(fine);
		found.plain = most - least < PLAIN;
		g_string_append_len(out, (const char *)&found, sizeof found);
	}
	png_image_free(&image);
	g_free(pixels);
}

bool
hk_png_look_at(hk_span bytes, hk_png_look *ret, GError **error)
{
	if (!may_be_read(bytes, error)) {
		return false;
	}
	g_autoptr(GBytes) made = hk_sandbox_run(&limits, look, &bytes, error);
	if (!made) {
		return false;
	}
	hk_png_look found;
	if (g_bytes_get_size(made) != sizeof found) {
		return hk_error_set(error, HK_EFORM, "this is a broken PNG");
	}
	memcpy(&found, g_bytes_get_data(made, NULL), sizeof found);
	found.plain = *(const uint8_t *)&found.plain != 0;
	*ret = found;
	return true;
}
