#include "sys/csvw.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "sys/clock.h"

void
hk_csvw_begin(hk_csvw *w, GString *out, bool bom)
{
	*w = (hk_csvw){.out = out};
	if (bom) {
		g_string_append(out, "\xef\xbb\xbf");
	}
}

static void
separate(hk_csvw *w)
{
	if (w->begun) {
		g_string_append_c(w->out, ',');
	}
	w->begun = true;
}

/* Whether a spreadsheet would calculate it. Blanks and invisible characters in front do not hide it: some programs trim them. */
static bool
is_formula(hk_span text)
{
	const uint8_t *at = text.data;
	const uint8_t *end = at + text.len;
	uint32_t c = 0;

	while (at < end) {
		size_t len = hk_utf8_next(at, end, &c);
		if (len == 0) {
			return false;
		}
		at += len;
		if (c == '\t' || c == '\r' || c == '\n') {
			return true;
		}
		if (c != ' ' && c != 0xa0 && c != 0x3000 && c != 0xfeff && c != 0 &&
			!(c >= 0x200b && c <= 0x200f)) {
			break;
		}
	}
	return c == '=' || c == '+' || c == '-' || c == '@' || c == 0xff1d || c == 0xff0b ||
	       c == 0xff0d || c == 0xff20 || c == 0x2212;
}

static bool
is_to_quote(hk_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		if (c == ',' || c == '"' || c == '\n' || c == '\r' || c == '\t' || c == ';') {
			return true;
		}
	}
	return text.len > 0 && (text.data[0] == ' ' || text.data[text.len - 1] == ' ');
}

void
hk_csvw_text(hk_csvw *w, hk_span text)
{
	bool quote = is_to_quote(text);

	separate(w);
	if (quote) {
		g_string_append_c(w->out, '"');
	}
	if (text.len > 0 && is_formula(text)) {
		g_string_append_c(w->out, '\'');
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = (char)text.data[i];
		if (c == '"') {
			g_string_append_c(w->out, '"');
		}
		if (c != '\0') {
			g_string_append_c(w->out, c);
		}
	}
	if (quote) {
		g_string_append_c(w->out, '"');
	}
}

void
hk_csvw_str(hk_csvw *w, const char *text)
{
	hk_csvw_text(w, hk_span_str(text));
}

void
hk_csvw_int(hk_csvw *w, int64_t value)
{
	separate(w);
	g_string_append_printf(w->out, "%" G_GINT64_FORMAT, value);
}

void
hk_csvw_real(hk_csvw *w, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	separate(w);
	if (isfinite(value)) {
		g_string_append(w->out, g_ascii_formatd(text, sizeof text, "%.6g", value));
	}
}

void
hk_csvw_time(hk_csvw *w, int64_t ms)
{
	char text[HK_CLOCK_TEXT_SIZE];

	separate(w);
	if (ms != 0) {
		hk_clock_format(ms, text);
		/* Without the milliseconds: spreadsheets know no such time. */
		char *point = strchr(text, '.');
		g_string_append_len(w->out, text, point ? point - text : (gssize)strlen(text));
		g_string_append(w->out, point ? "Z" : "");
	}
}

void
hk_csvw_end_row(hk_csvw *w)
{
	g_string_append(w->out, "\r\n");
	w->begun = false;
}
