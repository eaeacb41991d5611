#include "report/channel_words.h"

#include <string.h>

#include "report/channel_text.h"
#include "sys/defang.h"
#include "sys/gerr.h"

bool
hk_channel_is_trademark(const hk_brief *brief)
{
	return g_strcmp0(brief->wording, "trademark") == 0 ||
	       g_strcmp0(brief->kind, "trademark") == 0;
}

bool
hk_channel_is_malware(const hk_brief *brief)
{
	return g_strcmp0(brief->kind, "malware") == 0 || g_strcmp0(brief->kind, "c2") == 0;
}

const hk_brief_site *
hk_channel_one(const hk_brief *brief, GError **error)
{
	if (brief->sites->len != 1) {
		hk_error_set(error, HK_EFORM, "%u URLs: this channel takes one in a report",
			brief->sites->len);
		return NULL;
	}
	return brief->sites->pdata[0];
}

const char *
hk_channel_need_mail(const hk_channel_conf *conf, const hk_brief *brief, GError **error)
{
	const char *mail = hk_channel_mail(conf, brief);

	if (!mail) {
		hk_error_set(error, HK_EFORM,
			"no mail address of the reporter: set email or report-contact");
	}
	return mail;
}

int64_t
hk_channel_seen_ms(const hk_brief *brief)
{
	const hk_brief_site *lead = brief->sites->pdata[0];

	return lead->first_seen_ms    ? lead->first_seen_ms
	       : brief->first_seen_ms ? brief->first_seen_ms
				      : brief->detected_ms;
}

void
hk_channel_sandbox(hk_channel_conf *conf, const char *url)
{
	if (conf->test && !(conf->more && g_hash_table_contains(conf->more, "url"))) {
		g_free(conf->url);
		conf->url = g_strdup(url);
	}
}

const char *
hk_channel_number(const hk_channel_receipt *receipt, GError **error)
{
	if (!receipt->remote_id) {
		hk_error_set(error, HK_EFORM, "their number for it is not known");
	}
	return receipt->remote_id;
}

const char *
hk_channel_whole_url(const hk_channel_receipt *receipt, GError **error)
{
	if (!receipt->url) {
		hk_error_set(error, HK_EFORM, "its URL is not known");
	}
	return receipt->url;
}

bool
hk_channel_list_at(const hk_json *root, const char *const *places, hk_json *ret)
{
	for (; *places; places++) {
		if (hk_channel_json_at(root, *places, ret) &&
			hk_json_kind_of(ret) == HK_JSON_ARRAY) {
			return true;
		}
	}
	return false;
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
