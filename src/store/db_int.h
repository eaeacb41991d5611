/* store/db_int: what db.c asks of an engine. Layer: store. Only db*.c, sqlb.c, migrate.c and backup*.c include it. Input is
 * ours: db.c has checked state, statement and values before it calls.
 *
 * An engine reports an error and leaves the transaction as it is; db.c remembers that only a rollback may follow. */
#ifndef HK_STORE_DB_INT_H
#define HK_STORE_DB_INT_H

#include "store/db.h"

/* Statements put together at run time that a connection keeps prepared; those of literals are all kept. */
#define HK_DB_LOOSE_MAX 64
/* How long a writer waits for its turn before it is told HK_EAGAIN. */
#define HK_DB_BUSY_MS 10000
/* Values of one statement. */
#define HK_DB_VALUES_MAX 400

typedef struct hk_db_ops {
	void (*close)(hk_db *db);
	bool (*begin)(hk_db *db, bool write, GError **error);
	bool (*commit)(hk_db *db, GError **error); /* on failure the transaction is over, too */
	void (*rollback)(hk_db *db);
	/* loose: the text is not a literal; keep it prepared as one of HK_DB_LOOSE_MAX. The statement has run, or stands on
	 * its first row, when this returns. *ret_changed (or NULL): rows changed, right when there are no rows to come. */
	hk_rows *(*query)(hk_db *db, const char *text, bool loose, const hk_value *values,
		size_t count, int64_t *ret_changed, GError **error);
	bool (*next)(hk_rows *rows, GError **error);
	void (*rows_free)(hk_rows *rows);
	bool (*is_null)(const hk_rows *rows, unsigned column);
	int64_t (*as_int)(const hk_rows *rows, unsigned column);
	double (*as_real)(const hk_rows *rows, unsigned column);
	const char *(*as_str)(const hk_rows *rows, unsigned column);
	hk_span (*as_blob)(const hk_rows *rows, unsigned column);
	unsigned (*columns)(const hk_rows *rows);
	const char *(*column_name)(const hk_rows *rows, unsigned column);
	hk_value_kind (*kind)(const hk_rows *rows, unsigned column);
	/* Several statements without parameters, ';' between: migrations, settings. */
	bool (*script)(hk_db *db, const char *text, GError **error);
	bool (*lock)(hk_db *db, const char *name, GError **error);
	bool (*wait)(hk_db *db, unsigned timeout_ms, int cancel_fd, GError **error);
} hk_db_ops;

struct hk_db {
	const hk_db_ops *ops;
	hk_db_engine engine;
	char *place; /* owned: how messages call it, without a password */
	bool open;   /* a transaction is */
	bool write;
	struct hk_later
		*later; /* store/later.h: what is written at the end of the transaction; or NULL */
	bool failed;    /* a statement of the open transaction failed: only a rollback may follow */
};

struct hk_rows {
	hk_db *db;
	bool stands;   /* on a row */
	bool started;  /* the caller has called hk_rows_next */
	bool finished; /* no more rows */
};

extern const hk_db_ops hk_db_sqlite_ops;
extern const hk_db_ops hk_db_pgsql_ops;

/* The engines' constructors; what = path or libpq URI. hk_db_sqlite_new: write access to the file; it must exist. */
hk_db *hk_db_sqlite_new(const char *path, GError **error);
hk_db *hk_db_sqlite_memory(GError **error);
hk_db *hk_db_pgsql_new(const char *uri, GError **error);

/* hk_db_engine_split(url, ret_place, error): which engine a URL means, and the path or URI of it (borrowed from url). */
bool hk_db_engine_split(
	const char *url, hk_db_engine *ret_engine, const char **ret_place, GError **error);

/* hk_db_run(db, text, loose, values, count, error): hk_db_query for any text. hk_db_run_exec: hk_db_exec. */
hk_rows *hk_db_run(hk_db *db, const char *text, bool loose, const hk_value *values, size_t count,
	GError **error);
bool hk_db_run_exec(hk_db *db, const char *text, bool loose, const hk_value *values, size_t count,
	int64_t *ret_changed, GError **error);
/* hk_db_script(db, text, error): several statements, ';' between, no parameters. */
bool hk_db_script(hk_db *db, const char *text, GError **error);

/* hk_db_no_timeout(db, error): from now on no statement is ended for taking long: backups, migrations. */
bool hk_db_no_timeout(hk_db *db, GError **error);
/* hk_migrate_within(db, count, error): the first count migrations, inside the write transaction that is open. */
bool hk_migrate_within(hk_db *db, unsigned count, GError **error);

/* hk_v_array(type, bytes): PostgreSQL only: an array in its binary form; type: a letter of store/rowset.h. hk_db_member_oid(type): the number of its members' type in
 * pg_type. */
static inline hk_value
hk_v_array(char type, hk_span bytes)
{
	return (hk_value){.kind = HK_VALUE_BLOB, .i = type, .s = bytes};
}
uint32_t hk_db_member_oid(char type);

/* hk_db_lock_key(name): the number that PostgreSQL locks for hk_db_lock(name). */
int64_t hk_db_lock_key(const char *name);

/* hk_db_now_ms(): monotonic; not sys/clock's, which tests freeze: a wait must still end. */
int64_t hk_db_now_ms(void);

unsigned hk_rows_columns(const hk_rows *rows);
const char *hk_rows_column_name(const hk_rows *rows, unsigned column);
/* hk_rows_value(rows, column): what stands there, as a value; its span is borrowed until the next hk_rows_next. */
hk_value hk_rows_value(const hk_rows *rows, unsigned column);

#endif
