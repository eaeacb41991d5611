#include "report/brief.h"

#include "base/codec.h"
#include "sys/hash.h"

void
hk_brief_site_free(void *site)
{
	hk_brief_site *s = site;

	if (!s) {
		return;
	}
	g_free(s->url);
	g_free(s->host);
	g_free(s->domain);
	g_free(s);
}

void
hk_brief_file_free(void *file)
{
	hk_brief_file *f = file;

	if (!f) {
		return;
	}
	g_free(f->name);
	g_free(f->type);
	g_free(f->profile);
	g_clear_pointer(&f->bytes, g_bytes_unref);
	g_free(f);
}

void
hk_brief_told_free(void *told)
{
	hk_brief_told *t = told;

	if (!t) {
		return;
	}
	g_free(t->channel);
	g_free(t->name);
	g_free(t->recipient);
	g_free(t->state);
	g_free(t->reference);
	g_free(t);
}

void
hk_recipient_free(void *recipient)
{
	hk_recipient *r = recipient;

	if (!r) {
		return;
	}
	g_free(r->kind);
	g_free(r->channel);
	g_free(r->name);
	g_free(r->address);
	g_free(r->subject);
	g_free(r->lang);
	g_free(r->step);
	g_free(r);
}

hk_brief_site *
hk_brief_site_new(int64_t case_id, const char *url, const char *host, const char *domain,
	int64_t first_seen_ms)
{
	hk_brief_site *site = g_new0(hk_brief_site, 1);

	site->case_id = case_id;
	site->url = g_strdup(url);
	site->host = g_strdup(host);
	site->domain = g_strdup(domain);
	site->first_seen_ms = first_seen_ms;
	return site;
}

static GPtrArray *
texts(void)
{
	return g_ptr_array_new_with_free_func(g_free);
}

hk_brief *
hk_brief_new(void)
{
	hk_brief *brief = g_new0(hk_brief, 1);

	brief->sites = g_ptr_array_new_with_free_func(hk_brief_site_free);
	brief->files = g_ptr_array_new_with_free_func(hk_brief_file_free);
	brief->ledger = g_ptr_array_new_with_free_func(hk_brief_told_free);
	brief->official = texts();
	brief->reasons = texts();
	brief->addresses = texts();
	brief->nameservers = texts();
	brief->reg_status = texts();
	brief->redirects = texts();
	brief->fields = texts();
	brief->dimensions = texts();
	return brief;
}

