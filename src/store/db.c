#include "store/db_int.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "store/later.h"
#include "sys/gerr.h"

bool
hk_db_engine_split(
	const char *url, hk_db_engine *ret_engine, const char **ret_place, GError **error)
{
	hk_db_engine engine = HK_DB_SQLITE;
	const char *place = url;

	if (g_str_has_prefix(url, "postgresql://") || g_str_has_prefix(url, "postgres://")) {
		engine = HK_DB_PGSQL;
	} else if (g_str_has_prefix(url, "sqlite:")) {
		place = url + strlen("sqlite:");
	} else if (strstr(url, "://")) {
		return hk_error_set(error, HK_ECONFIG,
			"the database is a path, sqlite:PATH or postgresql://...; not \"%.*s://\"",
			(int)MIN(strstr(url, "://") - url, 30), url);
	}
	if (*place == '\0') {
		return hk_error_set(error, HK_ECONFIG, "the database has no name");
	}
	*ret_engine = engine;
	*ret_place = place;
	return true;
}

int64_t
hk_db_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

hk_db *
hk_db_open(const char *url, GError **error)
{
	hk_db_engine engine;
	const char *place;

	if (!hk_db_engine_split(url, &engine, &place, error)) {
		return NULL;
	}
	return engine == HK_DB_SQLITE ? hk_db_sqlite_new(place, error)
				      : hk_db_pgsql_new(place, error);
}

void
hk_db_close(hk_db *db)
{
	if (db) {
		hk_db_rollback(db);
		g_autofree char *place = db->place;
		db->ops->close(db);
	}
}

hk_db_engine
hk_db_engine_of(const hk_db *db)
{
	return db->engine;
}

bool
hk_db_begin(hk_db *db, bool write, GError **error)
{
	if (db->open) {
		return hk_error_set(error, HK_EINTERNAL, "a transaction within a transaction");
	}
	if (!db->ops->begin(db, write, error)) {
		return false;
	}
	db->open = true;
	db->write = write;
	db->failed = false;
	return true;
}

bool
hk_db_commit(hk_db *db, GError **error)
{
	if (!db->open) {
		return hk_error_set(error, HK_EINTERNAL, "a commit without a transaction");
	}
	if (db->failed) {
		hk_db_rollback(db);
		return hk_error_set(error, HK_EINTERNAL,
			"a commit after a statement of the transaction failed: rolled back");
	}
	if (db->later && !hk_later_write(db->later, error)) {
		hk_db_rollback(db);
		return false;
	}
	g_clear_pointer(&db->later, hk_later_free);
	db->open = false;
	return db->ops->commit(db, error);
}

void
hk_db_rollback(hk_db *db)
{
	if (db->open) {
		db->open = false;
		g_clear_pointer(&db->later, hk_later_free);
		db->ops->rollback(db);
	}
}

bool
hk_db_in_transaction(const hk_db *db)
{
	return db->open;
}

/* PostgreSQL refuses text that is no UTF-8 or holds U+0000, SQLite keeps it; here both refuse, with the same code. */
static bool
check_value(const hk_value *value, size_t number, GError **error)
{
	if (value->kind != HK_VALUE_TEXT) {
		return true;
	}
	if (value->s.len > 0 && memchr(value->s.data, 0, value->s.len)) {
		return hk_error_set(
			error, HK_EFORM, "the text of $%zu holds a NUL character", number);
	}
	if (!hk_utf8_valid(value->s)) {
		return hk_error_set(error, HK_EFORM, "the text of $%zu is no UTF-8", number);
	}
	return true;
}

static bool
check_call(hk_db *db, const char *text, const hk_value *values, size_t count, GError **error)
{
	if (db->open && db->failed) {
		return hk_error_set(error, HK_EINTERNAL,
			"a statement of this transaction has failed: only a rollback may follow");
	}
	if (strstr(text, "::")) {
		return hk_error_set(error, HK_EINTERNAL,
			"\"::\" in a statement: SQLite reads another parameter name; write CAST(x "
			"AS type)");
	}
	for (size_t i = 0; i < count; i++) {
		if (!check_value(&values[i], i + 1, error)) {
			return false;
		}
	}
	return true;
}

/* PostgreSQL ends the transaction at the first failure, SQLite would go on: here both end. */
static bool
after(hk_db *db, bool good)
{
	if (!good && db->open) {
		db->failed = true;
	}
	return good;
}

hk_rows *
hk_db_run(hk_db *db, const char *text, bool loose, const hk_value *values, size_t count,
	GError **error)
{
	if (!check_call(db, text, values, count, error) ||
		(db->later && !hk_later_before(db->later, text, error))) {
		return NULL;
	}
	hk_rows *rows = db->ops->query(db, text, loose, values, count, NULL, error);
	after(db, rows != NULL);
	return rows;
}

bool
hk_db_run_exec(hk_db *db, const char *text, bool loose, const hk_value *values, size_t count,
	int64_t *ret_changed, GError **error)
{
	int64_t changed = 0;

	if (!check_call(db, text, values, count, error) ||
		(db->later && !hk_later_before(db->later, text, error))) {
		return false;
	}
	g_autoptr(hk_rows) rows = db->ops->query(db, text, loose, values, count, &changed, error);
	if (!after(db, rows != NULL)) {
		return false;
	}
	if (!rows->finished) {
		return after(db, hk_error_set(error, HK_EINTERNAL,
					 "hk_db_exec of a statement with rows: \"%.60s\"", text));
	}
	if (ret_changed) {
		*ret_changed = changed;
	}
	return true;
}

