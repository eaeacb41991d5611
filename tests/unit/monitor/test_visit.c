/* monitor/visit, print, places: what an answer means, beside what the site showed before. */
#include <string.h>

#include "match/minhash.h"
#include "monitor/visit.h"
#include "sys/gerr.h"

#include "tap.h"

static const char *const hosts[] = {"www.mihon-login.test", "mihon-login.test", NULL};
static hk_prints kit, none;
static hk_places *places;

static void
sketch(hk_minhash *ret, const char *seed, unsigned tags)
{
	hk_minhash_init(ret);
	for (unsigned i = 0; i < tags; i++) {
		g_autofree char *tag = g_strdup_printf("html>body>%s%u", seed, i);
		hk_minhash_add(ret, hk_span_str(tag));
	}
}

static hk_visit_answer
page(int status, const char *title, const char *form, const char *make, const char *text)
{
	hk_visit_answer a = {.met = HK_MET_ANSWER,
		.status = status,
		.host = hosts[0],
		.kind = "content",
		.text = text,
		.text_chars = (unsigned)strlen(text),
		.asks = *form != '\0'};
	hk_minhash paths;

	sketch(&paths, make, 20);
	hk_print_set(&a.page, title, form, a.host, &paths);
	a.page.raw = true;
	return a;
}

static void
see(const hk_visit_site *site, const hk_visit_answer *a, hk_visit_class want, const char *what)
{
	bool learn;
	hk_visit_class is = hk_visit_judge(site, a, &learn);

	ok(is == want, "%s: %s", what, hk_visit_get(is)->code);
}

static void
pages(void)
{
	const hk_visit_site site = {.baseline = &kit, .hosts = hosts, .places = places};
	hk_visit_site dark = site, renewed = site, fresh = site;
	hk_visit_answer a = page(200, "みほんダイレクト", "CUSTNO", "kit", "みほんダイレクト");

	dark.dark = true;
	renewed.dark = renewed.renewed = true;
	fresh.baseline = &none;
	see(&site, &a, HK_VISIT_LIVE, "the page as it was");
	see(&renewed, &a, HK_VISIT_LIVE, "also where the name was registered anew");
	a.status = 404;
	see(&dark, &a, HK_VISIT_LIVE, "also with status 404: kits lie");
	a = page(200, "みほんダイレクト", "CUSTNO", "kit", "");
	a.final_host = "www.mihon-bank.example";
	see(&site, &a, HK_VISIT_REMOVED,
		"the same page of the real bank, to which we were sent on");
	a = page(200, "ご本人確認", "NAME ZIP TEL PIN1_4", "other", "");
	see(&site, &a, HK_VISIT_LIVE, "another page that asks");
	see(&dark, &a, HK_VISIT_LIVE, "also when it was dark");
	see(&renewed, &a, HK_VISIT_REMOVED, "but not of a new owner of the name");
	a = page(200, "有限会社さくら塗装", "", "firm", "外壁の塗り替え");
	see(&site, &a, HK_VISIT_REMOVED, "a page that asks nothing");
	see(&fresh, &a, HK_VISIT_LIVE, "of a site of which nothing is known");
	a = page(404, "404 Not Found", "", "x", "404 not found");
	see(&site, &a, HK_VISIT_GONE, "not found");
	see(&fresh, &a, HK_VISIT_GONE, "also where nothing is known");
	a = page(403, "403 Forbidden", "", "x", "forbidden");
	see(&site, &a, HK_VISIT_DENIED, "forbidden");
	a = page(429, "Too Many", "", "x", "");
	see(&site, &a, HK_VISIT_BUSY, "too many requests");
	a = page(503, "Unavailable", "", "x", "");
	see(&site, &a, HK_VISIT_FAILING, "a server error");
}

