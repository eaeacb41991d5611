#include "store/db_int.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

#include "base/num.h"
#include "store/pgsql_int.h"
#include "sys/gerr.h"
#include "sys/hash.h"

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
};

/* Statements kept besides those of literals without NULL: a NULL has no type, so that each pattern of NULLs is another statement. */
enum { LOOSE_MAX = 256 };

typedef struct pgsql_rows {
	hk_rows base;
	PGresult *result;
	int row;
} pgsql_rows;

static pgsql_db *
of(const hk_db *db)
{
	return (pgsql_db *)(void *)db;
}

PGconn *
hk_db_pgsql_conn(hk_db *db)
{
	return of(db)->conn;
}

/* Errors ---------------------------------------------------------------------------------------- */

/* A whole SQLSTATE, or its first two characters (the class); the first that fits. */
static hk_err
code_of(const char *state)
{
	static const struct {
		const char *state;
		hk_err code;
	} table[] = {
		{"40", HK_EAGAIN},    /* serialization failure, deadlock */
		{"55P03", HK_EAGAIN}, /* lock_timeout */
		{"08P01", HK_EINTERNAL},
		{"08", HK_EAGAIN},       /* connection */
		{"57P", HK_EAGAIN},      /* shutdown, start-up, crash */
		{"53300", HK_EAGAIN},    /* too many connections */
		{"25P03", HK_EAGAIN},    /* idle in transaction for too long */
		{"53100", HK_EFULL},     /* disk */
		{"53", HK_EAGAIN},       /* memory and other resources */
		{"23", HK_EPOLICY},      /* constraint */
		{"22003", HK_ERANGE},    /* a number */
		{"22021", HK_EFORM},     /* a character */
		{"28", HK_ECONFIG},      /* login */
		{"3D", HK_ECONFIG},      /* no such database */
		{"42501", HK_ECONFIG},   /* permission */
		{"25006", HK_EINTERNAL}, /* a write in a transaction for reading */
		{"42", HK_EINTERNAL},    /* syntax, names, types */
		{"26", HK_EINTERNAL},
		{"0", HK_EINTERNAL},
		{"22", HK_EINTERNAL},
		{"54", HK_ELIMIT},
		{"XX001", HK_ECHECK}, /* damaged */
		{"XX002", HK_ECHECK},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		if (g_str_has_prefix(state, table[i].state)) {
			return table[i].code;
		}
	}
	return HK_EIO;
}

/* libpq's messages have several lines and end with one. */
static char *
one_line(const char *text)
{
	GString *ret = g_string_new(text);

	while (ret->len > 0 && g_ascii_isspace(ret->str[ret->len - 1])) {
		g_string_truncate(ret, ret->len - 1);
	}
	g_string_replace(ret, "\n", "; ", 0);
	g_string_replace(ret, "\t", " ", 0);
	return g_string_free(ret, false);
}

bool
hk_db_pgsql_fail(hk_db *base, const PGresult *result, GError **error)
{
	pgsql_db *db = of(base);

	if (PQstatus(db->conn) != CONNECTION_OK) {
		db->lost = true;
		return hk_error_set(error, HK_EAGAIN, "%s: the connection was lost", base->place);
	}
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *what = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	/* Without the detail, which quotes the row. */
	g_autofree char *text = one_line(what ? what : PQerrorMessage(db->conn));
	hk_err code = code_of(state ? state : "");
	if (state && strcmp(state, "42501") == 0) {
		return hk_error_set(error, code,
			"%s: %s: the role needs to own the database (GRANT CREATE ON SCHEMA "
			"public, or "
			"ALTER DATABASE ... OWNER)",
			base->place, text);
	}
	return hk_error_set(error, code, "%s: %s (%s)", base->place, text, state ? state : "-");
}

static bool
good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static bool
run_script(hk_db *base, const char *text, GError **error)
{
	PGresult *result = PQexec(of(base)->conn, text);
	bool ret = good(result) || hk_db_pgsql_fail(base, result, error);

	PQclear(result);
	of(base)->wrote = true;
	return ret;
}

