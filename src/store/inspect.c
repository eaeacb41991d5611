#include "store/inspect.h"

#include <string.h>

#include "store/bulk.h"
#include "store/db_int.h"
#include "store/migrate.h"
#include "sys/gerr.h"
#include "sys/progress.h"

/* Faults ---------------------------------------------------------------------------------------- */

static void fault(GPtrArray *faults, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
fault(GPtrArray *faults, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (faults->len < HK_INSPECT_MAX) {
		/* SQLite tells several of one table in as many lines. */
		g_ptr_array_add(faults, g_strdelimit(g_strdup_vprintf(format, args), "\n", ' '));
	}
	va_end(args);
}

/* A query of which every row is a fault, told by its first column of text. */
static bool
each_is_a_fault(hk_db *db, const char *text, const char *what, GPtrArray *faults, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_run(db, text, true, NULL, 0, error);
	GError *failure = NULL;

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &failure)) {
		const char *told = hk_rows_str(rows, 0);
		if (strcmp(told, "ok") != 0) {
			fault(faults, "%s: %s", what, told);
		}
	}
	if (failure) {
		g_propagate_error(error, failure);
		return false;
	}
	return true;
}

/* What the catalogue says of tables, columns and indexes: lines, sorted. */
static GPtrArray *
catalogue(hk_db *db, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	GError *failure = NULL;

	hk_sqlb_both(b,
		HK_SQL("SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_master "
		       "WHERE "
		       "substr(name, 1, 7) <> 'sqlite_' ORDER BY 1"),
		HK_SQL("SELECT line FROM (SELECT 'column ' || table_name || '.' || column_name || "
		       "': ' || "
		       "data_type || ' ' || is_nullable || ' ' || coalesce(collation_name, '') || "
		       "' ' || "
		       "coalesce(column_default, '') AS line FROM information_schema.columns WHERE "
		       "table_schema = current_schema() UNION ALL SELECT 'index ' || indexname || "
		       "': ' || "
		       "replace(indexdef, quote_ident(schemaname) || '.', '') FROM pg_indexes "
		       "WHERE "
		       "schemaname = current_schema() UNION ALL SELECT 'constraint ' || conname || "
		       "': ' || "
		       "pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = (SELECT "
		       "oid FROM "
		       "pg_namespace WHERE nspname = current_schema())) AS l ORDER BY 1"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return NULL;
	}
	while (hk_rows_next(rows, &failure)) {
		g_ptr_array_add(lines, g_strdup(hk_rows_str(rows, 0)));
	}
	if (failure) {
		g_propagate_error(error, failure);
		return NULL;
	}
	return g_steal_pointer(&lines);
}

static char *
beginning(const char *line)
{
	const char *end = strchr(line, ':');

	return g_strndup(line, end ? (size_t)(end - line) : strlen(line));
}

/* Both are sorted: a merge tells what each has alone. */
static void
compare(const GPtrArray *is, const GPtrArray *should, GPtrArray *faults)
{
	unsigned a = 0, b = 0;

	while (a < is->len || b < should->len) {
		int order = a == is->len       ? 1
			    : b == should->len ? -1
					       : strcmp(is->pdata[a], should->pdata[b]);
		if (order == 0) {
			a++;
			b++;
			continue;
		}
		g_autofree char *what = beginning(order < 0 ? is->pdata[a++] : should->pdata[b++]);
		fault(faults, "schema: %s %s", what,
			order < 0 ? "is not as this program makes it" : "is missing or different");
	}
}

/* The catalogue of a database that is made anew beside this one. SQLite: in memory. PostgreSQL: in a schema of its own, in a
 * transaction that is rolled back. */
static GPtrArray *
catalogue_sqlite(GError **error)
{
	g_autoptr(hk_db) fresh = hk_db_sqlite_memory(error);

	return fresh && hk_migrate(fresh, error) ? catalogue(fresh, error) : NULL;
}

static GPtrArray *
catalogue_pgsql(hk_db *db, GError **error)
{
	GPtrArray *ret = NULL;

	if (!hk_db_begin(db, true, error)) {
		return NULL;
	}
	if (hk_db_script(db, "CREATE SCHEMA hikeshi_check; SET LOCAL search_path = hikeshi_check",
		    error) &&
		hk_migrate_within(db, hk_migration_count, error)) {
		ret = catalogue(db, error);
	}
	hk_db_rollback(db);
	return ret;
}

static bool
inspect_schema(hk_db *db, GPtrArray *faults, GError **error)
{
	g_autoptr(GPtrArray) is = catalogue(db, error);
	g_autoptr(GPtrArray) should = !is                          ? NULL
				      : db->engine == HK_DB_SQLITE ? catalogue_sqlite(error)
								   : catalogue_pgsql(db, error);

	if (!should) {
		return false;
	}
	compare(is, should, faults);
	return true;
}

/* Reads every row: PostgreSQL then sends every value; SQLite has looked at every page before. */
static bool
read_table(hk_db *db, const hk_table *table, hk_progress *bar, int64_t *done, GError **error)
{
	g_autoptr(hk_scan) scan = hk_scan_new(db, table->name, error);
	GError *failure = NULL;

	if (!scan) {
		return false;
	}
	while (hk_scan_next(scan, &failure)) {
		hk_progress_update(bar, ++*done);
	}
	if (failure) {
		g_propagate_error(error, failure);
		return false;
	}
	return true;
}

static bool
read_all(hk_db *db, GPtrArray *faults, GError **error)
{
	g_autoptr(GPtrArray) tables = hk_tables(db, true, error);
	int64_t total = 0, done = 0;

	if (!tables) {
		return false;
	}
	for (unsigned i = 0; i < tables->len; i++) {
		total += ((const hk_table *)tables->pdata[i])->rows;
	}
	g_autoptr(hk_progress) bar = hk_progress_new("reading", "rows", total);
	for (unsigned i = 0; i < tables->len; i++) {
		g_autoptr(GError) failure = NULL;
		if (!read_table(db, tables->pdata[i], bar, &done, &failure)) {
			fault(faults, "%s", failure->message);
			return true; /* on PostgreSQL nothing more can be read in this transaction */
		}
	}
	return true;
}

static bool
inspect_rows(hk_db *db, bool quick, GPtrArray *faults, GError **error)
{
	if (!hk_db_begin(db, false, error)) {
		return false;
	}
	bool good = true;
	if (db->engine == HK_DB_SQLITE) {
		good = each_is_a_fault(db,
			       quick ? "PRAGMA quick_check(100)" : "PRAGMA integrity_check(100)",
			       "integrity", faults, error) &&
		       each_is_a_fault(db,
			       "SELECT DISTINCT \"table\" || ' refers to a row of ' || parent || ' "
			       "that is not "
			       "there' FROM pragma_foreign_key_check",
			       "references", faults, error);
	} else {
		good = each_is_a_fault(db,
			       "SELECT conname || ' was not checked' FROM pg_constraint WHERE NOT "
			       "convalidated AND connamespace = (SELECT oid FROM pg_namespace "
			       "WHERE nspname = "
			       "current_schema())",
			       "constraint", faults, error) &&
		       each_is_a_fault(db,
			       "SELECT c.relname || ' is not valid: REINDEX it' FROM pg_index AS i "
			       "JOIN pg_class "
			       "AS c ON c.oid = i.indexrelid WHERE NOT (indisvalid AND indisready)",
			       "index", faults, error) &&
		       each_is_a_fault(db,
			       "SELECT DISTINCT c.relname || ' has triggers that are switched off' "
			       "FROM "
			       "pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE "
			       "t.tgenabled = 'D'",
			       "references", faults, error);
	}
	good = good && (quick || read_all(db, faults, error));
	hk_db_rollback(db);
	return good;
}

static bool
inspect(hk_db *db, bool quick, GPtrArray *faults, GError **error)
{
	g_autoptr(GError) failure = NULL;

	if (!hk_db_no_timeout(db, error)) {
		return false;
	}
	if (!inspect_schema(db, faults, &failure) || !inspect_rows(db, quick, faults, &failure)) {
		if (hk_error_code(failure) != HK_ECHECK) {
			g_propagate_error(error, g_steal_pointer(&failure));
			return false;
		}
		fault(faults, "%s", failure->message); /* so damaged that it cannot be looked at */
	}
	return true;
}

bool
hk_db_inspect(hk_db *db, GPtrArray *faults, GError **error)
{
	return inspect(db, false, faults, error);
}

bool
hk_db_inspect_new(hk_db *db, GPtrArray *faults, GError **error)
{
	return inspect(db, true, faults, error);
}
