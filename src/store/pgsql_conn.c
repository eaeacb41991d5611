#include "store/pgsql_int.h"

#include <string.h>

#include "sys/gerr.h"

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
	const char *where = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
	if (g_strcmp0(where, "RevalidateCachedQuery") == 0) {
		/* A migration has changed what a prepared statement gives: a new connection prepares all anew. */
		db->lost = true;
		return hk_error_set(error, HK_EAGAIN, "%s: the schema has changed", base->place);
	}
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

bool
hk_db_pgsql_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	/* Empty: a migration that is the other engine's. */
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	       status == PGRES_EMPTY_QUERY;
}

bool
hk_db_pgsql_script(hk_db *base, const char *text, GError **error)
{
	PGresult *result = PQexec(of(base)->conn, text);
	bool ret = hk_db_pgsql_good(result) || hk_db_pgsql_fail(base, result, error);

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
		"SET gin_pending_list_limit = 256;" /* kB: every search reads the list */
		"SET jit = off;"
		"SELECT set_config('search_path', quote_ident(current_schema()), false)";

	PQsetNoticeProcessor(db->conn, ignore_notice, NULL);
	g_hash_table_remove_all(db->kept);
	g_ptr_array_set_size(db->loose, 0);
	db->listening = false;
	db->lost = false;
	return check_server(db, error) && hk_db_pgsql_script(&db->base, settings, error);
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

	/* Refusals that pass: full (of clients, for one role or database, but for reserved slots), starting, stopping. What was let in
	 * once is waited for, whatever the reason: a server that came up between the two questions, for one. */
	static const char *const passing[] = {
		"too many c", "connection slots", "starting up", "shutting down", "recovery", NULL};
	for (size_t i = 0; passing[i] && code == HK_ECONFIG; i++) {
		code = db->base.place || strstr(text, passing[i]) ? HK_EAGAIN : code;
	}
	return hk_error_set(error, code, "PostgreSQL: %s", text);
}

bool
hk_db_pgsql_reconnect(pgsql_db *db, GError **error)
{
	if (!db->lost) {
		return true;
	}
	PQreset(db->conn);
	if (PQstatus(db->conn) != CONNECTION_OK) {
		return cannot_connect(db, error);
	}
	if (!configure(db, error)) {
		db->lost = true; /* not to be used as it is */
		return false;
	}
	return true;
}

static bool
is_local(const char *host)
{
	if (host && strchr(host, ',')) {
		return false; /* several: not one machine */
	}
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
	const char *sslmode = NULL;

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
