/* store/pgsql_int: the inside of a PostgreSQL connection, for db_pgsql.c and the backup. Layer: store. Input is ours. */
#ifndef HK_STORE_PGSQL_INT_H
#define HK_STORE_PGSQL_INT_H

#include <libpq-fe.h>

#include "store/db_int.h"

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

#endif
