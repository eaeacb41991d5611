#include "report/channel_words.h"

#include <string.h>

#include "sys/defang.h"
#include "sys/gerr.h"

bool
hk_channel_mail_of(
	const hk_channel_conf *conf, const hk_brief *brief, const char **ret, GError **error)
{
	*ret = conf->email ? conf->email : brief->who.contact;
	return *ret != NULL ||
	       hk_error_set(error, HK_EFORM,
		       "no mail address of the reporter: set email or report-contact");
}

const hk_brief_site *
hk_channel_lead(const hk_brief *brief)
{
	return brief->sites->pdata[0];
}

const char *
hk_channel_brand(const hk_brief *brief)
{
	return brief->target_en ? brief->target_en : brief->target;
}

bool
hk_channel_is_trademark(const hk_brief *brief)
{
	return g_strcmp0(brief->wording, "trademark") == 0 ||
	       g_strcmp0(brief->kind, "trademark") == 0;
}

char *
hk_channel_reason(const hk_brief *brief, long max)
{
	static const struct {
		const char *kind, *words;
	} kinds[] = {
		{"phishing", "Phishing site"},
		{"phishing_other", "Phishing site"},
		{"trademark", "Site that misuses a trademark"},
		{"scam", "Fraudulent site"},
		{"investment_scam", "Investment fraud"},
		{"malware", "Site that distributes malware"},
		{"c2", "Command and control server of malware"},
	};
	g_autoptr(GString) text = g_string_new(NULL);
	const char *words = "Phishing site", *brand = hk_channel_brand(brief);

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		words = g_strcmp0(kinds[i].kind, brief->kind) == 0 ? kinds[i].words : words;
	}
	g_string_append(text, words);
	if (brand) {
		g_string_append_printf(text, " imitating %s", brand);
	}
	g_string_append_c(text, '.');
	for (unsigned i = 0; i < brief->reasons->len; i++) {
		g_string_append_printf(text, "\n- %s", (const char *)brief->reasons->pdata[i]);
	}
	if (brief->cloaked) {
		g_string_append(text, "\nIt shows itself to some visitors only.");
	}
	if (brief->agent) {
		g_string_append_printf(text, "\nSeen with User-Agent: %s", brief->agent);
	}
	return g_utf8_substring(text->str, 0, MIN(g_utf8_strlen(text->str, -1), max));
}

void
hk_channel_sandbox(hk_channel_conf *conf, const char *url)
{
	bool given = conf->more && g_hash_table_contains(conf->more, "url");

	if (conf->test && !given) {
		g_free(conf->url);
		conf->url = g_strdup(url);
	}
}

void
hk_channel_defanged(const hk_brief *brief, unsigned max, const char *indent, GString *out)
{
	for (unsigned i = 0; i < brief->sites->len && i < max; i++) {
		const hk_brief_site *site = brief->sites->pdata[i];
		g_autofree char *url = hk_defang(site->url);
		g_string_append_printf(out, "%s%s\n", indent, url);
	}
	if (brief->sites->len > max) {
		g_string_append_printf(out, "%s(+%u)\n", indent, brief->sites->len - max);
	}
}
