/* store/inspect: is the database whole? Layer: store. The file may be damaged. */
#ifndef HK_STORE_INSPECT_H
#define HK_STORE_INSPECT_H

#include "store/db.h"

/* hk_db_inspect(db, faults, error): appends to faults (of char *, owned) a line for each fault: pages (SQLite), rows that cannot be
 * read, references without their row, constraints and indexes that do not hold, tables, columns and indexes that are not what
 * the migrations make. At most HK_INSPECT_MAX of them. false: it could not be looked at all; the schema's version is the caller's
 * to check first. Takes time in proportion to the database; blocks nobody. */
#define HK_INSPECT_MAX 200
bool hk_db_inspect(hk_db *db, GPtrArray *faults, GError **error);

/* hk_db_inspect_new(db, faults, error): the same for a database that was built just now: each page and reference, but not each entry of each
 * index, which takes most of the time (two minutes for a million cases). */
bool hk_db_inspect_new(hk_db *db, GPtrArray *faults, GError **error);

#endif
