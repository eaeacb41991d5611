/* sys/csvw: rows of comma-separated text (RFC 4180) that a spreadsheet may open. Layer: sys.
 *
 * What stands in our fields was written by strangers. A spreadsheet takes a field that begins with = + - @, a tab, CR or LF (and with
 * their full-width forms, in Japan) for a formula: such a text gets an apostrophe in front. Reading it back with `case import` drops
 * that again. Every text is quoted when it must be; rows end with CRLF. */
#ifndef HK_SYS_CSVW_H
#define HK_SYS_CSVW_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

typedef struct hk_csvw {
	GString *out; /* borrowed; may be emptied between rows (streaming) */
	bool begun;   /* in this row */
} hk_csvw;

/* hk_csvw_begin(w, out, bom): bom: first the mark by which Excel knows UTF-8. */
void hk_csvw_begin(hk_csvw *w, GString *out, bool bom);

/* One field. hk_csvw_text: any bytes, NUL is dropped; hk_csvw_str: NULL is empty. Numbers are never prefixed. hk_csvw_time: RFC 3339,
 * UTC, seconds ("2026-11-25T02:04:46Z"), empty for 0. */
void hk_csvw_text(hk_csvw *w, hk_span text);
void hk_csvw_str(hk_csvw *w, const char *text);
void hk_csvw_int(hk_csvw *w, int64_t value);
void hk_csvw_real(hk_csvw *w, double value);
void hk_csvw_time(hk_csvw *w, int64_t ms);

void hk_csvw_end_row(hk_csvw *w);

#endif
