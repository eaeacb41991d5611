/* flow/letter: a letter comes in. Layer: flow. Inside a transaction of flow/flow.h; audited (letter.new). By hand: flow/letter_hand. */
#ifndef HK_FLOW_LETTER_H
#define HK_FLOW_LETTER_H

#include "flow/flow.h"
#include "store/letters.h"

/* hk_letter_take(flow, row, stranger, why, ret_fresh, error): row as hk_letters_add takes it; at_ms is filled in. A letter that is there already (mailbox and Message-ID) changes
 * nothing: *ret_fresh false. A matched one moves its report by its class (hk_report_answer), and gives it the ticket's number; a stranger's (its sender is not of the
 * recipient's house, or nothing proves it) moves it by "acknowledged" and "bounced" only, and gives no number. why: what decided about the class, for people. HK_ENOENT: no such report. */
bool hk_letter_take(hk_flow *flow, hk_letter_row *row, bool stranger, const char *why,
	bool *ret_fresh, GError **error);

#endif
