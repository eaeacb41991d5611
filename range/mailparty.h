/* range/mailparty: the parties behind the mail house: hosters, registrars, another bank ... who answer reports (parties.def, partywords.def). */
#ifndef RG_MAILPARTY_H
#define RG_MAILPARTY_H

#include <stdbool.h>

#include "mailstore.h"

typedef struct rg_parties rg_parties;

/* rg_parties_new(store, more, pace_ms, sites, error): the rows of parties.def and more ("ADDRESS=LANG,STYLE,STEP:N,...", NULL at the end; one that is a row
 * replaces it; the step "act/STATE" names a state of sitestates.def instead of gone). sites: URL where "act" has a site taken away (POST /-/sites?host=NAME&state=gone), or NULL. HK_EUSAGE. Starts a thread. */
rg_parties *rg_parties_new(rg_mailstore *store, char *const *more, unsigned pace_ms,
	const char *sites, GError **error);
void rg_parties_free(rg_parties *parties); /* accepts NULL */

/* rg_parties_got(parties, from, recipient, mail): a mail came; who it is for will answer. Automatic mails are not answered. */
void rg_parties_got(rg_parties *parties, const char *from, const char *recipient, hk_span mail);

/* rg_parties_say(parties, message_id, recipient, what): now, whatever its row says. False: no such mail came. */
bool rg_parties_say(
	rg_parties *parties, const char *message_id, const char *recipient, const char *what);

/* rg_parties_letters(parties): JSON: {"letters":[{"from","to","subject","url","urls","said"}]}: the reports that came to parties, and how often each was answered. Caller frees. */
char *rg_parties_letters(rg_parties *parties);

/* rg_parties_waiting(parties): answers that are still to come. */
unsigned rg_parties_waiting(rg_parties *parties);

#endif
