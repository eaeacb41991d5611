/* report/channel_conf, and the file of the declarative channel: right and wrong; every key and hole stands in docs/channels.md, every example file is right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report/channel_conf.h"
#include "report/channel_http.h"
#include "sys/gerr.h"
#include "sys/json.h"

#include "tap.h"

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
read_conf(const char *name, const char *text, GError **error)
{
	g_autofree char *file = g_strconcat(name, ".conf", NULL);
	g_autofree char *path = g_build_filename(folder, file, NULL);

	spew(file, text, 0644);
	return hk_channel_conf_read(path, error);
}

/* The message without the folder. */
static void
wrong(const char *name, const char *text, const char *want)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_channel_conf) conf = read_conf(name, text, &error);

	ok(!conf, "refused: %s", want);
	is_int(hk_error_code(error), HK_ECONFIG, "as a matter of configuration");
	g_auto(GStrv) parts = g_strsplit(error ? error->message : "", folder, -1);
	g_autofree char *got = g_strjoinv("DIR", parts);
	/* "...": whatever follows. */
	size_t dots = g_str_has_suffix(want, "...") ? strlen(want) - 3 : 0;
	if (dots > 0 && strlen(got) > dots) {
		got[dots] = '\0';
		g_autofree char *cut = got;
		got = g_strconcat(cut, "...", NULL);
	}
	is_str(got, want, "and why");
}

static hk_channel_conf *
right(const char *name, const char *text)
{
	g_autoptr(GError) error = NULL;
	hk_channel_conf *conf = read_conf(name, text, &error);

	if (!ok(conf != NULL, "%s is right: %s", name, error ? error->message : "")) {
		exit(tap_done());
	}
	return conf;
}

static void
test_right(void)
{
	g_autoptr(hk_channel_conf) conf = right("netcraft", "");
	is_str(conf->url, "https://report.netcraft.com/api/v3", "the address that is known");
	ok(conf->enabled && !conf->test && !conf->secret && conf->batch == 1000, "defaults");
	g_autoptr(hk_channel_conf) own = right("mihon-soc",
		"channel = netcraft\nurl = \"https://soc.mihon-bank.example/api/\"\nemail = "
		"\"a@b.example\"\nbatch = 5\nper-day = 10\nenabled = false\n");
	is_str(own->name, "mihon-soc", "a name of our own");
	is_str(own->url, "https://soc.mihon-bank.example/api", "without the last /");
	is_str(own->email, "a@b.example", "a key of its own");
	ok(!own->enabled && own->batch == 5 && own->per_day == 10, "less than they allow");
	is_str(hk_channel_conf_text(own, "per-day"), "10", "any key as text");
	is_str(hk_channel_conf_text(own, "per-minute"), NULL, "or none");
	g_autoptr(hk_channel_conf) more =
		right("urlscan", "secret-file = secret\nper-minute = 5000\nbatch = 100\n");
	ok(more->per_minute == 30 && more->batch == 1, "never more than they allow");
	is_str(more->secret, "s3cret", "the first line of the secret");
	g_autoptr(hk_channel_conf) account =
		right("webrisk", "secret-file = account\naccount = 1\nend-of-life = true\n");
	is_str(account->secret, "{\n\"a\": 1\n}", "or all of it, if it is JSON");
	g_autoptr(hk_channel_conf) aws =
		right("aws", "secret-file = secret\nuser = a\nregion = us-west-2\n");
	is_str(aws->url, "https://abuse.us-west-2.amazonaws.com", "a URL by region");
}

