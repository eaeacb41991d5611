/* nocheck: tested in tests/unit/source/test_mail_read.c. source/mail/read, inside the sandbox: a mail becomes one JSON object. */
#include <string.h>
#include <strings.h>

#include "parse/mailhead.h"
#include "parse/url.h"
#include "source/mail/read.h"
#include "sys/charset.h"
#include "sys/html.h"
#include "sys/jsonw.h"
#include "sys/mime.h"
#include "sys/qr.h"

/* A mail in a mail in an attachment: so often. */
enum { EML_DEPTH_MAX = 3, HEADS_MAX = 50, AUTHS_MAX = 30, VALUE_MAX = 4000 };

/* Of JSON, so that the caps of single facts together stay below HK_MAIL_FACTS_MAX. */
enum { LINKS_JSON_MAX = 3 << 19, HEADS_JSON_MAX = 1 << 20 };

typedef struct head {
	GString *subject, *from_name, *from, *reply_to, *return_path, *message_id;
	int64_t date_ms;
} head;

typedef struct reading {
	GPtrArray *heads; /* of head */
	GString *links;   /* JSON of the elements */
	GString *parts;   /* the same */
	GString *auths;   /* the same */
	GHashTable *seen; /* links so far: "message\nwhere\nurl" */
	GPtrArray *odd;   /* of const char * */
	GString *text, *html;
	GString *first_hop;
	int64_t received_ms;
	int64_t base; /* number of the first message of the mail that is walked (.eml attachments) */
	unsigned images, eml, hops, auth_count;
	unsigned part_count; /* of the mail and of those inside it, .eml attachments too */
	size_t part_bytes;
	hk_mail_how how;
} reading;

static void
head_free(void *data)
{
	head *h = data;

	g_string_free(h->subject, TRUE);
	g_string_free(h->from_name, TRUE);
	g_string_free(h->from, TRUE);
	g_string_free(h->reply_to, TRUE);
	g_string_free(h->return_path, TRUE);
	g_string_free(h->message_id, TRUE);
	g_free(h);
}

static head *
head_at(reading *r, int64_t message)
{
	while ((int64_t)r->heads->len <= message && r->heads->len < HEADS_MAX) {
		head *h = g_new0(head, 1);

		h->subject = g_string_new(NULL);
		h->from_name = g_string_new(NULL);
		h->from = g_string_new(NULL);
		h->reply_to = g_string_new(NULL);
		h->return_path = g_string_new(NULL);
		h->message_id = g_string_new(NULL);
		g_ptr_array_add(r->heads, h);
	}
	return r->heads->pdata[MIN(message, HEADS_MAX - 1)];
}

static void
odd(reading *r, const char *what)
{
	for (unsigned i = 0; i < r->odd->len; i++) {
		if (strcmp(r->odd->pdata[i], what) == 0) {
			return;
		}
	}
	g_ptr_array_add(r->odd, (void *)what);
}

static hk_span
span_of(const GString *text)
{
	return hk_span_of(text->str, text->len);
}

/* ---- links ---- */

static void
add_link(reading *r, hk_span url, const char *shown, const char *where, const char *how,
	int64_t message)
{
	g_autofree char *key = NULL;

	if (url.len == 0 || url.len > HK_HTML_URL_MAX) {
		return;
	}
	key = g_strdup_printf(
		"%d %s %.*s", (int)message, where, (int)url.len, (const char *)url.data);
	if (g_hash_table_contains(r->seen, key)) {
		return;
	}
	if (g_hash_table_size(r->seen) >= HK_MAIL_LINKS_MAX || r->links->len > LINKS_JSON_MAX) {
		odd(r, "more links than are kept");
		return;
	}
	g_hash_table_add(r->seen, g_steal_pointer(&key));
	hk_jsonw_open(r->links, '{');
	hk_jsonw_key(r->links, "url");
	hk_jsonw_text(r->links, url);
	hk_jsonw_key(r->links, "shown");
	hk_jsonw_str(r->links, shown);
	hk_jsonw_key(r->links, "where");
	hk_jsonw_str(r->links, where);
	hk_jsonw_key(r->links, "how");
	hk_jsonw_str(r->links, how);
	hk_jsonw_key(r->links, "message");
	hk_jsonw_int(r->links, message);
	hk_jsonw_close(r->links, '}');
}

