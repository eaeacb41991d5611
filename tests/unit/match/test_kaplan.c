/* match/kaplan against a published table: remission of leukaemia under 6-MP (Freireich et al. 1963; Gehan 1965), as every textbook prints it. */
#include <math.h>
#include <stdlib.h>

#include "match/kaplan.h"

#include "tap.h"

static bool
near(double a, double b, double within)
{
	return fabs(a - b) <= within;
}

static void
published(void)
{
	/* Weeks; + (false): still in remission. */
	hk_lasting list[] = {{6, true}, {6, true}, {6, true}, {6, false}, {7, true}, {9, false},
		{10, true}, {10, false}, {11, false}, {13, true}, {16, true}, {17, false},
		{19, false}, {20, false}, {22, true}, {23, true}, {25, false}, {32, false},
		{32, false}, {34, false}, {35, false}};
	/* time, at risk, ended, S, standard error by Greenwood */
	static const struct {
		int64_t time;
		size_t at_risk, ended;
		double share, error;
	} want[] = {{6, 21, 3, 0.8571, 0.0764}, {7, 17, 1, 0.8067, 0.0869},
		{10, 15, 1, 0.7529, 0.0963}, {13, 12, 1, 0.6902, 0.1068},
		{16, 11, 1, 0.6275, 0.1141}, {22, 7, 1, 0.5378, 0.1282},
		{23, 6, 1, 0.4482, 0.1346}};
	hk_kaplan_step steps[21];
	int64_t time = 0;
	size_t count = hk_kaplan(list, 21, steps);

	ok(count == 7, "a step for each time at which something ended");
	for (size_t i = 0; i < count && i < 7; i++) {
		const hk_kaplan_step *s = &steps[i];
		ok(s->time == want[i].time && s->at_risk == want[i].at_risk &&
				s->ended == want[i].ended,
			"week %d: who was at risk, and who ended", (int)s->time);
		ok(near(s->share, want[i].share, 0.0001), "S is %.4f", want[i].share);
		/* The band is log S's error on the log-log scale: it gives the standard error back. */
		double spread = log(-log(s->low)) - log(-log(s->share));
		double error = spread / 1.959963984540054 * -log(s->share) * s->share;
		ok(near(error, want[i].error, 0.0001), "Greenwood's error is %.4f", want[i].error);
		ok(s->low > 0 && s->low < s->share && s->share < s->high && s->high < 1,
			"the band lies around it, within 0 and 1");
	}
	ok(hk_kaplan_quantile(steps, count, 0.5, &time) && time == 23, "the median is 23 weeks");
	ok(!hk_kaplan_quantile(steps, count, 0.1, &time), "the 90th percentile is not reached");
	ok(near(hk_kaplan_share(steps, count, 12), 0.7529, 0.0001), "between two steps");
	ok(near(hk_kaplan_share(steps, count, 5), 1, 0), "before the first");
}

static void
corners(void)
{
	hk_lasting all[] = {{3, true}, {1, true}, {2, true}, {2, true}};
	hk_lasting none[] = {{3, false}, {1, false}};
	hk_lasting tie[] = {{5, false}, {5, true}};
	hk_kaplan_step steps[4];
	int64_t time = 0;

	qsort(all, 4, sizeof all[0], hk_lasting_compare);
	qsort(none, 2, sizeof none[0], hk_lasting_compare);
	qsort(tie, 2, sizeof tie[0], hk_lasting_compare);
	ok(hk_kaplan(all, 4, steps) == 3, "nothing is censored");
	ok(near(steps[0].share, 0.75, 1e-12) && near(steps[1].share, 0.25, 1e-12), "plain shares");
	ok(near(steps[2].share, 0, 0) && isnan(steps[2].low),
		"at the end nothing is left, without a band");
	ok(hk_kaplan_quantile(steps, 3, 0.25, &time) && time == 2, "a share that is met exactly");
	ok(hk_kaplan(none, 2, steps) == 0, "all is censored: no step");
	ok(near(hk_kaplan_share(steps, 0, 10), 1, 0), "and all last");
	ok(hk_kaplan(tie, 2, steps) == 1 && near(steps[0].share, 0.5, 1e-12),
		"who is censored at that time was still there");
	ok(hk_kaplan(tie, 0, steps) == 0, "of nothing, nothing");
}

int
main(void)
{
	published();
	corners();
	return tap_done();
}
