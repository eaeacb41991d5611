/* APWG's eCrime Exchange. */
#include <string.h>

#include "vendors.h"

static json_t *
entry_of(const rg_report *report)
{
	return json_pack("{s:s,s:s,s:s}", "id", report->id, "url", report->what, "status",
		rg_call_state(report, "active"));
}

static void
create(rg_call *call)
{
	const char *url = rg_call_str(call, "url");

	if (!url || !json_is_integer(json_object_get(call->json, "date_discovered")) ||
		!json_is_integer(json_object_get(call->json, "confidence_level"))) {
		rg_call_error(call, 422, "url, date_discovered and confidence_level are needed");
		return;
	}
	rg_call_json(call, 201, entry_of(rg_call_take(call, &url, 1, NULL, NULL)));
}

static void
update(rg_call *call)
{
	const rg_report *report = rg_call_report(call, call->args[0]);

	if (!report) {
		rg_call_error(call, 404, "no such entry");
		return;
	}
	rg_call_json(call, 200, entry_of(report));
}

/* By exact URL; HAL. */
static void
search(rg_call *call)
{
	const char *url = rg_call_arg(call, "url");
	const GPtrArray *reports = rg_call_reports(call);
	json_t *list = json_array();

	for (unsigned i = 0; i < reports->len; i++) {
		const rg_report *report = reports->pdata[i];
		if (!url || strcmp(report->what, url) == 0) {
			json_array_append_new(list, entry_of(report));
		}
	}
	rg_call_json(call, 200,
		json_pack("{s:{s:{s:s}},s:I,s:{s:o}}", "_links", "self", "href", "/phish",
			"total_items", (json_int_t)json_array_size(list), "_embedded", "phish",
			list));
}

static const rg_route routes[] = {
	{"submit", "POST", "/phish", create},
	{"submit", "PATCH", "/phish/{}", update},
	{"poll", "GET", "/phish/{}", update},
	{"find", "GET", "/phish", search},
	{0},
};

const rg_vendor rg_vendor_apwg = {
	.name = "apwg",
	.auth = "header Authorization",
	.per_minute = 60,
	.routes = routes,
};
