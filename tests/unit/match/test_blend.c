#include "match/blend.h"

#include <math.h>
#include <string.h>

#include "tap.h"

static bool
near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

int
main(void)
{
	ok(near(hk_blend_share(hk_blend_odds(0.3)), 0.3), "odds and back");
	ok(near(hk_blend_odds(0.5), 0), "even odds");
	ok(hk_blend_share(hk_blend_odds(0)) > 0 && hk_blend_share(hk_blend_odds(1)) < 1,
		"nothing is certain");
	ok(isfinite(hk_blend_odds(NAN)), "not even what is no number");
	ok(hk_blend_share(1000) <= 1 && hk_blend_share(-1000) >= 0, "shares stay within 0 and 1");
	ok(near(hk_blend_burst(4), 0), "4 names under a private suffix say nothing");
	ok(near(hk_blend_burst(5), 1), "5 begin to");
	ok(near(hk_blend_burst(100), 5) && near(hk_blend_burst(10000), 5), "100 say it all");
	bool rises = true;
	for (uint32_t n = 5; n < 100; n++) {
		rises = rises && hk_blend_burst(n) < hk_blend_burst(n + 1);
	}
	ok(rises, "the more, the likelier");
	ok(near(hk_blend_entropy("aaaa", 4), 0), "one letter has no entropy");
	ok(near(hk_blend_entropy("abcd", 4), 2), "four have two bits");
	ok(near(hk_blend_entropy("", 0), 0), "no letters, none");
	return tap_done();
}
