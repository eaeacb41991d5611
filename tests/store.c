#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <libpq-fe.h>

#include "store/migrate.h"

static char *folder;     /* of the SQLite databases */
static GPtrArray *names; /* PostgreSQL databases to drop; owned */
static char *last_url;
static unsigned made;
static pid_t owner; /* a child must not clean up */

_Noreturn static void
bail(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	fflush(stdout);
	exit(1);
}

bool
hk_test_db_pgsql(void)
{
	const char *url = g_getenv("HK_TEST_PGSQL");

	return url && *url;
}

static PGconn *
server(void)
{
	PGconn *conn = PQconnectdb(g_getenv("HK_TEST_PGSQL"));

	if (PQstatus(conn) != CONNECTION_OK) {
		bail("HK_TEST_PGSQL", PQerrorMessage(conn));
	}
	PQclear(PQexec(conn, "SET client_min_messages = warning"));
	return conn;
}

static bool
run(PGconn *conn, const char *text)
{
	PGresult *result = PQexec(conn, text);
	bool good = PQresultStatus(result) == PGRES_COMMAND_OK ||
		    PQresultStatus(result) == PGRES_TUPLES_OK;

	PQclear(result);
	return good;
}

static void
clean_up(void)
{
	if (getpid() != owner) {
		return;
	}
	if (folder) {
		const char *name;
		GDir *dir = g_dir_open(folder, 0, NULL);
		while (dir && (name = g_dir_read_name(dir))) {
			g_autofree char *path = g_build_filename(folder, name, NULL);
			g_unlink(path);
		}
		g_clear_pointer(&dir, g_dir_close);
		g_rmdir(folder);
		g_clear_pointer(&folder, g_free);
	}
	if (names) {
		PGconn *conn = PQconnectdb(g_getenv("HK_TEST_PGSQL"));
		for (unsigned i = 0; i < names->len; i++) {
			g_autofree char *text =
				g_strdup_printf("DROP DATABASE IF EXISTS \"%s\" WITH (FORCE)",
					(const char *)names->pdata[i]);
			run(conn, text);
		}
		PQfinish(conn);
		g_clear_pointer(&names, g_ptr_array_unref);
	}
	g_clear_pointer(&last_url, g_free);
}

static void
begin(void)
{
	if (owner == 0) {
		owner = getpid();
		atexit(clean_up);
	}
}

/* postgresql:///postgres?host=... with another database. */
static char *
url_of(const char *database)
{
	const char *url = g_getenv("HK_TEST_PGSQL");
	const char *path = strchr(url + strlen("postgresql://"), '/');
	const char *query = strchr(url, '?');

	if (!path) {
		bail("HK_TEST_PGSQL", "no /DATABASE in it");
	}
	return g_strdup_printf("%.*s/%s%s", (int)(path - url), url, database, query ? query : "");
}

static char *
pgsql_new(const char *template)
{
	begin();
	char *name = g_strdup_printf("hk_test_%d_%u", (int)owner, ++made);
	g_autofree char *text =
		g_strdup_printf("CREATE DATABASE \"%s\" TEMPLATE \"%s\"", name, template);
	PGconn *conn = server();
	if (!names) {
		names = g_ptr_array_new_with_free_func(g_free);
	}
	g_ptr_array_add(names, name);
	if (!run(conn, text)) {
		bail(text, PQerrorMessage(conn));
	}
	PQfinish(conn);
	return url_of(name);
}

/* The migrated database that the others are copied from: made by whoever comes first. Named by the schema, for a server that lives
 * longer than one build. */
static char *
pgsql_template(void)
{
	unsigned hash = 0;
	for (unsigned i = 0; i < hk_migration_count; i++) {
		hash = hash * 31 + g_str_hash(hk_migrations[i].text);
	}
	char *name = g_strdup_printf("hk_template_%08x", hash);
	g_autofree char *text = g_strdup_printf("CREATE DATABASE %s TEMPLATE template0", name);
	PGconn *conn = server();
	/* 1 is any number: the lock of this helper alone. */
	if (!run(conn, "SELECT pg_advisory_lock(1)")) {
		bail("lock", PQerrorMessage(conn));
	}
	if (run(conn, text)) {
		g_autofree char *url = url_of(name);
		g_autoptr(GError) error = NULL;
		hk_db *db = hk_db_open(url, &error);
		if (!db || !hk_migrate(db, &error)) {
			bail("migrate", error->message);
		}
		hk_db_close(db);
	}
	PQfinish(conn); /* unlocks */
	return name;
}

char *
hk_test_db_empty_url(void)
{
	if (hk_test_db_pgsql()) {
		return pgsql_new("template0");
	}
	begin();
	if (!folder) {
		/* In memory where there is such a place: the disk's fsync is most of the time of a test (measured: 87 s of 90). */
		const char *place = g_getenv("HK_TEST_DIR");
		if (!place) {
			place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir();
		}
		char *made_name = g_build_filename(place, "hikeshi-test-XXXXXX", NULL);
		folder = g_mkdtemp(made_name);
		if (!folder) {
			bail(place, "no folder can be made in it");
		}
	}
	return g_strdup_printf("%s/%u.db", folder, ++made);
}

hk_db *
hk_test_db(void)
{
	g_autoptr(GError) error = NULL;

	g_clear_pointer(&last_url, g_free);
	if (hk_test_db_pgsql()) {
		g_autofree char *template = pgsql_template();
		last_url = pgsql_new(template);
	} else {
		last_url = hk_test_db_empty_url();
		if (!hk_db_create(last_url, &error)) {
			bail("create", error->message);
		}
	}
	hk_db *db = hk_db_open(last_url, &error);
	if (!db || !hk_migrate(db, &error)) {
		bail("open", error->message);
	}
	return db;
}

const char *
hk_test_db_url(void)
{
	return last_url;
}
