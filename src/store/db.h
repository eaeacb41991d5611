/* store/db: one connection to the database, SQLite or PostgreSQL, with one SQL text for both. Layer: store.
 *
 * SQL is written once, as a literal (HK_SQL), in the dialect that both understand: parameters $1, $2 ... in any order and as
 * often as needed, ON CONFLICT, RETURNING, FILTER, row values, CAST($1 AS TEXT) but never $1::text (SQLite would take it for
 * another name; db refuses "::"). Time comes in as a parameter. What differs stands behind the calls below.
 *
 * A connection belongs to one thread at a time. Statements are prepared once per connection and kept.
 *
 * After any error inside a transaction only hk_db_rollback may follow (PostgreSQL wants it so): what may be refused is asked first, or
 * written with ON CONFLICT. Rows of PostgreSQL are all in memory when hk_db_query returns: large tables are read by keyset pages
 * (WHERE id > $1 ORDER BY id LIMIT $2) or with store/bulk.
 *
 * Errors: HK_EAGAIN: busy, deadlock, serialisation or connection lost: roll back and do the whole transaction again;
 * HK_EFULL: disk; HK_ECHECK: the file is damaged; HK_ECONFIG: URL, permission or schema wrong, the text says what to do;
 * HK_EPOLICY: a constraint refused the row; HK_EIO else. */
#ifndef HK_STORE_DB_H
#define HK_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

typedef struct hk_db hk_db;
typedef struct hk_rows hk_rows;

typedef enum hk_db_engine { HK_DB_SQLITE, HK_DB_PGSQL } hk_db_engine;

/* SQL text. Only a literal fits, so that nothing from outside can become SQL; text put together at run time is built of
 * literals by hk_sqlb below. */
typedef struct hk_sql {
	const char *text;
} hk_sql;
#define HK_SQL(literal) ((hk_sql){"" literal ""})

/* A parameter. Spans and strings are borrowed until the call returns. */
typedef enum hk_value_kind {
	HK_VALUE_NULL,
	HK_VALUE_INT,
	HK_VALUE_REAL,
	HK_VALUE_TEXT,
	HK_VALUE_BLOB
} hk_value_kind;
typedef struct hk_value {
	hk_value_kind kind;
	int64_t i;
	double d;
	hk_span s;
} hk_value;

static inline hk_value
hk_v_null(void)
{
	return (hk_value){.kind = HK_VALUE_NULL};
}
static inline hk_value
hk_v_int(int64_t i)
{
	return (hk_value){.kind = HK_VALUE_INT, .i = i};
}
/* hk_v_id(i): a reference; 0 is NULL. */
static inline hk_value
hk_v_id(int64_t i)
{
	return i == 0 ? hk_v_null() : hk_v_int(i);
}
static inline hk_value
hk_v_real(double d)
{
	return (hk_value){.kind = HK_VALUE_REAL, .d = d};
}
/* hk_v_str(s): UTF-8 without U+0000, else HK_EFORM; NULL is NULL. */
static inline hk_value
hk_v_str(const char *s)
{
	return s ? (hk_value){.kind = HK_VALUE_TEXT, .s = hk_span_str(s)} : hk_v_null();
}
static inline hk_value
hk_v_text(hk_span s)
{
	return (hk_value){.kind = HK_VALUE_TEXT, .s = s};
}
static inline hk_value
hk_v_blob(hk_span s)
{
	return (hk_value){.kind = HK_VALUE_BLOB, .s = s};
}

/* The two arguments "values, count" of the calls below. */
#define HK_ARGS(...)                                                                               \
	(const hk_value[]){__VA_ARGS__},                                                           \
		(sizeof((const hk_value[]){__VA_ARGS__}) / sizeof(hk_value))
#define HK_NO_ARGS NULL, 0

/* hk_db_open(url, error): "sqlite:PATH", a plain path, or "postgresql://..." (libpq's URI). Makes no file: HK_ENOENT with the
 * advice to run `hikeshi db init` when there is none. SQLite: WAL, synchronous FULL (what was acknowledged survives a power
 * cut), foreign keys on, own busy handler (fair among processes), file mode 0600. Does not look at the schema: that is
 * store/migrate's hk_schema_check(). */
hk_db *hk_db_open(const char *url, GError **error);
void hk_db_close(hk_db *db); /* accepts NULL; rolls back what is open */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_db, hk_db_close)

hk_db_engine hk_db_engine_of(const hk_db *db);

