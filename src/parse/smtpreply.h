/* parse/smtpreply: what an SMTP server answers (RFC 5321, section 4.2): "250-first line", ..., "250 last line". Layer: parse. Libc only.
 * Input is hostile. */
#ifndef HK_PARSE_SMTPREPLY_H
#define HK_PARSE_SMTPREPLY_H

#include "base/err.h"
#include "base/span.h"

/* A line may be so long with its line end (RFC 5321: 512; servers write longer ones), an answer so many lines. */
#define HK_SMTPREPLY_LINE_MAX  4096u
#define HK_SMTPREPLY_LINES_MAX 200u

/* One answer. Spans borrow from the buffer. */
typedef struct hk_smtpreply {
	int code;         /* 200..599 */
	hk_span enhanced; /* "5.1.1" (RFC 3463) at the beginning of the first line, or empty */
	hk_span lines;    /* all lines as they came, with codes and line ends */
	unsigned count;   /* of lines, at least 1 */
} hk_smtpreply;

/* hk_smtpreply_read(buffer, ret, ret_len): the answer at the beginning of buffer, and its length. A line may end with LF alone. HK_ETRUNC: it is not whole yet;
 * HK_ELIMIT: over a cap above; HK_EFORM: no answer, or lines with different codes. */
HK_MUST hk_err hk_smtpreply_read(hk_span buffer, hk_smtpreply *ret, size_t *ret_len);

/* hk_smtpreply_line(reply, n, ret): the text of line n (from 0), without code, enhanced code, line end and blanks around it. False: there is no such line. */
bool hk_smtpreply_line(const hk_smtpreply *reply, unsigned n, hk_span *ret);

/* hk_smtpreply_offers(reply, word, ret_value): of an answer to EHLO: a line behind the first begins with word (ASCII case ignored); *ret_value (may be NULL)
 * is what stands behind it: "SIZE 35882577" gives "35882577". */
bool hk_smtpreply_offers(const hk_smtpreply *reply, const char *word, hk_span *ret_value);

#endif
