/* parse/encword: the encoded words of mail headers (RFC 2047), read as loosely as mailers write them. Layer: parse. Libc only.
 * Input is hostile.
 *
 * A header's value comes as runs: bytes as they stand, or the decoded bytes of encoded words. Neighbouring words of one charset
 * are one run, because many mailers cut a character in two between them; blanks between words are dropped, folds become one blank.
 * Words inside quotes, without blanks around them, with missing base64 padding, or with raw blanks in Q text are taken, too. */
#ifndef HK_PARSE_ENCWORD_H
#define HK_PARSE_ENCWORD_H

#include "base/err.h"
#include "base/span.h"

enum { HK_ENCWORD_CHARSET_MAX = 40 };

typedef struct hk_encword {
	char charset[HK_ENCWORD_CHARSET_MAX + 1]; /* lower case; "" for bytes as they stand */
	size_t len;                               /* bytes written to buf */
} hk_encword;

/* hk_encword_next(value, pos, buf, max, ret): the next run from *pos, which moves behind it. False at the end. A run that does not
 * fit in max bytes ends there, and the next call goes on (a word is never written in two pieces: one that is longer than max is
 * dropped). max is at least 16. */
bool hk_encword_next(hk_span value, size_t *pos, uint8_t *buf, size_t max, hk_encword *ret);

#endif
