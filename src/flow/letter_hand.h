/* flow/letter_hand: a person says which report a letter is about. Layer: flow. Inside a transaction of flow/flow.h; audited (letter.match). */
#ifndef HK_FLOW_LETTER_HAND_H
#define HK_FLOW_LETTER_HAND_H

#include "flow/flow.h"

/* hk_letter_hand_match(flow, letter_id, report_id, error): the letter belongs to that report from now on, which is moved by what the letter says (flow/report.h:
 * hk_report_answer). HK_EPOLICY: it belongs to a report already; HK_ENOENT. */
bool hk_letter_hand_match(hk_flow *flow, int64_t letter_id, int64_t report_id, GError **error);

#endif
