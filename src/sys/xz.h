/* sys/xz: a whole file, plain or packed by xz. Layer: sys. Input is hostile. liblzma lives here. */
#ifndef HK_SYS_XZ_H
#define HK_SYS_XZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/* hk_xz_read(path, max_bytes, ret, ret_len, error): the bytes of a file; one that begins with the
 * magic of .xz is unpacked (all streams, checksums verified, at most 256 MiB of memory for the
 * decoder). *ret is allocated with one NUL after the last byte; the caller frees it with g_free.
 * Blocks. HK_ELIMIT when there are more than max_bytes, HK_EFORM or HK_ETRUNC for a damaged .xz;
 * else as hk_error_errno. Outputs are untouched on failure. */
bool hk_xz_read(const char *path, size_t max_bytes, char **ret, size_t *ret_len, GError **error);

#endif
