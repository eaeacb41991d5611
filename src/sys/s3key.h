/* sys/s3key: the key of an S3-compatible store, from a file in the form of AWS's shared credentials. Layer: sys. Input is ours, yet
 * checked.
 *
 *   [default]
 *   aws_access_key_id = AKIDEXAMPLE
 *   aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
 *   aws_session_token = ...                       only with keys that end
 *
 * Lines that begin with # or ; are comments; other keys than these three are passed over, as other programs have theirs there. */
#ifndef HK_SYS_S3KEY_H
#define HK_SYS_S3KEY_H

#include <stdbool.h>

#include <glib.h>

/* A larger file is refused. */
#define HK_S3KEY_FILE_MAX 65536
/* Longest value: session tokens have up to some 2,000 bytes. */
#define HK_S3KEY_VALUE_MAX 4096

/* Owned; wiped by hk_s3key_clear(). */
typedef struct hk_s3key {
	char *id, *secret;
	char *token; /* or NULL */
} hk_s3key;

/* hk_s3key_read(path, profile, ret, error): profile NULL: "default". Errors of sys/file; HK_EPOLICY when others may read the file;
 * HK_ECONFIG: no such profile, a key missing or twice, a line that is none, a value that is no printable ASCII; with the line,
 * never with a value. */
bool hk_s3key_read(const char *path, const char *profile, hk_s3key *ret, GError **error);
void hk_s3key_clear(hk_s3key *key);

#endif
