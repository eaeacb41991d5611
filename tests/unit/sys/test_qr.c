/* QR codes in pictures, and pictures that are none. */
#include <glib.h>

#include "qrcode.h"
#include "sys/qr.h"
#include "tap.h"

static const char lure[] = "https://mihon-bank-login.test/qr?id=1";

static void
finds(uint8_t *file, size_t len, hk_err err, const char *want, const char *what)
{
	g_autoptr(GPtrArray) codes = g_ptr_array_new_with_free_func(g_free);

	is_int(hk_qr_read(hk_span_of(file, len), codes), err, "%s", what);
	is_str(codes->len > 0 ? codes->pdata[0] : NULL, want, "%s: text", what);
}

int
main(void)
{
	size_t len;

	hk_qr_init();
	uint8_t *png = qr_png(lure, 4, 4, &len);
	finds(png, len, HK_OK, lure, "PNG");
	ok(hk_qr_is_image(hk_span_of(png, len)), "is an image");
	finds(png, 60, HK_EFORM, NULL, "PNG, cut");
	finds(png, 20, HK_EFORM, NULL, "PNG, cut in its header");
	/* Width and height of the header: 65,535 x 65,535; its checksum is then wrong, too, and that is found first or not. */
	png[16] = png[17] = 0, png[18] = png[19] = 0xff, png[20] = png[21] = 0,
	png[22] = png[23] = 0xff;
	g_autoptr(GPtrArray) none = g_ptr_array_new_with_free_func(g_free);
	ok(hk_qr_read(hk_span_of(png, len), none) != HK_OK, "PNG, a bomb");
	free(png);
	uint8_t *tight = qr_png(lure, 3, 0, &len);
	finds(tight, len, HK_OK, lure, "PNG without a quiet zone");
	free(tight);
	uint8_t *tiny = qr_png(lure, 1, 4, &len);
	finds(tiny, len, HK_OK, lure, "PNG, a pixel a module");
	free(tiny);
	uint8_t *jpeg = qr_jpeg(lure, 5, 4, &len);
	finds(jpeg, len, HK_OK, lure, "JPEG");
	finds(jpeg, len / 3, HK_OK, NULL, "JPEG, cut: what came is looked at");
	finds(jpeg, 3, HK_EVERSION, NULL, "not even a header");
	finds(jpeg, 30, HK_EFORM, NULL, "JPEG, cut in its header");
	free(jpeg);
	uint8_t *word = qr_png("\xe3\x81\x82 no address", 4, 4, &len);
	finds(word, len, HK_OK, "\xe3\x81\x82 no address", "a code in UTF-8");
	free(word);
	finds((uint8_t *)"GIF89a..........", 16, HK_EVERSION, NULL, "GIF is not read");
	finds((uint8_t *)"", 0, HK_EVERSION, NULL, "nothing");
	return tap_done();
}