bool
hk_db_script(hk_db *db, const char *text, GError **error)
{
	return after(db, db->ops->script(db, text, error));
}

bool
hk_db_no_timeout(hk_db *db, GError **error)
{
	return db->engine == HK_DB_SQLITE || hk_db_script(db, "SET statement_timeout = 0", error);
}

bool
hk_db_exec(hk_db *db, hk_sql sql, const hk_value *values, size_t count, int64_t *ret_changed,
	GError **error)
{
	return hk_db_run_exec(db, sql.text, false, values, count, ret_changed, error);
}

hk_rows *
hk_db_query(hk_db *db, hk_sql sql, const hk_value *values, size_t count, GError **error)
{
	return hk_db_run(db, sql.text, false, values, count, error);
}

bool
hk_rows_next(hk_rows *rows, GError **error)
{
	if (!rows->started) {
		rows->started = true; /* the engine stands on the first row already */
		rows->stands = !rows->finished;
		return rows->stands;
	}
	if (rows->finished) {
		rows->stands = false;
		return false;
	}
	GError *failure = NULL;
	rows->stands = rows->db->ops->next(rows, &failure);
	if (!rows->stands) {
		rows->finished = true;
	}
	if (failure) {
		after(rows->db, false);
		g_propagate_error(error, failure);
	}
	return rows->stands;
}

bool
hk_rows_one(hk_rows *rows, bool *ret_found, GError **error)
{
	GError *failure = NULL;

	if (!rows) {
		return false;
	}
	*ret_found = hk_rows_next(rows, &failure);
	if (failure) {
		g_propagate_error(error, failure);
		return false;
	}
	return true;
}

bool
hk_rows_none(const char *what, int64_t id, GError **error)
{
	return hk_error_set(error, HK_ENOENT, "there is no %s %" PRId64, what, id);
}

bool
hk_rows_the(hk_rows *rows, const char *what, int64_t id, GError **error)
{
	bool found;

	return hk_rows_one(rows, &found, error) && (found || hk_rows_none(what, id, error));
}

void
hk_rows_free(hk_rows *rows)
{
	if (rows) {
		rows->db->ops->rows_free(rows);
	}
}

static void
must_stand(const hk_rows *rows, unsigned column)
{
	if (!rows->stands) {
		HK_BUG("a column without a row: call hk_rows_next first");
	}
	if (column >= rows->db->ops->columns(rows)) {
		HK_BUG("the statement has fewer columns");
	}
}

bool
hk_rows_is_null(const hk_rows *rows, unsigned column)
{
	must_stand(rows, column);
	return rows->db->ops->is_null(rows, column);
}

int64_t
hk_rows_int(const hk_rows *rows, unsigned column)
{
	must_stand(rows, column);
	return rows->db->ops->is_null(rows, column) ? 0 : rows->db->ops->as_int(rows, column);
}

double
hk_rows_real(const hk_rows *rows, unsigned column)
{
	must_stand(rows, column);
	return rows->db->ops->is_null(rows, column) ? 0 : rows->db->ops->as_real(rows, column);
}

const char *
hk_rows_str(const hk_rows *rows, unsigned column)
{
	must_stand(rows, column);
	return rows->db->ops->is_null(rows, column) ? NULL : rows->db->ops->as_str(rows, column);
}

hk_span
hk_rows_blob(const hk_rows *rows, unsigned column)
{
	must_stand(rows, column);
	return rows->db->ops->is_null(rows, column) ? (hk_span){NULL, 0}
						    : rows->db->ops->as_blob(rows, column);
}

unsigned
hk_rows_columns(const hk_rows *rows)
{
	return rows->db->ops->columns(rows);
}

const char *
hk_rows_column_name(const hk_rows *rows, unsigned column)
{
	return rows->db->ops->column_name(rows, column);
}

hk_value
hk_rows_value(const hk_rows *rows, unsigned column)
{
	if (hk_rows_is_null(rows, column)) {
		return hk_v_null();
	}
	switch (rows->db->ops->kind(rows, column)) {
	case HK_VALUE_INT:
		return hk_v_int(hk_rows_int(rows, column));
	case HK_VALUE_REAL:
		return hk_v_real(hk_rows_real(rows, column));
	case HK_VALUE_TEXT:
		return hk_v_text(hk_rows_blob(rows, column));
	case HK_VALUE_BLOB:
		return hk_v_blob(hk_rows_blob(rows, column));
	case HK_VALUE_NULL:
	default:
		return hk_v_null();
	}
}

bool
hk_db_int(hk_db *db, hk_sql sql, const hk_value *values, size_t count, int64_t *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, values, count, error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(error, HK_ENOENT, "there is no such row");
	}
	*ret = hk_rows_int(rows, 0);
	return true;
}

bool
hk_db_lock(hk_db *db, const char *name, GError **error)
{
	if (!db->open || !db->write) {
		return hk_error_set(error, HK_EINTERNAL, "hk_db_lock outside a write transaction");
	}
	if (db->later && hk_later_locked(db->later, name)) {
		return true;
	}
	return check_call(db, "", NULL, 0, error) && after(db, db->ops->lock(db, name, error));
}

bool
hk_db_wait(hk_db *db, unsigned timeout_ms, int cancel_fd, GError **error)
{
	if (db->open) {
		return hk_error_set(error, HK_EINTERNAL, "hk_db_wait within a transaction");
	}
	return db->ops->wait(db, timeout_ms, cancel_fd, error);
}
