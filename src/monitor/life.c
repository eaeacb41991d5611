#include "monitor/life.h"

#include <string.h>

#include "flow/states.h"
#include "sys/gerr.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

static const struct {
	int64_t until_ms, every_ms;
} schedule[] = {
	{DAY_MS, HK_LIFE_STEP_MS},
	{7 * DAY_MS, 30 * MINUTE_MS},
	{30 * DAY_MS, 6 * HOUR_MS},
	{90 * DAY_MS, DAY_MS},
};

bool
hk_life_dark(const char *state)
{
	/* The darkness that can come back. */
	return hk_move_find(HK_MACHINE_LIVENESS, state, "return") != NULL;
}

int64_t
hk_life_due(const hk_life *life, int64_t now_ms)
{
	int64_t age_ms = now_ms - life->since_ms;

	if (life->agree > 0 || strcmp(life->state, "unchecked") == 0) {
		return now_ms + HK_LIFE_STEP_MS;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(schedule); i++) {
		if (age_ms < schedule[i].until_ms) {
			return now_ms + schedule[i].every_ms;
		}
	}
	return hk_life_dark(life->state) ? 0 : now_ms + DAY_MS;
}

/* The act, when there is such a row from this state. */
static void
move(hk_life *life, const char *act, int64_t at_ms, int64_t now_ms, hk_life_step *ret)
{
	static const char *const names[] = {"nxdomain", "on_hold", "parked", "sinkhole", NULL};
	const hk_move *m = hk_move_find(HK_MACHINE_LIVENESS, life->state, act);

	if (!m) {
		return;
	}
	ret->act = m->act;
	ret->to = m->to;
	ret->at_ms = at_ms;
	ret->back = strcmp(m->act, "return") == 0;
	ret->down = !hk_life_dark(life->state) && hk_life_dark(m->to);
	life->state = m->to;
	life->since_ms = now_ms;
	if (g_strv_contains(names, m->to)) {
		life->nameless_ms = now_ms;
	}
}

static void
trust(hk_life *life)
{
	life->agree = 0;
	life->agree_ms = 0;
	life->points = 0;
}

/* It was away, and is not: how long, for the next time. */
static void
learn_gap(hk_life *life, int64_t now_ms)
{
	int64_t gap_ms = now_ms - life->agree_ms;

	if (life->agree == 0) {
		return;
	}
	if (gap_ms >= life->gap_ms || now_ms - life->gap_at_ms > HK_LIFE_GAP_MS) {
		life->gap_ms = gap_ms;
	}
	life->gap_at_ms = now_ms;
}

static void
see_up(hk_life *life, const hk_seen *seen, int64_t now_ms, hk_life_step *ret)
{
	bool dark = hk_life_dark(life->state);

	if (!dark) {
		learn_gap(life, now_ms);
	}
	life->live_ms = now_ms;
	trust(life);
	move(life, dark ? "return" : seen->cloaked ? "cloak" : "live", now_ms, now_ms, ret);
}

static void
count(hk_life *life, const hk_seen *seen, int64_t now_ms)
{
	if (life->agree == 0) {
		life->agree_ms = now_ms;
	}
	life->agree++;
	life->points += seen->points;
}

static bool
is_enough(const hk_life *life, int64_t now_ms)
{
	bool remembered = life->gap_ms > 0 && now_ms - life->gap_at_ms <= HK_LIFE_GAP_MS;

	return life->agree >= HK_LIFE_AGREE_MIN && life->points >= HK_LIFE_POINTS &&
	       (!remembered || now_ms - life->agree_ms >= life->gap_ms + life->gap_ms / 2);
}

static void
see_dark(hk_life *life, const hk_seen *seen, int64_t now_ms, hk_life_step *ret)
{
	const char *act = hk_visit_get(seen->class)->act;
	bool dark = hk_life_dark(life->state);
	const hk_move *m = hk_move_find(HK_MACHINE_LIVENESS, life->state, act);

	/* As dark as it was. */
	if (dark && !m) {
		trust(life);
		return;
	}
	if (dark && life->agree > 0 && life->doubt != seen->class) {
		trust(life);
	}
	life->doubt = seen->class;
	count(life, seen, now_ms);
	if (dark ? life->points >= HK_LIFE_POINTS : is_enough(life, now_ms)) {
		move(life, act, life->agree_ms, now_ms, ret);
		trust(life);
	}
}

void
hk_life_next(hk_life *life, const hk_seen *seen, int64_t now_ms, hk_life_step *ret)
{
	*ret = (hk_life_step){.to = life->state};
	switch (seen->side) {
	case HK_SIDE_UP:
		see_up(life, seen, now_ms, ret);
		break;
	case HK_SIDE_WARN:
		if (!hk_life_dark(life->state)) {
			trust(life);
		}
		move(life, hk_visit_get(seen->class)->act, now_ms, now_ms, ret);
		break;
	case HK_SIDE_DARK:
		see_dark(life, seen, now_ms, ret);
		break;
	case HK_SIDE_UNSURE:
		break;
	case HK_SIDE_NONE:
		ret->due_ms = now_ms + HK_LIFE_AGAIN_MS;
		return;
	}
	ret->due_ms = hk_life_due(life, now_ms);
}