static void
test_wrong(void)
{
	wrong("netcraft", "colour = red\n",
		"DIR/netcraft.conf:1: unknown key 'colour' (docs/channels.md lists all)");
	wrong("netcraft", "\nemial = a\n",
		"DIR/netcraft.conf:2: unknown key 'emial'; did you mean 'email'? (docs/channels.md "
		"lists all)");
	wrong("netcraft", "region = x\n",
		"DIR/netcraft.conf:1: region means nothing for channel netcraft; of its own it "
		"has: email");
	wrong("netcarft", "",
		"DIR/netcarft.conf:1: channel is missing: there is no channel \"netcarft\"; there "
		"are "
		"netcraft, ...");
	wrong("Netcraft", "",
		"DIR/Netcraft.conf: the file's name is the channel's: 1 to 40 of a-z, 0-9, '-', "
		"'_', and "
		".conf; not \"mail\"");
	wrong("mail", "channel = netcraft\n",
		"DIR/mail.conf: the file's name is the channel's: 1 to 40 of a-z, 0-9, '-', '_', "
		"and "
		".conf; not \"mail\"");
	wrong("netcraft", "url = \"http://report.netcraft.com/\"\n",
		"DIR/netcraft.conf:1: url http://report.netcraft.com: plain http is for loopback "
		"addresses only; write https://");
	wrong("urlscan", "", "DIR/urlscan.conf:1: secret-file is needed for channel urlscan");
	wrong("urlscan", "\nsecret-file = open\n",
		"DIR/urlscan.conf:2: secret-file DIR/open: others may read it: chmod 600");
	wrong("urlscan", "secret-file = nowhere\n",
		"DIR/urlscan.conf:1: secret-file DIR/nowhere: cannot open: No such file or "
		"directory");
	wrong("urlscan", "secret-file = empty\n",
		"DIR/urlscan.conf:1: secret-file DIR/empty is empty");
	wrong("urlscan", "secret-file = secret\n\nvisibility = everybody\n",
		"DIR/urlscan.conf:3: visibility is unlisted, private or public, not 'everybody'");
	wrong("urlscan", "secret-file = secret\ntest = true\n",
		"DIR/urlscan.conf:2: test means nothing for channel urlscan: it has no test mode");
	wrong("aws", "secret-file = secret\nuser = a\nregion = mars\n",
		"DIR/aws.conf:3: region is us-east-1, us-west-2 or eu-west-2, not 'mars'");
	wrong("cloudflare", "secret-file = secret\naccount = a\nnotify-owner = yes\n",
		"DIR/cloudflare.conf:3: notify-owner is send or send-anon, not 'yes'");
	wrong("webrisk", "secret-file = secret\naccount = 1\nend-of-life = false\n",
		"DIR/webrisk.conf:3: end-of-life: Google closes the Web Risk Submission API (no "
		"new "
		"contracts, last renewal 2026-12-31, off by 2027-12-31): set it to true if you "
		"have a "
		"contract, or use channel safebrowsing");
}

#define HTTP  "channel = http\nurl = \"https://soc.mihon-bank.example\"\n"
#define POSTS HTTP "submit = \"POST /v1\"\n"

