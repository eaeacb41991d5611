#include "briefs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "parse/url.h"
#include "rng.h"
#include "sys/hash.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static uint64_t
below(rg_rng *rng, uint64_t n)
{
	return rg_rng_next(rng) % n;
}

static bool
one_in(rg_rng *rng, uint64_t n)
{
	return below(rng, n) == 0;
}

/* Pieces of texts: words, and what breaks formats. */
static const char *const pieces[] = {"みほん銀行", "ログイン", "secure", "Bank of Example, Ltd.",
	" ", "\r\n", "\n", "\r", "\t", "\x01", "\x1b[31m", "\x7f", "\xc2\x85", "\xe2\x80\xae",
	"\xe2\x80\x8b", "\xef\xbb\xbf", "\xff", "\xc3", "\xed\xa0\x80", "\xf0\x9f\x94\xa5", "\"",
	"\\", "'", "<b>", "&amp;", "{{url}}", "{{{", "Bcc: all@x.example", "--", "---", ".",
	"=?UTF-8?B?", "?=", "https://evil.example/x", "%0d%0a", "\xe2\x80\xa8", "é", "中文",
	"ｗｉｄｅ", "a", "0", ":", "| - #", "\xcc\x81\xcc\x81\xcc\x81", ";", ",", "<x@y.example>"};

