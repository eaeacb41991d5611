#include "parse/paste.h"

/* What stands for what. Longer ones first. */
static const struct {
	const char *written;
	const char *meant;
} undone[] = {
	{"[://]", "://"},
	{"[dot]", "."},
	{"(dot)", "."},
	{"{dot}", "."},
	{"[.]", "."},
	{"(.)", "."},
	{"{.}", "."},
	{"[:]", ":"},
	{"[/]", "/"},
};

static bool
is_edge(uint8_t c)
{
	return c <= ' ' || c == '<' || c == '>' || c == '"' || c == '\'' || c == '`';
}

static hk_span
trimmed(hk_span text)
{
	while (text.len > 0 && is_edge(text.data[0])) {
		text = hk_span_of(text.data + 1, text.len - 1);
	}
	while (text.len > 0 && is_edge(text.data[text.len - 1])) {
		text.len--;
	}
	return text;
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool
begins(hk_span text, const char *with)
{
	size_t len = strlen(with);

	if (text.len < len) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (lower(text.data[i]) != (uint8_t)with[i]) {
			return false;
		}
	}
	return true;
}

/* One character, or what stands for one or more. Returns how many bytes of text that were. */
static size_t
next(hk_span text, const char **ret, size_t *ret_len)
{
	for (size_t i = 0; i < sizeof undone / sizeof undone[0]; i++) {
		if (begins(text, undone[i].written)) {
			*ret = undone[i].meant;
			*ret_len = strlen(undone[i].meant);
			return strlen(undone[i].written);
		}
	}
	*ret = (const char *)text.data;
	*ret_len = 1;
	return 1;
}

/* Offset behind "scheme://" (or "//"), 0 when there is no scheme. A scheme is letters, digits, '+', '-', '.' (RFC 3986, 3.1). */
static size_t
scheme_end(hk_span text)
{
	size_t slashes = 0;

	for (size_t at = 0; at < text.len;) {
		const char *meant;
		size_t len;
		size_t step = next(hk_span_of(text.data + at, text.len - at), &meant, &len);
		for (size_t i = 0; i < len; i++) {
			slashes = meant[i] == '/' || meant[i] == '\\' ? slashes + 1 : 0;
			if (slashes == 0 && meant[i] != ':' &&
				!(lower((uint8_t)meant[i]) >= 'a' &&
					lower((uint8_t)meant[i]) <= 'z') &&
				!(meant[i] >= '0' && meant[i] <= '9') && meant[i] != '+' &&
				meant[i] != '-' && meant[i] != '.') {
				return 0;
			}
		}
		/* "a//b" has no scheme: the slashes must follow the colon, or the start. */
		if (slashes == 1 && at > 0 && text.data[at - 1] != ':' &&
			text.data[at - 1] != ']') {
			return 0;
		}
		at += step;
		if (slashes == 2) {
			return at;
		}
	}
	return 0;
}

static bool
is_port(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return false;
		}
	}
	return true;
}

static size_t
without_port(const char *host, size_t len)
{
	for (size_t i = len; i > 0; i--) {
		if (host[i - 1] == ':') {
			return is_port(host + i, len - i) ? i - 1 : len;
		}
		if (host[i - 1] == ']') {
			break;
		}
	}
	return len;
}

hk_err
hk_paste_host(hk_span text, char *out, size_t cap, size_t *ret_len)
{
	size_t len = 0;
	bool cut = false;

	if (text.len > HK_PASTE_MAX) {
		return HK_ELIMIT;
	}
	text = trimmed(text);
	size_t at = scheme_end(text);
	bool has_scheme = at > 0;
	bool ended = false;
	while (at < text.len && !ended) {
		const char *c;
		size_t c_len;
		at += next(hk_span_of(text.data + at, text.len - at), &c, &c_len);
		if (is_edge((uint8_t)*c) && !has_scheme) {
			return HK_EFORM;
		}
		for (size_t i = 0; i < c_len && !ended; i++) {
			if (c[i] == '@') {
				len = 0;
				cut = false;
				continue;
			}
			ended = c[i] == '/' || c[i] == '\\' || c[i] == '?' || c[i] == '#' ||
				is_edge((uint8_t)c[i]);
			/* User information may be longer than any host. */
			cut = cut || (!ended && len == cap);
			if (!ended && !cut) {
				out[len++] = c[i];
			}
		}
	}
	if (cut) {
		return HK_ELIMIT;
	}
	len = without_port(out, len);
	if (len == 0) {
		return HK_EFORM;
	}
	*ret_len = len;
	return HK_OK;
}