void
hk_brief_free(hk_brief *brief)
{
	if (!brief) {
		return;
	}
	char *strings[] = {brief->kind, brief->wording, brief->target, brief->target_en,
		brief->target_key, brief->registrar, brief->as_name, brief->country, brief->issuer,
		brief->reg_created, brief->certificate, brief->title, brief->landing,
		brief->submit_url, brief->agent, brief->manifest, brief->who.org, brief->who.domain,
		brief->who.contact, brief->who.tel, brief->who.person, brief->who.country};
	GPtrArray *lists[] = {brief->sites, brief->official, brief->reasons, brief->addresses,
		brief->nameservers, brief->reg_status, brief->redirects, brief->fields,
		brief->dimensions, brief->files, brief->ledger};

	for (size_t i = 0; i < G_N_ELEMENTS(strings); i++) {
		g_free(strings[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_ptr_array_unref(lists[i]);
	}
	g_clear_pointer(&brief->lure, g_bytes_unref);
	g_free(brief);
}

/* The sample: a site that nobody can have (RFC 2606 names, RFC 5737 and RFC 3849 addresses, an AS of RFC 5398). */

/* A PNG of one pixel. */
static const uint8_t pixel[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00,
	0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00,
	0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54,
	0x78, 0x9c, 0x63, 0xf8, 0x0f, 0x00, 0x01, 0x01, 0x01, 0x00, 0xb1, 0x38, 0xf6, 0x14, 0x00,
	0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

static const char lure[] =
	"From: =?UTF-8?B?44G/44G744KT6YqA6KGM?= <info@mail.mihon-bank-login.example>\r\n"
	"To: <victim@recipient.invalid>\r\n"
	"Subject: =?UTF-8?B?44CQ6YeN6KaB44CR44GK5Y+W5byV44Gu44GU56K66KqN?=\r\n"
	"Date: Tue, 03 Nov 2026 08:55:10 +0900\r\n"
	"Message-ID: <20261103085510.1@mail.mihon-bank-login.example>\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: text/plain; charset=UTF-8\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"44GK5Y+W5byV44KS56K66KqN44GX44Gm44GP44Gg44GV44GE44CCDQpodHRwczovL3d3dy5taWhvbi1iYW5r\r\n"
	"LWxvZ2luLmV4YW1wbGUvanAvbG9naW4NCg==\r\n";

static void
add_all(GPtrArray *list, const char *const *texts_, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		g_ptr_array_add(list, g_strdup(texts_[i]));
	}
}

#define ADD(list, ...)                                                                             \
	do {                                                                                       \
		static const char *const all[] = {__VA_ARGS__};                                    \
		add_all((list), all, G_N_ELEMENTS(all));                                           \
	} while (0)

static void
add_file(hk_brief *brief, const char *name, const char *profile, int64_t at_ms)
{
	hk_brief_file *file = g_new0(hk_brief_file, 1);

	file->name = g_strdup(name);
	file->type = g_strdup("image/png");
	file->profile = g_strdup(profile);
	file->bytes = g_bytes_new_static(pixel, sizeof pixel);
	hk_sha256(hk_span_of(pixel, sizeof pixel), file->sha256);
	file->at_ms = at_ms;
	g_ptr_array_add(brief->files, file);
}

static void
add_told(
	hk_brief *brief, int64_t id, int64_t sent_ms, int64_t answered_ms, const char *const *words)
{
	hk_brief_told *told = g_new0(hk_brief_told, 1);

	*told = (hk_brief_told){.report_id = id,
		.sent_ms = sent_ms,
		.answered_ms = answered_ms,
		.channel = g_strdup(words[0]),
		.name = g_strdup(words[1]),
		.recipient = g_strdup(words[2]),
		.state = g_strdup(words[3]),
		.reference = g_strdup(words[4])};
	g_ptr_array_add(brief->ledger, told);
}

static const int64_t sample_ms = 1793664000000; /* 2026-11-03 00:00 UTC */
#define MINUTE ((int64_t)60000)

static void
sample_place(hk_brief *brief)
{
	uint8_t hash[HK_SHA256_SIZE];

	brief->registrar = g_strdup("Example Registrar, Inc.");
	brief->as_name = g_strdup("EXAMPLE-HOSTING");
	brief->country = g_strdup("NL");
	brief->issuer = g_strdup("Example CA R3");
	brief->asn = 64500;
	ADD(brief->addresses, "192.0.2.44", "2001:db8::44");
	ADD(brief->nameservers, "ns1.dns-provider.example", "ns2.dns-provider.example");
	ADD(brief->reg_status, "client transfer prohibited");
	brief->reg_created = g_strdup("2026-11-01T03:12:09Z");
	hk_sha256(HK_SPAN_LIT("sample certificate"), hash);
	brief->certificate = g_malloc(2 * sizeof hash + 1);
	hk_hex_encode(hk_span_of(hash, sizeof hash), brief->certificate);
}

static void
sample_look(hk_brief *brief)
{
	uint8_t hash[HK_SHA256_SIZE];

	brief->title = g_strdup("みほんダイレクト ログイン");
	brief->landing = g_strdup("https://www.mihon-bank-login.example/jp/login?step=1");
	ADD(brief->redirects, "https://sho.rt.example/x7Qa",
		"https://www.mihon-bank-login.example/jp/");
	ADD(brief->fields, "customer number", "password", "one-time password", "telephone");
	brief->submit_url = g_strdup("https://www.mihon-bank-login.example/jp/api/save.php");
	brief->cloaked = true;
	ADD(brief->dimensions, "device", "exit");
	brief->agent = g_strdup(
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 "
		"(KHTML, like Gecko) Version/26.4 Mobile/15E148 Safari/604.1");
	add_file(brief, "iphone-viewport.png", "iphone", sample_ms + 5 * MINUTE);
	add_file(brief, "desktop-viewport.png", "desktop", sample_ms + 6 * MINUTE);
	hk_sha256(HK_SPAN_LIT("sample manifest"), hash);
	brief->manifest = g_malloc(2 * sizeof hash + 1);
	hk_hex_encode(hk_span_of(hash, sizeof hash), brief->manifest);
	brief->stamped_ms = sample_ms + 7 * MINUTE;
	brief->lure = g_bytes_new_static(lure, sizeof lure - 1);
}

hk_brief *
hk_brief_sample(void)
{
	hk_brief *brief = hk_brief_new();

	brief->case_id = 5306;
	g_ptr_array_add(brief->sites,
		hk_brief_site_new(5306, "https://www.mihon-bank-login.example/jp/login",
			"www.mihon-bank-login.example", "mihon-bank-login.example", sample_ms));
	g_ptr_array_add(brief->sites,
		hk_brief_site_new(5307, "https://mihon-bank.secure-check.test/a?id=1&lang=ja",
			"mihon-bank.secure-check.test", "secure-check.test",
			sample_ms + 3 * MINUTE));
	brief->kind = g_strdup("phishing");
	brief->wording = g_strdup("phishing");
	brief->target = g_strdup("みほん銀行");
	brief->target_en = g_strdup("Mihon Bank");
	brief->target_key = g_strdup("mihon");
	brief->own = true;
	ADD(brief->official, "mihon-bank.example", "direct.mihon-bank.example");
	brief->score = 0.97;
	ADD(brief->reasons, "the host name contains the brand",
		"the page shows the bank's login form and asks for a password",
		"the certificate was issued one hour before");
	brief->first_seen_ms = sample_ms;
	brief->detected_ms = sample_ms + 1 * MINUTE;
	brief->confirmed_ms = sample_ms + 12 * MINUTE;
	brief->evidence_ms = sample_ms + 5 * MINUTE;
	sample_place(brief);
	sample_look(brief);
	brief->who = (hk_brief_reporter){.org = g_strdup("Mihon Bank CSIRT"),
		.domain = g_strdup("mihon-bank.example"),
		.contact = g_strdup("csirt@mihon-bank.example"),
		.tel = g_strdup("+81-3-0000-0000"),
		.person = g_strdup("H. Kaji"),
		.country = g_strdup("JP")};
	add_told(brief, 9001, sample_ms + 20 * MINUTE, 0,
		(const char *const[]){"mail", "Example Hosting B.V.", "abuse@hosting.example",
			"sent", "<9001.sample@mihon-bank.example>"});
	add_told(brief, 9002, sample_ms + 21 * MINUTE, sample_ms + 80 * MINUTE,
		(const char *const[]){"mail", "Example Registrar, Inc.", "abuse@registrar.example",
			"acknowledged", "ABUSE-20261103-117"});
	return brief;
}