static void
links_of_text(reading *r, hk_span text, const char *where, int64_t message)
{
	size_t pos = 0;
	hk_span url;

	while (hk_url_find(text, false, &pos, &url)) {
		add_link(r, url, "", where, "written", message);
	}
}

/* ---- parts ---- */

static void
keep_text(reading *r, GString *into, hk_span text)
{
	size_t room = into->len < HK_MAIL_TEXT_MAX ? HK_MAIL_TEXT_MAX - into->len : 0;
	size_t len = MIN(text.len, room);

	while (len < text.len && len > 0 && (text.data[len] & 0xc0) == 0x80) {
		len--;
	}
	if (len < text.len) {
		odd(r, "more text than is kept");
	}
	if (into->len > 0 && into->str[into->len - 1] != '\n') {
		g_string_append_c(into, '\n');
	}
	g_string_append_len(into, (const char *)text.data, (gssize)len);
	/* Nobody reads them, and each would be six bytes of the facts. */
	for (size_t i = into->len - len; i < into->len; i++) {
		uint8_t c = (uint8_t)into->str[i];

		into->str[i] = (c < ' ' && !strchr("\t\r\n", c)) || c == 0x7f ? ' ' : (char)c;
	}
}

static const char *
how_of(hk_html_how how)
{
	switch (how) {
	case HK_HTML_FORM:
		return "form";
	case HK_HTML_LOAD:
		return "load";
	case HK_HTML_MOVE:
		return "move";
	case HK_HTML_LINK:
		break;
	}
	return "link";
}

static void
read_html(reading *r, hk_span utf8, const char *where, int64_t message)
{
	g_autoptr(hk_html) html = hk_html_read(utf8);

	for (unsigned i = 0; i < html->links->len; i++) {
		const hk_html_link *link = html->links->pdata[i];

		add_link(r, hk_span_str(link->url), link->shown, where, how_of(link->how), message);
	}
	links_of_text(r, span_of(html->text), where, message);
	if (html->cut) {
		odd(r, "an HTML part is longer than is read");
	}
	if (strcmp(where, "html") == 0) {
		keep_text(r, r->html, span_of(html->text));
	} else {
		/* The page is often put together by a script: its addresses stand in the source only. */
		links_of_text(r, utf8, where, message);
	}
}

/* Addresses of a text in seven bits, its escapes taken for nothing; only those with a scheme, which no kanji look like. */
static void
links_as_labelled(reading *r, hk_span bytes, bool is_html, const char *where, int64_t message)
{
	g_autoptr(GString) text = g_string_new_len((const char *)bytes.data, (gssize)bytes.len);

	for (size_t i = 0; i < text->len; i++) {
		text->str[i] = text->str[i] ? text->str[i] : ' ';
	}
	g_autoptr(hk_html) html = is_html ? hk_html_read(span_of(text)) : NULL;
	size_t pos = 0;
	hk_span url;

	for (unsigned i = 0; html && i < html->links->len; i++) {
		const hk_html_link *link = html->links->pdata[i];

		if (strstr(link->url, "://")) {
			add_link(r, hk_span_str(link->url), "", where, how_of(link->how), message);
		}
	}
	while (hk_url_find(span_of(text), false, &pos, &url)) {
		if (memmem(url.data, url.len, "://", 3)) {
			add_link(r, url, "", where, "written", message);
		}
	}
}

/* NULL, or why its codes could not be read. */
static const char *
read_image(reading *r, hk_span bytes, int64_t message)
{
	g_autoptr(GPtrArray) codes = g_ptr_array_new_with_free_func(g_free);

	if (r->images++ >= HK_MAIL_IMAGES_MAX) {
		return "more pictures than are read";
	}
	hk_err err = hk_qr_read(bytes, codes);

	for (unsigned i = 0; i < codes->len; i++) {
		hk_span code = hk_span_str(codes->pdata[i]);
		size_t pos = 0;
		hk_span url;

		if (hk_url_find(code, true, &pos, &url)) {
			add_link(r, url, "", "qr", "code", message);
		} else {
			odd(r, "a QR code that holds no address");
		}
	}
	return err == HK_OK       ? NULL
	       : err == HK_ELIMIT ? "a picture of too many pixels"
				  : "a broken picture";
}

