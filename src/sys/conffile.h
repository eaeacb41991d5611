/* sys/conffile: configuration files, read with libconfuse. Layer: sys; used by sys/options, and by
 * parts with files of their own (feeds). Input is ours, yet checked.
 *
 * The form is `key = value`, lists as `key = { "a", "b" }`, comments with #. The keys are the OPT
 * rows of options.def, or a table of the caller's. */
#ifndef HK_SYS_CONFFILE_H
#define HK_SYS_CONFFILE_H

#include "sys/optvalue.h"

/* A larger file is refused. */
enum { HK_CONFFILE_MAX_BYTES = 1024 * 1024 };

/* One key as it stands in the file. */
typedef struct hk_confentry {
	hk_optvalue value;
	int line;   /* 0: the file does not set the key */
	bool whole; /* a list is complete; for sys/conffile only */
} hk_confentry;

/* hk_conffile_read(path, entries, error): reads the file into entries[HK_OPT_COUNT], which the
 * caller has zeroed and clears value by value, on failure too. False with HK_ENOENT, HK_EPOLICY,
 * HK_EIO when it cannot be read; HK_ECONFIG with "PATH:LINE: what" for the first thing that is
 * wrong: syntax, an unknown key (with the nearest one), a key set twice, a value of the wrong type
 * or outside its limits. Not reentrant (libconfuse has no user pointer). */
bool hk_conffile_read(const char *path, hk_confentry *entries, GError **error);

/* hk_conffile_read_rows(path, rows, count, what, entries, error): the same with the caller's table
 * (rows with key false are not taken from the file) into entries[count]. what: where all keys are
 * listed ("docs/feeds.md"), for the advice about an unknown one. */
bool hk_conffile_read_rows(const char *path, const hk_opt_row *rows, size_t count, const char *what,
	hk_confentry *entries, GError **error);

/* For the readers of such files. hk_conffile_defaults(rows, count, entries): a key that the file does not set gets the default of its row, if there is one (a wrong default is a
 * defect, HK_BUG). hk_conffile_text(entry): its text, borrowed; NULL: none, or "". hk_conffile_path(path, entry): the same as a path, which counts from the folder of the
 * file path; NULL; caller frees. hk_conffile_fail(path, row, entry, error, format ...): HK_ECONFIG "PATH:LINE: 'KEY' WHAT", of a key that is not there line 1; returns false. */
void hk_conffile_defaults(const hk_opt_row *rows, size_t count, hk_confentry *entries);
const char *hk_conffile_text(const hk_confentry *entry);
char *hk_conffile_path(const char *path, const hk_confentry *entry);
bool hk_conffile_fail(const char *path, const hk_opt_row *row, const hk_confentry *entry,
	GError **error, const char *format, ...) G_GNUC_PRINTF(5, 6);

/* hk_conffile_quote(text): text as a value in the file: bare when it is made of [A-Za-z0-9_./:@+-]
 * only, else in double quotes with escapes. Newly allocated, caller frees. */
char *hk_conffile_quote(const char *text);

#endif
