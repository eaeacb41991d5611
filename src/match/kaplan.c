#include "match/kaplan.h"

#include <math.h>

#define Z95 1.959963984540054
/* Shares are products of quotients: what is 0.5 on paper may be a little more. */
#define NEARLY 1e-9

int
hk_lasting_compare(const void *a, const void *b)
{
	const hk_lasting *x = a, *y = b;

	if (x->time != y->time) {
		return x->time < y->time ? -1 : 1;
	}
	return (int)y->ended - (int)x->ended;
}

static void
put_band(hk_kaplan_step *s, double sum)
{
	s->low = s->high = (double)NAN;
	if (s->share > 0 && s->share < 1) {
		double spread = Z95 * sqrt(sum) / -log(s->share);
		s->low = pow(s->share, exp(spread));
		s->high = pow(s->share, exp(-spread));
	}
}

size_t
hk_kaplan(const hk_lasting *list, size_t count, hk_kaplan_step *ret)
{
	double share = 1, sum = 0;
	size_t steps = 0;

	for (size_t i = 0; i < count;) {
		size_t next = i, ended = 0;
		for (; next < count && list[next].time == list[i].time; next++) {
			ended += list[next].ended;
		}
		if (ended > 0) {
			double n = (double)(count - i), d = (double)ended;
			share *= 1 - d / n;
			sum += ended < count - i ? d / (n * (n - d)) : 0;
			ret[steps] = (hk_kaplan_step){.time = list[i].time,
				.at_risk = count - i,
				.ended = ended,
				.share = ended == count - i ? 0 : share};
			put_band(&ret[steps++], sum);
		}
		i = next;
	}
	return steps;
}

double
hk_kaplan_share(const hk_kaplan_step *steps, size_t count, int64_t time)
{
	double share = 1;

	for (size_t i = 0; i < count && steps[i].time <= time; i++) {
		share = steps[i].share;
	}
	return share;
}

bool
hk_kaplan_quantile(const hk_kaplan_step *steps, size_t count, double share, int64_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (steps[i].share <= share + NEARLY) {
			*ret = steps[i].time;
			return true;
		}
	}
	return false;
}
