/* Netcraft's report API, version 3. */
#include <string.h>

#include "vendors.h"

static void
report_urls(rg_call *call)
{
	json_t *urls = json_object_get(call->json, "urls");

	if (!rg_call_str(call, "email") || json_array_size(urls) == 0) {
		rg_call_json(call, 400,
			json_pack("{s:i,s:s,s:[{s:s,s:[s],s:s}]}", "status", 400, "error",
				"Bad Request", "details", "input", "", "path", "email", "message",
				"Missing property."));
		return;
	}
	if (json_is_true(json_object_get(call->json, "no_submission"))) {
		rg_call_json(call, 200, json_pack("{s:s}", "message", "Successfully reported"));
		return;
	}
	const rg_report *report = rg_call_take_list(call, urls, "url", NULL);
	rg_call_json(call, 200,
		json_pack("{s:s,s:s}", "message", "Successfully reported", "uuid", report->id));
}

static void
submission(rg_call *call)
{
	rg_report *report = rg_call_report(call, call->args[0]);

	if (!report) {
		rg_call_json(
			call, 404, json_pack("{s:i,s:s}", "status", 404, "error", "Not Found"));
		return;
	}
	const char *state = rg_call_state(report, "processing");
	bool pending = strcmp(state, "processing") == 0;
	rg_call_json(call, 200,
		json_pack("{s:b,s:s,s:I,s:I,s:{s:i},s:[],s:[],s:b}", "pending", pending, "state",
			state, "date", (json_int_t)(report->at_ms / 1000), "last_update",
			(json_int_t)(report->at_ms / 1000), "state_counts", state, 1, "tags",
			"classification_log", "is_archived", false));
}

static void
submission_urls(rg_call *call)
{
	rg_report *report = rg_call_report(call, call->args[0]);
	json_t *urls = json_array();
	size_t i;
	json_t *item;

	if (!report) {
		json_decref(urls);
		rg_call_json(
			call, 404, json_pack("{s:i,s:s}", "status", 404, "error", "Not Found"));
		return;
	}
	const char *state = rg_call_state(report, "processing");
	json_array_foreach(json_object_get(report->body, "urls"), i, item) {
		json_array_append_new(urls,
			json_pack("{s:O,s:s,s:s,s:[]}", "url", json_object_get(item, "url"),
				"url_state", state, "url_takedown_state",
				strcmp(state, "malicious") == 0 ? "in progress" : "not injected",
				"tags"));
	}
	rg_call_json(call, 200,
		json_pack("{s:I,s:o}", "total_count", (json_int_t)json_array_size(urls), "urls",
			urls));
}

static const rg_route routes[] = {
	{"submit", "POST", "/report/urls", report_urls},
	{"poll", "GET", "/submission/{}", submission},
	{"urls", "GET", "/submission/{}/urls", submission_urls},
	{0},
};

const rg_vendor rg_vendor_netcraft = {
	.name = "netcraft",
	.auth = "none",
	.routes = routes,
};
