/* GoDaddy's abuse API, version 1. */
#include <string.h>

#include "vendors.h"

static void
create(rg_call *call)
{
	static const char *const types[] = {"A_RECORD", "CHILD_ABUSE", "CONTENT", "FRAUD_WIRE",
		"IP_BLOCK", "MALWARE", "NETWORK_ABUSE", "PHISHING", "SPAM"};
	const char *source = rg_call_str(call, "source"), *type = rg_call_str(call, "type");
	bool known = false;

	for (size_t i = 0; type && i < G_N_ELEMENTS(types); i++) {
		known = known || strcmp(types[i], type) == 0;
	}
	if (!source || !known || strchr(source, ' ')) {
		rg_call_json(call, 422,
			json_pack("{s:s,s:s}", "code", "INVALID_BODY", "message",
				"Request body doesn't fulfill schema"));
		return;
	}
	const rg_report *taken = rg_call_take(call, &source, 1, NULL, NULL);
	rg_call_json(call, 201, json_pack("{s:s}", "u_number", taken->id));
}

/* Those whose URL has the name, and that are not too old or too new. */
static void
list(rg_call *call)
{
	const char *name = rg_call_arg(call, "sourceDomainOrIp");
	const char *start = rg_call_arg(call, "createdStart"),
		   *end = rg_call_arg(call, "createdEnd");
	const GPtrArray *reports = rg_call_reports(call);
	json_t *ids = json_array();

	for (unsigned i = 0; i < reports->len; i++) {
		const rg_report *report = reports->pdata[i];
		g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(report->at_ms / 1000);
		g_autofree char *made = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
		if ((!name || strstr(report->what, name)) && (!start || strcmp(made, start) >= 0) &&
			(!end || strcmp(made, end) <= 0)) {
			json_array_append_new(ids, json_string(report->id));
		}
	}
	rg_call_json(call, 200,
		json_pack("{s:o,s:{s:s,s:I}}", "ticketIds", ids, "pagination", "first", "", "total",
			(json_int_t)json_array_size(ids)));
}

static void
ticket(rg_call *call)
{
	const rg_report *report = rg_call_report(call, call->args[0]);

	if (!report) {
		rg_call_json(call, 404,
			json_pack("{s:s,s:s}", "code", "NOT_FOUND", "message", "not found"));
		return;
	}
	bool closed = strcmp(rg_call_state(report, "open"), "closed") == 0;
	rg_call_json(call, 200,
		json_pack("{s:s,s:s,s:b,s:s}", "ticketId", report->id, "source", report->what,
			"closed", closed, "closedAt", closed ? "2026-11-30T00:00:00Z" : ""));
}

static const rg_route routes[] = {
	{"submit", "POST", "/v1/abuse/tickets", create},
	{"find", "GET", "/v1/abuse/tickets", list},
	{"poll", "GET", "/v1/abuse/tickets/{}", ticket},
	{0},
};

const rg_vendor rg_vendor_godaddy = {
	.name = "godaddy",
	.auth = "header Authorization",
	.per_minute = 60,
	.routes = routes,
};
