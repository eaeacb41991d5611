/* sys/zipw: writing a zip file (PKWARE APPNOTE 6.3.10, without zip64 and encryption), file by file, to a path that appears whole or not at all. Layer: sys. Input is
 * ours, contents may be hostile.
 *
 * Names are UTF-8 (general purpose bit 11), relative, with "/" between folders. What becomes smaller is deflated. Times are UTC: the same files give the same bytes. */
#ifndef HK_SYS_ZIPW_H
#define HK_SYS_ZIPW_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

#define HK_ZIPW_BYTES_MAX                                                                          \
	UINT64_C(4294967294) /* of the file, and of each file in it: zip64 begins behind it */
#define HK_ZIPW_FILES_MAX 65534
#define HK_ZIPW_NAME_MAX  500 /* bytes of a name */

typedef struct hk_zipw hk_zipw;

/* hk_zipw_new(path, error): writes PATH.tmp (mode 0600; one that is there already is written over). hk_zipw_free: what is not done is removed. Errors of sys/file. */
hk_zipw *hk_zipw_new(const char *path, GError **error);
void hk_zipw_free(hk_zipw *zip); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_zipw, hk_zipw_free)

/* hk_zipw_add(zip, name, bytes, at_ms, error): one file. HK_ELIMIT: over a cap; HK_EFORM: a name that is empty, absolute, leads upward, has a backslash or
 * control character, or is there already. */
bool hk_zipw_add(hk_zipw *zip, const char *name, hk_span bytes, int64_t at_ms, GError **error);

/* hk_zipw_close(zip, ret_bytes, ret_sha256, error): the directory and fsync, still PATH.tmp: length and hash of the whole (either may be NULL). hk_zipw_keep(zip, error): it is PATH from now on. */
bool hk_zipw_close(hk_zipw *zip, uint64_t *ret_bytes, uint8_t ret_sha256[32], GError **error);
bool hk_zipw_keep(hk_zipw *zip, GError **error);

#endif
