/* flowlib: a database with people and targets, and short words for acts. For the tests of flow. */
#ifndef HK_TESTS_FLOWLIB_H
#define HK_TESTS_FLOWLIB_H

#include "base/err.h"
#include "flow/case.h"
#include "flow/flow.h"
#include "flow/report.h"

/* fl_open(): a new database (tests/store.h) with user "mikan" (id 1) and "yuzu" (id 2), targets mihon-bank (own; service direct in
 * scope, card out of it), other-bank, actor mirage; the flow on it. Ends the program when it cannot be had. fl_again(): one more flow on the same database.
 * fl_close(flow): with its database. */
hk_flow *fl_open(void);
hk_flow *fl_again(void);
void fl_close(hk_flow *flow);
const char *fl_key_file(void);

extern const hk_who fl_mikan, fl_yuzu, fl_auto;

/* Each in a transaction of its own, with the check that it works. fl_take: a URL https://HOST/PATH. */
int64_t fl_take(hk_flow *flow, const char *host, const char *path, hk_taken *ret);
bool fl_take_lead(hk_flow *flow, const hk_lead *lead, hk_taken *ret, GError **error);
bool fl_move(hk_flow *flow, int64_t id, const char *act, GError **error);
bool fl_edit(hk_flow *flow, int64_t id, int64_t version, const char *fields, GError **error);

/* The first column of the first row, as text; "" when there is none. Caller frees. fl_int: as a number. */
char *fl_text(hk_flow *flow, hk_sql sql);
int64_t fl_int(hk_flow *flow, hk_sql sql);
char *fl_text_of(hk_flow *flow, hk_sql sql, int64_t id);
int64_t fl_int_of(hk_flow *flow, hk_sql sql, int64_t id);

/* For reports. fl_confirmed: a case of https://HOST/1, confirmed, with evidence, and nothing waits in the queue. fl_draft_row(row, case_id, channel, recipient, proposer): a draft as a drafter would hand it
 * over: its strings are static or the caller's; way: mail for channel "mail", assisted for "form", else http; each has a token and a digest of its own. fl_draft: drafted by the
 * program, in a transaction of its own. fl_state(flow, id): "drafted" ..., interned. fl_again_from(flow, id, state): as if it had come to that state, without times and tries. */
int64_t fl_confirmed(hk_flow *flow, const char *host);
void fl_draft_row(hk_report_row *row, int64_t case_id, const char *channel, const char *recipient,
	int64_t proposer);
int64_t fl_draft(hk_flow *flow, int64_t case_id, const char *channel, const char *recipient,
	int64_t proposer);
const char *fl_state(hk_flow *flow, int64_t id);
void fl_again_from(hk_flow *flow, int64_t id, const char *state);
/* fl_approve(flow, who, id, agreed): with the digest that it has. */
bool fl_approve(hk_flow *flow, const hk_who *who, int64_t id, unsigned agreed);
/* fl_go(flow, id, found, ret_receipt): hk_report_begin in a transaction of its own, as the program; -1: it failed. */
int fl_go(hk_flow *flow, int64_t id, unsigned found, int64_t *ret_receipt);
/* fl_sent(flow, id): begun, committed, taken. */
bool fl_sent(hk_flow *flow, int64_t id);
/* fl_setting(flow, value): the setting "takedown". */
void fl_setting(hk_flow *flow, const char *value);

/* fl_run(flow, sql): as somebody who goes round the program would do it. */
void fl_run(hk_flow *flow, hk_sql sql);

/* fl_do(flow, EXPRESSION): the expression between begin and commit, with `error` at hand; true when all went well. */
#define fl_do(flow, expression) fl_do_as((flow), &fl_mikan, expression)
/* As somebody else than mikan. */
#define fl_do_as(flow, who, expression)                                                            \
	({                                                                                         \
		GError *fl_error_ = NULL;                                                          \
		GError **error = &fl_error_;                                                       \
		bool fl_good_ = hk_flow_begin((flow), (who), error);                               \
		if (fl_good_ && (expression)) {                                                    \
			fl_good_ = hk_flow_commit((flow), error);                                  \
		} else if (fl_good_) {                                                             \
			hk_flow_rollback(flow);                                                    \
			fl_good_ = false;                                                          \
		}                                                                                  \
		fl_said(fl_error_);                                                                \
		fl_good_;                                                                          \
	})
/* What the last fl_do said when it failed, and its code (HK_OK: it worked). */
void fl_said(GError *error);
const char *fl_why(void);
hk_err fl_code(void);

#endif
