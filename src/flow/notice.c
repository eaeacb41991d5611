#include "flow/notice.h"

#include <string.h>

#include "flow/flow_int.h"
#include "store/notices.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"

const hk_chat_event hk_chat_events[] = {
#define CHAT_EVENT(text, tone, en, ja) {text, tone, en, ja},
#include "flow/chatevents.def"
#undef CHAT_EVENT
};
const size_t hk_chat_event_count = G_N_ELEMENTS(hk_chat_events);

const hk_chat_event *
hk_chat_event_find(const char *text)
{
	for (size_t i = 0; i < hk_chat_event_count; i++) {
		if (strcmp(hk_chat_events[i].text, text) == 0) {
			return &hk_chat_events[i];
		}
	}
	return NULL;
}

static bool
check_data(const char *data, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(data), HK_NOTICE_DATA_MAX, error);

	if (!doc) {
		g_prefix_error(error, "data of a notice: ");
		return false;
	}
	hk_json root = hk_json_root(doc);
	return hk_json_kind_of(&root) == HK_JSON_OBJECT ||
	       hk_error_set(error, HK_EFORM, "data of a notice is no object");
}

static bool
any_chat(hk_flow *flow, bool *ret, GError **error)
{
	if (!flow->chats_read && !hk_notices_any(flow->db, &flow->chats, error)) {
		return false;
	}
	flow->chats_read = true;
	*ret = flow->chats;
	return true;
}

/* A key for each: one that all share would make all transactions that tell anything stand in line. */
static bool
put(hk_flow *flow, const char *event, int64_t case_id, int64_t report_id, const char *data,
	int64_t due_ms, GError **error)
{
	hk_notice_row row = {.case_id = case_id,
		.report_id = report_id,
		.at_ms = hk_flow_now(flow),
		.chat = (char *)(uintptr_t) "",
		.event = (char *)(uintptr_t)event,
		.body = (char *)(uintptr_t)(data ? data : "{}")};
	char key[32];
	int64_t id;
	bool any;

	if (!hk_chat_event_find(event)) {
		return hk_error_set(error, HK_EFORM, "the chat knows no event '%s'", event);
	}
	if ((data && !check_data(data, error)) || !any_chat(flow, &any, error)) {
		return false;
	}
	if (!any) {
		return true;
	}
	if (!hk_notices_add(hk_flow_db(flow), &row, &id, error)) {
		return false;
	}
	g_snprintf(key, sizeof key, "%" G_GINT64_FORMAT, id);
	return hk_flow_job(flow, "notice", key, case_id, NULL, due_ms, error);
}

bool
hk_notice_tell(hk_flow *flow, const char *event, int64_t case_id, int64_t report_id,
	const char *data, GError **error)
{
	return put(flow, event, case_id, report_id, data, hk_flow_now(flow), error);
}

bool
hk_notice_later(hk_flow *flow, const char *event, int64_t case_id, const char *data, int64_t due_ms,
	GError **error)
{
	return put(flow, event, case_id, 0, data, due_ms, error);
}

bool
hk_notice_say(hk_flow *flow, const char *event, int64_t case_id, int64_t report_id, const char *key,
	const char *value, GError **error)
{
	g_autoptr(GString) data = g_string_new(NULL);

	if (!value) {
		return hk_notice_tell(flow, event, case_id, report_id, NULL, error);
	}
	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, key, value);
	hk_jsonw_close(data, '}');
	return hk_notice_tell(flow, event, case_id, report_id, data->str, error);
}

bool
hk_notice_many(hk_flow *flow, const char *event, int64_t case_id, int64_t report_id, int64_t count,
	GError **error)
{
	char data[48];

	g_snprintf(data, sizeof data, "{\"count\":%" G_GINT64_FORMAT "}", count);
	return hk_notice_tell(flow, event, case_id, report_id, data, error);
}
