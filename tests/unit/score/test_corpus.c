#include "score/corpus.h"

#include <stdlib.h>
#include <string.h>

#include "score/corpus_host.h"
#include "sys/gerr.h"
#include "tap.h"

/* The quirks of JPCERT/CC's list (data/SOURCES.md), on invented names. */
static const struct {
	const char *value, *host; /* NULL: no host to learn from */
} hosts[] = {
	{"https://www.Mihon-Bank.example/login?x=1", "www.mihon-bank.example"},
	{"http://mihon.example:8080/", "mihon.example"},
	{"htps://mihon.example/", "mihon.example"},
	{"hhttps://mihon.example", "mihon.example"},
	{"https:///mihon.example/a", "mihon.example"},
	{"hxxps://mihon[.]example/a", "mihon.example"},
	{"\xE3\x80\x80https://mihon.example/\xE3\x80\x80", "mihon.example"},
	{"https://mi\xC2\xADhon.exa\xEF\xBB\xBFmple", "mihon.example"},
	{"http://mihon.co.jp@evil.example/", "evil.example"},
	{"http://user:pass@evil.example:81/x@y", "evil.example"},
	{"https:\\\\mihon.example\\a", "mihon.example"},
	{"  mihon.example  ", "mihon.example"},
	{"mihon.example.", "mihon.example"},
	{"https://under_score.example/", "under_score.example"},
	{"https://b\xC3\xBC"
	 "cher.example/",
		"xn--bcher-kva.example"},
	{"https://mihon.example/a b c", "mihon.example"},
	{"http://192.0.2.7/x", NULL},
	{"https://*.mihon.example/", NULL},
	{"https://xxxx.mihon.example/", NULL},
	{"https://{textnumrandom,5}.mihon.example/", NULL},
	{"https://mihon/", NULL},
	{"https://mihon..example/", NULL},
	{"http://\xFF.example/", NULL},
	{"https://a b.example/", NULL},
	{"http://[2001:db8::1]/", NULL},
	{"", NULL},
	{"://", NULL},
};

static void
check_hosts(void)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		char host[HK_NAME_MAX + 1] = {0};
		size_t len = hk_corpus_host(hk_span_str(hosts[i].value), host);

		host[len] = '\0';
		is_str(len ? host : NULL, hosts[i].host, "host of '%s'", hosts[i].value);
	}
}

static hk_suffix_table table;

static hk_corpus *
parse(const char *text, hk_corpus_kind kind, hk_err want)
{
	g_autoptr(GError) error = NULL;
	hk_corpus *c = hk_corpus_new(&table, 0);
	bool good = hk_corpus_parse(c, hk_span_str(text), "list", kind, &error);

	is_int(good ? HK_OK : hk_error_code(error), want, "%.30s...: %s", text,
		error ? error->message : "read");
	return c;
}

static void
is_host(const hk_corpus *c, size_t row, const char *want)
{
	size_t n;
	const hk_corpus_row *rows = hk_corpus_rows(c, &n);
	hk_name name = {0};

	if (ok(row < n, "there is a row %zu", row)) {
		name = hk_corpus_name(c, &rows[row]);
		ok(name.len == strlen(want) && memcmp(name.text, want, name.len) == 0,
			"row %zu is %s", row, want);
	}
}

