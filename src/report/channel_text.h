/* report/channel_text: what requests of several channels say in words. Layer: stage (report). Texts about the site are hostile: whoever writes a request escapes
 * them there. */
#ifndef HK_REPORT_CHANNEL_TEXT_H
#define HK_REPORT_CHANNEL_TEXT_H

#include "report/channel.h"

/* hk_channel_mail(conf, brief): the reporter's address there, borrowed; NULL: nobody said one. */
const char *hk_channel_mail(const hk_channel_conf *conf, const hk_brief *brief);

/* hk_channel_brand(brief): the brand that is imitated, in English if that is known; "a bank" if nothing is. Borrowed. */
const char *hk_channel_brand(const hk_brief *brief);

/* hk_channel_lead(brief): the first site. */
const hk_brief_site *hk_channel_lead(const hk_brief *brief);

/* hk_channel_sites(brief, max, error): how many of its sites go into a report of at most max; 0 with HK_EFORM if it has more: nothing is dropped silently. */
unsigned hk_channel_sites(const hk_brief *brief, int64_t max, GError **error);

/* hk_channel_why(brief, max): why we think so, in plain English, lines parted by LF, at most max characters: what it is (by the wording of S39: phishing,
 * trademark, other), the official domains, the reasons, what the forms ask for, that it hides and from whom, how to see it, who asks. Caller frees. */
char *hk_channel_why(const hk_brief *brief, size_t max);

/* hk_channel_cut(text, max): its first max characters; UTF-8. Caller frees. */
char *hk_channel_cut(const char *text, size_t max);

#endif
