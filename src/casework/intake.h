/* casework/intake: the stage "intake": a pasted or imported list becomes cases, line by line. Layer: stage (casework). Lists are hostile.
 *
 * A chunk of lines is one transaction that holds its cases, what became of each line, and how far the list is done: whenever the process
 * dies, no line is lost and none is done twice. A dry run writes lines and counts only; it is done in one go, and begins anew when it was
 * interrupted.
 *
 * Options (JSON object): target (key, name or alias), kind, service, actor, labels (list, or words), note, gsb_type, ticket_type, wants (list):
 * for every line that does not say otherwise; columns {"url": NAME or NUMBER ...} (casework/columns.def), header true|false|"auto". */
#ifndef HK_CASEWORK_INTAKE_H
#define HK_CASEWORK_INTAKE_H

#include "flow/jobs.h"
#include "flow/sites.h"

/* Lines of one transaction: the first has HK_INTAKE_CHUNK, the next ones up to four times as many, as long as that takes about
 * HK_INTAKE_CHUNK_MS: others who want to write wait so long (PostgreSQL: HK_INTAKE_CHUNK_SHARED_MS, and only who wants the same sites). How long one lease works before others have their turn. */
enum {
	HK_INTAKE_CHUNK = 500,
	HK_INTAKE_CHUNK_MAX = 2000,
	HK_INTAKE_CHUNK_MS = 500,
	HK_INTAKE_CHUNK_SHARED_MS = 2000,
	HK_INTAKE_SLICE_MS = 5000
};

/* hk_intake_run: the handler (flow/jobs.h). user: hk_sites *, borrowed. */
bool hk_intake_run(hk_flow *flow, const hk_job *job, void *user, GError **error);

/* hk_intake_check(options, error): whether the options are right in form; HK_EFORM, HK_ERANGE with the member's name. */
bool hk_intake_check(const char *options, GError **error);

#endif
