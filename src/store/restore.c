#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "store/backup.h"
#include "store/db_int.h"
#include "store/inspect.h"
#include "store/migrate.h"
#include "store/search.h"
#include "store/settings.h"
#include "sys/clock.h"
#include "sys/gerr.h"

/* A restore under way: a write transaction on db. */
typedef struct restore {
	hk_db *db;
	const hk_dump_info *verified;
	hk_load *load;      /* of the table that is open */
	GPtrArray *columns; /* of that table, in the database's order */
	unsigned *from;     /* owned: columns[i] is the backup's column from[i] */
	hk_value *values;   /* owned: a row in the database's order */
	char *name;         /* owned: of that table */
} restore;

static void
table_done(restore *r)
{
	g_clear_pointer(&r->load, hk_load_free);
	g_clear_pointer(&r->columns, g_ptr_array_unref);
	g_clear_pointer(&r->from, g_free);
	g_clear_pointer(&r->values, g_free);
	g_clear_pointer(&r->name, g_free);
}

/* Columns are matched by name: an older database may have them in another order. */
static bool
match_columns(restore *r, const GPtrArray *given, GError **error)
{
	if (r->columns->len == 0) {
		return hk_error_set(error, HK_EFORM, "the schema has no table %s", r->name);
	}
	if (r->columns->len != given->len) {
		return hk_error_set(error, HK_EFORM, "table %s has %u columns, in the backup %u",
			r->name, r->columns->len, given->len);
	}
	for (unsigned i = 0; i < r->columns->len; i++) {
		unsigned at = 0;
		while (at < given->len && strcmp(given->pdata[at], r->columns->pdata[i]) != 0) {
			at++;
		}
		if (at == given->len) {
			return hk_error_set(error, HK_EFORM,
				"table %s: the backup has no column %s", r->name,
				(const char *)r->columns->pdata[i]);
		}
		r->from[i] = at;
	}
	return true;
}

static bool
on_table(void *user, const char *name, const GPtrArray *columns, GError **error)
{
	restore *r = user;

	r->name = g_strdup(name);
	r->columns = hk_table_columns(r->db, name, error);
	if (!r->columns) {
		return false;
	}
	r->from = g_new0(unsigned, columns->len + 1);
	r->values = g_new0(hk_value, columns->len + 1);
	if (!match_columns(r, columns, error)) {
		return false;
	}
	r->load = hk_load_new(r->db, name, r->columns, error);
	return r->load != NULL;
}

static bool
on_row(void *user, const hk_value *values, GError **error)
{
	restore *r = user;

	for (unsigned i = 0; i < r->columns->len; i++) {
		r->values[i] = values[r->from[i]];
	}
	if (!hk_load_row(r->load, r->values, error)) {
		g_prefix_error(error, "table %s: ", r->name);
		return false;
	}
	return true;
}

static bool
on_end(void *user, const hk_table *table, int64_t last_id, GError **error)
{
	restore *r = user;
	int64_t rows;

	if (!hk_load_end(r->load, error) ||
		!hk_table_set_last_id(r->db, table->name, last_id, error) ||
		!hk_table_count(r->db, table->name, &rows, error)) {
		g_prefix_error(error, "table %s: ", table->name);
		return false;
	}
	table_done(r);
	return rows == table->rows ||
	       hk_error_set(error, HK_ECHECK,
		       "table %s: %" PRId64 " rows are in the backup, %" PRId64 " were restored",
		       table->name, table->rows, rows);
}

/* What migrations put into tables comes from the backup, too. The last table first: others refer to the first ones. */
static bool
empty_tables(hk_db *db, GError **error)
{
	g_autoptr(GPtrArray) tables = hk_tables(db, true, error);

	if (!tables) {
		return false;
	}
	for (unsigned i = tables->len; i-- > 0;) {
		g_autofree char *name = hk_sql_quote(((const hk_table *)tables->pdata[i])->name);
		g_autofree char *text = g_strdup_printf("DELETE FROM %s", name);
		if (!hk_db_script(db, text, error)) {
			return false;
		}
	}
	return true;
}

