/* AWS Abuse Signal API (its API reference of 2026-11-18): XARF v4 in, state out. POST /v1/abuse, GET /v1/abuse/{reportId}, GET /v1/abusestatuses?correlationId=.
 * A clientToken makes the same report one report for 24 hours; our token is the correlation id, too, by which it is found for ever. What is reported is
 * stored in all their regions, in the United States and in Europe: docs/channels.md. */
#include <string.h>

#include "report/channel_conf.h"
#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "report/xarf.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum {
	REQUEST_MAX = 5 * 1024 * 1024,
	AROUND = 1024, /* of it for what stands around the report */
	TOKEN_HOURS = 24,
	LISTED_MS =
		60 * 1000, /* a report that is not listed so long after it was sent is not there */
};

static const char *const regions[] = {"us-east-1", "us-west-2", "eu-west-2"};

static bool
check(hk_channel_conf *conf, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(regions); i++) {
		if (strcmp(conf->region, regions[i]) == 0) {
			if (!conf->url) {
				conf->url = g_strdup_printf(
					"https://abuse.%s.amazonaws.com", regions[i]);
			}
			return true;
		}
	}
	return hk_error_set(error, HK_ECONFIG, "region is %s, %s or %s, not '%s'", regions[0],
		regions[1], regions[2], conf->region);
}

static void
sign(hk_channel_ask *ask)
{
	hk_channel_ask_auth(ask, HK_AUTH_SIGV4, "abuse", NULL);
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	static const char *const test_tags[] = {"lifecycle:test", NULL};
	hk_xarf_options options = {.now_ms = hk_clock_wall_ms(),
		.max_bytes = REQUEST_MAX - AROUND,
		.tags = conf->test ? test_tags : NULL};

	if (hk_channel_sites(brief, 1, error) == 0) {
		return false;
	}
	GString *xarf = hk_xarf4(brief, token, &options, error);
	if (!xarf) {
		return false;
	}
	GString *body = g_string_sized_new(xarf->len + AROUND);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "clientToken", token);
	hk_jsonw_member_str(body, "correlationId", token);
	hk_jsonw_key(body, "report");
	hk_jsonw_open(body, '{');
	hk_jsonw_key(body, "xarf");
	g_string_append_len(body, xarf->str, (gssize)xarf->len);
	hk_jsonw_close(body, '}');
	hk_jsonw_close(body, '}');
	g_string_free(xarf, TRUE);
	hk_channel_ask_json(ret, "POST", hk_channel_url(conf->url, "/v1/abuse", NULL), body);
	sign(ret);
	return true;
}

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	hk_json_doc_free(hk_channel_http_taken(conf, answer, "reportId", ret));
}

static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!receipt->remote_id) {
		return hk_error_set(error, HK_EFORM, "their number for it is not known");
	}
	hk_channel_ask_init(
		ret, "GET", hk_channel_url(conf->url, "/v1/abuse/{}", receipt->remote_id, NULL));
	sign(ret);
	return true;
}

static const hk_channel_state states[] = {
	{"QUEUED", "acknowledged", false},
	{"PROCESSING", "acknowledged", false},
	{0},
};

/* Why it is COMPLETED. What they want to know more about is no refusal: a person reads it. */
static const hk_channel_state reasons[] = {
	{"ACTIONED", "actioned", true},
	{"CONTENT_DOWN_OR_INACCESSIBLE", "actioned", true},
	{"NOT_RESOLVABLE_TO_AWS", "rejected", true},
	{"REVIEWED_NO_AWS_ACTION", "rejected", true},
	{"NEED_MORE_INFORMATION", "rejected", true},
	{0},
};

static bool
read_state(const hk_json *item, hk_told *ret)
{
	const char *state = hk_channel_json_str(item, "status");
	const char *reason = hk_channel_json_str(item, "reasonCode");

	if (!state) {
		return false;
	}
	hk_channel_state_read(states, state, ret);
	if (reason) {
		hk_channel_state_read(reasons, reason, ret);
	}
	g_free(ret->facts);
	ret->facts = hk_channel_facts(item, "status", "status", "reason", "reasonCode",
		"description", "description", "updated", "lastUpdatedAt", NULL);
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
	if (!read_state(&root, ret)) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "status is missing", ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
}

static bool
find(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!receipt->token) {
		return hk_error_set(error, HK_EFORM, "its token is not known");
	}
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(
			conf->url, "/v1/abusestatuses?correlationId={}", receipt->token, NULL));
	sign(ret);
	return true;
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
	if (!hk_channel_json_at(&root, "reports", &list) ||
		hk_json_kind_of(&list) != HK_JSON_ARRAY) {
		hk_channel_http_odd(conf, HK_ASKED_FIND, "reports is missing", ret);
		return;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		const char *ours = hk_channel_json_str(&item, "correlationId");
		g_autofree char *id = ours && receipt->token && strcmp(ours, receipt->token) == 0
					      ? hk_channel_id(&item, "reportId")
					      : NULL;
		if (id && read_state(&item, ret)) {
			ret->how = HK_TOLD_TAKEN;
			ret->remote_id = g_steal_pointer(&id);
			return;
		}
	}
	int64_t left_ms = receipt->sent_ms + LISTED_MS - hk_clock_wall_ms();
	ret->how = left_ms > 0 ? HK_TOLD_NOT_YET : HK_TOLD_ABSENT;
	ret->again_ms = left_ms > 0 ? MAX(ret->again_ms, MIN(left_ms, LISTED_MS)) : ret->again_ms;
}

const hk_channel hk_channel_aws = {
	.name = "aws",
	.en = "AWS Abuse Signal",
	.ja = "AWS Abuse Signal",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL | HK_CAN_FIND | HK_CAN_TOKEN | HK_CAN_TEST,
	.per_minute = 600,
	.batch = 1,
	.poll_ms = 10 * 60 * 1000,
	.token_ms = (int64_t)TOKEN_HOURS * 60 * 60 * 1000,
	.keys = "user region",
	.needs = "user region secret-file",
	.check = check,
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
	.find = find,
	.found = found,
};
