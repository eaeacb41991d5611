/* store/backup: what is restored is what was there; what is torn, edited or foreign is refused, and nothing is touched. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "store/backup.h"
#include "store/inspect.h"
#include "store/migrate.h"
#include "store/settings.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"

#include "store.h"
#include "tap.h"

static char *folder;
static hk_db *db;

static char *
at(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static void
must(bool good, GError *error, const char *what)
{
	if (!ok(good, "%s", what)) {
		tap_diag("%s", error ? error->message : "no error");
	}
}

static void
fails(bool good, GError **error, hk_err code, const char *text, const char *what)
{
	ok(!good, "%s: refused", what);
	is_str(hk_err_code(hk_error_code(*error)), hk_err_code(code), "%s: code", what);
	if (!ok(*error && strstr((*error)->message, text), "%s: says \"%s\"", what, text)) {
		tap_diag("%s", *error ? (*error)->message : "nothing");
	}
	g_clear_error(error);
}

/* Every kind of value, and enough of them for many frames. */
static void
fill(void)
{
	static const uint8_t bytes[] = {0, 0xff, 0, '\n', 'R'};
	g_autofree char *zeros = g_strnfill(3000000, '0');
	g_autoptr(GError) error = NULL;

	ok(hk_db_begin(db, true, NULL), "begin");
	ok(hk_db_exec(db,
		   HK_SQL("INSERT INTO sources (key, kind, name, trust, updated_ms) VALUES ($1, "
			  "'ct', $2, $3, "
			  "$4)"),
		   HK_ARGS(hk_v_str("ct"), hk_v_str("証明書の\t\"'\\透明性"), hk_v_real(0.1 + 0.2),
			   hk_v_int(INT64_MIN)),
		   NULL, &error),
		"a source");
	for (int i = 1; i <= 3000; i++) {
		g_autofree char *name = g_strdup_printf("case %d 銀行", i);
		if (!hk_db_exec(db,
			    HK_SQL("INSERT INTO cases (name, kind, state, source_id, score, "
				   "capture, "
				   "first_seen_ms, detected_ms, opened_ms, last_seen_ms, "
				   "updated_ms) VALUES ($1, "
				   "'phishing', 'new', 1, $2, $3, $4, 0, 0, 0, 0)"),
			    HK_ARGS(hk_v_str(name), hk_v_real(1.0 / i),
				    i % 3 == 0 ? hk_v_null() : hk_v_blob(hk_span_of(bytes, i % 6)),
				    hk_v_int(INT64_MAX - i)),
			    NULL, &error)) {
			ok(false, "case %d: %s", i, error->message);
			return;
		}
	}
	/* A value that packs a thousandfold, and numbers that have been given and are gone. */
	ok(hk_db_exec(db,
		   HK_SQL("INSERT INTO intakes (state, kind, source_id, body, at_ms) VALUES "
			  "('done', 'lines', 1, "
			  "$1, 0)"),
		   HK_ARGS(hk_v_blob(hk_span_str(zeros))), NULL, &error),
		"a large value");
	ok(hk_db_exec(db, HK_SQL("DELETE FROM cases WHERE id > 2990"), HK_NO_ARGS, NULL, &error),
		"gone");
	/* Reports in every state that something leaves from, with a try that is open. */
	for (int i = 0; i < 4; i++) {
		static const char *const states[] = {"drafted", "approved", "queued", "approved"};
		g_autofree char *token = g_strdup_printf("%032d", i);
		ok(hk_db_exec(db,
			   HK_SQL("INSERT INTO reports (case_id, channel, kind, recipient, lang, "
				  "step, round, state, title, request, type, bytes, digest, token, "
				  "drafted_ms) VALUES (1, 'mail', 'hosting', 'a@b.example', 'en', "
				  "'first', $1, $2, '', $3, 'message/rfc822', 0, $4, $5, 0)"),
			   HK_ARGS(hk_v_int(i), hk_v_str(states[i]),
				   hk_v_str(i == 3 ? "{\"way\":\"assisted\"}"
						   : "{\"way\":\"mail\"}"),
				   hk_v_blob(hk_span_str(token)), hk_v_str(token)),
			   NULL, &error),
			"a report: %s", error ? error->message : "");
	}
	ok(hk_db_exec(db,
		   HK_SQL("INSERT INTO receipts (report_id, act, phase, begun_ms) VALUES (3, "
			  "'submit', 'committed', 7)"),
		   HK_NO_ARGS, NULL, &error),
		"its try");
	ok(hk_db_commit(db, &error), "commit");
}

