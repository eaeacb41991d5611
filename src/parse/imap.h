/* parse/imap: what an IMAP4rev1 server says (RFC 3501), as far as a reader of one folder needs it. Layer: parse. Libc only. Input is
 * hostile: the server is ours, the mails in its literals are not. Literals are taken by their length, so nothing in a mail can look
 * like a response. */
#ifndef HK_PARSE_IMAP_H
#define HK_PARSE_IMAP_H

#include "base/err.h"
#include "base/span.h"

/* A line without literals is at most so long (the numbers of a million mails, as SEARCH gives them); so many literals in one response. */
#define HK_IMAP_LINE_MAX     (12u << 20)
#define HK_IMAP_LITERALS_MAX 16u

/* hk_imap_frame(buffer, max_bytes, ret_len): whether buffer begins with a whole response, and how long it is with its literals and line end. HK_ETRUNC:
 * more is needed; HK_ELIMIT: it is, or will be, longer than max_bytes, or a cap above; HK_EFORM: a literal's length is no number. */
HK_MUST hk_err hk_imap_frame(hk_span buffer, size_t max_bytes, size_t *ret_len);

typedef enum hk_imap_kind { HK_IMAP_UNTAGGED, HK_IMAP_TAGGED, HK_IMAP_CONTINUE } hk_imap_kind;

typedef struct hk_imap_response {
	hk_imap_kind kind;
	hk_span tag;     /* of a tagged one */
	uint64_t number; /* "* 12 FETCH": 12; else 0 */
	hk_span word;    /* OK, NO, BAD, BYE, CAPABILITY, SEARCH, FETCH ... */
	hk_span rest;    /* behind the word, without the line end */
} hk_imap_response;

/* hk_imap_read(frame, ret): takes a whole response apart; spans borrow from frame. */
HK_MUST hk_err hk_imap_read(hk_span frame, hk_imap_response *ret);

bool hk_imap_is(hk_span word, const char *text); /* ASCII case ignored */

/* hk_imap_has(rest, word): one of the words of rest, blanks between: for CAPABILITY. */
bool hk_imap_has(hk_span rest, const char *word);

/* hk_imap_code(rest, name, ret): "[NAME number]" at the beginning of rest: UIDVALIDITY. */
bool hk_imap_code(hk_span rest, const char *name, uint64_t *ret);

/* hk_imap_next_number(rest, pos, ret): the next number of SEARCH's list. */
bool hk_imap_next_number(hk_span rest, size_t *pos, uint64_t *ret);

typedef struct hk_imap_fetch {
	uint64_t uid, size; /* 0: not said; size: RFC822.SIZE */
	hk_span body;       /* of BODY[]; data NULL: not said */
} hk_imap_fetch;

/* hk_imap_fetched(rest, ret): the list of a FETCH response. HK_EFORM, HK_ETRUNC: no such list. */
HK_MUST hk_err hk_imap_fetched(hk_span rest, hk_imap_fetch *ret);

/* hk_imap_quote(text, ret, max): text as a quoted string, with a NUL. HK_EFORM: bytes that no quoted string holds (CR, LF, NUL, 8 bits); HK_ELIMIT. */
HK_MUST hk_err hk_imap_quote(hk_span text, char *ret, size_t max);

/* hk_imap_folder(utf8, ret, max): a folder's name in modified UTF-7 (section 5.1.3), quoted. */
HK_MUST hk_err hk_imap_folder(hk_span utf8, char *ret, size_t max);

#endif
