/* APWG's eCrime Exchange (eCX), for members. Facts: POST /phish {url, brand, date_discovered, confidence_level}, PATCH /phish/{id}, GET /phish with a search; header Authorization: TOKEN; a
 * sandbox that is emptied every night. Who is no member writes a mail: channel apwg-mail. */
#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "report/channel_words.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* They search by when a site was discovered: how long before we told it that may be. */
enum { FIND_BEFORE_S = 60 * 24 * 60 * 60, FIND_BEHIND_S = 24 * 60 * 60 };

static void
say_who(hk_channel_ask *ask)
{
	hk_channel_ask_auth(ask, HK_AUTH_HEADER, "Authorization", NULL);
}

/* The number of what was reported there before for this case, or NULL. Borrowed. */
static const char *
earlier(const hk_channel_conf *conf, const hk_brief *brief)
{
	const char *number = NULL;

	for (unsigned i = 0; i < brief->ledger->len; i++) {
		const hk_brief_told *told = brief->ledger->pdata[i];
		if (g_strcmp0(told->channel, conf->name) == 0 && told->reference &&
			*told->reference) {
			number = told->reference;
		}
	}
	return number;
}

/* What the members can tell their software to trust: confirmed by people here, or nearly so. */
static int64_t
confidence_of(const hk_brief *brief)
{
	static const int steps[] = {100, 90, 50};
	int at = brief->confirmed_ms > 0 ? 0 : brief->score >= 0.9 ? 1 : 2;

	return steps[at];
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	const hk_brief_site *lead = hk_channel_one(brief, error);
	const char *before = earlier(conf, brief);
	GString *body;

	(void)token;
	if (!lead) {
		return false;
	}
	if (hk_channel_is_trademark(brief)) {
		return hk_error_set(
			error, HK_EFORM, "eCX takes phishing, not the misuse of a trademark");
	}
	body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "url", lead->url);
	hk_jsonw_member_str(body, "brand", hk_channel_brand(brief));
	hk_jsonw_member_int(body, "date_discovered", hk_channel_seen_ms(brief) / 1000);
	hk_jsonw_member_int(body, "confidence_level", confidence_of(brief));
	if (before) {
		hk_jsonw_member_str(body, "status", "active");
	}
	hk_jsonw_close(body, '}');
	/* What is known there already is brought up to date, not told twice. */
	if (before) {
		hk_channel_ask_json(
			ret, "PATCH", hk_channel_url(conf->url, "/phish/{}", before, NULL), body);
	} else {
		hk_channel_ask_json(ret, "POST", hk_channel_url(conf->url, "/phish", NULL), body);
	}
	say_who(ret);
	return true;
}

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_taken(conf, answer, "id", ret);

	if (!doc) {
		return;
	}
	ret->state = "acknowledged"; /* it is in the exchange from now on */
}

static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!hk_channel_number(receipt, error)) {
		return false;
	}
	hk_channel_ask_init(
		ret, "GET", hk_channel_url(conf->url, "/phish/{}", receipt->remote_id, NULL));
	say_who(ret);
	return true;
}

static void
polled(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	static const hk_channel_state states[] = {
		{"active", "acknowledged", false},
		{"inactive", "actioned", true},
		{"false positive", "rejected", true},
		{0},
	};
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_POLL, answer, ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	const char *status = hk_channel_json_str(&root, "status");
	if (!status) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "status is missing", ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
	hk_channel_state_read(states, status, ret);
	ret->facts = hk_channel_facts(&root, "confidence_level", "confidence_level", "updated",
		"updated_at", "ip", "ip", "asn", "asn", NULL);
}

static bool
find(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!hk_channel_whole_url(receipt, error)) {
		return false;
	}
	int64_t from_s = receipt->sent_ms / 1000 - FIND_BEFORE_S;
	g_autofree char *from = g_strdup_printf("%" G_GINT64_FORMAT, MAX(from_s, 0));
	g_autofree char *to =
		g_strdup_printf("%" G_GINT64_FORMAT, receipt->sent_ms / 1000 + FIND_BEHIND_S);
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url, "/phish?url={}&dd_date_start={}&dd_date_end={}",
			receipt->url, from, to, NULL));
	say_who(ret);
	return hk_channel_ask_fits(ret, error);
}

/* A list below _embedded.phish (HAL). Whoever else has told the same URL has another number: ours is not told by them either, but it is there. */
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
	if (!hk_channel_json_at(&root, "_embedded.phish", &list) ||
		hk_json_kind_of(&list) != HK_JSON_ARRAY) {
		hk_channel_http_odd(conf, HK_ASKED_FIND, "_embedded.phish is missing", ret);
		return;
	}
	bool more = hk_channel_json_str(&root, "_links.next.href") != NULL;
	ret->how = more ? HK_TOLD_UNSURE : HK_TOLD_ABSENT;
	ret->why = more ? g_strdup("it is not on the first page, and there are more") : NULL;
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		if (g_strcmp0(hk_channel_json_str(&item, "url"), receipt->url) == 0) {
			g_clear_pointer(&ret->why, g_free);
			ret->how = HK_TOLD_TAKEN;
			ret->state = "acknowledged";
			ret->remote_id = hk_channel_id(&item, "id");
			return;
		}
	}
}

static bool
check(hk_channel_conf *conf, GError **error)
{
	(void)error;
	hk_channel_sandbox(conf, "https://api.sandbox.ecrimex.net");
	return true;
}

const hk_channel hk_channel_apwg = {
	.name = "apwg",
	.en = "APWG eCrime Exchange",
	.ja = "APWG eCrime Exchange",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL | HK_CAN_FIND | HK_CAN_TEST,
	.url = "https://api.ecrimex.net",
	.per_minute = 60,
	.batch = 1,
	.poll_ms = 60 * 60 * 1000,
	.needs = "secret-file",
	.check = check,
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
	.index_ms = 5 * 60 * 1000,
	.find = find,
	.found = found,
};
