/* One pass over a page: what can be read, asked for, loaded. Nothing is built, so depth costs nothing. */
#include <string.h>

#include "score/page_int.h"

enum { TEXT_MAX = 1 << 20 };

const char *
hk_page_attr(hk_page_reader *r, const hk_htmltok *tok, unsigned slot, const char *name)
{
	return hk_htmltok_attribute(tok, name, r->attr[slot]) ? r->attr[slot]->str : NULL;
}

/* NUL, too. */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\0';
}

void
hk_page_squeeze(GString *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = i;

		while (n < len && !is_blank(text[n])) {
			n++;
		}
		g_string_append_len(out, text + i, (gssize)(n - i));
		if (n < len && out->len > 0 && !is_blank(out->str[out->len - 1])) {
			g_string_append_c(out, ' ');
		}
		i = n + (n < len);
	}
}

static void
new_line(GString *out)
{
	if (out->len > 0 && out->str[out->len - 1] == ' ') {
		g_string_truncate(out, out->len - 1);
	}
	if (out->len > 0 && out->str[out->len - 1] != '\n') {
		g_string_append_c(out, '\n');
	}
}

/* One more item of an area, as it is written in an attribute. */
static void
add_item(hk_page_reader *r, hk_page_area area, const char *text)
{
	GString *out = r->raw[area];

	if (text && *text && out->len < HK_PAGE_AREA_MAX) {
		new_line(out);
		hk_page_squeeze(out, text, MIN(strlen(text), HK_PAGE_LABEL_MAX));
	}
}

/* ---- text ---- */

static uint32_t
characters(const GString *text)
{
	uint32_t count = 0;

	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->str[i];
		count += c > ' ' && (c & 0xc0) != 0x80;
	}
	return count;
}

static void
on_text(hk_page_reader *r, hk_span written)
{
	GString *text = r->scratch;

	if (r->silent > 0) {
		return;
	}
	g_string_truncate(text, 0);
	hk_htmltok_decode(written, false, text);
	r->text_chars += characters(text);
	if (r->raw[HK_PAGE_TEXT]->len + text->len <= TEXT_MAX) {
		hk_page_squeeze(r->raw[HK_PAGE_TEXT], text->str, text->len);
	}
	if (r->heading_open && r->raw[HK_PAGE_HEAD]->len - r->heading_from < HK_PAGE_LABEL_MAX) {
		hk_page_squeeze(r->raw[HK_PAGE_HEAD], text->str, MIN(text->len, HK_PAGE_LABEL_MAX));
	}
	hk_page_form_text(r, text->str, text->len);
}

/* A picture in a heading is a part of it: logos stand there. */
static void
on_picture_text(hk_page_reader *r, const char *alt)
{
	add_item(r, HK_PAGE_ALT, alt);
	if (alt && r->heading_open &&
		r->raw[HK_PAGE_HEAD]->len - r->heading_from < HK_PAGE_LABEL_MAX) {
		hk_page_squeeze(r->raw[HK_PAGE_HEAD], alt, MIN(strlen(alt), HK_PAGE_LABEL_MAX));
	}
}

static void
on_raw(hk_page_reader *r, const hk_htmltok *tok)
{
	if (r->silent > 0) {
		return;
	}
	if (strcmp(tok->name, "script") == 0) {
		hk_page_script(r, tok->body);
	} else if (strcmp(tok->name, "style") == 0) {
		hk_page_hash(r, tok->body);
	} else if (strcmp(tok->name, "title") != 0) {
		on_text(r, tok->body); /* textarea, xmp, plaintext are shown as they stand */
	} else {
		/* Each one: the first may be that of a picture (SVG). */
		g_string_truncate(r->scratch, 0);
		hk_htmltok_decode(tok->body, false, r->scratch);
		add_item(r, HK_PAGE_TITLE, r->scratch->str);
	}
}

/* ---- elements ---- */

/* "3; url='https://...'" (WHATWG HTML, shared declarative refresh steps). */
static void
on_refresh(hk_page_reader *r, const char *content)
{
	const char *at = content + strspn(content, "0123456789. \t;,");

	if (g_ascii_strncasecmp(at, "url", 3) == 0) {
		at += 3;
		at += strspn(at, " \t");
		at += *at == '=';
	}
	at += strspn(at, " \t'\"");

	g_autofree char *to = g_strndup(at, strcspn(at, "'\""));

	if (*to) {
		r->has |= HK_PAGE_HAS_REFRESH;
		hk_page_leads(r, to);
	}
}

