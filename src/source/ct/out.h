/* source/ct/out: the committed sightings, each on standard output exactly once. Layer: source/ct.
 *
 * What is printed is the journal, line by line and in order; each line carries its number:
 * {"seq":N,...}. After a crash (kill -9) the printer must know which lines had gone out:
 *
 * - Standard output is a regular file: the file itself says so. Its last whole line gives the
 * number, a torn line after it is completed. This holds even after a power loss.
 * - Anything else (pipe, terminal, socket): the file "printed" in the state folder is mapped
 * MAP_SHARED; the number of a line is put down before its one write(2) and again after it. The
 * kernel keeps the page whatever happens to the process. If the process died exactly between the
 * two, no one can know whether the reader has the line: it is printed again with "repeat":true
 * after its number, so that the reader can. (A line longer than PIPE_BUF may then be torn in the
 *   pipe: a line feed goes before its repetition.)
 *
 * Writes block: a slow reader slows the follower down, which is right; nothing is dropped. */
#ifndef HK_SOURCE_CT_OUT_H
#define HK_SOURCE_CT_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* A line longer than this is a defect (a malformed entry's raw bytes are at most 16 MiB, in
 * base64). */
#define HK_OUT_LINE_MAX (64u << 20)

typedef struct hk_out hk_out;

/* hk_out_open(folder, fd, journal_fd, error): fd is standard output (-1: print nothing, only keep
 * count); journal_fd the journal, open for reading; both stay the caller's. */
hk_out *hk_out_open(const char *folder, int fd, int journal_fd, GError **error);
void hk_out_free(hk_out *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_out, hk_out_free)

/* hk_out_print(out, journal_len, journal_seq, error): prints every committed line that is not yet
 * printed. HK_EIO when the reader has gone, HK_EFULL when the disk of the output file is full: call
 * again later, nothing is lost. */
bool hk_out_print(hk_out *out, uint64_t journal_len, uint64_t journal_seq, GError **error);

/* hk_out_printed(out): number of the last line that went out. */
uint64_t hk_out_printed(const hk_out *out);

#endif
