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

/* Bits of one kind of stop. */
unsigned hk_stops_of(hk_stop_how how);

#endif
