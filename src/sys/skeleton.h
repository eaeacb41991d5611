/* sys/skeleton: what a text looks like: the skeleton of UTS #39, over ICU. Layer: sys. Input is hostile.
 *
 * Two texts that can be taken for one another have the same skeleton. On top of ICU's: marks above and below letters are
 * dropped, capitals that ICU maps to are made small, so that the result of a Latin look-alike is plain ASCII ("rn" stands for
 * m, "l" for 1 and I): fold it (match/fold.h) to compare it with a token. */
#ifndef HK_SYS_SKELETON_H
#define HK_SYS_SKELETON_H

#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

/* Longest text in bytes that is taken. */
#define HK_SKELETON_TEXT_MAX 1024

/* hk_skeleton_of(text, out, cap, ret_len): text is UTF-8; out gets UTF-8, cap bytes, no NUL. HK_EFORM: text is not UTF-8 or
 * ICU refuses it; HK_ELIMIT: text is over HK_SKELETON_TEXT_MAX or the result over cap. *ret_len is untouched on failure. The
 * first call loads ICU's tables (about 1 MB). Not thread-safe. */
HK_MUST hk_err hk_skeleton_of(hk_span text, char *out, size_t cap, size_t *ret_len);

#endif
