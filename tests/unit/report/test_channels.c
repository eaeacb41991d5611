/* Netcraft, urlscan, Web Risk, Safe Browsing, Cloudflare, AWS: what they send, byte by byte (tests/vectors/channel-asks.tsv), and what answers in their recorded
 * shapes mean (tests/vectors/channel-answers.tsv). HK_VECTORS=1 prints the rows as they are now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/channel_conf.h"
#include "report/channel_http.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/json.h"

#include "tap.h"

/* 2026-11-03 01:00 UTC */
#define NOW_MS INT64_C(1793667600000)

static char *folder;

static void
spew(const char *name, const char *text, mode_t mode)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	if (!g_file_set_contents(path, text, -1, NULL) || chmod(path, mode) != 0) {
		printf("Bail out! %s\n", path);
		exit(1);
	}
}

static hk_channel_conf *
conf(const char *name)
{
	static const struct {
		const char *name, *lines;
	} rows[] = {
		{"netcraft", ""},
		{"netcraft-test",
			"channel = netcraft\ntest = true\nemail = \"desk@mihon-bank.example\"\n"},
		{"urlscan", "secret-file = secret\n"},
		{"urlscan-jp", "channel = urlscan\nsecret-file = secret\ncountry = jp\nvisibility "
			       "= public\n"},
		{"webrisk", "secret-file = secret\naccount = 123456\nend-of-life = true\n"},
		{"webrisk-account", "channel = webrisk\nsecret-file = account\naccount = "
				    "123456\nend-of-life = true\n"},
		{"webrisk-lookup", "secret-file = secret\n"},
		{"safebrowsing", ""},
		{"cloudflare", "secret-file = secret\naccount = 0123abc\n"},
		{"aws", "secret-file = secret\nuser = AKIA1\nregion = eu-west-2\n"},
		{"aws-test", "channel = aws\nsecret-file = secret\nuser = AKIA1\nregion = "
			     "us-east-1\ntest = true\n"},
	};
	g_autofree char *file = g_strconcat(name, ".conf", NULL);
	g_autofree char *path = g_build_filename(folder, file, NULL);
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (strcmp(rows[i].name, name) == 0) {
			spew(file, rows[i].lines, 0644);
		}
	}
	hk_channel_conf *made = hk_channel_conf_read(path, &error);
	if (!made) {
		printf("Bail out! %s\n", error->message);
		exit(1);
	}
	return made;
}

static void
set(char **text, const char *value)
{
	g_free(*text);
	*text = g_strdup(value);
}

static hk_brief *
brief_of(const char *which)
{
	hk_brief *brief = hk_brief_sample();
	int more = strcmp(which, "host") == 0 ? 2 : strcmp(which, "many") == 0 ? 22 : 0;

	if (strcmp(which, "two") != 0) {
		g_ptr_array_set_size(brief->sites, 1);
	}
	for (int i = 0; i < more; i++) {
		g_autofree char *url =
			g_strdup_printf("https://www.mihon-bank-login.example/jp/%d", i);
		g_ptr_array_add(
			brief->sites, hk_brief_site_new(1, url, "www.mihon-bank-login.example",
					      "mihon-bank-login.example", 0));
	}
	if (strcmp(which, "trademark") == 0) {
		set(&brief->wording, "trademark");
	} else if (strcmp(which, "open") == 0) {
		brief->cloaked = false;
	} else if (strcmp(which, "nobody") == 0) {
		set(&brief->who.contact, NULL);
	} else if (strcmp(which, "long") == 0) {
		hk_brief_site *site = brief->sites->pdata[0];
		g_autofree char *tail = g_strnfill(2000, 'a');
		g_free(site->url);
		site->url = g_strconcat("https://www.mihon-bank-login.example/", tail, NULL);
	} else if (strcmp(which, "fanged") == 0) {
		hk_brief_site *site = brief->sites->pdata[0];
		set(&site->url, " hxxps://www[.]mihon-bank-login[.]example/jp/ ");
	}
	return brief;
}

