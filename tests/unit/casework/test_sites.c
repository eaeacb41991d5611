#include "flow/sites.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "sys/gerr.h"
#include "tap.h"

static void
is_site(const hk_sites *sites, const char *host, const char *domain, bool private_suffix,
	bool shared)
{
	hk_site site;

	hk_sites_look(sites, host, strchr("0123456789", host[strlen(host) - 1]) != NULL, &site);
	is_str(site.domain, domain, "%s: domain", host);
	is_int(site.private_suffix, private_suffix, "%s: private suffix", host);
	is_int(site.shared, shared, "%s: shared", host);
}

static void
extra(void)
{
	GError *error = NULL;
	char path[] = "/tmp/hikeshi-shared-XXXXXX";
	int fd = mkstemp(path);

	dprintf(fd,
		"# more\nforms.example.net # a form\n*.pages.example.net\n!docs.google.com\n\n");
	hk_sites *sites = hk_sites_new(NULL, path, &error);
	ok(sites, "a file of more hosts");
	is_site(sites, "forms.example.net", "example.net", false, true);
	is_site(sites, "www.evil.pages.example.net", "evil.pages.example.net", true, false);
	is_site(sites, "docs.google.com", "google.com", false, false);
	hk_sites_free(sites);
	dprintf(fd, "not a host\n");
	ok(!hk_sites_new(NULL, path, &error), "a wrong line");
	is_int(hk_error_code(error), HK_ECONFIG, "is told");
	ok(strstr(error->message, ":6:"), "with its number");
	g_clear_error(&error);
	unlink(path);
	close(fd);
	ok(!hk_sites_new(NULL, path, &error), "no such file");
	is_int(hk_error_code(error), HK_ENOENT, "is told, too");
	g_clear_error(&error);
}

int
main(void)
{
	GError *error = NULL;
	g_autoptr(hk_sites) sites = hk_sites_new(NULL, NULL, &error);

	ok(sites, "the suffix list is there");
	is_site(sites, "www.evil.co.jp", "evil.co.jp", false, false);
	is_site(sites, "evil.com", "evil.com", false, false);
	is_site(sites, "co.jp", "", false, false);
	is_site(sites, "login.evil.duckdns.org", "evil.duckdns.org", true, false);
	is_site(sites, "evil.github.io", "evil.github.io", true, false);
	is_site(sites, "a.b.weebly.com", "b.weebly.com", true, false);
	is_site(sites, "weebly.com", "weebly.com", false, false);
	is_site(sites, "docs.google.com", "google.com", false, true);
	is_site(sites, "bit.ly", "bit.ly", false, true);
	is_site(sites, "192.0.2.1", "", false, false);
	extra();
	return tap_done();
}
