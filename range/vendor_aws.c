/* AWS Abuse Signal. */
#include <ctype.h>
#include <string.h>

#include "vendors.h"

enum { REQUEST_MAX = 5 * 1024 * 1024 };

static void
aws_error(rg_call *call, unsigned status, const char *type, const char *text)
{
	rg_call_header(call, "x-amzn-ErrorType", type);
	rg_call_json(call, status, json_pack("{s:s}", "message", text));
}

/* Their numbers have letters and digits only, twenty at least. */
static char *
number_of(const rg_report *r)
{
	return g_strdup_printf("rangereport%012u", r->number);
}

static void
create(rg_call *call)
{
	const char *token = rg_call_str(call, "clientToken");
	const json_t *xarf = json_object_get(json_object_get(call->json, "report"), "xarf");
	const char *url = json_string_value(json_object_get(xarf, "url"));
	const char *version = json_string_value(json_object_get(xarf, "xarf_version"));

	if (call->body->len > REQUEST_MAX) {
		aws_error(call, 413, "ContentTooLarge", "request is larger than 5 MB");
		return;
	}
	if (!url || !version || version[0] != '4' || json_object_get(xarf, "_internal")) {
		aws_error(call, 400, "ValidationException", "report.xarf is not valid");
		return;
	}
	const rg_report *r = rg_call_take(call, &url, 1, token, NULL);
	g_autofree char *id = number_of(r);
	rg_call_json(call, 202, json_pack("{s:s}", "reportId", id));
}

static json_t *
item_of(const rg_report *r)
{
	const char *state = rg_call_state(r, "QUEUED");
	bool moving = strcmp(state, "QUEUED") == 0 || strcmp(state, "PROCESSING") == 0;
	g_autofree char *id = number_of(r);
	json_t *item = json_pack("{s:s,s:s,s:s,s:s?}", "reportId", id, "status",
		moving ? state : "COMPLETED", "description", "as the range sees it",
		"correlationId", json_string_value(json_object_get(r->body, "correlationId")));

	if (!moving) {
		json_object_set_new(item, "reasonCode", json_string(state));
	}
	return item;
}

static void
status(rg_call *call)
{
	const GPtrArray *reports = rg_call_reports(call);

	for (unsigned i = 0; i < reports->len; i++) {
		rg_report *r = reports->pdata[i];
		g_autofree char *id = number_of(r);
		if (strcmp(id, call->args[0]) == 0) {
			r->polls++;
			rg_call_json(call, 200, item_of(r));
			return;
		}
	}
	aws_error(call, 404, "ResourceNotFoundException", "no such report");
}

static void
list(rg_call *call)
{
	const GPtrArray *reports = rg_call_reports(call);
	const char *wanted = rg_call_arg(call, "correlationId");
	json_t *items = json_array();

	for (unsigned i = 0; i < reports->len; i++) {
		const rg_report *r = reports->pdata[i];
		const char *ours = json_string_value(json_object_get(r->body, "correlationId"));
		if (!wanted || (ours && strcmp(ours, wanted) == 0)) {
			json_array_append_new(items, item_of(r));
		}
	}
	rg_call_json(call, 200, json_pack("{s:o}", "reports", items));
}

static const rg_route routes[] = {
	{"submit", "POST", "/v1/abuse", create},
	{"poll", "GET", "/v1/abuse/{}", status},
	{"find", "GET", "/v1/abusestatuses", list},
	{0},
};

const rg_vendor rg_vendor_aws = {
	.name = "aws",
	.auth = "sigv4 abuse",
	.tokens = true,
	.conf = "user = \"" RG_VENDOR_USER "\"\nregion = \"us-east-1\"\n",
	.routes = routes,
};
