/* casework/leads: the stage "sighting": what a source has seen becomes a case, is attached to one, or waits in the inbox for a person.
 * Layer: stage (casework). Sightings are hostile.
 *
 * - The site is in a case already (hk_case_take's rules): attached.
 * - Else a case is opened when the score reaches settings "ct" (0.9), a rule or pattern matched, or the source is trusted
 *   (HK_LEADS_TRUST).
 * - Official and allow-listed names never; a certificate that cannot be read, and what names no host, wait for a person.
 * - A certificate with more names: those that look like the target under other domains are cases, too, all in the campaign of the
 *   certificate; the others are named in the first case's survey log.
 *
 * One transaction; done again it finds the sighting attached and leaves it. */
#ifndef HK_CASEWORK_LEADS_H
#define HK_CASEWORK_LEADS_H

#include "flow/jobs.h"
#include "flow/sites.h"

/* A source of at least this trust opens cases whatever the score. */
#define HK_LEADS_TRUST 0.9

/* At most so many names of one certificate become cases; so many are named in the log. */
enum { HK_LEADS_CASES_MAX = 100, HK_LEADS_NAMED_MAX = 200 };

/* hk_leads_run: the handler (flow/jobs.h). user: hk_sites *, borrowed. */
bool hk_leads_run(hk_flow *flow, const hk_job *job, void *user, GError **error);

#endif
