/* phish.report: takes a URL and tells hosting and registrar by itself. Facts: bearer; POST /api/v0/cases {url, ignore_duplicates}, GET /api/v0/cases[/{id}] with resolved. */
#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "report/channel_words.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	const hk_brief_site *lead = hk_channel_one(brief, error);
	GString *body;

	(void)token;
	if (!lead) {
		return false;
	}
	if (hk_channel_is_trademark(brief)) {
		return hk_error_set(error, HK_EFORM,
			"phish.report takes phishing, not the misuse of a trademark");
	}
	body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "url", lead->url);
	/* A case of the same URL that is open there is told to us, not doubled. */
	hk_jsonw_member_bool(body, "ignore_duplicates", false);
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(ret, "POST", hk_channel_url(conf->url, "/api/v0/cases", NULL), body);
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	return true;
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
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url, "/api/v0/cases/{}", receipt->remote_id, NULL));
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	return true;
}

/* 1: resolved, 0: not, -1: it does not say. A switch, or when it was. */
static int
resolved(const hk_json *item)
{
	static const char *const times[] = {"resolved_at", "resolved-at", "resolvedAt"};
	hk_json at;

	if (hk_channel_json_at(item, "resolved", &at)) {
		hk_json_kind kind = hk_json_kind_of(&at);
		bool yes;
		if (hk_json_bool(item, "resolved", &yes, NULL)) {
			return yes;
		}
		return kind == HK_JSON_NULL ? 0 : kind == HK_JSON_STR ? 1 : -1;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
		if (hk_channel_json_at(item, times[i], &at)) {
			return hk_json_kind_of(&at) != HK_JSON_NULL;
		}
	}
	return -1;
}

static void
polled(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_POLL, answer, ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	int done = resolved(&root);
	if (done < 0) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "resolved is missing", ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
	ret->remote_state = g_strdup(done ? "resolved" : "open");
	ret->state = done ? "actioned" : "acknowledged";
	ret->facts = hk_channel_facts(&root, "reported_at", "reported-at", "resolved_at",
		"resolved-at", "reports", "reports", NULL);
}

static bool
find(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!hk_channel_whole_url(receipt, error)) {
		return false;
	}
	hk_channel_ask_init(ret, "GET", hk_channel_url(conf->url, "/api/v0/cases", NULL));
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	return true;
}

static void
found(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
	const hk_channel_answer *answer, hk_told *ret)
{
	static const char *const places[] = {"cases", "data", ""};
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_FIND, answer, ret);
	hk_json list = {0};

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		if (hk_channel_json_at(&root, places[i], &list) &&
			hk_json_kind_of(&list) == HK_JSON_ARRAY) {
			break;
		}
	}
	if (hk_json_kind_of(&list) != HK_JSON_ARRAY) {
		hk_channel_http_odd(conf, HK_ASKED_FIND, "there is no list in it", ret);
		return;
	}
	ret->how = HK_TOLD_ABSENT;
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		/* One that is done is of an earlier time: the site is back. */
		if (g_strcmp0(hk_channel_json_str(&item, "url"), receipt->url) == 0 &&
			resolved(&item) != 1) {
			ret->how = HK_TOLD_TAKEN;
			ret->state = "sent";
			ret->remote_id = hk_channel_id(&item, "id");
			return;
		}
	}
}

const hk_channel hk_channel_phishreport = {
	.name = "phishreport",
	.en = "phish.report",
	.ja = "phish.report",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL | HK_CAN_FIND,
	.url = "https://phish.report",
	.per_minute = 30,
	.batch = 1,
	.poll_ms = 30 * 60 * 1000,
	.needs = "secret-file",
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
	.index_ms = 5 * 60 * 1000,
	.find = find,
	.found = found,
};
