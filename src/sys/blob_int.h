/* sys/blob_int: what sys/blob and its two places share. Layer: sys; for blob*.c only. */
#ifndef HK_SYS_BLOB_INT_H
#define HK_SYS_BLOB_INT_H

#include "sys/blob.h"

struct hk_blobs {
	char *dir;             /* NULL: a bucket */
	hk_s3 *s3;             /* NULL: a folder */
	char *bucket, *prefix; /* of s3; prefix: "" or "evidence/" */
};

/* sys/blob_dir, sys/blob_s3: as hk_blobs_put() and hk_blobs_get(), which have hashed and will verify. */
bool hk_blobs_dir_prepare(const hk_blobs *blobs, GError **error);
bool hk_blobs_dir_put(hk_blobs *blobs, hk_span bytes, const uint8_t sha256[32], GError **error);
bool hk_blobs_s3_put(hk_blobs *blobs, hk_span bytes, const uint8_t sha256[32], GError **error);
GBytes *hk_blobs_s3_get(
	hk_blobs *blobs, const uint8_t sha256[32], size_t max_bytes, GError **error);

/* hk_blobs_key(blobs, sha256): PREFIX/ab/abcd... Caller frees. */
char *hk_blobs_key(const hk_blobs *blobs, const uint8_t sha256[32]);

#endif
