/* report/chat_conf: one chat, as its file says (NAME.conf in the folder of option `chats`). Layer: stage (report). Input is ours, yet checked.
 *
 * The keys are the rows of chatkeys.def; docs/chat.md explains them. Everything that can be wrong is found when the file is read, and named with
 * file and line. */
#ifndef HK_REPORT_CHAT_CONF_H
#define HK_REPORT_CHAT_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#define HK_CHAT_NAME_MAX  40
#define HK_CHAT_FILES_MAX 100
#define HK_CHAT_KEY_MIN   16
#define HK_CHAT_KEY_MAX   512

/* In the order of the names that `kind` knows. */
typedef enum hk_chat_kind {
	HK_CHAT_TEAMS,
	HK_CHAT_SLACK,
	HK_CHAT_WEBHOOK,
	HK_CHAT_KINDS
} hk_chat_kind;

/* What holds for all chats of a kind. Static. */
typedef struct hk_chat_way {
	const char *name;
	int64_t pace_ms; /* between two cards: Teams refuses more than 4 a second, Slack more than 1 */
	size_t max_bytes; /* of one card: Teams refuses over 28 KB */
	bool pictures;
} hk_chat_way;
extern const hk_chat_way hk_chat_ways[HK_CHAT_KINDS];

/* Strings are owned; NULL where the file says nothing. url and key are wiped when freed. */
typedef struct hk_chat {
	char *path, *name; /* the file; its name without .conf */
	bool enabled, pictures;
	hk_chat_kind kind;
	char *url, *key;
	GPtrArray *events; /* of owned strings; NULL: all */
	const char *lang;  /* static: "en" or "ja" */
	double min_score;
	int64_t keep_ms;
	char *ca_file;
} hk_chat;

void hk_chat_free(hk_chat *chat); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_chat, hk_chat_free)

/* hk_chat_read(path, error): HK_ENOENT, HK_EPOLICY (a secret that others may read), HK_EIO; HK_ECONFIG: "PATH:LINE: what". The texts
 * never hold a secret. */
hk_chat *hk_chat_read(const char *path, GError **error);

/* hk_chat_folder(folder, error): every *.conf of the folder, by name, disabled ones too. A folder that is not there is an empty one. */
GPtrArray *hk_chat_folder(const char *folder, GError **error);

/* hk_chat_wants(chat, event, score): whether the chat is to be told. score below 0: of no case. */
bool hk_chat_wants(const hk_chat *chat, const char *event, double score);

/* hk_chat_key_name(i): the i-th row of chatkeys.def, NULL behind the last one; static. */
const char *hk_chat_key_name(size_t i);

#endif
