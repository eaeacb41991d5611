/* The channels of docs/channels-more.md, byte by byte: what they send (tests/vectors/channels-more-asks.tsv), what answers mean (tests/vectors/channels-more-answers.tsv), and what they refuse. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report/channel_cleandns.h"
#include "report/channel_conf.h"
#include "report/channel_godaddy.h"
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
conf_of(const char *name, const char *more, GError **error)
{
	static const struct {
		const char *name, *lines;
	} rows[] = {
		{"cleandns", "url = \"https://api.cleandns.test/v1\"\n"},
		{"graph", "user = client-1\naccount = \"tenant 1\"\n"},
		{"phishtank", "user = mihon\naccount = app-1\n"},
		{"threatfox", "malware = apk.keepspy\n"},
	};
	g_autoptr(GString) text = g_string_new(more);
	g_autofree char *file = g_strconcat(name, ".conf", NULL);
	g_autofree char *path = g_build_filename(folder, file, NULL);

	for (size_t i = 0; !*more && i < G_N_ELEMENTS(rows); i++) {
		g_string_append(text, strcmp(rows[i].name, name) == 0 ? rows[i].lines : "");
	}
	const hk_channel *channel = hk_channel_find(name);
	if (channel && channel->needs && strstr(channel->needs, "secret-file") &&
		!strstr(more, "secret-file")) {
		g_string_append(text, "secret-file = secret\n");
	}
	spew(file, text->str, 0644);
	return hk_channel_conf_read(path, error);
}

static hk_channel_conf *
conf(const char *name)
{
	g_autoptr(GError) error = NULL;
	hk_channel_conf *made = conf_of(name, "", &error);

	if (!made) {
		printf("Bail out! %s\n", error->message);
		exit(1);
	}
	return made;
}

/* --- briefs --- */

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

	if (strcmp(which, "two") != 0) {
		g_ptr_array_set_size(brief->sites, 1);
	}
	if (strcmp(which, "trademark") == 0) {
		set(&brief->wording, "trademark");
	} else if (strcmp(which, "malware") == 0 || strcmp(which, "c2") == 0) {
		set(&brief->kind, which);
	} else if (strcmp(which, "c2-address") == 0) {
		set(&brief->kind, "c2");
		g_ptr_array_set_size(brief->sites, 0);
		g_ptr_array_add(brief->sites,
			hk_brief_site_new(1, "http://192.0.2.9:8443/gate", "192.0.2.9", NULL, 0));
	} else if (strcmp(which, "host") == 0) {
		for (int i = 0; i < 4; i++) {
			g_autofree char *url =
				g_strdup_printf("https://www.mihon-bank-login.example/jp/%d", i);
			g_ptr_array_add(brief->sites,
				hk_brief_site_new(1, url, "www.mihon-bank-login.example",
					"mihon-bank-login.example", 0));
		}
	} else if (strcmp(which, "again") == 0) {
		hk_brief_told *told = g_new0(hk_brief_told, 1);
		*told = (hk_brief_told){.channel = g_strdup("apwg"), .reference = g_strdup("4711")};
		g_ptr_array_add(brief->ledger, told);
	} else if (strcmp(which, "nobody") == 0) {
		set(&brief->who.contact, NULL);
	}
	return brief;
}

/* --- asks --- */

static const char *const auths[HK_AUTH_COUNT] = {
	"none", "bearer", "header", "basic", "sigv4", "query", "oauth", "jwt"};

/* All of a request on one line; a body that is JSON must be JSON. */
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
	if (ask->auth_prefix) {
		g_string_append_printf(out, ":%s", ask->auth_prefix);
	}
	for (unsigned i = 0; i < ask->headers->len; i++) {
		const char *line = ask->headers->pdata[i];
		json = json || strcmp(line, "Content-Type: application/json") == 0;
		if (!g_str_has_prefix(line, "Accept: ") &&
			!g_str_has_prefix(line, "Content-Type: application/json")) {
			g_string_append_printf(out, " [%s]", line);
		}
	}
	g_string_append_c(out, ' ');
	for (gsize i = 0; i < len; i++) {
		if (body[i] == '\n') {
			g_string_append(out, "\\n");
		} else {
			g_string_append_c(out, body[i]);
		}
	}
	g_autoptr(hk_json_doc) doc =
		json ? hk_json_load(hk_span_of(body, len), 1 << 20, NULL) : NULL;
	if (json && !doc) {
		g_string_append(out, " (no JSON)");
	}
	return g_string_free(out, FALSE);
}

