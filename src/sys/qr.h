/* sys/qr: the QR codes of a picture, over ZBar, libpng and libjpeg. Layer: sys. Input is hostile: call it in sys/sandbox only.
 *
 * PNG and JPEG are read. GIF, WebP, BMP, SVG, TIFF, HEIC and codes drawn of text characters or table cells are not. */
#ifndef HK_SYS_QR_H
#define HK_SYS_QR_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

/* A larger picture is not read (25 megapixels are 25 MB in memory); more codes are not looked for. */
#define HK_QR_PIXELS_MAX (25u * 1000 * 1000)
#define HK_QR_CODES_MAX  20
#define HK_QR_TEXT_MAX   8192

/* hk_qr_init(): once, outside the sandbox. */
void hk_qr_init(void);

/* hk_qr_is_image(bytes): begins like a PNG or a JPEG. */
bool hk_qr_is_image(hk_span bytes);

/* hk_qr_read(bytes, ret): appends the text of each code found (char *, UTF-8) to ret, an array that frees with g_free. HK_EVERSION: neither
 * PNG nor JPEG; HK_ELIMIT: too many pixels; HK_EFORM: a broken picture. */
HK_MUST hk_err hk_qr_read(hk_span bytes, GPtrArray *ret);

#endif
