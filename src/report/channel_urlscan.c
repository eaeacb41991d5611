/* urlscan.io: a second pair of eyes, before a report and after it (S35): its verdict weighs with others, its picture is evidence. From its documents: POST
 * /api/v1/scan, GET /api/v1/result/{uuid} (404 until it is ready), GET /screenshots/{uuid}.png, GET /api/v1/search/. What their search finds of scans that
 * are not public, and by which words, is from general knowledge (docs/channels.md). */
#include <string.h>

#include "parse/regtime.h"
#include "report/channel_conf.h"
#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum {
	TAG_MAX = 29,
	READY_MS = 10 * 1000, /* their advice */
	INDEXED_MS = 10 * 60 *
		     1000, /* a scan that is not found so long after it was sent is not there */
	CLOCKS_MS = 5 * 60 * 1000, /* theirs and ours may differ */
};

static const char *const visibilities[] = {"unlisted", "private", "public"};

static bool
check(hk_channel_conf *conf, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(visibilities); i++) {
		if (!conf->visibility || strcmp(conf->visibility, visibilities[i]) == 0) {
			return true;
		}
	}
	return hk_error_set(error, HK_ECONFIG,
		"visibility is unlisted, private or public, not '%s'", conf->visibility);
}

static void
with_key(hk_channel_ask *ask)
{
	hk_channel_ask_auth(ask, HK_AUTH_HEADER, "API-Key", NULL);
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	const char *country = hk_channel_conf_text(conf, "country");

	(void)token;
	if (hk_channel_sites(brief, 1, error) == 0) {
		return false;
	}
	GString *body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "url", hk_channel_lead(brief)->url);
	hk_jsonw_member_str(body, "visibility", conf->visibility ? conf->visibility : "unlisted");
	if (country) {
		hk_jsonw_member_str(body, "country", country);
	}
	/* Who hides from others shows himself to the visitor that we were. */
	if (brief->cloaked && brief->agent) {
		hk_jsonw_member_str(body, "customagent", brief->agent);
	}
	hk_jsonw_key(body, "tags");
	hk_jsonw_open(body, '[');
	hk_jsonw_str(body, "phishing");
	if (brief->target_key) {
		g_autofree char *tag = hk_channel_cut(brief->target_key, TAG_MAX);
		hk_jsonw_str(body, tag);
	}
	hk_jsonw_close(body, ']');
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(ret, "POST", hk_channel_url(conf->url, "/api/v1/scan", NULL), body);
	with_key(ret);
	return true;
}

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_taken(conf, answer, "uuid", ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	ret->again_ms = MAX(ret->again_ms, READY_MS);
	ret->facts = hk_channel_facts(
		&root, "result", "result", "visibility", "visibility", "country", "country", NULL);
}

static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!receipt->remote_id) {
		return hk_error_set(error, HK_EFORM, "their number for it is not known");
	}
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url, "/api/v1/result/{}/", receipt->remote_id, NULL));
	with_key(ret);
	return true;
}

static void
polled(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_POLL, answer, ret);
	hk_json task;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	/* Any other member may be missing, they say. */
	if (!hk_channel_json_at(&root, "task", &task) || hk_json_kind_of(&task) != HK_JSON_OBJECT) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "task is missing", ret);
		return;
	}
	g_autofree char *malicious = hk_channel_json_text(&root, "verdicts.overall.malicious");
	ret->how = HK_TOLD_STATE;
	/* What was asked for is done, whatever they found. */
	ret->state = "actioned";
	ret->remote_state =
		g_strdup(malicious && strcmp(malicious, "true") == 0 ? "malicious" : "scanned");
	ret->facts = hk_channel_facts(&root, "malicious", "verdicts.overall.malicious", "score",
		"verdicts.overall.score", "brands", "verdicts.overall.brands", "categories",
		"verdicts.overall.categories", "screenshot", "task.screenshotURL", "report",
		"task.reportURL", "visibility", "task.visibility", "seen_url", "page.url", "status",
		"page.status", "ip", "page.ip", "asn", "page.asn", "country", "page.country",
		"server", "page.server", "title", "page.title", NULL);
}

/* Quoted for their search: the query language of Elasticsearch. */
static char *
quoted(const char *url)
{
	GString *out = g_string_new("task.url:\"");

	for (; *url; url++) {
		if (*url == '"' || *url == '\\') {
			g_string_append_c(out, '\\');
		}
		g_string_append_c(out, *url);
	}
	g_string_append_c(out, '"');
	return g_string_free(out, FALSE);
}

static bool
find(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!receipt->url) {
		return hk_error_set(error, HK_EFORM, "the URL is not known");
	}
	g_autofree char *query = quoted(receipt->url);
	hk_channel_ask_init(
		ret, "GET", hk_channel_url(conf->url, "/api/v1/search/?q={}&size=20", query, NULL));
	with_key(ret);
	return hk_channel_ask_fits(ret, error);
}

/* Whether a found scan is of that URL and of the time when ours was sent. */
static bool
is_ours(const hk_json *item, const hk_channel_receipt *receipt)
{
	const char *url = hk_channel_json_str(item, "task.url");
	const char *time = hk_channel_json_str(item, "task.time");
	int64_t at_ms;

	return url && receipt->url && strcmp(url, receipt->url) == 0 && time &&
	       hk_regtime_read(hk_span_str(time), 0, &at_ms) == HK_OK &&
	       at_ms >= receipt->sent_ms - CLOCKS_MS;
}

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
	if (!hk_channel_json_at(&root, "results", &list) ||
		hk_json_kind_of(&list) != HK_JSON_ARRAY) {
		hk_channel_http_odd(conf, HK_ASKED_FIND, "results is missing", ret);
		return;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		g_autofree char *uuid =
			is_ours(&item, receipt) ? hk_channel_id(&item, "task.uuid") : NULL;
		if (uuid) {
			ret->how = HK_TOLD_TAKEN;
			ret->state = "sent";
			ret->remote_id = g_steal_pointer(&uuid);
			return;
		}
	}
	/* A scan comes into their index when it is finished. */
	int64_t left_ms = receipt->sent_ms + INDEXED_MS - hk_clock_wall_ms();
	ret->how = left_ms > 0 ? HK_TOLD_NOT_YET : HK_TOLD_ABSENT;
	ret->again_ms = left_ms > 0 ? MAX(ret->again_ms, MIN(left_ms, INDEXED_MS)) : ret->again_ms;
}

static bool
picture(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!receipt->remote_id) {
		return hk_error_set(error, HK_EFORM, "their number for it is not known");
	}
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url, "/screenshots/{}.png", receipt->remote_id, NULL));
	g_ptr_array_set_size(ret->headers, 0);
	hk_channel_ask_header(ret, "Accept: image/png");
	with_key(ret);
	return true;
}

const hk_channel hk_channel_urlscan = {
	.name = "urlscan",
	.en = "urlscan.io",
	.ja = "urlscan.io",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL | HK_CAN_FIND,
	.url = "https://urlscan.io",
	.per_minute = 30,
	.batch = 1,
	.poll_ms = READY_MS,
	.keys = "visibility country",
	.needs = "secret-file",
	.check = check,
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
	.find = find,
	.found = found,
	.picture = picture,
};
