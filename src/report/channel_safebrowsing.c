/* Google Safe Browsing by its public form, which a person fills in: posting to it by a program is undocumented, so nothing here does. The text comes ready to
 * be copied (S39): one URL per line as a browser would open it, in tens, at most a hundred, and what to say by the case's wording. */
#include <string.h>

#include "parse/url.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "sys/gerr.h"
#include "sys/idn.h"

enum { URLS_MAX = 100, TENS = 10, DETAILS_MAX = 800, LINK_URL_MAX = 1500 };

static hk_err
to_ascii(void *user, hk_span host, char *ret, size_t max)
{
	size_t len = 0;

	(void)user;
	if (max == 0) {
		return HK_ELIMIT;
	}
	hk_err err = hk_idn_to_ascii(host, ret, max - 1, &len);

	if (err == HK_OK) {
		ret[len] = '\0';
	}
	return err;
}

/* Re-fanged and trimmed: what stands in a case may have come by another way than through parse/url. */
static char *
line_of(const char *url)
{
	hk_url parsed;

	return hk_url_read(hk_span_str(url), to_ascii, NULL, &parsed, NULL) == HK_OK
		       ? g_strndup(parsed.text, parsed.len)
		       : NULL;
}

/* Each once, in order. */
static GPtrArray *
lines_of(const hk_brief *brief)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned i = 0; i < brief->sites->len; i++) {
		const hk_brief_site *site = brief->sites->pdata[i];
		char *line = line_of(site->url);
		if (line && g_hash_table_add(seen, line)) {
			g_ptr_array_add(lines, line);
		} else {
			g_free(line);
		}
	}
	return lines;
}

static void
append_tens(GString *out, const GPtrArray *lines)
{
	for (unsigned i = 0; i < lines->len; i++) {
		if (i > 0 && i % TENS == 0) {
			g_string_append_c(out, '\n');
		}
		g_string_append_printf(out, "%s\n", (char *)lines->pdata[i]);
	}
}

static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	g_autoptr(GPtrArray) lines = lines_of(brief);

	(void)token;
	if (hk_channel_sites(brief, conf->batch, error) == 0) {
		return false;
	}
	if (lines->len == 0) {
		return hk_error_set(error, HK_EFORM, "no URL that a browser could open");
	}
	g_autofree char *why = hk_channel_why(brief, DETAILS_MAX);
	GString *body = g_string_new(NULL);
	append_tens(body, lines);
	g_string_append_printf(body, "\nDetails:\n%s\n", why);
	bool links = strlen(lines->pdata[0]) <= LINK_URL_MAX;
	*ret = (hk_channel_ask){
		.method = g_strdup("GET"),
		.url = hk_channel_url(
			conf->url, links ? "/?url={}" : "/", (char *)lines->pdata[0], NULL),
		.headers = g_ptr_array_new_with_free_func(g_free),
		.body = g_string_free_to_bytes(body),
	};
	hk_channel_ask_header(ret, "Content-Type: text/plain; charset=utf-8");
	return true;
}

const hk_channel hk_channel_safebrowsing = {
	.name = "safebrowsing",
	.en = "Google Safe Browsing (form)",
	.ja = "Google セーフブラウジング（報告フォーム）",
	.way = HK_WAY_ASSISTED,
	.can = HK_CAN_BATCH,
	.url = "https://safebrowsing.google.com/safebrowsing/report_phish",
	.batch = URLS_MAX,
	.submit = submit,
};
