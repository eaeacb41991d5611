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
	reads("<p>Hello <b>you</b></p><p>two</p>", "Hello you\ntwo\n", "", "blocks");
	reads("<a href='https://evil.test/?a=1&amp;b=2'>https://mihon-bank.example/</a>",
		"https://mihon-bank.example/",
		"0 https://evil.test/?a=1&b=2 [https://mihon-bank.example/]|", "a link");
	reads("<a href=https://a.test>one<a href=https://b.test>two</a>", "onetwo",
		"0 https://a.test [one]|0 https://b.test [two]|", "links that do not end");
	reads("<table><tr><th>URL<td>x<tr><td>a</td><td>b</td></tr></table>", "URL\tx\na\tb\n", "",
		"a table");
	reads("<style>p{x}</style><script>var a='<p>'</script><title>t</title>x", "x", "",
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
		"c\xe3\x81\x82",
		"", "entities");
	reads("&quot;&nbsp;&Agrave;&yuml;&OElig;&fnof;&Alpha;&omega;&ensp;&euro;&larr;&forall;&"
	      "sdot;"
	      "&lang;&loz;&spades;&diams;&nosuch;",
		"\"\xc2\xa0\xc3\x80\xc3\xbf\xc5\x92\xc6\x92\xce\x91\xcf\x89\xe2\x80\x82\xe2\x82\xac"
		"\xe2\x86"
		"\x90\xe2\x88\x80\xe2\x8b\x85\xe2\x8c\xa9\xe2\x97\x8a\xe2\x99\xa0\xe2\x99\xa6&"
		"nosuch;",
		"", "names of HTML 4 from every corner");
	reads("<a href=\"https://e.test/", "", "0 https://e.test/ []|", "an attribute without end");
	reads("", "", "", "nothing");

	/* What browsers show and other readers of HTML do not see. */
	static const struct {
		const char *html, *what;
	} shown[] = {
		{"<html></html><a href=https://e.test/>x</a>", "behind the end of the page"},
		{"</body></html><p><a href=https://e.test/>x</a>", "behind two ends"},
		{"</3 ><a href=https://e.test/>x</a>", "behind an end tag that is none"},
		{"<!--><a href=https://e.test/>x</a>", "behind a comment of three characters"},
		{"<!--->x<a href=https://e.test/>x</a><!-- -->", "behind one of four"},
		{"<!-- --!><a href=https://e.test/>x</a>", "behind a comment's other end"},
		{"<!--[if mso]><a href=https://e.test/>x</a><![endif]-->", "what Outlook reads"},
		{"<!--[if mso]><v:rect href='https://e.test/'></v:rect><![endif]-->",
			"its buttons"},
		{"<a/href='https://e.test/'>x</a>", "a slash for a blank"},
		{"<a\fhref='https://e.test/'>x</a>", "a form feed for a blank"},
		{"<a x='1'/href='https://e.test/'>x</a>", "a slash behind a value"},
		{"<a title='<!--' href='https://e.test/'>x</a>", "a comment in an attribute"},
		{"<a href='ht\ttps://e.te\nst/'>x</a>", "a tab and a line end inside"},
		{"<a href='htt&#10;ps&colon;&sol;&sol;e&period;test/'>x</a>", "names of HTML 5"},
		{"<a href='&#x68ttps://e.test/'>x</a>", "a number without its semicolon"},
		{"<svg><a xlink:href='https://e.test/'>x</a></svg>", "a link of SVG"},
		{"<base href='//e.test/a'><a href='/'>x</a>", "a base without a scheme"},
		{"<base href='https://e.test?/x'><a href='/'>x</a>", "a base with a query"},
		{"<base href='https://e.test\\a\\'><a href='/'>x</a>", "a base with backslashes"},
		{"<base href='https://e.test/'><base href='https://o.test/'><a href='/'>x</a>",
			"two bases"},
		{"<meta http-equiv=refresh content='0;https://e.test/'>", "moving without url="},
		{"<meta http-equiv=refresh content='0, URL = \"https://e.test/\"'>",
			"moving in quotes"},
		{"<script><!-- </script><a href=https://e.test/>x</a>", "behind a script"},
		{"<? <a href=x ?><a href=https://e.test/>x</a>", "behind an instruction"},
		{"<![CDATA[<a href=x>]]><a href=https://e.test/>x</a>", "behind CDATA"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
		g_autoptr(hk_html) h = hk_html_read(hk_span_str(shown[i].html));
		const hk_html_link *l =
			h->links->len > 0 ? h->links->pdata[h->links->len - 1] : NULL;

		is_str(l ? l->url : "none", "https://e.test/", "%s", shown[i].what);
	}
	reads("<a href='\\\\e.test/x'>1</a><a href='/\\f.test/x'>2</a><a href=WWW.g.test>3</a>",
		"123", "0 https:\\\\e.test/x [1]|0 https:/\\f.test/x [2]|0 WWW.g.test [3]|",
		"backslashes for slashes");
	reads("<!-- <a href=https://no.test/>x</a> --><title><a href=https://no.test/></title>"
	      "<style><a href=https://no.test/></style><a x\"href='https://no.test'>y</a>",
		"y", "", "what no browser shows");
	reads("<a href='https://e.test/?a=1&copy=2&amp;lt=3&notit'>&copy;&notit;&#x80;&#0;</a>",
		"\xc2\xa9\xc2\xacit;\xe2\x82\xac\xef\xbf\xbd",
		"0 https://e.test/?a=1&copy=2&lt=3&notit "
		"[\xc2\xa9\xc2\xacit;\xe2\x82\xac\xef\xbf\xbd]|",
		"references, in an address and in a text");
	reads("<textarea>a<b>&amp;</textarea>c", "a<b>&c", "", "a text field");

	/* What kills tree builders. */
	g_autoptr(GString) deep = g_string_new(NULL);
	for (int i = 0; i < 50000; i++) {
		g_string_append(deep, "<div><b>");
	}
	g_string_append(deep, "<a href=https://deep.test/>x</a>");
	g_autoptr(hk_html) nested = hk_html_read(hk_span_of(deep->str, deep->len));
	ok(nested != NULL, "100,000 elements in each other");
	is_int(nested->links->len, 1, "hide no link");

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
