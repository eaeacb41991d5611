/* Rules of detection services, and what becomes of mails: sightings, or a person's look. */
#include <glib.h>
#include <string.h>

#include "source/mail/take.h"
#include "sys/gerr.h"
#include "sys/mask.h"
#include "tap.h"

static const char *const servers[] = {"mx.mihon-bank.example", NULL};
static const int64_t now_ms = 1795579200000; /* 2026-11-25T04:00:00Z */

static bool
official(void *user, hk_span host)
{
	g_autofree char *name = g_strndup((const char *)host.data, host.len);

	(void)user;
	return hk_mail_under(name, "mihon-bank.example") ||
	       hk_mail_under(name, "mihon-direct.example");
}

static hk_mail *
fixture(const char *name)
{
	g_autofree char *path = g_strdup_printf("tests/fixtures/mail/%s.eml", name);
	size_t len;
	uint8_t *bytes = tap_file(path, &len);
	hk_mail *mail = hk_mail_read(hk_span_of(bytes, len), NULL);

	free(bytes);
	return mail;
}

static GPtrArray *
take(const hk_mail_rules *rules, const hk_mail *mail, const hk_mail_rule **ret_rule)
{
	const hk_mail_taking config = {.rules = rules,
		.servers = servers,
		.trust = 0.5,
		.official = official,
		.now_ms = now_ms};

	return hk_mail_take(mail, &config, ret_rule);
}

/* "kind url target score title|..." */
static void
becomes(const hk_mail_rules *rules, const char *name, const char *want, const char *what)
{
	g_autoptr(hk_mail) mail = fixture(name);
	g_autoptr(GPtrArray) sightings = take(rules, mail, NULL);
	g_autoptr(GString) got = g_string_new(NULL);

	for (unsigned i = 0; i < sightings->len; i++) {
		const hk_mail_sighting *s = sightings->pdata[i];

		g_string_append_printf(got, "%s %s %s %.2f %s|", s->kind, s->url ? s->url : "-",
			s->target ? s->target : "-", s->score, s->title);
	}
	is_str(got->str, want, "%s", what);
}

static const char *
data_of(const GPtrArray *sightings, unsigned i)
{
	return ((hk_mail_sighting *)sightings->pdata[i])->data;
}

static void
test_services(const hk_mail_rules *rules)
{
	becomes(rules, "kagami-alert",
		"url https://mihon-bank.kagami-demo.test/login/ みほん銀行 0.90 鏡ウォッチ: "
		"【鏡ウォッチ】フィッシングサイト検知通知|"
		"url http://203.0.113.9/mihon/ みほん銀行 0.90 鏡ウォッチ: "
		"【鏡ウォッチ】フィッシングサイト検知通知|",
		"a Japanese alert");
	becomes(rules, "talon-alert",
		"url https://mihon-direct-login.talon-demo.test/a?b=1 Mihon Direct 0.80 "
		"TalonShield: [TalonShield] 2 new malicious URLs for Mihon Direct|"
		"url https://mihon-direct-login.talon-demo.test/c Mihon Direct 0.80 TalonShield: "
		"[TalonShield] 2 new malicious URLs for Mihon Direct|",
		"an English alert");

	g_autoptr(hk_mail) mail = fixture("kagami-alert");
	const hk_mail_rule *rule = NULL;
	g_autoptr(GPtrArray) sightings = take(rules, mail, &rule);
	const hk_mail_sighting *s = sightings->pdata[0];
	is_str(rule ? rule->name : NULL, "鏡ウォッチ", "its rule");
	is_int(s->seen_ms, 1795572420000, "the time that it says");
	is_str(s->host, "mihon-bank.kagami-demo.test", "the host");
	ok(strstr(s->data, "\"case_kind\":\"phishing\""), "the kind, translated");
	ok(strstr(s->data, "\"dkim\":{\"result\":\"pass\",\"domain\":\"kagami-watch.example\"}"),
		"authentication");
	ok(strstr(s->data, "\"others\":[\"http://203.0.113.9/mihon/\"]"), "the others");

	g_autoptr(hk_mail) forged = fixture("kagami-forged");
	g_autoptr(GPtrArray) untrusted = take(rules, forged, &rule);
	ok(!rule, "a forged alert has no rule");
	ok(strstr(data_of(untrusted, 0), "\"not_authenticated\":\"鏡ウォッチ\""),
		"and says which it pretends to be");
	const hk_mail_taking nobody = {.rules = rules, .trust = 0.5, .now_ms = now_ms};
	g_autoptr(GPtrArray) unknown = hk_mail_take(mail, &nobody, &rule);
	ok(!rule, "without a server of our own nothing is authenticated");
	ok(strstr(data_of(unknown, 0), "\"auth\":null"), "and that is told");
}

