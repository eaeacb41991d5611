/* parse/csv: rows of comma- or tab-separated text. Layer: parse. Libc only. Input is hostile.
 *
 * RFC 4180, read with patience: LF, CR or CRLF end a row, blanks may stand around a quoted field, a quote inside an unquoted field is
 * a character. In tab-separated text a field that begins with a quote is quoted only if it ends with one as it should; else the quote
 * is a character. The reader is a few numbers: it can be put down after any row and taken up again. */
#ifndef HK_PARSE_CSV_H
#define HK_PARSE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define HK_CSV_COLUMNS_MAX 64
#define HK_CSV_ROW_MAX     65536 /* bytes of a row, with its quotes and line ends inside */

typedef struct hk_csv {
	hk_span text; /* borrowed */
	char separator;
	size_t at;     /* next byte to read */
	uint64_t line; /* number of the line there, from 1 */
} hk_csv;

typedef struct hk_csv_row {
	hk_span field
		[HK_CSV_COLUMNS_MAX]; /* without quotes; borrowed from the text or from bytes */
	size_t count;                 /* 1 with an empty field: a blank line */
	uint64_t line;                /* where it begins */
	hk_span raw; /* as it stands, without the line end; borrowed from the text */
	char bytes[HK_CSV_ROW_MAX];
} hk_csv_row;

/* hk_csv_begin(csv, text, separator): a BOM (UTF-8) is passed over. separator: ',' '\t' ';' or another byte that is neither quote nor
 * line end. */
void hk_csv_begin(hk_csv *csv, hk_span text, char separator);

/* hk_csv_next(csv, row): the next row. HK_ENOENT: there is none. HK_EFORM: a quote that does not close, or something behind one that
 * did; HK_ELIMIT: over HK_CSV_ROW_MAX or HK_CSV_COLUMNS_MAX. After these two row->line and row->raw are set to the one line that could
 * not be read, row->count is 0, and reading goes on behind that line: one stray quote costs one line, not the file. */
HK_MUST hk_err hk_csv_next(hk_csv *csv, hk_csv_row *row);

/* hk_csv_line(text, at, ret_next): the line at offset at, without its end (LF, CR or CRLF); *ret_next is the offset behind that. */
hk_span hk_csv_line(hk_span text, size_t at, size_t *ret_next);

#endif
