#include <string.h>

#include "parse/ipaddr.h"
#include "parse/url.h"
#include "report/address.h"
#include "report/template_int.h"
#include "report/xarf_int.h"
#include "sys/gerr.h"
#include "sys/idn.h"

bool
hk_xarf_uuid(const char *token, char *ret)
{
	size_t at = 0;

	for (size_t i = 0; i < 32; i++) {
		if (!token || !g_ascii_isxdigit(token[i])) {
			return false;
		}
		if (i == 8 || i == 12 || i == 16 || i == 20) {
			ret[at++] = '-';
		}
		ret[at] = g_ascii_tolower(token[i]);
		if (i == 12) {
			ret[at] = '4';
		} else if (i == 16) {
			ret[at] = "89ab"[g_ascii_xdigit_value(token[i]) & 3];
		}
		at++;
	}
	ret[at] = '\0';
	return token[32] == '\0';
}

char *
hk_xarf_text(const char *text, size_t max_chars)
{
	g_autoptr(GString) clean = g_string_new(NULL);

	if (text) {
		hk_template_clean(clean, text, 16384);
	}
	if (clean->len == 0) {
		return NULL;
	}
	return (size_t)g_utf8_strlen(clean->str, -1) > max_chars
		       ? g_utf8_substring(clean->str, 0, (glong)max_chars)
		       : g_string_free(g_steal_pointer(&clean), FALSE);
}

static hk_err
to_ascii(void *user, hk_span host, char *ret, size_t max)
{
	size_t len;

	(void)user;
	if (max == 0) {
		return HK_ELIMIT;
	}
	HK_TRY(hk_idn_to_ascii(host, ret, max - 1, &len));
	ret[len] = '\0';
	return HK_OK;
}

/* RFC 3986: unreserved, sub-delims, and what separates; "%" only before two digits. "[" and "]" only around an address. */
static bool
stands(const char *text, size_t at, size_t path)
{
	char c = text[at];

	if (c == '%') {
		return g_ascii_isxdigit(text[at + 1]) && g_ascii_isxdigit(text[at + 2]);
	}
	return g_ascii_isalnum(c) || strchr("-._~!$&'()*+,;=:@/?", c) != NULL ||
	       (at < path && (c == '[' || c == ']'));
}

char *
hk_xarf_uri(const char *text)
{
	g_autofree hk_url *url = g_new(hk_url, 1);
	g_autoptr(GString) out = g_string_new(NULL);

	if (!text ||
		(g_ascii_strncasecmp(text, "http://", 7) != 0 &&
			g_ascii_strncasecmp(text, "https://", 8) != 0) ||
		hk_url_parse(hk_span_str(text), to_ascii, NULL, url) != HK_OK ||
		g_str_has_prefix(url->text, "ftp")) {
		return NULL;
	}
	for (size_t i = 0; i < url->len; i++) {
		if (stands(url->text, i, url->path)) {
			g_string_append_c(out, url->text[i]);
		} else {
			g_string_append_printf(out, "%%%02X", (unsigned char)url->text[i]);
		}
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *
first_address(const GPtrArray *addresses)
{
	for (unsigned i = 0; i < addresses->len; i++) {
		hk_ipaddr addr;
		char text[HK_IPADDR_TEXT_SIZE];

		if (hk_ipaddr_parse(hk_span_str(g_ptr_array_index(addresses, i)), &addr) == HK_OK) {
			return g_strdup(hk_ipaddr_format(&addr, text));
		}
	}
	return NULL;
}

/* Years 1970 to 9999: what RFC 3339 can say. */
static bool
is_time(int64_t ms)
{
	return ms > 0 && ms < INT64_C(253402300800000);
}

static int64_t
first_time(const int64_t *times, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_time(times[i])) {
			return times[i];
		}
	}
	return 1;
}

bool
hk_xarf_base_make(const hk_brief *brief, const char *token, const hk_xarf_options *options,
	hk_xarf_base *ret, GError **error)
{
	const hk_brief_site *lead = g_ptr_array_index(brief->sites, 0);
	const int64_t times[] = {lead->first_seen_ms, brief->first_seen_ms, brief->detected_ms,
		brief->confirmed_ms, options->now_ms};
	g_auto(hk_xarf_base) base = {
		.max_bytes = options->max_bytes > 0 ? options->max_bytes : HK_XARF_BYTES_MAX};

	if (!hk_xarf_uuid(token, base.uuid)) {
		return hk_error_set(
			error, HK_EFORM, "the token of a report has 32 hexadecimal digits");
	}
	base.org = hk_xarf_text(brief->who.org, 200);
	if (!base.org || !hk_address_host(brief->who.domain)) {
		return hk_error_set(error, HK_EFORM,
			"a report needs to say who reports: the organisation and its domain");
	}
	base.contact = hk_address_read(brief->who.contact, "contact of the reporter", error);
	if (!base.contact) {
		return false;
	}
	base.domain = g_strdup(brief->who.domain);
	base.url = hk_xarf_uri(lead->url);
	if (!base.url) {
		return hk_error_set(
			error, HK_EFORM, "the first URL of the report is no http or https URL");
	}
	base.address = first_address(brief->addresses);
	base.at_ms = first_time(times, G_N_ELEMENTS(times));
	base.confirmed_ms = is_time(brief->confirmed_ms) ? brief->confirmed_ms : 0;
	*ret = base;
	base = (hk_xarf_base){0};
	return true;
}

void
hk_xarf_base_clear(hk_xarf_base *base)
{
	g_clear_pointer(&base->org, g_free);
	g_clear_pointer(&base->contact, g_free);
	g_clear_pointer(&base->domain, g_free);
	g_clear_pointer(&base->url, g_free);
	g_clear_pointer(&base->address, g_free);
}

/* Evidence. */

static void
clear_item(void *item)
{
	g_free(((hk_xarf_item *)item)->description);
}

static void
add_item(GArray *items, const char *type, char *description, const void *data, size_t len)
{
	hk_xarf_item item = {type, description, hk_span_of(data, len)};

	g_array_append_val(items, item);
}

GArray *
hk_xarf_items(const hk_brief *brief, GString *urls)
{
	GArray *items = g_array_new(FALSE, FALSE, sizeof(hk_xarf_item));

	g_array_set_clear_func(items, clear_item);
	for (unsigned i = 0; brief->sites->len > 1 && i < brief->sites->len; i++) {
		g_autofree char *url =
			hk_xarf_uri(((hk_brief_site *)g_ptr_array_index(brief->sites, i))->url);

		if (url) {
			g_string_append_printf(urls, "%s\n", url);
		}
	}
	if (urls->len > 0) {
		add_item(items, "text/plain", g_strdup("All URLs of this report, one a line"),
			urls->str, urls->len);
	}
	for (unsigned i = 0; i < brief->files->len; i++) {
		const hk_brief_file *file = g_ptr_array_index(brief->files, i);
		g_autofree char *said = g_strdup_printf("%s%s%s",
			file->name ? file->name : "screenshot",
			file->profile ? ", as seen by: " : "", file->profile ? file->profile : "");
		gsize len = 0;
		const void *data = file->bytes ? g_bytes_get_data(file->bytes, &len) : NULL;

		if (data && file->type) {
			add_item(items, file->type, hk_xarf_text(said, 500), data, len);
		}
	}
	if (brief->lure) {
		gsize len;
		const void *data = g_bytes_get_data(brief->lure, &len);

		add_item(items, "message/rfc822",
			g_strdup("Mail that leads to the site; recipients taken out"), data, len);
	}
	return items;
}
