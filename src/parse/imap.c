#include "parse/imap.h"

#include "base/utf8.h"

/* ---- frames ---- */

/* "{123}" or "{123+}" at the end of line: a literal of so many bytes follows. HK_ENOENT: none. */
static hk_err
literal_at_end(hk_span line, uint64_t *ret)
{
	size_t i = line.len;
	uint64_t value = 0, place = 1;

	if (i == 0 || line.data[--i] != '}') {
		return HK_ENOENT;
	}
	if (i > 0 && line.data[i - 1] == '+') {
		i--;
	}
	size_t digits = 0;

	for (; i > 0 && line.data[i - 1] >= '0' && line.data[i - 1] <= '9'; i--, digits++) {
		if (digits >= 12) {
			return HK_ELIMIT;
		}
		value += (uint64_t)(line.data[i - 1] - '0') * place;
		place *= 10;
	}
	if (i == 0 || line.data[i - 1] != '{') {
		return HK_ENOENT;
	}
	if (digits == 0) {
		return HK_EFORM;
	}
	*ret = value;
	return HK_OK;
}

hk_err
hk_imap_frame(hk_span buffer, size_t max_bytes, size_t *ret_len)
{
	size_t pos = 0;

	for (unsigned literals = 0;; literals++) {
		size_t left = buffer.len - pos;
		const uint8_t *end = left > 0 ? memchr(buffer.data + pos, '\n', left) : NULL;
		uint64_t more = 0;

		if (!end) {
			return left > HK_IMAP_LINE_MAX || buffer.len > max_bytes ? HK_ELIMIT
										 : HK_ETRUNC;
		}
		size_t len = (size_t)(end - (buffer.data + pos));
		size_t next = pos + len + 1;
		hk_span line = hk_span_of(buffer.data + pos, len);

		if (len > HK_IMAP_LINE_MAX || next > max_bytes || literals > HK_IMAP_LITERALS_MAX) {
			return HK_ELIMIT;
		}
		if (line.len > 0 && line.data[line.len - 1] == '\r') {
			line.len--;
		}
		hk_err err = literal_at_end(line, &more);

		if (err == HK_ENOENT) {
			*ret_len = next;
			return HK_OK;
		}
		HK_TRY(err);
		if (more > max_bytes || next + more > max_bytes) {
			return HK_ELIMIT;
		}
		if (buffer.len - next < more) {
			return HK_ETRUNC;
		}
		pos = next + (size_t)more;
	}
}

/* ---- words ---- */

bool
hk_imap_is(hk_span word, const char *text)
{
	size_t i = 0;

	for (; i < word.len && text[i]; i++) {
		int a = word.data[i];
		int b = (unsigned char)text[i];

		a += a >= 'a' && a <= 'z' ? 'A' - 'a' : 0;
		b += b >= 'a' && b <= 'z' ? 'A' - 'a' : 0;
		if (a != b) {
			return false;
		}
	}
	return i == word.len && !text[i];
}

static hk_span
take_word(hk_span *rest)
{
	size_t i = 0;
	size_t n;

	while (i < rest->len && rest->data[i] == ' ') {
		i++;
	}
	for (n = 0; i + n < rest->len && rest->data[i + n] != ' '; n++) {
	}
	hk_span word = hk_span_of(rest->data + i, n);

	*rest = hk_span_of(rest->data + i + n, rest->len - i - n);
	return word;
}

static bool
to_number(hk_span word, uint64_t *ret)
{
	uint64_t value = 0;

	if (word.len == 0 || word.len > 18) {
		return false;
	}
	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] < '0' || word.data[i] > '9') {
			return false;
		}
		value = value * 10 + (uint64_t)(word.data[i] - '0');
	}
	*ret = value;
	return true;
}

hk_err
hk_imap_read(hk_span frame, hk_imap_response *ret)
{
	hk_imap_response r = {.kind = HK_IMAP_TAGGED};
	hk_span rest = frame;

	while (rest.len > 0 &&
		(rest.data[rest.len - 1] == '\n' || rest.data[rest.len - 1] == '\r')) {
		rest.len--;
	}
	r.tag = take_word(&rest);
	if (r.tag.len == 0) {
		return HK_EFORM;
	}
	if (hk_imap_is(r.tag, "+")) {
		r.kind = HK_IMAP_CONTINUE;
	} else {
		r.kind = hk_imap_is(r.tag, "*") ? HK_IMAP_UNTAGGED : HK_IMAP_TAGGED;
		r.word = take_word(&rest);
		if (r.kind == HK_IMAP_UNTAGGED && to_number(r.word, &r.number)) {
			r.word = take_word(&rest);
		}
		if (r.word.len == 0) {
			return HK_EFORM;
		}
	}
	if (rest.len > 0 && rest.data[0] == ' ') {
		rest = hk_span_of(rest.data + 1, rest.len - 1);
	}
	r.rest = rest;
	*ret = r;
	return HK_OK;
}

