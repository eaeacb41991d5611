/* HTML: text and links, of what people and attackers write. */
#include <string.h>

#include "sys/html.h"
#include "tap.h"

static void
reads(const char *html, const char *text, const char *links, const char *what)
{
	g_autoptr(hk_html) h = hk_html_read(hk_span_str(html));
	g_autoptr(GString) got = g_string_new(NULL);

	for (unsigned i = 0; i < h->links->len; i++) {
		const hk_html_link *l = h->links->pdata[i];

		g_string_append_printf(got, "%d %s [%s]|", l->how, l->url, l->shown);
	}
	is_str(h->text->str, text, "%s: text", what);
	is_str(got->str, links, "%s: links", what);
}

int
main(void)
{
	hk_html_init();
	reads("<p>Hello <b>you</b></p><p>two</p>", "Hello you\ntwo\n", "", "blocks");
	reads("<a href='https://evil.test/?a=1&amp;b=2'>https://mihon-bank.example/</a>",
		"https://mihon-bank.example/",
		"0 https://evil.test/?a=1&b=2 [https://mihon-bank.example/]|", "a link");
	reads("<a href=https://a.test>one<a href=https://b.test>two</a>", "onetwo",
		"0 https://a.test [one]|0 https://b.test [two]|", "links that do not end");
	reads("<table><tr><th>URL<td>x<tr><td>a</td><td>b</td></tr></table>", "URL\tx\na\tb\n", "",
		"a table");
	reads("<style>p{x}</style><script>var a='<p>'</script><title>t</title>x", "x\n", "",
		"what is not read by people");
	reads("<form action=https://f.test/post><input type=image src=https://i.test/a.png></form>",
		"", "1 https://f.test/post []|2 https://i.test/a.png []|", "a form, a picture");
	reads("<meta http-equiv=Refresh content=\"0; URL='https://m.test/x'\">", "",
		"3 https://m.test/x []|", "moving on by itself");
	reads("<base href='https://base.test/d/'><a href=x>1</a><a href=/y>2</a><a "
	      "href=//z.test>3</a><a href=#f>4</a>",
		"1234",
		"0 https://base.test/d/x [1]|0 https://base.test/y [2]|0 https://z.test [3]|",
		"a base");
	reads("<a href=page.html>no base</a><a href=''>empty</a><a>none</a>", "no baseemptynone",
		"", "leads nowhere");
	reads("<a href='  https://b.test/ '><img src=cid:1 alt='Log in'></a>", "",
		"0 https://b.test/ [Log in]|2 cid:1 [Log in]|", "a picture as a link");
	reads("<meta charset=shift_jis><p>\xe3\x81\x82</p>", "\xe3\x81\x82\n", "",
		"its own word about its charset does not count");
	reads("<!doctype html><p>a<br>b&nbsp;c&#x3042;",
		"a\nb\xc2\xa0"
		"c\xe3\x81\x82\n",
		"", "entities");
	reads("<a href=\"https://e.test/", "", "0 https://e.test/ []|", "an attribute without end");
	reads("", "", "", "nothing");

	/* What kills tree builders. */
	g_autoptr(GString) deep = g_string_new(NULL);
	for (int i = 0; i < 50000; i++) {
		g_string_append(deep, "<div><b>");
	}
	g_string_append(deep, "<a href=https://deep.test/>x</a>");
	g_autoptr(hk_html) nested = hk_html_read(hk_span_of(deep->str, deep->len));
	ok(nested != NULL, "100,000 elements in each other");
	tap_diag("links found there: %u", nested->links->len);

	g_autoptr(GString) many = g_string_new(NULL);
	for (int i = 0; i < 3000; i++) {
		g_string_append_printf(many, "<a href=https://a.test/%d>x</a>", i);
	}
	g_autoptr(hk_html) lots = hk_html_read(hk_span_of(many->str, many->len));
	is_int(lots->links->len, HK_HTML_LINKS_MAX, "links up to the cap");
	ok(lots->cut, "and it is told");
	g_autoptr(hk_html) nul = hk_html_read(HK_SPAN_LIT("<p>a\0<a href=https://n.test>x</a>"));
	is_int(nul->links->len, 1, "a NUL hides nothing");
	return tap_done();
}
