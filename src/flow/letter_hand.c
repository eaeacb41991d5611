#include "flow/letter_hand.h"

#include <inttypes.h>

#include "flow/flow_int.h"
#include "flow/report.h"
#include "store/letter_hand.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

bool
hk_letter_hand_match(hk_flow *flow, int64_t letter_id, int64_t report_id, GError **error)
{
	g_auto(hk_letter_hand_row) letter = {0};
	g_auto(hk_report_row) report = {0};

	/* The report's row is locked first, as everywhere: it is what others wait for. */
	if (!hk_reports_lock(flow->db, report_id, &report, error) ||
		!hk_letter_hand_get(flow->db, letter_id, &letter, error)) {
		return false;
	}
	if (letter.report_id != 0) {
		return hk_error_set(error, HK_EPOLICY,
			"letter %" PRId64 " belongs to report %" PRId64 " already", letter_id,
			letter.report_id);
	}
	if (!hk_letter_hand_set(flow->db, letter_id, report_id, error) ||
		!hk_report_answer(flow, report_id, letter.class, letter.number, NULL, error)) {
		return false;
	}
	g_autoptr(GString) data = g_string_new(NULL);
	hk_jsonw_open(data, '{');
	hk_jsonw_member_int(data, "report", report_id);
	hk_jsonw_member_str(data, "class", letter.class);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "letter.match", "letter", letter_id, report.case_id, data->str);
	return true;
}
