/* monitor/control: is it the sites, or is it us? Layer: stage (monitor). No clock but the caller's.
 *
 * When most of the sites that were there a moment ago do not answer any more, our own network, or the way out, is away; silences by that way say
 * nothing then. A page of our own (the canary), if there is one, decides alone. */
#ifndef HK_MONITOR_CONTROL_H
#define HK_MONITOR_CONTROL_H

#include "monitor/check.h"

enum { HK_CONTROL_SLOTS = 128, HK_CONTROL_FEW = 5 };

#define HK_CONTROL_FRESH_MS  INT64_C(600000) /* older answers are forgotten */
#define HK_CONTROL_CANARY_MS INT64_C(180000) /* the canary's word holds for so long */
#define HK_CONTROL_LONG_MS                                                                         \
	INT64_C(3600000) /* longer than that nobody is away without a canary's word */

/* Of one way out. Zeroed to begin with. */
typedef struct hk_control {
	struct {
		int64_t site, at_ms;
		bool answered;
	} slot[HK_CONTROL_SLOTS];
	size_t count, next;
	int64_t canary_ms; /* last word; 0: none */
	bool canary;
	int64_t away_ms; /* since when the sites say so; 0: they do not */
} hk_control;

/* hk_control_note(control, site, answered, now_ms): a site that is taken for live was asked; one word per site counts, the last. An answer of any kind is one, and so is what
 * the DNS says for certain. */
void hk_control_note(hk_control *control, int64_t site, bool answered, int64_t now_ms);
void hk_control_canary(hk_control *control, bool answered, int64_t now_ms);

/* hk_control_says_now(control, now_ms): AWAY: the canary says so; or of at least HK_CONTROL_FEW sites less than a third answered, for at most HK_CONTROL_LONG_MS. GOOD: the canary, or
 * any of fewer sites, or a third. UNKNOWN: nobody was asked lately, few and none answered, or it has been so for too long. */
hk_control_says hk_control_says_now(hk_control *control, int64_t now_ms);

#endif