static void
test_declared_wrong(void)
{
	wrong("soc", HTTP, "DIR/soc.conf:1: submit is needed for channel http");
	wrong("soc", "channel = http\nsubmit = \"POST /v1\"\n",
		"DIR/soc.conf:1: url is needed for channel http");
	wrong("soc", HTTP "submit = \"SEND /v1\"\n",
		"DIR/soc.conf:3: submit is a method and a path, \"POST /v1/reports\", not 'SEND "
		"/v1'");
	wrong("soc", HTTP "submit = \"POST v1\"\n",
		"DIR/soc.conf:3: submit is a method and a path, \"POST /v1/reports\", not 'POST "
		"v1'");
	wrong("soc", HTTP "submit = \"POST /v1/{hots}\"\n",
		"DIR/soc.conf:3: submit: {hots} is no variable; did you mean {host}?");
	wrong("soc", HTTP "submit = \"POST /v1/{id}\"\n",
		"DIR/soc.conf:3: submit: {id} is not known before they have answered");
	wrong("soc", POSTS "submit-body = '{\"url\": {url}'\n",
		"DIR/soc.conf:4: submit-body is no JSON, filled in with an example: not JSON at "
		"line 1, column 55: '}' expected near end of file");
	wrong("soc", POSTS "submit-body = '{}'\nsubmit-body-file = secret\n",
		"DIR/soc.conf:4: submit-body and submit-body-file say the same: take one");
	wrong("soc", POSTS "submit-body-file = nowhere\n",
		"DIR/soc.conf:4: submit-body-file: DIR/nowhere: cannot open: No such file or "
		"directory");
	wrong("soc", POSTS "submit-type = \"image/png\"\n",
		"DIR/soc.conf:4: submit-type is application/json, "
		"application/x-www-form-urlencoded or "
		"text/plain, not 'image/png'");
	wrong("soc", POSTS "submit-headers = { \"Authorization: x\" }\n",
		"DIR/soc.conf:4: submit-headers: \"Name: value\", none of those that are written "
		"anyway, not "
		"'Authorization: x'");
	wrong("soc", POSTS "submit-headers = { \"X-Y {url}: x\" }\n",
		"DIR/soc.conf:4: submit-headers: \"Name: value\", none of those that are written "
		"anyway, not "
		"'X-Y {url}: x'");
	wrong("soc", POSTS "poll = \"GET /v1/{id}\"\n",
		"DIR/soc.conf:4: poll needs state: where it stands in the answer");
	wrong("soc", POSTS "poll = \"GET /v1/{brand}\"\nstate = s\n",
		"DIR/soc.conf:4: poll: {brand} is not known any more: url, host, id and token are");
	wrong("soc", POSTS "states = { \"done\" }\n",
		"DIR/soc.conf:4: states: \"word = word\", not 'done'");
	wrong("soc", POSTS "states = { \"done = finished\" }\n",
		"DIR/soc.conf:4: states: 'done' means sent, acknowledged, actioned or rejected, "
		"not "
		"'finished'");
	wrong("soc", POSTS "find = \"GET /v1\"\n", "DIR/soc.conf:4: find needs id or find-id");
	wrong("soc", POSTS "find-match = \"a = url\"\n",
		"DIR/soc.conf:1: find-list, find-match and find-id need find");
	wrong("soc", POSTS "find = \"GET /v1\"\nid = id\nfind-match = \"a = brand\"\n",
		"DIR/soc.conf:6: find-match is \"path = url\", \"path = host\" or \"path = "
		"token\", not 'a = "
		"brand'");
	wrong("soc", POSTS "auth = key\n",
		"DIR/soc.conf:4: auth is none, bearer, basic, \"header NAME [PREFIX]\", \"query "
		"NAME\", \"sigv4 "
		"SERVICE\" or \"oauth [SCOPE]\", not 'key'");
	wrong("soc", POSTS "auth = bearer\n", "DIR/soc.conf:4: auth = bearer needs secret-file");
	wrong("soc", POSTS "auth = basic\nsecret-file = secret\n",
		"DIR/soc.conf:4: auth = basic needs user");
	wrong("soc", POSTS "auth = \"sigv4 x\"\nuser = a\nsecret-file = secret\n",
		"DIR/soc.conf:4: auth = sigv4 x needs region");
	wrong("soc", POSTS "auth = oauth\nuser = a\nsecret-file = secret\n",
		"DIR/soc.conf:4: auth = oauth needs token-url");
	wrong("soc", POSTS "submit-body = '{\"url\": {url}}'\nbatch = 5\n",
		"DIR/soc.conf:5: batch over 1 needs {urls} in submit-body");
	wrong("soc", HTTP "submit = \"GET /v1\"\nsubmit-body = '{}'\n",
		"DIR/soc.conf:3: submit: a GET has no body");
}

/* ---- What the declarative channel writes ---- */

static char *
written(const char *text, bool poll)
{
	g_autoptr(hk_channel_conf) conf = right("soc", text);
	g_autoptr(hk_brief) brief = hk_brief_sample();
	g_auto(hk_channel_ask) ask = {0};
	const hk_channel_receipt receipt = {
		.remote_id = "a/b", .token = "t0", .url = "https://a.example/x?y=1&z"};
	GString *out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	if (conf->batch < 2) {
		g_ptr_array_set_size(brief->sites, 1);
	}
	g_free(brief->title);
	brief->title = g_strdup("a \"b\"\\\r\nX-Evil: 1 {url} é");
	bool good = poll ? conf->channel->poll(conf, &receipt, &ask, &error)
			 : conf->channel->submit(conf, brief, "t0ken", &ask, &error);
	if (!good) {
		g_string_append(out, error->message);
		return g_string_free(out, FALSE);
	}
	g_string_append_printf(out, "%s %s", ask.method, ask.url);
	for (unsigned i = 1; i < ask.headers->len; i++) {
		g_string_append_printf(out, " [%s]", (char *)ask.headers->pdata[i]);
	}
	if (ask.body) {
		gsize len;
		const char *body = g_bytes_get_data(ask.body, &len);
		g_string_append_printf(out, " %.*s", (int)len, body);
	}
	return g_string_free(out, FALSE);
}

static void
writes(const char *text, bool poll, const char *want)
{
	g_autofree char *got = written(text, poll);

	is_str(got, want, "%.60s", strstr(text, "submit"));
}