/* What was about to leave waits for a person. */
static void
is_held_back(hk_db *of)
{
	static const char *const states[] = {"drafted", "unsure", "unsure", "approved"};
	int64_t open = -1;

	for (int i = 0; i < 4; i++) {
		g_autoptr(hk_rows) rows =
			hk_db_query(of, HK_SQL("SELECT state FROM reports WHERE round = $1"),
				HK_ARGS(hk_v_int(i)), NULL);
		ok(rows && hk_rows_next(rows, NULL), "report %d", i);
		is_str(hk_rows_str(rows, 0), states[i], "is then %s", states[i]);
	}
	hk_db_int(of, HK_SQL("SELECT COUNT(*) FROM receipts WHERE phase <> 'ended'"), HK_NO_ARGS,
		&open, NULL);
	is_int(open, 0, "no try is open");
	hk_restored restored = {0};
	ok(hk_restored_get(of, &restored, NULL) && restored.at_ms > 0 &&
			restored.until_ms >= restored.at_ms + HK_RESTORED_LEAST_MS,
		"and what is drafted is in doubt for a while");
}

static int64_t
count_of(hk_db *of, const char *what)
{
	int64_t n = -1;

	(void)what;
	hk_db_int(of, HK_SQL("SELECT count(*) FROM cases"), HK_NO_ARGS, &n, NULL);
	return n;
}

/* Both databases hold the same: their backups are equal but for the head. */
static void
is_same(hk_db *one, hk_db *two, const char *what)
{
	static const char *const queries[] = {"cases", "sources", "intakes", "schema_log"};

	for (size_t i = 0; i < G_N_ELEMENTS(queries); i++) {
		g_autoptr(hk_rows) a = NULL;
		g_autoptr(hk_rows) b = NULL;
		switch (i) {
		case 0:
			a = hk_db_query(one,
				HK_SQL("SELECT name, score, capture, first_seen_ms FROM cases "
				       "ORDER BY id"),
				HK_NO_ARGS, NULL);
			b = hk_db_query(two,
				HK_SQL("SELECT name, score, capture, first_seen_ms FROM cases "
				       "ORDER BY id"),
				HK_NO_ARGS, NULL);
			break;
		case 1:
			a = hk_db_query(one,
				HK_SQL("SELECT name, trust, body, s.updated_ms FROM sources AS s "
				       "JOIN intakes ON true"),
				HK_NO_ARGS, NULL);
			b = hk_db_query(two,
				HK_SQL("SELECT name, trust, body, s.updated_ms FROM sources AS s "
				       "JOIN intakes ON true"),
				HK_NO_ARGS, NULL);
			break;
		default:
			continue;
		}
		unsigned rows = 0, bad = 0;
		while (hk_rows_next(a, NULL)) {
			rows++;
			bad += !hk_rows_next(b, NULL) ||
			       strcmp(hk_rows_str(a, 0), hk_rows_str(b, 0)) != 0 ||
			       hk_rows_real(a, 1) != hk_rows_real(b, 1) ||
			       hk_rows_is_null(a, 2) != hk_rows_is_null(b, 2) ||
			       !hk_span_eq(hk_rows_blob(a, 2), hk_rows_blob(b, 2)) ||
			       hk_rows_int(a, 3) != hk_rows_int(b, 3);
		}
		ok(rows > 0 && bad == 0 && !hk_rows_next(b, NULL), "%s: %u rows are the same", what,
			rows);
	}
}