static char *
text(rg_rng *rng, unsigned most)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (one_in(rng, 6)) {
		return NULL;
	}
	for (uint64_t n = below(rng, one_in(rng, 40) ? 20 * most : most); n > 0; n--) {
		g_string_append(out, pieces[below(rng, COUNT(pieces))]);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
texts(rg_rng *rng, GPtrArray *list, unsigned most)
{
	for (uint64_t n = below(rng, most); n > 0; n--) {
		char *one = text(rng, 6);

		if (one) {
			g_ptr_array_add(list, one);
		}
	}
}

static const char *const hosts[] = {"www.mihon-bank-login.example", "a.test",
	"xn--eckwd4c7c.example", "my_host.a-b.test", "mihon--bank.test", "192.0.2.7",
	"[2001:db8::7]", "x.xn--zckzah", "a1-b2.c3.test", "0.0.example", "mihon-bank.is",
	"very-long-label-0123456789012345678901234567890123456789.example"};
static const char *const paths[] = {"", "/", "/jp/login", "/a|b", "/[x]", "/{y}^`", "/%zz%2",
	"/\xe3\x81\xbf", "/a b", "/;p=1", "/..;/x", "/'\"<>", "/$&+,:=@", "/%E3%81%BF", "//x",
	"/\\y", "/~u", "/*"};
static const char *const queries[] = {"", "?", "?a=1&b=2", "?q={|}", "?[a]=b", "?%",
	"?u=https://x.example/?y", "?\xe3\x81\xbf=1", "?a=\"b\"", "?'^`", "?a b", "?#frag",
	"#frag"};
static const char *const ports[] = {"", "", "", ":8443", ":80", ":443", ":65535", ":1"};

static char *
raw_url(rg_rng *rng)
{
	return g_strconcat(one_in(rng, 3) ? "http://" : "https://", hosts[below(rng, COUNT(hosts))],
		ports[below(rng, COUNT(ports))], paths[below(rng, COUNT(paths))],
		paths[below(rng, COUNT(paths))], queries[below(rng, COUNT(queries))], NULL);
}

static void
site(rg_rng *rng, hk_brief *brief)
{
	g_autofree char *raw = raw_url(rng);
	g_autofree hk_url *url = g_new(hk_url, 1);

	if (hk_url_parse(hk_span_str(raw), NULL, NULL, url) != HK_OK) {
		return;
	}
	const char *dot = strchr(url->host, '.');
	g_ptr_array_add(brief->sites,
		hk_brief_site_new((int64_t)below(rng, 10000), url->text, url->host,
			dot && !url->is_ip ? dot + 1 : NULL, one_in(rng, 3) ? 0 : 1793664000000));
}

/* URLs that a page names: not canonical, perhaps none. */
static char *
page_url(rg_rng *rng)
{
	static const char *const odd[] = {"javascript:void(0)", "data:text/html,x", "", "/relative",
		"//x.example/y", "http://", "https://user:pw@a.test/", "ftp://a.test/",
		"HTTPS://A.TEST/%2e%2e/", "http://日本.example/", "http://a.test:99999/",
		"mailto:x@y.example", "https://a.test/\r\nBcc: x"};

	return one_in(rng, 3) ? g_strdup(odd[below(rng, COUNT(odd))]) : raw_url(rng);
}

static int64_t
moment(rg_rng *rng)
{
	static const int64_t odd[] = {
		0, 0, -5, 1, INT64_MAX, INT64_C(253402300800000), INT64_C(253402300799999)};

	return one_in(rng, 4) ? odd[below(rng, COUNT(odd))]
			      : INT64_C(1600000000000) + (int64_t)below(rng, INT64_C(400000000000));
}

static void
place(rg_rng *rng, hk_brief *brief)
{
	static const char *const addresses[] = {"192.0.2.1", "2001:db8::1", "2001:DB8:0:0::2",
		"::ffff:192.0.2.1", "999.1.1.1", "x", "192.0.2.1 ", "fe80::1%eth0", "0.0.0.0"};
	static const char *const created[] = {"2026-11-01T03:12:09Z", "2019/05/17", "yesterday",
		"16-Feb-2005 06:32:17 UTC", "9999-99-99"};
	static const char *const countries[] = {"NL", "jp", "JPN", "", "J", "US", "\xff\xff"};

	brief->registrar = text(rng, 5);
	brief->as_name = text(rng, 4);
	brief->issuer = text(rng, 4);
	brief->country = one_in(rng, 4) ? NULL : g_strdup(countries[below(rng, COUNT(countries))]);
	brief->asn = one_in(rng, 4) ? (int64_t)rg_rng_next(rng) : (int64_t)below(rng, 70000);
	for (uint64_t n = below(rng, 5); n > 0; n--) {
		g_ptr_array_add(
			brief->addresses, g_strdup(addresses[below(rng, COUNT(addresses))]));
	}
	texts(rng, brief->nameservers, 4);
	texts(rng, brief->reg_status, 3);
	brief->reg_created =
		one_in(rng, 3) ? text(rng, 3) : g_strdup(created[below(rng, COUNT(created))]);
	brief->certificate = text(rng, 3);
}

static void
file(rg_rng *rng, hk_brief *brief)
{
	hk_brief_file *f = g_new0(hk_brief_file, 1);
	size_t len = below(rng, one_in(rng, 50) ? 200000 : 600);
	uint8_t *data = g_malloc(len + 1);

	for (size_t i = 0; i < len; i++) {
		data[i] = (uint8_t)rg_rng_next(rng);
	}
	f->name = one_in(rng, 2) ? g_strdup("iphone-viewport.png") : text(rng, 5);
	f->type = one_in(rng, 9) ? NULL : g_strdup("image/png");
	f->profile = one_in(rng, 2) ? g_strdup("iphone") : text(rng, 3);
	hk_sha256(hk_span_of(data, len), f->sha256);
	f->bytes = one_in(rng, 5) ? NULL : g_bytes_new(data, len);
	f->at_ms = moment(rng);
	g_free(data);
	g_ptr_array_add(brief->files, f);
}

static void
look(rg_rng *rng, hk_brief *brief)
{
	static const char *const fields[] = {
		"LOGINPW", "password", "CARDNO", "otp", "PIN1_4", "what?", ""};
	static const char *const dims[] = {
		"device", "referrer", "exit", "visit", "interaction", "moon"};

	brief->title = text(rng, 12);
	brief->landing = one_in(rng, 3) ? NULL : page_url(rng);
	brief->submit_url = one_in(rng, 3) ? NULL : page_url(rng);
	for (uint64_t n = below(rng, 4); n > 0; n--) {
		g_ptr_array_add(brief->redirects, page_url(rng));
	}
	for (uint64_t n = below(rng, 6); n > 0; n--) {
		char *odd = one_in(rng, 5) ? text(rng, 3) : NULL;

		g_ptr_array_add(
			brief->fields, odd ? odd : g_strdup(fields[below(rng, COUNT(fields))]));
	}
	for (uint64_t n = below(rng, 4); n > 0; n--) {
		g_ptr_array_add(brief->dimensions, g_strdup(dims[below(rng, COUNT(dims))]));
	}
	brief->cloaked = one_in(rng, 2);
	brief->agent = text(rng, 6);
	for (uint64_t n = below(rng, one_in(rng, 100) ? 70 : 4); n > 0; n--) {
		file(rng, brief);
	}
	brief->manifest = text(rng, 2);
	brief->stamped_ms = moment(rng);
	if (one_in(rng, 3)) {
		g_autofree char *lure = text(rng, 40);

		brief->lure = lure ? g_bytes_new(lure, strlen(lure)) : NULL;
	}
}

static void
told(rg_rng *rng, hk_brief *brief)
{
	hk_brief_told *t = g_new0(hk_brief_told, 1);

	*t = (hk_brief_told){.report_id = (int64_t)below(rng, 999),
		.sent_ms = moment(rng),
		.answered_ms = moment(rng),
		.channel = text(rng, 2),
		.name = text(rng, 4),
		.recipient = text(rng, 3),
		.state = text(rng, 2),
		.reference = text(rng, 4)};
	g_ptr_array_add(brief->ledger, t);
}

hk_brief *
hk_test_brief(uint64_t seed, uint64_t number)
{
	static const char *const wordings[] = {"phishing", "phishing", "trademark", "other"};
	static const char *const orgs[] = {
		"Mihon Bank CSIRT", "みほん銀行 CSIRT", "M\"B\\ <CSIRT>\r\n"};
	static const char *const officials[] = {"mihon-bank.example", "みほん銀行.example",
		"not a name", "direct.mihon-bank.example"};
	rg_rng stream = rg_rng_of(seed, "brief", number), *rng = &stream;
	hk_brief *brief = hk_brief_new();

	brief->case_id = (int64_t)below(rng, 1000000);
	do {
		site(rng, brief);
	} while (brief->sites->len == 0);
	for (uint64_t n = one_in(rng, 4) ? below(rng, one_in(rng, 50) ? 1000 : 12) : 0; n > 0;
		n--) {
		site(rng, brief);
	}
	brief->kind = one_in(rng, 3) ? text(rng, 3) : g_strdup("phishing");
	brief->wording =
		one_in(rng, 9) ? text(rng, 2) : g_strdup(wordings[below(rng, COUNT(wordings))]);
	brief->target = text(rng, 3);
	brief->target_en = text(rng, 4);
	brief->target_key = one_in(rng, 3) ? text(rng, 3) : g_strdup("mihon");
	brief->own = one_in(rng, 2);
	for (uint64_t n = below(rng, 3); n > 0; n--) {
		g_ptr_array_add(brief->official, g_strdup(officials[below(rng, COUNT(officials))]));
	}
	brief->score = one_in(rng, 20) ? (one_in(rng, 2) ? 0.0 / 0.0 : -3.5)
				       : (double)below(rng, 1200) / 1000;
	texts(rng, brief->reasons, 8);
	brief->first_seen_ms = moment(rng);
	brief->detected_ms = moment(rng);
	brief->confirmed_ms = moment(rng);
	brief->evidence_ms = moment(rng);
	place(rng, brief);
	look(rng, brief);
	brief->who = (hk_brief_reporter){.org = g_strdup(orgs[below(rng, COUNT(orgs))]),
		.domain = g_strdup("mihon-bank.example"),
		.contact = g_strdup(
			one_in(rng, 5) ? "csirt@みほん.example" : "csirt@mihon-bank.example"),
		.tel = text(rng, 2),
		.person = text(rng, 3),
		.country = g_strdup("JP")};
	for (uint64_t n = below(rng, 5); n > 0; n--) {
		told(rng, brief);
	}
	return brief;
}

const char *
hk_test_token(uint64_t seed, uint64_t number, char *ret)
{
	rg_rng rng = rg_rng_of(seed, "token", number);
	uint64_t high = rg_rng_next(&rng), low = rg_rng_next(&rng);

	snprintf(ret, 33, "%016" PRIx64 "%016" PRIx64, high, low);
	return ret;
}
