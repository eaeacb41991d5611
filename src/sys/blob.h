/* sys/blob: evidence on disk: files that are named by the SHA-256 of what they hold. Layer: sys. Contents are hostile: they are
 * kept and handed out, never looked into.
 *
 * DIR/ab/abcd...: 64 lower-case hexadecimal digits below a folder of the first two; mode 0400 in folders of mode 0700. A file is
 * there whole and for good (fsync of file and folder), or not at all. Several processes may write the same folder. Errors are
 * those of sys/file. */
#ifndef HK_SYS_BLOB_H
#define HK_SYS_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

typedef struct hk_blobs hk_blobs;

/* hk_blobs_open(dir, error): makes the folder when it is missing. */
hk_blobs *hk_blobs_open(const char *dir, GError **error);
void hk_blobs_free(hk_blobs *blobs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_blobs, hk_blobs_free)

/* hk_blobs_put(blobs, bytes, ret_sha256, error): keeps the bytes; the same bytes are kept once. Call it before the transaction that
 * names them: a blob without a row is only waste, a row without its blob is lost evidence. A file that is there already is read
 * again, and written anew if the disk has changed it. */
bool hk_blobs_put(hk_blobs *blobs, hk_span bytes, uint8_t ret_sha256[32], GError **error);

/* hk_blobs_get(blobs, sha256, max_bytes, error): the bytes, verified. HK_ENOENT: there is none; HK_ECHECK: the file does not hold
 * what its name says; HK_ELIMIT: over max_bytes. Caller unrefs. */
GBytes *hk_blobs_get(hk_blobs *blobs, const uint8_t sha256[32], size_t max_bytes, GError **error);

/* hk_blobs_path(blobs, sha256): where it lies. Caller frees. */
char *hk_blobs_path(const hk_blobs *blobs, const uint8_t sha256[32]);

#endif