static void
said(void)
{
	const hk_visit_site site = {.baseline = &kit, .hosts = hosts, .places = places};
	hk_visit_answer a =
		page(403, "suspected phishing site | cloudflare", "", "x", "suspected phishing");

	see(&site, &a, HK_VISIT_WARNED, "a delivery network's warning");
	a = page(200, "account suspended", "", "x", "this account has been suspended.");
	see(&site, &a, HK_VISIT_SUSPENDED, "a suspended account");
	a = page(200, "x", "", "x", "利用規約違反ニヨリ停止シマシタ");
	see(&site, &a, HK_VISIT_SUSPENDED, "in Japanese, folded");
	a = page(200, "x", "", "x", "this domain has been seized by the police");
	see(&site, &a, HK_VISIT_SINKHOLE, "seized");
	a = page(200, "x", "", "x", "");
	a.kind = "parked";
	see(&site, &a, HK_VISIT_PARKED, "parked, as score/page knows it");
	a = page(200, "x", "", "x", "hello");
	a.final_path = "/cgi-sys/suspendedpage.cgi";
	see(&site, &a, HK_VISIT_SUSPENDED, "the path of the hosting panel");
	a.final_path = NULL;
	a.address = "198.51.100.7:443";
	see(&site, &a, HK_VISIT_SINKHOLE, "an address of a sinkhole");
	a.address = "203.0.113.9:443";
	see(&site, &a, HK_VISIT_PARKED, "any page at a parking company's address");
	const struct {
		hk_met met;
		hk_visit_class want;
	} met[] = {{HK_MET_SILENCE, HK_VISIT_SILENT}, {HK_MET_NAMELESS, HK_VISIT_NAMELESS},
		{HK_MET_LAME, HK_VISIT_LAME}, {HK_MET_OURS, HK_VISIT_OURS}};
	for (size_t i = 0; i < G_N_ELEMENTS(met); i++) {
		hk_visit_answer no = {.met = met[i].met, .host = hosts[0]};
		see(&site, &no, met[i].want, "no answer");
	}
}

static void
prints(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	hk_visit_answer a = page(200, "みほんダイレクト", "CUSTNO", "kit", "");
	hk_print half = a.page;
	hk_prints back;

	hk_prints_json(&kit, text);
	hk_prints_read(text->str, &back);
	ok(back.count == kit.count && hk_prints_find(&back, &a.page) == 0,
		"a print comes back from JSON");
	ok(hk_minhash_near(&back.print[0].paths, &kit.print[0].paths) > 0.999, "with its shape");
	ok(!hk_prints_add(&back, &kit.print[0]), "what is there is not added");
	hk_prints_read("[{\"title\":1}]", &back);
	ok(back.count == 1 && *back.print[0].title == '\0', "a member of another kind is none");
	hk_prints_read("nonsense", &back);
	ok(back.count == 0, "what is no JSON is an empty list");
	g_strlcpy(half.form, "LOGINPW", sizeof half.form);
	g_strlcpy(half.title, "社員の部屋", sizeof half.title);
	ok(hk_prints_find(&kit, &half) < 0,
		"another name that asks for another thing is another page, whatever its shape");
}

static void
tables(void)
{
	g_autoptr(GError) error = NULL;

	ok(hk_places_of_ns(places, "NS1.Parking.Example.") == HK_PLACE_PARKING,
		"a name server below a name");
	ok(hk_places_of_ns(places, "notparking.example") == HK_PLACE_NONE,
		"not one that ends alike");
	ok(hk_places_of_address(places, "[2001:db8::7]:443") == HK_PLACE_SINKHOLE,
		"an IPv6 address with a port");
	ok(hk_places_of_address(places, "nonsense") == HK_PLACE_NONE, "what is no address");
	ok(!hk_places_read(HK_SPAN_LIT("parking ns a.b\nparking net 1.2.3.4/5/6\n"), &error) &&
			strstr(error->message, "line 2"),
		"a wrong line is named");
	g_autoptr(GError) own = NULL;
	g_autoptr(hk_places) ours = hk_places_load(HK_SOURCE_DIR "/conf/places.conf", &own);
	ok(ours && hk_places_of_ns(ours, "ns1.sedoparking.com") == HK_PLACE_PARKING,
		"conf/places.conf is read");
}

int
main(void)
{
	hk_visit_answer a = page(200, "みほんダイレクト", "CUSTNO", "kit", "");

	places = hk_places_read(HK_SPAN_LIT("# test\nparking ns parking.example\nsinkhole net "
					    "198.51.100.0/24\nsinkhole net 2001:db8::/32\nparking "
					    "net 203.0.113.9\n"),
		NULL);
	hk_prints_add(&kit, &a.page);
	pages();
	said();
	prints();
	tables();
	hk_places_free(places);
	return tap_done();
}
