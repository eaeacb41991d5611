/* score/corpus_host: the host name in a line of a phishing list. Layer: stage. Input is hostile. */
#ifndef HK_SCORE_CORPUS_HOST_H
#define HK_SCORE_CORPUS_HOST_H

#include <stddef.h>

#include "base/name.h"
#include "base/span.h"

/* hk_corpus_host(value, ret): the host of a URL or bare name, lower case, A-labels, written to ret
 * (no NUL). Lists are written by hand, so much is forgiven: blanks and U+3000 around, U+FEFF and
 * soft hyphens inside, "hxxp" and "[.]", any or a broken scheme, backslashes, user information
 * before
 * '@' (the lure in front is not the host), a port, a trailing dot. Returns the length, 0 when there
 * is no host to learn from: an IP address, no dot, a masked part ('*', '{', "xxxx"), other bytes
 * than letters, digits, '-', '_', '.', or more than 253 of them. */
size_t hk_corpus_host(hk_span value, char ret[HK_NAME_MAX]);

#endif