/* hk_db_begin(db, write, error): write false: a snapshot for reading (SQLite deferred, PostgreSQL REPEATABLE READ READ ONLY);
 * true: BEGIN IMMEDIATE / READ COMMITTED. Not nested. hk_db_commit, hk_db_rollback end it; after HK_EAGAIN from any call inside
 * it only rollback is allowed. */
bool hk_db_begin(hk_db *db, bool write, GError **error);
bool hk_db_commit(hk_db *db, GError **error);
void hk_db_rollback(hk_db *db);
bool hk_db_in_transaction(const hk_db *db);

/* hk_db_exec(db, sql, values, count, ret_changed, error): a statement without rows; ret_changed (or NULL): rows changed. */
bool hk_db_exec(hk_db *db, hk_sql sql, const hk_value *values, size_t count, int64_t *ret_changed,
	GError **error);

/* hk_db_query(db, sql, values, count, error): a statement with rows (RETURNING too). hk_rows_next(rows, error): true: a row
 * stands; false: the end (error unset) or a failure (error set). Free the rows before the transaction ends. */
hk_rows *hk_db_query(hk_db *db, hk_sql sql, const hk_value *values, size_t count, GError **error);
bool hk_rows_next(hk_rows *rows, GError **error);
void hk_rows_free(hk_rows *rows); /* accepts NULL */

/* Where there is one row, or none; rows may be NULL: the query failed. hk_rows_one(rows, ret_found, error): steps onto it. hk_rows_the(rows, what, id, error): without one HK_ENOENT "there is no WHAT ID".
 * hk_rows_none(what, id, error): that error; returns false. */
bool hk_rows_one(hk_rows *rows, bool *ret_found, GError **error);
bool hk_rows_the(hk_rows *rows, const char *what, int64_t id, GError **error);
bool hk_rows_none(const char *what, int64_t id, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_rows, hk_rows_free)

/* Columns of the row that stands, from 0. NULL reads as 0, 0.0, NULL, empty. Strings and blobs are borrowed until the next
 * hk_rows_next. Numbers are read as numbers and text as text (as blob, too); anything else is a bug and aborts, on both engines, as
 * is a column that is not there. */
bool hk_rows_is_null(const hk_rows *rows, unsigned column);
int64_t hk_rows_int(const hk_rows *rows, unsigned column);
double hk_rows_real(const hk_rows *rows, unsigned column);
const char *hk_rows_str(const hk_rows *rows, unsigned column);
hk_span hk_rows_blob(const hk_rows *rows, unsigned column);

/* hk_db_int(db, sql, values, count, ret, error): the first column of the first row. HK_ENOENT when there is no row. */
bool hk_db_int(
	hk_db *db, hk_sql sql, const hk_value *values, size_t count, int64_t *ret, GError **error);

/* hk_db_lock(db, name, error): inside a write transaction: waits until no other transaction holds this name, and holds it until
 * the end. (PostgreSQL: pg_advisory_xact_lock of the name's hash; SQLite: nothing, the transaction is alone.) */
bool hk_db_lock(hk_db *db, const char *name, GError **error);

/* hk_db_wait(db, timeout_ms, cancel_fd, error): sleeps until some other connection has committed a write, at most timeout_ms; returns at
 * once if one has since the last call. cancel_fd (-1: none) readable ends it too. (SQLite: data_version every 20 ms; PostgreSQL: LISTEN; every
 * hk_db_commit of a write notifies.) True in all these cases. */
bool hk_db_wait(hk_db *db, unsigned timeout_ms, int cancel_fd, GError **error);

/* hk_sqlb: SQL put together at run time from literals, with its values. hk_sqlb_value appends "$n" and keeps the value (text and
 * blobs are copied). hk_sqlb_both appends one literal or the other, by engine. */
typedef struct hk_sqlb hk_sqlb;
hk_sqlb *hk_sqlb_new(const hk_db *db);
void hk_sqlb_free(hk_sqlb *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_sqlb, hk_sqlb_free)
void hk_sqlb_add(hk_sqlb *b, hk_sql piece);
void hk_sqlb_both(hk_sqlb *b, hk_sql sqlite, hk_sql pgsql);
void hk_sqlb_value(hk_sqlb *b, hk_value value);
/* hk_sqlb_query(b, db, error): runs it. Statements built so are prepared by their text and kept, at most 64 of them. */
hk_rows *hk_sqlb_query(hk_sqlb *b, hk_db *db, GError **error);
bool hk_sqlb_exec(hk_sqlb *b, hk_db *db, int64_t *ret_changed, GError **error);

#endif
