#include "sys/html.h"

#include <string.h>

#include <libxml/HTMLparser.h>

#include "base/utf8.h"

typedef struct reading {
	hk_html *html;
	char *base;         /* of <base href>, or NULL */
	hk_html_link *open; /* the <a> that stands open; borrowed from links */
	GString *shown;     /* its text so far */
	unsigned silent;    /* script, style, title ... standing open */
	size_t text_max;
} reading;

static void
link_free(void *data)
{
	hk_html_link *link = data;

	g_free(link->url);
	g_free(link->shown);
	g_free(link);
}

void
hk_html_free(hk_html *html)
{
	if (html) {
		g_string_free(html->text, TRUE);
		g_ptr_array_unref(html->links);
		g_free(html);
	}
}

void
hk_html_init(void)
{
	xmlInitParser();
}

static bool
is(const xmlChar *name, const char *words)
{
	size_t len = strlen((const char *)name);
	const char *at = words;

	while (len > 0 && (at = strstr(at, (const char *)name)) != NULL) {
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
			return true;
		}
		at += len;
	}
	return false;
}

static const char *
attribute(const xmlChar **attributes, const char *name)
{
	for (size_t i = 0; attributes && attributes[i]; i += 2) {
		if (strcmp((const char *)attributes[i], name) == 0) {
			return attributes[i + 1] ? (const char *)attributes[i + 1] : "";
		}
	}
	return NULL;
}

/* Cuts at the cap, not inside a character. */
static char *
bounded(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len > max) {
		for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;) {
			len--;
		}
	}
	return g_strndup(text, len);
}

static bool
has_scheme(const char *url)
{
	size_t n = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

	return n > 0 && url[n] == ':' && g_ascii_isalpha(url[0]);
}

/* As a browser would, in the three forms that occur in mails; NULL: it leads nowhere without a page around it. */
static char *
resolve(const reading *r, const char *url)
{
	if (has_scheme(url)) {
		return g_strdup(url);
	}
	if (g_str_has_prefix(url, "//")) {
		return g_strconcat("https:", url, NULL);
	}
	if (!r->base || url[0] == '#') {
		/* Outlook takes "www.evil.example" for an address, so people click on it. */
		return g_str_has_prefix(url, "www.") ? g_strdup(url) : NULL;
	}
	const char *host = strstr(r->base, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;
	const char *slash = path ? strrchr(path, '/') : NULL;
	size_t keep = url[0] == '/' ? (path ? (size_t)(path - r->base) : strlen(r->base))
				    : (slash ? (size_t)(slash + 1 - r->base) : strlen(r->base));
	g_autofree char *front = g_strndup(r->base, keep);

	return g_strconcat(front, url[0] == '/' || path ? "" : "/", url, NULL);
}

static hk_html_link *
add(reading *r, hk_html_how how, const char *said, const char *shown)
{
	if (!said || r->html->links->len >= HK_HTML_LINKS_MAX) {
		r->html->cut = r->html->cut || said;
		return NULL;
	}
	while (*said && (unsigned char)*said <= ' ') {
		said++;
	}
	g_autofree char *cut = bounded(said, HK_HTML_URL_MAX);
	char *url = *cut ? resolve(r, g_strchomp(cut)) : NULL;

	if (!url) {
		return NULL;
	}
	hk_html_link *link = g_new0(hk_html_link, 1);

	link->how = how;
	link->url = url;
	link->shown = bounded(shown ? shown : "", HK_HTML_SHOWN_MAX);
	g_ptr_array_add(r->html->links, link);
	return link;
}

/* One blank for many, none at the beginning of a line. */
static void
append_text(GString *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
			if (out->len > 0 && !strchr(" \t\n", out->str[out->len - 1])) {
				g_string_append_c(out, ' ');
			}
		} else if (c != '\0') {
			g_string_append_c(out, c);
		}
	}
}

static void
break_line(GString *out, char with)
{
	while (out->len > 0 && out->str[out->len - 1] == ' ') {
		g_string_truncate(out, out->len - 1);
	}
	if (with == '\t') {
		if (out->len > 0 && out->str[out->len - 1] != '\n') {
			g_string_append_c(out, '\t');
		}
	} else if (out->len > 0 && out->str[out->len - 1] != '\n') {
		g_string_append_c(out, '\n');
	}
}

static void
close_link(reading *r)
{
	if (r->open) {
		g_free(r->open->shown);
		r->open->shown = bounded(g_strchomp(r->shown->str), HK_HTML_SHOWN_MAX);
		r->open = NULL;
	}
	g_string_truncate(r->shown, 0);
}

/* "3; url='https://...'" */
static const char *
refresh_url(const char *content)
{
	for (; *content; content++) {
		if (g_ascii_strncasecmp(content, "url", 3) == 0) {
			content += 3 + strspn(content + 3, " \t");
			if (*content == '=') {
				return content + 1 + strspn(content + 1, " \t'\"");
			}
		}
	}
	return NULL;
}

