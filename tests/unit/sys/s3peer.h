/* tests/unit/sys/s3peer: a store on loopback that speaks as much S3 as sys/s3 asks for, out of memory, and fails on demand. It does not
 * look at signatures: tests/scenario/blobs-s3.t has a store that does. */
#ifndef HK_TESTS_S3PEER_H
#define HK_TESTS_S3PEER_H

#include <stdbool.h>

#include <glib.h>

typedef enum s3peer_conditions {
	S3PEER_KNOWS,   /* If-None-Match with PUT: 412 when there is one */
	S3PEER_REFUSES, /* 501 */
	S3PEER_IGNORES,
} s3peer_conditions;

typedef struct s3peer {
	int port;
	GMutex lock; /* of what follows */
	s3peer_conditions conditions;
	bool checksums;      /* HEAD tells x-amz-checksum-sha256 */
	GHashTable *objects; /* path -> GBytes */
	GQueue next;         /* of char *: answers to give instead, in their order; "": hang up */
	GString *log;        /* "PUT /bucket/key\n" for each request */
	GString *head;       /* of the last request */
	int listener;
	GThread *thread;
} s3peer;

s3peer *s3peer_start(void);
void s3peer_stop(s3peer *peer);

/* s3peer_next(peer, raw): one more answer; copied. */
void s3peer_next(s3peer *peer, const char *raw);

/* s3peer_fail(peer, status, code): the same with a status line and an error document. */
void s3peer_fail(s3peer *peer, int status, const char *code);

void s3peer_set(s3peer *peer, const char *path, const char *text);

/* s3peer_text(peer, path): what lies there, or NULL. s3peer_log(peer): what was asked since the last call. s3peer_head(peer): the
 * last request's head. Caller frees. */
char *s3peer_text(s3peer *peer, const char *path);
char *s3peer_log(s3peer *peer);
char *s3peer_head(s3peer *peer);

#endif
