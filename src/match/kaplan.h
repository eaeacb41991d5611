/* match/kaplan: the Kaplan-Meier estimate of how long something lasts, when some of it lasts still. Layer: match. Libc only.
 *
 * Kaplan and Meier 1958: S(t) is the product, over the times at which something ended, of 1 - d/n: d ended then, n were still there just before. What lasts still is censored: it
 * counts among those that are there up to the last time that it was seen, and is never dropped. The variance is Greenwood's; the band is at 95 %, on the scale of
 * log(-log S), so that it stays within 0 and 1 (Kalbfleisch and Prentice 1980). */
#ifndef HK_MATCH_KAPLAN_H
#define HK_MATCH_KAPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hk_lasting {
	int64_t time; /* any unit, at least 0 */
	bool ended;   /* else censored at that time */
} hk_lasting;

/* One step of the curve. */
typedef struct hk_kaplan_step {
	int64_t time;
	size_t at_risk, ended;
	double share;     /* that last longer: S just after time */
	double low, high; /* of the band; NaN where it is not defined (nothing lasts longer) */
} hk_kaplan_step;

/* hk_lasting_compare(a, b): for qsort: by time; of equal times those that ended first: who is censored then was still there. */
int hk_lasting_compare(const void *a, const void *b);

/* hk_kaplan(list, count, ret): list sorted so. Writes a step for each time at which something ended, at most count: how many. */
size_t hk_kaplan(const hk_lasting *list, size_t count, hk_kaplan_step *ret);

/* hk_kaplan_share(steps, count, time): S(time): 1 before the first step. hk_kaplan_quantile(steps, count, share, ret): the first time at which at most that share lasts
 * longer: 0.5: the median; 0.1: 90 % are over. False: the curve does not come down so far. */
double hk_kaplan_share(const hk_kaplan_step *steps, size_t count, int64_t time);
bool hk_kaplan_quantile(const hk_kaplan_step *steps, size_t count, double share, int64_t *ret);

#endif