/* ---- Requests ---- */

static const char *const auths[HK_AUTH_COUNT] = {
	"none", "bearer", "header", "basic", "sigv4", "query", "oauth", "jwt"};

/* All of a request on one line. */
static char *
line_of(const hk_channel_ask *ask)
{
	GString *out = g_string_new(NULL);
	gsize len = 0;
	const char *body = ask->body ? g_bytes_get_data(ask->body, &len) : NULL;
	bool json = false;

	g_string_append_printf(out, "%s %s %s", ask->method, ask->url, auths[ask->auth]);
	if (ask->auth_name) {
		g_string_append_printf(out, ":%s", ask->auth_name);
	}
	for (unsigned i = 0; i < ask->headers->len; i++) {
		json = json ||
		       strcmp(ask->headers->pdata[i], "Content-Type: application/json") == 0;
		g_string_append_printf(out, " [%s]", (char *)ask->headers->pdata[i]);
	}
	g_string_append_c(out, ' ');
	for (gsize i = 0; i < len; i++) {
		g_string_append_printf(out, body[i] == '\n' ? "\\n" : "%c", body[i]);
	}
	g_autoptr(hk_json_doc) doc =
		json ? hk_json_load(hk_span_of(body, len), 8 << 20, NULL) : NULL;
	if (json && !doc) {
		g_string_append(out, " (no JSON)");
	}
	return g_string_free(out, FALSE);
}

static const hk_channel_receipt receipt = {.remote_id = "id/1",
	.token = "00112233445566778899aabbccddeeff",
	.url = "https://www.mihon-bank-login.example/jp/login",
	.sent_ms = NOW_MS - 3600000};

static bool
ask(const hk_channel_conf *c, const char *which, const char *op, hk_channel_ask *ret,
	GError **error)
{
	g_autoptr(hk_brief) brief = brief_of(which);
	hk_channel_receipt known = receipt;

	known.remote_state = strcmp(which, "malicious") == 0 ? which : NULL;
	known.remote_id = strcmp(which, "unknown") == 0 ? NULL : known.remote_id;
	if (strcmp(op, "poll") == 0) {
		return c->channel->poll(c, &known, ret, error);
	}
	if (strcmp(op, "find") == 0) {
		return c->channel->find(c, &known, ret, error);
	}
	if (strcmp(op, "picture") == 0) {
		return c->channel->picture(c, &known, ret, error);
	}
	return c->channel->submit(c, brief, receipt.token, ret, error);
}

/* channel, brief, op, request | ! error */
static void
row_ask(char **cells)
{
	g_autoptr(hk_channel_conf) c = conf(cells[0]);
	g_auto(hk_channel_ask) made = {0}, back = {0};
	g_autoptr(GError) error = NULL;
	bool good = ask(c, cells[1], cells[2], &made, &error);
	g_autofree char *got = good ? line_of(&made) : g_strconcat("! ", error->message, NULL);

	if (g_getenv("HK_VECTORS")) {
		fprintf(stderr, "%s\t%s\t%s\t%s\n", cells[0], cells[1], cells[2], got);
	}
	is_str(got, cells[3], "%s %s %s", cells[0], cells[1], cells[2]);
	if (!good) {
		is_int(hk_error_code(error), HK_EFORM, "a refusal is about the form");
		ok(!made.url && !made.body, "and leaves nothing");
		return;
	}
	/* What is kept for approval is what comes back. */
	g_autofree char *kept = hk_channel_ask_keep(&made);
	ok(hk_channel_ask_kept(kept, made.body, &back, NULL), "it can be kept");
	g_autofree char *again = line_of(&back);
	is_str(again, got, "and is the same afterwards");
	ok(!strstr(kept, "s3cret"), "without the secret");
}

/* ---- Answers ---- */

