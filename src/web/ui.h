/* web/ui: the files of the board, embedded at build time by tools/embed. Layer: web. Trusted: our own bytes. */
#ifndef HK_WEB_UI_H
#define HK_WEB_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* path: the whole path of the URL: "/index.html" (answer "/" with it, Cache-Control: no-cache), all others "/ui/HASH/..." (immutable:
 * "public, max-age=31536000, immutable"). gzip: the bytes, compressed; length: of what they unpack to; sha256: of that. */
typedef struct hk_ui_file {
	const char *path, *type;
	const uint8_t *gzip;
	uint32_t gzip_length, length;
	bool immutable;
	uint8_t sha256[32];
} hk_ui_file;

/* Sorted by path, as strcmp() sorts. hk_ui_hash: the HASH of the paths. With --ui-dir=DIR the same files are read from disk:
 * "/" is DIR/index.html, "/a/b.js" is DIR/a/b.js (run `tools/embed.mjs --vendor DIR` once for DIR/vendor/). */
extern const hk_ui_file hk_ui_files[];
extern const size_t hk_ui_file_count;
extern const char hk_ui_hash[];

#endif
