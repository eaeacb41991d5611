/* flow/report_int: what the acts on a report share. Layer: flow; only src/flow includes it. */
#ifndef HK_FLOW_REPORT_INT_H
#define HK_FLOW_REPORT_INT_H

#include "flow/case_int.h"
#include "flow/report.h"
#include "flow/states.h"

/* hk_report_move(flow, row, act, error): a MOVE row of states.def, with its clock; row is not written yet. HK_EPOLICY. */
bool hk_report_move(hk_flow *flow, hk_report_row *row, const char *act, GError **error);

/* hk_report_note(flow, act, row, why): an audit row "report.ACT": digest, channel, recipient, and why (or NULL). */
void hk_report_note(hk_flow *flow, const char *act, const hk_report_row *row, const char *why);

/* hk_report_stops(flow, row, of_case, ret, error): what the database knows of what holds it up; and what its drafter found (own, allowed, recipient). */
bool hk_report_stops(hk_flow *flow, const hk_report_row *row, const hk_case_row *of_case,
	unsigned *ret, GError **error);

/* hk_report_job(flow, stage, row, due_ms, error): the report's job of that stage. */
bool hk_report_job(
	hk_flow *flow, const char *stage, const hk_report_row *row, int64_t due_ms, GError **error);

/* hk_report_handed(flow, row, number, error): a person says that it was handed in (assisted), or was sent after all (unsure). number: theirs, or NULL. */
bool hk_report_handed(hk_flow *flow, hk_report_row *row, const char *number, GError **error);

/* A try that began later may be alive still, whatever the lease of its job says; and what it committed may not be seen yet on the other side. */
#define HK_REPORT_YOUNG_MS INT64_C(10000)
/* hk_report_close_try(flow, receipt, how, why, error): its end; its last byte cannot leave any more. */
bool hk_report_close_try(
	hk_flow *flow, int64_t receipt, const char *how, const char *why, GError **error);

/* hk_report_able(state): whether a case in that state is reported at all: confirmed, reported, resurrected. hk_report_assisted(row): a person hands it in. */
bool hk_report_able(const char *state);
bool hk_report_assisted(const hk_report_row *row);

/* hk_report_stamp(flow, row, clock, error): the clock of every case that it speaks of, where it has not run yet. */
bool hk_report_stamp(hk_flow *flow, const hk_report_row *row, hk_clock clock, GError **error);

/* hk_report_unapprove(row): nobody has approved it any more; row is not written yet. */
void hk_report_unapprove(hk_report_row *row);

/* hk_report_fact(flow, row, error): what the vendor says of the site becomes facts of the case: vendor.state (remote_state), vendor.picture (SHA-256 of their picture); the subject is the
 * channel, " (after)" behind it for a report of step "after". */
bool hk_report_fact(hk_flow *flow, const hk_report_row *row, GError **error);

/* A report of step "after" leaves so long after its approval at the latest, whatever has not left before it. */
#define HK_REPORT_AFTER_MS INT64_C(86400000)
/* hk_report_is_after(row): step "after": it leaves when the others of its round have left or the site has gone. hk_report_wake_after(flow, case_id, error): those of the case that are approved
 * are looked at now. */
bool hk_report_is_after(const hk_report_row *row);
bool hk_report_wake_after(hk_flow *flow, int64_t case_id, GError **error);

/* hk_report_drop_unsent(flow, case_id, why, error): the reports of which the case is the lead and of which nothing has begun to leave are dropped; why "down": but for those of step
 * "after" that are approved: they leave now. */
bool hk_report_drop_unsent(hk_flow *flow, int64_t case_id, const char *why, GError **error);
/* hk_report_drop(flow, row, why, error): one that has not begun to leave: taken back if need be, and dropped. */
bool hk_report_drop(hk_flow *flow, hk_report_row *row, const char *why, GError **error);
/* hk_report_again(flow, case_id, state, error): what was dropped for another reason than a person's is drafted anew: a job, if the case is in a state that is reported. */
bool hk_report_again(hk_flow *flow, int64_t case_id, const char *state, GError **error);

/* hk_case_follow(flow, row, error): a case that is an own one again, or for the first time (restored, parted): its site is watched, and its reports are drafted, as far as its state and the
 * settings say so. */
bool hk_case_follow(hk_flow *flow, const hk_case_row *row, GError **error);

/* Bits of one kind of stop. */
unsigned hk_stops_of(hk_stop_how how);

#endif
