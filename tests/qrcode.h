/* tests/qrcode: QR codes for tests, made here, so that no picture has to be shipped. Version 4-L, byte mode, mask 0: up to 78 bytes. */
#ifndef HK_TESTS_QRCODE_H
#define HK_TESTS_QRCODE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

enum { QR_SIZE = 33, QR_DATA = 80, QR_CHECK = 20, QR_BORDER = 4 };

static inline uint8_t
qr_multiply(uint8_t a, uint8_t b)
{
	unsigned product = 0;

	for (int i = 7; i >= 0; i--) {
		product = product << 1 ^ (product >> 7) * 0x11d;
		product ^= (b >> i & 1u) * a;
	}
	return (uint8_t)product;
}

/* Reed-Solomon check bytes over data[QR_DATA]. */
static inline void
qr_check(const uint8_t *data, uint8_t *check)
{
	uint8_t divisor[QR_CHECK] = {0};
	uint8_t root = 1;

	divisor[QR_CHECK - 1] = 1;
	for (int i = 0; i < QR_CHECK; i++) {
		for (int j = 0; j < QR_CHECK; j++) {
			divisor[j] = qr_multiply(divisor[j], root);
			divisor[j] ^= j + 1 < QR_CHECK ? divisor[j + 1] : 0;
		}
		root = qr_multiply(root, 2);
	}
	memset(check, 0, QR_CHECK);
	for (int i = 0; i < QR_DATA; i++) {
		uint8_t factor = data[i] ^ check[0];

		memmove(check, check + 1, QR_CHECK - 1);
		check[QR_CHECK - 1] = 0;
		for (int j = 0; j < QR_CHECK; j++) {
			check[j] ^= qr_multiply(divisor[j], factor);
		}
	}
}

typedef struct qr {
	uint8_t dark[QR_SIZE][QR_SIZE];  /* [y][x] */
	uint8_t taken[QR_SIZE][QR_SIZE]; /* no data there */
} qr;

static inline void
qr_set(qr *q, int x, int y, int dark)
{
	if (x >= 0 && y >= 0 && x < QR_SIZE && y < QR_SIZE) {
		q->dark[y][x] = dark != 0;
		q->taken[y][x] = 1;
	}
}

static inline void
qr_patterns(qr *q)
{
	static const int corners[3][2] = {{3, 3}, {QR_SIZE - 4, 3}, {3, QR_SIZE - 4}};
	static const unsigned format = 0x77c4; /* level L, mask 0 */

	for (int i = 0; i < QR_SIZE; i++) {
		qr_set(q, 6, i, i % 2 == 0);
		qr_set(q, i, 6, i % 2 == 0);
	}
	for (int c = 0; c < 3; c++) {
		for (int dy = -4; dy <= 4; dy++) {
			for (int dx = -4; dx <= 4; dx++) {
				int far = abs(dx) > abs(dy) ? abs(dx) : abs(dy);

				qr_set(q, corners[c][0] + dx, corners[c][1] + dy,
					far != 2 && far != 4);
			}
		}
	}
	for (int dy = -2; dy <= 2; dy++) {
		for (int dx = -2; dx <= 2; dx++) {
			qr_set(q, 26 + dx, 26 + dy, (abs(dx) > abs(dy) ? abs(dx) : abs(dy)) != 1);
		}
	}
	for (int i = 0; i < 15; i++) {
		int bit = format >> i & 1;

		qr_set(q, 8, i < 6 ? i : i < 8 ? i + 1 : QR_SIZE - 15 + i, bit);
		qr_set(q, i < 8 ? QR_SIZE - 1 - i : i < 9 ? 7 : 14 - i, 8, bit);
	}
	qr_set(q, 8, QR_SIZE - 8, 1);
}

static inline void
qr_make(const char *text, qr *q)
{
	uint8_t bytes[QR_DATA + QR_CHECK] = {0};
	size_t len = strlen(text);
	int bit = 0;

	if (len > 78) {
		abort();
	}
	bytes[0] = (uint8_t)(0x40 | len >> 4);
	bytes[1] = (uint8_t)(len << 4);
	for (size_t i = 0; i < len; i++) {
		bytes[i + 1] |= (uint8_t)text[i] >> 4;
		bytes[i + 2] = (uint8_t)((uint8_t)text[i] << 4);
	}
	for (size_t i = len + 2; i < QR_DATA; i++) {
		bytes[i] = (i - len) % 2 == 0 ? 0xec : 0x11;
	}
	qr_check(bytes, bytes + QR_DATA);
	memset(q, 0, sizeof *q);
	qr_patterns(q);
	for (int right = QR_SIZE - 1; right >= 1; right -= 2) {
		right -= right == 6;
		for (int v = 0; v < QR_SIZE; v++) {
			int y = (right + 1) & 2 ? v : QR_SIZE - 1 - v;

			for (int x = right; x > right - 2; x--) {
				if (q->taken[y][x]) {
					continue;
				}
				int on = bit < (QR_DATA + QR_CHECK) * 8 &&
					 (bytes[bit >> 3] >> (7 - (bit & 7)) & 1);

				q->dark[y][x] = (uint8_t)(on ^ ((x + y) % 2 == 0));
				bit++;
			}
		}
	}
}

/* Grey pixels, scale x scale a module, with border modules around; caller frees. */
static inline uint8_t *
qr_pixels(const char *text, int scale, int border, int *ret_width)
{
	int width = (QR_SIZE + 2 * border) * scale;
	uint8_t *pixels = malloc((size_t)width * (size_t)width);
	qr q;

	qr_make(text, &q);
	for (int y = 0; y < width; y++) {
		for (int x = 0; x < width; x++) {
			int mx = x / scale - border, my = y / scale - border;
			int dark = mx >= 0 && my >= 0 && mx < QR_SIZE && my < QR_SIZE &&
				   q.dark[my][mx];

			pixels[y * width + x] = dark ? 0 : 255;
		}
	}
	*ret_width = width;
	return pixels;
}

/* As files; caller frees. */
static inline uint8_t *
qr_png(const char *text, int scale, int border, size_t *ret_len)
{
	png_image image = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_GRAY};
	int width;
	uint8_t *pixels = qr_pixels(text, scale, border, &width);
	png_alloc_size_t len = 1u << 20;
	uint8_t *file = malloc(len);

	image.width = image.height = (png_uint_32)width;
	if (!png_image_write_to_memory(&image, file, &len, 0, pixels, 0, NULL)) {
		abort();
	}
	free(pixels);
	*ret_len = len;
	return file;
}

static inline uint8_t *
qr_jpeg(const char *text, int scale, int border, size_t *ret_len)
{
	struct jpeg_compress_struct writer;
	struct jpeg_error_mgr errors;
	int width;
	uint8_t *pixels = qr_pixels(text, scale, border, &width);
	unsigned char *file = NULL;
	unsigned long len = 0;

	writer.err = jpeg_std_error(&errors);
	jpeg_create_compress(&writer);
	jpeg_mem_dest(&writer, &file, &len);
	writer.image_width = writer.image_height = (unsigned)width;
	writer.input_components = 1;
	writer.in_color_space = JCS_GRAYSCALE;
	jpeg_set_defaults(&writer);
	jpeg_set_quality(&writer, 40, TRUE);
	jpeg_start_compress(&writer, TRUE);
	for (int y = 0; y < width; y++) {
		JSAMPROW row = pixels + (size_t)y * (size_t)width;

		jpeg_write_scanlines(&writer, &row, 1);
	}
	jpeg_finish_compress(&writer);
	jpeg_destroy_compress(&writer);
	free(pixels);
	*ret_len = len;
	return file;
}

#endif
