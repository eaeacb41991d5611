/* report/chat_send: cards are handed to the chats: the handler of stage "notice". Layer: stage (report). What chats answer is hostile.
 *
 * Two kinds of jobs. The one of an event (key: its number in `notices`) makes a card for each chat that wants it. The one of a chat (key "chat:NAME")
 * hands in the oldest card that waits and comes back for the next at the chat's pace, so one chat that is away delays neither another nor
 * any case: a card waits, at most for the chat's `keep`, and is tried again after half the time that it has waited (5 s to 10 min), or later
 * if the chat says so. When more than HK_CHAT_FOLD cards wait, one that counts them takes their
 * place, and of those that come before it is sent.
 *
 * A card is made once per chat, and marked as sent in a transaction behind its sending: only a crash between the two sends it twice. */
#ifndef HK_REPORT_CHAT_SEND_H
#define HK_REPORT_CHAT_SEND_H

#include "flow/jobs.h"
#include "report/chat_conf.h"
#include "sys/blob.h"
#include "sys/egress.h"

#define HK_CHAT_FOLD 10

/* Longest wait for the answer of a chat, by default. */
#define HK_CHAT_TIMEOUT_MS 8000

typedef struct hk_chats hk_chats;

/* Strings are copied. */
typedef struct hk_chats_config {
	const char *folder;           /* option chats; NULL: there are none */
	const char *base_url;         /* of the board, for links; NULL: none */
	const hk_blobs_config *blobs; /* for pictures; NULL: none */
	hk_egress *egress;            /* NULL: hk_egress_house() */
	const char *contact;          /* for the User-Agent, or NULL */
	unsigned timeout_ms;          /* 0: HK_CHAT_TIMEOUT_MS */
} hk_chats_config;

/* hk_chats_open(config, error): reads the chats' files; errors of hk_chat_folder and hk_blobs_open. */
void hk_chats_free(hk_chats *chats); /* accepts NULL */
hk_chats *hk_chats_open(const hk_chats_config *config, GError **error) HK_FREED_BY(hk_chats_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_chats, hk_chats_free)

/* hk_chats_announce(flow, chats, error): from now on all processes know that there are these chats to tell (hk_notice_tell), and no others. Without a folder nothing is said: another
 * worker may have one. Inside a transaction of flow/flow.h, when a worker starts. */
bool hk_chats_announce(hk_flow *flow, const hk_chats *chats, GError **error);

/* hk_notice_run(flow, job, chats, error): an hk_job_handler; user: hk_chats. Fails only for what the database says (and HK_EFORM: the job's key is none of ours):
 * a chat that is away is no failure. */
bool hk_notice_run(hk_flow *flow, const hk_job *job, void *user, GError **error);

/* hk_chat_try(chat, config, error): hands in a card that says that it is a test; nothing is written down. HK_EREMOTE: it was not taken, and why (never the URL). */
bool hk_chat_try(const hk_chat *chat, const hk_chats_config *config, GError **error);

#endif
