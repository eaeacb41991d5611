/* source/mail/mailbox: a mail source in role watch: an IMAP folder, a maildir, or a file. Layer: stage. Mails are hostile.
 *
 *     hk_mail_init();
 *     hk_mailbox *box = hk_mailbox_open(config, &house);
 *     for (;;) {
 *         wait(hk_mailbox_next_ms(box));
 *         hk_mailbox_poll(box, flow, &fresh, &error);       // an error is in the health, too; go on
 *     }
 *
 * Each mail exactly once: it is read in a sandbox, kept in the blob store, and its sightings, their attachments and the position are
 * one transaction. Only then is it marked, moved, or renamed from new to cur. After a crash at any moment it is looked at again, and
 * recognised by the keys of its sightings.
 *
 * A poll blocks as long as the server takes: mailboxes belong into threads of their own, each with a flow of its own. */
#ifndef HK_SOURCE_MAIL_MAILBOX_H
#define HK_SOURCE_MAIL_MAILBOX_H

#include "flow/flow.h"
#include "source/mail/take.h"
#include "sys/blob.h"
#include "sys/mailbox_config.h"

#define HK_MAILBOX_PAUSE_MAX_MS (60 * 60 * 1000)
#define HK_MAILBOX_FILE_MAX     (256u << 20) /* of a file source */

/* What all mailboxes share; borrowed, read only. */
typedef struct hk_mail_house {
	const hk_mail_rules *rules; /* or NULL */
	const char *const *servers; /* --mail-servers; a source's own authserv-id counts instead */
	bool (*official)(void *user, hk_span host); /* or NULL; called from any thread */
	void *user;
	hk_blobs *blobs;
	int stop_fd; /* readable: a poll ends between two mails; -1: none */
	/* NULL, or who takes the mails instead: no sightings are made, rules, servers, official and blobs are not used. raw: the mail, or its beginning when
	 * size (on the server) is larger. May be called again for the same mail. *ret_fresh: it was new. In the poll's thread. */
	bool (*take)(void *user, const hk_mailbox_config *config, hk_flow *flow, hk_span raw,
		uint64_t size, bool *ret_fresh, GError **error);
} hk_mail_house;

typedef struct hk_mailbox hk_mailbox;

/* hk_mailbox_open(config, house): takes config. Does not connect. */
void hk_mailbox_close(hk_mailbox *box); /* accepts NULL */
hk_mailbox *hk_mailbox_open(hk_mailbox_config *config, const hk_mail_house *house)
	HK_FREED_BY(hk_mailbox_close);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_mailbox, hk_mailbox_close)

const hk_mailbox_config *hk_mailbox_config_of(const hk_mailbox *box);

/* hk_mailbox_poll(box, flow, ret_new, error): one look. *ret_new: sightings made, on failure too. The health (last_ok_ms, last_error, failures, next_ms,
 * mails, unread, total) is written in the end, unless the database itself failed. */
bool hk_mailbox_poll(hk_mailbox *box, hk_flow *flow, uint64_t *ret_new, GError **error);

/* hk_mailbox_next_ms(box): milliseconds from now to the next look. After a success config.poll_ms (at once when more mails wait than one look takes), one
 * part in ten more or less; after n failures 30 s * 2^n up to HK_MAILBOX_PAUSE_MAX_MS, of which a random half. */
int64_t hk_mailbox_next_ms(const hk_mailbox *box);

#endif
