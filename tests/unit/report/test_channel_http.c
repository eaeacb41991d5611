/* report/channel_http, channel_json: what all answers have in common. tests/vectors/channel-waits.tsv holds the header lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"

#include "tap.h"

/* 2026-11-03 01:00 UTC */
#define NOW_MS INT64_C(1793667600000)

static const hk_channel plain = {.name = "plain", .way = HK_WAY_HTTP};

static hk_told
meaning(hk_asked asked, unsigned can, hk_channel_answer answer)
{
	hk_channel_conf conf = {.channel = &plain, .can = can};
	hk_told told = {0};

	hk_channel_http_status(&conf, asked, &answer, &told);
	return told;
}

/* By status: submit, submit with tokens, lookup, poll, find. */
static const struct {
	int status;
	bool broken, left;
	hk_told_how how[5];
} statuses[] = {
#define ROW(status, broken, left, a, b, c, d, e)                                                   \
	{                                                                                          \
		status, broken, left,                                                              \
		{                                                                                  \
			HK_TOLD_##a, HK_TOLD_##b, HK_TOLD_##c, HK_TOLD_##d, HK_TOLD_##e            \
		}                                                                                  \
	}
	ROW(0, true, false, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(0, true, true, UNSURE, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(200, true, true, UNSURE, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(101, false, true, UNSURE, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(301, false, true, CLOSED, CLOSED, CLOSED, AGAIN, UNSURE),
	ROW(307, false, true, CLOSED, CLOSED, CLOSED, AGAIN, UNSURE),
	ROW(400, false, true, REFUSED, REFUSED, REFUSED, AGAIN, UNSURE),
	ROW(400, true, true, REFUSED, REFUSED, REFUSED, AGAIN, UNSURE),
	ROW(401, false, true, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED),
	ROW(402, false, true, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED),
	ROW(403, false, true, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED),
	ROW(404, false, true, CLOSED, CLOSED, CLOSED, NOT_YET, UNSURE),
	ROW(405, false, true, CLOSED, CLOSED, CLOSED, AGAIN, UNSURE),
	ROW(407, false, true, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED),
	ROW(408, false, true, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(409, false, true, TAKEN, TAKEN, AGAIN, AGAIN, AGAIN),
	ROW(410, false, true, CLOSED, CLOSED, CLOSED, NOT_YET, UNSURE),
	ROW(413, false, true, REFUSED, REFUSED, REFUSED, AGAIN, UNSURE),
	ROW(415, false, true, REFUSED, REFUSED, REFUSED, AGAIN, UNSURE),
	ROW(422, false, true, REFUSED, REFUSED, REFUSED, AGAIN, UNSURE),
	ROW(429, false, true, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(451, false, true, REFUSED, REFUSED, REFUSED, AGAIN, UNSURE),
	ROW(500, false, true, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(501, false, true, CLOSED, CLOSED, CLOSED, AGAIN, UNSURE),
	ROW(502, false, true, UNSURE, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(503, false, true, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(504, false, true, UNSURE, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(509, false, true, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(599, false, true, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(999, false, true, CLOSED, CLOSED, CLOSED, AGAIN, UNSURE),
	ROW(2000, false, true, UNSURE, AGAIN, AGAIN, AGAIN, AGAIN),
	ROW(-7, false, true, UNSURE, AGAIN, AGAIN, AGAIN, AGAIN),
#undef ROW
};

static void
test_status(void)
{
	static const struct {
		hk_asked asked;
		unsigned can;
		const char *name;
	} asks[] = {
		{HK_ASKED_SUBMIT, 0, "submit"},
		{HK_ASKED_SUBMIT, HK_CAN_TOKEN, "submit with tokens"},
		{HK_ASKED_LOOKUP, 0, "lookup"},
		{HK_ASKED_POLL, 0, "poll"},
		{HK_ASKED_FIND, 0, "find"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(asks); k++) {
			hk_channel_answer answer = {.status = statuses[i].status,
				.broken = statuses[i].broken,
				.left = statuses[i].left,
				.retry_after_ms = 4711};
			g_auto(hk_told) told = meaning(asks[k].asked, asks[k].can, answer);
			is_str(hk_told_how_name(told.how), hk_told_how_name(statuses[i].how[k]),
				"%d%s, %s", statuses[i].status, statuses[i].broken ? " broken" : "",
				asks[k].name);
			ok(told.why && told.again_ms == 4711, "with why and when");
		}
	}
	hk_channel_conf conf = {.channel = &plain};
	const hk_channel_answer good = {.status = 204, .retry_after_ms = -1};
	g_auto(hk_told) told = {0};
	ok(hk_channel_http_status(&conf, HK_ASKED_SUBMIT, &good, &told), "204 is a yes");
}

static void
reads(const char *body, hk_asked asked, unsigned can, hk_told_how want)
{
	hk_channel_conf conf = {.channel = &plain, .can = can};
	const hk_channel_answer answer = {
		.status = 200, .body = hk_span_str(body), .left = true, .retry_after_ms = -1};
	g_auto(hk_told) told = {0};
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(&conf, asked, &answer, &told);

	ok(!doc, "'%s' is no answer", body);
	is_str(hk_told_how_name(told.how), hk_told_how_name(want), "and that means");
}

static void
test_read(void)
{
	hk_channel_conf conf = {.channel = &plain};
	const hk_channel_answer answer = {.status = 200, .body = HK_SPAN_LIT("[1]")};
	g_auto(hk_told) told = {0};
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(&conf, HK_ASKED_SUBMIT, &answer, &told);

	ok(doc != NULL, "a list is an answer");
	reads("", HK_ASKED_SUBMIT, 0, HK_TOLD_UNSURE);
	reads("", HK_ASKED_SUBMIT, HK_CAN_TOKEN, HK_TOLD_AGAIN);
	reads("", HK_ASKED_POLL, 0, HK_TOLD_AGAIN);
	reads("{\"a\":", HK_ASKED_SUBMIT, 0, HK_TOLD_UNSURE);
	reads("<html>", HK_ASKED_FIND, 0, HK_TOLD_AGAIN);
	reads("7", HK_ASKED_SUBMIT, 0, HK_TOLD_UNSURE);
	reads("null", HK_ASKED_LOOKUP, 0, HK_TOLD_AGAIN);
	reads("{\"a\":1,\"a\":2}", HK_ASKED_SUBMIT, 0, HK_TOLD_UNSURE);
}

static void
says(int status, const char *type, const char *body, const char *want)
{
	const hk_channel_answer answer = {
		.status = status, .type = type, .body = hk_span_str(body), .left = true};
	g_autofree char *text = hk_channel_http_says(&answer);

	is_str(text, want, "what %.40s says", body);
}

static void
test_says(void)
{
	says(400, "application/json", "{\"message\":\"no\"}", "no");
	says(400, "application/json", "{\"error\":{\"message\":\"bad uri\",\"code\":3}}",
		"bad uri");
	says(400, "application/json", "{\"error\":\"invalid_client\"}", "invalid_client");
	says(400, "application/json",
		"{\"error\":\"Bad Request\",\"details\":[{\"message\":\"email is missing\"}]}",
		"email is missing");
	says(400, "application/json", "{\"errors\":[{\"code\":1,\"message\":\"x\"}]}", "x");
	says(400, "application/json", "{\"errors\":[\"first\",\"second\"]}", "first");
	says(400, "application/json", "{\"message\":7}", NULL);
	says(400, "application/json", "{\"message\":\"\"}", NULL);
	says(400, "text/plain; charset=utf-8", "slow down\r\nplease\n", "slow down  please");
	says(400, "text/html", "<h1>no</h1>", NULL);
	says(400, NULL, "no", NULL);
	/* What would move a cursor, or turn text around, is shown as what it is. */
	says(400, "application/json", "{\"message\":\"a\\u001b[31mb\\u202ec\"}",
		"a\\x1b[31mb\\u{202e}c");
	hk_channel_answer answer = {.status = 422,
		.body = HK_SPAN_LIT("{\"message\":\"urls is missing\"}"),
		.left = true};
	g_auto(hk_told) told = meaning(HK_ASKED_SUBMIT, 0, answer);
	is_str(told.why, "HTTP 422: they do not take it: urls is missing",
		"a refusal in their words");
	answer.status = 400;
	answer.body = HK_SPAN_LIT("{\"message\":\"API key not valid.\"}");
	g_auto(hk_told) key = meaning(HK_ASKED_SUBMIT, 0, answer);
	is_str(hk_told_how_name(key.how), "closed", "a 400 about the key is about our access");
}

static void
test_waits(void)
{
	size_t len;
	g_autofree char *text = (char *)tap_file("tests/vectors/channel-waits.tsv", &len);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) cells = g_strsplit(*line, "\t", -1);
		if (**line == '#' || g_strv_length(cells) != 3) {
			continue;
		}
		g_auto(GStrv) parts = g_strsplit(cells[1], "|", -1);
		g_autofree char *joined = g_strjoinv("\r\n", parts);
		g_autofree char *head = g_strconcat("Server: x\r\n", joined, "\r\n\r\n", NULL);
		is_int(hk_channel_http_wait(
			       hk_span_str(head), (int)g_ascii_strtoll(cells[0], NULL, 10), NOW_MS),
			g_ascii_strtoll(cells[2], NULL, 10), "%s: %s", cells[0], cells[1]);
	}
	is_int(hk_channel_http_wait((hk_span){0}, 429, NOW_MS), -1, "no lines at all");
}

/* ---- Paths ---- */

static void
at(const hk_json *root, const char *path, const char *want)
{
	g_autofree char *text = hk_channel_json_text(root, path);

	is_str(text, want, "'%s'", path);
}

static void
test_paths(void)
{
	static const char body[] =
		"{\"a\":{\"b\":[{\"id\":\"x\"},{\"id\":7}]},\"s/t\":\"slash\",\"t~\":true,"
		"\"n\":null,\"r\":1.5,\"\":\"empty\"}";
	static const char list[] = "[{\"_id\":\"first\"}]";
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(body), 1000, NULL);
	g_autoptr(hk_json_doc) other = hk_json_load(hk_span_str(list), 1000, NULL);
	hk_json root = hk_json_root(doc);
	hk_json first = hk_json_root(other);

	at(&root, "a.b[0].id", "x");
	at(&root, "a.b.1.id", "7");
	at(&root, "/a/b/0/id", "x");
	at(&root, "/s~1t", "slash");
	at(&root, "/t~0", "true");
	at(&root, "t~", "true");
	at(&root, "a.b[2].id", NULL);
	at(&root, "a.b[x].id", NULL);
	at(&root, "a.b", NULL);
	at(&root, "n", NULL);
	at(&root, "r", NULL);
	at(&root, "z.z", NULL);
	at(&root, "a.b[0", NULL);
	at(&root, "", NULL);
	at(&first, "0._id", "first");
	at(&first, "[0]._id", "first");
	at(&first, "/0/_id", "first");
	at(&root, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", NULL);
	g_autofree char *id = hk_channel_id(&root, "a.b[1].id");
	is_str(id, "7", "a number may be a number");
	g_autofree char *facts = hk_channel_facts(
		&root, "id", "a.b[0].id", "none", "z", "null", "n", "list", "a.b", NULL);
	is_str(facts, "{\"id\":\"x\",\"list\":[{\"id\":\"x\"},{\"id\":7}]}", "facts");
	g_autofree char *none = hk_channel_facts(&root, "none", "z", NULL);
	is_str(none, NULL, "none");
	g_autofree char *url =
		hk_channel_url("https://a.example", "/x/{}/y?z={}", "a/b", "c d&e", NULL);
	is_str(url, "https://a.example/x/a%2Fb/y?z=c%20d%26e", "what stands in a URL is encoded");
}

static void
test_states(void)
{
	static const hk_channel_state states[] = {
		{"in progress", "acknowledged", false}, {"done", "actioned", true}, {0}};
	g_auto(hk_told) told = {0};

	ok(hk_channel_state_read(states, "In_Progress", &told) == &states[0],
		"spelling does not count");
	is_str(told.state, "acknowledged", "ours");
	is_str(told.remote_state, "In_Progress", "theirs, as they wrote it");
	told.state = NULL;
	ok(!hk_channel_state_read(states, "donee", &told) && !told.state,
		"a new word changes nothing");
	is_str(told.remote_state, "donee", "but is kept");
}

int
main(void)
{
	test_status();
	test_read();
	test_says();
	test_waits();
	test_paths();
	test_states();
	return tap_done();
}
