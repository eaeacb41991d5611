/* Cloudflare's abuse reports API: POST /accounts/{id}/abuse-reports/abuse_phishing, and what became of it in /accounts/{id}/abuse-reports/submitted. From its
 * documents. The answer to a report names no number; it is found by its domain and time. What the reporter's fields say may be published (Lumen). */
#include <string.h>

#include "parse/regtime.h"
#include "parse/url.h"
#include "report/channel_conf.h"
#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum {
	URLS_MAX = 250,
	NAME_MAX_ = 255,
	AGENT_MAX = 255,
	BRAND_MAX = 255,
	JUSTIFICATION_MAX = 5000,
	CLOCKS_MS = 60 * 1000, /* theirs and ours may differ by so much */
	LISTED_MS = 5 * 60 *
		    1000, /* a report that is not listed so long after it was sent is not there */
};

static const char *const notify_keys[] = {"notify-host", "notify-owner"};

static bool
check(hk_channel_conf *conf, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(notify_keys); i++) {
		const char *text = hk_channel_conf_text(conf, notify_keys[i]);
		if (text && strcmp(text, "send") != 0 && strcmp(text, "send-anon") != 0) {
			return hk_error_set(error, HK_ECONFIG, "%s is send or send-anon, not '%s'",
				notify_keys[i], text);
		}
	}
	return true;
}

/* One host in one report, they say; each URL once. */
static char *
urls_of(const hk_channel_conf *conf, const hk_brief *brief, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	unsigned count = hk_channel_sites(brief, conf->batch, error);

	if (count == 0) {
		return NULL;
	}
	for (unsigned i = 0; i < count; i++) {
		const hk_brief_site *site = brief->sites->pdata[i];
		if (strcmp(site->host, hk_channel_lead(brief)->host) != 0) {
			hk_error_set(error, HK_EFORM,
				"a report to Cloudflare speaks of one host, not of %s and %s",
				hk_channel_lead(brief)->host, site->host);
			return NULL;
		}
		if (g_hash_table_add(seen, site->url)) {
			g_string_append_printf(out, "%s%s", out->len > 0 ? "\n" : "", site->url);
		}
	}
	return g_strdup(out->str);
}

static void
add_cut(GString *body, const char *key, const char *text, size_t max)
{
	g_autofree char *cut = text ? hk_channel_cut(text, max) : NULL;

	if (cut) {
		hk_jsonw_member_str(body, key, cut);
	}
}

/* What they are told about how to see it. */
static void
add_view(GString *body, const hk_brief *brief)
{
	if (brief->cloaked && brief->who.country && strlen(brief->who.country) == 2) {
		hk_jsonw_member_str(body, "reported_country", brief->who.country);
	}
	if (brief->cloaked) {
		add_cut(body, "reported_user_agent", brief->agent, AGENT_MAX);
	}
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	const char *mail = hk_channel_mail(conf, brief);
	const char *host = hk_channel_conf_text(conf, "notify-host");
	const char *owner = hk_channel_conf_text(conf, "notify-owner");
	const char *name = brief->who.person ? brief->who.person : brief->who.org;
	g_autofree char *urls = urls_of(conf, brief, error);

	(void)token;
	if (!urls) {
		return false;
	}
	if (!mail || !name) {
		return hk_error_set(error, HK_EFORM,
			"name and mail address of the reporter are needed: set report-org and "
			"report-contact");
	}
	g_autofree char *why = hk_channel_why(brief, JUSTIFICATION_MAX);
	GString *body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "act", "abuse_phishing");
	hk_jsonw_member_str(body, "email", mail);
	hk_jsonw_member_str(body, "email2", mail);
	add_cut(body, "name", name, NAME_MAX_);
	hk_jsonw_member_str(body, "urls", urls);
	hk_jsonw_member_str(body, "justification", why);
	hk_jsonw_member_str(body, "host_notification", host ? host : "send");
	hk_jsonw_member_str(body, "owner_notification", owner ? owner : "send-anon");
	add_cut(body, "company", brief->who.org, NAME_MAX_);
	add_cut(body, "original_work", hk_channel_brand(brief), BRAND_MAX);
	add_view(body, brief);
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(ret, "POST",
		hk_channel_url(conf->url, "/accounts/{}/abuse-reports/abuse_phishing",
			conf->account, NULL),
		body);
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	return true;
}

