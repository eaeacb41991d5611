/* score/budget: how many names of a stream get through, and that they are the likeliest. */
#include "score/budget.h"

#include <math.h>

#include "tap.h"

static uint64_t state;

/* splitmix64: the same stream each time. */
static double
chance(void)
{
	uint64_t z = state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* Bell-shaped, as logits are: twelve numbers added. */
static float
score_of(double middle)
{
	double sum = -6;

	for (int i = 0; i < 12; i++) {
		sum += chance();
	}
	return (float)(middle + 2 * sum);
}

typedef struct passed {
	int64_t taken, of;
	double least; /* of those taken */
} passed;

/* A stream of batches of 300 names around a middle. */
static passed
stream(hk_budget *b, int64_t names, double middle)
{
	passed ret = {.of = names, .least = 100};
	float scores[300];

	for (int64_t at = 0; at < names; at += 300) {
		for (int i = 0; i < 300; i++) {
			scores[i] = score_of(middle);
		}
		hk_budget_saw(b, scores, 300);
		float cut = hk_budget_cut(b);
		for (int i = 0; i < 300; i++) {
			if (scores[i] >= cut && hk_budget_take(b)) {
				ret.taken++;
				ret.least = fmin(ret.least, (double)scores[i]);
			}
		}
	}
	return ret;
}

static void
test_share(void)
{
	hk_budget b;

	hk_budget_init(&b, 0.01, -100);
	ok(hk_budget_cut(&b) == INFINITY, "nothing before a day's rest is known");
	hk_budget_left(&b, 1000000);
	stream(&b, 60000, -4);
	passed p = stream(&b, 300000, -4);
	ok(p.taken > 2400 && p.taken < 3600, "one in a hundred: %d of 300000", (int)p.taken);
	/* The highest hundredth of that bell begins 2.33 deviations above its middle. */
	ok(p.least > -4 + 2 * 2.0, "the likeliest ones: from %.2f on", p.least);
	/* The day's names are others: the cut follows. */
	stream(&b, 600000, 1);
	p = stream(&b, 300000, 1);
	ok(p.taken > 2400 && p.taken < 3600, "and of likelier names as many: %d", (int)p.taken);
	ok(p.least > 1 + 2 * 2.0, "from %.2f on", p.least);
}

static void
test_floor(void)
{
	hk_budget b;

	hk_budget_init(&b, 0.5, 3);
	hk_budget_left(&b, 1000000);
	passed p = stream(&b, 60000, -4);
	ok(p.least >= 3, "none below the floor: %.2f", p.least);
	hk_budget_tune(&b, 1, -100);
	p = stream(&b, 3000, -4);
	is_int(p.taken, 3000, "share 1: all of them");
	hk_budget_tune(&b, 0, -100);
	p = stream(&b, 3000, -4);
	is_int(p.taken, 0, "share 0: none");
}

static void
test_credit(void)
{
	hk_budget b;
	float same[300];
	int64_t taken = 0;

	/* All names have one score: no cut can divide them, the credit does. */
	for (int i = 0; i < 300; i++) {
		same[i] = 2;
	}
	hk_budget_init(&b, 0.01, -100);
	hk_budget_left(&b, 1000000);
	for (int round = 0; round < 1000; round++) {
		hk_budget_saw(&b, same, 300);
		for (int i = 0; i < 300; i++) {
			taken += hk_budget_cut(&b) <= 2 && hk_budget_take(&b);
		}
	}
	ok(taken <= 3000 + (int64_t)HK_BUDGET_START, "never more than the share: %d of 300000",
		(int)taken);
	ok(taken >= 2900, "and not much less: %d", (int)taken);
	ok(b.refused > 0, "what was refused is counted");
}

static void
test_cap(void)
{
	hk_budget b;

	hk_budget_init(&b, 1, -100);
	hk_budget_left(&b, 40);
	passed p = stream(&b, 3000, 0);
	is_int(p.taken, 40, "the day's rest is the end");
	ok(hk_budget_cut(&b) == INFINITY, "then nothing is worth asking for");
	hk_budget_left(&b, 5);
	p = stream(&b, 300, 0);
	is_int(p.taken, 5, "until there is more");
	hk_budget_left(&b, -3);
	ok(!hk_budget_take(&b), "less than nothing is nothing");
	hk_budget_saw(&b, NULL, 1000);
	ok(hk_budget_cut(&b) == INFINITY, "without a model names earn credit alone");
}

int
main(void)
{
	test_share();
	test_floor();
	test_credit();
	test_cap();
	return tap_done();
}
