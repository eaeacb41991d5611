/* role/crew: what a work process needs to report (report/crew.h), as the options say. Layer: role. */
#ifndef HK_ROLE_CREW_H
#define HK_ROLE_CREW_H

#include "report/crew.h"
#include "sys/options.h"

typedef struct hk_role_crew_kit hk_role_crew_kit;

/* hk_role_crew_new(opts, sites, error): reads --channels, --targets, the mail server and --reply-mail. sites is borrowed. HK_ECONFIG with file and line. */
hk_role_crew_kit *hk_role_crew_new(const hk_opts *opts, const hk_sites *sites, GError **error);
void hk_role_crew_free(hk_role_crew_kit *kit); /* accepts NULL */

/* hk_role_crew_reload(kit, opts, error): reads --targets again, so that what is ours by now is not reported; the rest stays. Not while the crew works. On failure
 * the pack stays as it was. */
bool hk_role_crew_reload(hk_role_crew_kit *kit, const hk_opts *opts, GError **error);

/* hk_role_crew(kit): borrowed. */
hk_crew *hk_role_crew(const hk_role_crew_kit *kit);

/* hk_role_reporter(opts): who reports; strings of opts and, for the domain, of static storage. */
hk_brief_reporter hk_role_reporter(const hk_opts *opts);

#endif
