/* match/fold: texts that look alike become equal. Layer: match. Libc only. Input is hostile.
 *
 * Unicode's confusables (UTS #39) know letters of other scripts; these are the pairs that phishers make with nothing but
 * the letters, digits and hyphens of a host name. Folding maps each class to one member, so two texts look alike when
 * their folded forms are equal. It is not for showing: "mihonbank" folds to itself, "login" to "iogin". */
#ifndef HK_MATCH_FOLD_H
#define HK_MATCH_FOLD_H

#include <stddef.h>

/* One way to write a letter differently: `plain` in a brand, `fake` in a host name. Both 1 or 2 characters. */
typedef struct hk_fold_pair {
	const char *plain, *fake;
} hk_fold_pair;

/* The pairs, in a fixed order; what score/variants generates from, and what hk_fold undoes. */
#define HK_FOLD_PAIR_COUNT 15
extern const hk_fold_pair hk_fold_pairs[HK_FOLD_PAIR_COUNT];

/* hk_fold(text, len, ret): folds lower-case text into ret (caller's memory, len bytes, no NUL is written; ret may be
 * text). Hyphens go; 0 becomes o, 1 and l become i, 3 e, 4 a, 5 s, 7 t; rn becomes m, vv w, cl (or c1) d, also where a
 * hyphen stood between them. All other bytes stay. Returns the new length, at most len. Folding twice is folding once. */
size_t hk_fold(const char *text, size_t len, char *ret);

#endif
