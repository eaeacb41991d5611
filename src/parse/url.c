#include "parse/url.h"

#include <string.h>

#include "parse/url_int.h"

/* Where a URL is put together. */
typedef struct out {
	char *text;
	size_t len;
	bool over;
} out;

static void
put(out *o, uint8_t c)
{
	if (o->len == HK_URL_MAX) {
		o->over = true;
		return;
	}
	o->text[o->len++] = (char)c;
}

static void
put_str(out *o, const char *text)
{
	for (; *text != '\0'; text++) {
		put(o, (uint8_t)*text);
	}
}

static void
put_escape(out *o, uint8_t c)
{
	static const char digit[] = "0123456789ABCDEF";

	put(o, '%');
	put(o, (uint8_t)digit[c >> 4]);
	put(o, (uint8_t)digit[c & 0xf]);
}

static bool
is_unreserved(uint8_t c)
{
	return hk_url_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* A lone '%' is kept as the standard has it. What is decoded behind one must not make an escape of it, or the result would be
 * another URL when it is parsed again. */
static bool
would_complete(const out *o, uint8_t c)
{
	if (hk_url_hex(c) < 0) {
		return false;
	}
	return (o->len >= 1 && o->text[o->len - 1] == '%') ||
	       (o->len >= 2 && o->text[o->len - 2] == '%' &&
		       hk_url_hex((uint8_t)o->text[o->len - 1]) >= 0);
}

/* One byte, or one escape, of the path or the query. Returns how many bytes of text that was. */
static size_t
put_one(out *o, hk_span text, size_t at, const char *encoded)
{
	uint8_t c = text.data[at];

	if (c == '%' && at + 2 < text.len && hk_url_hex(text.data[at + 1]) >= 0 &&
		hk_url_hex(text.data[at + 2]) >= 0) {
		uint8_t meant = (uint8_t)(hk_url_hex(text.data[at + 1]) << 4 |
					  hk_url_hex(text.data[at + 2]));
		if (is_unreserved(meant) && !would_complete(o, meant)) {
			put(o, meant);
		} else {
			put_escape(o, meant);
		}
		return 3;
	}
	if (c <= ' ' || c >= 0x7f || strchr(encoded, c)) {
		put_escape(o, c);
	} else {
		put(o, c);
	}
	return 1;
}

static bool
is_slash(uint8_t c)
{
	return c == '/' || c == '\\';
}

/* URL Standard, path state. Segments are written as they come and taken back when they turn out to be dots; %2e is a dot already. */
static size_t
put_path(out *o, hk_span text, size_t at, unsigned *odd)
{
	const size_t start = o->len;
	bool more = true;

	if (at < text.len && is_slash(text.data[at])) {
		*odd |= text.data[at] == '\\' ? HK_URL_ODD_BACKSLASH : 0;
		at++;
	}
	while (more && !o->over) {
		const size_t segment = o->len;
		put(o, '/');
		while (at < text.len && !is_slash(text.data[at]) && text.data[at] != '?' &&
			text.data[at] != '#') {
			at += put_one(o, text, at, "\"<>^`{}");
		}
		size_t len = o->len - segment;
		more = at < text.len && is_slash(text.data[at]);
		bool one = len == 2 && o->text[segment + 1] == '.';
		bool two = len == 3 && memcmp(o->text + segment, "/..", 3) == 0;
		if (one || two) {
			o->len = segment;
			while (two && o->len > start && o->text[--o->len] != '/') {
			}
			if (!more) {
				put(o, '/');
			}
		}
		if (more) {
			*odd |= text.data[at] == '\\' ? HK_URL_ODD_BACKSLASH : 0;
			at++;
		}
	}
	return at;
}

static void
put_query(out *o, hk_span text, size_t at)
{
	if (at == text.len || text.data[at] != '?') {
		return;
	}
	put(o, '?');
	for (at++; at < text.len && text.data[at] != '#';) {
		at += put_one(o, text, at, "\"<>'");
	}
}

static const struct {
	const char *name;
	uint16_t port;
} schemes[] = {{"http", 80}, {"https", 443}, {"ftp", 21}};

static bool
same(hk_span text, const char *name)
{
	if (text.len != strlen(name)) {
		return false;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (hk_url_lower(text.data[i]) != (uint8_t)name[i]) {
			return false;
		}
	}
	return true;
}

/* Whether what stands at `at` ends like a port: digits, then nothing or a path. "evil.example:8080/x" has no scheme. */
static bool
is_port_there(hk_span text, size_t at)
{
	while (at < text.len && hk_url_is_digit(text.data[at])) {
		at++;
	}
	return at == text.len || is_slash(text.data[at]) || text.data[at] == '?' ||
	       text.data[at] == '#';
}

static size_t
skip_slashes(hk_span text, size_t at, unsigned *odd)
{
	for (; at < text.len && is_slash(text.data[at]); at++) {
		*odd |= text.data[at] == '\\' ? HK_URL_ODD_BACKSLASH : 0;
	}
	return at;
}

/* Reads the scheme and the slashes behind it. *ret_scheme is an index into schemes. */
static hk_err
read_scheme(hk_span text, size_t *ret_at, size_t *ret_scheme, unsigned *odd, hk_url_fault *fault)
{
	size_t colon = 0;

	while (colon < text.len &&
		(hk_url_is_alnum(text.data[colon]) ||
			(colon > 0 && strchr("+-.", text.data[colon]) && text.data[colon]))) {
		colon++;
	}
	if (colon > 0 && hk_url_is_alpha(text.data[0]) && colon < text.len &&
		text.data[colon] == ':') {
		hk_span name = hk_span_of(text.data, colon);
		for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
			if (same(name, schemes[i].name)) {
				*ret_scheme = i;
				*ret_at = skip_slashes(text, colon + 1, odd);
				return HK_OK;
			}
		}
		if (!is_port_there(text, colon + 1) ||
			(colon + 1 < text.len && is_slash(text.data[colon + 1]))) {
			*fault = HK_URL_FAULT_SCHEME;
			return HK_EFORM;
		}
	}
	*odd |= HK_URL_ODD_NO_SCHEME;
	*ret_scheme = 0;
	*ret_at = text.len >= 2 && is_slash(text.data[0]) && is_slash(text.data[1])
			  ? skip_slashes(text, 0, odd)
			  : 0;
	return HK_OK;
}