/* The same tables on both sides, and what was applied is what was verified. */
static bool
compare(hk_db *db, const hk_dump_info *applied, const hk_dump_info *verified, GError **error)
{
	g_autoptr(GPtrArray) tables = hk_tables(db, false, error);

	if (!tables) {
		return false;
	}
	if (memcmp(applied->hash, verified->hash, sizeof(applied->hash)) != 0) {
		return hk_error_set(error, HK_ECHECK, "the backup has changed while it was read");
	}
	if (tables->len != applied->tables->len) {
		return hk_error_set(error, HK_EFORM, "the schema has %u tables, the backup %u",
			tables->len, applied->tables->len);
	}
	return true;
}

/* What was about to leave when the backup was made has left since, or not: a person says so (docs/takedown.md, "unsure"). What a person hands in waits for them anyway. What was
 * drafted then, or will be drafted anew of what the sources tell once more, may have left since, too: it asks for a person (stop "restored"). */
static bool
hold_back(hk_db *db, int64_t made_ms, GError **error)
{
	return hk_restored_put(db, made_ms, hk_clock_wall_ms(), error) &&
	       hk_db_exec(db,
		       HK_SQL("UPDATE reports SET state = 'unsure', version = version + 1, why = "
			      "'it was about to leave when the backup was made that this database "
			      "was restored from' WHERE state IN ('approved', 'queued') AND "
			      "request "
			      "NOT LIKE '%\"way\":\"assisted\"%'"),
		       HK_NO_ARGS, NULL, error) &&
	       hk_db_exec(db,
		       HK_SQL("UPDATE receipts SET phase = 'ended', how = 'unsure', ended_ms = "
			      "begun_ms WHERE phase <> 'ended'"),
		       HK_NO_ARGS, NULL, error);
}

/* Everything but the end of the transaction. */
static bool
load_all(hk_db *db, const char *path, const hk_dump_info *verified, GError **error)
{
	static const hk_dump_sink sink = {.table = on_table, .row = on_row, .end = on_end};
	restore r = {.db = db, .verified = verified};

	if (!hk_migrate_within(db, verified->schema, error) || !empty_tables(db, error)) {
		return false;
	}
	g_autoptr(hk_dump_info) applied = hk_dump_read(path, &sink, &r, error);
	table_done(&r);
	return applied && compare(db, applied, verified, error) &&
	       hk_migrate_within(db, hk_migration_count, error) &&
	       hold_back(db, verified->made_ms, error) && hk_search_rebuild_within(db, error);
}

static bool
inspect(hk_db *db, GError **error)
{
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);

	if (!hk_db_inspect_new(db, faults, error)) {
		return false;
	}
	return faults->len == 0 ||
	       hk_error_set(error, HK_ECHECK, "what was restored has faults: %s",
		       (const char *)faults->pdata[0]);
}

/* SQLite ---------------------------------------------------------------------------------------- */

static void
remove_all(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};

	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *file = g_strconcat(path, ends[i], NULL);
		g_unlink(file);
	}
}

/* Whoever restores as root restores for the house's user, whose roles could not open a file of root's: the new file belongs to whom the old
 * one does, else to whom the folder does. The folder may be somebody else's, who may have put another file there meanwhile: a link, or a second name. */
static bool
hand_over(const char *file, const char *to, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(to);
	struct stat like, st;

	if (geteuid() != 0) {
		return true;
	}
	if (stat(to, &like) < 0 && stat(folder, &like) < 0) {
		return hk_error_errno(error, errno, "%s", folder);
	}
	int fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool good = fd >= 0 && fstat(fd, &st) == 0;
	if (good && (st.st_uid != like.st_uid || st.st_gid != like.st_gid)) {
		good = S_ISREG(st.st_mode) && st.st_nlink == 1 &&
		       fchown(fd, like.st_uid, like.st_gid) == 0;
	}
	int number = errno;
	if (fd >= 0) {
		close(fd);
	}
	return good ||
	       hk_error_errno(error, number, "%s: cannot be given to the house's user", file);
}

