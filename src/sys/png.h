/* sys/png: a PNG written anew, over libpng. Layer: sys. Input is hostile: it is read in sys/sandbox.
 *
 * What comes out was encoded by us from plain pixels: whatever the input held beside them (texts, profiles, bytes behind the end, an attack
 * on a reader) is gone. */
#ifndef HK_SYS_PNG_H
#define HK_SYS_PNG_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

#define HK_PNG_PIXELS_MAX 64000000u /* 8,000 x 8,000; larger ones are refused */

/* hk_png_again(bytes, error): the picture, RGB, 8 bits, no alpha (shown on white). HK_EFORM: no PNG, or a broken one; HK_ELIMIT: too large, or it
 * took too long; HK_EPOLICY, HK_EIO: no sandbox (hk_sandbox_run). Caller unrefs. */
GBytes *hk_png_again(hk_span bytes, GError **error);

/* hk_png_size(bytes, ret_width, ret_height): from its head; false: no PNG. */
bool hk_png_size(hk_span bytes, uint32_t *ret_width, uint32_t *ret_height);

/* hk_png_small(bytes, width, height, max_bytes, error): a small picture of its upper part, for a message: at most width x height pixels (each 8 to 1,024) in the proportions
 * of the original, at most 216 colours, and smaller still until it has at most max_bytes. Never larger than the original. HK_ELIMIT: not even 32 pixels
 * wide; the other errors of hk_png_again. Caller unrefs. */
GBytes *hk_png_small(
	hk_span bytes, unsigned width, unsigned height, size_t max_bytes, GError **error);

/* What a picture looks like (match/dhash): of its three channels' grey. */
typedef struct hk_png_look {
	uint64_t dhash, phash;
	bool plain; /* one colour, or nearly: its hashes are those of any such picture */
} hk_png_look;

/* hk_png_look_at(bytes, ret, error): read in the sandbox. Errors of hk_png_again; *ret is untouched then. */
bool hk_png_look_at(hk_span bytes, hk_png_look *ret, GError **error);

#endif
