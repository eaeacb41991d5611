/* sys/mailbox_config: one mail source, as its file says (NAME.conf in the folder of --mail-sources). Layer: sys. Input is ours, yet
 * checked: everything that can be wrong is named with file and line when the file is read. docs/mail.md explains the keys. */
#ifndef HK_SYS_MAILBOX_CONFIG_H
#define HK_SYS_MAILBOX_CONFIG_H

#include "sys/imap.h"

#define HK_MAILBOX_NAME_MAX     40
#define HK_MAILBOX_AUTHSERV_MAX 253

typedef enum hk_mailbox_kind {
	HK_MAILBOX_IMAP,
	HK_MAILBOX_MAILDIR,
	HK_MAILBOX_FILE
} hk_mailbox_kind;

/* Strings are owned; NULL where the file says nothing. */
typedef struct hk_mailbox_config {
	char *path;   /* of the file */
	char *name;   /* of the file, without .conf: a-z, 0-9, '-', '_' */
	char *source; /* "mail:NAME", the key in sources */
	bool enabled;
	hk_mailbox_kind kind;
	char *host;
	unsigned port;
	bool tls;
	char *folder, *user, *password_file, *ca_file;
	char *place; /* of the maildir, or of the file */
	hk_imap_after after;
	char *move_to;
	int64_t poll_ms;
	double trust;
	size_t max_bytes;
	char *authserv_id; /* the mail server of ours whose Authentication-Results is believed (RFC 8601), or NULL */
} hk_mailbox_config;

void hk_mailbox_config_free(hk_mailbox_config *config); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_mailbox_config, hk_mailbox_config_free)

/* hk_mailbox_config_read(path, error): HK_ECONFIG: "PATH:LINE: what"; HK_ENOENT, HK_EPOLICY, HK_EIO. */
hk_mailbox_config *hk_mailbox_config_read(const char *path, GError **error);

/* hk_mailbox_config_folder(folder, error): every *.conf of the folder, by name, disabled ones too; folder may be one such file. An array that frees its
 * elements. */
GPtrArray *hk_mailbox_config_folder(const char *folder, GError **error);

/* hk_mailbox_server(url, ret_host, ret_port, error): the server that key `imap` names; HK_ECONFIG "'URL' what". Caller frees *ret_host. */
bool hk_mailbox_server(const char *url, char **ret_host, unsigned *ret_port, GError **error);

/* hk_mailbox_password(config, error): the first line of password-file; the caller clears and frees it. HK_ECONFIG: others can read it, or it is empty. */
char *hk_mailbox_password(const hk_mailbox_config *config, GError **error);

/* hk_mailbox_imap(config, password, stop_fd, ret): how to open its IMAP folder. Everything in *ret is borrowed, from config and password. */
void hk_mailbox_imap(
	const hk_mailbox_config *config, const char *password, int stop_fd, hk_imap_config *ret);

#endif
