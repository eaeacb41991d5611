#include "sys/html.h"

#include <string.h>

#include "sys/htmltok.h"

typedef struct reading {
	hk_html *html;
	char *base;         /* of <base href>, or NULL */
	hk_html_link *open; /* the <a> that stands open; borrowed from links */
	GString *shown;     /* its text so far */
	unsigned silent;    /* template, noembed standing open */
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

static bool
is(const char *name, const char *words)
{
	size_t len = strlen(name);
	const char *at = words;

	while (len > 0 && (at = strstr(at, name)) != NULL) {
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
			return true;
		}
		at += len;
	}
	return false;
}

/* NULL: there is none. */
static char *
attribute(const hk_htmltok *tag, const char *name)
{
	g_autoptr(GString) value = g_string_new(NULL);

	return hk_htmltok_attribute(tag, name, value) ? g_strndup(value->str, value->len) : NULL;
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

static bool
is_slash(char c)
{
	return c == '/' || c == '\\';
}

/* As a browser would, in the forms that occur in mails; NULL: it leads nowhere without a page around it. */
static char *
resolve(const reading *r, const char *url)
{
	if (has_scheme(url)) {
		return g_strdup(url);
	}
	if (is_slash(url[0]) && is_slash(url[1])) {
		return g_strconcat("https:", url, NULL);
	}
	if (!r->base || url[0] == '#') {
		/* Outlook takes "www.evil.example" for an address, so people click on it. */
		return g_ascii_strncasecmp(url, "www.", 4) == 0 ? g_strdup(url) : NULL;
	}
	size_t host = strcspn(r->base, ":") + 1;

	host += strspn(r->base + host, "/\\");

	size_t path = host + strcspn(r->base + host, "/\\?#");
	size_t end = path + strcspn(r->base + path, "?#");
	size_t slash = end;

	while (slash > path && !is_slash(r->base[slash - 1])) {
		slash--;
	}
	bool rooted = is_slash(url[0]);
	g_autofree char *front = g_strndup(r->base, rooted || slash == path ? path : slash);

	return g_strconcat(front, rooted || slash > path ? "" : "/", url, NULL);
}

/* URL Standard: blanks around it, and tabs and line ends within, are no part of an address. */
static char *
plain_url(const char *said)
{
	g_autofree char *cut = NULL;
	char *to;

	while (*said && (unsigned char)*said <= ' ') {
		said++;
	}
	cut = to = bounded(said, HK_HTML_URL_MAX);
	for (const char *from = cut; *from; from++) {
		if (!strchr("\t\r\n", *from)) {
			*to++ = *from;
		}
	}
	*to = '\0';
	return g_strdup(g_strchomp(cut));
}

/* The first <base> counts. */
static void
set_base(reading *r, const char *said)
{
	g_autofree char *url = plain_url(said);
	bool bare = is_slash(url[0]) && is_slash(url[1]);

	r->base = has_scheme(url) ? g_steal_pointer(&url)
		  : bare          ? g_strconcat("https:", url, NULL)
				  : NULL;
}

static hk_html_link *
add(reading *r, hk_html_how how, const char *said, const char *shown)
{
	if (!said || r->html->links->len >= HK_HTML_LINKS_MAX) {
		r->html->cut = r->html->cut || said;
		return NULL;
	}
	g_autofree char *plain = plain_url(said);
	char *url = *plain ? resolve(r, plain) : NULL;

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

/* "3; url='https://...'", and without "url=", too (WHATWG HTML, shared declarative refresh steps). NULL: it only loads itself again. */
static char *
refresh_url(const char *content)
{
	static const char blanks[] = " \t\r\n\f";
	const char *at = content + strspn(content, blanks);

	at += strspn(at, "0123456789.");
	if (at == content || !strchr(" \t\r\n\f;,", *at)) {
		return NULL;
	}
	at += strspn(at, blanks);
	at += *at == ';' || *at == ',';
	at += strspn(at, blanks);
	if (g_ascii_strncasecmp(at, "url", 3) == 0) {
		const char *equals = at + 3 + strspn(at + 3, blanks);

		at = *equals == '=' ? equals + 1 + strspn(equals + 1, blanks) : at;
	}
	char quote[2] = {*at == '"' || *at == '\'' ? *at : '\0', '\0'};

	at += *quote != '\0';
	return g_strndup(at, strcspn(at, quote));
}

static void
on_meta(reading *r, const hk_htmltok *tag)
{
	g_autofree char *equiv = attribute(tag, "http-equiv");
	g_autofree char *content = attribute(tag, "content");

	if (equiv && content && g_ascii_strcasecmp(equiv, "refresh") == 0) {
		g_autofree char *url = refresh_url(content);

		add(r, HK_HTML_MOVE, url, NULL);
	}
}

/* What is clicked or sent. */
static void
take_links(reading *r, const hk_htmltok *tag)
{
	const char *name = tag->name;
	g_autofree char *href = attribute(tag, "href");
	g_autofree char *alt = attribute(tag, "alt");

	if (is(name, "a area")) {
		g_autofree char *xlink = href ? NULL : attribute(tag, "xlink:href");
		hk_html_link *link;

		close_link(r);
		link = add(r, HK_HTML_LINK, href ? href : xlink, alt);
		r->open = is(name, "a") ? link : NULL;
	} else if (is(name, "base") && !r->base && href) {
		set_base(r, href);
	} else if (is(name, "meta")) {
		on_meta(r, tag);
	} else if (is(name, "form")) {
		g_autofree char *action = attribute(tag, "action");

		add(r, HK_HTML_FORM, action, NULL);
	} else if (is(name, "button input")) {
		g_autofree char *action = attribute(tag, "formaction");
		g_autofree char *value = attribute(tag, "value");

		add(r, HK_HTML_FORM, action, value);
	} else if (strchr(name, ':')) {
		/* Outlook's buttons: <v:roundrect href="..."> */
		add(r, HK_HTML_LINK, href, alt);
	}
}

/* What is loaded when the mail is shown. */
static void
take_loads(reading *r, const hk_htmltok *tag)
{
	static const char loads[] =
		"img iframe frame embed source video audio script input link object track";
	g_autofree char *background = attribute(tag, "background");

	if (is(tag->name, loads)) {
		g_autofree char *src = attribute(tag, "src");
		g_autofree char *other = attribute(tag, is(tag->name, "object") ? "data" : "href");
		g_autofree char *alt = attribute(tag, "alt");

		add(r, HK_HTML_LOAD, src ? src : other, alt);
		if (is(tag->name, "img") && r->open && alt) {
			append_text(r->shown, alt, strlen(alt));
		}
	}
	add(r, HK_HTML_LOAD, background, NULL);
}

static void
on_start(reading *r, const hk_htmltok *tag)
{
	const char *name = tag->name;

	r->silent += is(name, "noembed template");
	take_links(r, tag);
	take_loads(r, tag);
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
on_end(reading *r, const char *name)
{
	if (is(name, "noembed template") && r->silent > 0) {
		r->silent--;
	}
	if (is(name, "a")) {
		close_link(r);
	} else if (is(name, "p div tr table li h1 h2 h3 h4 h5 h6 blockquote pre")) {
		break_line(r->html->text, '\n');
	}
}

static void
on_text(reading *r, hk_span written)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (r->silent > 0) {
		return;
	}
	hk_htmltok_decode(written, false, text);
	if (r->html->text->len + text->len > r->text_max) {
		r->html->cut = true;
		return;
	}
	append_text(r->html->text, text->str, text->len);
	if (r->open && r->shown->len < HK_HTML_SHOWN_MAX) {
		append_text(r->shown, text->str, text->len);
	}
}

hk_html *
hk_html_read(hk_span utf8)
{
	hk_html *html = g_new0(hk_html, 1);
	g_autoptr(GString) shown = g_string_new(NULL);
	reading r = {.html = html, .shown = shown};
	size_t len = MIN(utf8.len, HK_HTML_BYTES_MAX);
	hk_htmltok tok = {.text = hk_span_of(utf8.data, len)};

	html->text = g_string_new(NULL);
	html->links = g_ptr_array_new_with_free_func(link_free);
	html->cut = len < utf8.len;
	r.text_max =
		len + 1024; /* text is never longer than what it is made of, but for line ends */
	while (hk_htmltok_next(&tok)) {
		switch (tok.kind) {
		case HK_HTMLTOK_START:
			on_start(&r, &tok);
			break;
		case HK_HTMLTOK_END:
			on_end(&r, tok.name);
			break;
		case HK_HTMLTOK_TEXT:
			on_text(&r, tok.body);
			break;
		case HK_HTMLTOK_RAW:
			/* These are shown as they stand. */
			if (is(tok.name, "textarea xmp plaintext")) {
				on_text(&r, tok.body);
			}
			break;
		}
	}
	close_link(&r);
	g_free(r.base);
	return html;
}
