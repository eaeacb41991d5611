#include "match/minhash.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

static hk_minhash
range(unsigned from, unsigned to)
{
	hk_minhash sketch;
	char text[32];

	hk_minhash_init(&sketch);
	for (unsigned i = from; i < to; i++) {
		int len = snprintf(text, sizeof text, "html>body>div>n%u", i);
		hk_minhash_add(&sketch, hk_span_of(text, (size_t)len));
	}
	return sketch;
}

/* The estimate against the true index: 4 standard errors of 128 slots. */
static void
check_estimate(void)
{
	hk_minhash a = range(0, 1000);
	double worst = 0;

	for (unsigned shift = 0; shift <= 1000; shift += 50) {
		hk_minhash b = range(shift, 1000 + shift);
		double truth = (1000.0 - shift) / (1000.0 + shift);
		double error = sqrt(truth * (1 - truth) / HK_MINHASH_SLOTS);
		double off = fabs(hk_minhash_near(&a, &b) - truth);

		worst = fmax(worst, off);
		ok(off <= 4 * error + 1e-9, "overlap %.2f is estimated within 4 errors (%.3f)",
			truth, off);
	}
	tap_diag("worst estimate is off by %.3f", worst);
}

int
main(void)
{
	hk_minhash a = range(0, 100), b = range(0, 0), c = range(0, 0);

	check_estimate();
	ok(hk_minhash_near(&a, &b) == 0, "an empty set is like no other");
	ok(hk_minhash_near(&b, &c) == 1, "but like itself");
	for (unsigned i = 100; i-- > 0;) {
		char text[32];
		int len = snprintf(text, sizeof text, "html>body>div>n%u", i);
		hk_minhash_add(&b, hk_span_of(text, (size_t)len));
		hk_minhash_add(&b, hk_span_of(text, (size_t)len));
	}
	is_mem(a.slot, b.slot, sizeof a.slot, "order and repeats do not matter");
	is_int(b.count, 200, "repeats are counted");
	return tap_done();
}
