/* urlscan.io. */
#include <string.h>

#include "sys/clock.h"
#include "vendors.h"

static void
error_of(rg_call *call, unsigned status, const char *text)
{
	rg_call_json(call, status, json_pack("{s:s,s:i}", "message", text, "status", (int)status));
}

static void
scan(rg_call *call)
{
	const char *url = rg_call_str(call, "url");
	const char *visibility = rg_call_str(call, "visibility");

	if (!url || !visibility) {
		error_of(call, 400, "Missing URL properties");
		return;
	}
	const rg_report *report = rg_call_take(call, &url, 1, NULL, NULL);
	rg_call_header(call, "X-Rate-Limit-Remaining", "59");
	rg_call_json(call, 200,
		json_pack("{s:s,s:s,s:s,s:s,s:s}", "message", "Submission successful", "uuid",
			report->id, "visibility", visibility, "url", url, "result",
			"https://urlscan.example/result/"));
}

static void
result(rg_call *call)
{
	const rg_report *report = rg_call_report(call, call->args[0]);

	if (!report) {
		error_of(call, 404, "Scan is not finished yet");
		return;
	}
	bool bad = strcmp(rg_call_state(report, "malicious"), "malicious") == 0;
	rg_call_json(call, 200,
		json_pack("{s:{s:s,s:s,s:s},s:{s:s,s:s,s:s,s:s},s:{s:{s:b,s:i,s:[s]}}}", "task",
			"uuid", report->id, "url", report->what, "screenshotURL",
			"https://urlscan.example/screenshots/x.png", "page", "url", report->what,
			"ip", "192.0.2.44", "country", "NL", "title", "みほんダイレクト",
			"verdicts", "overall", "malicious", bad, "score", bad ? 100 : 0, "brands",
			"mihon"));
}

static void
search(rg_call *call)
{
	const char *query = rg_call_arg(call, "q");
	const GPtrArray *reports = rg_call_reports(call);
	json_t *results = json_array();

	for (unsigned i = 0; i < reports->len; i++) {
		const rg_report *report = reports->pdata[i];
		g_autofree char *wanted = g_strdup_printf("task.url:\"%s\"", report->what);
		char time[HK_CLOCK_TEXT_SIZE];
		if (query && strcmp(query, wanted) == 0) {
			hk_clock_format(report->real_ms, time);
			json_array_append_new(results,
				json_pack("{s:{s:s,s:s,s:s},s:s}", "task", "uuid", report->id,
					"url", report->what, "time", time, "_id", report->id));
		}
	}
	rg_call_json(call, 200,
		json_pack("{s:I,s:o,s:b}", "total", (json_int_t)json_array_size(results), "results",
			results, "has_more", false));
}

/* 4 x 3 pixels of one colour, with a text beside them that nobody should hand on. */
static const uint8_t picture[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00,
	0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x03, 0x08, 0x02,
	0x00, 0x00, 0x00, 0x3b, 0x96, 0x39, 0x91, 0x00, 0x00, 0x00, 0x0d, 0x74, 0x45, 0x58, 0x74,
	0x43, 0x6f, 0x6d, 0x6d, 0x65, 0x6e, 0x74, 0x00, 0x72, 0x61, 0x6e, 0x67, 0x65, 0x43, 0x68,
	0x52, 0xeb, 0x00, 0x00, 0x00, 0x10, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x38, 0x60,
	0xa0, 0x00, 0x47, 0x0c, 0x38, 0x39, 0x00, 0x00, 0x56, 0x0c, 0xc1, 0xe0, 0xff, 0xab, 0x2d,
	0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

static void
screenshot(rg_call *call)
{
	if (!rg_call_report(call, call->args[0])) {
		error_of(call, 404, "Not Found");
		return;
	}
	rg_call_text(call, 200, "image/png", "");
	g_string_append_len(call->reply, (const char *)picture, sizeof picture);
}

static const rg_route routes[] = {
	{"submit", "POST", "/api/v1/scan", scan},
	{"poll", "GET", "/api/v1/result/{}/", result},
	{"find", "GET", "/api/v1/search/", search},
	{"picture", "GET", "/screenshots/{}.png", screenshot},
	{0},
};

const rg_vendor rg_vendor_urlscan = {
	.name = "urlscan",
	.auth = "header API-Key",
	.per_minute = 60,
	.routes = routes,
};
