/* store/rowset: many rows as the parameters of one statement, a column each. Layer: store. PostgreSQL only: a column is an array, and the
 * statement takes them apart again (UNNEST($1, $2)) or looks for their members (= ANY($1)). What costs most there is paid once: the round trip,
 * and opening a table with all its indexes. SQLite has no such cost, and no arrays.
 *
 * Values are copied. Texts are checked by the server: what is no UTF-8 is refused by the statement (HK_EFORM). */
#ifndef HK_STORE_ROWSET_H
#define HK_STORE_ROWSET_H

#include "store/db.h"

/* hk_rowset_new(types): a letter for each column, at most 64: i BIGINT, r DOUBLE PRECISION, t TEXT, b BYTEA. */
typedef struct hk_rowset hk_rowset;
hk_rowset *hk_rowset_new(const char *types);
void hk_rowset_free(hk_rowset *set); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_rowset, hk_rowset_free)

/* hk_rowset_add(set, values): one more row: a value for each column, of its type or NULL. */
void hk_rowset_add(hk_rowset *set, const hk_value *values);
size_t hk_rowset_count(const hk_rowset *set);

/* hk_rowset_exec(set, db, sql, ret_changed, error): runs the statement with the columns as $1, $2 ..., and empties the set, whatever comes of it. Without
 * rows nothing is run. hk_rowset_query: the same for a statement with rows; it is run without rows, too, and empties nothing. */
bool hk_rowset_exec(hk_rowset *set, hk_db *db, hk_sql sql, int64_t *ret_changed, GError **error);
hk_rows *hk_rowset_query(const hk_rowset *set, hk_db *db, hk_sql sql, GError **error);

#endif