/* The new file lies beside the old one until it is whole; a power cut before that loses nothing, so that nothing need be synced
 * before the end. */
static bool
build_file(const char *file, const char *path, const hk_dump_info *verified, const char *to,
	GError **error)
{
	/* Before it is open: SQLite loses its locks with any descriptor that is closed. */
	if (!hk_db_create(file, error) || !hand_over(file, to, error)) {
		return false;
	}
	g_autoptr(hk_db) db = hk_db_open(file, error);
	if (!db ||
		!hk_db_script(db,
			"PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA "
			"foreign_keys = OFF; "
			"PRAGMA cache_size = -65536",
			error) ||
		!hk_db_begin(db, true, error)) {
		return false;
	}
	if (!load_all(db, path, verified, error)) {
		hk_db_rollback(db);
		return false;
	}
	return hk_db_commit(db, error) && inspect(db, error);
}

static bool
sync_path(const char *path, int flags, GError **error)
{
	int fd = open(path, flags | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;
	int number = errno;

	if (fd >= 0) {
		close(fd);
	}
	return good || hk_error_errno(error, number, "%s", path);
}

static char *
kept_name(const char *path)
{
	char when[HK_CLOCK_TEXT_SIZE];

	hk_clock_format(hk_clock_wall_ms(), when);
	/* 2026-11-25T02:03:04.567Z: without what a shell minds. */
	g_autoptr(GString) text = g_string_new(when);
	g_string_replace(text, ":", "", 0);
	return g_strdup_printf("%s.before-%s", path, text->str);
}

/* The old file under a second name, then the new one over the first: at every moment a whole database has the name. */
static bool
swap(const char *file, const char *path, char **ret_kept, GError **error)
{
	g_autofree char *kept = ret_kept ? kept_name(path) : NULL;
	g_autofree char *folder = g_path_get_dirname(path);

	if (!sync_path(file, O_RDONLY, error)) {
		return false;
	}
	if (kept && link(path, kept) < 0) {
		return hk_error_errno(error, errno, "%s", kept);
	}
	if (g_rename(file, path) < 0) {
		hk_error_errno(error, errno, "%s", path);
		if (kept) {
			g_unlink(kept);
		}
		return false;
	}
	if (ret_kept) {
		*ret_kept = g_steal_pointer(&kept);
	}
	return sync_path(folder, O_RDONLY | O_DIRECTORY, error);
}

/* Takes the old database out of use: leaving WAL mode needs it alone, and leaves one file with everything in it. db keeps the lock
 * until it is closed. */
static bool
take_out(hk_db *db, GError **error)
{
	g_autoptr(GError) failure = NULL;

	if (hk_db_script(db,
		    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN "
		    "EXCLUSIVE; ROLLBACK",
		    &failure)) {
		return true;
	}
	if (hk_error_code(failure) == HK_EAGAIN) {
		return hk_error_set(error, HK_EAGAIN,
			"%s is in use: stop every role of hikeshi first", db->place);
	}
	g_propagate_error(error, g_steal_pointer(&failure));
	return false;
}

/* A damaged database can be replaced, too: it is then moved away as it is, with its journal. */
static bool
replace_file(const char *file, const char *path, char **ret_kept, GError **error)
{
	g_autoptr(GError) failure = NULL;
	g_autoptr(hk_db) old = hk_db_open(path, &failure);

	if (old && take_out(old, &failure)) {
		return swap(file, path, ret_kept, error);
	}
	if (hk_error_code(failure) != HK_ECHECK) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	g_autofree char *kept = kept_name(path);
	static const char *const ends[] = {"-wal", "-shm", "-journal", ""};
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *from = g_strconcat(path, ends[i], NULL);
		g_autofree char *to = g_strconcat(kept, ends[i], NULL);
		if (g_rename(from, to) < 0 && errno != ENOENT) {
			return hk_error_errno(error, errno, "%s", to);
		}
	}
	if (!swap(file, path, NULL, error)) {
		return false;
	}
	*ret_kept = g_steal_pointer(&kept);
	return true;
}

