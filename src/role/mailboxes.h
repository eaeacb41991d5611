/* role/mailboxes: the mail sources of --mail-sources with all that they share: rules, targets, blobs. Layer: role. */
#ifndef HK_ROLE_MAILBOXES_H
#define HK_ROLE_MAILBOXES_H

#include "source/mail/mailbox.h"
#include "sys/options.h"

typedef struct hk_mailboxes hk_mailboxes;

/* hk_mailboxes_open(opts, stop_fd, error): reads --mail-sources (none given: an empty set), --mail-rules, --targets, opens --blobs. Call it before threads are
 * started: it loads what the sandbox needs. */
void hk_mailboxes_free(
	hk_mailboxes *all); /* accepts NULL; behind the threads that use the mailboxes */
hk_mailboxes *hk_mailboxes_open(const hk_opts *opts, int stop_fd, GError **error)
	HK_FREED_BY(hk_mailboxes_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_mailboxes, hk_mailboxes_free)

/* hk_mailboxes_take(all): the next enabled mailbox, the caller's from now on; NULL: no more. */
hk_mailbox *hk_mailboxes_take(hk_mailboxes *all);

/* hk_mailboxes_start(all, opts, owner, pollers): the rest of them, a thread each (role/poller), added to pollers. */
void hk_mailboxes_start(
	hk_mailboxes *all, const hk_opts *opts, const char *owner, GPtrArray *pollers);

#endif
