/* store/migrate: forward, once, all or nothing. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/migrate.h"
#include "sys/gerr.h"

#include "store.h"
#include "tap.h"

static const hk_migration steps[] = {
	{1, "first",
		"-- a comment; with a semicolon, 'a quote' and @TEXT@\n"
		"CREATE TABLE parents (\n\tid @ID@, -- another; one\n\tname @TEXT@ NOT NULL,\n"
		"\tweight DOUBLE PRECISION, raw @BLOB@\n);\n"
		"CREATE TABLE children (\n\tparent BIGINT NOT NULL REFERENCES parents (id)\n);\n"
		"-- @sqlite\nCREATE TABLE which (engine TEXT);\nINSERT INTO which VALUES "
		"('sqlite');\n"
		"-- @pgsql\nCREATE TABLE which (engine TEXT);\nINSERT INTO which VALUES "
		"('pgsql');\n"
		"-- @both\nCREATE INDEX children_parent ON children (parent);\n"},
	{2, "second", "ALTER TABLE parents ADD COLUMN more BIGINT NOT NULL DEFAULT 7;\n"},
	{3, "third", "CREATE TABLE third (id @ID@);\n"},
};

static hk_db *
fresh(void)
{
	g_autofree char *url = hk_test_db_empty_url();
	g_autoptr(GError) error = NULL;

	ok(hk_db_create(url, &error), "made");
	hk_db *db = hk_db_open(url, &error);
	if (!db) {
		tap_diag("%s", error->message);
		exit(1);
	}
	return db;
}

static void
is_version(hk_db *db, unsigned want, const char *what)
{
	unsigned version = 99;

	ok(hk_schema_version(db, &version, NULL), "%s: version", what);
	is_int(version, want, "%s: its number", what);
}

static void
fails(bool good, GError **error, hk_err code, const char *text, const char *what)
{
	ok(!good, "%s: refused", what);
	is_str(hk_err_code(hk_error_code(*error)), hk_err_code(code), "%s: code", what);
	ok(*error && strstr((*error)->message, text), "%s: says \"%s\"", what, text);
	if (*error) {
		tap_diag("%s", (*error)->message);
	}
	g_clear_error(error);
}

static void
forward(void)
{
	g_autoptr(hk_db) db = fresh();
	g_autoptr(GError) error = NULL;
	int64_t n;

	is_version(db, 0, "empty");
	ok(hk_migrate_to(db, steps, 1, &error), "the first");
	is_version(db, 1, "after it");
	ok(hk_db_exec(db, HK_SQL("INSERT INTO parents (name, weight, raw) VALUES ('p', 0.5, NULL)"),
		   HK_NO_ARGS, NULL, &error) &&
			hk_db_exec(db, HK_SQL("INSERT INTO children VALUES (1)"), HK_NO_ARGS, NULL,
				&error),
		"rows");
	ok(hk_migrate_to(db, steps, 3, &error), "the others");
	is_version(db, 3, "after them");
	ok(hk_db_int(db, HK_SQL("SELECT more FROM parents WHERE id = 1"), HK_NO_ARGS, &n, &error),
		"the new column");
	is_int(n, 7, "its default");
	ok(hk_migrate_to(db, steps, 3, &error), "again: nothing to do");
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT engine FROM which"), HK_NO_ARGS, &error);
	ok(rows && hk_rows_next(rows, NULL), "one engine's lines");
	is_str(hk_rows_str(rows, 0), hk_test_db_pgsql() ? "pgsql" : "sqlite", "are this one's");
	ok(!hk_db_exec(db, HK_SQL("INSERT INTO children VALUES (99)"), HK_NO_ARGS, NULL, &error),
		"references are checked");
	is_int(hk_error_code(error), HK_EPOLICY, "as a refusal");
	g_clear_error(&error);
	if (!hk_test_db_pgsql()) {
		ok(!hk_db_exec(db, HK_SQL("UPDATE parents SET weight = 'heavy'"), HK_NO_ARGS, NULL,
			   &error),
			"columns are strict");
		g_clear_error(&error);
	}
}

static void
refused(void)
{
	g_autoptr(hk_db) db = fresh();
	g_autoptr(GError) error = NULL;
	hk_migration other[] = {steps[0], steps[1], steps[2]};

	fails(hk_schema_check(db, &error), &error, HK_ECONFIG, "hikeshi db init", "no schema");
	ok(hk_migrate_to(db, steps, 3, NULL), "three");
	fails(hk_migrate_to(db, steps, 2, &error), &error, HK_ECONFIG,
		"knows schema 2; the database has 3: it was written by a newer hikeshi", "newer");
	is_version(db, 3, "untouched");
	other[1].text = "ALTER TABLE parents ADD COLUMN more BIGINT;\n";
	fails(hk_migrate_to(db, other, 3, &error), &error, HK_ECONFIG, "another build",
		"other text");
	fails(hk_schema_check(db, &error), &error, HK_ECONFIG,
		hk_migration_count < 3 ? "newer hikeshi" : "another build", "not ours");
}

static void
all_or_nothing(void)
{
	g_autoptr(hk_db) db = fresh();
	g_autoptr(GError) error = NULL;
	hk_migration bad[] = {steps[0],
		{2, "bad", "CREATE TABLE half (id @ID@);\nCREATE TABLE half (x BIGINT);\n"},
		{3, "orphan", "INSERT INTO children VALUES (77);\n"}};

	fails(hk_migrate_to(db, bad, 2, &error), &error, HK_EINTERNAL, "0002_bad", "a bad one");
	is_version(db, 1, "the good one before it stays");
	ok(hk_migrate_to(db, steps, 2, &error), "the connection is fine");
	bad[1] = steps[1];
	ok(!hk_migrate_to(db, bad, 3, &error), "an orphan is refused");
	is_int(hk_error_code(error), HK_EPOLICY, "as a refusal");
	g_clear_error(&error);
	is_version(db, 2, "the good ones before it stay");
	ok(!hk_db_exec(db, HK_SQL("INSERT INTO children VALUES (99)"), HK_NO_ARGS, NULL, &error),
		"references are checked again after it");
	g_clear_error(&error);
}

/* Four processes at once: each step runs once. */
static void
at_once(void)
{
	g_autofree char *url = hk_test_db_empty_url();
	int bad = 0, status;
	unsigned version = 0;

	ok(hk_db_create(url, NULL), "made");
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			g_autoptr(GError) error = NULL;
			hk_db *db = hk_db_open(url, &error);
			bool good = db && hk_migrate(db, &error);
			/* On a machine that is busy otherwise a turn may take longer than the wait for it. */
			for (int tries = 0; db && !good && tries < 20; tries++) {
				if (hk_error_code(error) == HK_EAGAIN) {
					g_clear_error(&error);
					good = hk_migrate(db, &error);
				}
			}
			good = good && hk_schema_check(db, &error);
			if (!good) {
				fprintf(stderr, "# %s\n", error->message);
			}
			hk_db_close(db);
			_exit(!good);
		}
	}
	while (wait(&status) > 0) {
		bad += status != 0;
	}
	is_int(bad, 0, "four processes migrate at once");
	g_autoptr(hk_db) db = hk_db_open(url, NULL);
	ok(hk_schema_version(db, &version, NULL) && version == hk_migration_count, "once");
}

