#include "monitor/control.h"

void
hk_control_note(hk_control *c, int64_t site, bool answered, int64_t now_ms)
{
	size_t at = c->next;

	for (size_t i = 0; i < c->count; i++) {
		if (c->slot[i].site == site) {
			at = i;
		}
	}
	if (at == c->next) {
		c->next = (c->next + 1) % HK_CONTROL_SLOTS;
		c->count = MIN(c->count + 1, (size_t)HK_CONTROL_SLOTS);
	}
	c->slot[at].site = site;
	c->slot[at].at_ms = now_ms;
	c->slot[at].answered = answered;
}

void
hk_control_canary(hk_control *c, bool answered, int64_t now_ms)
{
	c->canary_ms = now_ms;
	c->canary = answered;
}

static hk_control_says
by_sites(hk_control *c, int64_t now_ms)
{
	size_t asked = 0, answered = 0;

	for (size_t i = 0; i < c->count; i++) {
		if (now_ms - c->slot[i].at_ms <= HK_CONTROL_FRESH_MS) {
			asked++;
			answered += c->slot[i].answered;
		}
	}
	if (asked >= HK_CONTROL_FEW && answered * 3 < asked) {
		return HK_CONTROL_AWAY;
	}
	return answered > 0 ? HK_CONTROL_GOOD : HK_CONTROL_UNKNOWN;
}

hk_control_says
hk_control_says_now(hk_control *c, int64_t now_ms)
{
	hk_control_says says = by_sites(c, now_ms);

	if (c->canary_ms != 0 && now_ms - c->canary_ms <= HK_CONTROL_CANARY_MS) {
		c->away_ms = 0;
		return c->canary ? HK_CONTROL_GOOD : HK_CONTROL_AWAY;
	}
	if (says != HK_CONTROL_AWAY) {
		c->away_ms = 0;
		return says;
	}
	c->away_ms = c->away_ms ? c->away_ms : now_ms;
	return now_ms - c->away_ms > HK_CONTROL_LONG_MS ? HK_CONTROL_UNKNOWN : HK_CONTROL_AWAY;
}
