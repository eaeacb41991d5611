/* nocheck: tested in tests/scenario/replies.t */
#include "flow/letter.h"

#include <string.h>

#include "flow/flow_int.h"
#include "flow/notice.h"
#include "flow/report.h"
#include "sys/jsonw.h"

static void
note(hk_flow *flow, const hk_letter_row *row, int64_t id, int64_t case_id, bool stranger,
	const char *why)
{
	g_autoptr(GString) data = g_string_new(NULL);

	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "mailbox", row->mailbox);
	hk_jsonw_member_str(data, "message_id", row->message_id);
	hk_jsonw_member_str(data, "sender", row->sender);
	hk_jsonw_member_str(data, "class", row->class);
	hk_jsonw_member_str(data, "why", why);
	hk_jsonw_member_str(data, "matched", row->matched);
	if (row->proof) {
		hk_jsonw_member_str(data, "proof", row->proof);
	}
	if (row->report_id != 0) {
		hk_jsonw_member_int(data, "report", row->report_id);
		hk_jsonw_member_bool(data, "stranger", stranger);
	}
	hk_jsonw_key(data, "content");
	hk_jsonw_hex(data, hk_span_of(row->content, 32));
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "letter.new", "letter", id, case_id, data->str);
}

/* Whether the word of that sender moves the report. A bounce comes from whichever server gave up. */
static bool
is_believed(const hk_letter_row *row, const hk_report_row *report, bool stranger)
{
	const char *class = row->class;
	bool by_token =
		g_strcmp0(row->matched, "references") == 0 || g_strcmp0(row->matched, "plus") == 0;

	/* That it left at all is known by its token only: a URL, and who answers for it, is known to whoever put the site there. */
	if (!by_token &&
		(strcmp(report->state, "queued") == 0 || strcmp(report->state, "unsure") == 0)) {
		return false;
	}
	return !stranger || strcmp(class, "acknowledged") == 0 || strcmp(class, "bounced") == 0;
}

bool
hk_letter_take(hk_flow *flow, hk_letter_row *row, bool stranger, const char *why, bool *ret_fresh,
	GError **error)
{
	g_auto(hk_report_row) report = {0};
	int64_t id = 0;

	row->at_ms = flow->now_ms;
	/* The report's row is locked first, as everywhere: it is what others wait for. */
	if ((row->report_id != 0 && !hk_reports_lock(flow->db, row->report_id, &report, error)) ||
		!hk_letters_add(flow->db, row, &id, error)) {
		return false;
	}
	*ret_fresh = id != 0;
	if (id == 0) {
		return true;
	}
	note(flow, row, id, report.case_id, stranger, why);
	if (row->report_id == 0 &&
		!hk_notice_say(flow, "letter.open", 0, 0, "what", row->class, error)) {
		return false;
	}
	return row->report_id == 0 || !is_believed(row, &report, stranger) ||
	       hk_report_answer(
		       flow, row->report_id, row->class, stranger ? NULL : row->number, why, error);
}
