/* Trend Micro: no interface for programs. A person looks a URL up in the Site Safety Center and asks for another rating (Dangerous); a mail with a link to confirm it comes back. Customers use their
 * support portal (key url): Threat Issue > URL Reclassification. */
#include "report/channel_text.h"
#include "report/channel_words.h"

enum { COMMENT_MAX = 1000 };

/* What is copied into the form: URLs as they are, one a line, and a comment. */
static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	g_autofree char *reason = hk_channel_why(brief, COMMENT_MAX);
	GString *text = g_string_new(NULL);

	(void)token;
	(void)error;
	for (unsigned i = 0; i < brief->sites->len && (int64_t)i < conf->batch; i++) {
		const hk_brief_site *site = brief->sites->pdata[i];
		g_string_append_printf(text, "%s\n", site->url);
	}
	g_string_append_printf(text,
		"\nSafety rating: Dangerous\nSite category: %s\nE-mail: %s\nComments:\n%s\n",
		hk_channel_is_trademark(brief) ? "Scam" : "Phishing",
		conf->email          ? conf->email
		: brief->who.contact ? brief->who.contact
				     : "",
		reason);
	*ret = (hk_channel_ask){.method = g_strdup("GET"),
		.url = g_strdup(conf->url),
		.headers = g_ptr_array_new_with_free_func(g_free),
		.body = g_string_free_to_bytes(text)};
	return true;
}

const hk_channel hk_channel_trendmicro = {
	.name = "trendmicro",
	.en = "Trend Micro (by hand)",
	.ja = "トレンドマイクロ（手動）",
	.way = HK_WAY_ASSISTED,
	.can = HK_CAN_BATCH,
	.url = "https://global.sitesafety.trendmicro.com",
	.batch = 50,
	.keys = "email",
	.submit = submit,
};
