/* store/bulk: whole tables, row by row, in little memory: for backup, restore and inspection. Layer: store. Input is ours: names come
 * from the catalogue or were compared with it. */
#ifndef HK_STORE_BULK_H
#define HK_STORE_BULK_H

#include "store/db.h"

/* hk_sql_quote(name): the name as a quoted identifier; caller frees. */
char *hk_sql_quote(const char *name);

/* A table of the schema. */
typedef struct hk_table {
	char *name; /* owned */
	int64_t rows;
} hk_table;

/* hk_tables(db, derived, error): the tables of the current schema in the order of their making, counted; an array of hk_table *.
 * Without those that SQLite keeps for itself, or below a virtual table; those that store/search makes of the others (derived) are not
 * backed up, but made anew. */
GPtrArray *hk_tables(hk_db *db, bool derived, GError **error);

/* hk_table_new(name, rows), hk_table_free(table): by hand. */
hk_table *hk_table_new(const char *name, int64_t rows);
void hk_table_free(void *table);

/* hk_table_count(db, table, ret, error): its rows. */
bool hk_table_count(hk_db *db, const char *table, int64_t *ret, GError **error);

/* hk_scan_new(db, table, error): all rows and columns of a table, in no particular order. Inside a transaction; one at a time.
 * hk_scan_next as hk_rows_next; a value is borrowed until the next one. */
typedef struct hk_scan hk_scan;
hk_scan *hk_scan_new(hk_db *db, const char *table, GError **error);
void hk_scan_free(hk_scan *scan); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_scan, hk_scan_free)
bool hk_scan_next(hk_scan *scan, GError **error);
unsigned hk_scan_columns(const hk_scan *scan);
hk_value hk_scan_value(const hk_scan *scan, unsigned column);

/* hk_table_columns(db, table, error): the names of a table's columns in their order; array of char *. */
GPtrArray *hk_table_columns(hk_db *db, const char *table, GError **error);

/* hk_load_new(db, table, columns, error): writes rows into a table, the values in the order of columns (all of the table's, as
 * hk_table_columns gives them). Inside a write transaction; one at a time, and nothing else on the connection until hk_load_end.
 * A failure may be told by a later call than the one that caused it. */
typedef struct hk_load hk_load;
hk_load *hk_load_new(hk_db *db, const char *table, const GPtrArray *columns, GError **error);
void hk_load_free(hk_load *load); /* accepts NULL; what was not ended is given up */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_load, hk_load_free)
bool hk_load_row(hk_load *load, const hk_value *values, GError **error);
bool hk_load_end(hk_load *load, GError **error);

/* hk_table_last_id(db, table, ret, error): the largest number that the table has ever given to a row by itself; 0: none, or it does
 * not number. hk_table_set_last_id: the next is larger than this one. */
bool hk_table_last_id(hk_db *db, const char *table, int64_t *ret, GError **error);
bool hk_table_set_last_id(hk_db *db, const char *table, int64_t last_id, GError **error);

#endif