static void
on_meta(hk_page_reader *r, const hk_htmltok *tok)
{
	static const struct {
		const char *attr, *name;
		hk_page_area area;
	} rows[] = {
		{"property", "og:title", HK_PAGE_TITLE},
		{"property", "og:site_name", HK_PAGE_SITE},
		{"name", "application-name", HK_PAGE_SITE},
		{"name", "apple-mobile-web-app-title", HK_PAGE_SITE},
		{"name", "author", HK_PAGE_SITE},
		{"name", "copyright", HK_PAGE_SITE},
	};
	const char *content = hk_page_attr(r, tok, 0, "content");
	const char *equiv = hk_page_attr(r, tok, 1, "http-equiv");

	if (!content) {
		return;
	}
	if (equiv && g_ascii_strcasecmp(equiv, "refresh") == 0) {
		on_refresh(r, content);
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *value = hk_page_attr(r, tok, 1, rows[i].attr);

		if (value && g_ascii_strcasecmp(value, rows[i].name) == 0) {
			add_item(r, rows[i].area, content);
		}
	}
}

static void
on_link_element(hk_page_reader *r, const hk_htmltok *tok)
{
	const char *rel = hk_page_attr(r, tok, 0, "rel");
	const char *href = hk_page_attr(r, tok, 1, "href");
	g_autofree char *lower = g_ascii_strdown(rel ? rel : "", -1);
	bool icon = strstr(lower, "icon") != NULL;

	/* "canonical", "alternate" and their like load nothing. */
	if (icon || strstr(lower, "stylesheet") || strstr(lower, "preload") ||
		strstr(lower, "manifest")) {
		hk_page_load(r, href, icon);
	}
}

static void
on_load(hk_page_reader *r, const hk_htmltok *tok)
{
	const char *src =
		hk_page_attr(r, tok, 0, strcmp(tok->name, "object") == 0 ? "data" : "src");

	if (strcmp(tok->name, "img") == 0) {
		r->pictures++;
		if (!src || !*src) { /* loaded when it comes into view */
			src = hk_page_attr(r, tok, 0, "data-src");
		}
		on_picture_text(r, hk_page_attr(r, tok, 1, "alt"));
	} else if (strcmp(tok->name, "script") == 0) {
		r->scripts += src != NULL;
	} else if (strcmp(tok->name, "iframe") == 0 || strcmp(tok->name, "frame") == 0) {
		r->frames++;
		if (!r->frame) {
			r->frame = g_strdup(src ? src : "");
		}
	}
	hk_page_load(r, src, false);
}

/* The login of a system that half the world's sites are made with: nobody copies that to imitate a bank. */
static void
look_for_cms(hk_page_reader *r, const char *text)
{
	static const char *const signs[] = {"wp-login.php", "option=com_users", "option=com_login",
		"/user/login?destination", "ucp.php?mode=login", "typo3/", "pma_username",
		"rcmloginuser", "/cgi-bin/luci", "login/index.php", "webvpn", "/users/sign_in",
		"/administrator/index.php", "mt.cgi", "loginform-wrap"};

	for (size_t i = 0; text && i < G_N_ELEMENTS(signs); i++) {
		if (strstr(text, signs[i])) {
			r->has |= HK_PAGE_HAS_CMS;
		}
	}
}

static void
on_form(hk_page_reader *r, const hk_htmltok *tok)
{
	const char *action = hk_page_attr(r, tok, 0, "action");

	look_for_cms(r, action);
	hk_page_send(r, action);
}

static void
on_anchor(hk_page_reader *r, const hk_htmltok *tok)
{
	const char *href = hk_page_attr(r, tok, 3, "href");

	if (href) {
		hk_page_link(r, href);
	}
	if (href || hk_page_attr(r, tok, 1, "onclick")) {
		hk_page_press_start(r, tok);
	}
}

static void
on_field(hk_page_reader *r, const hk_htmltok *tok)
{
	if (strcmp(tok->name, "input") == 0) {
		look_for_cms(r, hk_page_attr(r, tok, 0, "name"));
		look_for_cms(r, hk_page_attr(r, tok, 0, "id"));
		on_picture_text(r, hk_page_attr(r, tok, 1, "alt"));
		hk_page_load(r, hk_page_attr(r, tok, 0, "src"), false);
	}
	hk_page_field_start(r, tok);
}

