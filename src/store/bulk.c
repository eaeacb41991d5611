#include "store/bulk.h"

#include <string.h>

#include "store/pgsql_int.h"
#include "sys/gerr.h"

static const char *const derived_tables[] = {"case_texts", "case_grams", NULL};

struct hk_scan {
	hk_db *db;
	hk_rows *rows; /* owned; SQLite: all, PostgreSQL: the part that was fetched */
	unsigned columns;
};

struct hk_load {
	hk_db *db;
	char *text; /* owned; SQLite: the INSERT */
	unsigned columns;
	Oid *types;      /* owned; PostgreSQL: of the columns */
	GString *buffer; /* owned; PostgreSQL: of the COPY, not yet sent */
	bool open;       /* a COPY is under way */
};

/* Rows that a cursor gives at once, and bytes that a COPY sends at once. */
#define FETCH "FETCH 2000 FROM hikeshi_scan"
enum { COPY_BYTES = 1 << 16 };

char *
hk_sql_quote(const char *name)
{
	g_autoptr(GString) text = g_string_new(name);

	g_string_replace(text, "\"", "\"\"", 0);
	return g_strdup_printf("\"%s\"", text->str);
}

/* The first number of the first row, 0 when there is none. */
static bool
first_number(hk_db *db, const char *text, const hk_value *values, size_t count, int64_t *ret,
	GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_run(db, text, true, values, count, error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = found ? hk_rows_int(rows, 0) : 0;
	return true;
}

/* Tables ---------------------------------------------------------------------------------------- */

hk_table *
hk_table_new(const char *name, int64_t rows)
{
	hk_table *table = g_new0(hk_table, 1);

	table->name = g_strdup(name);
	table->rows = rows;
	return table;
}

void
hk_table_free(void *data)
{
	hk_table *table = data;

	g_free(table->name);
	g_free(table);
}

static bool
list_tables(hk_db *db, bool derived, GPtrArray *to, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *failure = NULL;

	hk_sqlb_both(b,
		HK_SQL("SELECT l.name FROM pragma_table_list AS l JOIN sqlite_master AS m ON "
		       "m.name = l.name "
		       "AND m.type = 'table' WHERE l.schema = 'main' AND l.type = 'table' AND "
		       "substr(l.name, 1, 7) <> 'sqlite_' ORDER BY m.rowid"),
		HK_SQL("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace "
		       "= "
		       "(SELECT oid FROM pg_namespace WHERE nspname = current_schema()) ORDER BY "
		       "oid"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &failure)) {
		const char *name = hk_rows_str(rows, 0);
		if (derived || !g_strv_contains(derived_tables, name)) {
			g_ptr_array_add(to, hk_table_new(name, 0));
		}
	}
	if (failure) {
		g_propagate_error(error, failure);
		return false;
	}
	return true;
}

bool
hk_table_count(hk_db *db, const char *table, int64_t *ret, GError **error)
{
	g_autofree char *name = hk_sql_quote(table);
	g_autofree char *text = g_strdup_printf("SELECT count(*) FROM %s", name);

	return first_number(db, text, NULL, 0, ret, error);
}

GPtrArray *
hk_tables(hk_db *db, bool derived, GError **error)
{
	g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func(hk_table_free);

	if (!list_tables(db, derived, tables, error)) {
		return NULL;
	}
	for (unsigned i = 0; i < tables->len; i++) {
		hk_table *table = tables->pdata[i];
		if (!hk_table_count(db, table->name, &table->rows, error)) {
			return NULL;
		}
	}
	return g_steal_pointer(&tables);
}

/* Reading --------------------------------------------------------------------------------------- */

static bool
scan_begin(hk_scan *scan, const char *table, GError **error)
{
	hk_db *db = scan->db;
	g_autofree char *name = hk_sql_quote(table);
	g_autoptr(GPtrArray) columns = hk_table_columns(db, table, error);

	if (!columns) {
		return false;
	}
	scan->columns = columns->len;
	if (db->engine == HK_DB_SQLITE) {
		g_autofree char *text = g_strdup_printf("SELECT * FROM %s", name);
		scan->rows = hk_db_run(db, text, true, NULL, 0, error);
		return scan->rows != NULL;
	}
	g_autofree char *text =
		g_strdup_printf("DECLARE hikeshi_scan NO SCROLL CURSOR FOR SELECT * FROM %s", name);
	if (!hk_db_script(db, text, error)) {
		return false;
	}
	/* The types of the cursor change with the table: its FETCH is not kept prepared. */
	scan->rows = hk_db_pgsql_fetch(db, FETCH, error);
	return scan->rows != NULL;
}

hk_scan *
hk_scan_new(hk_db *db, const char *table, GError **error)
{
	g_autoptr(hk_scan) scan = g_new0(hk_scan, 1);

	scan->db = db;
	return scan_begin(scan, table, error) ? g_steal_pointer(&scan) : NULL;
}

void
hk_scan_free(hk_scan *scan)
{
	if (scan) {
		hk_rows_free(scan->rows);
		if (scan->db->engine == HK_DB_PGSQL && scan->db->open && !scan->db->failed) {
			hk_db_script(scan->db, "CLOSE hikeshi_scan", NULL);
		}
		g_free(scan);
	}
}

bool
hk_scan_next(hk_scan *scan, GError **error)
{
	GError *failure = NULL;

	if (!scan->rows) {
		return false;
	}
	if (hk_rows_next(scan->rows, &failure)) {
		return true;
	}
	if (failure) {
		g_propagate_error(error, failure);
		return false;
	}
	if (scan->db->engine == HK_DB_SQLITE) {
		return false;
	}
	hk_rows_free(scan->rows);
	scan->rows = hk_db_pgsql_fetch(scan->db, FETCH, error);
	return scan->rows && hk_rows_next(scan->rows, error);
}

unsigned
hk_scan_columns(const hk_scan *scan)
{
	return scan->columns;
}

hk_value
hk_scan_value(const hk_scan *scan, unsigned column)
{
	return hk_rows_value(scan->rows, column);
}

GPtrArray *
hk_table_columns(hk_db *db, const char *table, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(g_free);
	GError *failure = NULL;

	hk_sqlb_both(b, HK_SQL("SELECT name FROM pragma_table_info("),
		HK_SQL("SELECT attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND "
		       "attrelid = "
		       "to_regclass(quote_ident("));
	hk_sqlb_value(b, hk_v_str(table));
	hk_sqlb_both(b, HK_SQL(") ORDER BY cid"), HK_SQL(")) ORDER BY attnum"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return NULL;
	}
	while (hk_rows_next(rows, &failure)) {
		g_ptr_array_add(columns, g_strdup(hk_rows_str(rows, 0)));
	}
	if (failure) {
		g_propagate_error(error, failure);
		return NULL;
	}
	return g_steal_pointer(&columns);
}

/* Writing --------------------------------------------------------------------------------------- */

static char *
column_list(const GPtrArray *columns)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < columns->len; i++) {
		g_autofree char *name = hk_sql_quote(columns->pdata[i]);
		g_string_append_printf(text, "%s%s", i ? ", " : "", name);
	}
	return g_string_free(text, false);
}

