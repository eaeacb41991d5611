#include "parse/authres.h"

#include "parse/mailhead.h"

/* A value: what its bytes are without quotes, and where the domain in it begins. */
typedef struct value {
	hk_span text;
	hk_span domain; /* may be empty */
	bool quoted;    /* some of it stood in quotes */
} value;

static bool
is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Comments nest and may stand anywhere but in quotes; each becomes a blank. Quoted strings stay as they are, with their backslashes: only the reader of a value may
 * take those off, or what stands in quotes would end them. */
static void
strip_comments(hk_span in, hk_authres *ret)
{
	unsigned depth = 0;
	bool quoted = false;

	ret->len = 0;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.data[i];
		bool escaped = c == '\\' && (quoted || depth > 0) && i + 1 < in.len;

		if (escaped && depth == 0) {
			ret->text[ret->len++] = c;
			c = in.data[++i];
		} else if (escaped) {
			i++;
			continue;
		} else if (c == '"' && depth == 0) {
			quoted = !quoted;
		} else if (c == '(' && !quoted) {
			depth++;
		}
		if (depth == 0) {
			ret->text[ret->len++] = is_blank(c) ? ' ' : c;
		} else if (c == ')' && --depth == 0) {
			ret->text[ret->len++] = ' ';
		}
	}
	ret->broken = quoted || depth > 0;
}

static void
skip_blanks(hk_authres *a)
{
	while (a->pos < a->len && a->text[a->pos] == ' ') {
		a->pos++;
	}
}

static bool
take_char(hk_authres *a, uint8_t c)
{
	skip_blanks(a);
	if (a->pos < a->len && a->text[a->pos] == c) {
		a->pos++;
		return true;
	}
	return false;
}

/* ---- values ---- */

/* What stands in quotes, written where *end is, without its backslashes. */
static void
take_quoted(hk_authres *a, size_t *end)
{
	for (a->pos++; a->pos < a->len && a->text[a->pos] != '"'; a->pos++) {
		if (a->text[a->pos] == '\\' && a->pos + 1 < a->len) {
			a->pos++;
		}
		a->text[(*end)++] = a->text[a->pos];
	}
	a->pos += a->pos < a->len;
}

static bool
is_host_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '.' || c == '_' || c >= 0x80;
}

/* Empty unless it is made of what names are made of. */
static hk_span
as_domain(hk_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_host_byte(text.data[i])) {
			return hk_span_of(text.data, 0);
		}
	}
	return text;
}

/* From the byte behind the last '@' of text, from its beginning if there is none. */
static hk_span
behind_at(hk_span text)
{
	size_t i = text.len;

	while (i > 0 && text.data[i - 1] != '@') {
		i--;
	}
	return hk_span_of(text.data + i, text.len - i);
}

/* One value (section 2.2: pvalue): up to a blank or ';' outside of quotes. The domain of an address stands behind an '@' outside of quotes and is not quoted; a value all in
 * quotes may be an address as a whole. "host.example"@evil.example is evil.example's, and "host.example"evil.example nobody's. */
static value
take_value(hk_authres *a)
{
	value ret = {{NULL, 0}, {NULL, 0}, false};
	bool plain = false, split = false;

	skip_blanks(a);
	size_t begin = a->pos, end = a->pos, domain = a->pos;

	while (a->pos < a->len && a->text[a->pos] != ' ' && a->text[a->pos] != ';') {
		uint8_t c = a->text[a->pos];

		if (c == '"') {
			take_quoted(a, &end);
			ret.quoted = true;
			split = false;
			continue;
		}
		plain = true;
		a->text[end++] = c;
		a->pos++;
		if (c == '@') {
			split = true;
			domain = end;
		}
	}
	ret.text = hk_span_of(a->text + begin, end - begin);
	if (split) {
		ret.domain = as_domain(hk_span_of(a->text + domain, end - domain));
	} else if (plain != ret.quoted) {
		ret.domain = as_domain(behind_at(ret.text));
	}
	return ret;
}

