/* Google Web Risk: submission (projects.uris.submit) and lookup (uris.search), version 1. The submission is at its end: no new contracts, the last renewal by
 * 2026-12-31, off by 2027-12-31; so it is switched on in its file by who still has one. The lookup stays. From Google's documents. */
#include <string.h>

#include "report/channel_conf.h"
#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

#define SCOPE  "https://www.googleapis.com/auth/cloud-platform"
#define END_MS INT64_C(1830297600000) /* 2028-01-01 00:00 UTC */

enum { COMMENT_MAX = 1000 };

/* ---- Submission ---- */

static bool
check(hk_channel_conf *conf, GError **error)
{
	const char *knows = hk_channel_conf_text(conf, "end-of-life");

	if (!knows || strcmp(knows, "true") != 0) {
		return hk_error_set(error, HK_ECONFIG,
			"end-of-life: Google closes the Web Risk Submission API (no new contracts, "
			"last renewal 2026-12-31, off by 2027-12-31): set it to true if you have a "
			"contract, or use channel safebrowsing");
	}
	return true;
}

/* A service account's key file, or a token that somebody renews. */
static void
with_token(const hk_channel_conf *conf, hk_channel_ask *ask)
{
	bool account = conf->secret && conf->secret[0] == '{';

	hk_channel_ask_auth(
		ask, account ? HK_AUTH_JWT : HK_AUTH_BEARER, account ? SCOPE : NULL, NULL);
}

/* Seen by a telephone, from our country. */
static void
add_discovery(GString *body, const hk_brief *brief)
{
	bool phone = brief->agent && strstr(brief->agent, "iPhone");
	bool android = brief->agent && strstr(brief->agent, "Android");

	hk_jsonw_key(body, "threatDiscovery");
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "platform", phone ? "IOS" : android ? "ANDROID" : "WINDOWS");
	if (brief->who.country) {
		hk_jsonw_key(body, "regionCodes");
		hk_jsonw_open(body, '[');
		hk_jsonw_str(body, brief->who.country);
		hk_jsonw_close(body, ']');
	}
	hk_jsonw_close(body, '}');
}

static void
add_threat(GString *body, const hk_brief *brief)
{
	g_autofree char *comment = hk_channel_why(brief, COMMENT_MAX);
	bool malware = brief->kind && strcmp(brief->kind, "malware") == 0;

	hk_jsonw_key(body, "threatInfo");
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "abuseType", malware ? "MALWARE" : "SOCIAL_ENGINEERING");
	/* A subtype with another type is an error there. */
	if (!malware && brief->own) {
		hk_jsonw_member_str(body, "abuseSubtype", "BANK_PHISHING");
	}
	hk_jsonw_member_str(body, "targetedBrand", hk_channel_brand(brief));
	hk_jsonw_key(body, "threatConfidence");
	hk_jsonw_open(body, '{');
	hk_jsonw_key(body, "score");
	hk_jsonw_real(body, CLAMP(brief->score, 0, 1), 2);
	hk_jsonw_close(body, '}');
	hk_jsonw_key(body, "threatJustification");
	hk_jsonw_open(body, '{');
	hk_jsonw_key(body, "labels");
	hk_jsonw_open(body, '[');
	hk_jsonw_str(body, "MANUAL_VERIFICATION");
	hk_jsonw_close(body, ']');
	hk_jsonw_key(body, "comments");
	hk_jsonw_open(body, '[');
	hk_jsonw_str(body, comment);
	hk_jsonw_close(body, ']');
	hk_jsonw_close(body, '}');
	hk_jsonw_close(body, '}');
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	(void)token;
	if (hk_clock_wall_ms() >= END_MS) {
		return hk_error_set(error, HK_EFORM,
			"Google's Web Risk Submission API ended on 2027-12-31: use channel "
			"safebrowsing");
	}
	if (brief->wording && strcmp(brief->wording, "phishing") != 0) {
		return hk_error_set(error, HK_EFORM,
			"Web Risk takes phishing and malware only, no %s cases", brief->wording);
	}
	if (hk_channel_sites(brief, 1, error) == 0) {
		return false;
	}
	GString *body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_key(body, "submission");
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "uri", hk_channel_lead(brief)->url);
	hk_jsonw_close(body, '}');
	add_threat(body, brief);
	add_discovery(body, brief);
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(ret, "POST",
		hk_channel_url(conf->url, "/v1/projects/{}/uris:submit", conf->account, NULL),
		body);
	with_token(conf, ret);
	return true;
}