static void
test_lures(const hk_mail_rules *rules)
{
	becomes(rules, "lure-eucjp-html",
		"url https://mihon-direct.evil.test/auth?u=1&v=2 - 0.40 ワンタイムパスワード更新 "
		"(n***@lure-sender.test)|"
		"url https://collect.evil.test/post - 0.30 ワンタイムパスワード更新 "
		"(n***@lure-sender.test)|",
		"a lure");
	becomes(rules, "no-url", "mail - - 0.10 電話がかかってきました (s***@mail.example)|",
		"a mail without an address");
	becomes(rules, "lure-broken-mime",
		"url https://broken.evil.test/one - 0.30 壊れたメール (b***@lure-sender.test)|"
		"url https://broken.evil.test/two - 0.30 壊れたメール (b***@lure-sender.test)|"
		"url https://broken.evil.test/three - 0.30 壊れたメール (b***@lure-sender.test)|",
		"broken MIME");
	becomes(rules, "forwarded",
		"url https://mihon-card.evil.test/restore - 0.30 Fwd: 【みほん銀行】カード利用停止 "
		"(t***@mail.example)|",
		"a forwarded lure");

	/* What is followed is kept to the byte, what is written is freed of the sentence around it. */
	static const char exact[] =
		"From: a@lure-sender.test\nSubject: exact\nContent-Type: text/html; "
		"charset=utf-8\n\n"
		"<a href='https://exact.evil.test/a.'>x</a><a "
		"href='https://exact.evil.test/(b)。'>x</a>"
		"<a href='hxxps://exact[.]evil.test/c.'>x</a> see https://exact.evil.test/d.";
	g_autoptr(hk_mail) precise = hk_mail_read(hk_span_str(exact), NULL);
	g_autoptr(GPtrArray) leads = take(rules, precise, NULL);
	static const char *const want[] = {"https://exact.evil.test/a.",
		"https://exact.evil.test/(b)%E3%80%82", "https://exact.evil.test/c",
		"https://exact.evil.test/d"};

	is_int(leads->len, G_N_ELEMENTS(want), "three links and an address in the text");
	for (unsigned i = 0; i < leads->len && i < G_N_ELEMENTS(want); i++) {
		is_str(((hk_mail_sighting *)leads->pdata[i])->url, want[i], "address %u", i);
	}

	g_autoptr(hk_mail) mail = fixture("lure-eucjp-html");
	g_autoptr(GPtrArray) sightings = take(rules, mail, NULL);
	ok(strstr(data_of(sightings, 0), "\"mismatch\":true"),
		"a link that shows another host is marked");
	ok(strstr(data_of(sightings, 0),
		   "{\"url\":\"http://www.w3.org/logo.png\",\"why\":\"names of document types"),
		"boring ones are listed");
	ok(strstr(data_of(sightings, 0),
		   "{\"url\":\"https://www.mihon-bank.example/\",\"why\":\"an official domain\"}"),
		"official ones are listed");
	ok(strstr(data_of(sightings, 0), "track.evil.test/open.gif\",\"why\":\"loaded"),
		"pictures are listed");

	g_autoptr(hk_mail) fwd = fixture("forwarded");
	g_autoptr(GPtrArray) masked = take(rules, fwd, NULL);
	ok(!strstr(data_of(masked, 0), "taro.yamada@"),
		"no address of a person stands in the data");
	ok(strstr(data_of(masked, 0), "\"inner\":[{\"subject\":\"【みほん銀行】カード利用停止\""),
		"the inner mail does");

	g_autoptr(hk_mail) again = fixture("lure-eucjp-html");
	g_autoptr(GPtrArray) same = take(rules, again, NULL);
	is_mem(((hk_mail_sighting *)same->pdata[0])->key,
		((hk_mail_sighting *)sightings->pdata[0])->key, 32,
		"the same mail has the same keys");
	ok(memcmp(((hk_mail_sighting *)same->pdata[0])->key,
		   ((hk_mail_sighting *)same->pdata[1])->key, 32) != 0,
		"and each address its own");
}

