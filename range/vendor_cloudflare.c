/* Cloudflare's abuse reports. */
#include <string.h>

#include "sys/clock.h"
#include "vendors.h"

static void
envelope_error(rg_call *call, unsigned status, const char *text)
{
	rg_call_json(call, status,
		json_pack("{s:b,s:[{s:i,s:s}],s:[],s:n}", "success", false, "errors", "code", 1001,
			"message", text, "messages", "result"));
}

/* "https://www.a.example/x" -> "www.a.example" */
static char *
host_of(const char *url)
{
	const char *at = strstr(url, "://");

	at = at ? at + 3 : url;
	return g_strndup(at, strcspn(at, "/:?"));
}

static bool
one_host(char **urls)
{
	g_autofree char *first = host_of(urls[0]);

	for (char **url = urls + 1; *url; url++) {
		g_autofree char *host = host_of(*url);
		if (strcmp(host, first) != 0) {
			return false;
		}
	}
	return true;
}

static void
report(rg_call *call)
{
	const char *text = rg_call_str(call, "urls");
	const char *mail = rg_call_str(call, "email");
	const char *again = rg_call_str(call, "email2");
	const char *act = rg_call_str(call, "act");
	g_auto(GStrv) urls = g_strsplit(text ? text : "", "\n", -1);

	if (!text || !mail || !again || strcmp(mail, again) != 0 || !act ||
		strcmp(act, "abuse_phishing") != 0 || !rg_call_str(call, "justification") ||
		!rg_call_str(call, "host_notification") ||
		!rg_call_str(call, "owner_notification") || !one_host(urls)) {
		envelope_error(call, 400, "a member is missing, or more than one hostname");
		return;
	}
	rg_call_take(call, (const char *const *)urls, g_strv_length(urls), NULL, NULL);
	rg_call_json(
		call, 200, json_pack("{s:s,s:{s:s}}", "result", "success", "request", "act", act));
}

static json_t *
item_of(const rg_report *r)
{
	g_autofree char *host = host_of(r->what);
	const char *domain = g_str_has_prefix(host, "www.") ? host + 4 : host;
	char time[HK_CLOCK_TEXT_SIZE];

	hk_clock_format(r->real_ms, time);
	return json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", r->id, "cdate", time, "domain", domain,
		"type", "PHISH", "status", rg_call_state(r, "submitted"));
}

static void
submitted(rg_call *call)
{
	const rg_report *r = rg_call_report(call, call->args[1]);

	if (!r) {
		envelope_error(call, 404, "no such report");
		return;
	}
	rg_call_json(call, 200,
		json_pack("{s:b,s:[],s:[],s:o}", "success", true, "errors", "messages", "result",
			item_of(r)));
}

static void
list(rg_call *call)
{
	const GPtrArray *reports = rg_call_reports(call);
	json_t *items = json_array();

	for (unsigned i = 0; i < reports->len; i++) {
		json_array_append_new(items, item_of(reports->pdata[i]));
	}
	rg_call_json(call, 200,
		json_pack("{s:b,s:[],s:[],s:{s:o}}", "success", true, "errors", "messages",
			"result", "reports", items));
}

static const rg_route routes[] = {
	{"submit", "POST", "/accounts/{}/abuse-reports/abuse_phishing", report},
	{"find", "GET", "/accounts/{}/abuse-reports/submitted", list},
	{"poll", "GET", "/accounts/{}/abuse-reports/submitted/{}", submitted},
	{0},
};

const rg_vendor rg_vendor_cloudflare = {
	.name = "cloudflare",
	.auth = "bearer",
	.conf = "account = \"0123456789abcdef0123456789abcdef\"\n",
	.routes = routes,
};
