/* flow/notice: telling the chat what happened. Layer: flow. Inside a transaction of flow/flow.h.
 *
 * The event is written down in the transaction of what happened, and a job of stage "notice" with it: so it is told if and only if it
 * happened, and a chat that does not answer is nobody's delay. Who is told, and how, is report/chat_send's. Where no worker has a chat (hk_chats_announce), nothing is
 * written at all. */
#ifndef HK_FLOW_NOTICE_H
#define HK_FLOW_NOTICE_H

#include "flow/flow.h"

/* A row of chatevents.def; static. */
typedef struct hk_chat_event {
	const char *text, *tone, *en, *ja;
} hk_chat_event;
extern const hk_chat_event hk_chat_events[];
extern const size_t hk_chat_event_count;
/* hk_chat_event_find(text): NULL: there is none. */
const hk_chat_event *hk_chat_event_find(const char *text);

/* The longest data. */
#define HK_NOTICE_DATA_MAX 4096

/* hk_notice_tell(flow, event, case_id, report_id, data, error): event: a row of chatevents.def; case_id, report_id: 0: none. data: JSON object or NULL, with any of
 * these texts, all of them ours or shortened to one line, never anything of victims: "what" (acknowledged, listed ...), "by" (login), "clock" (which deadline),
 * "channel" (where there is no report); and "count", a number. Unknown members are kept and not shown. HK_EFORM: no such event, data
 * over HK_NOTICE_DATA_MAX bytes or no object. Writes nothing but its own row and job, and these only if there is a chat.
 * hk_notice_say(flow, event, case_id, report_id, key, value, error): the same with {key: value} as data; value NULL: none. hk_notice_many(flow, event, case_id, report_id, count,
 * error): the same with {"count": count}. hk_notice_later(flow, event, case_id, data, due_ms, error): the same of no report, whose card is made at due_ms: what is
 * known by then is on it. */
bool hk_notice_tell(hk_flow *flow, const char *event, int64_t case_id, int64_t report_id,
	const char *data, GError **error);
bool hk_notice_say(hk_flow *flow, const char *event, int64_t case_id, int64_t report_id,
	const char *key, const char *value, GError **error);
bool hk_notice_many(hk_flow *flow, const char *event, int64_t case_id, int64_t report_id,
	int64_t count, GError **error);
bool hk_notice_later(hk_flow *flow, const char *event, int64_t case_id, const char *data,
	int64_t due_ms, GError **error);

#endif
