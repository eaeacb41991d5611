/* ThreatFox: refusals are 200 with a query_status; what it has already is duplicated. */
#include <string.h>

#include "vendors.h"

static void
submit(rg_call *call)
{
	const json_t *iocs = json_object_get(call->json, "iocs");
	json_t *ok = json_array(), *duplicated = json_array();
	size_t i;
	json_t *ioc;

	json_array_foreach((json_t *)(uintptr_t)iocs, i, ioc) {
		const char *text = json_string_value(ioc);
		bool known = text && rg_call_report_of(call, text);
		json_array_append(known ? duplicated : ok, ioc);
	}
	if (json_array_size(ok) > 0) {
		rg_call_take_list(call, ok, NULL, NULL);
	}
	rg_call_json(call, 200,
		json_pack("{s:s,s:{s:o,s:[],s:o,s:i}}", "query_status", "ok", "data", "ok", ok,
			"ignored", "duplicated", duplicated, "reward", 5));
}

static void
search(rg_call *call)
{
	const char *term = rg_call_str(call, "search_term");
	const GPtrArray *reports = rg_call_reports(call);
	json_t *found = json_array();

	for (unsigned i = 0; term && i < reports->len; i++) {
		const rg_report *report = reports->pdata[i];
		g_auto(GStrv) iocs = g_strsplit(report->what, " ", -1);
		for (char **ioc = iocs; *ioc; ioc++) {
			if (strstr(*ioc, term)) {
				json_array_append_new(found,
					json_pack("{s:s,s:s}", "id", report->id, "ioc", *ioc));
			}
		}
	}
	if (json_array_size(found) == 0) {
		json_decref(found);
		rg_call_json(call, 200,
			json_pack("{s:s,s:s}", "query_status", "no_result", "data",
				"Your search did not yield any results"));
		return;
	}
	rg_call_json(call, 200, json_pack("{s:s,s:o}", "query_status", "ok", "data", found));
}

/* One address for all: what is wanted stands in the body. */
static void
query(rg_call *call)
{
	const char *what = rg_call_str(call, "query");
	const char *type = rg_call_str(call, "threat_type");

	if (g_strcmp0(what, "search_ioc") == 0) {
		search(call);
	} else if (g_strcmp0(what, "submit_ioc") == 0 && type && rg_call_str(call, "ioc_type") &&
		   rg_call_str(call, "malware") &&
		   json_array_size(json_object_get(call->json, "iocs")) > 0) {
		submit(call);
	} else {
		rg_call_json(call, 200, json_pack("{s:s}", "query_status", "illegal_parameters"));
	}
}

static const rg_route routes[] = {
	{"submit", "POST", "/api/v1/", query},
	{0},
};

const rg_vendor rg_vendor_threatfox = {
	.name = "threatfox",
	.auth = "header Auth-Key",
	.conf = "malware = apk.invented\n",
	.routes = routes,
};
