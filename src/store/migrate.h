/* store/migrate: makes a database and brings its schema to what this program knows. Layer: store. Input is ours.
 *
 * Migrations are the files schema/NNNN_name.sql, built into the program (tools/embed-schema). They only go forward; each runs in
 * one transaction, under a lock, so that two processes may start at once. The table schema_log remembers number, SHA-256 and time
 * of each. After a release a migration is never edited.
 *
 * One text for both engines: @ID@ @TEXT@ @BLOB@ stand for the engine's words; for SQLite BIGINT is INTEGER, DOUBLE PRECISION is
 * REAL, and a table whose closing line is ");" is STRICT. The lines "-- @sqlite", "-- @pgsql", "-- @both" say for which engine
 * the lines below are. */
#ifndef HK_STORE_MIGRATE_H
#define HK_STORE_MIGRATE_H

#include "store/db.h"

typedef struct hk_migration {
	unsigned number; /* from 1 without gaps */
	const char *name;
	const char *text;
} hk_migration;

/* What is built in, in order. */
extern const hk_migration hk_migrations[];
extern const unsigned hk_migration_count;

/* hk_migrate(db, error): applies what is missing; nothing when nothing is. HK_ECONFIG as hk_schema_check for a database that is
 * newer, or whose migrations are not ours. On failure the schema is as after the last whole migration. */
bool hk_migrate(hk_db *db, GError **error);

/* hk_migrate_to(db, list, count, error): the same with other migrations; for tests. */
bool hk_migrate_to(hk_db *db, const hk_migration *list, unsigned count, GError **error);

/* hk_schema_check(db, error): HK_ECONFIG, with what to do, when the schema is missing, older or newer than this program's, or was
 * made by another text of the same number. Every role calls it after hk_db_open. */
bool hk_schema_check(hk_db *db, GError **error);

/* hk_schema_known(db, ret, error): the same, but an older schema is fine: *ret is its number. */
bool hk_schema_known(hk_db *db, unsigned *ret, GError **error);

/* hk_migration_hash(migration): the SHA-256 of its text, hexadecimal; caller frees. */
char *hk_migration_hash(const hk_migration *migration);

/* hk_schema_version(db, ret, error): the number of the last migration that was applied; 0: there is no schema. */
bool hk_schema_version(hk_db *db, unsigned *ret, GError **error);

/* hk_db_create(url, error): SQLite: makes the file (mode 0600; its folder too, mode 0700); an empty file is taken as it is.
 * PostgreSQL: the database exists and is empty. HK_EPOLICY when there is something in it. Does not migrate. */
bool hk_db_create(const char *url, GError **error);

/* hk_db_is_empty(db, ret, error): whether there is no table in it, of whoever. */
bool hk_db_is_empty(hk_db *db, bool *ret, GError **error);

#endif
