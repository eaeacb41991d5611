/* Vendors of a bank's own, as a file tells them: one that knows tokens, one that finds reports again, one that takes forms and says nothing. Each by another
 * way of saying who asks. */
#include <string.h>

#include "vendors.h"

static void
submit(rg_call *call)
{
	const json_t *urls = json_object_get(call->json, "urls");
	const char *token =
		MHD_lookup_connection_value(call->c, MHD_HEADER_KIND, "Idempotency-Key");

	if (json_array_size(urls) == 0) {
		rg_call_json(call, 422,
			json_pack("{s:[{s:s}]}", "errors", "message", "urls are needed"));
		return;
	}
	const rg_report *r = rg_call_take_list(call, urls, NULL, token);
	rg_call_json(call, 201, json_pack("{s:{s:s,s:s}}", "report", "id", r->id, "state", "open"));
}

static void
poll(rg_call *call)
{
	const rg_report *r = rg_call_report(call, call->args[0]);

	if (!r) {
		rg_call_error(call, 404, "no such report");
		return;
	}
	rg_call_json(call, 200,
		json_pack("{s:{s:s,s:s},s:s}", "report", "id", r->id, "state",
			rg_call_state(r, "open"), "handler", "desk 7"));
}

static void
find(rg_call *call)
{
	const rg_report *r = rg_call_report_of(call, rg_call_arg(call, "url"));
	json_t *list = json_array();

	if (r) {
		g_auto(GStrv) urls = g_strsplit(r->what, " ", -1);
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:s}", "id", r->id, "url",
				      rg_call_arg(call, "url"), "state", rg_call_state(r, "open")));
	}
	rg_call_json(call, 200, json_pack("{s:o}", "reports", list));
}

/* RFC 6749, 4.4. */
static void
token(rg_call *call)
{
	bool right = strstr(call->body->str, "grant_type=client_credentials") &&
		     strstr(call->body->str, "client_id=" RG_VENDOR_USER) &&
		     strstr(call->body->str, "client_secret=" RG_VENDOR_SECRET);

	if (!right) {
		rg_call_json(call, 401, json_pack("{s:s}", "error", "invalid_client"));
		return;
	}
	rg_call_json(call, 200,
		json_pack("{s:s,s:s,s:i}", "access_token", RG_VENDOR_SECRET, "token_type", "Bearer",
			"expires_in", 3600));
}

static void
form(rg_call *call)
{
	g_autofree char *url = rg_call_form(call, "url");

	if (!url) {
		rg_call_error(call, 422, "url is needed");
		return;
	}
	const char *what = url;
	rg_call_take(call, &what, 1, NULL, NULL);
	rg_call_text(call, 202, "text/plain", "thank you\n");
}

static const rg_route routes[] = {
	{"submit", "POST", "/v1/reports", submit},
	{"poll", "GET", "/v1/reports/{}", poll},
	{0},
};
static const rg_route find_routes[] = {
	{"submit", "POST", "/v1/reports", submit},
	{"find", "GET", "/v1/reports", find},
	{"poll", "GET", "/v1/reports/{}", poll},
	{"token", "POST", "/oauth/token", token},
	{0},
};
static const rg_route form_routes[] = {
	{"submit", "POST", "/report.cgi", form},
	{0},
};

#define JSON_BODY                                                                                  \
	"channel = http\n"                                                                         \
	"submit = \"POST /v1/reports\"\n"                                                          \
	"submit-body = '{\"urls\": {urls}, \"brand\": {brand}, \"note\": \"case {case}: {why}\", " \
	"\"score\": {score}}'\n"                                                                   \
	"id = \"report.id\"\n"                                                                     \
	"poll = \"GET /v1/reports/{id}\"\n"                                                        \
	"state = \"/report/state\"\n"                                                              \
	"states = { \"open = acknowledged\", \"done = actioned\", \"wont fix = rejected\" }\n"

const rg_vendor rg_vendor_bank_tokens = {
	.name = "bank-tokens",
	.auth = "basic",
	.tokens = true,
	.conf = JSON_BODY "submit-headers = { \"Idempotency-Key: {token}\" }\n"
			  "tokens = true\n"
			  "auth = basic\n"
			  "user = \"" RG_VENDOR_USER "\"\n"
			  "facts = { \"handler = handler\" }\n",
	.routes = routes,
};

const rg_vendor rg_vendor_bank_find = {
	.name = "bank-find",
	.auth = "bearer",
	.conf = JSON_BODY "find = \"GET /v1/reports?url={url}\"\n"
			  "find-list = \"reports\"\n"
			  "find-match = \"url = url\"\n"
			  "find-id = \"id\"\n"
			  "auth = \"oauth reports.write\"\n"
			  "user = \"" RG_VENDOR_USER "\"\n"
			  "token-url = \"@URL@/oauth/token\"\n",
	.routes = find_routes,
};

const rg_vendor rg_vendor_bank_form = {
	.name = "bank-form",
	.auth = "query key",
	.conf = "channel = http\n"
		"submit = \"POST /report.cgi\"\n"
		"submit-type = \"application/x-www-form-urlencoded\"\n"
		"submit-body = 'url={url}&brand={brand}&why={why}'\n"
		"auth = \"query key\"\n",
	.routes = form_routes,
};
