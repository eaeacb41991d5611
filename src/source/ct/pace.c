#include "source/ct/pace.h"

#include <glib.h>

void
hk_pace_init(hk_pace *pace, double rate_per_s)
{
	*pace = (hk_pace){0};
	pace->base_gap_us = rate_per_s > 0 ? (int64_t)(1e6 / rate_per_s) : 0;
	pace->gap_us = pace->base_gap_us;
}

int64_t
hk_pace_wait(const hk_pace *pace, int64_t now_ms)
{
	int64_t wait = MAX(pace->pause_until_ms - now_ms, 0);
	int64_t place = pace->next_us - now_ms * 1000;

	if (pace->gap_us > 0 && place > 0) {
		wait = MAX(wait, (place + 999) / 1000);
	}
	return wait;
}

void
hk_pace_sent(hk_pace *pace, int64_t now_ms)
{
	int64_t now_us = now_ms * 1000;

	pace->sent++;
	/* A gap that refusals made wide has no burst: the operator said that it is too much. */
	int64_t burst = pace->gap_us > pace->base_gap_us ? 0 : pace->gap_us * (HK_PACE_BURST - 1);
	pace->next_us = MAX(pace->next_us, now_us - burst) + pace->gap_us;
}

void
hk_pace_good(hk_pace *pace)
{
	pace->refusals = 0;
	pace->gap_us = MAX(pace->gap_us - pace->gap_us / 5, pace->base_gap_us);
	if (pace->gap_us < 1000) {
		pace->gap_us = pace->base_gap_us;
	}
}

int64_t
hk_pace_backoff_ms(unsigned failures, double chance)
{
	int64_t ms = HK_PACE_BACKOFF_MIN_MS;

	for (unsigned i = 1; i < failures && ms < HK_PACE_BACKOFF_MAX_MS; i++) {
		ms *= 2;
	}
	ms = MIN(ms, HK_PACE_BACKOFF_MAX_MS);
	return ms / 2 + (int64_t)((double)(ms / 2) * chance);
}

void
hk_pace_refused(hk_pace *pace, int64_t now_ms, int64_t retry_after_ms, double chance)
{
	pace->refusals++;
	pace->limited++;
	int64_t pause = retry_after_ms >= 0 ? retry_after_ms
					    : hk_pace_backoff_ms(pace->refusals + 2, chance);
	pause = MAX(pause, HK_PACE_PAUSE_MIN_MS);
	pace->pause_until_ms = MAX(pace->pause_until_ms, now_ms + pause);
	/* Retry-After says by itself how long; without one we must find the pace that is borne. */
	int64_t wider = retry_after_ms >= 0 ? pace->gap_us + pace->gap_us / 4 : pace->gap_us * 2;
	pace->gap_us = CLAMP(wider, 20000, HK_PACE_GAP_MAX_US);
	pace->next_us = MAX(pace->next_us, pace->pause_until_ms * 1000);
}

void
hk_growth_head(hk_growth *growth, uint64_t size, int64_t now_ms)
{
	if (growth->known && size >= growth->size && now_ms > growth->at_ms) {
		double rate =
			(double)(size - growth->size) * 1000 / (double)(now_ms - growth->at_ms);
		/* Weight by the time that passed: about the last 20 s count. */
		double weight = CLAMP((double)(now_ms - growth->at_ms) / 20000, 0.02, 1.0);
		growth->rate =
			growth->rate > 0 ? growth->rate + (rate - growth->rate) * weight : rate;
	}
	growth->known = true;
	growth->size = size;
	growth->at_ms = now_ms;
}

int64_t
hk_growth_wait_ms(const hk_growth *growth, unsigned width, int64_t oldest_ms, int64_t now_ms)
{
	double within = growth->rate * HK_GROWTH_WAIT_MAX_MS / 1000;
	int64_t waited = now_ms - oldest_ms;

	if (width == 0 || within < 4 || waited >= HK_GROWTH_WAIT_MAX_MS) {
		return 0;
	}
	return HK_GROWTH_WAIT_MAX_MS - waited;
}