static bool
ends(const char *name, const char *suffix)
{
	size_t n = strlen(name);
	size_t m = strlen(suffix);

	return n >= m && strcasecmp(name + n - m, suffix) == 0;
}

static bool
looks_html(hk_span bytes)
{
	static const char *const marks[] = {"<!doctype html", "<html", "<head", "<body", "<script"};
	size_t i = 0;

	while (i < bytes.len && i < 1024 && bytes.data[i] <= ' ') {
		i++;
	}
	for (size_t m = 0; m < G_N_ELEMENTS(marks); m++) {
		size_t len = strlen(marks[m]);

		if (bytes.len - i >= len &&
			strncasecmp((const char *)bytes.data + i, marks[m], len) == 0) {
			return true;
		}
	}
	return false;
}

static bool
is_html(const hk_mime_part *part, const char *name)
{
	return strcmp(part->type, "text/html") == 0 ||
	       strcmp(part->type, "application/xhtml+xml") == 0 ||
	       strcmp(part->type, "image/svg+xml") == 0 || ends(name, ".html") ||
	       ends(name, ".htm") || ends(name, ".shtml") || ends(name, ".xhtml") ||
	       ends(name, ".svg") || looks_html(part->body);
}

/* A mail as an attachment. As a message/rfc822 in base64, which RFC 2046 forbids and mailers write, GMime leaves it as it is. */
static bool
is_mail(const hk_mime_part *part, const char *name)
{
	return ends(name, ".eml") || strcmp(part->type, "message/rfc822") == 0 ||
	       strcmp(part->type, "message/global") == 0;
}

static void walk(reading *r, hk_span mail);

/* Reads a part; *ret_charset: what its text was taken for. NULL, or why it was not read. */
static const char *
read_part(reading *r, const hk_mime_part *part, const char *name, int64_t message,
	const char **ret_charset)
{
	g_autoptr(GString) text = g_string_new(NULL);
	bool mended = false;

	if (hk_qr_is_image(part->body)) {
		return r->how == HK_MAIL_NO_PICTURES ? "not read: the pictures took all time"
						     : read_image(r, part->body, message);
	}
	if (is_mail(part, name) && r->eml < EML_DEPTH_MAX) {
		int64_t base = r->base;

		r->eml++;
		r->base = r->heads->len;
		walk(r, part->body);
		r->base = base;
		r->eml--;
		return NULL;
	}
	bool html = is_html(part, name);

	if (!html && strncmp(part->type, "text/", 5) != 0 && !ends(name, ".txt") &&
		!ends(name, ".csv")) {
		return "not read: of this type";
	}
	*ret_charset = hk_charset_text(part->body, part->charset, text, &mended);
	if (mended) {
		odd(r, "a wrong or missing charset was mended");
	}
	/* An escape in a text that says to be another charset's: who believes the label sees other addresses. */
	if (mended && *part->charset && strcmp(*ret_charset, "iso-2022-jp") == 0) {
		links_as_labelled(r, part->body, html,
			part->attachment ? "attachment"
			: html           ? "html"
					 : "text",
			message);
	}
	if (html) {
		read_html(r, span_of(text), part->attachment || *name ? "attachment" : "html",
			message);
	} else {
		links_of_text(r, span_of(text), part->attachment ? "attachment" : "text", message);
		if (!part->attachment) {
			keep_text(r, r->text, span_of(text));
		}
	}
	return NULL;
}

