/* ThreatFox of abuse.ch: servers of malware (the C2s of SMS malware), never phishing. Facts: POST /api/v1/ {query, ...}, header Auth-Key; what is known already is answered as
 * duplicated. */
#include <string.h>

#include "base/num.h"
#include "report/channel_conf.h"
#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "report/channel_words.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { COMMENT_MAX = 1000 };

static void
say_who(hk_channel_ask *ask)
{
	hk_channel_ask_auth(ask, HK_AUTH_HEADER, "Auth-Key", NULL);
}

/* Whether all of host is an IPv4 address, as they take it. */
static bool
is_address(const char *host)
{
	return *host && strspn(host, "0123456789.") == strlen(host);
}

/* The port that a URL names or means. */
static unsigned
port_of(const char *url)
{
	const char *host = strstr(url, "://");
	size_t len = host ? strcspn(host + 3, "/?#") : 0;
	const char *colon = host ? g_strrstr_len(host + 3, (gssize)len, ":") : NULL;
	uint64_t port;

	if (colon && hk_parse_u64(hk_span_of(colon + 1, (size_t)(host + 3 + len - colon - 1)),
			     UINT16_MAX, &port) == HK_OK) {
		return (unsigned)port;
	}
	return g_str_has_prefix(url, "http:") ? 80 : 443;
}

/* What the site is for them: a server is named by address and port or by its name, a place to download from by its URL. */
static char *
ioc_of(const hk_brief *brief, const hk_brief_site *site, const char **ret_type)
{
	if (strcmp(brief->kind, "malware") == 0) {
		*ret_type = "url";
		return g_strdup(site->url);
	}
	if (is_address(site->host)) {
		*ret_type = "ip:port";
		return g_strdup_printf("%s:%u", site->host, port_of(site->url));
	}
	*ret_type = "domain";
	return g_strdup(site->host);
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	const char *malware = hk_channel_conf_text(conf, "malware"), *type = NULL, *other;
	GString *body;

	(void)token;
	if (g_strcmp0(brief->kind, "c2") != 0 && g_strcmp0(brief->kind, "malware") != 0) {
		return hk_error_set(error, HK_EFORM,
			"ThreatFox takes servers of malware (kinds c2 and malware), no %s",
			brief->kind ? brief->kind : "phishing");
	}
	g_autofree char *comment = hk_channel_why(brief, COMMENT_MAX);
	g_autofree char *first = ioc_of(brief, hk_channel_lead(brief), &type);
	body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "query", "submit_ioc");
	hk_jsonw_member_str(body, "threat_type",
		strcmp(brief->kind, "c2") == 0 ? "botnet_cc" : "payload_delivery");
	hk_jsonw_member_str(body, "ioc_type", type);
	hk_jsonw_member_str(body, "malware", malware ? malware : "unknown");
	hk_jsonw_member_int(body, "confidence_level", brief->confirmed_ms > 0 ? 100 : 75);
	hk_jsonw_member_str(body, "comment", comment);
	hk_jsonw_member_int(body, "anonymous", 0);
	hk_jsonw_key(body, "iocs");
	hk_jsonw_open(body, '[');
	hk_jsonw_str(body, first);
	/* One request has one type. */
	for (unsigned i = 1; i < brief->sites->len && (int64_t)i < conf->batch; i++) {
		g_autofree char *ioc = ioc_of(brief, brief->sites->pdata[i], &other);
		if (strcmp(other, type) == 0) {
			hk_jsonw_str(body, ioc);
		}
	}
	hk_jsonw_close(body, ']');
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(ret, "POST", hk_channel_url(conf->url, "/api/v1/", NULL), body);
	say_who(ret);
	return true;
}