static hk_err
read_port(hk_span text, uint16_t usual, hk_url *url, hk_url_fault *fault)
{
	unsigned value = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (hk_url_is_digit(text.data[i])) {
			value = value * 10 + (unsigned)(text.data[i] - '0');
		}
		if (!hk_url_is_digit(text.data[i]) || value > UINT16_MAX) {
			*fault = HK_URL_FAULT_PORT;
			return HK_EFORM;
		}
	}
	url->port = text.len > 0 ? (uint16_t)value : usual;
	url->odd |= url->port != usual ? HK_URL_ODD_PORT : 0;
	return HK_OK;
}

/* [user@]host[:port]. The last '@' counts, the first ':' outside of brackets. */
static hk_err
read_authority(hk_span text, uint16_t usual, hk_url_to_ascii to_ascii, void *user, hk_url *url,
	hk_url_fault *fault)
{
	size_t host = 0;
	size_t end = 0;
	bool bare = url->odd & HK_URL_ODD_NO_SCHEME;
	bool inside = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '@') {
			host = i + 1;
			url->odd |= HK_URL_ODD_USERINFO;
		}
	}
	if (host > 0 && bare) {
		*fault = HK_URL_FAULT_MAIL;
		return HK_EFORM;
	}
	for (end = host; end < text.len && (inside || text.data[end] != ':'); end++) {
		inside = text.data[end] == '[' || (inside && text.data[end] != ']');
	}
	HK_TRY(hk_url_host(
		hk_span_of(text.data + host, end - host), bare, to_ascii, user, url, fault));
	end += end < text.len;
	return read_port(hk_span_of(text.data + end, text.len - end), usual, url, fault);
}

static void
put_port(out *o, uint16_t port)
{
	char digits[5];
	size_t n = 0;

	put(o, ':');
	do {
		digits[n++] = (char)('0' + port % 10);
		port /= 10;
	} while (port > 0);
	while (n > 0) {
		put(o, (uint8_t)digits[--n]);
	}
}