/* A key: method, "method/version" or "ptype.property", the marks perhaps with blanks around. Empty: none is there. */
static hk_span
take_key(hk_authres *a)
{
	skip_blanks(a);
	size_t begin = a->pos, end = a->pos;

	while (a->pos < a->len) {
		size_t gap = a->pos;

		skip_blanks(a);
		uint8_t c = a->pos < a->len ? a->text[a->pos] : ';';
		bool joins = c == '.' || c == '/' ||
			     (end > begin && (a->text[end - 1] == '.' || a->text[end - 1] == '/'));

		if (c == ';' || c == '=' || c == '"' || (a->pos > gap && end > begin && !joins)) {
			break;
		}
		a->text[end++] = c;
		a->pos++;
	}
	return hk_span_of(a->text + begin, end - begin);
}

/* ---- the header ---- */

/* Nothing, or "1": what another version says is not for us. */
static bool
take_version(hk_authres *a)
{
	value version = take_value(a);

	skip_blanks(a);
	return (version.text.len == 0 || (!version.quoted && hk_mailhead_is(version.text, "1"))) &&
	       (a->pos == a->len || a->text[a->pos] == ';');
}

hk_err
hk_authres_read(hk_span in, hk_authres *ret)
{
	if (in.len > HK_AUTHRES_MAX) {
		return HK_ELIMIT;
	}
	strip_comments(in, ret);
	ret->pos = 0;
	value server = take_value(ret);

	/* Old servers leave the name out: then nobody has said it. */
	if (server.text.len == 0 ||
		(!server.quoted && memchr(server.text.data, '=', server.text.len)) ||
		(!take_version(ret) && !ret->broken)) {
		return HK_EFORM;
	}
	ret->server = server.text;
	ret->pos = ret->broken ? ret->len : ret->pos;
	return HK_OK;
}

static bool
same(hk_span a, hk_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* The property that names the domain which a method vouches for; a better one replaces a lesser one, and of two that differ none counts. */
static void
take_property(hk_authres_item *item, hk_span key, const value *v, unsigned *best)
{
	static const struct {
		const char *method, *property;
		unsigned rank;
	} rows[] = {
		{"dkim", "header.d", 2},
		{"dkim", "header.i", 1},
		{"spf", "smtp.mailfrom", 2},
		{"spf", "smtp.mail", 2},
		{"spf", "smtp.helo", 1},
		{"dmarc", "header.from", 2},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!hk_mailhead_is(item->method, rows[i].method) ||
			!hk_mailhead_is(key, rows[i].property) || rows[i].rank < *best) {
			continue;
		}
		bool twice = rows[i].rank == *best && !same(item->domain, v->domain);

		item->domain = twice ? hk_span_of(v->domain.data, 0) : v->domain;
		item->property = key;
		*best = rows[i].rank;
	}
}

/* "dkim", "dkim/1"; the version is taken off. False: of another version, or no method at all. */
static bool
is_method(hk_span *method)
{
	for (size_t i = 0; i < method->len; i++) {
		if (method->data[i] == '/') {
			hk_span version = hk_span_of(method->data + i + 1, method->len - i - 1);

			method->len = i;
			return i > 0 && hk_mailhead_is(version, "1");
		}
	}
	return method->len > 0;
}

/* One resinfo, up to its ';'. False: it is not formed as one. */
static bool
take_item(hk_authres *a, hk_authres_item *item)
{
	unsigned best = 0;

	item->method = take_key(a);
	if (!is_method(&item->method) || !take_char(a, '=')) {
		return false;
	}
	value result = take_value(a);

	item->result = result.text;
	if (result.text.len == 0 || result.quoted) {
		return false;
	}
	for (skip_blanks(a); a->pos < a->len && a->text[a->pos] != ';'; skip_blanks(a)) {
		hk_span key = take_key(a);

		if (key.len == 0 || !take_char(a, '=')) {
			return false;
		}
		value v = take_value(a);

		take_property(item, key, &v, &best);
	}
	return true;
}

bool
hk_authres_next(hk_authres *a, hk_authres_item *ret)
{
	while (take_char(a, ';')) {
		hk_authres_item item = {.domain = {NULL, 0}};
		bool good = take_item(a, &item);

		/* The rest of what was not understood; a ';' in quotes does not end it. */
		for (skip_blanks(a); a->pos < a->len && a->text[a->pos] != ';'; skip_blanks(a)) {
			(void)take_value(a);
		}
		if (good) {
			*ret = item;
			return true;
		}
	}
	return false;
}
