/* sys/s3: objects of one bucket of a store that speaks S3 (AWS, Ceph, MinIO, Garage, Swift ...). Layer: sys. What comes back is hostile.
 *
 * Amazon S3 API Reference: HeadObject, GetObject, PutObject in one piece, signed by sys/sigv4, through sys/http: an own service, https
 * with verified certificates. Nothing is listed, changed or deleted. Answers that pass (5xx, 429, lost connections, SlowDown and its
 * kin, sys/s3errors.def) are asked for again, HK_S3_TRIES times in all with growing waits; a refusal never. Any thread; each call blocks.
 *
 * Errors name the bucket and how to mend it: HK_ECONFIG (bucket, key, region), HK_EPOLICY (the key may not; egress refuses), HK_EFULL,
 * HK_EAGAIN (the store asks for patience, or we are asked to stop), HK_EREMOTE (all the rest of the other side; a clock that is wrong). */
#ifndef HK_SYS_S3_H
#define HK_SYS_S3_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"
#include "sys/egress.h"

/* A request is sent so often, at most; the first wait, unless the configuration says otherwise, and the longest. */
#define HK_S3_TRIES       6
#define HK_S3_WAIT_MS     200
#define HK_S3_WAIT_MAX_MS 5000
/* After so long nothing is asked again; a store that wants more patience is told as HK_EAGAIN. */
#define HK_S3_PATIENCE_MS 60000
/* Longest key of an object. */
#define HK_S3_KEY_MAX 300

typedef struct hk_s3 hk_s3;

/* Strings are copied. */
typedef struct hk_s3_config {
	const char *bucket;   /* 3 to 63 of a-z 0-9 . - */
	const char *endpoint; /* "https://s3.mihon-bank.example:9000"; NULL: AWS's for the region */
	const char *region;   /* NULL: "us-east-1" */
	bool virtual_host;    /* the bucket stands in the host name, not in the path */
	const char *key_file; /* sys/s3key */
	const char *profile;  /* of it; NULL: "default" */
	const char *ca_file;  /* PEM of the authorities to trust, or NULL: the system's */
	bool plain;           /* http:// to any host */
	unsigned wait_ms;     /* 0: HK_S3_WAIT_MS */
	hk_egress *egress;    /* NULL: the house's */
} hk_s3_config;

/* hk_s3_open(config, error): reads the key; asks nobody. HK_ECONFIG, HK_ENOENT, HK_EPOLICY. */
hk_s3 *hk_s3_open(const hk_s3_config *config, GError **error);
void hk_s3_free(hk_s3 *s3); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_s3, hk_s3_free)

/* What is known of an object without reading it. */
typedef struct hk_s3_object {
	bool found;
	int64_t bytes; /* -1: not said */
	bool checked; /* the store has told the hash that it took when the object was written (x-amz-checksum-sha256) */
	uint8_t sha256[32];
} hk_s3_object;

/* hk_s3_head(s3, key, ret, error): an object that is not there is no error; nor is a bucket: HEAD does not tell them apart. */
bool hk_s3_head(hk_s3 *s3, const char *key, hk_s3_object *ret, GError **error);

/* hk_s3_put(s3, key, bytes, sha256, once, ret_made, error): sends the bytes from where they lie. once: only if there is no such
 * object (If-None-Match: *); *ret_made false: there is one. A store that does not know such conditions is asked without. */
bool hk_s3_put(hk_s3 *s3, const char *key, hk_span bytes, const uint8_t sha256[32], bool once,
	bool *ret_made, GError **error);

/* hk_s3_get(s3, key, max_bytes, error): HK_ENOENT, HK_ELIMIT. Caller unrefs. */
GBytes *hk_s3_get(hk_s3 *s3, const char *key, size_t max_bytes, GError **error);

#endif
