#include "playtime.h"

#include <string.h>

rg_schedule *
rg_schedule_new(const rg_play *play)
{
	rg_schedule *s = g_new0(rg_schedule, 1);

	s->play = play;
	s->dues = g_array_new(FALSE, FALSE, sizeof(rg_due));
	return s;
}

void
rg_schedule_free(rg_schedule *s)
{
	if (s) {
		g_array_unref(s->dues);
		g_free(s);
	}
}

void
rg_schedule_add(
	rg_schedule *s, const rg_play_line *line, unsigned step, int64_t after_ms, bool over)
{
	rg_due due = {.line = line,
		.step = step,
		.after_ms = after_ms,
		.over = over,
		.due_ms = line->moment == RG_PLAY_AT ? line->at_ms + after_ms : -1};

	g_array_append_val(s->dues, due);
}

void
rg_schedule_came(rg_schedule *s, rg_play_moment moment, const char *host, int64_t at_ms)
{
	for (unsigned i = 0; i < s->dues->len; i++) {
		rg_due *due = &g_array_index(s->dues, rg_due, i);
		const rg_play_line *line = due->line;
		if (due->due_ms < 0 && line->moment == moment && strcmp(line->of, host) == 0) {
			due->due_ms = at_ms + line->at_ms + due->after_ms;
		}
	}
}

rg_due *
rg_schedule_next(rg_schedule *s, int64_t now_ms)
{
	rg_due *first = NULL;

	for (unsigned i = 0; i < s->dues->len; i++) {
		rg_due *due = &g_array_index(s->dues, rg_due, i);
		if (!due->done && due->due_ms >= 0 && due->due_ms <= now_ms &&
			(!first || due->due_ms < first->due_ms)) {
			first = due;
		}
	}
	return first;
}

unsigned
rg_schedule_left(const rg_schedule *s, bool waiting)
{
	unsigned count = 0;

	for (unsigned i = 0; i < s->dues->len; i++) {
		const rg_due *due = &g_array_index(s->dues, rg_due, i);
		count += !due->done && (due->due_ms < 0) == waiting;
	}
	return count;
}

bool
rg_schedule_over(const rg_schedule *s, int64_t now_ms)
{
	return rg_schedule_left(s, false) == 0 &&
	       (rg_schedule_left(s, true) == 0 || now_ms >= s->play->ends_ms);
}
