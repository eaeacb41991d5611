#include "score/budget.h"

#include <math.h>
#include <string.h>

#include <glib.h>

/* Logits of the model lie between these; what does not stands in the outermost bins. */
#define LOWEST  (-16.0F)
#define HIGHEST 16.0F
#define WIDTH   ((HIGHEST - LOWEST) / HK_BUDGET_BINS)
/* The cut is found anew after so many samples. */
enum { RENEW = 64 };

void
hk_budget_init(hk_budget *b, double share, float floor)
{
	*b = (hk_budget){.credit = HK_BUDGET_START};
	hk_budget_tune(b, share, floor);
}

/* The score that `share` of the samples reach: the lower end of the bin in which it lies, for credit divides what has one score. */
static float
quantile(const hk_budget *b)
{
	double wanted = b->share * (double)b->total;
	double above = 0;

	for (int i = HK_BUDGET_BINS - 1; i >= 0; i--) {
		above += b->bin[i];
		if (above > wanted) {
			return LOWEST + WIDTH * (float)i;
		}
	}
	return -INFINITY;
}

static void
find_cut(hk_budget *b)
{
	bool known = b->total >= HK_BUDGET_WARM && b->share < 1;

	b->cut = known ? MAX(b->floor, quantile(b)) : b->floor;
	b->fresh = 0;
}

void
hk_budget_tune(hk_budget *b, double share, float floor)
{
	b->share = CLAMP(share, 0, 1);
	b->floor = floor;
	find_cut(b);
}

void
hk_budget_left(hk_budget *b, int64_t count)
{
	b->left = MAX(count, 0);
}

static void
count_one(hk_budget *b, float score)
{
	float at = (score - LOWEST) / WIDTH;

	b->bin[(int)CLAMP(at, 0.0F, (float)(HK_BUDGET_BINS - 1))]++;
	b->total++;
	b->fresh++;
}

/* Half of everything goes, so that a day is judged by its own names. */
static void
forget(hk_budget *b)
{
	b->total = 0;
	for (int i = 0; i < HK_BUDGET_BINS; i++) {
		b->bin[i] /= 2;
		b->total += b->bin[i];
	}
}

void
hk_budget_saw(hk_budget *b, const float *scores, size_t count)
{
	b->credit = MIN(b->credit + b->share * (double)count, HK_BUDGET_SAVED);
	if (!scores) {
		return;
	}
	size_t i = b->phase;
	for (; i < count; i += HK_BUDGET_STEP) {
		count_one(b, scores[i]);
	}
	b->phase = (unsigned)(i - count);
	if (b->fresh >= RENEW) {
		find_cut(b);
	}
	if (b->total >= HK_BUDGET_AGE) {
		forget(b);
	}
}

float
hk_budget_cut(const hk_budget *b)
{
	return b->left > 0 && b->share > 0 ? b->cut : INFINITY;
}

bool
hk_budget_take(hk_budget *b)
{
	if (b->left <= 0 || (b->credit < 1 && b->share < 1)) {
		b->refused++;
		return false;
	}
	b->credit -= b->share < 1 ? 1 : 0;
	b->left--;
	return true;
}