static char *
insert_text(const char *table, const char *list, unsigned columns)
{
	GString *text = g_string_new(NULL);

	g_string_printf(text, "INSERT INTO %s (%s) VALUES (", table, list);
	for (unsigned i = 1; i <= columns; i++) {
		g_string_append_printf(text, "%s$%u", i > 1 ? ", " : "", i);
	}
	return g_string_free(g_string_append_c(text, ')'), false);
}

static bool
copy_begin(hk_load *load, const char *table, const char *list, GError **error)
{
	static const char head[] =
		"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* and the string's own NUL */
	PGconn *conn = hk_db_pgsql_conn(load->db);
	g_autofree char *look = g_strdup_printf("SELECT %s FROM %s LIMIT 0", list, table);
	g_autofree char *copy =
		g_strdup_printf("COPY %s (%s) FROM STDIN (FORMAT binary)", table, list);
	PGresult *result = PQexec(conn, look);
	bool good = hk_db_pgsql_good(result) || hk_db_pgsql_fail(load->db, result, error);

	load->types = g_new0(Oid, load->columns);
	for (unsigned i = 0; good && i < load->columns; i++) {
		load->types[i] = PQftype(result, (int)i);
	}
	PQclear(result);
	if (!good) {
		return false;
	}
	result = PQexec(conn, copy);
	load->open = PQresultStatus(result) == PGRES_COPY_IN;
	if (!load->open) {
		hk_db_pgsql_fail(load->db, result, error);
	}
	PQclear(result);
	load->buffer = g_string_sized_new(COPY_BYTES * 2);
	g_string_append_len(load->buffer, head, 19);
	return load->open;
}

