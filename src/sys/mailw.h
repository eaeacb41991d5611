/* sys/mailw: writing a mail (RFC 5322, 2045 to 2049, 2047, 2231), over GMime. Layer: sys. Texts may be hostile: they cannot end a header or a part.
 *
 * The same input makes the same bytes: there is no random boundary and no clock. Lines end with CR LF and have 998 bytes at most; every byte is ASCII
 * (7 bit), so that any server takes it. */
#ifndef HK_SYS_MAILW_H
#define HK_SYS_MAILW_H

#include <stdint.h>

#include <glib.h>

#include "base/span.h"

/* Name may be NULL; UTF-8. Address: ASCII, checked by the caller. Borrowed. */
typedef struct hk_mailw_person {
	const char *name, *address;
} hk_mailw_person;

/* All borrowed; name and header values without control characters (they are refused). */
typedef struct hk_mailw_part {
	const char *
		type; /* "text/plain": UTF-8, LF at line ends; "message/rfc822": 7 bit; any other: bytes */
	const char *name; /* of the file, ASCII; NULL: shown in the text */
	hk_span body;
} hk_mailw_part;

typedef struct hk_mailw_header {
	const char *name, *value; /* ASCII */
} hk_mailw_header;

typedef struct hk_mailw {
	int64_t date_ms;
	hk_mailw_person from, to, reply_to; /* reply_to.address NULL: none */
	const char *subject;                /* UTF-8 */
	const char *message_id;             /* without < and > */
	const char *in_reply_to;            /* with; or NULL */
	const char *references;             /* ids with < and >, a blank between them; or NULL */
	const hk_mailw_header *headers;     /* more of them */
	size_t header_count;
	const char *multipart;   /* "mixed", "report" */
	const char *report_type; /* its parameter report-type, or NULL */
	const char *boundary;    /* letters and digits, at most 60 */
	const hk_mailw_part *parts;
	size_t part_count;
} hk_mailw;

/* hk_mailw_build(mail, error): the message; caller unrefs. HK_EFORM: a value holds a control character, a boundary stands in a part, or a line becomes
 * longer than 998 bytes. */
GBytes *hk_mailw_build(const hk_mailw *mail, GError **error);

/* hk_mailw_lines(bytes): whether they could go by any server: ASCII, every line ends with CR LF and has at most 998 bytes, no NUL, no bare CR or LF. */
bool hk_mailw_lines(hk_span bytes);

#endif
