/* sys/mime: walks the parts of a mail, over GMime. Layer: sys. Input is hostile: call it in sys/sandbox only.
 *
 * Nothing is fetched, nothing is executed, no file is opened. Broken MIME gives what there is: GMime reads a multipart without its
 * end, a part without a blank line; a line in the header that is no field is
 * passed over. Transfer encodings are undone, charsets are not. */
#ifndef HK_SYS_MIME_H
#define HK_SYS_MIME_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

typedef struct hk_mime_limits {
	unsigned parts;    /* parts looked at, of all messages together */
	unsigned depth;    /* of multiparts and messages in each other */
	size_t part_bytes; /* of one part, decoded; the rest is cut off */
	size_t all_bytes;  /* of all parts together, decoded */
} hk_mime_limits;

typedef struct hk_mime_part {
	unsigned message;    /* 0: the mail itself, 1..: a mail inside, in order of finding */
	const char *type;    /* "text/html", lower case; "text/plain" when not said */
	const char *charset; /* or "" */
	const char *name;    /* file name, raw bytes, or "" */
	bool attachment;     /* Content-Disposition says so */
	hk_span body;        /* decoded */
	bool cut;            /* body is not the whole */
} hk_mime_part;

/* Called in the order of the mail. Spans are borrowed until the callback returns. */
typedef struct hk_mime_sink {
	void *user;
	/* Every header of every message but Content-*, from the top; value raw: folded, encoded, blanks around it dropped. */
	void (*header)(void *user, unsigned message, const char *name, hk_span value);
	void (*part)(void *user, const hk_mime_part *part);
} hk_mime_sink;

/* What was left out; bits. */
typedef enum hk_mime_odd {
	HK_MIME_PARTS = 1,  /* more parts than the cap */
	HK_MIME_DEPTH = 2,  /* nested deeper than the cap */
	HK_MIME_BYTES = 4,  /* more bytes than a cap */
	HK_MIME_BROKEN = 8, /* GMime found no message at all */
	HK_MIME_SEALED = 16 /* an encrypted part */
} hk_mime_odd;

/* hk_mime_init(): once, outside the sandbox. */
void hk_mime_init(void);

/* hk_mime_walk(mail, limits, sink): what was left out. A leading "From " line of an mbox is passed over. */
unsigned hk_mime_walk(hk_span mail, const hk_mime_limits *limits, const hk_mime_sink *sink);

/* hk_mime_date(value, ret_ms): the value of a Date header, or what stands behind the last ';' of a Received header. */
bool hk_mime_date(hk_span value, int64_t *ret_ms);

/* hk_mime_address(value, ret_name, ret_address): the first address of From, To, Return-Path; both are appended to (UTF-8, may stay
 * empty). False when there is none. */
bool hk_mime_address(hk_span value, GString *ret_name, GString *ret_address);

#endif
