/* CleanDNS: GET /abuse/clients, POST /abuse/report, GET /abuse/status/{id}. The names of its fields are ours: they are not published. */
#include <string.h>

#include "vendors.h"

static void
clients(rg_call *call)
{
	rg_call_json(call, 200,
		json_pack("{s:[{s:s,s:s,s:[s,s]},{s:s,s:s}]}", "clients", "name",
			"Invented Registry", "type", "registry", "tlds", "example", "shop", "name",
			"Example Registrar, Inc.", "type", "registrar"));
}

static void
report(rg_call *call)
{
	const char *url = rg_call_str(call, "url");

	if (!url || !rg_call_str(call, "detectedAt")) {
		rg_call_error(call, 400, "url and detectedAt are needed");
		return;
	}
	const rg_report *taken = rg_call_take(call, &url, 1, rg_call_str(call, "reference"), NULL);
	rg_call_json(call, 201, json_pack("{s:s,s:s}", "_id", taken->id, "status", "received"));
}

static void
status(rg_call *call)
{
	const rg_report *taken = rg_call_report(call, call->args[0]);

	if (!taken) {
		rg_call_error(call, 404, "no such report");
		return;
	}
	rg_call_json(call, 200,
		json_pack("{s:s,s:s,s:s}", "_id", taken->id, "status",
			rg_call_state(taken, "received"), "client", "Example Registrar, Inc."));
}

static const rg_route routes[] = {
	{"clients", "GET", "/abuse/clients", clients},
	{"submit", "POST", "/abuse/report", report},
	{"poll", "GET", "/abuse/status/{}", status},
	{0},
};

const rg_vendor rg_vendor_cleandns = {
	.name = "cleandns",
	.auth = "bearer",
	.routes = routes,
};
