/* sys/suffixes: the public suffix list of this machine as a table (match/suffix.h). Layer: sys. */
#ifndef HK_SYS_SUFFIXES_H
#define HK_SYS_SUFFIXES_H

#include <glib.h>

#include "base/err.h"
#include "match/suffix.h"

/* What Debian's package publicsuffix keeps up to date. */
#define HK_SUFFIXES_PATH "/usr/share/publicsuffix/public_suffix_list.dat"

typedef struct hk_suffixes hk_suffixes;

/* hk_suffixes_load(path, error): reads the list; path NULL: HK_SUFFIXES_PATH. NULL and error when
 * it cannot be read (HK_ENOENT says which package to install) or is no such list. Blocks. */
void hk_suffixes_free(hk_suffixes *suffixes);
hk_suffixes *hk_suffixes_load(const char *path, GError **error) HK_FREED_BY(hk_suffixes_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_suffixes, hk_suffixes_free)

/* hk_suffixes_table(suffixes): the table; borrowed, read-only, may be shared by threads. */
const hk_suffix_table *hk_suffixes_table(const hk_suffixes *suffixes);

#endif