/* channel, op, status, type, body, how, their number, their state, our state, facts. */
static void
row_answer(char **cells)
{
	g_autoptr(hk_channel_conf) c = conf(cells[0]);
	hk_channel_answer answer = {.status = (int)g_ascii_strtoll(cells[2], NULL, 10),
		.type = cells[3],
		.body = hk_span_str(cells[4]),
		.retry_after_ms = -1,
		.left = true};
	g_auto(hk_told) told = {0};

	if (strcmp(cells[1], "polled") == 0) {
		c->channel->polled(c, &answer, &told);
	} else if (strcmp(cells[1], "found") == 0) {
		c->channel->found(c, &receipt, &answer, &told);
	} else {
		c->channel->submitted(c, &answer, &told);
	}
	if (g_getenv("HK_VECTORS")) {
		fprintf(stderr, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", cells[0], cells[1],
			cells[2], cells[3], cells[4], hk_told_how_name(told.how),
			told.remote_id ? told.remote_id : "",
			told.remote_state ? told.remote_state : "", told.state ? told.state : "",
			told.facts ? told.facts : "");
	}
	is_str(hk_told_how_name(told.how), cells[5], "%s %s %s %.80s", cells[0], cells[1], cells[2],
		cells[4]);
	is_str(told.remote_id ? told.remote_id : "", cells[6], "their number");
	is_str(told.remote_state ? told.remote_state : "", cells[7], "their state");
	is_str(told.state ? told.state : "", cells[8], "and ours");
	is_str(told.facts ? told.facts : "", cells[9], "and what they say besides");
	ok(told.why || told.how == HK_TOLD_TAKEN || told.how == HK_TOLD_STATE ||
			told.how == HK_TOLD_ABSENT || told.how == HK_TOLD_NOT_YET,
		"what is not well says why");
}

static void
each_row(const char *path, unsigned columns, void (*row)(char **))
{
	size_t len;
	g_autofree char *text = (char *)tap_file(path, &len);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) cells = g_strsplit(*line, "\t", -1);
		if (**line && **line != '#' &&
			ok(g_strv_length(cells) == columns, "%s: %.60s", path, *line)) {
			row(cells);
		}
	}
}

/* ---- What does not fit into a row ---- */

/* Pictures go along until the request would be too large. */
static void
test_aws_size(void)
{
	g_autoptr(hk_channel_conf) c = conf("aws");
	g_autoptr(hk_brief) brief = brief_of("one");
	g_auto(hk_channel_ask) small = {0}, big = {0};
	hk_brief_file *file = brief->files->pdata[0];

	ok(c->channel->submit(c, brief, receipt.token, &small, NULL), "a small picture");
	ok(strstr(g_bytes_get_data(small.body, NULL), "\"payload\"") != NULL, "goes along");
	g_bytes_unref(file->bytes);
	g_ptr_array_set_size(brief->files, 1);
	file->bytes = g_bytes_new_take(g_malloc0(4900000), 4900000);
	ok(c->channel->submit(c, brief, receipt.token, &big, NULL),
		"one that would not fit in base64");
	ok(g_bytes_get_size(big.body) <= 5 * 1024 * 1024,
		"is left out: the request is at most 5 MB");
}

static void
test_webrisk_end(void)
{
	g_autoptr(hk_channel_conf) c = conf("webrisk");
	g_autoptr(hk_brief) brief = brief_of("one");
	g_auto(hk_channel_ask) made = {0};
	g_autoptr(GError) error = NULL;

	hk_clock_freeze(INT64_C(1830297599999));
	ok(c->channel->submit(c, brief, "t", &made, NULL),
		"Web Risk submission until the end of 2027");
	hk_channel_ask_clear(&made);
	hk_clock_freeze(INT64_C(1830297600000));
	ok(!c->channel->submit(c, brief, "t", &made, &error), "and not afterwards");
	hk_clock_freeze(NOW_MS);
}