static void
check_jpcert(void)
{
	hk_corpus *c =
		parse("date,URL,description\n"
		      "2024/01/31 10:00:00,https://a.mihon.example/x,\xE3\x80\x80Mihon\n"
		      "2024/01/31 11:00:00,https://a.mihon.example/y,Mihon\n"
		      " ,https://b.mihon.example/,Other\n"
		      "2024/02/01 00:00:00,\"https://c.mihon.example/?q=\"\"1\"\",2\",\"Mihon\"\n"
		      "2024/02/02 00:00:00,https://a.mihon.example/z,Mihon\r\n"
		      "2024/02/03 00:00:00,https://*.mihon.example/,Mihon\n",
			HK_CORPUS_PHISH, HK_OK);
	size_t n;
	const hk_corpus_row *rows = hk_corpus_rows(c, &n);

	is_int(n, 4, "one row per host and month");
	is_host(c, 0, "a.mihon.example");
	is_host(c, 1, "b.mihon.example");
	is_host(c, 2, "c.mihon.example");
	is_host(c, 3, "a.mihon.example");
	is_int(rows[0].day, 19753, "2024-01-31 is that many days after the epoch");
	is_int(rows[2].day, 19754, "and 2024-02-01 one more");
	is_int(hk_corpus_yyyymm(rows[0].month), 202401, "month");
	is_int(rows[1].month, rows[0].month, "a blank date is that of the row before");
	ok(!rows[0].seen && rows[3].seen, "the second month knows the host");
	is_str(hk_corpus_brand(c, rows[0].brand), "Mihon", "brand without the ideographic space");
	is_int(rows[2].brand, rows[0].brand, "the same brand has the same number");
	is_int(hk_corpus_skipped(c), 1, "the masked row is passed over");
	hk_corpus_free(c);
}

static void
check_others(void)
{
	hk_corpus *c =
		parse("2021-08-09 00:00:58,reporter_1,ip,192.0.2.1,#phishing,\n"
		      "2021-08-09 00:00:58,reporter_1,url,https://www.mihon.example/,#phishing,\n"
		      "2021-08-10 00:00:58,reporter_1,domain,mihon2.example,#phishing,\n",
			HK_CORPUS_FEED, HK_OK);
	size_t n;
	const hk_corpus_row *rows = hk_corpus_rows(c, &n);

	is_int(n, 2, "a feed in TweetFeed's form");
	is_host(c, 0, "www.mihon.example");
	is_int(hk_corpus_yyyymm(rows[1].month), 202108, "has dates");
	hk_corpus_free(c);

	c = parse("host\tregistrable\tsources\na.mihon.example\tmihon.example\tlist:1\nb.mihon."
		  "example\tx\ty\n",
		HK_CORPUS_BENIGN, HK_OK);
	rows = hk_corpus_rows(c, &n);
	is_int(n, 2, "hosts in a table");
	is_int(rows[0].owner, rows[1].owner, "of one owner");
	is_int(rows[0].held_out, rows[1].held_out, "are held out together");
	hk_corpus_free(c);

	c = parse("# a comment\nmihon.example\n\nhttp://mihon2.example/x\nmihon.example\n",
		HK_CORPUS_BENIGN, HK_OK);
	hk_corpus_rows(c, &n);
	is_int(n, 2, "one address per line, each once");
	hk_corpus_free(c);

	hk_corpus_free(parse("mihon.example\nmihon2.example\n", HK_CORPUS_PHISH, HK_EFORM));
	hk_corpus_free(parse("<html><body>nothing</body></html>\n", HK_CORPUS_BENIGN, HK_EFORM));
	hk_corpus_free(parse("", HK_CORPUS_BENIGN, HK_EFORM));
	hk_corpus_free(parse("date,URL\n\"", HK_CORPUS_PHISH, HK_EFORM));
}

static void
check_months(void)
{
	is_int(hk_corpus_month_parse("1970-01"), 0, "the first month");
	is_int(hk_corpus_month_parse("2024-06"), 653, "a later one");
	is_int(hk_corpus_yyyymm(653), 202406, "and back");
	is_int(hk_corpus_month_parse("2024-13"), -1, "no such month");
	is_int(hk_corpus_month_parse("2024/06"), -1, "another notation");
	is_int(hk_corpus_month_parse("1969-12"), -1, "too early");
}

int
main(void)
{
	static uint64_t mem[1024];

	is_int(hk_suffix_table_build(HK_SPAN_LIT("example\nco.jp\n"), mem, sizeof(mem), &table),
		HK_OK, "suffixes");
	check_hosts();
	check_jpcert();
	check_others();
	check_months();
	return tap_done();
}
