/* sys/nearest: "did you mean". Layer: sys. Input is ours. */
#ifndef HK_SYS_NEAREST_H
#define HK_SYS_NEAREST_H

#include <stddef.h>

/* hk_nearest(word, candidates, count): the candidate with the smallest edit distance to word
 * (insert, delete, replace, swap of neighbours), the first of several; a candidate that word is a
 * prefix of counts as distance 1. NULL when none is within a third of word's length plus one. NULL
 * candidates are passed over. Borrowed from candidates. */
const char *hk_nearest(const char *word, const char *const *candidates, size_t count);

#endif
