/* source/ct/health: how each log fares, for `hikeshi ct logs`. Layer: source/ct.
 *
 * health.json in the state folder, replaced (without fsync) every two seconds while a follower runs; the reader is another
 * process. */
#ifndef HK_SOURCE_CT_HEALTH_H
#define HK_SOURCE_CT_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* How often the file is written. */
#define HK_HEALTH_EVERY_MS 2000

struct hk_follow;

/* hk_health_write(follow, error): the file from what the readers know now. */
bool hk_health_write(const struct hk_follow *follow, GError **error);

/* hk_health_text(folder, error): the file as it stands; HK_ENOENT: no follower has run there. Caller unrefs. */
GBytes *hk_health_text(const char *folder, GError **error);

#endif