/* Whether something is there that a restore would replace. */
static bool
is_taken(const char *path, bool *ret, GError **error)
{
	struct stat st;
	bool empty;

	*ret = false;
	if (stat(path, &st) < 0) {
		return errno == ENOENT || hk_error_errno(error, errno, "%s", path);
	}
	if (st.st_size == 0) {
		return true;
	}
	*ret = true;
	g_autoptr(hk_db) db = hk_db_open(path, NULL);
	if (db && hk_db_is_empty(db, &empty, NULL)) {
		*ret = !empty;
	}
	return true;
}

static bool
refuse(const char *place, GError **error)
{
	return hk_error_set(error, HK_EPOLICY,
		"%s is not empty: nothing was done (--force replaces it)", place);
}

static bool
restore_sqlite(const char *path, const hk_dump_info *verified, const char *to, bool replace,
	char **ret_kept, GError **error)
{
	g_autofree char *file = g_strconcat(to, ".restore", NULL);
	bool taken;

	if (!is_taken(to, &taken, error) || (taken && !replace && !refuse(to, error))) {
		return false;
	}
	remove_all(file); /* of a restore that was killed */
	bool good = build_file(file, path, verified, to, error) &&
		    (taken ? replace_file(file, to, ret_kept, error) : swap(file, to, NULL, error));
	if (!good) {
		remove_all(file);
	}
	return good;
}

/* PostgreSQL ------------------------------------------------------------------------------------ */

static bool
drop_tables(hk_db *db, GError **error)
{
	g_autoptr(GPtrArray) tables = hk_tables(db, true, error);

	if (!tables) {
		return false;
	}
	for (unsigned i = tables->len; i-- > 0;) {
		g_autofree char *name = hk_sql_quote(((const hk_table *)tables->pdata[i])->name);
		g_autofree char *text = g_strdup_printf("DROP TABLE %s CASCADE", name);
		if (!hk_db_script(db, text, error)) {
			return false;
		}
	}
	return true;
}

static bool
restore_pgsql(const char *path, const hk_dump_info *verified, const char *url, bool replace,
	GError **error)
{
	g_autoptr(hk_db) db = hk_db_open(url, error);
	bool empty;

	if (!db || !hk_db_is_empty(db, &empty, error) ||
		(!empty && !replace && !refuse(db->place, error)) || !hk_db_no_timeout(db, error) ||
		!hk_db_begin(db, true, error)) {
		return false;
	}
	if ((!empty && !drop_tables(db, error)) || !load_all(db, path, verified, error)) {
		hk_db_rollback(db);
		return false;
	}
	if (!hk_db_commit(db, error)) {
		return false;
	}
	/* References were checked as the rows came in. Without statistics the first queries are slow, no more. */
	hk_db_script(db, "ANALYZE", NULL);
	return true;
}

hk_dump_info *
hk_backup_restore(const char *path, const char *url, bool replace, char **ret_kept, GError **error)
{
	hk_db_engine engine;
	const char *place;
	g_autofree char *kept = NULL;

	if (!hk_db_engine_split(url, &engine, &place, error)) {
		return NULL;
	}
	g_autoptr(hk_dump_info) info = hk_backup_verify(path, error);
	if (!info ||
		!(engine == HK_DB_SQLITE ? restore_sqlite(path, info, place, replace, &kept, error)
					 : restore_pgsql(path, info, place, replace, error))) {
		return NULL;
	}
	*ret_kept = g_steal_pointer(&kept);
	return g_steal_pointer(&info);
}
