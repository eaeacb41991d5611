/* report/channel_conf: one channel of ours, as its file says (NAME.conf in the folder of option `channels`). Layer: stage (report). Input is ours, yet
 * checked: everything that can be wrong is named with file and line when the file is read. docs/channels.md explains the keys. */
#ifndef HK_REPORT_CHANNEL_CONF_H
#define HK_REPORT_CHANNEL_CONF_H

#include "report/channel.h"

#define HK_CHANNEL_NAME_MAX   40
#define HK_CHANNEL_SECRET_MAX 16384 /* bytes of a secret-file */

void hk_channel_conf_free(hk_channel_conf *conf); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_channel_conf, hk_channel_conf_free)

/* hk_channel_conf_read(path, error): HK_ECONFIG: "PATH:LINE: what" (unknown key with the nearest one, a key that means nothing for this channel, one that it
 * needs, a secret that others can read, ...); HK_ENOENT, HK_EPOLICY, HK_EIO. */
hk_channel_conf *hk_channel_conf_read(const char *path, GError **error);

/* hk_channel_conf_folder(folder, error): every *.conf of the folder, by name, disabled ones too; an array that frees its elements. */
GPtrArray *hk_channel_conf_folder(const char *folder, GError **error);

/* hk_channel_conf_of(confs, name): the one of that name among those of a folder, borrowed; NULL: none. */
const hk_channel_conf *hk_channel_conf_of(const GPtrArray *confs, const char *name);

/* hk_channel_conf_text(conf, name): what the file says for a key of that name, as text, borrowed; NULL: nothing. Numbers and switches as they were written; the
 * strings of a list are joined by LF. */
const char *hk_channel_conf_text(const hk_channel_conf *conf, const char *name);

/* hk_channel_key_name(i): the keys of channel_keys.def, in order; NULL behind the last one. */
const char *hk_channel_key_name(size_t i);

#endif