/* {"result": "success"}; their envelope around errors has "success": false. */
static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_SUBMIT, answer, ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	const char *result = hk_channel_json_str(&root, "result");
	if (!result || strcmp(result, "success") != 0) {
		hk_channel_http_odd(conf, HK_ASKED_SUBMIT, "result is not success", ret);
		return;
	}
	ret->how = HK_TOLD_TAKEN;
	ret->state = "sent";
	ret->remote_id = hk_channel_id(&root, "abuse_rand");
}

/* ---- The list of what we have submitted ---- */

static bool
host_of(const char *url, hk_url *ret)
{
	return url && hk_url_parse(hk_span_str(url), NULL, NULL, ret) == HK_OK;
}

static bool
ask_list(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	char after[HK_CLOCK_TEXT_SIZE];

	if (receipt->sent_ms <= 0) {
		return hk_error_set(error, HK_EFORM, "when it was sent is not known");
	}
	hk_clock_format(receipt->sent_ms - CLOCKS_MS, after);
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url,
			"/accounts/{}/abuse-reports/submitted?per_page=200&created_after={}",
			conf->account, after, NULL));
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	return true;
}

static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!receipt->remote_id) {
		return hk_error_set(error, HK_EFORM, "their number for it is not known yet");
	}
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url, "/accounts/{}/abuse-reports/submitted/{}", conf->account,
			receipt->remote_id, NULL));
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	return true;
}

static const hk_channel_state states[] = {
	{"submitted", "acknowledged", false},
	{"in_review", "acknowledged", false},
	{"accepted", "actioned", true},
	{"denied", "rejected", true},
	{0},
};

/* The state of one report. */
static bool
read_report(const hk_json *item, hk_told *ret)
{
	const char *state = hk_channel_json_str(item, "status");

	if (!state) {
		return false;
	}
	hk_channel_state_read(states, state, ret);
	g_free(ret->facts);
	ret->facts = hk_channel_facts(item, "domain", "domain", "created", "cdate", "denial_reason",
		"denial_reason", "mitigations", "mitigation_summary", NULL);
	return true;
}

static void
polled(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_POLL, answer, ret);
	hk_json item;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_channel_json_at(&root, "result", &item) || !read_report(&item, ret)) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "result.status is missing", ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
}

/* Whether a report of the list speaks of the host that we reported, since then. */
static bool
is_ours(const hk_json *item, const hk_channel_receipt *receipt, const char *host)
{
	const char *domain = hk_channel_json_str(item, "domain");
	const char *time = hk_channel_json_str(item, "cdate");
	size_t len = domain ? strlen(domain) : 0;
	size_t host_len = strlen(host);
	int64_t at_ms;

	if (!domain || !time || len > host_len ||
		g_ascii_strcasecmp(host + host_len - len, domain) != 0 ||
		(len < host_len && host[host_len - len - 1] != '.')) {
		return false;
	}
	return hk_regtime_read(hk_span_str(time), 0, &at_ms) == HK_OK &&
	       at_ms >= receipt->sent_ms - CLOCKS_MS;
}

static void
found(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
	const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_FIND, answer, ret);
	hk_json list;
	hk_url url;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	bool there = hk_channel_json_at(&root, "result.reports", &list) ||
		     hk_channel_json_at(&root, "result", &list);
	if (!there || hk_json_kind_of(&list) != HK_JSON_ARRAY || !host_of(receipt->url, &url)) {
		hk_channel_http_odd(conf, HK_ASKED_FIND, "result is no list", ret);
		return;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		g_autofree char *id =
			is_ours(&item, receipt, url.host) ? hk_channel_id(&item, "id") : NULL;
		if (id && read_report(&item, ret)) {
			ret->how = HK_TOLD_TAKEN;
			ret->remote_id = g_steal_pointer(&id);
			return;
		}
	}
	int64_t left_ms = receipt->sent_ms + LISTED_MS - hk_clock_wall_ms();
	ret->how = left_ms > 0 ? HK_TOLD_NOT_YET : HK_TOLD_ABSENT;
	ret->again_ms = left_ms > 0 ? MAX(ret->again_ms, MIN(left_ms, LISTED_MS)) : ret->again_ms;
}

const hk_channel hk_channel_cloudflare = {
	.name = "cloudflare",
	.en = "Cloudflare",
	.ja = "Cloudflare",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL | HK_CAN_FIND | HK_CAN_BATCH | HK_ONE_HOST,
	.url = "https://api.cloudflare.com/client/v4",
	.per_minute = 60,
	.batch = URLS_MAX,
	.poll_ms = 30 * 60 * 1000,
	.keys = "account email notify-host notify-owner",
	.needs = "account secret-file",
	.check = check,
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
	.find = ask_list,
	.found = found,
};
