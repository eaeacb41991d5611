/* source/feed/config, source/feed/when: files of feeds, right and wrong; every key stands in docs/feeds.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "source/feed/read.h"
#include "source/feed/when.h"
#include "sys/gerr.h"

#include "feed_conf.h"
#include "tap.h"

#define CSV "format = csv\nurl = \"https://feeds.mihon-bank.example/a.csv\"\nfield-url = url\n"

/* The text after the path. */
static void
wrong(const char *text, const char *want)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_feed_config) config = feed_conf(text, &error);

	ok(!config, "refused: %s", want);
	is_int(hk_error_code(error), HK_ECONFIG, "as a matter of configuration");
	const char *name = error ? strstr(error->message, "feed.conf") : NULL;
	is_str(name ? name + 9 : "", want, "and why");
}

static void
errors(void)
{
	wrong("", ":1: 'format' is missing: csv, jsonl, text, misp, stix or taxii");
	wrong("format = xml\n", ":1: 'format' is csv, jsonl, text, misp, stix or taxii, not 'xml'");
	wrong("format = text\n", ":1: 'url' is missing (or 'file')");
	wrong("format = text\nurl = \"https://a.example/\"\nfile = b\n",
		":3: either 'url' or 'file', not both");
	wrong("format = text\nurl = \"http://a.example/\"\n",
		":2: 'url' is refused: http://a.example/: plain http is for loopback addresses "
		"only; "
		"write https://");
	wrong("format = text\nurl = \"ftp://a.example/\"\n",
		":2: 'url' is refused: ftp://a.example/: not an https:// URL");
	wrong("format = text\nurl = \"https://u:p@a.example/\"\n",
		":2: 'url' is refused: https://u:p@a.example/: a user name does not belong in the "
		"URL");
	wrong(CSV "colour = red\n", ":4: unknown key 'colour' (docs/feeds.md lists all)");
	wrong(CSV "field-uri = red\n",
		":4: unknown key 'field-uri'; did you mean 'field-url'? (docs/feeds.md lists all)");
	wrong(CSV "trust = 2\n", ":4: 'trust' must be at most 1, not '2'");
	wrong(CSV "poll = 1s\n", ":4: 'poll' must be at least 10s, not '1s'");
	wrong(CSV "name = \"Mihon Bank\"\n",
		":4: 'Mihon Bank' is no name for a feed: a-z, 0-9 and -, at most 40 characters");
	wrong(CSV "kind = bad\n",
		":4: 'kind' is one of phishing, phishing_other, trademark, scam, investment_scam, "
		"malware, c2, not 'bad'");
	wrong(CSV "header = no\n",
		":3: 'field-url' is a number from 1 to 999 when there is no header, not 'url'");
	wrong(CSV "delimiter = \"::\"\n", ":4: 'delimiter' is one character, or tab");
	wrong(CSV "to-ids = no\n", ":4: 'to-ids' means nothing for format csv");
	wrong(CSV "collections = { a }\n", ":4: 'collections' means nothing for format csv");
	wrong("format = jsonl\nfile = a\n",
		":1: 'field-url' or 'field-host' is missing: where a row holds what it reports");
	wrong("format = taxii\nfile = a\n", ":2: 'file' means nothing for format taxii");
	wrong("format = text\nfile = a\nlogin-file = b\n",
		":3: 'login-file' means nothing for a file");
	wrong(CSV "targets = { \"mihon-bank\" }\n",
		":4: 'targets' holds \"their word = our target key\", not 'mihon-bank'");
	wrong(CSV "targets = { \"Mihon = a\", \"MIHON=b\" }\n", ":4: 'targets' says 'MIHON' twice");
	wrong(CSV "types = { url, mail }\n", ":4: 'types' holds url, domain and ip, not 'mail'");
	wrong(CSV "types = { url, ip }\ntypes = { ip }\n",
		":5: 'types' is set twice, first in line 4");
	wrong(CSV "since = yesterday\n", ":4: 'since' is a day like 2026-07-31, not 'yesterday'");
	wrong(CSV "confidence = 101\n", ":4: 'confidence' must be at most 100, not '101'");
	wrong("format = stix\nfile = a\nobjects = some\n",
		":3: 'objects' is observed, all or none, not 'some'");
}