static void
on_part(void *user, const hk_mime_part *part)
{
	reading *r = user;
	int64_t message = r->base + part->message;
	g_autoptr(GString) name = g_string_new(NULL);
	const char *charset = "";

	/* A walk counts for itself; those inside others would multiply. */
	if (r->part_count >= HK_MAIL_PARTS_MAX || r->part_bytes >= HK_MAIL_ALL_MAX) {
		odd(r, r->part_count >= HK_MAIL_PARTS_MAX ? "more parts than are read"
							  : "a part longer than is read");
		return;
	}
	r->part_count++;
	r->part_bytes += part->body.len;
	hk_charset_header(hk_span_of(part->name, MIN(strlen(part->name), 1000)), name);

	const char *note = read_part(r, part, name->str, message, &charset);

	note = note ? note : part->cut ? "cut" : "";
	hk_jsonw_open(r->parts, '{');
	hk_jsonw_key(r->parts, "type");
	hk_jsonw_text(r->parts, hk_span_of(part->type, MIN(strlen(part->type), 100)));
	hk_jsonw_key(r->parts, "name");
	hk_jsonw_text(r->parts, hk_span_of(name->str, MIN(name->len, 300)));
	hk_jsonw_key(r->parts, "charset");
	hk_jsonw_str(r->parts, charset);
	hk_jsonw_key(r->parts, "message");
	hk_jsonw_int(r->parts, message);
	hk_jsonw_key(r->parts, "bytes");
	hk_jsonw_int(r->parts, (int64_t)part->body.len);
	hk_jsonw_key(r->parts, "note");
	hk_jsonw_str(r->parts, note);
	hk_jsonw_close(r->parts, '}');
}

/* ---- headers ---- */

/* The first header of a name counts; a second one is a trick or a mistake. */
static void
take_text(GString *into, hk_span value)
{
	if (into->len == 0) {
		hk_charset_header(hk_span_of(value.data, MIN(value.len, VALUE_MAX)), into);
	}
}

static void
take_address(GString *name, GString *address, hk_span value)
{
	g_autoptr(GString) unused = g_string_new(NULL);

	if (address->len == 0) {
		hk_mime_address(value, name ? name : unused, address);
	}
}

/* What a server on the way wrote; only of the mail itself. */
static void
take_trace(reading *r, const char *name, hk_span value)
{
	if (strcasecmp(name, "Received") == 0) {
		int64_t when;

		if (r->hops++ == 0 && hk_mime_date(value, &when)) {
			r->received_ms = when;
		}
		g_string_truncate(r->first_hop, 0);
		hk_charset_header(hk_span_of(value.data, MIN(value.len, 1000)), r->first_hop);
	} else if (strcasecmp(name, "Authentication-Results") == 0 && r->auth_count < AUTHS_MAX) {
		/* One byte too many says that it was cut: what stands below must not take its place. */
		value.len = MIN(value.len, (size_t)VALUE_MAX + 1);
		r->auth_count++;
		hk_jsonw_open(r->auths, '{');
		hk_jsonw_key(r->auths, "value");
		hk_jsonw_text(r->auths, value);
		hk_jsonw_key(r->auths, "hop");
		hk_jsonw_int(r->auths, r->hops);
		hk_jsonw_close(r->auths, '}');
	}
}

static void
on_header(void *user, unsigned number, const char *name, hk_span value)
{
	reading *r = user;
	int64_t message = r->base + number;
	head *h = head_at(r, message);
	int64_t when;

	if (strcasecmp(name, "Subject") == 0) {
		take_text(h->subject, value);
	} else if (strcasecmp(name, "Message-ID") == 0) {
		take_text(h->message_id, value);
	} else if (strcasecmp(name, "From") == 0) {
		take_address(h->from_name, h->from, value);
	} else if (strcasecmp(name, "Reply-To") == 0) {
		take_address(NULL, h->reply_to, value);
	} else if (strcasecmp(name, "Return-Path") == 0) {
		take_address(NULL, h->return_path, value);
	} else if (strcasecmp(name, "Date") == 0 && h->date_ms == 0 && hk_mime_date(value, &when)) {
		h->date_ms = when;
	} else if (message == 0) {
		take_trace(r, name, value);
	}
}

static void
walk(reading *r, hk_span mail)
{
	const hk_mime_limits limits = {.parts = HK_MAIL_PARTS_MAX - r->part_count,
		.depth = HK_MAIL_DEPTH_MAX,
		.part_bytes = HK_MAIL_PART_MAX,
		.all_bytes = HK_MAIL_ALL_MAX - MIN(r->part_bytes, HK_MAIL_ALL_MAX)};
	const hk_mime_sink sink = {.user = r, .header = on_header, .part = on_part};
	unsigned left = hk_mime_walk(mail, &limits, &sink);

	if (left & HK_MIME_PARTS) {
		odd(r, "more parts than are read");
	}
	if (left & HK_MIME_DEPTH) {
		odd(r, "parts in parts deeper than are read");
	}
	if (left & HK_MIME_BYTES) {
		odd(r, "a part longer than is read");
	}
	if (left & HK_MIME_BROKEN) {
		odd(r, "no mail at all");
	}
	if (left & HK_MIME_SEALED) {
		odd(r, "an encrypted part");
	}
}