/* Connections ----------------------------------------------------------------------------------- */

static void
ignore_notice(void *user, const char *text)
{
	(void)user; /* what matters comes as an error */
	(void)text;
}

static bool
check_server(pgsql_db *db, GError **error)
{
	const char *encoding = PQparameterStatus(db->conn, "server_encoding");

	if (PQserverVersion(db->conn) < 140000) {
		return hk_error_set(error, HK_ECONFIG,
			"%s: PostgreSQL %d is too old: hikeshi needs 14 or newer", db->base.place,
			PQserverVersion(db->conn) / 10000);
	}
	if (!encoding || strcmp(encoding, "UTF8") != 0) {
		return hk_error_set(error, HK_ECONFIG,
			"%s is encoded in %s: make it with CREATE DATABASE ... ENCODING 'UTF8' "
			"TEMPLATE "
			"template0",
			db->base.place, encoding ? encoding : "?");
	}
	return true;
}

/* Settings of a session. The schema is pinned, so that one that appears later cannot take the place of ours. */
static bool
configure(pgsql_db *db, GError **error)
{
	static const char settings[] =
		"SET client_min_messages = warning;"
		"SET statement_timeout = 60000;"
		"SET lock_timeout = 10000;"
		"SET idle_in_transaction_session_timeout = 600000;"
		"SET standard_conforming_strings = on;"
		"SET timezone = 'UTC';"
		"SET jit = off;"
		"SELECT set_config('search_path', quote_ident(current_schema()), false)";

	PQsetNoticeProcessor(db->conn, ignore_notice, NULL);
	g_hash_table_remove_all(db->kept);
	g_ptr_array_set_size(db->loose, 0);
	db->listening = false;
	db->lost = false;
	return check_server(db, error) && run_script(&db->base, settings, error);
}

static bool
cannot_connect(pgsql_db *db, GError **error)
{
	g_autofree char *text = one_line(PQerrorMessage(db->conn));
	const char *const keys[] = {"connect_timeout", "dbname", NULL};
	const char *const values[] = {"5", db->uri, NULL};
	/* A server that answers has refused us, which no waiting mends; one that does not may be on its way. */
	PGPing ping = PQpingParams(keys, values, 1);
	hk_err code = ping == PQPING_OK || ping == PQPING_NO_ATTEMPT ? HK_ECONFIG : HK_EAGAIN;

	/* "too many clients" is the one refusal that passes. */
	if (ping == PQPING_OK && strstr(text, "too many clients")) {
		code = HK_EAGAIN;
	}
	return hk_error_set(error, code, "PostgreSQL: %s", text);
}

static bool
reconnect(pgsql_db *db, GError **error)
{
	if (!db->lost) {
		return true;
	}
	PQreset(db->conn);
	if (PQstatus(db->conn) != CONNECTION_OK) {
		return cannot_connect(db, error);
	}
	return configure(db, error);
}

static bool
is_local(const char *host)
{
	return !host || *host == '\0' || *host == '/' || *host == '@' ||
	       strcmp(host, "localhost") == 0 || g_str_has_prefix(host, "127.") ||
	       strcmp(host, "::1") == 0;
}

/* Over a network libpq would fall back to no encryption, and never look at the certificate, unless told so: here it must be told
 * to do without. */
static bool
check_uri(const char *uri, const char **ret_sslmode, GError **error)
{
	char *text = NULL;
	PQconninfoOption *options = PQconninfoParse(uri, &text);
	const char *host = g_getenv("PGHOST");

	if (!options) {
		g_autofree char *line = one_line(text ? text : "no memory");
		PQfreemem(text);
		return hk_error_set(error, HK_ECONFIG, "the database's URL: %s", line);
	}
	for (const PQconninfoOption *option = options; option->keyword; option++) {
		if (option->val && (strcmp(option->keyword, "host") == 0 ||
					   strcmp(option->keyword, "hostaddr") == 0)) {
			host = option->val;
		}
	}
	*ret_sslmode = is_local(host) ? "prefer" : "verify-full";
	PQconninfoFree(options);
	return true;
}

