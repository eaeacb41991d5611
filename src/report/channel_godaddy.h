/* report/channel_godaddy: what GoDaddy's terms forbid, as code. Layer: stage (report). Pure. */
#ifndef HK_REPORT_CHANNEL_GODADDY_H
#define HK_REPORT_CHANNEL_GODADDY_H

#include "report/brief.h"

/* More URLs of one domain than this count as duplicates there; who has over 20 % of them is heard last. */
#define HK_GODADDY_PER_DOMAIN 5

/* hk_godaddy_replaces(mailbox): whether who uses the API must not write to this mailbox any more. */
bool hk_godaddy_replaces(const char *mailbox);

/* hk_godaddy_told(brief): how many tickets of channel "godaddy" this case has. */
unsigned hk_godaddy_told(const hk_brief *brief, const char *channel);

#endif
