/* What vendors say of a site becomes the case's: reports are many, and end; the facts of the case are where people look (S35). */
#include <string.h>

#include "flow/report_int.h"
#include "store/facts.h"
#include "sys/gerr.h"
#include "sys/json.h"

enum { FACTS_BYTES_MAX = 1 << 20, VALUE_MAX = 200 };

static bool
put(hk_flow *flow, const hk_report_row *row, const char *subject, const char *kind,
	const char *value, GError **error)
{
	g_autofree char *line =
		g_utf8_substring(value, 0, MIN(g_utf8_strlen(value, -1), VALUE_MAX));
	const hk_fact fact = {
		.subject = subject, .kind = kind, .value = line, .source = row->channel};
	g_autoptr(GPtrArray) gone = NULL;
	hk_fact_how how;

	return hk_facts_put(flow->db, row->case_id, &fact, flow->now_ms, &how, error) &&
	       hk_facts_gone(flow->db, row->case_id, subject, kind, flow->now_ms, &gone, error);
}

bool
hk_report_fact(hk_flow *flow, const hk_report_row *row, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		row->facts ? hk_json_load(hk_span_str(row->facts), FACTS_BYTES_MAX, NULL) : NULL;
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	const char *picture = NULL;
	/* What was seen before the others were told, and after, are two things. */
	g_autofree char *subject = hk_report_is_after(row)
					   ? g_strconcat(row->channel, " (after)", NULL)
					   : g_strdup(row->channel);

	(void)(doc && hk_json_has(&root, "picture") &&
		hk_json_str(&root, "picture", &picture, NULL));
	return (!row->remote_state ||
		       put(flow, row, subject, "vendor.state", row->remote_state, error)) &&
	       (!picture || put(flow, row, subject, "vendor.picture", picture, error));
}
