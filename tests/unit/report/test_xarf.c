#include "report/xarf.h"

#include <stdlib.h>
#include <string.h>

#include "sys/gerr.h"
#include "sys/json.h"
#include "tap.h"

#define NOW_MS 1793836800000

static const char token[] = "0123456789ABCDEF0123456789abcdef";

static void
check_uuid(void)
{
	char uuid[HK_XARF_UUID_SIZE];

	ok(hk_xarf_uuid(token, uuid), "a token");
	is_str(uuid, "01234567-89ab-4def-8123-456789abcdef", "is a UUID of version 4");
	ok(!hk_xarf_uuid("0123", uuid) && !hk_xarf_uuid(NULL, uuid) &&
			!hk_xarf_uuid("0123456789ABCDEF0123456789abcdef0", uuid) &&
			!hk_xarf_uuid("0123456789ABCDEF0123456789abcdeg", uuid),
		"what is no token");
}

static void
check_uri(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {{"https://a.test/", "https://a.test/"}, {"HTTPS://A.Test", "https://a.test/"},
		{"http://a.test/|[x]?{y}#z", "http://a.test/%7C%5Bx%5D?%7By%7D"},
		{"http://a.test/%zz%41", "http://a.test/%25zzA"},
		{"http://[2001:db8::1]/", "http://[2001:db8::1]/"},
		{"http://u:p@a.test/", "http://a.test/"},
		{"http://日本.test/", "http://xn--wgv71a.test/"},
		{"http://a.test/\r\nX: y", "http://a.test/X:%20y"}, {"javascript:x", NULL},
		{"ftp://a.test/", NULL}, {"a.test", NULL}, {"http://", NULL}, {NULL, NULL}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = hk_xarf_uri(rows[i].text);

		is_str(got, rows[i].want, "%s", rows[i].text ? rows[i].text : "NULL");
	}
}

/* A string member of the report; "" when it is missing. Caller frees. */
static char *
member(const GString *report, const char *key)
{
	hk_json_doc *doc = hk_json_load(hk_span_of(report->str, report->len), 16u << 20, NULL);
	hk_json root = hk_json_root(doc);
	const char *text = "";

	if (hk_json_has(&root, key)) {
		ok(hk_json_str(&root, key, &text, NULL), "%s is a string", key);
	}
	char *copy = g_strdup(text);
	hk_json_doc_free(doc);
	return copy;
}

static void
is_member(const GString *report, const char *key, const char *want)
{
	g_autofree char *got = member(report, key);

	is_str(got, want, "%s", key);
}

static void
check_types(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	hk_xarf_options options = {.now_ms = NOW_MS};
	g_autoptr(GString) phishing = hk_xarf4(brief, token, &options, NULL);

	is_member(phishing, "type", "phishing");
	is_member(phishing, "xarf_version", HK_XARF_VERSION);
	is_member(phishing, "source_identifier", "192.0.2.44");
	is_member(phishing, "url", "https://www.mihon-bank-login.example/jp/login");
	is_member(phishing, "cloned_site", "https://mihon-bank.example/");
	is_member(phishing, "verified_at", "2026-11-03T00:12:00.000Z");
	is_member(phishing, "country_code", "NL");
	ok(strstr(phishing->str,
		   "\"credential_fields\":[\"customer_id\",\"password\",\"otp\",\"phone\"]"),
		"fields in XARF's words");
	ok(strstr(phishing->str,
		   "\"detection_evasion\":[\"user_agent_filtering\",\"geo_blocking\"]"),
		"evasion, too");
	ok(strstr(phishing->str, "\"created_date\":\"2026-11-01T03:12:09.000Z\""),
		"the registration's date");
	ok(!strstr(phishing->str, "_internal") && !strstr(phishing->str, "recipient.invalid"),
		"nothing internal, no recipient in the clear");
	options.by_name = true;
	g_autoptr(GString) named = hk_xarf4(brief, token, &options, NULL);
	is_member(named, "source_identifier", "www.mihon-bank-login.example");
	g_free(brief->wording);
	brief->wording = g_strdup("trademark");
	g_autoptr(GString) mark = hk_xarf4(brief, token, &options, NULL);
	is_member(mark, "type", "brand_infringement");
	is_member(mark, "legitimate_site", "https://mihon-bank.example/");
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) none = hk_xarf3(brief, token, &options, &error);
	ok(!none && hk_error_code(error) == HK_EFORM, "version 3 has no such report");
	g_ptr_array_set_size(brief->official, 0);
	g_autoptr(GString) fraud = hk_xarf4(brief, token, &options, NULL);
	is_member(fraud, "type", "fraud");
}

