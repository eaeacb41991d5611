#include "sys/jsonw.h"

#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "base/codec.h"
#include "base/utf8.h"

/* A comma, unless the text is empty or what was written last opens something. */
static void
separate(GString *out)
{
	char last = out->len > 0 ? out->str[out->len - 1] : '\n';

	if (last != '{' && last != '[' && last != ':' && last != '\n') {
		g_string_append_c(out, ',');
	}
}

void
hk_jsonw_open(GString *out, char bracket)
{
	separate(out);
	g_string_append_c(out, bracket);
}

void
hk_jsonw_close(GString *out, char bracket)
{
	g_string_append_c(out, bracket);
}

void
hk_jsonw_key(GString *out, const char *key)
{
	separate(out);
	g_string_append_c(out, '"');
	g_string_append(out, key);
	g_string_append_len(out, "\":", 2);
}

/* RFC 8259, section 7: what must be escaped. DEL and the rest of Unicode need not be. */
static bool
plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* What need not be escaped either, but drives a terminal (C1) or turns the direction of what is printed. */
static bool
is_control(uint32_t code)
{
	return (code >= 0x80 && code <= 0x9f) || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

static void
escape_ascii(GString *out, uint8_t c)
{
	if (c == '"' || c == '\\') {
		g_string_append_c(out, '\\');
		g_string_append_c(out, (char)c);
	} else {
		g_string_append_printf(out, "\\u%04x", c);
	}
}

void
hk_jsonw_text(GString *out, hk_span text)
{
	const uint8_t *at = text.data;
	const uint8_t *end = text.len > 0 ? at + text.len : at; /* NULL + 0 is undefined */

	separate(out);
	g_string_append_c(out, '"');
	while (at < end) {
		const uint8_t *run = at;
		while (at < end && plain(*at)) {
			at++;
		}
		g_string_append_len(out, (const char *)run, at - run);
		if (at == end) {
			break;
		}
		uint32_t code;
		size_t len = hk_utf8_next(at, end, &code);
		if (len == 0) {
			g_string_append_printf(out, "\\\\x%02x", *at);
			at++;
		} else if (len == 1) {
			escape_ascii(out, *at++);
		} else if (is_control(code)) {
			g_string_append_printf(out, "\\u%04x", code);
			at += len;
		} else {
			g_string_append_len(out, (const char *)at, (gssize)len);
			at += len;
		}
	}
	g_string_append_c(out, '"');
}

void
hk_jsonw_str(GString *out, const char *text)
{
	hk_jsonw_text(out, hk_span_str(text));
}

void
hk_jsonw_strs(GString *out, const char *key, const char *const *texts, size_t count)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		hk_jsonw_str(out, texts[i]);
	}
	hk_jsonw_close(out, ']');
}

void
hk_jsonw_int(GString *out, int64_t value)
{
	separate(out);
	g_string_append_printf(out, "%" PRId64, value);
}

void
hk_jsonw_bool(GString *out, bool value)
{
	separate(out);
	g_string_append(out, value ? "true" : "false");
}

void
hk_jsonw_null(GString *out)
{
	separate(out);
	g_string_append(out, "null");
}

void
hk_jsonw_real(GString *out, double value, int digits)
{
	char text[64];
	char format[8] = {'%', '.', (char)('0' + digits % 10), 'f', '\0'};

	if (!isfinite(value)) {
		hk_jsonw_null(out);
		return;
	}
	separate(out);
	/* g_ascii_formatd: a point in every locale. */
	g_string_append(out, g_ascii_formatd(text, sizeof text, format, value));
}

/* Room for n more characters at the end of out; returns where they go. */
static char *
grow(GString *out, size_t n)
{
	gsize old = out->len;

	g_string_set_size(out, old + n);
	return out->str + old;
}

void
hk_jsonw_hex(GString *out, hk_span bytes)
{
	separate(out);
	g_string_append_c(out, '"');
	hk_hex_encode(bytes, grow(out, 2 * bytes.len));
	g_string_append_c(out, '"');
}

void
hk_jsonw_base64(GString *out, hk_span bytes)
{
	separate(out);
	g_string_append_c(out, '"');
	hk_base64_encode(bytes, grow(out, HK_BASE64_LEN(bytes.len)));
	g_string_append_c(out, '"');
}

void
hk_jsonw_time(GString *out, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm utc;

	if (!gmtime_r(&when, &utc) || utc.tm_year < -1900 || utc.tm_year > 8099) {
		hk_jsonw_null(out);
		return;
	}
	separate(out);
	g_string_append_printf(out, "\"%04d-%02d-%02dT%02d:%02d:%02dZ\"", utc.tm_year + 1900,
		utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

void
hk_jsonw_member_str(GString *out, const char *key, const char *text)
{
	hk_jsonw_key(out, key);
	if (text) {
		hk_jsonw_str(out, text);
	} else {
		hk_jsonw_null(out);
	}
}

void
hk_jsonw_member_int(GString *out, const char *key, int64_t value)
{
	hk_jsonw_key(out, key);
	hk_jsonw_int(out, value);
}

void
hk_jsonw_member_bool(GString *out, const char *key, bool value)
{
	hk_jsonw_key(out, key);
	hk_jsonw_bool(out, value);
}
