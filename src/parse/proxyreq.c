#include "parse/proxyreq.h"

#include <string.h>

#include "base/num.h"
#include "parse/headline.h"

/* Header lines that are for one hop (RFC 9110, section 7.6.1), and Expect: we never wait for a 100. Host is written anew. */
static const char *const one_hop[] = {
	"connection", "keep-alive", "te", "trailer", "upgrade", "expect", "host"};

static hk_err
head_len(hk_span bytes, bool loose, size_t *ret)
{
	size_t start = 0; /* of the line */

	for (size_t i = 0; i < bytes.len && i < HK_PROXYREQ_HEAD_MAX; i++) {
		if (bytes.data[i] != '\n') {
			continue;
		}
		bool cr = i > start && bytes.data[i - 1] == '\r';
		/* Not at the very beginning: a head has a first line. */
		if (start > 0 && i - start == (size_t)cr && (cr || loose)) {
			*ret = i + 1;
			return HK_OK;
		}
		start = i + 1;
	}
	return bytes.len >= HK_PROXYREQ_HEAD_MAX ? HK_ELIMIT : HK_ETRUNC;
}

hk_err
hk_proxyreq_head_len(hk_span bytes, size_t *ret)
{
	return head_len(bytes, false, ret);
}

hk_err
hk_proxyreq_answer_len(hk_span bytes, size_t *ret)
{
	return head_len(bytes, true, ret);
}

/* "host", "host:port", "[v6]:port". port 0 in *ret_port: none was given. */
static hk_err
parse_authority(hk_span text, hk_span *ret_host, unsigned *ret_port)
{
	uint64_t port = 0;
	size_t host_len;
	hk_span host;

	if (text.len > 0 && text.data[0] == '[') {
		const uint8_t *close = memchr(text.data, ']', text.len);
		if (!close) {
			return HK_EFORM;
		}
		host = hk_span_of(text.data + 1, (size_t)(close - text.data) - 1);
		host_len = host.len + 2;
		for (size_t i = 0; i < host.len; i++) {
			if (!strchr("0123456789abcdefABCDEF:.", host.data[i]) || !host.data[i]) {
				return HK_EFORM;
			}
		}
	} else {
		const uint8_t *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
		host_len = colon ? (size_t)(colon - text.data) : text.len;
		host = hk_span_of(text.data, host_len);
		for (size_t i = 0; i < host.len; i++) {
			uint8_t c = host.data[i];
			if (c <= ' ' || c >= 0x7f || strchr("/?#@\\\"<>^`{|}[]%", c)) {
				return HK_EFORM;
			}
		}
	}
	if (host.len == 0 || host.len > 253) {
		return HK_EFORM;
	}
	if (host_len < text.len) {
		if (text.data[host_len] != ':') {
			return HK_EFORM;
		}
		hk_span digits = hk_span_of(text.data + host_len + 1, text.len - host_len - 1);
		if (hk_parse_u64(digits, 65535, &port) != HK_OK || port == 0) {
			return HK_EFORM;
		}
	}
	*ret_host = host;
	*ret_port = (unsigned)port;
	return HK_OK;
}

/* "http://host[:port][/path][?query]" */
static hk_err
parse_absolute(hk_span url, hk_proxyreq *ret)
{
	static const char scheme[] = "http://";
	size_t n = sizeof scheme - 1;

	if (url.len <= n || !hk_headline_is(hk_span_of(url.data, n), scheme)) {
		return HK_EFORM;
	}
	hk_span rest = hk_span_of(url.data + n, url.len - n);
	size_t len = 0;
	while (len < rest.len && !strchr("/?", rest.data[len])) {
		len++;
	}
	HK_TRY(parse_authority(hk_span_of(rest.data, len), &ret->host, &ret->port));
	if (ret->port == 0) {
		ret->port = 80;
	}
	ret->target = hk_span_of(rest.data + len, rest.len - len);
	if (ret->target.len > 0 && ret->target.data[0] == '/') {
		ret->target = hk_span_of(ret->target.data + 1, ret->target.len - 1);
	}
	for (size_t i = 0; i < ret->target.len; i++) {
		if (ret->target.data[i] == '#') {
			return HK_EFORM;
		}
	}
	return HK_OK;
}

