/* flow/report: what can be done with a report, and who may (DESIGN §7, rail 2: nothing leaves unapproved). Layer: flow. Every act runs inside a
 * transaction of flow/flow.h and is audited; the audit row of draft, approve, queue and send holds the digest of the bytes.
 *
 *     drafted -> approved (undo window) -> queued (being sent) -> sent -> acknowledged -> actioned | rejected | bounced | expired
 *
 * Errors as in flow/flow.h. HK_EPOLICY names the row of stops.def, or says that proposer and approver are the same person. */
#ifndef HK_FLOW_REPORT_H
#define HK_FLOW_REPORT_H

#include "flow/flow.h"
#include "store/reports.h"

/* Rows of stops.def. */
typedef enum hk_stop_how { HK_STOP_HARD, HK_STOP_WAIT, HK_STOP_ASK } hk_stop_how;
typedef enum hk_stop {
#define STOP(id, text, how, en, ja) HK_STOPS_##id,
#include "flow/stops.def"
#undef STOP
	HK_STOP_COUNT
} hk_stop;
typedef struct hk_stop_row {
	const char *text;
	hk_stop_how how;
	const char *en, *ja;
} hk_stop_row;
extern const hk_stop_row hk_stop_rows[HK_STOP_COUNT];
/* Sets of stops are bits: 1u << HK_STOPS_OWN; hk_report_row.stops keeps them. hk_stops_json(stops, out): a JSON array of their texts. */
void hk_stops_json(unsigned stops, GString *out);
/* hk_stop_find(text): its place in stops.def; HK_STOP_COUNT: there is none. */
hk_stop hk_stop_find(const char *text);

/* hk_report_ask(flow, case_id, error): a person wants the reports of a case drafted: a job of stage "draft" (key: the case's number, data: who asked). HK_EPOLICY: the case
 * is not confirmed, reported or resurrected. hk_report_want(flow, case_id, state, error): the same by itself (setting "takedown"), when a case in that state was
 * confirmed, came back, or has more evidence or contacts than before; nothing in other states. */
bool hk_report_ask(hk_flow *flow, int64_t case_id, GError **error);
bool hk_report_want(hk_flow *flow, int64_t case_id, const char *state, GError **error);

/* hk_report_missing(flow, error): the same for cases that nobody was told of, the newest HK_REPORT_MISSING_MAX: those that were confirmed before the options said who reports. By each
 * process that works, when it starts and knows who reports. */
#define HK_REPORT_MISSING_MAX 1000
bool hk_report_missing(hk_flow *flow, GError **error);

/* hk_report_draft(flow, row, sites, count, ret_id, error): a new report, drafted, with its sites. row: as hk_reports_add takes it, its strings stay the caller's (state and policy
 * are not looked at); its stops are those that only the caller can tell (own, allowed, recipient); the others are added; id, stops and approved_ms (0: it waits for a person) are set. If the same case, channel, recipient, step and round has one that was not dropped, *ret_id is that
 * one and nothing is written: one report per recipient per case. A policy of setting "takedown" that fits approves it at once. */
bool hk_report_draft(hk_flow *flow, hk_report_row *row, const hk_report_site *sites, size_t count,
	int64_t *ret_id, GError **error);

/* hk_report_rewrite(flow, id, row, error): new bytes for a draft (title, request, content, type, bytes, digest, stops of row), after hk_report_edit or a changed template.
 * hk_report_edit(flow, id, version, subject, text, error): a person's words instead of the template's: kept, and a job "draft" (key "report:ID") makes the bytes anew;
 * until then the draft has stop "content". The editor becomes its proposer. Mail only. The job's data: {"subject", "text"}: of the last edit. */
bool hk_report_rewrite(hk_flow *flow, int64_t id, const hk_report_row *row, GError **error);
bool hk_report_edit(hk_flow *flow, int64_t id, int64_t version, const char *subject,
	const char *text, GError **error);

/* hk_report_approve(flow, id, digest, agreed, error): digest: of the bytes that the approver saw, HK_EINCONSISTENT when they are others; agreed: stops of kind ASK
 * that they agreed to (bits): first and bounced are asked until a message has been sent. The approver (flow's who) is a person and not the proposer. From then on the undo window runs (setting "takedown"); the job of stage "send" is due at its
 * end. An assisted report waits for a person who hands it in (hk_report_handed). */
bool hk_report_approve(
	hk_flow *flow, int64_t id, const uint8_t digest[32], unsigned agreed, GError **error);

/* hk_report_act(flow, id, version, act, note, error): undo | drop | requeue (an unsure one was not sent: send it) | send (an unsure one was sent; an assisted one was handed in; note: their number) |
 * refuse | acknowledge | action | reject | bounce | expire by a person. A MOVE row of states.def. undo works as long as nothing has begun to leave, between two tries, too. */
