/* casework/sheet: a pasted or imported text as items, one for each line or row. Layer: stage (casework). Input is hostile.
 *
 * Encodings: UTF-8, UTF-16 and UTF-32 by their marks, else UTF-16 by its zero bytes, ISO-2022-JP by its escapes, EUC-JP and CP932
 * (Excel in Japan) by trying; bytes that fit none become U+FFFD. Forms: lines, csv, tsv, jsonl, found out when the kind is "auto".
 * docs/intake.md describes all of it for people. */
#ifndef HK_CASEWORK_SHEET_H
#define HK_CASEWORK_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

typedef enum hk_column {
#define COLUMN(id, text, names, meaning) HK_COLUMN_##id,
#include "casework/columns.def"
#undef COLUMN
	HK_COLUMN_COUNT
} hk_column;

/* One line or row. */
typedef struct hk_item {
	int64_t line; /* where it begins, from 1 */
	char *text; /* as it came, at most 500 characters, UTF-8 without control characters; owned */
	bool skip;  /* blank, a comment (#), the head line */
	bool free_text;  /* a line of its own: URL and words mixed */
	const char *why; /* code of casework/why.def when it could not be read; else NULL */
	char *field[HK_COLUMN_COUNT]; /* owned; NULL: there is none, or it is empty */
} hk_item;
void hk_item_clear(hk_item *item);
void hk_item_free(void *item); /* accepts NULL */

/* hk_column_text(column): "url". hk_column_find(name): the column that a head line's word means; HK_COLUMN_COUNT: none. */
const char *hk_column_text(hk_column column);
hk_column hk_column_find(const char *name);

typedef struct hk_sheet hk_sheet;

/* hk_sheet_new(kind, body, options, error): kind lines|csv|tsv|jsonl|auto. options: JSON object; of its members "columns"
 * ({"url": "name of the head line" or number from 1, ...}) and "header" (true|false|"auto") are used here. The body is copied. HK_EFORM: an option is wrong (the
 * text begins with its path), HK_EVERSION: no such kind. */
hk_sheet *hk_sheet_new(const char *kind, hk_span body, const char *options, GError **error);
void hk_sheet_free(hk_sheet *sheet); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_sheet, hk_sheet_free)

/* hk_sheet_next(sheet, item): the next item; item is zeroed or cleared by the caller. False: the end. */
bool hk_sheet_next(hk_sheet *sheet, hk_item *item);

/* hk_sheet_skip(sheet, n): passes over n items. hk_sheet_count(sheet): how many there are in all. hk_sheet_position(sheet): bytes read of the
 * text as UTF-8. */
void hk_sheet_skip(hk_sheet *sheet, int64_t n);
int64_t hk_sheet_count(const hk_sheet *sheet);
int64_t hk_sheet_position(const hk_sheet *sheet);

/* hk_sheet_kind(sheet): "lines", "csv", "tsv" or "jsonl"; hk_sheet_charset(sheet): "UTF-8", "CP932" ... Static storage. */
const char *hk_sheet_kind(const hk_sheet *sheet);
const char *hk_sheet_charset(const hk_sheet *sheet);

/* hk_sheet_date(text, ret_ms): "2024/11/29 12:34:56", "2024-11-29", "2024年11月29日 12時34分", RFC 3339. Without a zone it is Japan's time. False: none of these. */
bool hk_sheet_date(const char *text, int64_t *ret_ms);

#endif