static hk_err
parse_first(hk_span text, hk_proxyreq *ret)
{
	size_t m = 0;
	size_t t;

	while (m < text.len && hk_headline_token(text.data[m])) {
		m++;
	}
	if (m == 0 || m > HK_PROXYREQ_METHOD_MAX || m == text.len || text.data[m] != ' ') {
		return HK_EFORM;
	}
	for (t = m + 1; t < text.len && text.data[t] > ' ' && text.data[t] < 0x7f; t++) {
	}
	hk_span target = hk_span_of(text.data + m + 1, t - m - 1);
	hk_span version = hk_span_of(text.data + t, text.len - t);
	if (!hk_span_eq(version, HK_SPAN_LIT(" HTTP/1.1")) &&
		!hk_span_eq(version, HK_SPAN_LIT(" HTTP/1.0"))) {
		return HK_EFORM;
	}
	ret->method = hk_span_of(text.data, m);
	if (!hk_span_eq(ret->method, HK_SPAN_LIT("CONNECT"))) {
		ret->kind = HK_PROXYREQ_ABSOLUTE;
		return parse_absolute(target, ret);
	}
	ret->kind = HK_PROXYREQ_CONNECT;
	HK_TRY(parse_authority(target, &ret->host, &ret->port));
	return ret->port == 0 ? HK_EFORM : HK_OK;
}

static hk_err
take_framing(const hk_headline *l, hk_proxyreq *ret, bool *upgrades, bool *connection_upgrades)
{
	if (hk_headline_is(l->name, "content-length")) {
		if (ret->has_length || hk_parse_u64(l->value, INT64_MAX, &ret->length) != HK_OK) {
			return HK_EFORM;
		}
		ret->has_length = true;
	} else if (hk_headline_is(l->name, "transfer-encoding")) {
		if (ret->chunked || !hk_headline_is(l->value, "chunked")) {
			return HK_EFORM;
		}
		ret->chunked = true;
	} else if (hk_headline_is(l->name, "upgrade")) {
		*upgrades = true;
	} else if (hk_headline_is(l->name, "connection")) {
		*connection_upgrades |= hk_headline_has(l->value, HK_SPAN_LIT("upgrade"));
	}
	return ret->has_length && ret->chunked ? HK_EFORM : HK_OK;
}

hk_err
hk_proxyreq_parse(hk_span head, hk_proxyreq *ret)
{
	hk_proxyreq req = {0};
	hk_span rest = head;
	hk_span text;
	bool upgrades = false, connection_upgrades = false;

	if (head.len > HK_PROXYREQ_HEAD_MAX) {
		return HK_ELIMIT;
	}
	if (!hk_headline_take(&rest, false, &text)) {
		return HK_EFORM;
	}
	HK_TRY(parse_first(text, &req));
	req.lines = rest;
	for (unsigned n = 0;; n++) {
		hk_headline l;
		const uint8_t *at = rest.data;
		if (!hk_headline_take(&rest, false, &text)) {
			return HK_EFORM;
		}
		if (text.len == 0) {
			req.lines.len = (size_t)(at - req.lines.data);
			break;
		}
		if (n == HK_PROXYREQ_LINES_MAX) {
			return HK_ELIMIT;
		}
		HK_TRY(hk_headline_split(text, &l));
		HK_TRY(take_framing(&l, &req, &upgrades, &connection_upgrades));
	}
	if (rest.len > 0) {
		return HK_ETRAIL;
	}
	req.upgrade = upgrades && connection_upgrades;
	*ret = req;
	return HK_OK;
}

/* ---- Writing ---- */

typedef struct out {
	char *at;
	size_t max;
	size_t len;
	bool over;
} out;

static void
put(out *o, hk_span text)
{
	if (text.len > o->max - o->len) {
		o->over = true;
	} else if (text.len > 0) {
		memcpy(o->at + o->len, text.data, text.len);
		o->len += text.len;
	}
}

static void
put_port(out *o, unsigned port)
{
	char digits[6];
	size_t n = sizeof digits;

	do {
		digits[--n] = (char)('0' + port % 10);
		port /= 10;
	} while (port > 0);
	digits[--n] = ':';
	put(o, hk_span_of(digits + n, sizeof digits - n));
}

/* Whether some Connection line names it. */
static bool
named_by_connection(hk_span lines, hk_span name)
{
	hk_span text;
	hk_headline l;

	while (hk_headline_take(&lines, false, &text)) {
		if (text.len > 0 && hk_headline_split(text, &l) == HK_OK &&
			hk_headline_is(l.name, "connection") && hk_headline_has(l.value, name)) {
			return true;
		}
	}
	return false;
}