static void
test_declared(void)
{
	writes(POSTS "submit-body = '{\"u\": {url}, \"t\": \"x {title} y\", \"n\": {asn}, \"s\": "
		     "{score}, \"l\": {ips}, \"i\": \"{ips}\"}'\n",
		false,
		"POST https://soc.mihon-bank.example/v1 [Content-Type: application/json] {\"u\": "
		"\"https://www.mihon-bank-login.example/jp/login\", \"t\": \"x a "
		"\\\"b\\\"\\\\\\u000d\\u000aX-Evil: 1 {url} é y\", \"n\": 64500, \"s\": 97, \"l\": "
		"[\"192.0.2.44\",\"2001:db8::44\"], \"i\": \"192.0.2.44\\u000a2001:db8::44\"}");
	writes(POSTS "submit-type = \"application/x-www-form-urlencoded\"\nsubmit-body = "
		     "'u={url}&t={title}'\n",
		false,
		"POST https://soc.mihon-bank.example/v1 [Content-Type: "
		"application/x-www-form-urlencoded] "
		"u=https%3A%2F%2Fwww.mihon-bank-login.example%2Fjp%2Flogin&t=a%20%22b%22%5C%0D%0AX-"
		"Evil%3A%"
		"201%20%7Burl%7D%20%C3%A9");
	writes(POSTS "submit-type = \"text/plain\"\nsubmit-body = '{urls}'\n", false,
		"POST https://soc.mihon-bank.example/v1 [Content-Type: text/plain] "
		"https://www.mihon-bank-login.example/jp/login\n"
		"https://mihon-bank.secure-check.test/a?id=1&lang=ja");
	writes(POSTS "submit-headers = { \"X-Title: {title}\", \"Idempotency-Key: {token}\" }\n",
		false,
		"POST https://soc.mihon-bank.example/v1 [X-Title: a \"b\"\\  X-Evil: 1 {url} é] "
		"[Idempotency-Key: t0ken]");
	writes(HTTP "submit = \"PUT /v1/{host}/{token}?u={url}\"\n", false,
		"PUT https://soc.mihon-bank.example/v1/www.mihon-bank-login.example/"
		"t0ken?u=https%3A%2F%2Fwww.mihon-bank-login.example%2Fjp%2Flogin");
	writes(POSTS "poll = \"GET /v1/{id}?u={url}&h={host}&t={token}\"\nstate = s\n", true,
		"GET https://soc.mihon-bank.example/v1/"
		"a%2Fb?u=https%3A%2F%2Fa.example%2Fx%3Fy%3D1%26z&h=a.example&t=t0");
}

static void
answers(const char *op, const char *body, hk_told_how how, const char *id, const char *state,
	const char *facts)
{
	g_autoptr(hk_channel_conf) conf = right("soc", POSTS
		"id = data.id\npoll = \"GET /v1/{id}\"\nstate = /data/state\nstates = { \"In work "
		"= "
		"acknowledged\", \"down=actioned\" }\nfacts = { \"who = data.who\" }\nfind = \"GET "
		"/v1\"\nfind-list = items\nfind-match = \"ref = token\"\nfind-id = n\n");
	const hk_channel_answer answer = {
		.status = 200, .body = hk_span_str(body), .left = true, .retry_after_ms = -1};
	const hk_channel_receipt receipt = {.token = "t0", .url = "https://a.example/"};
	g_auto(hk_told) told = {0};

	if (strcmp(op, "submitted") == 0) {
		conf->channel->submitted(conf, &answer, &told);
	} else if (strcmp(op, "polled") == 0) {
		conf->channel->polled(conf, &answer, &told);
	} else {
		conf->channel->found(conf, &receipt, &answer, &told);
	}
	is_str(hk_told_how_name(told.how), hk_told_how_name(how), "%s: %s", op, body);
	is_str(told.remote_id, id, "number");
	is_str(told.state, state, "state");
	is_str(told.facts, facts, "facts");
}

static void
test_declared_answers(void)
{
	answers("submitted", "{\"data\":{\"id\":7}}", HK_TOLD_TAKEN, "7", "sent", NULL);
	answers("submitted", "{\"data\":{}}", HK_TOLD_UNSURE, NULL, NULL, NULL);
	answers("polled", "{\"data\":{\"state\":\"in_work\",\"who\":\"desk\"}}", HK_TOLD_STATE,
		NULL, "acknowledged", "{\"who\":\"desk\"}");
	answers("polled", "{\"data\":{\"state\":\"Down\"}}", HK_TOLD_STATE, NULL, "actioned", NULL);
	answers("polled", "{\"data\":{\"state\":\"else\"}}", HK_TOLD_STATE, NULL, NULL, NULL);
	answers("polled", "{\"data\":{}}", HK_TOLD_AGAIN, NULL, NULL, NULL);
	answers("found", "{\"items\":[{\"ref\":\"t1\",\"n\":1},{\"ref\":\"t0\",\"n\":2}]}",
		HK_TOLD_TAKEN, "2", "sent", NULL);
	answers("found", "{\"items\":[{\"ref\":\"t1\",\"n\":1}]}", HK_TOLD_ABSENT, NULL, NULL,
		NULL);
	answers("found", "{\"items\":{}}", HK_TOLD_AGAIN, NULL, NULL, NULL);
	g_autoptr(hk_channel_conf) conf = right("soc", POSTS "tokens = true\n");
	is_int(conf->can, HK_CAN_TOKEN, "it can what its file says");
}

