/* role/replies: the mailboxes of option reply-mail: answers to reports come in (DESIGN: letters). Layer: role. */
#ifndef HK_ROLE_REPLIES_H
#define HK_ROLE_REPLIES_H

#include <glib.h>

#include "sys/options.h"

typedef struct hk_replies hk_replies;

/* hk_replies_open(opts, stop_fd, error): reads --reply-mail (none given: nothing is polled), opens --blobs. Call it before threads are started: it loads what the sandbox
 * needs. opts is borrowed. */
void hk_replies_free(hk_replies *replies); /* accepts NULL; behind the threads */
hk_replies *hk_replies_open(const hk_opts *opts, int stop_fd, GError **error)
	HK_FREED_BY(hk_replies_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_replies, hk_replies_free)

/* hk_replies_start(replies, opts, owner, pollers): a thread (role/poller) for each mailbox, added to pollers; none if none was asked for. Each mail is kept in the blob
 * store, read in the sandbox, and becomes a letter once; copies of our own reports (option smtp-copy) become none. */
void hk_replies_start(
	hk_replies *replies, const hk_opts *opts, const char *owner, GPtrArray *pollers);

#endif