static bool
stays_here(hk_span name)
{
	for (size_t i = 0; i < sizeof one_hop / sizeof one_hop[0]; i++) {
		if (hk_headline_is(name, one_hop[i])) {
			return true;
		}
	}
	return name.len >= 6 && hk_headline_is(hk_span_of(name.data, 6), "proxy-");
}

hk_err
hk_proxyreq_forward(const hk_proxyreq *req, char *ret, size_t max, size_t *ret_len)
{
	out o = {ret, max, 0, false};
	hk_span rest = req->lines;
	hk_span text;
	hk_span upgrade = {NULL, 0};
	bool v6 = memchr(req->host.data, ':', req->host.len) != NULL;
	hk_headline l;

	put(&o, req->method);
	put(&o, HK_SPAN_LIT(" /"));
	put(&o, req->target);
	put(&o, HK_SPAN_LIT(" HTTP/1.1\r\nHost: "));
	put(&o, v6 ? HK_SPAN_LIT("[") : HK_SPAN_LIT(""));
	put(&o, req->host);
	put(&o, v6 ? HK_SPAN_LIT("]") : HK_SPAN_LIT(""));
	if (req->port != 80) {
		put_port(&o, req->port);
	}
	put(&o, HK_SPAN_LIT("\r\n"));
	while (hk_headline_take(&rest, false, &text)) {
		HK_TRY(hk_headline_split(text, &l));
		if (req->upgrade && hk_headline_is(l.name, "upgrade")) {
			upgrade = l.value;
		}
		/* The framing is ours to keep, whatever Connection says about it. */
		bool framing = hk_headline_is(l.name, "content-length") ||
			       hk_headline_is(l.name, "transfer-encoding");
		if (!stays_here(l.name) && (framing || !named_by_connection(req->lines, l.name))) {
			put(&o, text);
			put(&o, HK_SPAN_LIT("\r\n"));
		}
	}
	if (req->upgrade) {
		put(&o, HK_SPAN_LIT("Upgrade: "));
		put(&o, upgrade);
		put(&o, HK_SPAN_LIT("\r\nConnection: Upgrade\r\n\r\n"));
	} else {
		put(&o, HK_SPAN_LIT("Connection: close\r\n\r\n"));
	}
	if (o.over) {
		return HK_ELIMIT;
	}
	*ret_len = o.len;
	return HK_OK;
}

/* "HTTP/1.1 200 OK" */
static hk_err
parse_status(hk_span text, unsigned *ret)
{
	uint64_t status;

	if (text.len < 12 || memcmp(text.data, "HTTP/1.", 7) != 0 ||
		(text.data[7] != '0' && text.data[7] != '1') || text.data[8] != ' ' ||
		(text.len > 12 && text.data[12] != ' ')) {
		return HK_EFORM;
	}
	if (hk_parse_u64(hk_span_of(text.data + 9, 3), 599, &status) != HK_OK || status < 100) {
		return HK_EFORM;
	}
	*ret = (unsigned)status;
	return HK_OK;
}

hk_err
hk_proxyreq_answer(hk_span head, unsigned *ret_status, char *ret, size_t max, size_t *ret_len)
{
	out o = {ret, max, 0, false};
	hk_span rest = head;
	hk_span text;
	unsigned status;
	hk_headline l;

	if (!hk_headline_take(&rest, true, &text)) {
		return HK_EFORM;
	}
	HK_TRY(parse_status(text, &status));
	put(&o, text);
	put(&o, HK_SPAN_LIT("\r\n"));
	while (hk_headline_take(&rest, true, &text) && text.len > 0) {
		/* A line that is none stays: the browser decides, and it is part of what the server did. */
		bool drop = status >= 200 && hk_headline_split(text, &l) == HK_OK &&
			    (hk_headline_is(l.name, "connection") ||
				    hk_headline_is(l.name, "keep-alive") ||
				    hk_headline_is(l.name, "upgrade") ||
				    (l.name.len >= 6 &&
					    hk_headline_is(hk_span_of(l.name.data, 6), "proxy-")));
		if (!drop) {
			put(&o, text);
			put(&o, HK_SPAN_LIT("\r\n"));
		}
	}
	if (status >= 200) {
		put(&o, HK_SPAN_LIT("Connection: close\r\n"));
	}
	put(&o, HK_SPAN_LIT("\r\n"));
	if (o.over) {
		return HK_ELIMIT;
	}
	*ret_status = status;
	*ret_len = o.len;
	return HK_OK;
}