static int64_t
next_case(hk_db *of)
{
	int64_t id = -1;

	hk_db_int(of,
		HK_SQL("INSERT INTO cases (name, kind, state, source_id, first_seen_ms, "
		       "detected_ms, opened_ms, "
		       "last_seen_ms, updated_ms) VALUES ('next', 'phishing', 'new', 1, 0, 0, 0, "
		       "0, 0) RETURNING id"),
		HK_NO_ARGS, &id, NULL);
	return id;
}

static void
there_and_back(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = hk_test_db_empty_url();
	g_autofree char *kept = NULL;
	struct stat st;

	g_autoptr(hk_dump_info) info = hk_backup_make(db, path, false, &error);
	must(info != NULL, error, "a backup");
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "mode 0600");
	is_int(st.st_size, info->bytes, "its size");
	ok(!hk_db_in_transaction(db), "its snapshot has ended");
	fails(hk_backup_make(db, path, false, &error) != NULL, &error, HK_EPOLICY, "exists already",
		"again");
	g_autoptr(hk_dump_info) again = hk_backup_make(db, path, true, &error);
	must(again != NULL, error, "again, replacing");

	g_autoptr(hk_dump_info) verified = hk_backup_verify(path, &error);
	must(verified != NULL, error, "verified");
	ok(memcmp(verified->hash, again->hash, sizeof(again->hash)) == 0, "the same hash");
	is_int(verified->rows, info->rows, "the same number of rows");

	g_autoptr(hk_dump_info) restored = hk_backup_restore(path, url, false, &kept, &error);
	must(restored != NULL, error, "restored");
	ok(!kept, "there was nothing to keep");
	g_autoptr(hk_db) two = hk_db_open(url, &error);
	must(two && hk_schema_check(two, &error), error, "opened");
	is_same(db, two, "restored");
	is_held_back(two);
	is_int(next_case(two), 3001, "numbers are not given again");
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	must(hk_db_inspect(two, faults, &error), error, "inspected");
	is_int(faults->len, 0, "no faults");
}

/* A house that was restored is backed up, and that backup is restored: what was in doubt for a month still is. */
static void
restored_twice(void)
{
	const int64_t day = INT64_C(86400000), now_ms = g_get_real_time() / 1000;
	g_autoptr(GError) error = NULL;
	g_autofree char *one = at("one.db"), *two = at("two.db"), *path = at("one.backup");
	g_autofree char *kept = NULL;
	hk_restored before = {0}, after = {0};

	must(hk_db_create(one, &error), error, "a house");
	g_autoptr(hk_db) house = hk_db_open(one, &error);
	must(house && hk_migrate(house, &error) &&
			hk_restored_put(house, now_ms - 30 * day, now_ms, &error) &&
			hk_restored_get(house, &before, &error),
		error, "of a backup that was a month old");
	g_autoptr(hk_dump_info) info = hk_backup_make(house, path, false, &error);
	must(info != NULL, error, "a backup of it");
	g_autoptr(hk_dump_info) restored = hk_backup_restore(path, two, false, &kept, &error);
	must(restored != NULL, error, "restored");
	g_autoptr(hk_db) again = hk_db_open(two, &error);
	must(again && hk_restored_get(again, &after, &error), error, "opened");
	is_int(after.until_ms, before.until_ms, "a restore takes nothing off that month");
	ok(after.at_ms >= now_ms, "and is a restore of its own");
}

