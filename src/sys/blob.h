/* sys/blob: evidence that is kept: bytes that are named by their SHA-256, in a folder or in a bucket. Layer: sys. Contents are hostile:
 * they are kept and handed out, never looked into.
 *
 * In a folder: DIR/ab/abcd...: 64 lower-case hexadecimal digits below a folder of the first two; mode 0400 in folders of mode 0700. A file
 * is there whole and for good (fsync of file and folder), or not at all. In a bucket: the object PREFIX/ab/abcd..., so that a folder can
 * be copied into a bucket and back with any tool. Several processes may write the same place. Errors are those of sys/file, or sys/s3. */
#ifndef HK_SYS_BLOB_H
#define HK_SYS_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"
#include "sys/options.h"
#include "sys/s3.h"

/* Longest prefix in a bucket. */
#define HK_BLOBS_PREFIX_MAX 200

typedef struct hk_blobs hk_blobs;

/* Strings are borrowed until hk_blobs_open() has returned. */
typedef struct hk_blobs_config {
	const char *where; /* a folder, or "s3://BUCKET[/PREFIX]" */
	bool lazy; /* a folder is made, if missing, when the first blob comes, not when it is opened */
	hk_s3_config s3; /* of a bucket; but for its name, which is in where */
} hk_blobs_config;

/* hk_blobs_config_of(opts): the options `blobs` and `s3-...`; strings of opts. */
hk_blobs_config hk_blobs_config_of(const hk_opts *opts);

/* hk_blobs_open(config, error): makes the folder when it is missing; reads the key of the bucket, which is not asked yet. HK_ECONFIG for
 * a place that is none. Any thread may use what is opened. */
hk_blobs *hk_blobs_open(const hk_blobs_config *config, GError **error);
void hk_blobs_free(hk_blobs *blobs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_blobs, hk_blobs_free)

/* hk_blobs_put(blobs, bytes, ret_sha256, error): keeps the bytes; the same bytes are kept once. Call it before the transaction that
 * names them: a blob without a row is only waste, a row without its blob is lost evidence. What is there already is looked at again,
 * and written anew if it is not what its name says: a file is read; an object too, unless the store itself tells the SHA-256 that it
 * took. Nothing else is ever written over (a bucket: If-None-Match). */
bool hk_blobs_put(hk_blobs *blobs, hk_span bytes, uint8_t ret_sha256[32], GError **error);

/* hk_blobs_get(blobs, sha256, max_bytes, error): the bytes, verified. HK_ENOENT: there is none; HK_ECHECK: what is there is not what
 * its name says; HK_ELIMIT: over max_bytes. Caller unrefs. */
GBytes *hk_blobs_get(hk_blobs *blobs, const uint8_t sha256[32], size_t max_bytes, GError **error);

/* hk_blobs_path(blobs, sha256): where it lies: a file, or "s3://BUCKET/KEY". Caller frees. */
char *hk_blobs_path(const hk_blobs *blobs, const uint8_t sha256[32]);

#endif