static unsigned
count(const GString *report, const char *what)
{
	unsigned n = 0;

	for (const char *at = report->str; (at = strstr(at, what)) != NULL; at++) {
		n++;
	}
	return n;
}

static void
check_caps(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	static uint8_t big[100000];
	hk_brief_file *first = g_ptr_array_index(brief->files, 0);
	hk_xarf_options options = {.now_ms = NOW_MS, .max_bytes = 60000};
	g_autoptr(GError) error = NULL;

	g_bytes_unref(first->bytes);
	first->bytes = g_bytes_new_static(big, sizeof big);
	g_autoptr(GString) some = hk_xarf4(brief, token, &options, &error);
	ok(some && some->len <= options.max_bytes, "a report within its cap");
	ok(!strstr(some->str, "iphone-viewport.png") && strstr(some->str, "desktop-viewport.png"),
		"a picture that does not fit is left out, a smaller one is not");
	ok(strstr(some->str, "All URLs of this report"), "the URLs come first");
	options.max_bytes = 0;
	g_autoptr(GString) all = hk_xarf4(brief, token, &options, &error);
	is_int(count(all, "\"payload\":"), 4, "all of it: URLs, two pictures, the lure");
	options.max_bytes = 100;
	g_autoptr(GString) none = hk_xarf4(brief, token, &options, &error);
	ok(!none && hk_error_code(error) == HK_ELIMIT, "too small for anything");
}

static void
check_refused(void)
{
	static const struct {
		size_t member;
		const char *value;
	} rows[] = {{0, NULL}, {0, " \r\n"}, {1, NULL}, {1, "no host"}, {2, NULL}, {2, "nobody"}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(hk_brief) brief = hk_brief_sample();
		char **members[] = {&brief->who.org, &brief->who.domain, &brief->who.contact};
		hk_xarf_options options = {.now_ms = NOW_MS};
		g_autoptr(GError) error = NULL;

		g_free(*members[rows[i].member]);
		*members[rows[i].member] = g_strdup(rows[i].value);
		g_autoptr(GString) none = hk_xarf4(brief, token, &options, &error);
		ok(!none && hk_error_code(error) == HK_EFORM, "who reports must be known: %zu", i);
	}
}

static void
check_old(void)
{
	g_autoptr(hk_brief) brief = hk_brief_sample();
	hk_xarf_options options = {.now_ms = NOW_MS};
	g_autoptr(GString) yaml = hk_xarf2(brief, token, &options, NULL);

	is_str(yaml->str,
		"---\nReported-From: \"csirt@mihon-bank.example\"\nCategory: "
		"\"fraud\"\nReport-Type: \"phishing\"\n"
		"Service: \"https\"\nVersion: \"0.2\"\nUser-Agent: \"hikeshi/" HK_VERSION
		"\"\nDate: \"2026-11-03T00:00:00.000Z\"\n"
		"Source-Type: \"uri\"\nSource: "
		"\"https://www.mihon-bank-login.example/jp/login\"\nIp: \"192.0.2.44\"\n"
		"Report-ID: \"0123456789ABCDEF0123456789abcdef@mihon-bank.example\"\n"
		"Schema-URL: \"http://www.x-arf.org/schema/fraud_0.1.4.json\"\nAttachment: "
		"\"image/png\"\n",
		"X-ARF 0.2");
	g_autoptr(GString) three = hk_xarf3(brief, token, &options, NULL);
	ok(strstr(three->str, "\"ReportClass\":\"Content\",\"ReportType\":\"Phishing\""),
		"version 3");
}

int
main(void)
{
	check_uuid();
	check_uri();
	check_types();
	check_caps();
	check_refused();
	check_old();
	return tap_done();
}
