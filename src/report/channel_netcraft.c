/* Netcraft's public report API, version 3. Facts: base https://report.netcraft.com/api/v3, no key; docs/channels.md. */
#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { REASON_MAX = 10000 };

static const char *
mail_of(const hk_channel_conf *conf, const hk_brief *brief)
{
	return conf->email ? conf->email : brief->who.contact;
}

/* Why we think so, in plain words, for the person there. */
static char *
reason_of(const hk_brief *brief)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const char *brand = brief->target_en ? brief->target_en : brief->target;

	g_string_append_printf(text, "%s imitating %s.", brief->kind ? brief->kind : "phishing",
		brand ? brand : "a bank");
	for (unsigned i = 0; i < brief->reasons->len; i++) {
		g_string_append_printf(text, "\n- %s", (const char *)brief->reasons->pdata[i]);
	}
	if (brief->cloaked) {
		g_string_append(text, "\nThe site shows itself to some visitors only.");
	}
	if (brief->agent) {
		g_string_append_printf(text, "\nSeen with User-Agent: %s", brief->agent);
	}
	return g_utf8_substring(text->str, 0, MIN(g_utf8_strlen(text->str, -1), REASON_MAX));
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	const char *mail = mail_of(conf, brief);
	GString *body;

	(void)token;
	if (!mail) {
		return hk_error_set(error, HK_EFORM,
			"no mail address of the reporter: set email or report-contact");
	}
	g_autofree char *reason = reason_of(brief);
	body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "email", mail);
	hk_jsonw_member_str(body, "reason", reason);
	hk_jsonw_key(body, "urls");
	hk_jsonw_open(body, '[');
	for (unsigned i = 0; i < brief->sites->len && i < conf->batch; i++) {
		const hk_brief_site *site = brief->sites->pdata[i];
		hk_jsonw_open(body, '{');
		hk_jsonw_member_str(body, "url", site->url);
		if (brief->country && strlen(brief->country) == 2) {
			hk_jsonw_member_str(body, "country", brief->country);
		}
		hk_jsonw_close(body, '}');
	}
	hk_jsonw_close(body, ']');
	/* Their own switch: it is checked there, and not taken. */
	if (conf->test) {
		hk_jsonw_member_bool(body, "no_submission", true);
	}
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(ret, "POST", hk_channel_url(conf->url, "/report/urls", NULL), body);
	if (conf->secret) {
		hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	}
	return true;
}

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_SUBMIT, answer, ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	const char *uuid = hk_channel_json_str(&root, "uuid");
	if (!uuid && !conf->test) {
		hk_channel_http_odd(conf, HK_ASKED_SUBMIT, "uuid is missing", ret);
		return;
	}
	ret->how = HK_TOLD_TAKEN;
	ret->state = "sent";
	ret->remote_id = g_strdup(uuid);
}

/* Their words; spelling as the clients of their API have it. */
static const hk_channel_state states[] = {
	{"processing", "acknowledged", false},
	{"no threats", "rejected", true},
	{"unavailable", "acknowledged", false},
	{"suspicious", "acknowledged", false},
	{"malicious", "actioned", true},
	{"rejected", "rejected", true},
	{0},
};

static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!receipt->remote_id) {
		return hk_error_set(error, HK_EFORM, "their number for it is not known");
	}
	hk_channel_ask_init(
		ret, "GET", hk_channel_url(conf->url, "/submission/{}", receipt->remote_id, NULL));
	if (conf->secret) {
		hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	}
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
	const char *state = hk_channel_json_str(&root, "state");
	if (!state) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "state is missing", ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
	hk_channel_state_read(states, state, ret);
	ret->facts = hk_channel_facts(&root, "state_counts", "state_counts", "tags", "tags",
		"is_archived", "is_archived", "last_update", "last_update", "classification_log",
		"classification_log", NULL);
}

const hk_channel hk_channel_netcraft = {
	.name = "netcraft",
	.en = "Netcraft",
	.ja = "Netcraft",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL | HK_CAN_TEST | HK_CAN_BATCH,
	.url = "https://report.netcraft.com/api/v3",
	.batch = 1000,
	.poll_ms = 5 * 60 * 1000,
	.keys = "email",
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
};