static void
right(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_feed_config) config = feed_conf(CSV
		"name = partner-1\ntrust = 0.8\npoll = 1h\nkind = phishing\ndelimiter = tab\n"
		"targets = { \"Ｍｉｈｏｎ Bank = mihon-bank\", \"a=b = c\" }\ntarget = other\n"
		"types = { url, ip }\ntags = { PHISHING }\nnot-tags = { test }\nconfidence = 50\n"
		"since = 2026-01-01\nmax-age = 30d\nlogin-file = keys/a\nenabled = false\n",
		&error);

	if (!ok(config != NULL, "a full file: %s", error ? error->message : "")) {
		return;
	}
	is_str(config->name, "partner-1", "name");
	is_str(config->source, "feed:partner-1", "its key among the sources");
	ok(!config->enabled, "enabled");
	is_int(config->trust * 100, 80, "trust");
	is_int(config->poll_ms, 3600000, "poll");
	is_int(config->delimiter, '\t', "delimiter");
	is_str(g_hash_table_lookup(config->targets, "mihon bank"), "mihon-bank",
		"a word in full width and capitals");
	is_str(g_hash_table_lookup(config->targets, "a=b"), "c", "a word with = in it");
	is_str(config->target, "other", "target");
	is_int(config->types, HK_FEED_URL | HK_FEED_IP, "types");
	ok(g_hash_table_contains(config->tags, "phishing"), "tags");
	is_int(config->confidence, 50, "confidence");
	is_int(config->since_ms, INT64_C(1767225600000), "since");
	is_int(config->max_age_ms, INT64_C(2592000000), "max-age");
	ok(g_path_is_absolute(config->login_file) &&
			g_str_has_suffix(config->login_file, "/keys/a"),
		"a path counts from the folder of the file");
	config = (hk_feed_config_free(config), feed_conf("format = text\nfile = /a\n", NULL));
	is_str(config->name, "feed", "the name of the file");
	is_str(config->comment, "#", "text has comments");
	is_int(config->confidence, -1, "no filter");
	ok(config->enabled && config->to_ids && config->poll_ms == 900000, "defaults");
}

static void
login(const char *text, int mode, const char *want, hk_err code)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("hikeshi-feed.XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "login", NULL);

	g_file_set_contents(path, text, -1, NULL);
	chmod(path, (mode_t)mode);
	g_autofree char *header = hk_feed_login(path, &error);
	is_str(header, want, "credentials");
	is_int(hk_error_code(error), code, "code");
	ok(!error || !strstr(error->message, "s3cret"), "an error does not tell them");
	unlink(path);
	rmdir(folder);
}

static void
logins(void)
{
	login("bearer s3cret\n", 0600, "Authorization: Bearer s3cret", HK_OK);
	login("basic hikeshi:s3cret\n", 0400, "Authorization: Basic aGlrZXNoaTpzM2NyZXQ=", HK_OK);
	login("header X-Key: s3cret\n", 0600, "X-Key: s3cret", HK_OK);
	login("bearer s3cret\n", 0640, NULL, HK_ECONFIG);
	login("s3cret\n", 0600, NULL, HK_ECONFIG);
	login("basic s3cret\n", 0600, NULL, HK_ECONFIG);
	login("header X: s3cret\nY: b\n", 0600, NULL, HK_ECONFIG);
	login("", 0600, NULL, HK_ECONFIG);
}

static void
documented(void)
{
	size_t len;
	char *text = (char *)tap_file("docs/feeds.md", &len);

	for (size_t i = 0; hk_feed_key_name(i); i++) {
		g_autofree char *cell = g_strdup_printf("| `%s` |", hk_feed_key_name(i));
		ok(strstr(text, cell), "docs/feeds.md has %s", hk_feed_key_name(i));
	}
	for (int i = 0; i < HK_FEED_ODDS; i++) {
		g_autofree char *row = g_strdup_printf("| `%s` | %s |",
			hk_feed_odd_name((hk_feed_odd)i), hk_feed_odd_meaning((hk_feed_odd)i));
		ok(strstr(text, row), "docs/feeds.md has %s", hk_feed_odd_name((hk_feed_odd)i));
	}
	free(text);
}

static void
when(const char *text, int64_t want)
{
	int64_t ms = -1;
	bool good = hk_feed_when(hk_span_str(text), &ms);

	is_int(good ? ms : -1, want, "time: %s", text);
}

static void
times(void)
{
	when("2026-07-31T20:24:50.123Z", INT64_C(1785529490123));
	when("2026-07-31T20:24:50.123456789z", INT64_C(1785529490123));
	when("2026-08-01T05:24:50+09:00", INT64_C(1785529490000));
	when("2026-07-31T15:24:50-05:00", INT64_C(1785529490000));
	when("2026-07-31 20:24:50", INT64_C(1785529490000));
	when("2026/07/31 20:24:50", INT64_C(1785529490000));
	when("2026/07/31 20:24", INT64_C(1785529440000));
	when("2026-07-31", INT64_C(1785456000000));
	when("2024-02-29", INT64_C(1709164800000));
	when("1785529490", INT64_C(1785529490000));
	when("1785529490123", INT64_C(1785529490123));
	when("2026-12-31T23:59:60Z", INT64_C(1798761600000));
	static const char *const bad[] = {"", "0", "-1", "2026", "2026-02-29", "2026-13-01",
		"2026-07-31T", "2026-07-31T20", "2026-07-31T20:24:50.", "2026-07-31T24:00:00Z",
		"2026-07-31T20:24:50Zx", "1969-12-31", "2026-07/31", "31.07.2026", "17855294901234",
		"1970-01-01T00:00:00+09:00"};
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		when(bad[i], -1);
	}
}

int
main(void)
{
	errors();
	right();
	logins();
	times();
	documented();
	return tap_done();
}
