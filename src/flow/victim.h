/* flow/victim: whether a URL may name who it was sent to (DESIGN §7, rail 4: victims' data is never in reports). Layer: flow. Input is hostile.
 *
 * A link in an SMS often carries its reader: a mail address, plain, with percent signs or in base64; a telephone number; a parameter that is called so. It is a guess, and
 * only asks a person to look: stop "victim" of stops.def. */
#ifndef HK_FLOW_VICTIM_H
#define HK_FLOW_VICTIM_H

#include <stdbool.h>

/* hk_victim_in_url(url): url: as kept in report_sites; of more than 8 KiB the rest is not looked at. Never fails. */
bool hk_victim_in_url(const char *url);

/* hk_victim_without(url): the URL, if it names nobody; else without what stands behind '?' or '#', or, if that is not enough, only its front page. What is asked about a site without
 * anybody's approval. Caller frees. */
char *hk_victim_without(const char *url);

#endif
