/* sys/defang: what is shown cannot be clicked, and can be read back. */
#include "sys/defang.h"

#include <string.h>

#include <glib.h>

#include "parse/url.h"
#include "sys/uts46.h"
#include "tap.h"

static void
gives(const char *text, const char *want)
{
	g_autofree char *out = hk_defang(text);

	is_str(out, want, "%s", text);
}

/* A URL survives the way there and back. */
static void
comes_back(const char *url)
{
	g_autofree char *out = hk_defang(url);
	hk_url was, is;

	ok(strstr(out, "http") == NULL, "%s: no scheme that a terminal knows", url);
	ok(hk_url_parse(hk_span_str(url), hk_uts46_to_ascii, NULL, &was) == HK_OK &&
			hk_url_read(hk_span_str(out), hk_uts46_to_ascii, NULL, &is, NULL) == HK_OK,
		"%s: is read again", url);
	is_str(is.text, was.text, "%s: as the same", url);
}

int
main(void)
{
	gives("", "");
	gives("https://mihon-bank-login.test/", "hxxps://mihon-bank-login[.]test/");
	gives("HTTP://a.b.example/x.html?u=http://c.example/#d.e",
		"hxxp://a[.]b[.]example/x.html?u=hxxp://c[.]example/#d.e");
	gives("ftp://a.example:21/f.txt", "fxp://a[.]example:21/f.txt");
	gives("https://a.example?b.c", "hxxps://a[.]example?b.c");
	gives("a.b.example", "a[.]b[.]example");
	gives("192.0.2.7", "192[.]0[.]2[.]7");
	gives("みほん.test", "みほん[.]test");
	gives("a[.]example", "a[.]example");
	gives("see http://a.example/x.html, then b.example.",
		"see hxxp://a[.]example/x.html, then b[.]example.");
	gives("http://a.example/,http://b.example/", "hxxp://a[.]example/,hxxp://b[.]example/");
	gives("javascript:alert(1)", "javascript:alert(1)");
	gives("https://", "hxxps://");
	gives("http:/", "http:/");
	gives("...", "...");
	gives("a\x1b[2J.example", "a\\x1b[2J[.]example");
	comes_back("https://mihon-bank-login.test/ib/x.html");
	comes_back("http://192.0.2.7:8080/a.b?c.d");
	return tap_done();
}
