/* score/watch: the watch list: what an analyst wants to be told of, whatever its score. Layer: score. Input is ours.
 *
 * One pattern a line, compared without regard to case; blank lines and lines that begin with '#' are passed over, as is
 * what follows " #".
 *
 *   mizuho            anywhere in a name, across labels too: at least 3 characters
 *   ^mizuho           at the start of a label       mizuho$   at the end of one       ^mizuho$   a whole label
 *   .mizuho.example   that name and all below it
 *
 * Letters outside ASCII (みほん銀行) stand in names as A-labels; they can be looked for as whole labels only: ^みほん銀行$. */
#ifndef HK_SCORE_WATCH_H
#define HK_SCORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "base/name.h"
#include "base/span.h"

#define HK_WATCH_FILE_MAX (64u << 20)
#define HK_WATCH_ROWS_MAX 500000
#define HK_WATCH_TEXT_MIN 3

typedef struct hk_watch_row {
	const char *text; /* lower case, ASCII, NUL-terminated, without ^ $ and leading dot */
	uint32_t line;    /* in the file, from 1 */
	uint8_t len;
	bool label_start; /* begins where a label begins */
	bool label_end;
	bool name_end; /* ends where the name ends; with label_start: the name and all below it */
} hk_watch_row;

typedef struct hk_watch hk_watch;

/* hk_watch_load(path, error): reads the list. HK_ECONFIG "FILE:LINE: what is wrong, and how many lines more"; HK_ENOENT,
 * HK_ELIMIT as hk_file_read. Blocks. */
void hk_watch_free(hk_watch *watch);
hk_watch *hk_watch_load(const char *path, GError **error) HK_FREED_BY(hk_watch_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_watch, hk_watch_free)

/* hk_watch_parse(path, text, error): the same from bytes; path is for the messages. */
hk_watch *hk_watch_parse(const char *path, hk_span text, GError **error) HK_FREED_BY(hk_watch_free);

/* hk_watch_rows(watch, ret_count): the patterns in the order of the file; borrowed. */
const hk_watch_row *hk_watch_rows(const hk_watch *watch, size_t *ret_count);

/* hk_watch_holds(row, name, end): whether the occurrence of row's text that ends before name.text[end] stands where the row
 * wants it. */
bool hk_watch_holds(const hk_watch_row *row, hk_name name, size_t end);

#endif