static bool
ask(const hk_channel_conf *c, const char *which, const char *op, hk_channel_ask *ret,
	GError **error)
{
	const hk_channel_receipt receipt = {.remote_id = "id/1",
		.token = "00112233445566778899aabbccddeeff",
		.url = "https://www.mihon-bank-login.example/jp/login",
		.sent_ms = 1793664000000};
	g_autoptr(hk_brief) brief = brief_of(which);

	if (strcmp(op, "poll") == 0) {
		return c->channel->poll(c, &receipt, ret, error);
	}
	if (strcmp(op, "find") == 0) {
		return c->channel->find(c, &receipt, ret, error);
	}
	return c->channel->submit(c, brief, receipt.token, ret, error);
}

static void
each_row(const char *file, unsigned columns, void (*row)(char **))
{
	g_autofree char *path = g_strconcat("tests/vectors/", file, NULL);
	size_t len;
	g_autofree char *text = (char *)tap_file(path, &len);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		if (**line && **line != '#') {
			g_auto(GStrv) cells = g_strsplit(*line, "\t", -1);
			if (ok(g_strv_length(cells) == columns, "%s: %.60s", file, *line)) {
				row(cells);
			}
		}
	}
}

/* channel, brief, op, request | ! error. HK_VECTORS=1 prints the rows as they are now. */
static void
row_ask(char **cells)
{
	g_autoptr(hk_channel_conf) c = conf(cells[0]);
	g_auto(hk_channel_ask) made = {0};
	g_autoptr(GError) error = NULL;
	bool good = ask(c, cells[1], cells[2], &made, &error);
	g_autofree char *got = good ? line_of(&made) : g_strconcat("! ", error->message, NULL);

	if (g_getenv("HK_VECTORS")) {
		fprintf(stderr, "%s\t%s\t%s\t%s\n", cells[0], cells[1], cells[2], got);
	}
	is_str(got, cells[3], "%s %s %s", cells[0], cells[1], cells[2]);
	ok(good || hk_error_code(error) == HK_EFORM, "a refusal is about the form");
}

/* --- answers --- */

/* channel, op, status, type, body, how, their number, their state, our state. */
static void
row_answer(char **cells)
{
	g_autoptr(hk_channel_conf) c = conf(cells[0]);
	const hk_channel_receipt receipt = {.remote_id = "id/1",
		.url = "https://www.mihon-bank-login.example/jp/login",
		.sent_ms = 1793664000000};
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
	is_str(hk_told_how_name(told.how), cells[5], "%s %s %s %.80s", cells[0], cells[1], cells[2],
		cells[4]);
	is_str(told.remote_id ? told.remote_id : "", cells[6], "their number");
	is_str(told.remote_state ? told.remote_state : "", cells[7], "their state");
	is_str(told.state ? told.state : "", cells[8], "and ours");
	ok(told.why || told.how == HK_TOLD_TAKEN || told.how == HK_TOLD_STATE ||
			told.how == HK_TOLD_ABSENT,
		"what is not well says why");
	g_autoptr(hk_json_doc) facts =
		told.facts ? hk_json_load(hk_span_str(told.facts), 1 << 20, NULL) : NULL;
	ok(!told.facts || facts, "facts are JSON");
}

/* --- files --- */

static void
wrong(const char *name, const char *text, const char *want)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_channel_conf) c = conf_of(name, text, &error);

	ok(!c && strstr(error->message, want), "%s: %s", name, error ? error->message : "taken");
	is_int(hk_error_code(error), HK_ECONFIG, "as a matter of configuration");
}

static void
test_files(void)
{
	g_autoptr(GError) error = NULL;

	wrong("graph", "user = a\nsecret-file = secret\n", "'account' (the tenant) or 'token-url'");
	wrong("graph", "account = a\nsecret-file = secret\n", "user is needed");
	wrong("cleandns", "secret-file = secret\n", "url is needed");
	wrong("spamhaus", "url = \"https://a.test\"\nsecret-file = secret\ntest = true\n",
		"no test mode");
	wrong("jpcert", "url = \"https://a.test\"\n", "is a mailbox");
	wrong("msrc", "malware = a\n", "means nothing");
	g_autoptr(hk_channel_conf) graph = conf("graph");
	is_str(graph->token_url, "https://login.microsoftonline.com/tenant%201/oauth2/v2.0/token",
		"the token of a tenant");
	g_autoptr(hk_channel_conf) ote = conf_of("godaddy", "test = true\n", &error);
	is_str(ote ? ote->url : error->message, "https://api.ote-godaddy.com",
		"GoDaddy's test host");
	g_autoptr(hk_channel_conf) own =
		conf_of("godaddy", "test = true\nurl = \"https://here.test\"\n", &error);
	is_str(own ? own->url : error->message, "https://here.test", "unless the file says where");
	g_autoptr(hk_channel_conf) sandbox = conf_of("apwg", "test = true\n", &error);
	is_str(sandbox ? sandbox->url : error->message, "https://api.sandbox.ecrimex.net",
		"eCX's sandbox");
	g_autoptr(hk_channel_conf) msrc = conf_of("msrc", "test = true\n", &error);
	g_auto(hk_channel_ask) made = {0};
	ok(msrc && ask(msrc, "one", "submit", &made, &error) &&
			strstr(g_bytes_get_data(made.body, NULL), "\"testSubmission\":true"),
		"MSRC's test mode");
}

