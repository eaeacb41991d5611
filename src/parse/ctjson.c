#include "parse/ctjson.h"

#include "base/codec.h"

/* What comes next. A state is left only when its whole token was there, so a body that ends anywhere
 * is taken up again at the same place. */
enum {
	AT_BODY,        /* { */
	AT_BODY_KEY,    /* the first member's name, or } */
	AT_BODY_KEY2,   /* a member's name (behind a comma) */
	AT_BODY_VALUE,  /* : has been read */
	AT_BODY_COMMA,  /* , or } */
	AT_ENTRY,       /* the first { of entries, or ] */
	AT_ENTRY2,      /* { (behind a comma) */
	AT_KEY,         /* the first member's name within an entry, or } */
	AT_KEY2,        /* a member's name */
	AT_VALUE,       /* : has been read */
	AT_COMMA,       /* , or } */
	AT_GIVE,        /* } has been read: the entry can be decoded */
	AT_ENTRY_COMMA, /* , or ] */
	AT_SKIP,        /* a value that nobody wants, or the rest of it */
	AT_SKIP_MORE,   /* within brackets, behind a value: , or the closing bracket */
	AT_COLON,       /* : */
	AT_END,         /* the closing brace of the body was read */
	AT_FORM,        /* broken: HK_EFORM for ever */
	AT_LIMIT        /* the same with HK_ELIMIT */
};

enum { KEY_OTHER, KEY_LEAF, KEY_EXTRA, KEY_ENTRIES };
enum { SEEN_LEAF = 1, SEEN_EXTRA = 2, SEEN_ENTRIES = 4 };

void
hk_ctjson_init(hk_ctjson *json, uint8_t *body, size_t len)
{
	*json = (hk_ctjson){.body = body, .len = len, .state = AT_BODY};
}

void
hk_ctjson_more(hk_ctjson *json, uint8_t *body, size_t len)
{
	json->body = body;
	json->len = len;
}

/* The next byte that is no white space (RFC 8259, section 2), without taking it; -1 at the end. */
static int
peek(hk_ctjson *json)
{
	while (json->at < json->len) {
		uint8_t c = json->body[json->at];
		if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
			return c;
		}
		json->at++;
	}
	return -1;
}

/* The end of the string whose opening quote stands at json->at: an unescaped quote. What was looked
 * at stays looked at when the body ends first. */
static hk_err
string(hk_ctjson *json, hk_ctjson_text *ret)
{
	size_t start = json->at + 1;
	size_t from = json->scan > start ? json->scan : start;

	for (;;) {
		const uint8_t *quote =
			from < json->len ? memchr(json->body + from, '"', json->len - from) : NULL;
		size_t end, slash;
		if (!quote) {
			json->scan = json->len;
			return HK_ETRUNC;
		}
		end = (size_t)(quote - json->body);
		for (slash = end; slash > start && json->body[slash - 1] == '\\'; slash--) {
		}
		if ((end - slash) % 2 == 0) {
			ret->off = start;
			ret->len = end - start;
			json->at = end + 1;
			json->scan = 0;
			return HK_OK;
		}
		from = end + 1;
	}
}

static int
hex4(const uint8_t *at)
{
	int value = 0;

	for (size_t i = 0; i < 4; i++) {
		int c = at[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
		if (digit < 0) {
			return -1;
		}
		value = value << 4 | digit;
	}
	return value;
}

/* Undo the escapes of text into out, which may be text itself. Only what can stand in base64 and in
 * the names of our members comes out right: anything over U+007E becomes 0, which is in neither. */
static hk_err
unescape(hk_span text, uint8_t *out, size_t *ret_len)
{
	static const char from[] = "\"\\/bfnrt";
	static const uint8_t to[] = "\"\\/\b\f\n\r\t";
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		const char *known;
		if (c != '\\') {
			out[n++] = c;
			continue;
		}
		if (++i == text.len) {
			return HK_EFORM;
		}
		if (text.data[i] == 'u') {
			int code = text.len - i > 4 ? hex4(text.data + i + 1) : -1;
			if (code < 0) {
				return HK_EFORM;
			}
			out[n++] = code > 0x7E ? 0 : (uint8_t)code;
			i += 4;
			continue;
		}
		known = text.data[i] != '\0' ? strchr(from, text.data[i]) : NULL;
		if (!known) {
			return HK_EFORM;
		}
		out[n++] = to[known - from];
	}
	*ret_len = n;
	return HK_OK;
}

/* Longest name that can be one of ours: "leaf_input" with every character as \uXXXX. */
#define KEY_TEXT_MAX 60

