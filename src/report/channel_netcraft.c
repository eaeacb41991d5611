/* Netcraft's public report API, version 3, as its public clients use it: report/urls, submission/{uuid}, submission/{uuid}/urls. No key is needed. Nothing of
 * ours can be found again there, and there are no tokens: what may have been taken is asked of a person. */
#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { REASON_MAX = 10000, URLS_MAX = 1000 };

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	const char *mail = hk_channel_mail(conf, brief);
	unsigned count = hk_channel_sites(brief, conf->batch, error);

	(void)token;
	if (count == 0) {
		return false;
	}
	if (!mail) {
		return hk_error_set(error, HK_EFORM,
			"no mail address of the reporter: set email or report-contact");
	}
	g_autofree char *reason = hk_channel_why(brief, REASON_MAX);
	GString *body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "email", mail);
	hk_jsonw_member_str(body, "reason", reason);
	hk_jsonw_key(body, "urls");
	hk_jsonw_open(body, '[');
	for (unsigned i = 0; i < count; i++) {
		const hk_brief_site *site = brief->sites->pdata[i];
		hk_jsonw_open(body, '{');
		hk_jsonw_member_str(body, "url", site->url);
		/* From where it is to be looked at: many sites open to the bank's country only. */
		if (brief->who.country && strlen(brief->who.country) == 2) {
			hk_jsonw_member_str(body, "country", brief->who.country);
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
	g_autofree char *uuid = hk_channel_id(&root, "uuid");
	if (!uuid && !conf->test) {
		hk_channel_http_odd(conf, HK_ASKED_SUBMIT, "uuid is missing", ret);
		return;
	}
	ret->how = HK_TOLD_TAKEN;
	ret->state = "sent";
	ret->remote_id = g_steal_pointer(&uuid);
}

/* Of a submission, and of a URL. */
static const hk_channel_state states[] = {
	{"processing", "acknowledged", false},
	{"no threats", "rejected", true},
	{"unavailable", "acknowledged", false},
	{"suspicious", "acknowledged", false},
	{"malicious", "actioned",
		true}, /* blocked in browsers and feeds; the takedown is another matter */
	{"rejected", "rejected", true},
	{0},
};

/* What became of the takedown of a URL, the furthest last. */
static const char *const takedowns[] = {"not injected", "not started", "in progress", "resolved"};

/* Once it is known to be malicious, the takedown is what is of interest: it stands with the URLs. */
static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	const char *state = receipt->remote_state;
	bool urls = state &&
		    (g_str_has_prefix(state, "malicious") || g_str_has_prefix(state, "takedown"));

	if (!receipt->remote_id) {
		return hk_error_set(error, HK_EFORM, "their number for it is not known");
	}
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url,
			urls ? "/submission/{}/urls?count=1000" : "/submission/{}",
			receipt->remote_id, NULL));
	return true;
}

static size_t
takedown_of(const char *text)
{
	for (size_t i = G_N_ELEMENTS(takedowns); text && i > 0; i--) {
		hk_told found = {0};
		const hk_channel_state row[] = {{takedowns[i - 1], "x", false}, {0}};
		bool same = hk_channel_state_read(row, text, &found) != NULL;
		hk_told_clear(&found);
		if (same) {
			return i;
		}
	}
	return 0;
}

/* The URL that is furthest behind says how far the whole is. */
static void
read_urls(const hk_channel_conf *conf, const hk_json *urls, hk_told *ret)
{
	size_t counts[G_N_ELEMENTS(takedowns) + 1] = {0};
	size_t least = G_N_ELEMENTS(takedowns);
	size_t len = MIN(hk_json_len(urls), URLS_MAX);

	if (len == 0) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "urls is empty", ret);
		return;
	}
	g_autoptr(GString) facts = g_string_new(NULL);
	for (size_t i = 0; i < len; i++) {
		hk_json item = hk_json_at(urls, i);
		size_t at = takedown_of(hk_channel_json_str(&item, "url_takedown_state"));
		counts[at]++;
		least = MIN(least, at);
	}
	hk_jsonw_open(facts, '{');
	hk_jsonw_key(facts, "takedown");
	hk_jsonw_open(facts, '{');
	for (size_t i = 0; i < G_N_ELEMENTS(takedowns); i++) {
		if (counts[i + 1] > 0) {
			hk_jsonw_member_int(facts, takedowns[i], (int64_t)counts[i + 1]);
		}
	}
	hk_jsonw_close(facts, '}');
	hk_jsonw_close(facts, '}');
	ret->how = HK_TOLD_STATE;
	ret->facts = g_strdup(facts->str);
	ret->remote_state =
		g_strconcat("takedown ", least > 0 ? takedowns[least - 1] : "unknown", NULL);
	ret->state = "actioned";
}

static void
polled(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_POLL, answer, ret);
	hk_json urls;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (hk_channel_json_at(&root, "urls", &urls)) {
		read_urls(conf, &urls, ret);
		return;
	}
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
	.batch = URLS_MAX,
	.poll_ms = 5 * 60 * 1000,
	.keys = "email",
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
};