static void
on_meta(reading *r, const xmlChar **attributes)
{
	const char *equiv = attribute(attributes, "http-equiv");
	const char *content = attribute(attributes, "content");

	if (equiv && content && g_ascii_strcasecmp(equiv, "refresh") == 0) {
		const char *found = refresh_url(content);
		g_autofree char *url = found ? g_strndup(found, strcspn(found, "'\"")) : NULL;

		add(r, HK_HTML_MOVE, url, NULL);
	}
}

static void
on_start(void *user, const xmlChar *name, const xmlChar **attributes)
{
	static const char loads[] =
		"img iframe frame embed source video audio script input link object track";
	reading *r = user;
	const char *said;

	if (is(name, "script style title noembed template")) {
		r->silent++;
	}
	if (is(name, "a area")) {
		close_link(r);
		r->open = add(r, HK_HTML_LINK, attribute(attributes, "href"),
			attribute(attributes, "alt"));
	} else if (is(name, "base") && !r->base) {
		said = attribute(attributes, "href");
		r->base = said && has_scheme(said) ? bounded(said, HK_HTML_URL_MAX) : NULL;
	} else if (is(name, "meta")) {
		on_meta(r, attributes);
	} else if (is(name, "form")) {
		add(r, HK_HTML_FORM, attribute(attributes, "action"), NULL);
	}
	if (is(name, "button input") && (said = attribute(attributes, "formaction"))) {
		add(r, HK_HTML_FORM, said, attribute(attributes, "value"));
	}
	if (is(name, loads)) {
		said = attribute(attributes, "src");
		said = said ? said : attribute(attributes, is(name, "object") ? "data" : "href");
		add(r, HK_HTML_LOAD, said, attribute(attributes, "alt"));
	}
	said = attribute(attributes, "background");
	if (said) {
		add(r, HK_HTML_LOAD, said, NULL);
	}
	if (is(name, "img") && r->open && (said = attribute(attributes, "alt"))) {
		append_text(r->shown, said, strlen(said));
	}
	if (is(name, "td th")) {
		break_line(r->html->text, '\t');
	} else if (is(name, "br p div tr table li ul ol dl dt dd h1 h2 h3 h4 h5 h6 hr blockquote "
			    "pre body "
			    "section article header footer center form")) {
		if (is(name, "br") && r->html->text->len < r->text_max) {
			g_string_append_c(r->html->text, '\n');
		} else {
			break_line(r->html->text, '\n');
		}
	}
}

static void
on_end(void *user, const xmlChar *name)
{
	reading *r = user;

	if (is(name, "script style title noembed template") && r->silent > 0) {
		r->silent--;
	}
	if (is(name, "a area")) {
		close_link(r);
	} else if (is(name, "p div tr table li h1 h2 h3 h4 h5 h6 blockquote pre")) {
		break_line(r->html->text, '\n');
	}
}

static void
on_text(void *user, const xmlChar *text, int len)
{
	reading *r = user;

	if (r->silent > 0 || len <= 0) {
		return;
	}
	if (r->html->text->len + (size_t)len > r->text_max) {
		r->html->cut = true;
		return;
	}
	append_text(r->html->text, (const char *)text, (size_t)len);
	if (r->open && r->shown->len < HK_HTML_SHOWN_MAX) {
		append_text(r->shown, (const char *)text, (size_t)len);
	}
}

/* libxml2 would print what it does not like. */
static void
on_error(void *user, const char *format, ...)
{
	(void)user;
	(void)format;
}

hk_html *
hk_html_read(hk_span utf8)
{
	hk_html *html = g_new0(hk_html, 1);
	g_autoptr(GString) shown = g_string_new(NULL);
	reading r = {.html = html, .shown = shown};
	htmlSAXHandler sax = {.startElement = on_start,
		.endElement = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.error = on_error,
		.warning = on_error,
		.initialized = 1};
	size_t len = MIN(utf8.len, HK_HTML_BYTES_MAX);

	html->text = g_string_new(NULL);
	html->links = g_ptr_array_new_with_free_func(link_free);
	html->cut = len < utf8.len;
	r.text_max =
		len + 1024; /* text is never longer than what it is made of, but for line ends */

	/* U+0000 would end the text for libxml2, and hide what follows. */
	g_autofree char *copy = g_malloc(len + 1);

	for (size_t i = 0; i < len; i++) {
		copy[i] = utf8.data[i] ? (char)utf8.data[i] : ' ';
	}
	copy[len] = '\0';

	htmlParserCtxtPtr parser =
		len > 0 ? htmlCreatePushParserCtxt(&sax, &r, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8)
			: NULL;

	if (parser) {
		htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
						   HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
						   HTML_PARSE_IGNORE_ENC);
		for (size_t at = 0; at < len; at += 32768) {
			htmlParseChunk(parser, copy + at, (int)MIN(len - at, 32768), 0);
		}
		htmlParseChunk(parser, NULL, 0, 1);
		if (parser->myDoc) {
			xmlFreeDoc(parser->myDoc);
		}
		htmlFreeParserCtxt(parser);
	}
	close_link(&r);
	g_free(r.base);
	return html;
}