/* ---- The folder, the manual, the examples ---- */

static void
test_folder(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *command = g_strdup_printf("rm -f '%s'/*.conf", folder);

	ok(system(command) == 0, "an empty folder");
	spew("netcraft.conf", "", 0644);
	spew("soc.conf", POSTS, 0644);
	spew(".hidden.conf", "nonsense", 0644);
	spew("netcraft.conf.example", "nonsense", 0644);
	g_autoptr(GPtrArray) confs = hk_channel_conf_folder(folder, &error);
	ok(confs && confs->len == 2, "every .conf is read: %s", error ? error->message : "");
	ok(confs && hk_channel_conf_of(confs, "soc") && !hk_channel_conf_of(confs, "aws"),
		"and found");
	spew("zz.conf", "channel = nothing\n", 0644);
	g_autoptr(GPtrArray) bad = hk_channel_conf_folder(folder, &error);
	ok(!bad && hk_error_code(error) == HK_ECONFIG, "one that is wrong is said");
	g_clear_error(&error);
	g_autoptr(GPtrArray) none = hk_channel_conf_folder("/nonexistent", &error);
	ok(!none && hk_error_code(error) == HK_ENOENT, "no folder");
}

static void
test_manual(void)
{
	size_t len;
	g_autofree char *text = (char *)tap_file("docs/channels.md", &len);

	for (size_t i = 0; hk_channel_key_name(i); i++) {
		g_autofree char *cell = g_strdup_printf("| `%s` |", hk_channel_key_name(i));
		ok(strstr(text, cell) != NULL, "docs/channels.md has key %s",
			hk_channel_key_name(i));
	}
	static const char *const holes[] = {
#define HOLE(id, name, help) name,
#include "report/channel_holes.def"
#undef HOLE
	};
	for (size_t i = 0; i < G_N_ELEMENTS(holes); i++) {
		g_autofree char *cell = g_strdup_printf("| `{%s}` |", holes[i]);
		ok(strstr(text, cell) != NULL, "docs/channels.md has variable %s", holes[i]);
	}
}

/* Each example, with what it comments out, is read without a mistake. */
static void
test_examples(void)
{
	g_autofree char *dir = g_build_filename(HK_SOURCE_DIR, "conf", "channels", NULL);
	GDir *files = g_dir_open(dir, 0, NULL);
	const char *name;
	int count = 0;

	while (files && (name = g_dir_read_name(files))) {
		if (!g_str_has_suffix(name, ".conf.example")) {
			continue;
		}
		g_autofree char *path = g_build_filename(dir, name, NULL);
		g_autofree char *base = g_strndup(name, strlen(name) - strlen(".conf.example"));
		g_autofree char *text = NULL;
		g_autofree char *secret = g_strconcat(base, ".secret", NULL);
		g_autoptr(GError) error = NULL;
		spew(secret, "s3cret\n", 0600);
		ok(g_file_get_contents(path, &text, NULL, NULL), "%s", name);
		g_autoptr(hk_channel_conf) conf = read_conf(base, text, &error);
		ok(conf && !conf->enabled, "%s is right, and disabled: %s", name,
			error ? error->message : "");
		count++;
	}
	if (files) {
		g_dir_close(files);
	}
	ok(count >= 8, "%d examples", count);
}

int
main(void)
{
	folder = g_dir_make_tmp("hk-channels-XXXXXX", NULL);
	if (!folder) {
		return 1;
	}
	spew("secret", "s3cret\nsecond line\n", 0600);
	spew("account", "{\n\"a\": 1\n}\n", 0600);
	spew("open", "s3cret\n", 0644);
	spew("empty", "\n", 0600);
	test_right();
	test_wrong();
	test_declared_wrong();
	test_declared();
	test_declared_answers();
	test_folder();
	test_manual();
	test_examples();
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
	ok(system(command) == 0, "cleaned up");
	g_free(folder);
	return tap_done();
}