bool hk_report_act(hk_flow *flow, int64_t id, int64_t version, const char *act, const char *note,
	GError **error);

/* hk_report_sample(flow, id, good, note, error): a person reviewed one that a policy had allowed. Bad: the policy is stopped (setting "takedown": "stopped"); what it allowed
 * and has not left yet goes back to the drafts. */
bool hk_report_sample(hk_flow *flow, int64_t id, bool good, const char *note, GError **error);

/* ---- sending: report/send, in its own short transactions ---- */

/* What hk_report_begin found. */
typedef enum hk_report_go {
	HK_GO_SEND, /* queued, with a receipt in phase "begun": send it */
	HK_GO_WAIT, /* not before *ret_wait_ms: undo window, WAIT stop, or a try that is so young that its process may live */
	HK_GO_NOTHING, /* it is sent, dropped, not approved, or was put back to the drafts: by a HARD stop, by one of kind ASK that nobody has agreed to (a bounce since), or because
	                  the policy that allowed it was stopped: the job is done */
	HK_GO_DOUBT, /* an earlier try was committed and has no end: look whether it arrived, then hk_report_settle */
} hk_report_go;
/* hk_report_begin(flow, id, stops, ret_go, ret, ret_receipt, ret_wait_ms, error): may it be sent now? stops: those that the caller found (own, allowed, recipient, kill); the
 * others are looked at here. *ret: the report as it is now, the caller's. *ret_receipt: of SEND the new try, of DOUBT the one that is in doubt; else 0. */
bool hk_report_begin(hk_flow *flow, int64_t id, unsigned stops, hk_report_go *ret_go,
	hk_report_row *ret, int64_t *ret_receipt, int64_t *ret_wait_ms, GError **error);

/* hk_report_committed(flow, receipt, error): the last byte may leave now. Called from the hook of sys/http, sys/smtp. */
bool hk_report_committed(hk_flow *flow, int64_t receipt, GError **error);

/* How a try ended. Strings borrowed. */
typedef struct hk_report_end {
	const char *how; /* taken | again | refused | closed | unsure (report/channel.h) */
	const char *remote_id, *remote_state, *why, *facts; /* or NULL */
	const uint8_t *answer; /* SHA-256 of the answer's blob, or NULL */
	int64_t status;        /* HTTP or SMTP; 0: none */
	int64_t again_ms; /* try, or poll, not before so many ms from now; -1: as the stage says */
	int64_t poll_ms;  /* taken: first poll after that; 0: it cannot be asked */
	int64_t pause_ms; /* nothing is sent by the channel for so long: their quota is used up, whatever the answer was; 0: they do not say so */
} hk_report_end;
/* hk_report_ended(flow, id, receipt, end, error): the receipt's end and what it means for the report: sent (the case is reported, the recipient known), queued still (again, closed),
 * rejected, unsure. */
bool hk_report_ended(
	hk_flow *flow, int64_t id, int64_t receipt, const hk_report_end *end, GError **error);

/* hk_report_settle(flow, id, found, end, error): after a crash between committed and the end: 1: it is there: sent; 0: it is not: may be sent again; -1: nobody can tell: unsure. end: what
 * else is known: why, and of one that is there remote_id, remote_state, facts, poll_ms; how and again_ms are not looked at. */
bool hk_report_settle(
	hk_flow *flow, int64_t id, int found, const hk_report_end *end, GError **error);

/* ---- what the other side says ---- */

/* hk_report_answer(flow, id, class, remote_id, why, error): by letter or poll: class acknowledged | needs_info | actioned | refused | bounced | auto | other (letters.class; "other" and
 * "auto" move nothing). A later word never takes back an earlier better one (actioned stays). remote_id: their number for it, or NULL. */
bool hk_report_answer(hk_flow *flow, int64_t id, const char *class, const char *remote_id,
	const char *why, GError **error);

/* hk_report_polled(flow, id, end, state, error): what a poll brought: state: acknowledged | actioned | rejected | sent, or NULL: no change. */
bool hk_report_polled(
	hk_flow *flow, int64_t id, const hk_report_end *end, const char *state, GError **error);

/* hk_report_due(flow, id, due_ms, error): it was looked after because nobody answered: the next look is then; due_ms 0: there is none. hk_report_expire(flow, id, error): nobody will. */
bool hk_report_due(hk_flow *flow, int64_t id, int64_t due_ms, GError **error);
bool hk_report_expire(hk_flow *flow, int64_t id, GError **error);

/* ---- channels ---- */

/* hk_channel_close(flow, name, why, error): our access is not right: nothing is sent by it until a person opens it. hk_channel_set(flow, name, state, error): open | off, by a person. */
bool hk_channel_close(hk_flow *flow, const char *name, const char *why, GError **error);
bool hk_channel_set(hk_flow *flow, const char *name, const char *state, GError **error);

#endif
