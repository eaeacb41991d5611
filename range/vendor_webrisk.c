/* Google Web Risk: submission and lookup; its token endpoint takes service accounts' keys for what they are, and anybody's. */
#include <string.h>

#include "vendors.h"

static void
google_error(rg_call *call, int code, const char *status, const char *text)
{
	rg_call_json(call, (unsigned)code,
		json_pack("{s:{s:i,s:s,s:s}}", "error", "code", code, "message", text, "status",
			status));
}

static void
submit(rg_call *call)
{
	const json_t *info = json_object_get(call->json, "threatInfo");
	const char *uri = json_string_value(
		json_object_get(json_object_get(call->json, "submission"), "uri"));
	const char *type = json_string_value(json_object_get(info, "abuseType"));
	bool subtype = json_object_get(info, "abuseSubtype") != NULL;

	if (!uri || !type || (subtype && strcmp(type, "SOCIAL_ENGINEERING") != 0)) {
		google_error(
			call, 400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
		return;
	}
	const rg_report *report = rg_call_take(call, &uri, 1, NULL, NULL);
	g_autofree char *name =
		g_strdup_printf("projects/%s/operations/%s", call->args[0], report->id);
	rg_call_json(call, 200,
		json_pack("{s:s,s:{s:s,s:s}}", "name", name, "metadata", "@type",
			"type.googleapis.com/google.cloud.webrisk.v1.SubmitUriMetadata", "state",
			"RUNNING"));
}

static void
operation(rg_call *call)
{
	const rg_report *report = rg_call_report(call, call->args[1]);

	if (!report) {
		google_error(call, 404, "NOT_FOUND", "Requested entity was not found.");
		return;
	}
	const char *state = rg_call_state(report, "RUNNING");
	rg_call_json(call, 200,
		json_pack("{s:s,s:{s:s},s:b}", "name", call->path, "metadata", "state", state,
			"done", strcmp(state, "RUNNING") != 0));
}

static void
search(rg_call *call)
{
	const rg_report *report = rg_call_report_of(call, rg_call_arg(call, "uri"));

	if (!report) {
		rg_call_json(call, 200, json_object());
		return;
	}
	rg_call_json(call, 200,
		json_pack("{s:{s:[s],s:s}}", "threat", "threatTypes", "SOCIAL_ENGINEERING",
			"expireTime", "2026-12-01T00:00:00Z"));
}

static const rg_route routes[] = {
	{"submit", "POST", "/v1/projects/{}/uris:submit", submit},
	{"poll", "GET", "/v1/projects/{}/operations/{}", operation},
	{0},
};

const rg_vendor rg_vendor_webrisk = {
	.name = "webrisk",
	.auth = "bearer",
	.conf = "account = \"123456\"\nend-of-life = true\n",
	.routes = routes,
};

/* A report that somebody has handed in here is listed: tests do so. */
static void
list(rg_call *call)
{
	const char *uri = rg_call_arg(call, "uri");

	if (uri) {
		rg_call_take(call, &uri, 1, NULL, NULL);
	}
	rg_call_error(call, 200, "listed");
}

static const rg_route lookup_routes[] = {
	{"lookup", "GET", "/v1/uris:search", search},
	{"list", "POST", "/list", list},
	{0},
};

const rg_vendor rg_vendor_webrisk_lookup = {
	.name = "webrisk-lookup",
	.auth = "header X-Goog-Api-Key",
	.routes = lookup_routes,
};
