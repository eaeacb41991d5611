#include <string.h>

#include "enrich/bootstrap.h"
#include "sys/gerr.h"
#include "tap.h"

#define FOLDER "tests/fixtures/rdap/bootstrap/"

typedef struct row {
	const char *key;
	const char *url;
} row;

static void
look_up(const hk_bootstrap *boot, const row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		is_str(hk_bootstrap_find(boot, rows[i].key), rows[i].url, "\"%s\"", rows[i].key);
	}
}

static void
iana(const char *file, hk_bootstrap_kind kind, const row *rows, size_t count)
{
	g_autofree char *path = g_strconcat(FOLDER, file, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_bootstrap) boot = NULL;
	size_t len;
	uint8_t *bytes = tap_file(path, &len);

	boot = hk_bootstrap_read(hk_span_of(bytes, len), kind, &error);
	free(bytes);
	if (ok(boot, "%s: %s", file, error ? error->message : "read")) {
		tap_diag("%s: %zu entries", file, hk_bootstrap_count(boot));
		look_up(boot, rows, count);
	}
}

static void
own(const char *text, hk_bootstrap_kind kind, const row *rows, size_t count)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_bootstrap) boot = hk_bootstrap_read(hk_span_str(text), kind, &error);

	if (ok(boot, "read: %s", error ? error->message : "yes")) {
		look_up(boot, rows, count);
	}
}

static void
files(void)
{
	static const row dns[] = {
		{"google.com", "https://rdap.verisign.com/com/v1/"},
		{"WWW.Example.COM.", "https://rdap.verisign.com/com/v1/"},
		{"evil.is", "https://rdap.isnic.is/rdap/"},
		{"evil.jp", NULL},
		{"com", "https://rdap.verisign.com/com/v1/"},
		{"", NULL},
	};
	static const row asn[] = {
		{"AS36864", "https://rdap.afrinic.net/rdap/"},
		{"4608", "https://rdap.apnic.net/"},
		{"16509", "https://rdap.arin.net/registry/"},
		{"4294967296", NULL},
		{"x", NULL},
	};
	static const row ipv4[] = {
		{"41.0.0.1", "https://rdap.afrinic.net/rdap/"},
		{"8.8.8.8", "https://rdap.arin.net/registry/"},
		{"10.0.0.1", NULL},
		{"2001:200::1", NULL},
		{"1.2.3", NULL},
	};
	static const row ipv6[] = {
		{"2001:4200::1", "https://rdap.afrinic.net/rdap/"},
		{"2001:200::1", "https://rdap.apnic.net/"},
		{"41.0.0.1", NULL},
	};
	static const row tags[] = {
		{"ABC123-ARIN", "https://rdap.arin.net/registry/"},
		{"x-y-lacnic", "https://rdap.lacnic.net/rdap/"},
		{"x-NOBODY", NULL},
	};

	iana("dns-20240424.json", HK_BOOTSTRAP_DNS, dns, G_N_ELEMENTS(dns));
	iana("asn-20211207.json", HK_BOOTSTRAP_ASN, asn, G_N_ELEMENTS(asn));
	iana("ipv4-20190607.json", HK_BOOTSTRAP_IP, ipv4, G_N_ELEMENTS(ipv4));
	iana("ipv6-20191106.json", HK_BOOTSTRAP_IP, ipv6, G_N_ELEMENTS(ipv6));
	iana("object-tags-20190607.json", HK_BOOTSTRAP_TAGS, tags, G_N_ELEMENTS(tags));
}

static void
longest(void)
{
	static const row dns[] = {
		{"a.b.example", "https://b.example/"},
		{"c.example", "https://a.example/"},
		{"x.test", "https://root.example/"},
		{"", "https://root.example/"},
	};
	static const row nets[] = {
		{"192.0.2.200", "https://b.example/"},
		{"192.0.3.1", "https://a.example/"},
		{"2001:db8::1", "https://c.example/"},
		{"198.51.100.1", NULL},
	};
	static const row numbers[] = {
		{"64505", "https://b.example/"}, {"64520", "https://a.example/"}};

	own("{\"services\":[[[\"example\"],[\"http://old.example\",\"https://a.example\",\"https://"
	    "z.example\"]],"
	    "[[\"B.example\"],[\"https://b.example/\"]],[[\"\"],[\"https://root.example\"]],"
	    "[[\"test\"],[\"ftp://no.example/\"]],7,[],[[1]]]}",
		HK_BOOTSTRAP_DNS, dns, G_N_ELEMENTS(dns));
	own("{\"services\":[[[\"192.0.0.0/8\",\"bad\",\"1.2.3.4/99\"],[\"https://a.example\"]],"
	    "[[\"192.0.2.192/26\"],[\"https://b.example\"]],[[\"::/0\"],[\"https://c.example\"]]]}",
		HK_BOOTSTRAP_IP, nets, G_N_ELEMENTS(nets));
	own("{\"services\":[[[\"64500-64600\",\"9-1\"],[\"https://"
	    "a.example\"]],[[\"64505\"],[\"https://b.example\"]]]}",
		HK_BOOTSTRAP_ASN, numbers, G_N_ELEMENTS(numbers));
}

int
main(void)
{
	static const char *const bad[] = {"", "{}", "{\"services\":{}}", "{\"services\":[]}",
		"{\"services\":[[[\"com\"],[\"javascript:x\"]]]}"};

	files();
	longest();
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_bootstrap) boot =
			hk_bootstrap_read(hk_span_str(bad[i]), HK_BOOTSTRAP_DNS, &error);
		ok(!boot, "no bootstrap file: %s", bad[i]);
		is_int(hk_error_code(error), HK_EFORM, "malformed");
	}
	return tap_done();
}
