/* store/inspect: is the database whole? Layer: store. The file may be damaged. */
#ifndef HK_STORE_INSPECT_H
#define HK_STORE_INSPECT_H

#include "store/db.h"

/* A table of the schema. */
typedef struct hk_table {
	char *name; /* owned */
	int64_t rows;
} hk_table;

/* hk_db_tables(db, error): the tables of the current schema in the order of their making, counted; an array of hk_table *. Without
 * those that SQLite keeps for itself, or below a virtual table. */
GPtrArray *hk_db_tables(hk_db *db, GError **error);

/* hk_db_inspect(db, faults, error): appends to faults (of char *, owned) a line for each fault: pages (SQLite), rows that cannot be
 * read, references without their row, constraints and indexes that do not hold, tables, columns and indexes that are not what
 * the migrations make. At most HK_INSPECT_MAX of them. false: it could not be looked at all; the schema's version is the caller's
 * to check first. Takes time in proportion to the database; blocks nobody. */
#define HK_INSPECT_MAX 200
bool hk_db_inspect(hk_db *db, GPtrArray *faults, GError **error);

#endif