/* ---- without libraries ---- */

static void
walk_plain(reading *r, hk_span mail)
{
	head *h = head_at(r, 0);
	size_t pos = 0;
	hk_span name, value;
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < 500 && hk_mailhead_next(mail, &pos, &name, &value); i++) {
		g_autofree char *key = g_strndup((const char *)name.data, MIN(name.len, 100));

		if (strcasecmp(key, "Subject") == 0) {
			take_text(h->subject, value);
		} else if (strcasecmp(key, "Message-ID") == 0) {
			take_text(h->message_id, value);
		} else if (strcasecmp(key, "From") == 0) {
			take_text(h->from, value);
		}
	}
	hk_span body = hk_mailhead_body(mail);

	hk_charset_text(hk_span_of(body.data, MIN(body.len, HK_HTML_BYTES_MAX)), NULL, text, NULL);
	links_of_text(r, span_of(text), "text", 0);
	keep_text(r, r->text, span_of(text));
}

/* ---- the whole ---- */

static void
write_list(GString *out, const char *key, const GString *elements)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	g_string_append_len(out, elements->str, (gssize)elements->len);
	hk_jsonw_close(out, ']');
}

static void
write_heads(GString *out, const reading *r)
{
	hk_jsonw_key(out, "heads");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < r->heads->len && out->len < HEADS_JSON_MAX; i++) {
		const head *h = r->heads->pdata[i];

		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "subject");
		hk_jsonw_text(out, span_of(h->subject));
		hk_jsonw_key(out, "from_name");
		hk_jsonw_text(out, span_of(h->from_name));
		hk_jsonw_key(out, "from");
		hk_jsonw_text(out, span_of(h->from));
		hk_jsonw_key(out, "reply_to");
		hk_jsonw_text(out, span_of(h->reply_to));
		hk_jsonw_key(out, "return_path");
		hk_jsonw_text(out, span_of(h->return_path));
		hk_jsonw_key(out, "message_id");
		hk_jsonw_text(out, span_of(h->message_id));
		hk_jsonw_key(out, "date_ms");
		hk_jsonw_int(out, h->date_ms);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

void
hk_mail_read_facts(hk_span raw, hk_mail_how how, GString *out)
{
	g_autoptr(GPtrArray) heads = g_ptr_array_new_with_free_func(head_free);
	g_autoptr(GPtrArray) odds = g_ptr_array_new();
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GString) links = g_string_new(NULL);
	g_autoptr(GString) parts = g_string_new(NULL);
	g_autoptr(GString) auths = g_string_new(NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GString) html = g_string_new(NULL);
	g_autoptr(GString) hop = g_string_new(NULL);
	reading r = {.heads = heads,
		.odd = odds,
		.seen = seen,
		.links = links,
		.parts = parts,
		.auths = auths,
		.text = text,
		.html = html,
		.first_hop = hop,
		.how = how};

	head_at(&r, 0);
	if (how == HK_MAIL_PLAIN) {
		walk_plain(&r, raw);
	} else {
		walk(&r, raw);
	}
	links_of_text(&r, span_of(head_at(&r, 0)->subject), "subject", 0);

	hk_jsonw_open(out, '{');
	write_heads(out, &r);
	write_list(out, "links", links);
	write_list(out, "parts", parts);
	write_list(out, "auths", auths);
	hk_jsonw_strs(out, "odd", (const char *const *)odds->pdata, odds->len);
	hk_jsonw_key(out, "text");
	hk_jsonw_text(out, span_of(text));
	hk_jsonw_key(out, "html");
	hk_jsonw_text(out, span_of(html));
	hk_jsonw_key(out, "first_hop");
	hk_jsonw_text(out, span_of(hop));
	hk_jsonw_key(out, "received_ms");
	hk_jsonw_int(out, r.received_ms);
	hk_jsonw_close(out, '}');
}
