#include "sys/qr.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <zbar.h>

#include "sys/charset.h"

/* White around the code: people crop pictures, ZBar needs the quiet zone. */
enum { BORDER = 32 };

/* A grey picture with its border. */
typedef struct grey {
	uint8_t *pixels; /* owned */
	unsigned width, height;
} grey;

void
hk_qr_init(void)
{
	hk_charset_warm();
	zbar_set_verbosity(0);

	/* Reads once what it reads at the first use. */
	zbar_image_scanner_t *scanner = zbar_image_scanner_create();

	zbar_image_scanner_destroy(scanner);
}

static bool
is_png(hk_span bytes)
{
	return bytes.len > 8 && memcmp(bytes.data, "\x89PNG\r\n\x1a\n", 8) == 0;
}

bool
hk_qr_is_image(hk_span bytes)
{
	return is_png(bytes) || (bytes.len > 3 && memcmp(bytes.data, "\xff\xd8\xff", 3) == 0);
}

static bool
fits(unsigned width, unsigned height)
{
	return width > 0 && height > 0 && (uint64_t)width * height <= HK_QR_PIXELS_MAX;
}

/* A white picture with room for width x height inside its border. */
static void
grey_init(grey *ret, unsigned width, unsigned height)
{
	ret->width = width + 2 * BORDER;
	ret->height = height + 2 * BORDER;
	ret->pixels = g_malloc((size_t)ret->width * ret->height);
	memset(ret->pixels, 255, (size_t)ret->width * ret->height);
}

static uint8_t *
grey_row(const grey *g, unsigned y)
{
	return g->pixels + (size_t)(y + BORDER) * g->width + BORDER;
}

static hk_err
read_png(hk_span bytes, grey *ret)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	const png_color white = {255, 255, 255};

	if (!png_image_begin_read_from_memory(&image, bytes.data, bytes.len)) {
		png_image_free(&image);
		return HK_EFORM;
	}
	if (!fits(image.width, image.height)) {
		png_image_free(&image);
		return HK_ELIMIT;
	}
	image.format = PNG_FORMAT_GRAY;
	grey_init(ret, image.width, image.height);
	/* A picture that ends too early keeps the rows that came: they may hold the code. */
	if (!png_image_finish_read(
		    &image, &white, grey_row(ret, 0), (png_int_32)ret->width, NULL)) {
		png_image_free(&image);
		return HK_EFORM;
	}
	png_image_free(&image);
	return HK_OK;
}

typedef struct jpeg_trap {
	struct jpeg_error_mgr base;
	jmp_buf back;
} jpeg_trap;

static void
jpeg_fail(j_common_ptr reader)
{
	longjmp(((jpeg_trap *)reader->err)->back, 1);
}

static void
jpeg_hush(j_common_ptr reader)
{
	(void)reader;
}

/* libjpeg leaves by longjmp: nothing here changes between setjmp and there but through pointers. */
static hk_err
read_jpeg(hk_span bytes, grey *ret)
{
	struct jpeg_decompress_struct reader;
	jpeg_trap trap;
	volatile bool begun = false;

	reader.err = jpeg_std_error(&trap.base);
	trap.base.error_exit = jpeg_fail;
	trap.base.output_message = jpeg_hush;
	if (setjmp(trap.back)) {
		jpeg_destroy_decompress(&reader);
		return begun ? HK_OK : HK_EFORM; /* the rows that came count */
	}
	jpeg_create_decompress(&reader);
	jpeg_mem_src(&reader, bytes.data, bytes.len);
	jpeg_read_header(&reader, TRUE);
	if (!fits(reader.image_width, reader.image_height)) {
		jpeg_destroy_decompress(&reader);
		return HK_ELIMIT;
	}
	reader.out_color_space = JCS_GRAYSCALE;
	jpeg_start_decompress(&reader);
	grey_init(ret, reader.output_width, reader.output_height);
	begun = true;
	while (reader.output_scanline < reader.output_height) {
		JSAMPROW row = grey_row(ret, reader.output_scanline);

		jpeg_read_scanlines(&reader, &row, 1);
	}
	jpeg_finish_decompress(&reader);
	jpeg_destroy_decompress(&reader);
	return HK_OK;
}

/* Each pixel twice in both directions: one module may be one pixel wide, which ZBar does not see. */
static grey
enlarge(const grey *from)
{
	grey to = {.width = 2 * from->width, .height = 2 * from->height};

	to.pixels = g_malloc((size_t)to.width * to.height);
	for (unsigned y = 0; y < to.height; y++) {
		for (unsigned x = 0; x < to.width; x++) {
			to.pixels[(size_t)y * to.width + x] =
				from->pixels[(size_t)(y / 2) * from->width + x / 2];
		}
	}
	return to;
}

static unsigned
scan(const grey *g, GPtrArray *ret)
{
	zbar_image_scanner_t *scanner = zbar_image_scanner_create();
	zbar_image_t *image = zbar_image_create();
	unsigned found = 0;

	zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
	zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
	zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1);
	zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_TEST_INVERTED, 1);
	zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
	zbar_image_set_size(image, g->width, g->height);
	zbar_image_set_data(image, g->pixels, (unsigned long)g->width * g->height, NULL);
	if (zbar_scan_image(scanner, image) > 0) {
		const zbar_symbol_t *symbol = zbar_image_first_symbol(image);

		for (; symbol && ret->len < HK_QR_CODES_MAX; symbol = zbar_symbol_next(symbol)) {
			g_autoptr(GString) text = g_string_new(NULL);
			size_t len = zbar_symbol_get_data_length(symbol);

			hk_charset_text(
				hk_span_of(zbar_symbol_get_data(symbol), MIN(len, HK_QR_TEXT_MAX)),
				NULL, text, NULL);
			g_ptr_array_add(ret, g_strdup(text->str));
			found++;
		}
	}
	zbar_image_destroy(image);
	zbar_image_scanner_destroy(scanner);
	return found;
}

hk_err
hk_qr_read(hk_span bytes, GPtrArray *ret)
{
	grey picture = {0};
	hk_err err = is_png(bytes)           ? read_png(bytes, &picture)
		     : hk_qr_is_image(bytes) ? read_jpeg(bytes, &picture)
					     : HK_EVERSION;

	if (picture.pixels && scan(&picture, ret) == 0 && picture.width < 600 &&
		picture.height < 600) {
		grey larger = enlarge(&picture);

		scan(&larger, ret);
		g_free(larger.pixels);
	}
	g_free(picture.pixels);
	return err;
}
