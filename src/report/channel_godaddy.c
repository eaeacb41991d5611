/* GoDaddy's abuse API, version 1: a ticket for each URL. Facts: POST and GET /v1/abuse/tickets, GET /v1/abuse/tickets/{ticketId}; api.ote-godaddy.com for tests. */
#include "report/channel_godaddy.h"

#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "report/channel_words.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { INFO_MAX = 2000 };

bool
hk_godaddy_replaces(const char *mailbox)
{
	static const char *const domains[] = {
		"godaddy.com", "secureserver.net", "wildwestdomains.com"};
	const char *at = strrchr(mailbox, '@');

	for (size_t i = 0; at && i < G_N_ELEMENTS(domains); i++) {
		if (g_ascii_strcasecmp(at + 1, domains[i]) == 0) {
			return true;
		}
	}
	return false;
}

unsigned
hk_godaddy_told(const hk_brief *brief, const char *channel)
{
	unsigned count = 0;

	for (unsigned i = 0; i < brief->ledger->len; i++) {
		const hk_brief_told *told = brief->ledger->pdata[i];
		count += g_strcmp0(told->channel, channel) == 0;
	}
	return count;
}

/* A ticket has one URL; the others of its host stand in its text. */
static void
write_info(const hk_brief *brief, GString *out)
{
	g_autofree char *reason = hk_channel_why(brief, INFO_MAX);

	g_string_append(out, reason);
	for (unsigned i = 1; i < brief->sites->len; i++) {
		const hk_brief_site *site = brief->sites->pdata[i];
		g_string_append_printf(out, "\nAlso: %s", site->url);
	}
}

static const char *
type_of(const hk_brief *brief)
{
	static const struct {
		const char *kind, *type;
	} types[] = {
		{"malware", "MALWARE"},
		{"c2", "MALWARE"},
		{"scam", "CONTENT"},
		{"investment_scam", "CONTENT"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		if (g_strcmp0(brief->kind, types[i].kind) == 0) {
			return types[i].type;
		}
	}
	return "PHISHING";
}

static bool
may_be_told(const hk_channel_conf *conf, const hk_brief *brief, GError **error)
{
	if (hk_channel_is_trademark(brief)) {
		return hk_error_set(error, HK_EFORM,
			"GoDaddy counts a trademark that is reported as phishing as a false "
			"report");
	}
	if (hk_godaddy_told(brief, conf->name) >= HK_GODADDY_PER_DOMAIN) {
		return hk_error_set(error, HK_EFORM,
			"GoDaddy counts more than %d URLs of a domain as duplicates",
			HK_GODADDY_PER_DOMAIN);
	}
	for (unsigned i = 1; i < brief->sites->len; i++) {
		const hk_brief_site *site = brief->sites->pdata[i];
		if (strcmp(site->host, hk_channel_lead(brief)->host) != 0) {
			return hk_error_set(error, HK_EFORM, "a ticket of GoDaddy is of one host");
		}
	}
	return hk_channel_sites(brief, conf->batch, error) > 0;
}

/* "Authorization: sso-key KEY:SECRET"; the secret file holds KEY:SECRET. */
static void
say_who(hk_channel_ask *ask)
{
	hk_channel_ask_auth(ask, HK_AUTH_HEADER, "Authorization", "sso-key");
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	GString *body;

	(void)token;
	if (!may_be_told(conf, brief, error)) {
		return false;
	}
	g_autoptr(GString) info = g_string_new(NULL);
	write_info(brief, info);
	body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "type", type_of(brief));
	hk_jsonw_member_str(body, "source", hk_channel_lead(brief)->url);
	hk_jsonw_member_str(body, "target", hk_channel_brand(brief));
	/* Where one must be to see it: what tells visitors apart by their network. */
	if (brief->cloaked && brief->who.country) {
		hk_jsonw_member_str(body, "proxy", brief->who.country);
	}
	hk_jsonw_member_bool(body, "intentional", true);
	hk_jsonw_member_str(body, "info", info->str);
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(
		ret, "POST", hk_channel_url(conf->url, "/v1/abuse/tickets", NULL), body);
	say_who(ret);
	return true;
}

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	hk_json_doc_free(hk_channel_http_taken(conf, answer, "u_number", ret));
}

static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!hk_channel_number(receipt, error)) {
		return false;
	}
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url, "/v1/abuse/tickets/{}", receipt->remote_id, NULL));
	say_who(ret);
	return true;
}

/* They say open or closed, and not how it ended: whether the site has gone is what monitor sees. */
static void
polled(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_POLL, answer, ret);
	bool closed;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_bool(&root, "closed", &closed, NULL)) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "closed is missing", ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
	ret->remote_state = g_strdup(closed ? "closed" : "open");
	ret->state = closed ? "actioned" : "acknowledged";
	ret->facts = hk_channel_facts(
		&root, "closed_at", "closedAt", "type", "type", "domain", "domainIp", NULL);
}

/* They find by name, not by URL: tickets that were made while ours was sent. */
enum { BEFORE_S = 5, BEHIND_S = 120 };

static char *
time_text(int64_t s)
{
	g_autoptr(GString) quoted = g_string_new(NULL);

	hk_jsonw_time(quoted, s);
	return g_strndup(quoted->str + 1, quoted->len > 2 ? quoted->len - 2 : 0);
}

static bool
find(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	const char *host = receipt->url ? strstr(receipt->url, "://") : NULL;

	if (!host) {
		return hk_error_set(error, HK_EFORM, "its URL is not known");
	}
	host += 3;
	g_autofree char *domain = g_strndup(host, strcspn(host, "/:?#"));
	if (receipt->sent_ms <= 0) {
		return hk_error_set(error, HK_EFORM, "when it was sent is not known");
	}
	g_autofree char *start = time_text(receipt->sent_ms / 1000 - BEFORE_S);
	g_autofree char *end = time_text(receipt->sent_ms / 1000 + BEHIND_S);
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url,
			"/v1/abuse/"
			"tickets?sourceDomainOrIp={}&createdStart={}&createdEnd={}&limit=100",
			domain, start, end, NULL));
	say_who(ret);
	return true;
}

static void
found(const hk_channel_conf *conf, const hk_channel_receipt *receipt,
	const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_FIND, answer, ret);
	hk_json list;

	(void)receipt;
	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_channel_json_at(&root, "ticketIds", &list) ||
		hk_json_kind_of(&list) != HK_JSON_ARRAY) {
		hk_channel_http_odd(conf, HK_ASKED_FIND, "ticketIds is missing", ret);
		return;
	}
	ret->how = HK_TOLD_ABSENT;
	if (hk_json_len(&list) > 1) {
		ret->how = HK_TOLD_UNSURE;
		ret->why = g_strdup("there are several tickets for that name");
	} else if (hk_json_len(&list) == 1) {
		ret->how = HK_TOLD_TAKEN;
		ret->state = "sent";
		ret->remote_id = hk_channel_id(&list, "[0]");
	}
}

static bool
check(hk_channel_conf *conf, GError **error)
{
	(void)error;
	hk_channel_sandbox(conf, "https://api.ote-godaddy.com");
	return true;
}

const hk_channel hk_channel_godaddy = {
	.name = "godaddy",
	.en = "GoDaddy",
	.ja = "GoDaddy",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL | HK_CAN_FIND | HK_CAN_TEST | HK_CAN_BATCH | HK_ONE_HOST,
	.url = "https://api.godaddy.com",
	.per_minute = 60,
	.batch = HK_GODADDY_PER_DOMAIN,
	.poll_ms = 30 * 60 * 1000,
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