hk_db *
hk_db_pgsql_new(const char *uri, GError **error)
{
	const char *sslmode;

	if (!check_uri(uri, &sslmode, error)) {
		return NULL;
	}
	/* What stands before dbname gives way to the URL's own parameters. A server that vanishes is noticed in 30 s. */
	const char *const keys[] = {"sslmode", "connect_timeout", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"fallback_application_name", "dbname", "client_encoding", NULL};
	const char *const values[] = {
		sslmode, "10", "10", "5", "4", "30000", "hikeshi", uri, "UTF8", NULL};
	pgsql_db *db = g_new0(pgsql_db, 1);
	db->base.ops = &hk_db_pgsql_ops;
	db->base.engine = HK_DB_PGSQL;
	db->uri = g_strdup(uri);
	db->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	db->loose = g_ptr_array_new();
	db->conn = PQconnectdbParams(keys, values, 1);
	if (PQstatus(db->conn) != CONNECTION_OK) {
		cannot_connect(db, error);
		hk_db_close(&db->base);
		return NULL;
	}
	db->base.place = g_strdup_printf("database %s", PQdb(db->conn));
	if (!configure(db, error)) {
		hk_db_close(&db->base);
		return NULL;
	}
	return &db->base;
}

static void
pgsql_close(hk_db *base)
{
	pgsql_db *db = of(base);

	PQfinish(db->conn);
	g_hash_table_unref(db->kept);
	g_ptr_array_unref(db->loose);
	g_free(db->uri);
	g_free(db);
}

/* Transactions ---------------------------------------------------------------------------------- */