static uint8_t
key_of(const hk_ctjson *json, hk_ctjson_text text)
{
	uint8_t plain[KEY_TEXT_MAX];
	hk_span key = hk_span_of(json->body + text.off, text.len);
	size_t len;

	if (key.len > KEY_TEXT_MAX) {
		return KEY_OTHER;
	}
	if (key.len > 0 && memchr(key.data, '\\', key.len)) {
		/* A name with a broken escape is nobody's. */
		if (unescape(key, plain, &len) != HK_OK) {
			return KEY_OTHER;
		}
		key = hk_span_of(plain, len);
	}
	return hk_span_eq(key, HK_SPAN_LIT("leaf_input"))   ? KEY_LEAF
	       : hk_span_eq(key, HK_SPAN_LIT("extra_data")) ? KEY_EXTRA
	       : hk_span_eq(key, HK_SPAN_LIT("entries"))    ? KEY_ENTRIES
							    : KEY_OTHER;
}

/* A number, true, false or null. Not checked further: nobody reads it. */
static hk_err
scalar(hk_ctjson *json, hk_span *ret)
{
	size_t at = json->scan > json->at ? json->scan : json->at;

	for (; at < json->len; at++) {
		uint8_t c = json->body[at];
		bool part = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' ||
			    c == '-' || c == '+' || c == '.';
		if (!part) {
			if (at == json->at) {
				return HK_EFORM;
			}
			*ret = hk_span_of(json->body + json->at, at - json->at);
			json->at = at;
			json->scan = 0;
			return HK_OK;
		}
	}
	/* A scalar is never the last thing of a body. */
	json->scan = json->len;
	return HK_ETRUNC;
}

static void
skip(hk_ctjson *json, uint8_t after)
{
	json->depth = 0;
	json->after = after;
	json->state = AT_SKIP;
}

/* Within a skipped value, behind one of its parts. */
static void
skipped_part(hk_ctjson *json)
{
	json->state = json->depth == 0 ? json->after : (uint8_t)AT_SKIP_MORE;
}

static hk_err
skip_close(hk_ctjson *json, int c)
{
	bool is_list = json->depth > 0 && (json->nest >> (json->depth - 1) & 1);

	if (json->depth == 0 || c != (is_list ? ']' : '}')) {
		return HK_EFORM;
	}
	json->at++;
	json->depth--;
	skipped_part(json);
	return HK_OK;
}

/* A step through a skipped value: an opening bracket, a name with its colon is two steps, a string,
 * a scalar. Order and kind of the tokens are checked no further than needed to find the end. */
static hk_err
step_skip(hk_ctjson *json)
{
	int c = peek(json);
	hk_ctjson_text text;
	hk_span word;

	if (c < 0) {
		return HK_ETRUNC;
	}
	if (c == '"') {
		HK_TRY(string(json, &text));
		skipped_part(json);
		return HK_OK;
	}
	if (c == '{' || c == '[') {
		if (json->depth == HK_CTJSON_DEPTH_MAX) {
			return HK_ELIMIT;
		}
		json->nest &= ~(UINT64_C(1) << json->depth);
		json->nest |= (uint64_t)(c == '[') << json->depth;
		json->depth++;
		json->at++;
		return HK_OK;
	}
	if (c == '}' || c == ']') {
		return skip_close(json, c);
	}
	HK_TRY(scalar(json, &word));
	skipped_part(json);
	return HK_OK;
}

static hk_err
step_skip_more(hk_ctjson *json)
{
	int c = peek(json);

	if (c == '}' || c == ']') {
		return skip_close(json, c);
	}
	if (c == ',' || c == ':') {
		json->at++;
		json->state = AT_SKIP;
		return HK_OK;
	}
	return c < 0 ? HK_ETRUNC : HK_EFORM;
}

/* One expected character, or either of two. */
static hk_err
expect(hk_ctjson *json, char a, uint8_t then_a, char b, uint8_t then_b)
{
	int c = peek(json);

	if (c < 0) {
		return HK_ETRUNC;
	}
	if (c != a && c != b) {
		return HK_EFORM;
	}
	json->at++;
	json->state = c == a ? then_a : then_b;
	return HK_OK;
}

/* A member's name, or the closing brace where that may come instead. */
static hk_err
step_key(hk_ctjson *json, bool may_close, uint8_t on_close, uint8_t value)
{
	int c = peek(json);
	hk_ctjson_text text;

	if (c == '}' && may_close) {
		json->at++;
		json->state = on_close;
		return HK_OK;
	}
	if (c != '"') {
		return c < 0 ? HK_ETRUNC : HK_EFORM;
	}
	HK_TRY(string(json, &text));
	json->key = key_of(json, text);
	json->after = value;
	json->state = AT_COLON;
	return HK_OK;
}

static hk_err
step_body_value(hk_ctjson *json)
{
	if (json->key != KEY_ENTRIES) {
		skip(json, AT_BODY_COMMA);
		return HK_OK;
	}
	if (json->seen & SEEN_ENTRIES) {
		return HK_EFORM;
	}
	HK_TRY(expect(json, '[', AT_ENTRY, '[', AT_ENTRY));
	json->seen |= SEEN_ENTRIES;
	return HK_OK;
}