bool
hk_imap_has(hk_span rest, const char *word)
{
	while (rest.len > 0) {
		if (hk_imap_is(take_word(&rest), word)) {
			return true;
		}
	}
	return false;
}

bool
hk_imap_code(hk_span rest, const char *name, uint64_t *ret)
{
	if (rest.len == 0 || rest.data[0] != '[') {
		return false;
	}
	const uint8_t *end = memchr(rest.data, ']', rest.len);

	if (!end) {
		return false;
	}
	hk_span code = hk_span_of(rest.data + 1, (size_t)(end - rest.data) - 1);

	return hk_imap_is(take_word(&code), name) && to_number(take_word(&code), ret);
}

bool
hk_imap_next_number(hk_span rest, size_t *pos, uint64_t *ret)
{
	while (*pos < rest.len) {
		hk_span left = hk_span_of(rest.data + *pos, rest.len - *pos);
		hk_span word = take_word(&left);

		*pos = rest.len - left.len;
		if (to_number(word, ret)) {
			return true;
		}
	}
	return false;
}

/* ---- FETCH ---- */

/* A value of the list: atom, "quoted", literal, (list), NIL. *ret: what it holds. */
static hk_err
take_value(hk_span *rest, hk_span *ret)
{
	const uint8_t *data = rest->data;
	size_t n = 0;

	if (rest->len == 0) {
		return HK_ETRUNC;
	}
	if (data[0] == '{') {
		const uint8_t *end = memchr(data, '\n', rest->len);
		uint64_t len = 0;
		size_t head = end ? (size_t)(end - data) + 1 : 0;
		hk_span line = hk_span_of(data, head > 1 && data[head - 2] == '\r' ? head - 2
						: head > 0                         ? head - 1
										   : 0);

		if (!end || literal_at_end(line, &len) != HK_OK || len > rest->len - head) {
			return HK_ETRUNC;
		}
		*ret = hk_span_of(data + head, (size_t)len);
		*rest = hk_span_of(data + head + len, rest->len - head - (size_t)len);
		return HK_OK;
	}
	if (data[0] == '"') {
		for (n = 1; n < rest->len && data[n] != '"'; n++) {
			n += data[n] == '\\' && n + 1 < rest->len;
		}
		if (n >= rest->len) {
			return HK_ETRUNC;
		}
		*ret = hk_span_of(data + 1, n - 1);
		*rest = hk_span_of(data + n + 1, rest->len - n - 1);
		return HK_OK;
	}
	/* Flags and envelopes: passed over up to their closing bracket. What stands in quotes there does not count. */
	unsigned depth = 0;
	bool quoted = false;

	for (; n < rest->len; n++) {
		uint8_t c = data[n];

		if (quoted) {
			n += c == '\\';
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == '(') {
			depth++;
		} else if (c == ')' && depth > 0) {
			depth--;
		} else if (depth == 0 && (c == ' ' || c == ')')) {
			break;
		}
	}
	n = n > rest->len ? rest->len : n;
	*ret = hk_span_of(data, n);
	*rest = hk_span_of(data + n, rest->len - n);
	return HK_OK;
}

/* A key: up to a blank, but for what stands in its own brackets ("BODY[HEADER.FIELDS (A B)]<0>"). */
static hk_span
take_key(hk_span *rest)
{
	size_t n = 0;
	bool inside = false;

	for (; n < rest->len && (inside || (rest->data[n] != ' ' && rest->data[n] != ')')); n++) {
		inside = rest->data[n] == '[' || (inside && rest->data[n] != ']');
	}
	hk_span key = hk_span_of(rest->data, n);

	*rest = hk_span_of(rest->data + n, rest->len - n);
	return key;
}