static void
on_base(hk_page_reader *r, const hk_htmltok *tok)
{
	hk_page_base(r, hk_page_attr(r, tok, 0, "href"));
}

static void
on_silent(hk_page_reader *r, const hk_htmltok *tok)
{
	(void)tok;
	r->silent++;
}

static const struct {
	const char *name;
	void (*start)(hk_page_reader *r, const hk_htmltok *tok);
} starts[] = {
	{"a", on_anchor},
	{"area", on_anchor},
	{"base", on_base},
	{"button", on_field},
	{"form", on_form},
	{"frame", on_load},
	{"iframe", on_load},
	{"img", on_load},
	{"input", on_field},
	{"label", hk_page_label_start},
	{"link", on_link_element},
	{"meta", on_meta},
	{"object", on_load},
	{"script", on_load},
	{"select", on_field},
	{"source", on_load},
	{"template", on_silent},
	{"textarea", on_field},
};

static void
on_start(hk_page_reader *r, const hk_htmltok *tok)
{
	unsigned kind = hk_page_element(tok->name);

	if (r->level == 0) {
		hk_page_tags_start(&r->tags, tok->name, kind);
	}
	if (kind & HK_PAGE_EL_BLOCK || strcmp(tok->name, "br") == 0) {
		new_line(r->raw[HK_PAGE_TEXT]);
	}
	if (kind & HK_PAGE_EL_HEADING && r->silent == 0 &&
		r->raw[HK_PAGE_HEAD]->len < HK_PAGE_AREA_MAX) {
		new_line(r->raw[HK_PAGE_HEAD]);
		r->heading_open = true;
		r->heading_from = r->raw[HK_PAGE_HEAD]->len;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
		if (*starts[i].name == *tok->name && strcmp(starts[i].name, tok->name) == 0) {
			if (r->silent == 0 || starts[i].start == on_silent) {
				starts[i].start(r, tok);
			}
			return;
		}
	}
	if (r->silent == 0 && hk_page_attr(r, tok, 0, "onclick")) {
		hk_page_press_start(r, tok);
	}
}

static void
on_end(hk_page_reader *r, const char *name)
{
	unsigned kind = hk_page_element(name);

	if (r->level == 0) {
		hk_page_tags_end(&r->tags, name, kind);
	}
	if (kind & HK_PAGE_EL_BLOCK) {
		new_line(r->raw[HK_PAGE_TEXT]);
	}
	if (kind & HK_PAGE_EL_HEADING) {
		r->heading_open = false;
	}
	if (strcmp(name, "template") == 0) {
		r->silent -= r->silent > 0;
	} else if (strcmp(name, "label") == 0) {
		hk_page_label_end(r);
	} else if (strcmp(name, "a") == 0 || strcmp(name, "button") == 0) {
		r->press_open = false;
	}
}

/* What browsers that run scripts take for plain text that nobody sees (WHATWG HTML, section 13.2.6.4.7): tags and quotes in it mean nothing, or an
 * open quote would hide the page. */
static void
skip_unseen(hk_htmltok *tok)
{
	static const char *const names[] = {"noscript", "iframe", "noembed", "noframes", NULL};
	size_t len = strlen(tok->name), at = tok->at;
	const uint8_t *found;

	if (!g_strv_contains(names, tok->name)) {
		return;
	}
	for (; (found = at < tok->text.len ? memchr(tok->text.data + at, '<', tok->text.len - at)
					   : NULL) != NULL;
		at++) {
		at = (size_t)(found - tok->text.data);
		if (tok->text.len - at > len + 2 && found[1] == '/' &&
			g_ascii_strncasecmp((const char *)found + 2, tok->name, len) == 0) {
			break;
		}
	}
	tok->at = found ? at : tok->text.len;
}

void
hk_page_html(hk_page_reader *r, hk_span utf8)
{
	hk_htmltok tok = {.text = utf8};

	while (hk_htmltok_next(&tok)) {
		switch (tok.kind) {
		case HK_HTMLTOK_START:
			on_start(r, &tok);
			skip_unseen(&tok);
			break;
		case HK_HTMLTOK_END:
			on_end(r, tok.name);
			break;
		case HK_HTMLTOK_TEXT:
			on_text(r, tok.body);
			break;
		case HK_HTMLTOK_RAW:
			on_raw(r, &tok);
			break;
		}
	}
	hk_page_label_end(r);
}