/* A scan that is not found may only not be in their index yet. */
static void
test_not_yet(const char *name, const char *body, int64_t ago_ms, hk_told_how want, int64_t again_ms)
{
	g_autoptr(hk_channel_conf) c = conf(name);
	const hk_channel_receipt young = {
		.url = receipt.url, .token = receipt.token, .sent_ms = NOW_MS - ago_ms};
	hk_channel_answer answer = {
		.status = 200, .body = hk_span_str(body), .retry_after_ms = -1, .left = true};
	g_auto(hk_told) told = {0};

	c->channel->found(c, &young, &answer, &told);
	is_str(hk_told_how_name(told.how), hk_told_how_name(want), "%s: after %d s", name,
		(int)(ago_ms / 1000));
	is_int(told.again_ms, again_ms, "and when it is worth asking again");
}

static void
test_picture(void)
{
	static const char png[] = "\x89PNG\r\n\x1a\nxx";
	hk_channel_answer answer = {.status = 200, .body = hk_span_of(png, sizeof png - 1)};

	ok(hk_channel_http_is_png(&answer), "a picture");
	answer.broken = true;
	ok(!hk_channel_http_is_png(&answer), "not if it is cut off");
	answer = (hk_channel_answer){.status = 404, .body = hk_span_of(png, sizeof png - 1)};
	ok(!hk_channel_http_is_png(&answer), "not with another status");
	answer = (hk_channel_answer){.status = 200, .body = HK_SPAN_LIT("<html>no picture")};
	ok(!hk_channel_http_is_png(&answer), "not if it is a page");
}

static void
test_table(void)
{
	for (size_t i = 0; i < hk_channel_count; i++) {
		const hk_channel *c = hk_channels[i];
		bool http = c->way == HK_WAY_HTTP;
		ok(c->name && c->en && c->ja && c->submit, "%s has names and a way", c->name);
		ok(!http || c->submitted, "%s reads answers", c->name);
		ok(!(c->can & HK_CAN_POLL) || (c->poll && c->polled), "%s can be polled", c->name);
		ok(!(c->can & HK_CAN_FIND) || (c->find && c->found), "%s can find", c->name);
		ok(c->batch <= 1 || c->can & HK_CAN_BATCH, "%s: batches", c->name);
		ok(hk_channel_find(c->name) == c, "%s is found by its name", c->name);
	}
	ok(!hk_channel_find("mail"), "mail is none");
}

int
main(void)
{
	g_autoptr(GError) error = NULL;

	folder = g_dir_make_tmp("hk-channels-XXXXXX", &error);
	if (!folder) {
		return 1;
	}
	spew("secret", "s3cret\n", 0600);
	spew("account", "{\"client_email\":\"a@b.example\",\"private_key\":\"s3cret\"}\n", 0600);
	hk_clock_freeze(NOW_MS);
	each_row("tests/vectors/channel-asks.tsv", 4, row_ask);
	each_row("tests/vectors/channel-answers.tsv", 10, row_answer);
	test_aws_size();
	test_webrisk_end();
	test_not_yet("urlscan", "{\"results\":[]}", 60000, HK_TOLD_NOT_YET, 540000);
	test_not_yet("urlscan", "{\"results\":[]}", 600000, HK_TOLD_ABSENT, -1);
	test_not_yet("cloudflare", "{\"result\":[]}", 60000, HK_TOLD_NOT_YET, 240000);
	test_not_yet("cloudflare", "{\"result\":[]}", 300000, HK_TOLD_ABSENT, -1);
	test_not_yet("aws", "{\"reports\":[]}", 10000, HK_TOLD_NOT_YET, 50000);
	test_not_yet("aws", "{\"reports\":[]}", 60000, HK_TOLD_ABSENT, -1);
	test_picture();
	test_table();
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
	ok(system(command) == 0, "cleaned up");
	g_free(folder);
	return tap_done();
}