/* URL Standard, basic URL parser, steps 1 to 3: no control characters or blanks at the ends, no tab or line feed anywhere. */
static hk_span
cleaned(hk_span text, uint8_t buffer[HK_URL_TEXT_MAX], unsigned *odd)
{
	size_t len = 0;

	while (text.len > 0 && text.data[0] <= ' ') {
		text = hk_span_of(text.data + 1, text.len - 1);
	}
	while (text.len > 0 && text.data[text.len - 1] <= ' ') {
		text.len--;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < ' ') {
			*odd |= HK_URL_ODD_CONTROL;
		}
		if (text.data[i] != '\t' && text.data[i] != '\n' && text.data[i] != '\r') {
			buffer[len++] = text.data[i];
		}
	}
	return hk_span_of(buffer, len);
}

static hk_err
parse(hk_span text, hk_url_to_ascii to_ascii, void *user, hk_url *url, hk_url_fault *fault)
{
	uint8_t buffer[HK_URL_TEXT_MAX];
	out o = {url->text, 0, false};
	size_t scheme;
	size_t at;

	*fault = HK_URL_FAULT_LONG;
	if (text.len > HK_URL_TEXT_MAX) {
		return HK_ELIMIT;
	}
	text = cleaned(text, buffer, &url->odd);
	*fault = HK_URL_FAULT_EMPTY;
	if (text.len == 0) {
		return HK_EFORM;
	}
	HK_TRY(read_scheme(text, &at, &scheme, &url->odd, fault));
	size_t end = at;
	while (end < text.len && !is_slash(text.data[end]) && text.data[end] != '?' &&
		text.data[end] != '#') {
		end++;
	}
	HK_TRY(read_authority(hk_span_of(text.data + at, end - at), schemes[scheme].port, to_ascii,
		user, url, fault));
	bool brackets = url->is_ip && strchr(url->host, ':');
	put_str(&o, schemes[scheme].name);
	put_str(&o, brackets ? "://[" : "://");
	put_str(&o, url->host);
	put_str(&o, brackets ? "]" : "");
	if (url->port != schemes[scheme].port) {
		put_port(&o, url->port);
	}
	url->https = scheme == 1;
	url->path = o.len;
	put_query(&o, text, put_path(&o, text, end, &url->odd));
	url->len = o.len;
	url->text[o.len] = '\0';
	*fault = o.over ? HK_URL_FAULT_LONG : HK_URL_FAULT_NONE;
	return o.over ? HK_ELIMIT : HK_OK;
}

/* Copies what is used of it. */
static void
hand_over(const hk_url *url, hk_url *ret)
{
	memcpy(ret->text, url->text, url->len + 1);
	memcpy(ret->host, url->host, strlen(url->host) + 1);
	ret->len = url->len;
	ret->is_ip = url->is_ip;
	ret->https = url->https;
	ret->port = url->port;
	ret->path = url->path;
	ret->odd = url->odd;
}

static void
begin(hk_url *url)
{
	url->host[0] = '\0';
	url->is_ip = false;
	url->odd = 0;
}

hk_err
hk_url_parse(hk_span text, hk_url_to_ascii to_ascii, void *user, hk_url *ret)
{
	hk_url url;
	hk_url_fault fault;

	begin(&url);
	HK_TRY(parse(text, to_ascii, user, &url, &fault));
	hand_over(&url, ret);
	return HK_OK;
}

hk_err
hk_url_read(
	hk_span text, hk_url_to_ascii to_ascii, void *user, hk_url *ret, hk_url_fault *ret_fault)
{
	char plain[HK_URL_TEXT_MAX];
	hk_url url;
	hk_url_fault fault = HK_URL_FAULT_NONE;
	size_t len = 0;

	begin(&url);
	hk_err err = hk_url_refang(text, plain, sizeof plain, &len);
	if (err == HK_OK) {
		err = parse(hk_span_of(plain, len), to_ascii, user, &url, &fault);
	} else {
		fault = err == HK_ELIMIT ? HK_URL_FAULT_LONG : HK_URL_FAULT_EMPTY;
	}
	if (ret_fault) {
		*ret_fault = fault;
	}
	if (err != HK_OK) {
		return err;
	}
	/* Blanks, quotes and punctuation around it are no defanging: what is left is a part of the text. */
	if (!memmem(text.data, text.len, plain, len)) {
		url.odd |= HK_URL_ODD_DEFANGED;
	}
	hand_over(&url, ret);
	return HK_OK;
}
