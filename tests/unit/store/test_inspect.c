/* store/inspect: each kind of fault is found, and a sound database has none. */
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "store/db_int.h"
#include "store/inspect.h"
#include "sys/file.h"
#include "sys/gerr.h"

#include "store.h"
#include "tap.h"

static void
finds(hk_db *db, const char *text, const char *what)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	bool found = false;

	ok(hk_db_inspect(db, faults, &error), "%s: inspected", what);
	if (error) {
		tap_diag("%s", error->message);
	}
	for (unsigned i = 0; i < faults->len; i++) {
		tap_diag("%s", (const char *)faults->pdata[i]);
		found = found || (text && strstr(faults->pdata[i], text));
	}
	ok(text ? found : faults->len == 0, "%s: %s", what, text ? text : "no faults");
	ok(!hk_db_in_transaction(db), "%s: nothing is left open", what);
}

static void
script(hk_db *db, const char *text)
{
	g_autoptr(GError) error = NULL;

	if (!ok(hk_db_script(db, text, &error), "%s", text)) {
		tap_diag("%s", error->message);
	}
}

static void
schema(void)
{
	g_autoptr(hk_db) db = hk_test_db();

	finds(db, NULL, "new");
	script(db, "DROP INDEX cases_host");
	finds(db, "index cases_host is missing", "an index is gone");
	script(db, "CREATE INDEX cases_host ON cases (host, id)");
	finds(db, NULL, "as it was");
	script(db, "CREATE TABLE foreign_one (id BIGINT)");
	finds(db, "foreign_one", "a table of somebody");
	script(db, "DROP TABLE foreign_one");
	script(db, "ALTER TABLE labels ADD COLUMN more INTEGER");
	finds(db, "labels", "a column of somebody");
}

static void
references(void)
{
	g_autoptr(hk_db) db = hk_test_db();

	if (hk_test_db_pgsql()) {
		script(db, "ALTER TABLE labels DISABLE TRIGGER ALL");
		script(db, "INSERT INTO labels VALUES (77, 'x')");
		finds(db, "labels has triggers that are switched off",
			"references are not checked");
	} else {
		script(db, "PRAGMA foreign_keys = OFF");
		script(db, "INSERT INTO labels VALUES (77, 'x')");
		finds(db, "labels refers to a row of cases", "a reference to nothing");
	}
}

/* A page of noughts in the middle of the file. */
static void
damage(void)
{
	g_autoptr(GError) error = NULL;
	hk_db *db = hk_test_db();
	static const uint8_t noughts[4096];

	script(db, "BEGIN");
	for (int i = 0; i < 3000; i++) {
		char text[160];
		g_snprintf(text, sizeof(text),
			"INSERT INTO settings VALUES ('key %d', '%060d', 0, 1)", i, i);
		if (!hk_db_script(db, text, NULL)) {
			ok(false, "fill");
			return;
		}
	}
	script(db, "COMMIT");
	script(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	hk_db_close(db);
	int fd = open(hk_test_db_url(), O_WRONLY);
	off_t size = lseek(fd, 0, SEEK_END);
	ok(size > 100 * 4096 && pwrite(fd, noughts, sizeof(noughts), size - 20 * 4096) == 4096,
		"damaged");
	close(fd);
	db = hk_db_open(hk_test_db_url(), &error);
	ok(db != NULL, "it opens all the same");
	finds(db, "", "damaged");
	g_autoptr(hk_rows) rows = hk_db_query(
		db, HK_SQL("SELECT sum(length(value)) FROM settings"), HK_NO_ARGS, &error);
	ok(!rows, "reading it all");
	is_str(hk_err_code(hk_error_code(error)), "check-failed", "says so");
	hk_rows_free(g_steal_pointer(&rows));
	hk_db_close(db);
}

/* A full disk within a transaction: nothing of it is left, and with room again all is well. */
static void
full(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_db) db = hk_test_db();
	g_autofree char *large = g_strnfill(200000, 'x');
	struct rlimit old, low;
	int64_t n = -1;

	getrlimit(RLIMIT_FSIZE, &old);
	low = (struct rlimit){.rlim_cur = 600000, .rlim_max = old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &low);
	bool good = hk_db_begin(db, true, &error);
	for (int i = 0; good && i < 100; i++) {
		char key[16];
		g_snprintf(key, sizeof(key), "%d", i);
		good = hk_db_exec(db, HK_SQL("INSERT INTO settings VALUES ($1, $2, 0, 1)"),
			HK_ARGS(hk_v_str(key), hk_v_str(large)), NULL, &error);
	}
	good = good && hk_db_commit(db, &error);
	hk_db_rollback(db);
	setrlimit(RLIMIT_FSIZE, &old);
	ok(!good, "a full disk is an error");
	is_str(hk_err_code(hk_error_code(error)), "no-space", "its code");
	if (error) {
		tap_diag("%s", error->message);
	}
	g_clear_error(&error);
	ok(hk_db_int(db, HK_SQL("SELECT count(*) FROM settings"), HK_NO_ARGS, &n, &error) && n == 0,
		"nothing of the transaction is left");
	ok(hk_db_exec(db, HK_SQL("INSERT INTO settings VALUES ('k', $1, 0, 1)"),
		   HK_ARGS(hk_v_str(large)), NULL, &error),
		"with room again it goes on");
	finds(db, NULL, "after a full disk");
}

/* PostgreSQL's errors by their number: raised by itself. */
static void
codes(void)
{
	static const struct {
		const char *state;
		hk_err code;
	} cases[] = {{"53100", HK_EFULL}, {"40001", HK_EAGAIN}, {"40P01", HK_EAGAIN},
		{"55P03", HK_EAGAIN}, {"23505", HK_EPOLICY}, {"23503", HK_EPOLICY},
		{"53200", HK_EAGAIN}, {"XX001", HK_ECHECK}, {"42501", HK_ECONFIG},
		{"58030", HK_EIO}, {"22003", HK_ERANGE}, {"57P01", HK_EAGAIN},
		{"08P01", HK_EINTERNAL}, {"57014", HK_EIO}};
	g_autoptr(hk_db) db = hk_test_db();

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *text = g_strdup_printf(
			"DO 'BEGIN RAISE EXCEPTION ''x'' USING ERRCODE = ''%s''; END'",
			cases[i].state);
		ok(!hk_db_script(db, text, &error), "%s", cases[i].state);
		is_str(hk_err_code(hk_error_code(error)), hk_err_code(cases[i].code),
			"%s: its code", cases[i].state);
	}
}

int
main(void)
{
	hk_file_init();
	schema();
	references();
	if (hk_test_db_pgsql()) {
		codes();
	} else {
		damage();
		full();
	}
	return tap_done();
}
