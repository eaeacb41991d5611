/* Microsoft's Security Response Center, report abuse 2.0: no key, no number, much to say about what is wrong. */
#include <string.h>

#include "vendors.h"

static void
abuse(rg_call *call)
{
	static const char *const needed[] = {"date", "time", "timeZone", "reporterName",
		"reporterEmail", "threatType", "incidentType", "sourceUrl"};
	const char *url = rg_call_str(call, "sourceUrl"), *date = rg_call_str(call, "date");

	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
		if (!rg_call_str(call, needed[i])) {
			g_autofree char *text = g_strdup_printf("%s is required", needed[i]);
			rg_call_error(call, 400, text);
			return;
		}
	}
	if (strlen(date) != 10 || date[4] != '-' || date[7] != '-') {
		rg_call_error(call, 400, "date must be of the form yyyy-MM-dd");
		return;
	}
	if (!json_is_true(json_object_get(call->json, "testSubmission"))) {
		rg_call_take(call, &url, 1, NULL, NULL);
	}
	rg_call_text(call, 200, "application/json", "");
}

static const rg_route routes[] = {
	{"submit", "POST", "/report/v2.0/abuse", abuse},
	{0},
};

const rg_vendor rg_vendor_msrc = {
	.name = "msrc",
	.auth = "none",
	.per_minute = 30,
	.routes = routes,
};
