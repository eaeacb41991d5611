/* monitor/life: what checks of a watched site make of its state over time, and when to look again. Layer: stage (monitor). No clock but the caller's.
 *
 * Somebody sees the site: it is live, at once. Nobody does: each check in a row counts points by what it saw (visits.def); at HK_LIFE_POINTS it is dark. A
 * site that was away before and came back is not dark until it was away half as long again as then. A dark one that is seen once is resurrected. */
#ifndef HK_MONITOR_LIFE_H
#define HK_MONITOR_LIFE_H

#include "monitor/check.h"

enum { HK_LIFE_POINTS = 36, HK_LIFE_AGREE_MIN = 2 };

#define HK_LIFE_STEP_MS  INT64_C(300000)    /* for a day, and while in doubt */
#define HK_LIFE_AGAIN_MS INT64_C(60000)     /* after a check that was none */
#define HK_LIFE_GAP_MS   INT64_C(172800000) /* an absence is remembered for so long */

typedef struct hk_life {
	const char *state; /* of LIVENESS; static */
	int64_t since_ms;  /* of the state */
	int64_t agree; /* checks in a row that did not see it (live), or that saw another darkness (dark) */
	int64_t agree_ms; /* the first of them */
	int64_t points;
	hk_visit_class doubt; /* dark: the other darkness */
	int64_t gap_ms,
		gap_at_ms; /* longest absence that was none after all, and when it ended; 0: none */
	int64_t live_ms;   /* last seen; 0: never */
	int64_t nameless_ms; /* last time that the name itself went (nxdomain, on hold, parked, sinkhole): whoever has it since may be somebody else; 0: never */
} hk_life;

typedef struct hk_life_step {
	const char *act; /* of LIVENESS; NULL: nothing moves */
	const char *to;  /* the state then; static */
	bool down, back; /* from up to dark; from dark to resurrected */
	int64_t at_ms;   /* when it became so, as far as we know */
	int64_t due_ms;  /* next check; 0: none */
} hk_life_step;

/* hk_life_dark(state): whether that is one of the states in which nobody sees the site. */
bool hk_life_dark(const char *state);

/* hk_life_next(life, seen, now_ms, ret): changes life, and says what moved. */
void hk_life_next(hk_life *life, const hk_seen *seen, int64_t now_ms, hk_life_step *ret);

/* hk_life_due(life, now_ms): every 5 minutes for 24 hours after the last change and while in doubt, every 30 to day 7, every 6 hours to day 30, then daily; a dark
 * one for 90 days: then 0. */
int64_t hk_life_due(const hk_life *life, int64_t now_ms);

#endif
