/* report/mailfind: whether a mail that we sent has come to our own mailbox, where each report is copied to (option smtp-copy). Layer: stage (report).
 *
 * After a crash behind the last byte of a mail nobody knows whether the server took it. A copy in our mailbox proves that it did. No copy proves nothing
 * for a while: it may be under way. */
#ifndef HK_REPORT_MAILFIND_H
#define HK_REPORT_MAILFIND_H

#include "sys/mailbox_config.h"

/* hk_mailfind(config, message_ids, count, stop_fd, ret, error): ret[i]: a mail with that Message-ID ("<left@right>") is there, in config's folder or in the
 * folder that its mails are moved to (after = move). One connection for all of them. For a maildir: its new and cur.
 * False: HK_ECONFIG (a file is no mailbox that copies come to), HK_EREMOTE, HK_EAGAIN (stop_fd is readable), HK_EIO: nothing can be said, ret is untouched. */
bool hk_mailfind(const hk_mailbox_config *config, const char *const *message_ids, size_t count,
	int stop_fd, bool *ret, GError **error);

#endif