/* Root restores; the house stays its user's. */
static void
owned(const char *path)
{
	enum { SOMEBODY = 65534 };
	g_autoptr(GError) error = NULL;
	g_autofree char *theirs = at("theirs"), *kept = NULL;
	g_autofree char *file = g_build_filename(theirs, "house.db", NULL);
	struct stat st = {0};

	must(g_mkdir(theirs, 0700) == 0, NULL, "a folder");
	if (geteuid() != 0 || chown(theirs, SOMEBODY, SOMEBODY) != 0) {
		g_rmdir(theirs);
		skip("may not give files away", "root restores");
		return;
	}
	g_autoptr(hk_dump_info) first = hk_backup_restore(path, file, false, &kept, &error);
	must(first != NULL, error, "root restores into somebody's folder");
	ok(stat(file, &st) == 0 && st.st_uid == SOMEBODY && st.st_gid == SOMEBODY,
		"the database is somebody's");
	is_int(st.st_mode & 0777, 0600, "and nobody else's");
	ok(chown(file, SOMEBODY - 1, SOMEBODY - 1) == 0, "of another user than the folder");
	g_autoptr(hk_dump_info) second = hk_backup_restore(path, file, true, &kept, &error);
	must(second != NULL, error, "root replaces it");
	ok(stat(file, &st) == 0 && st.st_uid == SOMEBODY - 1 && st.st_gid == SOMEBODY - 1,
		"the new one is that user's, too");
	ok(kept && stat(kept, &st) == 0 && st.st_uid == SOMEBODY - 1, "and so is the kept one");
	g_unlink(kept ? kept : "");
	g_unlink(file);
	g_rmdir(theirs);
}

/* SQLite -> PostgreSQL or the other way round, where there is a server. */
static void
to_the_other(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *kept = NULL;

	if (!hk_test_db_pgsql()) {
		skip("runs with PostgreSQL", "to the other engine");
		return;
	}
	g_autofree char *lite = at("other.db");
	g_autofree char *back = at("back.backup");
	g_autoptr(hk_dump_info) restored = hk_backup_restore(path, lite, false, &kept, &error);
	must(restored != NULL, error, "PostgreSQL's backup into SQLite");
	hk_db *two = hk_db_open(lite, &error);
	is_same(db, two, "SQLite");
	g_autoptr(hk_dump_info) info = hk_backup_make(two, back, false, &error);
	must(info != NULL, error, "its backup");
	hk_db_close(two);
	g_autofree char *url = hk_test_db_empty_url();
	g_autoptr(hk_dump_info) again = hk_backup_restore(back, url, false, &kept, &error);
	must(again != NULL, error, "and back into PostgreSQL");
	two = hk_db_open(url, &error);
	is_same(db, two, "PostgreSQL again");
	is_int(next_case(two), 3001, "numbers are not given again");
	hk_db_close(two);
}

/* Refused by verify and by restore, which touches nothing. */
static void
bad(const char *path, const char *url, hk_err code, const char *text, const char *what)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *kept = NULL;

	fails(hk_backup_verify(path, &error) != NULL, &error, code, text, what);
	fails(hk_backup_restore(path, url, true, &kept, &error) != NULL, &error, code, text, what);
	g_autoptr(hk_db) old = hk_db_open(url, &error);
	ok(old && count_of(old, what) == 1, "%s: the old database is untouched", what);
}

static void
write_file(const char *path, const uint8_t *bytes, size_t len)
{
	g_file_set_contents(path, (const char *)bytes, (gssize)len, NULL);
}

/* The hash is made right again: what an attacker, or a clumsy tool, would do. */
static void
rehash(uint8_t *bytes, size_t len)
{
	hk_sha256(hk_span_of(bytes, len - HK_SHA256_SIZE), bytes + len - HK_SHA256_SIZE);
}

static size_t
find(const uint8_t *bytes, size_t len, const char *text)
{
	const uint8_t *found = memmem(bytes, len, text, strlen(text));

	return found ? (size_t)(found - bytes) : 0;
}