/* query_status says how it went, with HTTP 200 for refusals, too. */
static bool
is_ok(hk_json_doc *doc, const hk_channel_conf *conf, hk_asked asked, hk_told *ret)
{
	static const struct {
		const char *status;
		hk_told_how how;
	} words[] = {
		{"unknown_auth_key", HK_TOLD_CLOSED},
		{"no_auth_key", HK_TOLD_CLOSED},
		{"user_blacklisted", HK_TOLD_CLOSED},
		{"no_result", HK_TOLD_ABSENT},
		{"rate_limited", HK_TOLD_AGAIN},
	};
	hk_json root = hk_json_root(doc);
	const char *status = hk_channel_json_str(&root, "query_status");

	if (!status) {
		hk_channel_http_odd(conf, asked, "query_status is missing", ret);
		return false;
	}
	if (strcmp(status, "ok") == 0) {
		return true;
	}
	ret->how = asked == HK_ASKED_FIND ? HK_TOLD_UNSURE : HK_TOLD_REFUSED;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		ret->how = strcmp(status, words[i].status) == 0 ? words[i].how : ret->how;
	}
	g_autofree char *says = g_strndup(status, 100);
	ret->why = g_strconcat("they answer: ", says, NULL);
	return false;
}

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_SUBMIT, answer, ret);
	hk_json data, ok, duplicated, ignored;

	if (!doc || !is_ok(doc, conf, HK_ASKED_SUBMIT, ret)) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_channel_json_at(&root, "data", &data) || hk_json_kind_of(&data) != HK_JSON_OBJECT) {
		hk_channel_http_odd(conf, HK_ASKED_SUBMIT, "data is missing", ret);
		return;
	}
	size_t taken = hk_channel_json_at(&data, "ok", &ok) ? hk_json_len(&ok) : 0;
	size_t known =
		hk_channel_json_at(&data, "duplicated", &duplicated) ? hk_json_len(&duplicated) : 0;
	size_t not = hk_channel_json_at(&data, "ignored", &ignored) ? hk_json_len(&ignored) : 0;
	ret->facts = hk_channel_facts(
		&data, "ok", "ok", "duplicated", "duplicated", "ignored", "ignored", NULL);
	if (taken + known == 0 && not > 0) {
		ret->how = HK_TOLD_REFUSED;
		ret->why = g_strdup("they ignore it");
		return;
	}
	ret->how = HK_TOLD_TAKEN;
	ret->state = "acknowledged"; /* it is published */
	ret->remote_state = g_strdup(taken > 0 ? "ok" : "duplicated");
}

/* By its host: it is part of each of the three forms. */
static char *
host_of(const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return g_strndup(host, strcspn(host, "/:?#"));
}

static bool
find(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	GString *body;

	if (!hk_channel_whole_url(receipt, error)) {
		return false;
	}
	g_autofree char *host = host_of(receipt->url);
	body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "query", "search_ioc");
	hk_jsonw_member_str(body, "search_term", host);
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(ret, "POST", hk_channel_url(conf->url, "/api/v1/", NULL), body);
	say_who(ret);
	return true;
}

static void
found(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
	const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_FIND, answer, ret);
	g_autofree char *host = host_of(receipt->url);
	g_autofree char *with_port = g_strdup_printf("%s:%u", host, port_of(receipt->url));
	hk_json list;

	if (!doc || !is_ok(doc, conf, HK_ASKED_FIND, ret)) {
		return;
	}
	hk_json root = hk_json_root(doc);
	ret->how = HK_TOLD_ABSENT;
	for (size_t i = 0; hk_channel_json_at(&root, "data", &list) && i < hk_json_len(&list);
		i++) {
		hk_json item = hk_json_at(&list, i);
		const char *ioc = hk_channel_json_str(&item, "ioc");
		if (ioc && (strcmp(ioc, receipt->url) == 0 || strcmp(ioc, host) == 0 ||
				   strcmp(ioc, with_port) == 0)) {
			ret->how = HK_TOLD_TAKEN;
			ret->state = "acknowledged";
			ret->remote_id = hk_channel_id(&item, "id");
			return;
		}
	}
}

const hk_channel hk_channel_threatfox = {
	.name = "threatfox",
	.en = "ThreatFox (abuse.ch)",
	.ja = "ThreatFox（abuse.ch）",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_FIND | HK_CAN_BATCH,
	.url = "https://threatfox-api.abuse.ch",
	.per_minute = 30,
	.batch = 100,
	.keys = "malware",
	.needs = "secret-file",
	.submit = submit,
	.submitted = submitted,
	.index_ms = 5 * 60 * 1000,
	.find = find,
	.found = found,
};
