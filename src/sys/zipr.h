/* sys/zipr: reading a zip file (PKWARE APPNOTE 6.3.10) that is all in memory. Layer: sys. Input is hostile; nothing is written anywhere.
 *
 * Strict: stored and deflated files, no zip64, no encryption, no data descriptors, no comment, no other disks; every file's two headers say the same, no two files share
 * bytes or a name, and nothing lies between them: what one reader sees is what every reader sees. What `zip` and others write may be refused. */
#ifndef HK_SYS_ZIPR_H
#define HK_SYS_ZIPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

#define HK_ZIPR_FILES_MAX 65534
#define HK_ZIPR_FILE_MAX  1073741824 /* bytes of one file, unpacked */

typedef struct hk_zipr hk_zipr;

/* hk_zipr_new(bytes, error): the directory is read, no file is. bytes is borrowed until hk_zipr_free. HK_EFORM, HK_ELIMIT. */
hk_zipr *hk_zipr_new(hk_span bytes, GError **error);
void hk_zipr_free(hk_zipr *zip); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_zipr, hk_zipr_free)

/* hk_zipr_count(zip), hk_zipr_name(zip, i): the files in order; valid UTF-8 without NUL, otherwise as it stands there: "../../x" is possible. Borrowed. */
size_t hk_zipr_count(const hk_zipr *zip);
const char *hk_zipr_name(const hk_zipr *zip, size_t i);

/* hk_zipr_get(zip, name, error): the file, unpacked, CRC checked. Caller unrefs. HK_ENOENT; HK_EFORM: it does not unpack to its length; HK_ECHECK: the CRC is another;
 * HK_ELIMIT: over HK_ZIPR_FILE_MAX. */
GBytes *hk_zipr_get(const hk_zipr *zip, const char *name, GError **error);

#endif
