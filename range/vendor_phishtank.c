/* PhishTank: is it listed? State "listed": yes, and verified; "waiting": not verified yet. Nobody reports here: control makes an entry by asking once with op "lookup". */
#include <string.h>

#include "vendors.h"

static void
check(rg_call *call)
{
	const char *agent = MHD_lookup_connection_value(call->c, MHD_HEADER_KIND, "User-Agent");
	g_autofree char *url = rg_call_form(call, "url");

	if (!agent || !g_str_has_prefix(agent, "phishtank/")) {
		rg_call_error(call, 403, "a descriptive User-Agent is needed: phishtank/NAME");
		return;
	}
	if (!url || !strstr(call->body->str, "format=json")) {
		rg_call_error(call, 400, "url and format are needed");
		return;
	}
	const char *what = url;
	const rg_report *report = rg_call_report_of(call, what);
	report = report ? report : rg_call_take(call, &what, 1, NULL, NULL);
	const char *state = rg_call_state(report, "absent");
	bool listed = strcmp(state, "listed") == 0, there = strcmp(state, "absent") != 0;
	rg_call_json(call, 200,
		json_pack("{s:{s:s},s:{s:s,s:b,s:s,s:b,s:b}}", "meta", "status", "success",
			"results", "url", what, "in_database", there, "phish_id", report->id,
			"verified", listed, "valid", listed));
}

static const rg_route routes[] = {
	{"lookup", "POST", "/checkurl/", check},
	{0},
};

const rg_vendor rg_vendor_phishtank = {
	.name = "phishtank",
	.auth = "none",
	.conf = "user = range\n",
	.routes = routes,
};
