/* Spamhaus, Threat Intel Community. Facts: POST /portal/api/v1/submissions/add/url {threat_type, reason, source {object}}, bearer; what is known already is answered with
 * 208; the list shows what became of it. */
#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "report/channel_words.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* Characters of the reason; items of a page of the list. */
enum { REASON_MAX = 255, PAGE_ITEMS = 500 };

#define PATH "/portal/api/v1/submissions"

/* They write URLs without their scheme. Borrowed. */
static const char *
bare(const char *url)
{
	const char *at = strstr(url, "://");

	return at ? at + 3 : url;
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
			"Spamhaus takes phishing and malware, not the misuse of a trademark");
	}
	g_autofree char *reason = hk_channel_why(brief, REASON_MAX);
	body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "threat_type", malware ? "malware" : "phish");
	hk_jsonw_member_str(body, "reason", reason);
	hk_jsonw_key(body, "source");
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "object", bare(lead->url));
	hk_jsonw_close(body, '}');
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(ret, "POST", hk_channel_url(conf->url, PATH "/add/url", NULL), body);
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	return true;
}

/* Known already (208) may come without a number, and without a body. */
static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	if (answer->status == 208 && hk_channel_http_status(conf, HK_ASKED_SUBMIT, answer, ret)) {
		ret->how = HK_TOLD_TAKEN;
		ret->state = "sent";
		ret->remote_state = g_strdup("already submitted");
		return;
	}
	hk_json_doc_free(hk_channel_http_taken(conf, answer, "id", ret));
}

static bool
find(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!hk_channel_whole_url(receipt, error)) {
		return false;
	}
	hk_channel_ask_init(
		ret, "GET", hk_channel_url(conf->url, PATH "/list?items=500&page=1", NULL));
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	return true;
}

/* pending, clear, or listed with the names of the lists: as text or as a list of them. */
static void
read_state(const hk_json *item, hk_told *ret)
{
	static const hk_channel_state states[] = {
		{"pending", "acknowledged", false},
		{"clear", "rejected", true},
		{"listed", "actioned", true},
		{0},
	};
	const char *status = hk_channel_json_str(item, "status");
	hk_json listed;

	ret->state = "sent";
	if (hk_channel_json_at(item, "listed", &listed) &&
		hk_json_kind_of(&listed) == HK_JSON_ARRAY && hk_json_len(&listed) > 0) {
		status = "listed";
	}
	if (status) {
		hk_channel_state_read(states, status, ret);
	}
	ret->facts = hk_channel_facts(
		item, "listed", "listed", "last_check", "last_check", "date", "date", NULL);
}

static void
found(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
	const hk_channel_answer *answer, hk_told *ret)
{
	static const char *const places[] = {"submissions", "items", "data", "results", ""};
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
	bool more = hk_json_len(&list) >= PAGE_ITEMS;
	ret->how = more ? HK_TOLD_UNSURE : HK_TOLD_ABSENT;
	ret->why = more ? g_strdup("it is not among the newest, and there are more") : NULL;
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		const char *object = hk_channel_json_str(&item, "source.object");
		object = object ? object : hk_channel_json_str(&item, "object");
		if (object && strcmp(bare(object), bare(receipt->url)) == 0) {
			g_clear_pointer(&ret->why, g_free);
			ret->how = HK_TOLD_TAKEN;
			ret->remote_id = hk_channel_id(&item, "id");
			read_state(&item, ret);
			return;
		}
	}
}

const hk_channel hk_channel_spamhaus = {
	.name = "spamhaus",
	.en = "Spamhaus",
	.ja = "Spamhaus",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_FIND,
	.url = "https://submit.spamhaus.org",
	.per_minute = 15,
	.batch = 1,
	.needs = "secret-file",
	.submit = submit,
	.submitted = submitted,
	.index_ms = 10 * 60 * 1000,
	.find = find,
	.found = found,
};
