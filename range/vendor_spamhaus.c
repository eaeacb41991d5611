/* Spamhaus, submissions: what it has already is answered with 208 and not kept twice. */
#include <string.h>

#include "vendors.h"

static const char *
object_of(const rg_call *call)
{
	return json_string_value(json_object_get(json_object_get(call->json, "source"), "object"));
}

static void
add(rg_call *call)
{
	const char *object = object_of(call), *reason = rg_call_str(call, "reason");

	if (!object || !reason || !rg_call_str(call, "threat_type") || strstr(object, "://")) {
		rg_call_error(call, 400, "Invalid request body");
		return;
	}
	if (g_utf8_strlen(reason, -1) > 255) {
		rg_call_error(call, 422, "reason: at most 255 characters");
		return;
	}
	if (rg_call_report_of(call, object)) {
		rg_call_json(call, 208,
			json_pack("{s:i,s:s}", "status", 208, "message",
				"The resource you are trying to submit is already in our system"));
		return;
	}
	const rg_report *report = rg_call_take(call, &object, 1, NULL, NULL);
	rg_call_json(call, 200,
		json_pack("{s:i,s:s,s:s}", "status", 200, "message", "Submission successful", "id",
			report->id));
}

static void
list(rg_call *call)
{
	const GPtrArray *reports = rg_call_reports(call);
	json_t *all = json_array();

	for (unsigned i = 0; i < reports->len; i++) {
		const rg_report *report = reports->pdata[i];
		bool listed = strcmp(rg_call_state(report, "pending"), "listed") == 0;
		json_t *item =
			json_pack("{s:s,s:{s:s},s:s,s:[]}", "id", report->id, "source", "object",
				report->what, "status", rg_call_state(report, "pending"), "listed");
		if (listed) {
			json_object_set_new(item, "listed", json_pack("[s]", "DBL"));
		}
		json_array_append_new(all, item);
	}
	rg_call_json(call, 200, all);
}

static const rg_route routes[] = {
	{"submit", "POST", "/portal/api/v1/submissions/add/url", add},
	{"find", "GET", "/portal/api/v1/submissions/list", list},
	{0},
};

const rg_vendor rg_vendor_spamhaus = {
	.name = "spamhaus",
	.auth = "bearer",
	.per_minute = 15,
	.routes = routes,
};
