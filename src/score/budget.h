/* score/budget: which names that are no hit are worth a light look, within so many a day. Layer: score. No I/O, no clock.
 *
 * A running share: the cut is the score that only `share` of the names lately seen reach, so the likeliest are taken, whatever the
 * names of the day look like. It is found from a histogram of samples that forgets (a name in HK_BUDGET_STEP is counted). Until enough
 * were seen, and where many names have one score, a credit that grows by `share` with each name holds the number. A cap on what is
 * taken in a day stands above both. Scores are logits of the name model: they rise with the likelihood. Not thread-safe. */
#ifndef HK_SCORE_BUDGET_H
#define HK_SCORE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every so many-th name is counted; samples before the cut is believed; samples after which the older ones count half. */
#define HK_BUDGET_STEP 16
#define HK_BUDGET_WARM 500
#define HK_BUDGET_AGE  20000
#define HK_BUDGET_BINS 512
/* What can be saved up for a burst, and what there is at the start. */
#define HK_BUDGET_SAVED 5000.0
#define HK_BUDGET_START 50.0

/* The caller's memory; fields are private. All zero: takes nothing. */
typedef struct hk_budget {
	double share, credit;
	float floor, cut;
	uint32_t bin[HK_BUDGET_BINS];
	uint32_t total;  /* of bin */
	uint32_t fresh;  /* samples since the cut was found */
	unsigned phase;  /* names to pass over before the next sample */
	int64_t left;    /* of the day */
	int64_t refused; /* for want of credit or of a day's rest */
} hk_budget;

/* hk_budget_init(budget, share, floor): share of the names read, 0 to 1 (1: all that reach the floor); floor: least score, whatever the
 * share allows. left is 0. hk_budget_tune(budget, share, floor): the same for one that runs: what was seen stays. */
void hk_budget_init(hk_budget *budget, double share, float floor);
void hk_budget_tune(hk_budget *budget, double share, float floor);

/* hk_budget_left(budget, count): what may still be taken today; each take counts down. */
void hk_budget_left(hk_budget *budget, int64_t count);

/* hk_budget_saw(budget, scores, count): names that were read, in any order; scores may be NULL (no model): they then earn credit alone. */
void hk_budget_saw(hk_budget *budget, const float *scores, size_t count);

/* hk_budget_cut(budget): from this score on it is worth asking for a name; INFINITY: nothing is left today. */
float hk_budget_cut(const hk_budget *budget);

/* hk_budget_take(budget): one name is taken. False: there is no credit. */
bool hk_budget_take(hk_budget *budget);

#endif