hk_load *
hk_load_new(hk_db *db, const char *table, const GPtrArray *columns, GError **error)
{
	g_autoptr(hk_load) load = g_new0(hk_load, 1);
	g_autofree char *name = hk_sql_quote(table);
	g_autofree char *list = column_list(columns);

	load->db = db;
	load->columns = columns->len;
	if (db->engine == HK_DB_SQLITE) {
		load->text = insert_text(name, list, columns->len);
	} else if (!copy_begin(load, name, list, error)) {
		db->failed = true;
		return NULL;
	}
	return g_steal_pointer(&load);
}

static void
put_be(GString *to, uint64_t v, int bytes)
{
	for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
		g_string_append_c(to, (char)(v >> shift));
	}
}

/* The bytes of a number in a column of that type; 0: no such type. */
static int
number_size(Oid type)
{
	switch (type) {
	case PG_BOOL:
		return 1;
	case PG_INT2:
		return 2;
	case PG_INT4:
		return 4;
	case PG_INT8:
	case PG_FLOAT8:
		return 8;
	default:
		return 0;
	}
}

static bool
put_value(hk_load *load, unsigned column, const hk_value *value, GError **error)
{
	GString *to = load->buffer;
	Oid type = load->types[column];
	int size = number_size(type);
	uint64_t bits = (uint64_t)value->i;
	double real = value->kind == HK_VALUE_INT ? (double)value->i : value->d;
	bool text = value->kind == HK_VALUE_TEXT || value->kind == HK_VALUE_BLOB;

	if (value->kind == HK_VALUE_NULL) {
		put_be(to, UINT32_MAX, 4);
		return true;
	}
	if (text != (size == 0) || (value->kind == HK_VALUE_REAL && type != PG_FLOAT8)) {
		return hk_error_set(
			error, HK_EFORM, "column %u: a value of another type", column + 1);
	}
	if (text) {
		put_be(to, value->s.len, 4);
		g_string_append_len(to, (const char *)value->s.data, (gssize)value->s.len);
		return true;
	}
	if (type == PG_FLOAT8) {
		memcpy(&bits, &real, sizeof(bits));
	}
	put_be(to, (uint64_t)size, 4);
	put_be(to, bits, size);
	return true;
}

static bool
copy_flush(hk_load *load, size_t at_least, GError **error)
{
	if (load->buffer->len < at_least) {
		return true;
	}
	bool sent = PQputCopyData(hk_db_pgsql_conn(load->db), load->buffer->str,
			    (int)load->buffer->len) == 1;
	g_string_truncate(load->buffer, 0);
	return sent || hk_db_pgsql_fail(load->db, NULL, error);
}

bool
hk_load_row(hk_load *load, const hk_value *values, GError **error)
{
	if (load->db->engine == HK_DB_SQLITE) {
		return hk_db_run_exec(
			load->db, load->text, true, values, load->columns, NULL, error);
	}
	put_be(load->buffer, load->columns, 2);
	for (unsigned i = 0; i < load->columns; i++) {
		if (!put_value(load, i, &values[i], error)) {
			return false;
		}
	}
	return copy_flush(load, COPY_BYTES, error);
}