static void
creating(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = hk_test_db_empty_url();
	struct stat st;

	if (!hk_test_db_pgsql()) {
		g_autofree char *deep = g_strconcat(url, ".d/er/house.db", NULL);
		g_autofree char *with = g_strconcat("sqlite:", url, NULL);
		ok(!hk_db_open(url, &error), "no file");
		is_int(hk_error_code(error), HK_ENOENT, "not found");
		g_clear_error(&error);
		ok(hk_db_create(with, &error), "sqlite:PATH");
		ok(stat(url, &st) == 0 && (st.st_mode & 0777) == 0600, "mode 0600");
		ok(hk_db_create(url, &error), "an empty file is taken");
		ok(hk_db_create(deep, &error), "folders are made");
		g_autofree char *folder = g_path_get_dirname(deep);
		ok(stat(folder, &st) == 0 && (st.st_mode & 0777) == 0700, "mode 0700");
		unlink(deep);
		rmdir(folder);
		*strrchr(folder, '/') = '\0';
		rmdir(folder);
	}
	ok(hk_db_create(url, NULL), "made");
	g_autoptr(hk_db) db = hk_db_open(url, &error);
	ok(db && hk_migrate(db, &error), "migrated");
	fails(hk_db_create(url, &error), &error, HK_EPOLICY, "is not empty", "again");
	fails(hk_db_open("mysql://x", &error) != NULL, &error, HK_ECONFIG, "not \"mysql://\"",
		"mysql");
	fails(hk_db_open("sqlite:", &error) != NULL, &error, HK_ECONFIG, "no name", "nothing");
	fails(hk_db_open("/dev/null", &error) != NULL, &error, HK_ECONFIG, "no file", "a device");
	fails(hk_db_open("postgresql:///x?foo=1", &error) != NULL, &error, HK_ECONFIG, "foo",
		"a parameter that is none");
	fails(hk_db_open("postgresql:///x?host=/nonexistent", &error) != NULL, &error, HK_EAGAIN,
		"/nonexistent", "no server");
}

int
main(void)
{
	at_once(); /* first: fork without connections */
	forward();
	refused();
	all_or_nothing();
	creating();
	return tap_done();
}
