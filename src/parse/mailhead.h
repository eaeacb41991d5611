/* parse/mailhead: the header of a mail without a MIME library: for its key, and for mails on which the library gives up. Layer:
 * parse. Libc only. Input is hostile. */
#ifndef HK_PARSE_MAILHEAD_H
#define HK_PARSE_MAILHEAD_H

#include "base/err.h"
#include "base/span.h"

/* hk_mailhead_next(mail, pos, name, value): the next header field from *pos; value with its folds, without the last line end. Lines
 * that are no field are passed over. False at the end of the header: *pos is then where the body begins (mail.len without one). */
bool hk_mailhead_next(hk_span mail, size_t *pos, hk_span *name, hk_span *value);

/* hk_mailhead_find(mail, name, value): the first field of that name, case ignored. */
bool hk_mailhead_find(hk_span mail, const char *name, hk_span *value);

/* hk_mailhead_body(mail): what follows the header. */
hk_span hk_mailhead_body(hk_span mail);

/* hk_mailhead_is(text, word): whether text, a name or a token of a header, is that word, ASCII case ignored. */
bool hk_mailhead_is(hk_span text, const char *word);

#endif
