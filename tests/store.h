/* tests/store: a database of its own for a test, on the engine that the environment asks for. */
#ifndef HK_TESTS_STORE_H
#define HK_TESTS_STORE_H

#include "store/db.h"

/* hk_test_db(): a new, migrated, empty database, open: SQLite in a folder of its own below HK_TEST_DIR (default: /dev/shm, or the
 * temporary folder), or PostgreSQL when HK_TEST_PGSQL holds the
 * URL of a server. Close it with hk_db_close; it is removed when the program ends. Ends the program with "Bail out!" when it
 * cannot be made. */
hk_db *hk_test_db(void);

/* hk_test_db_url(): the URL of the database that hk_test_db() made last, for more connections, other threads or processes. Valid
 * until the next hk_test_db(). */
const char *hk_test_db_url(void);

/* hk_test_db_empty_url(): the URL of a new database without a schema (SQLite: no file yet). Caller frees. */
char *hk_test_db_empty_url(void);

/* hk_test_db_pgsql(): whether the tests run on PostgreSQL. */
bool hk_test_db_pgsql(void);

#endif
