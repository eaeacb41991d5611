#include "report/arf.h"

#include <string.h>
#include <time.h>

#include "parse/mailhead.h"
#include "report/address.h"
#include "report/xarf.h"
#include "sys/mailw.h"
#include "sys/mime.h"

#define LINE_MAX_BYTES 900

/* RFC 5322, 3.3, of UTC, whatever the locale is. */
static void
append_date(GString *out, int64_t ms)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm)) {
		g_string_append_printf(out, "Arrival-Date: %s, %02d %s %d %02d:%02d:%02d +0000\n",
			days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
			tm.tm_hour, tm.tm_min, tm.tm_sec);
	}
}

/* Who the lure says it is from. */
static void
append_sender(GString *out, hk_span lure)
{
	static const char *const fields[] = {"Return-Path", "From"};
	hk_span value;

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autoptr(GString) name = g_string_new(NULL), address = g_string_new(NULL);

		if (!hk_mailhead_find(lure, fields[i], &value) ||
			!hk_mime_address(value, name, address)) {
			continue;
		}
		g_autofree char *good = hk_address_read(address->str, "From", NULL);
		if (good) {
			g_string_append_printf(out, "Original-Mail-From: <%s>\n", good);
			return;
		}
	}
}

static void
append_urls(GString *out, const hk_brief *brief)
{
	for (unsigned i = 0; i < brief->sites->len && i < HK_ARF_URLS_MAX; i++) {
		const hk_brief_site *site = g_ptr_array_index(brief->sites, i);
		g_autofree char *uri = hk_xarf_uri(site->url);

		if (uri && strlen(uri) <= LINE_MAX_BYTES) {
			g_string_append_printf(out, "Reported-URI: %s\n", uri);
		}
	}
}

GString *
hk_arf_feedback(const hk_brief *brief)
{
	GString *out = g_string_new(
		"Feedback-Type: fraud\nUser-Agent: hikeshi/" HK_VERSION "\nVersion: 1\n");
	gsize len;
	const void *data = g_bytes_get_data(brief->lure, &len);
	hk_span lure = hk_span_of(data, len), value;
	int64_t at_ms;

	append_sender(out, lure);
	if (hk_mailhead_find(lure, "Date", &value) && hk_mime_date(value, &at_ms)) {
		append_date(out, at_ms);
	}
	if (hk_address_host(brief->who.domain)) {
		g_string_append_printf(out, "Reporting-MTA: dns; %s\n", brief->who.domain);
	}
	append_urls(out, brief);
	g_string_append(out, "Incidents: 1\n");
	return out;
}

GString *
hk_arf_mail(hk_span lure)
{
	g_autoptr(GString) out = g_string_sized_new(lure.len + 256);

	for (size_t i = 0; i < lure.len; i++) {
		char c = (char)lure.data[i];
		bool feed = c == '\n' || c == '\r';

		if (feed) {
			i += c == '\r' && i + 1 < lure.len && lure.data[i + 1] == '\n';
			g_string_append(out, "\r\n");
		} else {
			g_string_append_c(out, c);
		}
	}
	if (out->len > 0 && !g_str_has_suffix(out->str, "\r\n")) {
		g_string_append(out, "\r\n");
	}
	return hk_mailw_lines(hk_span_of(out->str, out->len)) ? g_steal_pointer(&out) : NULL;
}

GString *
hk_arf_headers(hk_span lure)
{
	GString *out = g_string_new(NULL);
	size_t pos = 0;
	hk_span name, value;

	while (hk_mailhead_next(lure, &pos, &name, &value) && out->len < 65536) {
		size_t start = out->len;

		value = hk_span_trim(value);
		g_string_append_len(out, (const char *)name.data, (gssize)name.len);
		g_string_append(out, ": ");
		for (size_t i = 0; i < value.len && out->len < start + LINE_MAX_BYTES; i++) {
			uint8_t c = value.data[i];

			if (c != '\r' && c != '\n') {
				g_string_append_c(out, c >= 0x20 && c < 0x7f ? (char)c
						       : c == '\t'           ? ' '
									     : '?');
			}
		}
		g_string_append_c(out, '\n');
	}
	return out;
}
