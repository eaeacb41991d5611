/* store/pgsql_int: the inside of a PostgreSQL connection, for db_pgsql.c, pgsql_conn.c, pgsql_rows.c and the
 * backup. Layer: store. Input is ours. */
#ifndef HK_STORE_PGSQL_INT_H
#define HK_STORE_PGSQL_INT_H

#include <libpq-fe.h>

#include "store/db_int.h"

/* Types by their number in pg_type, which never changes. */
enum {
	PG_BOOL = 16,
	PG_BYTEA = 17,
	PG_NAME = 19,
	PG_INT8 = 20,
	PG_INT2 = 21,
	PG_INT4 = 23,
	PG_TEXT = 25,
	PG_FLOAT4 = 700,
	PG_FLOAT8 = 701,
	PG_UNKNOWN = 705,
	PG_BPCHAR = 1042,
	PG_VARCHAR = 1043,
	PG_NUMERIC = 1700,
	PG_BYTEA_ARRAY = 1001,
	PG_TEXT_ARRAY = 1009,
	PG_INT8_ARRAY = 1016,
	PG_FLOAT8_ARRAY = 1022,
};

typedef struct pgsql_db {
	hk_db base;
	PGconn *conn;
	char *uri;        /* owned */
	GHashTable *kept; /* "types:text" (owned) -> number n of the prepared statement hk<n> */
	GPtrArray *loose; /* keys (owned by kept) of those that may go, least recently used first */
	unsigned last_number;
	bool lost;      /* the connection is gone; the next begin makes a new one */
	bool listening; /* LISTEN was sent */
	bool wrote;     /* the transaction may have changed a row */
	char xact[24];  /* pg_current_xact_id of the write transaction */
} pgsql_db;

/* hk_db_pgsql_conn(db): libpq's connection, for COPY. */
PGconn *hk_db_pgsql_conn(hk_db *db);

/* hk_db_pgsql_fail(db, result, error): sets *error from a failed result (NULL: the connection's message). Returns false. */
bool hk_db_pgsql_fail(hk_db *db, const PGresult *result, GError **error);

/* hk_db_pgsql_good(result): whether it is the result of a statement that succeeded. */
bool hk_db_pgsql_good(const PGresult *result);

/* hk_db_pgsql_script(db, text, error): one or more statements without parameters. */
bool hk_db_pgsql_script(hk_db *db, const char *text, GError **error);

/* hk_db_pgsql_reconnect(db, error): makes a new connection if the old one was lost. */
bool hk_db_pgsql_reconnect(pgsql_db *db, GError **error);

/* hk_db_pgsql_rows(db, result): the rows of a result in binary format, which they own from now on. The others are hk_db_ops's. */
hk_rows *hk_db_pgsql_rows(hk_db *db, PGresult *result);
bool hk_db_pgsql_next(hk_rows *rows, GError **error);
void hk_db_pgsql_rows_free(hk_rows *rows);
bool hk_db_pgsql_is_null(const hk_rows *rows, unsigned column);
int64_t hk_db_pgsql_int(const hk_rows *rows, unsigned column);
double hk_db_pgsql_real(const hk_rows *rows, unsigned column);
const char *hk_db_pgsql_str(const hk_rows *rows, unsigned column);
hk_span hk_db_pgsql_blob(const hk_rows *rows, unsigned column);
unsigned hk_db_pgsql_columns(const hk_rows *rows);
const char *hk_db_pgsql_column_name(const hk_rows *rows, unsigned column);
hk_value_kind hk_db_pgsql_kind(const hk_rows *rows, unsigned column);

/* hk_db_pgsql_fetch(db, text, error): the rows of a statement that is not prepared. */
hk_rows *hk_db_pgsql_fetch(hk_db *db, const char *text, GError **error);

/* hk_db_pgsql_be(from, len): len bytes, the most significant first, as a number. */
uint64_t hk_db_pgsql_be(const uint8_t *from, int len);

#endif
