/* source/ct/pace: the arithmetic of being a good guest, with time and chance in our hands. */
#include "source/ct/pace.h"

#include "tap.h"

static void
backoff(void)
{
	is_int(hk_pace_backoff_ms(1, 0), 50, "first failure, least");
	is_int(hk_pace_backoff_ms(1, 1), 100, "first failure, most");
	is_int(hk_pace_backoff_ms(2, 1), 200, "doubles");
	is_int(hk_pace_backoff_ms(9, 1), 25600, "ninth");
	is_int(hk_pace_backoff_ms(10, 1), 30000, "and ends at 30 s");
	is_int(hk_pace_backoff_ms(4000000000u, 1), 30000, "for ever");
}

static void
gaps(void)
{
	hk_pace p;
	int sent = 0;

	hk_pace_init(&p, 10);
	for (int64_t now = 100000; now < 102000; now++) {
		if (hk_pace_wait(&p, now) == 0) {
			hk_pace_sent(&p, now);
			sent++;
		}
	}
	is_int(sent, HK_PACE_BURST + 19, "10 a second for 2 s, and one burst");
	is_int(hk_pace_wait(&p, 102000), 0, "one place is free on time");
	hk_pace_sent(&p, 102000);
	is_int(hk_pace_wait(&p, 102000), 100, "then a gap");

	hk_pace_init(&p, 0);
	for (int i = 0; i < 1000; i++) {
		hk_pace_sent(&p, 5);
	}
	is_int(hk_pace_wait(&p, 5), 0, "no rate, no wait");
}

static void
refusals(void)
{
	hk_pace p;

	hk_pace_init(&p, 10);
	hk_pace_refused(&p, 1000, 7000, 0);
	is_int(hk_pace_wait(&p, 1000), 7000, "Retry-After is kept to the millisecond");
	is_int(hk_pace_wait(&p, 7999), 1, "to the last");
	is_int(hk_pace_wait(&p, 8000), 0, "and then it is over");
	hk_pace_sent(&p, 8000);
	is_int(hk_pace_wait(&p, 8000), 125, "the gap is wider and there is no burst");
	hk_pace_refused(&p, 8100, 100, 0);
	is_int(hk_pace_wait(&p, 8100), HK_PACE_PAUSE_MIN_MS,
		"a Retry-After of almost nothing is a pause all the same");
	for (int i = 0; i < 100; i++) {
		hk_pace_good(&p);
	}
	is_int(p.gap_us, 100000, "good answers bring the pace back");

	hk_pace_init(&p, 0);
	hk_pace_refused(&p, 1000, -1, 1);
	is_int(hk_pace_wait(&p, 1000), 400, "without Retry-After: a back-off of our own");
	hk_pace_refused(&p, 1400, -1, 1);
	is_int(hk_pace_wait(&p, 1400), 800, "that doubles");
	for (int i = 0; i < 100; i++) {
		hk_pace_refused(&p, 1400, -1, 1);
	}
	is_int(hk_pace_wait(&p, 1400), 30000, "up to 30 s");
	for (int i = 0; i < 500; i++) {
		hk_pace_good(&p);
	}
	is_int(p.gap_us, 0, "an unlimited pace becomes unlimited again");
}

static void
growth(void)
{
	hk_growth g = {0};

	hk_growth_head(&g, 1000, 0);
	is_int(hk_growth_wait_ms(&g, 10, 0, 0), 0, "unknown growth: fetch");
	hk_growth_head(&g, 1100, 1000);
	ok(g.rate > 99 && g.rate < 101, "100 entries a second: %g", g.rate);
	is_int(hk_growth_wait_ms(&g, 10, 1000, 1000), HK_GROWTH_WAIT_MAX_MS,
		"a busy log's partial tile waits");
	is_int(hk_growth_wait_ms(&g, 10, 1000, 2000), HK_GROWTH_WAIT_MAX_MS - 1000, "a while");
	is_int(hk_growth_wait_ms(&g, 10, 1000, 9000), 0, "and no longer");
	is_int(hk_growth_wait_ms(&g, 0, 1000, 1000), 0, "a full tile never waits");
	for (int i = 2; i < 300; i++) {
		hk_growth_head(&g, 1100 + (unsigned)i / 10, i * 1000);
	}
	ok(g.rate < 1, "a quiet log's rate falls: %g", g.rate);
	is_int(hk_growth_wait_ms(&g, 10, 300000, 300000), 0,
		"a quiet log's entry is fetched at once");
}

int
main(void)
{
	backoff();
	gaps();
	refusals();
	growth();
	return tap_done();
}
