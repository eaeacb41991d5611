/* sys/file: files that survive kill -9 and a full disk. Layer: sys. Input is ours; contents may be
 * hostile.
 *
 * All functions block. Errors: HK_ENOENT, HK_EFULL (ENOSPC, EDQUOT, EFBIG), HK_EPOLICY
 * (permission), HK_EIO, HK_ELIMIT (over a cap of the caller); the text names the path. A program
 * that wants HK_EFULL instead of a signal for RLIMIT_FSIZE calls hk_file_init() once. */
#ifndef HK_SYS_FILE_H
#define HK_SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>

#include "base/span.h"

/* hk_file_init(): SIGXFSZ and SIGPIPE are ignored from now on, so that writes fail with EFBIG and
 * EPIPE. */
void hk_file_init(void);

/* hk_file_replace(path, bytes, error): path holds bytes or what it held before, whatever happens:
 * written to "path.tmp", fsync, rename, fsync of the folder. After a failure path is as it was and
 * the .tmp is gone. */
bool hk_file_replace(const char *path, hk_span bytes, GError **error);

/* hk_file_replace_fast(path, bytes, error): the same without fsync: never torn for a reader, but a
 * power loss may bring the old one back. For files that are only looked at. */
bool hk_file_replace_fast(const char *path, hk_span bytes, GError **error);

/* hk_file_write_all(fd, bytes, ret_written, error): write(2) until all bytes are written; EINTR is
 * retried. *ret_written (may be NULL) is what was written, on failure too. */
bool hk_file_write_all(int fd, hk_span bytes, size_t *ret_written, GError **error);

/* hk_file_append(fd, bytes, what, error): writes all bytes and fdatasync(2). fd is positioned by
 * the caller or opened with O_APPEND. On failure a part may have been written: the caller cuts it
 * off when it next opens the file. what names the file in the error. */
bool hk_file_append(int fd, hk_span bytes, const char *what, GError **error);

/* hk_file_read(path, max_bytes, error): the whole file; HK_ELIMIT when it is longer than max_bytes.
 * Caller unrefs. */
GBytes *hk_file_read(const char *path, size_t max_bytes, GError **error);

/* hk_file_read_secret(path, max_bytes, error): the same for a file of secrets: HK_EPOLICY when group or others may read or write it.
 * Caller wipes the bytes, then unrefs. */
GBytes *hk_file_read_secret(const char *path, size_t max_bytes, GError **error);

/* hk_file_map(path, error): the file as a read-only mapping (the page cache's memory, not ours).
 * Unmapped with the last unref. A file that another process cuts short under the mapping raises
 * SIGBUS: only for files of ours. */
GBytes *hk_file_map(const char *path, GError **error);

/* hk_file_mkdirs(path, error): mkdir -p, mode 0700 for what is created. */
bool hk_file_mkdirs(const char *path, GError **error);

/* hk_file_lock(path, what, error): takes the write lock on the file path (created when missing) and
 * returns its fd; the lock ends with the process or with close(fd). -1 with HK_EPOLICY when another
 * process holds it; the text says what and that process's id. */
int hk_file_lock(const char *path, const char *what, GError **error);

#endif
