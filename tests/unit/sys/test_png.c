#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "sys/gerr.h"
#include "sys/png.h"
#include "tap.h"

/* A picture of 64 x 48 with a text chunk, as libpng's full interface writes it. */
static void
on_write(png_structp png, png_bytep data, size_t len)
{
	g_byte_array_append(png_get_io_ptr(png), data, (guint)len);
}

static void
on_flush(png_structp png)
{
	(void)png;
}

static GByteArray *
make(void)
{
	GByteArray *out = g_byte_array_new();
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	png_text text = {.compression = PNG_TEXT_COMPRESSION_NONE,
		.key = (char *)"Comment",
		.text = (char *)"SECRET-MARK",
		.text_length = 11};
	uint8_t row[64 * 3];

	png_set_write_fn(png, out, on_write, on_flush);
	png_set_IHDR(png, info, 64, 48, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
		PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_set_text(png, info, &text, 1);
	png_write_info(png, info);
	for (int y = 0; y < 48; y++) {
		for (size_t x = 0; x < sizeof row; x++) {
			row[x] = (uint8_t)(x * 3 + (size_t)y);
		}
		png_write_row(png, row);
	}
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	g_byte_array_append(out, (const uint8_t *)"<script>behind</script>", 23);
	return out;
}

static uint8_t *
pixels_of(const void *data, size_t len)
{
	png_image image = {.version = PNG_IMAGE_VERSION};

	png_image_begin_read_from_memory(&image, data, len);
	image.format = PNG_FORMAT_RGB;
	uint8_t *pixels = g_malloc0(PNG_IMAGE_SIZE(image));
	png_image_finish_read(&image, NULL, pixels, 0, NULL);
	return pixels;
}

int
main(void)
{
	g_autoptr(GByteArray) in = make();
	g_autoptr(GError) error = NULL;
	hk_span bytes = hk_span_of(in->data, in->len);
	g_autoptr(GBytes) out = hk_png_again(bytes, &error);
	uint32_t width = 0, height = 0;

	if (!ok(out != NULL, "written anew%s", error ? error->message : "")) {
		return tap_done();
	}
	gsize len;
	const uint8_t *data = g_bytes_get_data(out, &len);
	ok(hk_png_size(hk_span_of(data, len), &width, &height) && width == 64 && height == 48,
		"the size stays");
	ok(memmem(in->data, in->len, "SECRET-MARK", 11) && !memmem(data, len, "SECRET-MARK", 11),
		"texts are gone");
	ok(!memmem(data, len, "<script>", 8), "what stood behind the end is gone");
	g_autofree uint8_t *was = pixels_of(in->data, in->len);
	g_autofree uint8_t *is = pixels_of(data, len);
	is_mem(is, was, 64 * 48 * 3, "the pixels stay");

	ok(!hk_png_again(hk_span_str("no picture"), &error) && hk_error_code(error) == HK_EFORM,
		"no PNG");
	g_clear_error(&error);
	hk_png_look look = {0}, look_again = {0};
	ok(hk_png_look_at(bytes, &look, NULL) &&
			hk_png_look_at(hk_span_of(data, len), &look_again, NULL),
		"looked at");
	ok(look.dhash == look_again.dhash && look.phash == look_again.phash && look.phash != 0 &&
			!look.plain,
		"the same look before and after");
	g_autoptr(GBytes) tiny = hk_png_small(bytes, 40, 20, 4000, &error);
	data = tiny ? g_bytes_get_data(tiny, &len) : NULL;
	ok(tiny && hk_png_size(hk_span_of(data, len), &width, &height) && width == 40 &&
			height == 20,
		"a small one shows the upper part: %ux%u", width, height);
	g_autofree uint8_t *shrunk = tiny ? pixels_of(data, len) : NULL;
	int far = 0;
	for (size_t x = 0; shrunk && x < 40; x++) {
		far += abs(shrunk[x * 3] - was[(x * 64 / 40) * 3]) > 60;
	}
	/* Where the pattern begins anew, two colours become one. */
	ok(shrunk && far < 8, "in about the same colours: %d of 40 columns are not", far);
	g_autoptr(GBytes) whole = hk_png_small(bytes, 1000, 1000, 1 << 20, &error);
	data = whole ? g_bytes_get_data(whole, &len) : NULL;
	ok(whole && hk_png_size(hk_span_of(data, len), &width, &height) && width == 64 &&
			height == 48,
		"never larger than it was");
	static uint8_t noise[64 * 48 * 3], made[64 * 48 * 4];
	png_alloc_size_t full = sizeof made;
	png_image image = {
		.version = PNG_IMAGE_VERSION, .width = 64, .height = 48, .format = PNG_FORMAT_RGB};
	for (uint32_t i = 0, state = 1; i < sizeof noise; i++) {
		state = state * 1664525u + 1013904223u;
		noise[i] = (uint8_t)(state >> 24);
	}
	ok(png_image_write_to_memory(&image, made, &full, 0, noise, 0, NULL), "noise");
	g_autoptr(GBytes) less = hk_png_small(hk_span_of(made, full), 64, 48, 2500, &error);
	data = less ? g_bytes_get_data(less, &len) : NULL;
	ok(less && len <= 2500 && hk_png_size(hk_span_of(data, len), &width, &height) &&
			width < 64 && height < 48,
		"as small as is asked: %zu", len);
	ok(!hk_png_small(bytes, 64, 48, 60, &error) && hk_error_code(error) == HK_ELIMIT,
		"there is an end to that");
	g_clear_error(&error);
	ok(!hk_png_small(hk_span_of(in->data, 100), 40, 40, 4000, &error) &&
			hk_error_code(error) == HK_EFORM,
		"a broken one does not get small");
	g_clear_error(&error);
	in->data[60] ^= 0x55;
	ok(!hk_png_look_at(hk_span_of(in->data, 100), &look, &error) &&
			hk_error_code(error) == HK_EFORM,
		"a broken one has no look");
	g_clear_error(&error);
	ok(!hk_png_again(hk_span_of(in->data, 100), &error) && hk_error_code(error) == HK_EFORM,
		"a broken PNG");
	g_clear_error(&error);
	memcpy(in->data + 16, "\x00\x01\x00\x00\x00\x01\x00\x00", 8);
	ok(!hk_png_again(bytes, &error) && hk_error_code(error) == HK_ELIMIT,
		"a bomb of 65,536 x 65,536");
	return tap_done();
}