static void
damaged(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = hk_test_db_empty_url();
	g_autofree char *other = at("damaged.backup");
	g_autoptr(GBytes) whole = hk_file_read(path, 64u << 20, &error);
	size_t len;
	const uint8_t *good = g_bytes_get_data(whole, &len);
	g_autofree uint8_t *bytes = g_memdup2(good, len + 1 > len ? len : len);

	ok(hk_db_create(url, NULL), "an old database");
	hk_db *old = hk_db_open(url, &error);
	ok(old && hk_migrate(old, &error) &&
			hk_db_exec(old,
				HK_SQL("INSERT INTO sources (key, kind, name, updated_ms) VALUES "
				       "('o', 'o', 'o', 0)"),
				HK_NO_ARGS, NULL, &error) &&
			next_case(old) == 1,
		"with a case");
	hk_db_close(old);

	write_file(other, good, 0);
	bad(other, url, HK_EFORM, "no backup of hikeshi", "an empty file");
	write_file(other, (const uint8_t *)"SQLite format 3\0 and so on ...", 30);
	bad(other, url, HK_EFORM, "no backup of hikeshi", "another file");
	bytes[15] = '2';
	write_file(other, bytes, len);
	bad(other, url, HK_EVERSION, "newer hikeshi", "a later format");
	bytes[15] = '1';
	bad("/nonexistent", url, HK_ENOENT, "/nonexistent", "no file");

	/* Cut anywhere, one bit changed anywhere. */
	unsigned cuts = 0, flips = 0, tries = 0;
	for (size_t i = 1; i < len; i += 1 + len / 40) {
		tries++;
		write_file(other, good, len - i);
		g_autoptr(hk_dump_info) cut = hk_backup_verify(other, &error);
		cuts += !cut && (hk_error_code(error) == HK_ETRUNC || len - i < 17);
		g_clear_error(&error);
		bytes[i] ^= 1;
		write_file(other, bytes, len);
		bytes[i] ^= 1;
		g_autoptr(hk_dump_info) flipped = hk_backup_verify(other, &error);
		flips += !flipped;
		g_clear_error(&error);
	}
	is_int(cuts, tries, "%u cut files are refused", tries);
	is_int(flips, tries, "%u edited files are refused", tries);
	write_file(other, good, len - 1);
	bad(other, url, HK_ETRUNC, "cut short", "cut by a byte");
	bytes[len - 1] ^= 1;
	write_file(other, bytes, len);
	bad(other, url, HK_ECHECK, "SHA-256 does not fit", "another hash");
	bytes[len - 1] ^= 1;
	g_autofree uint8_t *longer = g_malloc0(len + 1);
	memcpy(longer, good, len);
	write_file(other, longer, len + 1);
	bad(other, url, HK_EFORM, "something follows", "longer by a byte");

	/* Right hash, wrong content. */
	size_t schema = find(bytes, len, "\"schema\":") + 9;
	bytes[schema] = bytes[schema] == '9' ? '8' : '9';
	rehash(bytes, len);
	write_file(other, bytes, len);
	bad(other, url, HK_EFORM, "schema", "a schema without its migrations");
	memcpy(bytes, good, len);
	size_t hash = find(bytes, len, "\"migrations\":[\"") + 15;
	bytes[hash] = bytes[hash] == '0' ? '1' : '0';
	rehash(bytes, len);
	write_file(other, bytes, len);
	bad(other, url, HK_ECONFIG, "another build", "another schema");
}

/* A backup written by hand: what this program would never write. */
static hk_dump *
by_hand(const char *path, hk_dump_info *info, bool newer)
{
	g_autoptr(GError) error = NULL;

	info->schema = hk_migration_count + newer;
	for (unsigned i = 0; i < info->schema; i++) {
		g_ptr_array_add(info->migrations, i < hk_migration_count
							  ? hk_migration_hash(&hk_migrations[i])
							  : g_strdup("x"));
	}
	return hk_dump_new(path, info, &error);
}

