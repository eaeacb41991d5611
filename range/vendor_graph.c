/* Microsoft Graph, threat submission, with the token endpoint of its directory. */
#include <string.h>

#include "vendors.h"

#define PATH "/security/threatSubmission/urlThreats"

static void
token(rg_call *call)
{
	if (!strstr(call->body->str, "grant_type=client_credentials") ||
		!strstr(call->body->str, "client_id=" RG_VENDOR_USER) ||
		!strstr(call->body->str, "client_secret=" RG_VENDOR_SECRET)) {
		rg_call_json(call, 400, json_pack("{s:s}", "error", "invalid_client"));
		return;
	}
	rg_call_json(call, 200,
		json_pack("{s:s,s:i,s:s}", "token_type", "Bearer", "expires_in", 3599,
			"access_token", RG_VENDOR_SECRET));
}

/* succeeded:phishing is the status succeeded with that result. */
static json_t *
object_of(const rg_report *report)
{
	const char *state = rg_call_state(report, "notStarted");
	size_t len = strcspn(state, ":");
	g_autofree char *status = g_strndup(state, len);
	json_t *object = json_pack("{s:s,s:s,s:s,s:s,s:s,s:n}", "@odata.type",
		"#microsoft.graph.security.urlThreatSubmission", "id", report->id, "category",
		"phishing", "webUrl", report->what, "status", status, "result");

	if (state[len]) {
		json_object_set_new(
			object, "result", json_pack("{s:s}", "category", state + len + 1));
	}
	return object;
}

static void
submit(rg_call *call)
{
	const char *url = rg_call_str(call, "webUrl"), *category = rg_call_str(call, "category");

	if (!url || !category || !json_object_get(call->json, "@odata.type")) {
		rg_call_json(call, 400,
			json_pack("{s:{s:s,s:s}}", "error", "code", "BadRequest", "message",
				"Property webUrl is required."));
		return;
	}
	rg_call_json(call, 201, object_of(rg_call_take(call, &url, 1, NULL, NULL)));
}

static void
one(rg_call *call)
{
	const rg_report *report = rg_call_report(call, call->args[0]);

	if (!report) {
		rg_call_json(call, 404,
			json_pack("{s:{s:s,s:s}}", "error", "code", "NotFound", "message", "gone"));
		return;
	}
	rg_call_json(call, 200, object_of(report));
}

static void
all(rg_call *call)
{
	const GPtrArray *reports = rg_call_reports(call);
	json_t *value = json_array();

	for (unsigned i = reports->len; i > 0; i--) {
		json_array_append_new(value, object_of(reports->pdata[i - 1]));
	}
	rg_call_json(call, 200, json_pack("{s:o}", "value", value));
}

static const rg_route routes[] = {
	{"token", "POST", "/token", token},
	{"submit", "POST", PATH, submit},
	{"poll", "GET", PATH "/{}", one},
	{"find", "GET", PATH, all},
	{0},
};

const rg_vendor rg_vendor_graph = {
	.name = "graph",
	.auth = "bearer",
	.conf = "user = " RG_VENDOR_USER "\ntoken-url = \"@URL@/token\"\n",
	.routes = routes,
};
