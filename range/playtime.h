/* range/playtime: the schedule of a scenario: what is due when. Part of librange. Times are the scenario's, in ms since it began; whoever asks has the clock. */
#ifndef RG_PLAYTIME_H
#define RG_PLAYTIME_H

#include "playread.h"

/* One thing to do: a step of an event, or the end of what it began. */
typedef struct rg_due {
	const rg_play_line *line;
	unsigned step;    /* from 0 */
	int64_t after_ms; /* after the event's own time */
	bool over;
	int64_t due_ms; /* -1: its moment has not come */
	bool done;
} rg_due;

typedef struct rg_schedule {
	GArray *dues; /* of rg_due */
	const rg_play *play;
} rg_schedule;

rg_schedule *rg_schedule_new(const rg_play *play);
void rg_schedule_free(rg_schedule *schedule); /* accepts NULL */

/* rg_schedule_add(schedule, line, step, after_ms, over): adds one. */
void rg_schedule_add(rg_schedule *schedule, const rg_play_line *line, unsigned step,
	int64_t after_ms, bool over);

/* rg_schedule_came(schedule, moment, host, at_ms): a moment has come at that time; what waited for it has a time now. */
void rg_schedule_came(
	rg_schedule *schedule, rg_play_moment moment, const char *host, int64_t at_ms);

/* rg_schedule_next(schedule, now_ms): what is due first and not done, of the same time what stands first in the file; NULL: nothing is due yet. */
rg_due *rg_schedule_next(rg_schedule *schedule, int64_t now_ms);

/* rg_schedule_left(schedule, waiting): how many are not done; with waiting only those whose moment has not come, without it only the others. */
unsigned rg_schedule_left(const rg_schedule *schedule, bool waiting);

/* rg_schedule_over(schedule, now_ms): nothing is left, or the scenario's end has come and only moments are left that never came. */
bool rg_schedule_over(const rg_schedule *schedule, int64_t now_ms);

#endif
