/* store/export: cases as rows of a file. Layer: store. Contents are hostile: sys/csvw keeps spreadsheets from taking them for formulas. */
#ifndef HK_STORE_EXPORT_H
#define HK_STORE_EXPORT_H

#include "store/db.h"
#include "sys/csvw.h"

enum { HK_EXPORT_COLUMNS_MAX = 40 };

typedef struct hk_export_columns {
	unsigned at[HK_EXPORT_COLUMNS_MAX]; /* rows of the table in export.c */
	size_t count;
} hk_export_columns;

/* hk_export_columns_read(text, ret, error): names with commas between; NULL or "": those of the board's report (S36). HK_EFORM "columns: ..." */
bool hk_export_columns_read(const char *text, hk_export_columns *ret, GError **error);

/* hk_export_csv_head(columns, w): the row of names. hk_export_csv(db, ids, columns, w, error): a row for each number (int64_t, at most 1,000), in their order. */
void hk_export_csv_head(const hk_export_columns *columns, hk_csvw *w);
bool hk_export_csv(
	hk_db *db, const GArray *ids, const hk_export_columns *columns, hk_csvw *w, GError **error);

#endif
