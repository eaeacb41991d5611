/* PhishTank: only asked whether a URL is listed. Facts: POST checkurl {url, format=json, app_key}, a User-Agent of the form phishtank/NAME; over the quota: 509 and
 * X-Request-Limit-Interval, X-Request-Limit, X-Request-Count (report/channel_wait reads them). */
#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "report/channel_words.h"
#include "sys/gerr.h"
#include "sys/sigv4.h"

/* The app key (account) is no secret: who has it can only ask. */
static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	g_autoptr(GString) form = g_string_new("format=json&url=");
	g_autofree char *agent =
		g_strconcat("User-Agent: phishtank/", conf->user ? conf->user : "hikeshi", NULL);

	(void)token;
	if (!hk_channel_one(brief, error)) {
		return false;
	}
	hk_sigv4_encode(form, hk_channel_lead(brief)->url, false);
	if (conf->account) {
		g_string_append(form, "&app_key=");
		hk_sigv4_encode(form, conf->account, false);
	}
	hk_channel_ask_init(ret, "POST", hk_channel_url(conf->url, "/checkurl/", NULL));
	hk_channel_ask_header(ret, "Content-Type: application/x-www-form-urlencoded");
	hk_channel_ask_header(ret, agent);
	ret->body = g_string_free_to_bytes(g_steal_pointer(&form));
	return true;
}

/* Whether a switch is on: they write true, "y", "yes" or 1. */
static bool
is_on(const hk_json *root, const char *path)
{
	g_autofree char *text = hk_channel_json_text(root, path);

	return text && (g_ascii_strcasecmp(text, "true") == 0 || g_ascii_tolower(*text) == 'y' ||
			       strcmp(text, "1") == 0);
}

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_LOOKUP, answer, ret);
	hk_json results;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_channel_json_at(&root, "results", &results) ||
		!hk_json_has(&results, "in_database")) {
		hk_channel_http_odd(conf, HK_ASKED_LOOKUP, "results.in_database is missing", ret);
		return;
	}
	bool there = is_on(&results, "in_database");
	bool valid = there && is_on(&results, "verified") && is_on(&results, "valid");
	ret->how = HK_TOLD_STATE;
	ret->remote_state = g_strdup(valid ? "listed" : there ? "waits for votes" : "not listed");
	ret->remote_id = there ? hk_channel_id(&results, "phish_id") : NULL;
	ret->state = valid ? "actioned" : there ? "acknowledged" : NULL;
	ret->facts = hk_channel_facts(&results, "in_database", "in_database", "verified",
		"verified", "valid", "valid", "verified_at", "verified_at", "page",
		"phish_detail_page", NULL);
}

const hk_channel hk_channel_phishtank = {
	.name = "phishtank",
	.en = "PhishTank (is it listed?)",
	.ja = "PhishTank（掲載確認）",
	.way = HK_WAY_LOOKUP,
	.url = "https://checkurl.phishtank.com",
	.per_minute = 10,
	.batch = 1,
	.poll_ms = 60 * 60 * 1000,
	.keys = "user account",
	.submit = submit,
	.submitted = submitted,
};