static void
foreign(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = at("foreign.backup");
	g_autofree char *url = hk_test_db_empty_url();
	g_autofree char *kept = NULL;

	{
		g_autoptr(hk_dump_info) info = hk_dump_info_new();
		g_autoptr(hk_dump) dump = by_hand(path, info, true);
		ok(dump && hk_dump_finish(dump, &error), "a newer schema");
		fails(hk_backup_verify(path, &error) != NULL, &error, HK_ECONFIG, "newer hikeshi",
			"newer");
	}
	static const char *const tables[] = {"nosuch", "labels", "labels"};
	static const char *const says[] = {"no table nosuch", "column", "table"};
	for (int i = 0; i < 3; i++) {
		g_autoptr(hk_dump_info) info = hk_dump_info_new();
		g_autoptr(hk_dump) dump = by_hand(path, info, false);
		g_autoptr(GPtrArray) columns = g_ptr_array_new();
		g_ptr_array_add(columns, (void *)"case_id");
		g_ptr_array_add(columns, (void *)(i == 1 ? "nosuch" : "label"));
		ok(hk_dump_table(dump, tables[i], columns, &error), "a table");
		hk_dump_row(dump);
		hk_dump_value(dump, &(hk_value){.kind = HK_VALUE_INT, .i = 77});
		hk_dump_value(dump, &(hk_value){.kind = HK_VALUE_TEXT, .s = HK_SPAN_LIT("x")});
		ok(hk_dump_row_end(dump, &error) && hk_dump_table_end(dump, 0, &error) &&
				hk_dump_finish(dump, &error),
			"with a row that refers to none");
		g_autoptr(hk_dump_info) verified = hk_backup_verify(path, &error);
		ok(verified != NULL, "its form is right");
		ok(!hk_backup_restore(path, url, false, &kept, &error), "refused");
		ok(error && strstr(error->message, says[i]), "says \"%s\"", says[i]);
		tap_diag("%s", error ? error->message : "nothing");
		g_clear_error(&error);
	}
	g_autoptr(hk_db) empty = hk_test_db_pgsql() ? hk_db_open(url, NULL) : NULL;
	unsigned version = 99;
	ok(empty ? hk_schema_version(empty, &version, NULL) && version == 0
		 : g_access(url, F_OK) < 0,
		"and the database is as it was");
}

static void
replacing(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = hk_test_db_empty_url();
	g_autofree char *kept = NULL;

	ok(hk_db_create(url, NULL), "made");
	hk_db *old = hk_db_open(url, &error);
	ok(old && hk_migrate(old, &error), "an old database, without cases");
	fails(hk_backup_restore(path, url, false, &kept, &error) != NULL, &error, HK_EPOLICY,
		"--force", "not empty");
	if (!hk_test_db_pgsql()) {
		fails(hk_backup_restore(path, url, true, &kept, &error) != NULL, &error, HK_EAGAIN,
			"in use", "open elsewhere");
		is_int(count_of(old, "old"), 0, "untouched");
	}
	hk_db_close(old);
	g_autoptr(hk_dump_info) done = hk_backup_restore(path, url, true, &kept, &error);
	must(done != NULL, error, "replaced");
	old = hk_db_open(url, &error);
	is_int(count_of(old, "new"), 2990, "by the backup");
	hk_db_close(old);
	if (!hk_test_db_pgsql()) {
		g_autofree char *wal = g_strconcat(url, "-wal", NULL);
		g_autoptr(hk_db) before = hk_db_open(kept ? kept : "none", &error);
		ok(before && count_of(before, "kept") == 0, "the old one is kept: %s", kept);
		g_autofree char *left = g_strconcat(url, ".restore", NULL);
		ok(g_access(left, F_OK) < 0, "nothing is left over");

		/* What is damaged can be replaced, too. */
		g_clear_pointer(&kept, g_free);
		write_file(url,
			(const uint8_t *)"this is no database, but long enough to be looked at "
					 ".....",
			58);
		g_autoptr(hk_dump_info) mended = hk_backup_restore(path, url, true, &kept, &error);
		must(mended != NULL, error, "a damaged one is replaced");
		ok(kept && g_access(kept, F_OK) == 0, "and kept");
	}
}

