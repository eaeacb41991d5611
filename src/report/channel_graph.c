/* Microsoft Graph, threat submission: Defender and SmartScreen look at a URL. Facts (beta): POST and GET /security/threatSubmission/urlThreats, OAuth client credentials, right
 * ThreatSubmission.ReadWrite.All; status and result stand on the object. */
#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "report/channel_words.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

#define PATH "/security/threatSubmission/urlThreats"

static void
say_who(hk_channel_ask *ask)
{
	hk_channel_ask_auth(ask, HK_AUTH_OAUTH, "https://graph.microsoft.com/.default", NULL);
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	bool malware = hk_channel_is_malware(brief);
	const hk_brief_site *lead = hk_channel_one(brief, error);
	GString *body;

	(void)token;
	if (!lead) {
		return false;
	}
	if (hk_channel_is_trademark(brief)) {
		return hk_error_set(error, HK_EFORM,
			"Microsoft takes phishing and malware, not the misuse of a trademark");
	}
	body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "@odata.type", "#microsoft.graph.security.urlThreatSubmission");
	hk_jsonw_member_str(body, "category", malware ? "malware" : "phishing");
	hk_jsonw_member_str(body, "webUrl", lead->url);
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(ret, "POST", hk_channel_url(conf->url, PATH, NULL), body);
	say_who(ret);
	return true;
}

/* The state of one submission: while it runs, its status; then what they found. */
static void
read_state(const hk_json *at, hk_told *ret)
{
	static const hk_channel_state states[] = {
		{"notStarted", "acknowledged", false},
		{"running", "acknowledged", false},
		{"succeeded", "acknowledged", true},
		{"failed", NULL, true},
		{"skipped", NULL, true},
		{0},
	};
	static const hk_channel_state results[] = {
		{"phishing", "actioned", true},
		{"malware", "actioned", true},
		{"spam", "actioned", true},
		{"blockedByTenant", "actioned", true},
		{"notSpam", "rejected", true},
		{"notJunk", "rejected", true},
		{"noThreatsFound", "rejected", true},
		{"allowedByTenant", "rejected", true},
		{0},
	};
	const char *status = hk_channel_json_str(at, "status");
	const char *result = hk_channel_json_str(at, "result.category");

	result = result ? result : hk_channel_json_str(at, "result.detail");
	if (status) {
		hk_channel_state_read(states, status, ret);
	}
	if (result && g_strcmp0(status, "succeeded") == 0) {
		const char *before = ret->state;
		if (!hk_channel_state_read(results, result, ret)) {
			ret->state = before;
		}
	}
	ret->facts = hk_channel_facts(at, "status", "status", "result", "result", "admin_review",
		"adminReview", "created", "createdDateTime", NULL);
}

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	hk_json_doc_free(hk_channel_http_taken(conf, answer, "id", ret));
}

static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!hk_channel_number(receipt, error)) {
		return false;
	}
	hk_channel_ask_init(
		ret, "GET", hk_channel_url(conf->url, PATH "/{}", receipt->remote_id, NULL));
	say_who(ret);
	return true;
}

static void
polled(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_POLL, answer, ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_channel_json_str(&root, "status")) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "status is missing", ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
	read_state(&root, ret);
}

static bool
find(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!hk_channel_whole_url(receipt, error)) {
		return false;
	}
	hk_channel_ask_init(ret, "GET", hk_channel_url(conf->url, PATH, NULL));
	say_who(ret);
	return true;
}

/* Their list has pages, the newest first: not on the first one and there are more: that says nothing. */
static void
found(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
	const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_FIND, answer, ret);
	hk_json list;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_channel_json_at(&root, "value", &list) || hk_json_kind_of(&list) != HK_JSON_ARRAY) {
		hk_channel_http_odd(conf, HK_ASKED_FIND, "value is missing", ret);
		return;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		const char *id = hk_channel_json_str(&item, "id");
		if (id && g_strcmp0(hk_channel_json_str(&item, "webUrl"), receipt->url) == 0) {
			ret->how = HK_TOLD_TAKEN;
			ret->state = "sent";
			ret->remote_id = g_strdup(id);
			return;
		}
	}
	bool more = hk_json_has(&root, "@odata.nextLink");
	ret->how = more ? HK_TOLD_UNSURE : HK_TOLD_ABSENT;
	ret->why = more ? g_strdup("it is not among the newest, and there are more") : NULL;
}

static bool
check(hk_channel_conf *conf, GError **error)
{
	if (!conf->token_url && !conf->account) {
		return hk_error_set(error, HK_ECONFIG,
			"'account' (the tenant) or 'token-url' is needed for channel graph");
	}
	if (!conf->token_url) {
		conf->token_url = hk_channel_url("https://login.microsoftonline.com",
			"/{}/oauth2/v2.0/token", conf->account, NULL);
	}
	return true;
}

const hk_channel hk_channel_graph = {
	.name = "graph",
	.en = "Microsoft Defender (Graph)",
	.ja = "Microsoft Defender（Graph）",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL | HK_CAN_FIND,
	.url = "https://graph.microsoft.com/beta",
	.per_minute = 60,
	.batch = 1,
	.poll_ms = 10 * 60 * 1000,
	.keys = "user account token-url",
	.needs = "user secret-file",
	.check = check,
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
	.index_ms = 5 * 60 * 1000,
	.find = find,
	.found = found,
};