/* "projects/123/operations/abc" -> "abc". */
static char *
operation_of(const hk_json *root)
{
	g_autofree char *name = hk_channel_id(root, "name");
	const char *slash = name ? strrchr(name, '/') : NULL;

	return slash && slash[1] ? g_strdup(slash + 1) : NULL;
}

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_SUBMIT, answer, ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	g_autofree char *id = operation_of(&root);
	if (!id) {
		hk_channel_http_odd(conf, HK_ASKED_SUBMIT, "name is no operation", ret);
		return;
	}
	ret->how = HK_TOLD_TAKEN;
	ret->state = "sent";
	ret->remote_id = g_steal_pointer(&id);
	ret->remote_state = g_strdup(hk_channel_json_str(&root, "metadata.state"));
}

static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!receipt->remote_id) {
		return hk_error_set(error, HK_EFORM, "their number for it is not known");
	}
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url, "/v1/projects/{}/operations/{}", conf->account,
			receipt->remote_id, NULL));
	with_token(conf, ret);
	return true;
}

static const hk_channel_state states[] = {
	{"RUNNING", "acknowledged", false},
	{"SUCCEEDED", "actioned", true},
	{"CLOSED", "rejected", true},
	{"CANCELLED", "rejected", true},
	{"FAILED", "rejected", true},
	{0},
};

static void
polled(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_POLL, answer, ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	const char *state = hk_channel_json_str(&root, "metadata.state");
	if (!state) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "metadata.state is missing", ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
	hk_channel_state_read(states, state, ret);
	ret->facts = hk_channel_facts(&root, "closed_reason", "metadata.closedReason",
		"closed_reason", "metadata.closed_reason", "error", "error.message", "updated",
		"metadata.updateTime", NULL);
}

const hk_channel hk_channel_webrisk = {
	.name = "webrisk",
	.en = "Google Web Risk",
	.ja = "Google Web Risk",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL,
	.url = "https://webrisk.googleapis.com",
	.per_minute = 60,
	.batch = 1,
	.poll_ms = 10 * 60 * 1000,
	.keys = "account token-url end-of-life",
	.needs = "account secret-file end-of-life",
	.check = check,
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
};

/* ---- Lookup ---- */

static bool
look(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	(void)token;
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url,
			"/v1/uris:search?uri={}&threatTypes=SOCIAL_ENGINEERING&threatTypes=MALWARE"
			"&threatTypes=UNWANTED_SOFTWARE"
			"&threatTypes=SOCIAL_ENGINEERING_EXTENDED_COVERAGE",
			hk_channel_lead(brief)->url, NULL));
	/* In a header: the key must not stand in anybody's log of URLs. */
	hk_channel_ask_auth(ret, HK_AUTH_HEADER, "X-Goog-Api-Key", NULL);
	return hk_channel_ask_fits(ret, error);
}

static void
looked(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_LOOKUP, answer, ret);
	hk_json list;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	bool threat = hk_channel_json_at(&root, "threat", &list);
	bool listed =
		hk_channel_json_at(&root, "threat.threatTypes", &list) && hk_json_len(&list) > 0;
	if (hk_json_kind_of(&root) != HK_JSON_OBJECT || threat != listed) {
		hk_channel_http_odd(conf, HK_ASKED_LOOKUP, "neither {} nor a threat", ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
	ret->remote_state = g_strdup(listed ? "listed" : "not listed");
	ret->state = listed ? "actioned" : NULL;
	ret->facts = hk_channel_facts(
		&root, "threats", "threat.threatTypes", "until", "threat.expireTime", NULL);
}

const hk_channel hk_channel_webrisk_lookup = {
	.name = "webrisk-lookup",
	.en = "Google Web Risk (lookup)",
	.ja = "Google Web Risk（照会）",
	.way = HK_WAY_LOOKUP,
	.url = "https://webrisk.googleapis.com",
	.per_minute = 600,
	.batch = 1,
	.needs = "secret-file",
	.submit = look,
	.submitted = looked,
};