static hk_err
step_value(hk_ctjson *json)
{
	uint8_t bit = json->key == KEY_LEAF ? SEEN_LEAF : SEEN_EXTRA;
	hk_ctjson_text text = {0};
	hk_span word;
	int c;

	if (json->key != KEY_LEAF && json->key != KEY_EXTRA) {
		skip(json, AT_COMMA);
		return HK_OK;
	}
	if (json->seen & bit) {
		return HK_EFORM;
	}
	c = peek(json);
	if (c < 0) {
		return HK_ETRUNC;
	}
	if (c == '"') {
		HK_TRY(string(json, &text));
	} else {
		HK_TRY(scalar(json, &word));
		if (json->key != KEY_EXTRA || !hk_span_eq(word, HK_SPAN_LIT("null"))) {
			return HK_EFORM;
		}
	}
	*(json->key == KEY_LEAF ? &json->leaf : &json->extra) = text;
	json->seen |= bit;
	json->state = AT_COMMA;
	return HK_OK;
}

static hk_err
step_entry(hk_ctjson *json, bool may_close)
{
	HK_TRY(expect(json, '{', AT_KEY, may_close ? ']' : '{', AT_BODY_COMMA));
	if (json->state == AT_KEY) {
		json->seen &= SEEN_ENTRIES;
		json->extra = (hk_ctjson_text){0};
	}
	return HK_OK;
}

static hk_err
step(hk_ctjson *json)
{
	switch (json->state) {
	case AT_BODY:
		return expect(json, '{', AT_BODY_KEY, '{', AT_BODY_KEY);
	case AT_BODY_KEY:
	case AT_BODY_KEY2:
		return step_key(json, json->state == AT_BODY_KEY, AT_END, AT_BODY_VALUE);
	case AT_BODY_VALUE:
		return step_body_value(json);
	case AT_BODY_COMMA:
		return expect(json, ',', AT_BODY_KEY2, '}', AT_END);
	case AT_ENTRY:
	case AT_ENTRY2:
		return step_entry(json, json->state == AT_ENTRY);
	case AT_KEY:
	case AT_KEY2:
		return step_key(json, json->state == AT_KEY, AT_GIVE, AT_VALUE);
	case AT_VALUE:
		return step_value(json);
	case AT_COMMA:
		return expect(json, ',', AT_KEY2, '}', AT_GIVE);
	case AT_ENTRY_COMMA:
		return expect(json, ',', AT_ENTRY2, ']', AT_BODY_COMMA);
	case AT_COLON:
		return expect(json, ':', json->after, ':', json->after);
	case AT_SKIP:
		return step_skip(json);
	case AT_SKIP_MORE:
		return step_skip_more(json);
	case AT_LIMIT:
		return HK_ELIMIT;
	default:
		return HK_EFORM;
	}
}

/* Decode text where it stands. */
static hk_err
decode(uint8_t *body, hk_ctjson_text text, hk_span *ret)
{
	uint8_t *at = body + text.off;
	size_t len = text.len;

	if (len > 0 && memchr(at, '\\', len)) {
		HK_TRY(unescape(hk_span_of(at, len), at, &len));
	}
	HK_TRY(hk_base64_decode(hk_span_of(at, len), at, &len));
	*ret = hk_span_of(at, len);
	return HK_OK;
}

static hk_err
broken(hk_ctjson *json, hk_err err)
{
	json->state = err == HK_ELIMIT ? AT_LIMIT : AT_FORM;
	return err;
}

hk_err
hk_ctjson_next(hk_ctjson *json, hk_span *ret_leaf_input, hk_span *ret_extra, bool *ret_done)
{
	hk_span leaf;

	while (json->state != AT_GIVE && json->state != AT_END) {
		hk_err err = step(json);
		if (err != HK_OK) {
			return err == HK_ETRUNC ? err : broken(json, err);
		}
	}
	if (json->state == AT_END) {
		if (!(json->seen & SEEN_ENTRIES)) {
			return broken(json, HK_EFORM);
		}
		*ret_done = true;
		return HK_OK;
	}
	if (!(json->seen & SEEN_LEAF) || decode(json->body, json->leaf, &leaf) != HK_OK) {
		return broken(json, HK_EFORM);
	}
	*ret_leaf_input = leaf;
	*ret_extra = hk_span_of(json->body + json->extra.off, json->extra.len);
	*ret_done = false;
	json->state = AT_ENTRY_COMMA;
	return HK_OK;
}

hk_err
hk_ctjson_extra(hk_ctjson *json, hk_span extra, hk_span *ret)
{
	/* The span is const for the caller; the bytes are the body's, which is ours to write to. */
	hk_ctjson_text text = {extra.len > 0 ? (size_t)(extra.data - json->body) : 0, extra.len};

	return decode(json->body, text, ret);
}

hk_err
hk_ctjson_end(const hk_ctjson *json)
{
	hk_ctjson probe = *json;

	if (json->state == AT_FORM || json->state == AT_LIMIT) {
		return json->state == AT_FORM ? HK_EFORM : HK_ELIMIT;
	}
	if (json->state != AT_END) {
		return HK_ETRUNC;
	}
	return peek(&probe) < 0 ? HK_OK : HK_ETRAIL;
}