static bool
begin_once(pgsql_db *db, bool write, GError **error)
{
	/* The number of a write transaction tells what became of it if the connection breaks within the commit. */
	PGresult *result =
		PQexec(db->conn, write ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT "
					 "pg_current_xact_id()"
				       : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	bool ret = good(result) || hk_db_pgsql_fail(&db->base, result, error);

	if (ret && write) {
		g_strlcpy(db->xact, PQgetvalue(result, 0, 0), sizeof(db->xact));
	}
	PQclear(result);
	return ret;
}

static bool
pgsql_begin(hk_db *base, bool write, GError **error)
{
	pgsql_db *db = of(base);
	g_autoptr(GError) failure = NULL;

	if (!reconnect(db, error)) {
		return false;
	}
	if (!begin_once(db, write, &failure)) {
		/* The server was restarted while we were idle: nothing is lost, begin on a new connection. */
		if (!db->lost) {
			/* A server for reading only, for one, has begun but gave no number. */
			PQclear(PQexec(db->conn, "ROLLBACK"));
			g_propagate_error(error, g_steal_pointer(&failure));
			return false;
		}
		if (!reconnect(db, error) || !begin_once(db, write, error)) {
			return false;
		}
	}
	db->wrote = false;
	return true;
}

static void
pgsql_rollback(hk_db *base)
{
	pgsql_db *db = of(base);

	if (!db->lost) {
		PGresult *result = PQexec(db->conn, "ROLLBACK");
		if (!good(result)) {
			/* A connection in an unknown state is of no use. */
			db->lost = true;
		}
		PQclear(result);
	}
}

/* The connection broke within a commit: asks another one what became of it. */
static bool
find_out(pgsql_db *db, GError **error)
{
	int64_t end_ms = hk_db_now_ms() + 30000;
	const char *const values[] = {db->xact};

	while (hk_db_now_ms() < end_ms) {
		if (reconnect(db, NULL)) {
			PGresult *result = PQexecParams(db->conn,
				"SELECT coalesce(pg_xact_status(CAST($1 AS xid8)), 'aborted')", 1,
				NULL, values, NULL, NULL, 0);
			g_autofree char *state =
				good(result) ? g_strdup(PQgetvalue(result, 0, 0)) : NULL;
			bool lost = PQstatus(db->conn) != CONNECTION_OK;
			PQclear(result);
			if (g_strcmp0(state, "committed") == 0) {
				return true;
			}
			if (!lost && g_strcmp0(state, "in progress") != 0) {
				return hk_error_set(error, HK_EAGAIN,
					"%s: the connection was lost, the transaction undone",
					db->base.place);
			}
			db->lost = lost;
		}
		nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
	}
	return hk_error_set(error, HK_EIO,
		"%s: the connection was lost within a commit; whether it was done is not known",
		db->base.place);
}

static bool
pgsql_commit(hk_db *base, GError **error)
{
	pgsql_db *db = of(base);
	bool notify = base->write && db->wrote;

	/* In one go, but behind the commit: NOTIFY within the transaction would put all commits in a row, each waiting for the
	 * disk. */
	bool sent = PQsendQuery(db->conn, notify ? "COMMIT; NOTIFY hikeshi" : "COMMIT");
	PGresult *result = sent ? PQgetResult(db->conn) : NULL;
	bool done = result && good(result) && strcmp(PQcmdStatus(result), "COMMIT") == 0;
	g_autoptr(GError) failure = NULL;
	if (!done) {
		hk_db_pgsql_fail(base, result, &failure);
	}
	PQclear(result);
	while (sent && (result = PQgetResult(db->conn))) {
		PQclear(result);
	}
	if (done) {
		return true;
	}
	if (db->lost && base->write) {
		return find_out(db, error);
	}
	g_propagate_error(error, g_steal_pointer(&failure));
	pgsql_rollback(base);
	return false;
}

/* Statements ------------------------------------------------------------------------------------ */

static void
put_be64(uint8_t *to, uint64_t v)
{
	for (int i = 0; i < 8; i++) {
		to[i] = (uint8_t)(v >> (56 - 8 * i));
	}
}

static uint64_t
get_be(const uint8_t *from, int len)
{
	uint64_t v = 0;

	for (int i = 0; i < len; i++) {
		v = v << 8 | from[i];
	}
	return v;
}

/* The values as libpq takes them. */
typedef struct params {
	Oid types[HK_DB_VALUES_MAX];
	const char *values[HK_DB_VALUES_MAX];
	int lengths[HK_DB_VALUES_MAX];
	int formats[HK_DB_VALUES_MAX];
	uint8_t numbers[HK_DB_VALUES_MAX][8];
	char kinds[HK_DB_VALUES_MAX + 1]; /* a letter each: the statement's types as a text */
	bool nulls;
} params;

static void
put_param(params *p, size_t i, const hk_value *value)
{
	static const Oid types[] = {0, PG_INT8, PG_FLOAT8, PG_TEXT, PG_BYTEA};
	uint64_t bits = (uint64_t)value->i;

	p->types[i] = types[value->kind];
	p->kinds[i] = "nirtb"[value->kind];
	p->formats[i] = 1;
	switch (value->kind) {
	case HK_VALUE_REAL:
		memcpy(&bits, &value->d, sizeof(bits));
		/* fall through */
	case HK_VALUE_INT:
		put_be64(p->numbers[i], bits);
		p->values[i] = (const char *)p->numbers[i];
		p->lengths[i] = 8;
		break;
	case HK_VALUE_TEXT:
	case HK_VALUE_BLOB:
		p->values[i] = value->s.len > 0 ? (const char *)value->s.data : "";
		p->lengths[i] = (int)value->s.len;
		break;
	case HK_VALUE_NULL:
	default:
		p->values[i] = NULL;
		p->lengths[i] = 0;
		p->nulls = true;
	}
}

static void
forget_oldest(pgsql_db *db)
{
	if (db->loose->len >= LOOSE_MAX) {
		char *key = g_ptr_array_remove_index(db->loose, 0);
		char text[40];
		g_snprintf(text, sizeof(text), "DEALLOCATE hk%u",
			GPOINTER_TO_UINT(g_hash_table_lookup(db->kept, key)));
		PQclear(PQexec(db->conn, text));
		g_hash_table_remove(db->kept, key);
	}
}

/* The number of the prepared statement; 0 on failure. */
static unsigned
take(pgsql_db *db, const char *text, bool loose, const params *p, size_t count, GError **error)
{
	g_autofree char *key = g_strconcat(p->kinds, ":", text, NULL);
	void *known, *found;

	loose = loose || p->nulls;
	if (g_hash_table_lookup_extended(db->kept, key, &known, &found)) {
		if (loose && g_ptr_array_remove(db->loose, known)) {
			g_ptr_array_add(db->loose, known);
		}
		return GPOINTER_TO_UINT(found);
	}
	if (loose) {
		forget_oldest(db);
	}
	char name[24];
	unsigned number = ++db->last_number;
	g_snprintf(name, sizeof(name), "hk%u", number);
	PGresult *result = PQprepare(db->conn, name, text, (int)count, p->types);
	if (!good(result)) {
		hk_db_pgsql_fail(&db->base, result, error);
		g_prefix_error(error, "\"%.60s\": ", text);
		PQclear(result);
		return 0;
	}
	PQclear(result);
	if (loose) {
		g_ptr_array_add(db->loose, key);
	}
	g_hash_table_insert(db->kept, g_steal_pointer(&key), GUINT_TO_POINTER(number));
	return number;
}

static int64_t
rows_changed(PGresult *result)
{
	const char *text = PQcmdTuples(result);
	uint64_t n = 0;

	if (g_str_has_prefix(PQcmdStatus(result), "SELECT") ||
		hk_parse_u64(hk_span_str(text), INT64_MAX, &n) != HK_OK) {
		return 0;
	}
	return (int64_t)n;
}

/* Whether a statement that has run may have changed a row: others are woken only then, or workers that find nothing to do would
 * wake one another for ever. */
static bool
may_have_written(const char *text, PGresult *result)
{
	if (g_str_has_prefix(PQcmdStatus(result), "SELECT")) {
		return g_ascii_strncasecmp(text, "WITH", 4) == 0 && PQntuples(result) > 0;
	}
	return *PQcmdTuples(result) == '\0' || rows_changed(result) > 0;
}

static hk_rows *
pgsql_query(hk_db *base, const char *text, bool loose, const hk_value *values, size_t count,
	int64_t *ret_changed, GError **error)
{
	pgsql_db *db = of(base);
	params p;
	char name[24];

	if (count > HK_DB_VALUES_MAX) {
		hk_error_set(error, HK_EINTERNAL, "more than %d values", HK_DB_VALUES_MAX);
		return NULL;
	}
	p.nulls = false;
	p.kinds[count] = '\0';
	for (size_t i = 0; i < count; i++) {
		put_param(&p, i, &values[i]);
	}
	if (!base->open && !reconnect(db, error)) {
		return NULL;
	}
	unsigned number = take(db, text, loose, &p, count, error);
	if (number == 0) {
		return NULL;
	}
	g_snprintf(name, sizeof(name), "hk%u", number);
	PGresult *result =
		PQexecPrepared(db->conn, name, (int)count, p.values, p.lengths, p.formats, 1);
	if (!good(result)) {
		hk_db_pgsql_fail(base, result, error);
		PQclear(result);
		return NULL;
	}
	if (may_have_written(text, result)) {
		db->wrote = true;
		if (!base->open) {
			PQclear(PQexec(db->conn, "NOTIFY hikeshi"));
		}
	}
	if (ret_changed) {
		*ret_changed = rows_changed(result);
	}
	pgsql_rows *rows = g_new0(pgsql_rows, 1);
	rows->base.db = base;
	rows->base.finished = PQntuples(result) == 0;
	rows->result = result;
	return &rows->base;
}

/* Rows ------------------------------------------------------------------------------------------ */

static const pgsql_rows *
rows_of(const hk_rows *rows)
{
	return (const pgsql_rows *)(const void *)rows;
}

static bool
pgsql_next(hk_rows *base, GError **error)
{
	pgsql_rows *rows = (pgsql_rows *)(void *)base;

	(void)error; /* the rows are here */
	return ++rows->row < PQntuples(rows->result);
}

static void
pgsql_rows_free(hk_rows *base)
{
	PQclear(rows_of(base)->result);
	g_free(base);
}

static unsigned
pgsql_columns(const hk_rows *rows)
{
	return (unsigned)PQnfields(rows_of(rows)->result);
}

static const char *
pgsql_column_name(const hk_rows *rows, unsigned column)
{
	return PQfname(rows_of(rows)->result, (int)column);
}

static bool
pgsql_is_null(const hk_rows *rows, unsigned column)
{
	return PQgetisnull(rows_of(rows)->result, rows_of(rows)->row, (int)column);
}

static Oid
type_of(const hk_rows *rows, unsigned column)
{
	return PQftype(rows_of(rows)->result, (int)column);
}

static hk_span
bytes_of(const hk_rows *rows, unsigned column)
{
	const pgsql_rows *r = rows_of(rows);

	return hk_span_of(PQgetvalue(r->result, r->row, (int)column),
		(size_t)PQgetlength(r->result, r->row, (int)column));
}

/* sum() of a BIGINT is a NUMERIC: digits of base 10000, the first one weighs 10000^weight. */
static double
numeric(hk_span s, int64_t *ret_int)
{
	int digits = (int)get_be(s.data, 2), weight = (int16_t)get_be(s.data + 2, 2);
	bool minus = get_be(s.data + 4, 2) == 0x4000;
	__int128 whole = 0;
	double real = 0, unit = 1;

	for (int i = 0; i <= MIN(weight, 8); i++) {
		whole = whole * 10000 + (i < digits ? (int)get_be(s.data + 8 + 2 * i, 2) : 0);
	}
	for (int i = 0; i < weight; i++) {
		unit *= 10000;
	}
	for (int i = weight; i < 0; i++) {
		unit /= 10000;
	}
	for (int i = 0; i < digits; i++, unit /= 10000) {
		real += unit * (double)get_be(s.data + 8 + 2 * i, 2);
	}
	whole = minus ? -whole : whole;
	*ret_int = weight > 4 || whole > INT64_MAX ? (minus ? INT64_MIN : INT64_MAX)
		   : whole < INT64_MIN             ? INT64_MIN
						   : (int64_t)whole;
	return minus ? -real : real;
}

/* Any number as both; what is none is our mistake. */
static double
number(const hk_rows *rows, unsigned column, int64_t *ret_int)
{
	hk_span s = bytes_of(rows, column);
	uint64_t bits = s.len <= 8 ? get_be(s.data, (int)s.len) : 0;
	double real;
	float small;

	switch (type_of(rows, column)) {
	case PG_BOOL:
		*ret_int = (int64_t)bits;
		return (double)bits;
	case PG_INT2:
		*ret_int = (int16_t)bits;
		return (double)*ret_int;
	case PG_INT4:
		*ret_int = (int32_t)bits;
		return (double)*ret_int;
	case PG_INT8:
		*ret_int = (int64_t)bits;
		return (double)*ret_int;
	case PG_FLOAT4: {
		uint32_t half = (uint32_t)bits;
		memcpy(&small, &half, sizeof(small));
		real = (double)small;
		break;
	}
	case PG_FLOAT8:
		memcpy(&real, &bits, sizeof(real));
		break;
	case PG_NUMERIC:
		return numeric(s, ret_int);
	default:
		HK_BUG("a column that is no number is read as one");
	}
	*ret_int = real >= 0x1p63 ? INT64_MAX : real >= -0x1p63 ? (int64_t)real : INT64_MIN;
	return real;
}

static int64_t
pgsql_int(const hk_rows *rows, unsigned column)
{
	int64_t ret;

	number(rows, column, &ret);
	return ret;
}

static double
pgsql_real(const hk_rows *rows, unsigned column)
{
	int64_t whole;

	return number(rows, column, &whole);
}

static bool
is_text(Oid type)
{
	return type == PG_TEXT || type == PG_VARCHAR || type == PG_BPCHAR || type == PG_NAME ||
	       type == PG_UNKNOWN;
}

static const char *
pgsql_str(const hk_rows *rows, unsigned column)
{
	if (!is_text(type_of(rows, column))) {
		HK_BUG("a column that is no text is read as text");
	}
	return (const char *)bytes_of(rows, column).data;
}

static hk_span
pgsql_blob(const hk_rows *rows, unsigned column)
{
	if (type_of(rows, column) != PG_BYTEA && !is_text(type_of(rows, column))) {
		HK_BUG("a column that is no blob is read as one");
	}
	return bytes_of(rows, column);
}

/* Others ---------------------------------------------------------------------------------------- */

static bool
pgsql_lock(hk_db *base, const char *name, GError **error)
{
	uint8_t hash[HK_SHA256_SIZE];

	hk_sha256(hk_span_str(name), hash);
	hk_value key = hk_v_int((int64_t)get_be(hash, 8));
	hk_rows *rows =
		pgsql_query(base, "SELECT pg_advisory_xact_lock($1)", false, &key, 1, NULL, error);
	hk_rows_free(rows);
	return rows != NULL;
}

/* Takes in what has arrived; whether another connection's notice was among it. */
static bool
heard(pgsql_db *db)
{
	bool ret = false;
	PGnotify *notice;

	while ((notice = PQnotifies(db->conn))) {
		ret = ret || notice->be_pid != PQbackendPID(db->conn);
		PQfreemem(notice);
	}
	return ret;
}

/* Sleeps until the connection or the caller has something, or the time is over; whether the caller has. */
static bool
sleep_on(pgsql_db *db, int64_t ms, int cancel_fd)
{
	struct pollfd fds[] = {
		{.fd = db->lost ? -1 : PQsocket(db->conn), .events = POLLIN},
		{.fd = cancel_fd, .events = POLLIN},
	};

	return poll(fds, 2, (int)CLAMP(ms, 0, 3600000)) > 0 && fds[1].revents != 0;
}

static bool
pgsql_wait(hk_db *base, unsigned timeout_ms, int cancel_fd, GError **error)
{
	pgsql_db *db = of(base);
	int64_t end_ms = hk_db_now_ms() + timeout_ms;

	if (!reconnect(db, error)) {
		/* So that a caller who comes back at once does not spin. */
		sleep_on(db, MIN(timeout_ms, 1000), cancel_fd);
		return false;
	}
	if (!db->listening) {
		/* What was written before we listened is not known: as if something was. */
		db->listening = true;
		return run_script(base, "LISTEN hikeshi", error);
	}
	for (;;) {
		if (!PQconsumeInput(db->conn)) {
			db->lost = true;
			return true; /* the next call connects anew */
		}
		if (heard(db) || hk_db_now_ms() >= end_ms ||
			sleep_on(db, end_ms - hk_db_now_ms(), cancel_fd)) {
			return true;
		}
	}
}

const hk_db_ops hk_db_pgsql_ops = {
	.close = pgsql_close,
	.begin = pgsql_begin,
	.commit = pgsql_commit,
	.rollback = pgsql_rollback,
	.query = pgsql_query,
	.next = pgsql_next,
	.rows_free = pgsql_rows_free,
	.is_null = pgsql_is_null,
	.as_int = pgsql_int,
	.as_real = pgsql_real,
	.as_str = pgsql_str,
	.as_blob = pgsql_blob,
	.columns = pgsql_columns,
	.column_name = pgsql_column_name,
	.script = run_script,
	.lock = pgsql_lock,
	.wait = pgsql_wait,
};
