#include "parse/authres.h"

/* Whether text is the word, ASCII case ignored. */
static bool
is_word(hk_span text, const char *word)
{
	size_t i = 0;

	for (; i < text.len && word[i]; i++) {
		int a = text.data[i];
		int b = (unsigned char)word[i];

		a += a >= 'A' && a <= 'Z' ? 32 : 0;
		b += b >= 'A' && b <= 'Z' ? 32 : 0;
		if (a != b) {
			return false;
		}
	}
	return i == text.len && !word[i];
}

static bool
is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Comments nest and may stand anywhere but in quotes; each becomes a blank. */
static void
strip_comments(hk_span value, hk_authres *ret)
{
	unsigned depth = 0;
	bool quoted = false;

	ret->len = 0;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];
		bool escaped = c == '\\' && (quoted || depth > 0) && i + 1 < value.len;

		if (escaped) {
			i++;
			if (depth == 0) {
				ret->text[ret->len++] = value.data[i];
			}
			continue;
		}
		if (c == '"' && depth == 0) {
			quoted = !quoted;
		}
		if (c == '(' && !quoted) {
			depth++;
		}
		if (depth == 0) {
			ret->text[ret->len++] = is_blank(c) ? ' ' : c;
		} else if (c == ')' && --depth == 0) {
			ret->text[ret->len++] = ' ';
		}
	}
}

/* The next token: up to a blank, ';' or (when one ends it) '='; quotes are taken off. Empty at a ';' or the end. */
static hk_span
take_token(hk_authres *a, bool equals)
{
	while (a->pos < a->len && a->text[a->pos] == ' ') {
		a->pos++;
	}
	if (a->pos < a->len && a->text[a->pos] == '"') {
		size_t begin = ++a->pos;

		while (a->pos < a->len && a->text[a->pos] != '"') {
			a->pos++;
		}
		hk_span token = hk_span_of(a->text + begin, a->pos - begin);

		a->pos += a->pos < a->len;
		return token;
	}
	size_t begin = a->pos;

	while (a->pos < a->len && a->text[a->pos] != ' ' && a->text[a->pos] != ';' &&
		!(equals && a->text[a->pos] == '=')) {
		a->pos++;
	}
	return hk_span_of(a->text + begin, a->pos - begin);
}

static bool
take_char(hk_authres *a, uint8_t c)
{
	while (a->pos < a->len && a->text[a->pos] == ' ') {
		a->pos++;
	}
	if (a->pos < a->len && a->text[a->pos] == c) {
		a->pos++;
		return true;
	}
	return false;
}

hk_err
hk_authres_read(hk_span value, hk_authres *ret)
{
	if (value.len > HK_AUTHRES_MAX) {
		return HK_ELIMIT;
	}
	strip_comments(value, ret);
	ret->pos = 0;
	ret->server = take_token(ret, false);
	if (ret->server.len == 0 || memchr(ret->server.data, '=', ret->server.len)) {
		return HK_EFORM; /* old servers leave the name out: then nobody has said it */
	}
	while (ret->pos < ret->len && ret->text[ret->pos] != ';') {
		ret->pos++; /* version */
	}
	return HK_OK;
}

/* What stands behind the last '@'. */
static hk_span
domain_of(hk_span address)
{
	for (size_t i = address.len; i-- > 0;) {
		if (address.data[i] == '@') {
			return hk_span_of(address.data + i + 1, address.len - i - 1);
		}
	}
	return address;
}

/* The property that names the domain which a method vouches for; a better one replaces a lesser one. */
static void
take_property(hk_authres_item *item, hk_span key, hk_span value, unsigned *best)
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
		if (is_word(item->method, rows[i].method) && is_word(key, rows[i].property) &&
			rows[i].rank > *best) {
			item->domain = domain_of(value);
			*best = rows[i].rank;
		}
	}
}

bool
hk_authres_next(hk_authres *a, hk_authres_item *ret)
{
	while (a->pos < a->len) {
		hk_authres_item item = {.domain = {NULL, 0}};
		unsigned best = 0;

		if (!take_char(a, ';')) {
			a->pos = a->len;
			return false;
		}
		item.method = take_token(a, true);
		bool good = item.method.len > 0 && take_char(a, '=');

		if (good) {
			item.result = take_token(a, false);
			good = item.result.len > 0;
		}
		/* A version may follow the method: "dkim/1". */
		for (size_t i = 0; i < item.method.len; i++) {
			if (item.method.data[i] == '/') {
				item.method.len = i;
			}
		}
		while (a->pos < a->len && a->text[a->pos] != ';') {
			hk_span key = take_token(a, true);

			if (take_char(a, '=')) {
				take_property(&item, key, take_token(a, false), &best);
			} else if (key.len == 0 && a->pos < a->len && a->text[a->pos] != ';') {
				a->pos++;
			}
		}
		if (good && item.method.len > 0) { /* "/dkim" is a version without a method */
			*ret = item;
			return true;
		}
	}
	return false;
}