static void
refused(const char *rule, const char *want)
{
	g_autofree char *dir = g_dir_make_tmp("hk-rule-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "r.conf", NULL);
	g_autoptr(GError) error = NULL;

	g_file_set_contents(path, rule, -1, NULL);
	g_autoptr(hk_mail_rules) rules = hk_mail_rules_load(path, &error);
	ok(!rules, "refused: %s", want);
	is_str(error ? g_strrstr(error->message, "r.conf") : NULL, want, "where and why");
	is_int(hk_error_code(error), HK_ECONFIG, "config");
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", dir);
	ok(system(command) == 0, "cleaned up");
}

static void
test_bad_rules(void)
{
	refused("from = { \"a.example\" }\nurl = { \"URL\" }\n",
		"r.conf:1: name is needed: the name of the service");
	refused("name = x\n\nfrom = { \"a@b.example\" }\nurl = { \"URL\" }\n",
		"r.conf:3: from holds domains, not addresses: alerts.service.example");
	refused("name = x\nfrom = { \"b.example\" }\nauth = maybe\nurl = { \"URL\" }\n",
		"r.conf:3: auth is any, dmarc, dkim, spf or none");
	refused("name = x\nfrom = { \"b.example\" }\n",
		"r.conf:1: url is needed, or section, or links = true: where the addresses stand");
	refused("name = x\nfrom = { \"b.example\" }\nzone = JST\nurl = { \"URL\" }\n",
		"r.conf:3: zone is written like +09:00");
	refused("name = x\nfrmo = { \"b.example\" }\n",
		"r.conf:2: unknown key 'frmo'; did you mean 'from'? (docs/mail.md lists all)");
}

static void
time_is(const char *text, int64_t want)
{
	int64_t got = 0;

	hk_mail_time(text, 9 * 60, &got);
	is_int(got, want, "time: %s", text);
}

static void
test_values(void)
{
	time_is("2026年11月25日 11時07分", 1795572420000);
	time_is("2026年１１月２５日　１１時０７分３０秒", 1795572450000);
	time_is("2026-11-25T02:07:00Z", 1795572420000);
	time_is("2026-11-25T02:07:00.123+00:00", 1795572420000);
	time_is("2026/11/25 11:07 JST", 1795572420000);
	time_is("2026/11/25 02:07 (UTC)", 1795572420000);
	time_is("2026-11-24 21:07:00 -0500", 1795572420000);
	time_is("2026/11/25", 1795532400000);
	time_is("25/11/2026", 0);
	time_is("2026-13-25", 0);
	time_is("soon", 0);

	ok(hk_mail_glob("*a*b*", "xxaxxbxx"), "glob");
	ok(hk_mail_glob("a", "a") && !hk_mail_glob("a", "ab") && hk_mail_glob("a*", "a"), "globs");
	ok(!hk_mail_glob("*a*b", "xxaxxbx"), "no glob");
	ok(hk_mail_under("a.b.example", "B.example") && !hk_mail_under("ab.example", "b.example"),
		"under");

	g_autofree char *masked =
		hk_mask_mail("from taro.yamada@mail.example to <あ太郎@x.test>, @home a@ b@c");
	is_str(masked, "from t***@mail.example to <あ***@x.test>, @home a@ b***@c", "masking");
}

static void
test_auth(const hk_mail_rules *rules)
{
	static const char body[] =
		"From: a@alerts.kagami-watch.example\nSubject: フィッシングサイト検知\n"
		"Content-Type: text/plain; charset=utf-8\n\n検知URL：https://x.evil.test/\n";
	static const struct {
		const char *headers;
		bool good;
		const char *what;
	} rows[] = {
		{"Authentication-Results: mx.mihon-bank.example; dkim=pass "
		 "header.d=kagami-watch.example\n",
			true, "by the domain above"},
		{"Authentication-Results: MX.mihon-bank.example; dkim=pass header.d=evil.test;"
		 " dkim=pass header.d=alerts.kagami-watch.example\n",
			true, "the second of two signatures"},
		{"Authentication-Results: mx.mihon-bank.example; dkim=pass header.d=evil.test\n",
			false, "of somebody else"},
		{"Authentication-Results: mx.mihon-bank.example; spf=pass "
		 "smtp.mailfrom=alerts.kagami-watch.example\n",
			false, "spf where dkim is needed"},
		{"Authentication-Results: mx.evil.test; dkim=pass header.d=kagami-watch.example\n",
			false, "by somebody else"},
		{"Authentication-Results: mx.mihon-bank.example; dkim=fail "
		 "header.d=kagami-watch.example\n"
		 "Received: from x by mx.mihon-bank.example; Wed, 25 Nov 2026 01:00:00 +0000\n"
		 "Authentication-Results: mx.mihon-bank.example; dkim=pass "
		 "header.d=kagami-watch.example\n",
			false, "forged below our own"},
		{"Authentication-Results: mx.mihon-bank.example; dkim=pass header.d=example\n",
			false, "of a top-level domain"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(rows[i].headers, body, NULL);
		g_autoptr(hk_mail) mail = hk_mail_read(hk_span_str(text), NULL);
		const hk_mail_rule *rule;
		g_autoptr(GPtrArray) sightings = take(rules, mail, &rule);

		is_int(rule != NULL, rows[i].good, "authenticated: %s", rows[i].what);
	}
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_mail_rules) rules = hk_mail_rules_load(HK_SOURCE_DIR "/conf/mail", &error);

	hk_mail_init();
	ok(rules, "the rules that are shipped: %s", error ? error->message : "");
	is_int(hk_mail_rules_count(rules), 2, "two of them");
	test_services(rules);
	test_lures(rules);
	test_bad_rules();
	test_values();
	test_auth(rules);
	return tap_done();
}
