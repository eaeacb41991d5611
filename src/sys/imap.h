/* sys/imap: one folder of an IMAP server. Layer: sys. The mails are hostile; the server's answers are checked.
 *
 * Mails are fetched with BODY.PEEK: nothing changes on the server until hk_imap_done() says that the mail is stored. */
#ifndef HK_SYS_IMAP_H
#define HK_SYS_IMAP_H

#include "parse/imap.h"
#include "sys/stream.h"

#define HK_IMAP_BATCH_MAX 500u /* mails of one look; the next look goes on */

typedef enum hk_imap_after {
	HK_IMAP_KEEP, /* leave the mail as it is; the folder is opened read-only */
	HK_IMAP_SEEN, /* mark it as read */
	HK_IMAP_MOVE, /* move it to another folder */
} hk_imap_after;

typedef struct hk_imap_config {
	hk_stream_config stream;
	const char *user, *password, *folder;
	hk_imap_after after;
	const char *move_to; /* for HK_IMAP_MOVE */
	size_t max_bytes;    /* of a mail; of a larger one the beginning is fetched */
} hk_imap_config;

typedef struct hk_imap hk_imap;

/* hk_imap_open(config, error): connects, logs in, opens the folder. config is borrowed. HK_ECONFIG: login refused, no such folder, or the server cannot move;
 * HK_EREMOTE; HK_EAGAIN: asked to stop. */
hk_imap *hk_imap_open(const hk_imap_config *config, GError **error);
void hk_imap_close(hk_imap *imap); /* says LOGOUT; accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_imap, hk_imap_close)

uint64_t hk_imap_validity(const hk_imap *imap); /* UIDVALIDITY of the folder */

/* hk_imap_list(imap, above, ret, error): the UIDs above `above`, ascending, at most HK_IMAP_BATCH_MAX; ret: GArray of uint64_t. */
bool hk_imap_list(hk_imap *imap, uint64_t above, GArray *ret, GError **error);

/* hk_imap_get(imap, uid, ret_size, error): the mail, or its first max_bytes + 1 bytes; *ret_size: its size on the server. NULL without error: it is gone. */
GByteArray *hk_imap_get(hk_imap *imap, uint64_t uid, uint64_t *ret_size, GError **error);

/* hk_imap_find(imap, message_id, ret, error): whether the folder holds a mail with that Message-ID ("<left@right>"), read or not. HK_EFORM: a Message-ID that no
 * search can carry (over 900 bytes, 8 bits, line ends). */
bool hk_imap_find(hk_imap *imap, const char *message_id, bool *ret, GError **error);

/* hk_imap_done(imap, uid, error): it is stored: what the configuration says is done with it. */
bool hk_imap_done(hk_imap *imap, uint64_t uid, GError **error);

#endif