static void
full(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = at("full.backup");
	g_autofree char *tmp = at("full.backup.tmp");
	g_autofree char *kept = NULL;
	struct rlimit old, low;

	getrlimit(RLIMIT_FSIZE, &old);
	low = (struct rlimit){.rlim_cur = 20000, .rlim_max = old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &low);
	bool made = hk_backup_make(db, path, false, &error) != NULL;
	setrlimit(RLIMIT_FSIZE, &old);
	fails(made, &error, HK_EFULL, "full.backup", "a full disk");
	ok(g_access(path, F_OK) < 0 && g_access(tmp, F_OK) < 0, "nothing is left over");
	g_autoptr(hk_dump_info) info = hk_backup_make(db, path, false, &error);
	must(info != NULL, error, "with room");
	if (!hk_test_db_pgsql()) {
		g_autofree char *url = hk_test_db_empty_url();
		g_autofree char *left = g_strconcat(url, ".restore", NULL);
		low.rlim_cur = 700000;
		setrlimit(RLIMIT_FSIZE, &low);
		bool restored = hk_backup_restore(path, url, false, &kept, &error) != NULL;
		setrlimit(RLIMIT_FSIZE, &old);
		fails(restored, &error, HK_EFULL, "large", "a restore onto a full disk");
		ok(g_access(url, F_OK) < 0 && g_access(left, F_OK) < 0, "nothing is left over");
	}
	fails(hk_backup_make(db, "/nonexistent/x", false, &error) != NULL, &error, HK_ENOENT,
		"/nonexistent", "no folder");
}

/* Others write while a backup is made: it holds one moment. */
static void
beside_writers(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = at("live.backup");
	g_autofree char *url = hk_test_db_empty_url();
	g_autofree char *kept = NULL;
	int status, fds[2];
	char c;

	ok(pipe(fds) == 0, "a pipe");
	hk_db_close(db);
	pid_t pid = fork();
	if (pid == 0) {
		hk_db *own = hk_db_open(hk_test_db_url(), NULL);
		/* Two rows at a time: the backup must hold an even number of them. */
		for (int i = 0;; i++) {
			g_autofree char *a = g_strdup_printf("a%d", i);
			g_autofree char *b = g_strdup_printf("b%d", i);
			if (!hk_db_begin(own, true, NULL)) {
				continue;
			}
			hk_db_exec(own,
				HK_SQL("INSERT INTO settings (key, value, updated_ms) VALUES ($1, "
				       "'', 0)"),
				HK_ARGS(hk_v_str(a)), NULL, NULL);
			hk_db_exec(own,
				HK_SQL("INSERT INTO settings (key, value, updated_ms) VALUES ($1, "
				       "'', 0)"),
				HK_ARGS(hk_v_str(b)), NULL, NULL);
			hk_db_commit(own, NULL);
			if (i == 3 && write(fds[1], "x", 1) != 1) {
				_exit(1);
			}
		}
	}
	is_int(read(fds[0], &c, 1), 1, "another process writes");
	db = hk_db_open(hk_test_db_url(), &error);
	g_autoptr(hk_dump_info) info = db ? hk_backup_make(db, path, false, &error) : NULL;
	must(info != NULL, error, "a backup meanwhile");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	g_autoptr(hk_dump_info) restored = hk_backup_restore(path, url, false, &kept, &error);
	must(restored != NULL, error, "restored");
	g_autoptr(hk_db) two = hk_db_open(url, NULL);
	int64_t n = 0;
	hk_db_int(two, HK_SQL("SELECT count(*) FROM settings WHERE key <> 'restored'"), HK_NO_ARGS,
		&n, NULL);
	ok(n >= 8 && n % 2 == 0, "whole transactions: %d rows", (int)n);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	hk_file_init();
	db = hk_test_db();
	folder = g_dir_make_tmp("hikeshi-backup-XXXXXX", NULL);
	g_autofree char *path = at("house.backup");
	fill();
	there_and_back(path);
	restored_twice();
	owned(path);
	to_the_other(path);
	damaged(path);
	foreign();
	replacing(path);
	full();
	beside_writers();
	hk_db_close(db);

	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *file = at(name);
		g_unlink(file);
	}
	g_dir_close(dir);
	g_rmdir(folder);
	g_free(folder);
	return tap_done();
}
