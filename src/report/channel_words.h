/* report/channel_words: small things that several channels need. Layer: stage (report). Pure. */
#ifndef HK_REPORT_CHANNEL_WORDS_H
#define HK_REPORT_CHANNEL_WORDS_H

#include "report/channel.h"
#include "report/channel_json.h"

/* hk_channel_is_trademark(brief): only a name or logo is misused: who takes phishing only counts it as a false report (S39). hk_channel_is_malware(brief): kinds malware and
 * c2. */
bool hk_channel_is_trademark(const hk_brief *brief);
bool hk_channel_is_malware(const hk_brief *brief);

/* hk_channel_one(brief, error): for a channel that takes one URL a report: its site. NULL with HK_EFORM: there are more. */
const hk_brief_site *hk_channel_one(const hk_brief *brief, GError **error);

/* hk_channel_need_mail(conf, brief, error): the reporter's address there (hk_channel_mail). NULL with HK_EFORM: nobody said one. */
const char *hk_channel_need_mail(
	const hk_channel_conf *conf, const hk_brief *brief, GError **error);

/* hk_channel_seen_ms(brief): when the lead was first seen, or heard of. */
int64_t hk_channel_seen_ms(const hk_brief *brief);

/* hk_channel_sandbox(conf, url): for hk_channel.check: with `test` and without `url` in the file, url is the base. */
void hk_channel_sandbox(hk_channel_conf *conf, const char *url);

/* hk_channel_number(receipt, error): their number for a report, borrowed. NULL with HK_EFORM: it is not known. hk_channel_whole_url(receipt, error): its URL, the same. */
const char *hk_channel_number(const hk_channel_receipt *receipt, GError **error);
const char *hk_channel_whole_url(const hk_channel_receipt *receipt, GError **error);

/* hk_channel_list_at(root, places, ret): the list at the first of the paths (NULL at the end) where one is. */
bool hk_channel_list_at(const hk_json *root, const char *const *places, hk_json *ret);

/* hk_channel_defanged(brief, max, indent, out): the URLs of the brief, defanged, a line each with the indent before; at most max of them, then how many more. */
void hk_channel_defanged(const hk_brief *brief, unsigned max, const char *indent, GString *out);

#endif
