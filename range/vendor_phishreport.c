/* phish.report: cases; one that is open for the same URL is told, not doubled. */
#include <string.h>

#include "vendors.h"

static json_t *
case_of(const rg_report *report)
{
	return json_pack("{s:s,s:s,s:b}", "id", report->id, "url", report->what, "resolved",
		strcmp(rg_call_state(report, "open"), "resolved") == 0);
}

static void
create(rg_call *call)
{
	const char *url = rg_call_str(call, "url");

	if (!url) {
		rg_call_error(call, 400, "url is required");
		return;
	}
	const rg_report *before = rg_call_report_of(call, url);
	bool again = json_is_true(json_object_get(call->json, "ignore_duplicates"));
	if (before && !again && strcmp(rg_call_state(before, "open"), "open") == 0) {
		rg_call_json(call, 200, case_of(before));
		return;
	}
	rg_call_json(call, 200, case_of(rg_call_take(call, &url, 1, NULL, NULL)));
}

static void
one(rg_call *call)
{
	const rg_report *report = rg_call_report(call, call->args[0]);

	if (!report) {
		rg_call_error(call, 404, "case not found");
		return;
	}
	rg_call_json(call, 200, case_of(report));
}

static void
all(rg_call *call)
{
	const GPtrArray *reports = rg_call_reports(call);
	json_t *list = json_array();

	for (unsigned i = 0; i < reports->len; i++) {
		json_array_append_new(list, case_of(reports->pdata[i]));
	}
	rg_call_json(call, 200, list);
}

static const rg_route routes[] = {
	{"submit", "POST", "/api/v0/cases", create},
	{"poll", "GET", "/api/v0/cases/{}", one},
	{"find", "GET", "/api/v0/cases", all},
	{0},
};

const rg_vendor rg_vendor_phishreport = {
	.name = "phishreport",
	.auth = "bearer",
	.routes = routes,
};
