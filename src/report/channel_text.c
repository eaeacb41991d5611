#include "report/channel_text.h"

#include <string.h>

#include "sys/gerr.h"

const char *
hk_channel_mail(const hk_channel_conf *conf, const hk_brief *brief)
{
	return conf->email ? conf->email : brief->who.contact;
}

const char *
hk_channel_brand(const hk_brief *brief)
{
	return brief->target_en ? brief->target_en : brief->target ? brief->target : "a bank";
}

const hk_brief_site *
hk_channel_lead(const hk_brief *brief)
{
	return brief->sites->pdata[0];
}

unsigned
hk_channel_sites(const hk_brief *brief, int64_t max, GError **error)
{
	if (brief->sites->len > max) {
		hk_error_set(error, HK_EFORM,
			"%u URLs in one report: this channel takes at most %d", brief->sites->len,
			(int)max);
		return 0;
	}
	return brief->sites->len;
}

char *
hk_channel_cut(const char *text, size_t max)
{
	return (size_t)g_utf8_strlen(text, -1) <= max ? g_strdup(text)
						      : g_utf8_substring(text, 0, (long)max);
}

static void
append_list(GString *out, const char *before, const GPtrArray *list)
{
	for (unsigned i = 0; i < list->len; i++) {
		g_string_append_printf(out, "%s%s", i == 0 ? before : ", ", (char *)list->pdata[i]);
	}
	if (list->len > 0) {
		g_string_append_c(out, '\n');
	}
}

/* S39: a trademark case that is reported as phishing counts as a false report. */
static const struct {
	const char *wording, *one, *many;
} openings[] = {
	{"phishing", "This site is a phishing site that imitates %s.\n",
		"These sites are phishing sites that imitate %s.\n"},
	{"trademark", "This site uses the trademark of %s without permission.\n",
		"These sites use the trademark of %s without permission.\n"},
	{"other", "This site deceives customers of %s.\n",
		"These sites deceive customers of %s.\n"},
};

static void
append_opening(GString *out, const hk_brief *brief)
{
	size_t row = 0;

	for (size_t i = 0; brief->wording && i < G_N_ELEMENTS(openings); i++) {
		row = strcmp(openings[i].wording, brief->wording) == 0 ? i : row;
	}
	const char *text = brief->sites->len > 1 ? openings[row].many : openings[row].one;
	const char *hole = strstr(text, "%s");
	g_string_append_len(out, text, hole - text);
	g_string_append(out, hk_channel_brand(brief));
	g_string_append(out, hole + 2);
}

char *
hk_channel_why(const hk_brief *brief, size_t max)
{
	g_autoptr(GString) out = g_string_new(NULL);

	append_opening(out, brief);
	append_list(out, "The official domains are ", brief->official);
	for (unsigned i = 0; i < brief->reasons->len; i++) {
		g_string_append_printf(out, "- %s\n", (char *)brief->reasons->pdata[i]);
	}
	append_list(out, "Its forms ask for ", brief->fields);
	if (brief->cloaked) {
		g_string_append(out, "It shows itself to some visitors only");
		append_list(out, "; what counts is ", brief->dimensions);
		if (brief->dimensions->len == 0) {
			g_string_append_c(out, '\n');
		}
	}
	if (brief->cloaked && brief->agent) {
		g_string_append_printf(out, "Seen with User-Agent %s\n", brief->agent);
	}
	if (brief->who.org) {
		g_string_append_printf(out, "Reported by %s\n", brief->who.org);
	}
	g_string_truncate(out, out->len - 1);
	return hk_channel_cut(out->str, max);
}
