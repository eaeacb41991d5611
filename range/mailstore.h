/* range/mailstore: the mailboxes of the range's mail house, in memory, for any thread. Mails are hostile, as far as a test's peer is. */
#ifndef RG_MAILSTORE_H
#define RG_MAILSTORE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define RG_MAIL_BYTES_MAX (64u << 20)

/* A mail in a folder of a mailbox. */
typedef struct rg_mail {
	GBytes *bytes;
	char *folder; /* "INBOX" ... */
	uint32_t uid; /* in its folder */
	bool seen, deleted;
} rg_mail;

typedef struct rg_mailstore rg_mailstore;

rg_mailstore *rg_mailstore_new(void);
void rg_mailstore_free(rg_mailstore *store); /* accepts NULL */

/* rg_mailstore_box(address): name of the mailbox that an address belongs to: lower case, without "+tag". Caller frees. */
char *rg_mailstore_box(const char *address);

/* rg_mailstore_of(store, user): the mailbox that a login sees: "csirt" is the first one that is csirt@somewhere. Caller frees. */
char *rg_mailstore_of(rg_mailstore *store, const char *user);

/* rg_mailstore_deliver(store, recipient, bytes): puts a mail into the recipient's INBOX, with "Delivered-To: recipient" above it, and counts its
 * Message-ID for that recipient. */
void rg_mailstore_deliver(rg_mailstore *store, const char *recipient, hk_span bytes);

/* What IMAP does; box as of rg_mailstore_box(). list: UIDs above `above` whose Message-ID is message_id (NULL: any), ascending, GArray of uint32_t, caller frees.
 * get: a reference, or NULL. */
GArray *rg_mailstore_list(rg_mailstore *store, const char *box, const char *folder, uint32_t above,
	const char *message_id);
GBytes *rg_mailstore_get(rg_mailstore *store, const char *box, const char *folder, uint32_t uid);
bool rg_mailstore_flag(rg_mailstore *store, const char *box, const char *folder, uint32_t uid,
	bool seen, bool deleted);
bool rg_mailstore_copy(rg_mailstore *store, const char *box, const char *folder, uint32_t uid,
	const char *to, bool move);
void rg_mailstore_expunge(rg_mailstore *store, const char *box, const char *folder, uint32_t uid);

/* rg_mailstore_delivered(store): JSON: {"mails":n,"doubles":n,"delivered":[{"message_id","recipient","count"}]}: how often each Message-ID came to each recipient;
 * doubles: deliveries beyond the first. Caller frees. */
char *rg_mailstore_delivered(rg_mailstore *store);

/* rg_mailstore_field(bytes, name): a header's value, unfolded and trimmed; NULL: none. Caller frees. */
char *rg_mailstore_field(hk_span bytes, const char *name);

#endif
