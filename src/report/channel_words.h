/* report/channel_words: what the channels say of a site in words, and small things that several of them need. Layer: stage (report). Pure.
 *
 * Texts about the site are hostile; what is written here goes into JSON (sys/jsonw) or into a letter's text. */
#ifndef HK_REPORT_CHANNEL_WORDS_H
#define HK_REPORT_CHANNEL_WORDS_H

#include "report/channel.h"

/* hk_channel_mail_of(conf, brief, ret, error): the reporter's address there: the file's email, else report-contact. HK_EFORM: neither is set. Borrowed. */
bool hk_channel_mail_of(
	const hk_channel_conf *conf, const hk_brief *brief, const char **ret, GError **error);

/* hk_channel_lead(brief): the site that a channel of one URL speaks of: the first. */
const hk_brief_site *hk_channel_lead(const hk_brief *brief);

/* hk_channel_brand(brief): whom it imitates, in English where that is known; NULL: not known. Borrowed. */
const char *hk_channel_brand(const hk_brief *brief);

/* hk_channel_reason(brief, max): in English, why we think so: what it is, the reasons, how it hides, the User-Agent that saw it; at most max characters, of which the
 * last ones go first. Caller frees. */
char *hk_channel_reason(const hk_brief *brief, long max);

/* hk_channel_is_trademark(brief): only a name or logo is misused: who takes phishing only counts it as a false report (S39). */
bool hk_channel_is_trademark(const hk_brief *brief);

/* hk_channel_sandbox(conf, url): for hk_channel.check: with `test` and without `url` in the file, url is the base. */
void hk_channel_sandbox(hk_channel_conf *conf, const char *url);

/* hk_channel_defanged(brief, max, out): the URLs of the brief, defanged, a line each with the indent before; at most max of them, then how many more. */
void hk_channel_defanged(const hk_brief *brief, unsigned max, const char *indent, GString *out);

#endif