hk_err
hk_imap_fetched(hk_span rest, hk_imap_fetch *ret)
{
	hk_imap_fetch found = {0};

	if (rest.len == 0 || rest.data[0] != '(') {
		return HK_EFORM;
	}
	rest = hk_span_of(rest.data + 1, rest.len - 1);
	for (;;) {
		hk_span value = {NULL, 0};

		while (rest.len > 0 && rest.data[0] == ' ') {
			rest = hk_span_of(rest.data + 1, rest.len - 1);
		}
		if (rest.len == 0) {
			return HK_ETRUNC;
		}
		if (rest.data[0] == ')') {
			*ret = found;
			return HK_OK;
		}
		hk_span key = take_key(&rest);

		if (key.len == 0 || rest.len == 0 || rest.data[0] != ' ') {
			return HK_EFORM;
		}
		rest = hk_span_of(rest.data + 1, rest.len - 1);
		HK_TRY(take_value(&rest, &value));
		if (hk_imap_is(key, "UID")) {
			if (!to_number(value, &found.uid)) {
				return HK_EFORM;
			}
		} else if (hk_imap_is(key, "RFC822.SIZE")) {
			if (!to_number(value, &found.size)) {
				return HK_EFORM;
			}
		} else if (hk_imap_is(key, "BODY[]") || hk_imap_is(key, "BODY[]<0>")) {
			found.body = hk_imap_is(value, "NIL") ? hk_span_of("", 0) : value;
		}
	}
}

/* ---- what we say ---- */

static hk_err
put(char *ret, size_t max, size_t *len, char c)
{
	if (*len + 1 >= max) {
		return HK_ELIMIT;
	}
	ret[(*len)++] = c;
	ret[*len] = '\0';
	return HK_OK;
}

static hk_err
put_quoted(char *ret, size_t max, size_t *len, uint8_t c)
{
	if (c == '"' || c == '\\') {
		HK_TRY(put(ret, max, len, '\\'));
	}
	return put(ret, max, len, (char)c);
}

hk_err
hk_imap_quote(hk_span text, char *ret, size_t max)
{
	size_t len = 0;

	HK_TRY(put(ret, max, &len, '"'));
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == 0 || c == '\r' || c == '\n' || c >= 0x80) {
			return HK_EFORM;
		}
		HK_TRY(put_quoted(ret, max, &len, c));
	}
	return put(ret, max, &len, '"');
}

/* UTF-16 of a run of characters in base64 with ',' for '/', between '&' and '-'. */
typedef struct shift {
	char *ret;
	size_t max, *len;
	uint32_t bits;
	unsigned have;
	bool on;
} shift;

static hk_err
put_unit(shift *s, uint32_t unit)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

	if (!s->on) {
		HK_TRY(put(s->ret, s->max, s->len, '&'));
		s->on = true;
	}
	s->bits = s->bits << 16 | unit;
	s->have += 16;
	while (s->have >= 6) {
		s->have -= 6;
		HK_TRY(put(s->ret, s->max, s->len, digits[s->bits >> s->have & 63]));
	}
	s->bits &= (1u << s->have) - 1;
	return HK_OK;
}

static hk_err
put_end(shift *s)
{
	if (!s->on) {
		return HK_OK;
	}
	if (s->have > 0) {
		/* Bits that are missing to a digit are zeros. */
		unsigned pad = 6 - s->have;
		static const char digits[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

		HK_TRY(put(s->ret, s->max, s->len, digits[s->bits << pad & 63]));
	}
	s->on = false;
	s->bits = 0;
	s->have = 0;
	return put(s->ret, s->max, s->len, '-');
}

hk_err
hk_imap_folder(hk_span utf8, char *ret, size_t max)
{
	const uint8_t *at = utf8.data;
	const uint8_t *end = at + utf8.len;
	size_t len = 0;
	shift s = {.ret = ret, .max = max, .len = &len};

	HK_TRY(put(ret, max, &len, '"'));
	while (at < end) {
		uint32_t c;
		size_t n = hk_utf8_next(at, end, &c);

		if (n == 0 || c < 0x20 || c == 0x7f) {
			return HK_EFORM;
		}
		at += n;
		if (c >= 0x10000) {
			HK_TRY(put_unit(&s, 0xd800 + ((c - 0x10000) >> 10)));
			HK_TRY(put_unit(&s, 0xdc00 + ((c - 0x10000) & 0x3ff)));
		} else if (c >= 0x80) {
			HK_TRY(put_unit(&s, c));
		} else {
			HK_TRY(put_end(&s));
			HK_TRY(put_quoted(ret, max, &len, (uint8_t)c));
			if (c == '&') {
				HK_TRY(put(ret, max, &len, '-'));
			}
		}
	}
	HK_TRY(put_end(&s));
	return put(ret, max, &len, '"');
}