/* why NULL: all is well; else the rows are given up. */
static bool
copy_end(hk_load *load, const char *why, GError **error)
{
	PGconn *conn = hk_db_pgsql_conn(load->db);
	PGresult *result;
	bool good = PQputCopyEnd(conn, why) == 1 || hk_db_pgsql_fail(load->db, NULL, error);

	load->open = false;
	while ((result = PQgetResult(conn))) {
		if (good && !hk_db_pgsql_good(result)) {
			good = hk_db_pgsql_fail(load->db, result, error);
		}
		PQclear(result);
	}
	load->db->failed = load->db->failed || !good;
	return good;
}

bool
hk_load_end(hk_load *load, GError **error)
{
	if (load->db->engine == HK_DB_SQLITE) {
		return true;
	}
	put_be(load->buffer, UINT16_MAX, 2); /* the trailer: -1 columns */
	return copy_flush(load, 1, error) && copy_end(load, NULL, error);
}

void
hk_load_free(hk_load *load)
{
	if (load) {
		if (load->open) {
			copy_end(load, "given up", NULL);
		}
		if (load->buffer) {
			g_string_free(load->buffer, true);
		}
		g_free(load->text);
		g_free(load->types);
		g_free(load);
	}
}

/* Numbers --------------------------------------------------------------------------------------- */

/* Which columns number by themselves: "id", if any (schema: @ID@). PostgreSQL: the name of its sequence; NULL: none. */
static bool
sequence_of(hk_db *db, const char *table, char **ret, GError **error)
{
	g_autofree char *name = hk_sql_quote(table);
	hk_value values[] = {hk_v_str(name), hk_v_str(table)};
	g_autoptr(hk_rows) rows = hk_db_run(db,
		"SELECT pg_get_serial_sequence($1, 'id') FROM pg_attribute WHERE attrelid = "
		"to_regclass(quote_ident($2)) AND attname = 'id'",
		false, values, 2, error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = found ? g_strdup(hk_rows_str(rows, 0)) : NULL;
	return true;
}

bool
hk_table_last_id(hk_db *db, const char *table, int64_t *ret, GError **error)
{
	g_autofree char *sequence = NULL;

	if (db->engine == HK_DB_SQLITE) {
		hk_value value = hk_v_str(table);
		return first_number(db, "SELECT seq FROM sqlite_sequence WHERE name = $1", &value,
			1, ret, error);
	}
	if (!sequence_of(db, table, &sequence, error)) {
		return false;
	}
	if (!sequence) {
		*ret = 0;
		return true;
	}
	g_autofree char *text = g_strdup_printf(
		"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM %s", sequence);
	return first_number(db, text, NULL, 0, ret, error);
}

bool
hk_table_set_last_id(hk_db *db, const char *table, int64_t last_id, GError **error)
{
	g_autofree char *sequence = NULL;

	if (last_id == 0) {
		return true;
	}
	if (db->engine == HK_DB_SQLITE) {
		hk_value values[] = {hk_v_int(last_id), hk_v_str(table)};
		int64_t changed;
		if (!hk_db_run_exec(db,
			    "UPDATE sqlite_sequence SET seq = max(seq, $1) WHERE name = $2", false,
			    values, 2, &changed, error)) {
			return false;
		}
		return changed > 0 ||
		       hk_db_run_exec(db, "INSERT INTO sqlite_sequence (seq, name) VALUES ($1, $2)",
			       false, values, 2, NULL, error);
	}
	if (!sequence_of(db, table, &sequence, error)) {
		return false;
	}
	if (!sequence) {
		return hk_error_set(error, HK_EFORM, "table %s does not number its rows", table);
	}
	hk_value values[] = {hk_v_str(sequence), hk_v_int(last_id)};
	int64_t set;
	return first_number(db, "SELECT setval(CAST($1 AS regclass), $2)", values, 2, &set, error);
}