/* --- limits as code --- */

static void
test_godaddy(void)
{
	g_autoptr(hk_channel_conf) c = conf("godaddy");
	g_autoptr(hk_brief) brief = brief_of("one");
	g_auto(hk_channel_ask) made = {0};
	g_autoptr(GError) error = NULL;

	ok(hk_godaddy_replaces("abuse@godaddy.com") && hk_godaddy_replaces("Abuse@GoDaddy.COM"),
		"who uses the API writes no mail to GoDaddy");
	ok(!hk_godaddy_replaces("abuse@registrar.example") && !hk_godaddy_replaces("godaddy.com"),
		"to others, it does");
	for (int i = 0; i < HK_GODADDY_PER_DOMAIN; i++) {
		hk_channel_ask_clear(&made);
		ok(c->channel->submit(c, brief, "t", &made, &error), "ticket %d", i + 1);
		hk_brief_told *told = g_new0(hk_brief_told, 1);
		told->channel = g_strdup("godaddy");
		g_ptr_array_add(brief->ledger, told);
	}
	ok(!c->channel->submit(c, brief, "t", &made, &error) && hk_error_code(error) == HK_EFORM,
		"not a sixth: %s", error ? error->message : "");
}

static void
covers(const hk_cleandns *clients, const char *host, const char *registrar, bool want)
{
	ok(hk_cleandns_covers(clients, host, registrar) == want, "%s of %s: %s", host,
		registrar ? registrar : "nobody", want ? "covered" : "not covered");
}

static void
test_coverage(void)
{
	static const char text[] =
		"{\"clients\":[{\"name\":\"Invented Registry\",\"type\":\"registry\",\"tlds\":["
		"\"shop\",\".co.example\"]},{\"name\":\"Example Registrar, Inc.\",\"type\":"
		"\"registrar\"},{\"name\":7},null,\"x\"]}";
	g_autoptr(hk_channel_conf) c = conf("cleandns");
	hk_channel_answer answer = {.status = 200,
		.type = "application/json",
		.body = hk_span_str(text),
		.retry_after_ms = -1};
	g_auto(hk_told) told = {0};
	g_auto(hk_channel_ask) made = {0};

	hk_cleandns_ask(c, &made);
	is_str(made.url, "https://api.cleandns.test/v1/abuse/clients", "where their clients are");
	g_autoptr(hk_cleandns) clients = hk_cleandns_read(c, &answer, &told);
	if (!ok(clients != NULL, "clients: %s", told.why ? told.why : "")) {
		return;
	}
	covers(clients, "mihon.shop", NULL, true);
	covers(clients, "a.b.co.example", NULL, true);
	covers(clients, "mihon.example", NULL, false);
	covers(clients, "shop", NULL, false);
	covers(clients, "mihon.test", "EXAMPLE REGISTRAR INC", true);
	covers(clients, "mihon.test", "Example Registrar", true);
	covers(clients, "mihon.test", "Example Registrars", false);
	covers(clients, "mihon.test", "Inc.", false);
	covers(clients, "mihon.test", "Invented Registry", false);
	answer.body = HK_SPAN_LIT("{\"tlds\":[\"shop\"],\"registrars\":[{\"name\":\"A\"}]}");
	hk_told_clear(&told);
	g_autoptr(hk_cleandns) other = hk_cleandns_read(c, &answer, &told);
	ok(other && hk_cleandns_covers(other, "a.shop", NULL) &&
			hk_cleandns_covers(other, "x.test", "a"),
		"the other form");
	answer.body = HK_SPAN_LIT("{\"clients\":[]}");
	hk_told_clear(&told);
	ok(!hk_cleandns_read(c, &answer, &told) && told.how == HK_TOLD_AGAIN,
		"none: that cannot be");
}

int
main(void)
{
	folder = g_strdup_printf("%s/hikeshi-more-XXXXXX", g_get_tmp_dir());
	if (!g_mkdtemp(folder)) {
		return 1;
	}
	spew("secret", "key:secret\n", 0600);
	each_row("channels-more-asks.tsv", 4, row_ask);
	each_row("channels-more-answers.tsv", 9, row_answer);
	test_files();
	test_godaddy();
	test_coverage();
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
	ok(system(command) == 0, "cleaned up");
	g_free(folder);
	return tap_done();
}
