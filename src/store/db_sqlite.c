#include "store/db_int.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include <sqlite3.h>

#include "sys/gerr.h"

/* A prepared statement. */
typedef struct statement {
	sqlite3_stmt *stmt; /* owned */
	bool writes;        /* gives no rows: one step is all of it */
	int count;          /* of parameters */
	/* Of $1, $2 ...; to SQLite "$2" is a name, numbered where it stands first. 0: there is none. */
	int place[];
} statement;

/* Most texts are literals: their address finds them quicker than a hash of some hundred bytes. */
enum { NEAR = 256 };

typedef struct sqlite_db {
	hk_db base;
	sqlite3 *handle;
	GHashTable *kept;      /* text -> statement; owns both */
	statement *near[NEAR]; /* by the address of the text; never loose ones */
	GPtrArray *loose; /* texts (owned by kept) of the loose ones, least recently used first */
	int64_t busy_since_ms; /* the present wait */
	int64_t busy_last_ms;  /* when somebody else was last seen writing */
	int64_t wrote_ms;      /* when this one's last write transaction ended */
	uint32_t random;
	int64_t seen_version; /* data_version when hk_db_wait last returned */
} sqlite_db;

typedef struct sqlite_rows {
	hk_rows base;
	sqlite3_stmt *stmt; /* NULL when it is done */
	statement *from;    /* what stmt belongs to */
	bool own;           /* freed when done: a second use of a statement that is in use */
} sqlite_rows;

static sqlite_db *
of(const hk_db *db)
{
	return (sqlite_db *)(void *)db;
}

static const sqlite_rows *
rows_of(const hk_rows *rows)
{
	return (const sqlite_rows *)(const void *)rows;
}

static hk_err
code_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return HK_EAGAIN;
	case SQLITE_FULL:
		return HK_EFULL;
	case SQLITE_IOERR:
		/* A limit on file size (RLIMIT_FSIZE) and quotas arrive as a failed write. */
		return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? HK_EFULL : HK_EIO;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return HK_ECHECK;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return HK_EPOLICY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
	case SQLITE_AUTH:
		return HK_ECONFIG;
	case SQLITE_TOOBIG:
		return HK_ELIMIT;
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		return HK_EINTERNAL;
	default:
		return HK_EIO;
	}
}

static bool
fail(sqlite_db *db, int rc, GError **error)
{
	bool no_room = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
	int number = sqlite3_system_errno(db->handle);

	/* A statement that was undone by SQLite itself has forgotten why. */
	if (number == 0 && (rc & 0xff) == SQLITE_IOERR && no_room) {
		number = errno;
	}
	errno = number; /* for code_of */
	hk_err code = code_of(rc);
	const char *what = sqlite3_errmsg(db->handle);
	switch ((int)code) {
	case HK_EAGAIN:
		return hk_error_set(
			error, code, "%s: another process is writing for too long", db->base.place);
	case HK_ECHECK:
		return hk_error_set(error, code,
			"%s is damaged or no database (%s): restore a backup (hikeshi db restore)",
			db->base.place, what);
	case HK_ECONFIG:
		return hk_error_set(error, code,
			"%s: %s: the file and its folder must belong to the user that runs hikeshi",
			db->base.place, what);
	default:
		return number != 0 && code != HK_EPOLICY && code != HK_EINTERNAL
			       ? hk_error_set(error, code, "%s: %s: %s", db->base.place, what,
					 g_strerror(number))
			       : hk_error_set(error, code, "%s: %s", db->base.place, what);
	}
}

/* 50 to 250 microseconds, another time each time. */
static void
nap(sqlite_db *db)
{
	db->random ^= db->random << 13;
	db->random ^= db->random >> 17;
	db->random ^= db->random << 5;
	struct timespec time = {.tv_nsec = 50000 + (long)(db->random % 200000)};
	nanosleep(&time, NULL);
}

/* SQLite's own handler sleeps longer and longer, so that who has waited longest gets it last (measured: one of four workers
 * got 0 of 8,000). Short random naps give everybody the same chance. */
static int
on_busy(void *user, int tries)
{
	sqlite_db *db = user;
	int64_t now_ms = hk_db_now_ms();

	if (tries == 0) {
		db->busy_since_ms = now_ms;
	}
	db->busy_last_ms = now_ms;
	if (now_ms - db->busy_since_ms > HK_DB_BUSY_MS) {
		return 0;
	}
	nap(db);
	return 1;
}

static bool
run_script(hk_db *base, const char *text, GError **error)
{
	sqlite_db *db = of(base);
	int rc = sqlite3_exec(db->handle, text, NULL, NULL, NULL);

	return rc == SQLITE_OK || fail(db, rc, error);
}

static bool
data_version(sqlite_db *db, int64_t *ret, GError **error)
{
	hk_rows *rows = hk_db_run(&db->base, "PRAGMA data_version", false, NULL, 0, error);

	if (!rows) {
		return false;
	}
	bool good = hk_rows_next(rows, error);
	if (good) {
		*ret = hk_rows_int(rows, 0);
	}
	hk_rows_free(rows);
	return good;
}

/* Two that put a new file into WAL mode at once both hold what the other needs: SQLite tells one at once that the file is busy. */
static bool
begin_wal(sqlite_db *db, GError **error)
{
	int64_t end_ms = hk_db_now_ms() + HK_DB_BUSY_MS;

	for (;;) {
		g_autoptr(GError) failure = NULL;
		if (run_script(&db->base, "PRAGMA journal_mode = WAL", &failure)) {
			return true;
		}
		if (hk_error_code(failure) != HK_EAGAIN || hk_db_now_ms() > end_ms) {
			g_propagate_error(error, g_steal_pointer(&failure));
			return false;
		}
		nap(db);
	}
}

static bool
configure(sqlite_db *db, GError **error)
{
	/* synchronous FULL: in WAL mode NORMAL may lose the last commits at a power cut. The WAL is copied back when it has 16 MB (SQLite's
	 * own 4 MB are less than one chunk of an import writes: each would write its pages twice), and cut back to 64 MB after a large
	 * transaction. Pages are read from a map of the file (SQLite takes at most 2 GB of it): lists over a million
	 * cases take half the time, and all connections share the kernel's copy. */
	static const char settings[] = "PRAGMA synchronous = FULL;"
				       "PRAGMA foreign_keys = ON;"
				       "PRAGMA trusted_schema = OFF;"
				       "PRAGMA temp_store = MEMORY;"
				       "PRAGMA cache_size = -16000;"
				       "PRAGMA mmap_size = 2147418112;"
				       "PRAGMA journal_size_limit = 67108864;"
				       "PRAGMA wal_autocheckpoint = 4000;";

	/* A cursor for each of the forty indexes of a case, and all of a statement's values: SQLite's own forty places are too few, and
	 * each INSERT would go to malloc some fifty times. */
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_LOOKASIDE, NULL, 1200, 256);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_busy_handler(db->handle, on_busy, db);
	return begin_wal(db, error) && run_script(&db->base, settings, error) &&
	       data_version(db, &db->seen_version, error);
}

static void
free_statement(void *data)
{
	statement *s = data;

	sqlite3_finalize(s->stmt);
	g_free(s);
}

/* One thread of the process opens or closes at a time. SQLite's last close of a file (unixClose of 3.40) looks whether the process holds a
 * lock on it, and closes the descriptor a moment later; POSIX drops every lock of the process at that close. A connection that
 * another thread opens in between loses its lock without knowing: the next process that comes and goes takes itself for the last
 * one and deletes the WAL under it. What is acknowledged after that is lost. (Seen in one of fifteen starts of the web role.) An open connection
 * holds its lock for good, in WAL mode, so that only openings and closings must not meet. */
static GRecMutex comings_and_goings;

static hk_db *
open_alone(const char *path, int flags, GError **error)
{
	sqlite_db *db = g_new0(sqlite_db, 1);
	db->base.ops = &hk_db_sqlite_ops;
	db->base.engine = HK_DB_SQLITE;
	db->base.place = g_strdup(path);
	db->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_statement);
	db->loose = g_ptr_array_new();
	db->random = g_random_int() | 1;
	/* Nobody asks how much memory SQLite has: counting it costs a lock at each allocation. Refused, and no matter, when the
	 * process has opened one before. */
	static gsize once;
	if (g_once_init_enter(&once)) {
		sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
		g_once_init_leave(&once, 1);
	}
	int rc = sqlite3_open_v2(path, &db->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | flags, NULL);
	if (rc != SQLITE_OK) {
		fail(db, rc, error);
		hk_db_close(&db->base);
		return NULL;
	}
	if (!configure(db, error)) {
		hk_db_close(&db->base);
		return NULL;
	}
	return &db->base;
}

static hk_db *
open_path(const char *path, int flags, GError **error)
{
	g_rec_mutex_lock(&comings_and_goings);
	hk_db *db = open_alone(path, flags, error);
	g_rec_mutex_unlock(&comings_and_goings);
	return db;
}

hk_db *
hk_db_sqlite_memory(GError **error)
{
	return open_path(":memory:", SQLITE_OPEN_CREATE, error);
}

/* WAL keeps its index in memory that the processes share: over a network each machine would have its own, and damage the file. */
static bool
is_on_network(const char *path)
{
	static const uint32_t magics[] = {0x6969 /* NFS */, 0xff534d42 /* CIFS */,
		0xfe534d42 /* SMB2 */, 0x517b /* SMB */, 0x01021997 /* 9P */, 0x00c36400 /* Ceph */,
		0x5346414f /* AFS */};
	struct statfs fs;

	if (statfs(path, &fs) < 0) {
		return false;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(magics); i++) {
		if ((uint32_t)fs.f_type == magics[i]) {
			return true;
		}
	}
	return false;
}

hk_db *
hk_db_sqlite_new(const char *path, GError **error)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno == ENOENT) {
			hk_error_set(error, HK_ENOENT,
				"there is no database %s: make one with `hikeshi db init`", path);
		} else {
			hk_error_errno(error, errno, "%s", path);
		}
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		hk_error_set(error, HK_ECONFIG, "%s is no file", path);
		return NULL;
	}
	if (is_on_network(path)) {
		hk_error_set(error, HK_ECONFIG,
			"%s lies on a network file system, where SQLite would be damaged: put it "
			"on a disk of this "
			"machine, or use PostgreSQL",
			path);
		return NULL;
	}
	return open_path(path, 0, error);
}

static void
sqlite_close(hk_db *base)
{
	sqlite_db *db = of(base);

	g_hash_table_unref(db->kept);
	g_ptr_array_unref(db->loose);
	g_rec_mutex_lock(&comings_and_goings);
	int rc = sqlite3_close(db->handle);
	g_rec_mutex_unlock(&comings_and_goings);
	if (rc != SQLITE_OK) {
		HK_BUG("a database was closed before its rows were freed");
	}
	g_free(db);
}

static bool
simple(sqlite_db *db, const char *text, GError **error)
{
	hk_rows *rows = db->base.ops->query(&db->base, text, false, NULL, 0, NULL, error);

	hk_rows_free(rows);
	return rows != NULL;
}

static bool
sqlite_begin(hk_db *base, bool write, GError **error)
{
	sqlite_db *db = of(base);
	int64_t now_ms = hk_db_now_ms();

	/* Who writes one transaction right after the other leaves no gap to those who nap. While others write, too, he lets them
	 * go first. (Measured: without it one of four got 5 of 809 turns.) */
	if (write && now_ms - db->wrote_ms <= 1 && now_ms - db->busy_last_ms < 1000) {
		nap(db);
	}
	return simple(db, write ? "BEGIN IMMEDIATE" : "BEGIN", error);
}

static void
sqlite_rollback(hk_db *base)
{
	sqlite_db *db = of(base);

	/* A full disk or a failed write may have rolled back already. */
	if (!sqlite3_get_autocommit(db->handle)) {
		simple(db, "ROLLBACK", NULL);
	}
}

static bool
sqlite_commit(hk_db *base, GError **error)
{
	sqlite_db *db = of(base);
	bool good = simple(db, "COMMIT", error);

	if (!good) {
		sqlite_rollback(base);
	}
	if (base->write) {
		db->wrote_ms = hk_db_now_ms();
	}
	return good;
}

/* Statements ---------------------------------------------------------------------------------- */

static statement *
prepare(sqlite_db *db, const char *text, GError **error)
{
	sqlite3_stmt *stmt = NULL;
	const char *rest = NULL;
	int rc = sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, &rest);

	if (rc != SQLITE_OK) {
		fail(db, rc, error);
		g_prefix_error(error, "\"%.60s\": ", text);
		return NULL;
	}
	if (!stmt || (rest && rest[strspn(rest, " \t\n;")] != '\0')) {
		sqlite3_finalize(stmt);
		hk_error_set(error, HK_EINTERNAL, "not one statement: \"%.60s\"", text);
		return NULL;
	}
	int count = sqlite3_bind_parameter_count(stmt);
	statement *s = g_malloc0(sizeof *s + (size_t)count * sizeof s->place[0]);
	s->stmt = stmt;
	s->writes = !sqlite3_stmt_readonly(stmt) && sqlite3_column_count(stmt) == 0;
	s->count = count;
	for (int i = 0; i < count; i++) {
		char name[24];
		g_snprintf(name, sizeof(name), "$%d", i + 1);
		s->place[i] = sqlite3_bind_parameter_index(stmt, name);
	}
	return s;
}

static void
keep_loose(sqlite_db *db, char *text)
{
	/* From the oldest; one that is in use is passed over. */
	for (unsigned i = 0; db->loose->len >= HK_DB_LOOSE_MAX && i < db->loose->len;) {
		const statement *old = g_hash_table_lookup(db->kept, db->loose->pdata[i]);
		if (sqlite3_stmt_busy(old->stmt)) {
			i++;
		} else {
			g_hash_table_remove(db->kept, g_ptr_array_remove_index(db->loose, i));
		}
	}
	g_ptr_array_add(db->loose, text);
}

static statement *
look_up(sqlite_db *db, const char *text, bool loose)
{
	statement **near = &db->near[((uintptr_t)text >> 4) % NEAR];
	void *key, *found;

	if (!loose && *near && strcmp(sqlite3_sql((*near)->stmt), text) == 0) {
		return *near;
	}
	if (!g_hash_table_lookup_extended(db->kept, text, &key, &found)) {
		return NULL;
	}
	if (!loose && !g_ptr_array_find(db->loose, key, NULL)) {
		*near = found;
	}
	if (loose && g_ptr_array_remove(db->loose, key)) {
		g_ptr_array_add(db->loose, key);
	}
	return found;
}

/* The prepared statement; *ret_own when it is the caller's alone. */
static statement *
take(sqlite_db *db, const char *text, bool loose, bool *ret_own, GError **error)
{
	statement *s = look_up(db, text, loose);

	*ret_own = s && sqlite3_stmt_busy(s->stmt);
	if (s && !*ret_own) {
		return s;
	}
	s = prepare(db, text, error);
	if (s && !*ret_own) {
		char *own_text = g_strdup(text);
		g_hash_table_insert(db->kept, own_text, s);
		if (loose) {
			keep_loose(db, own_text);
		}
	}
	return s;
}

/* What is done in one step needs no copy of the caller's bytes. */
static int
bind(const statement *s, int at, const hk_value *value)
{
	/* An empty span may have no address, which SQLite would take for NULL. */
	const void *data = value->s.len > 0 ? (const void *)value->s.data : "";
	sqlite3_destructor_type keep = s->writes ? SQLITE_STATIC : SQLITE_TRANSIENT;

	switch (value->kind) {
	case HK_VALUE_INT:
		return sqlite3_bind_int64(s->stmt, at, value->i);
	case HK_VALUE_REAL:
		return sqlite3_bind_double(s->stmt, at, value->d);
	case HK_VALUE_TEXT:
		return sqlite3_bind_text64(s->stmt, at, data, value->s.len, keep, SQLITE_UTF8);
	case HK_VALUE_BLOB:
		return sqlite3_bind_blob64(s->stmt, at, data, value->s.len, keep);
	case HK_VALUE_NULL:
	default:
		return sqlite3_bind_null(s->stmt, at);
	}
}

static bool
bind_all(sqlite_db *db, const statement *s, const hk_value *values, size_t count, GError **error)
{
	if ((size_t)s->count != count) {
		return hk_error_set(error, HK_EINTERNAL, "%zu values for %d parameters: \"%.60s\"",
			count, s->count, sqlite3_sql(s->stmt));
	}
	for (size_t i = 0; i < count; i++) {
		if (s->place[i] == 0) {
			return hk_error_set(error, HK_EINTERNAL, "no $%zu in \"%.60s\"", i + 1,
				sqlite3_sql(s->stmt));
		}
		int rc = bind(s, s->place[i], &values[i]);
		if (rc != SQLITE_OK) {
			return fail(db, rc, error);
		}
	}
	return true;
}

static void
release(statement *s, bool own)
{
	if (own) {
		free_statement(s);
	} else {
		sqlite3_reset(s->stmt);
		sqlite3_clear_bindings(s->stmt);
	}
}

static bool
step(sqlite_db *db, sqlite3_stmt *stmt, bool *ret_row, GError **error)
{
	int rc = sqlite3_step(stmt);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		return fail(db, rc, error);
	}
	*ret_row = rc == SQLITE_ROW;
	return true;
}

static hk_rows *
sqlite_query(hk_db *base, const char *text, bool loose, const hk_value *values, size_t count,
	int64_t *ret_changed, GError **error)
{
	sqlite_db *db = of(base);
	bool own, row = false;
	statement *s = take(db, text, loose, &own, error);

	if (!s) {
		return NULL;
	}
	bool reads = sqlite3_stmt_readonly(s->stmt);
	if (base->open && !base->write && !reads) {
		release(s, own);
		hk_error_set(error, HK_EINTERNAL, "a write in a transaction for reading: \"%.60s\"",
			text);
		return NULL;
	}
	if (!bind_all(db, s, values, count, error) || !step(db, s->stmt, &row, error)) {
		release(s, own);
		return NULL;
	}
	if (ret_changed) {
		*ret_changed = reads ? 0 : sqlite3_changes64(db->handle);
	}
	sqlite_rows *rows = g_new0(sqlite_rows, 1);
	rows->base.db = base;
	rows->base.finished = !row;
	rows->from = s;
	rows->own = own;
	if (row) {
		rows->stmt = s->stmt;
	} else {
		release(s, own); /* also ends the snapshot of one outside a transaction */
	}
	return &rows->base;
}

static void
let_go(sqlite_rows *rows)
{
	if (rows->stmt) {
		release(rows->from, rows->own);
		rows->stmt = NULL;
	}
}

static bool
sqlite_next(hk_rows *base, GError **error)
{
	sqlite_rows *rows = (sqlite_rows *)(void *)base;
	bool row = false;

	if (!step(of(base->db), rows->stmt, &row, error) || !row) {
		let_go(rows);
	}
	return row;
}

static void
sqlite_rows_free(hk_rows *base)
{
	let_go((sqlite_rows *)(void *)base);
	g_free(base);
}

static unsigned
sqlite_columns(const hk_rows *rows)
{
	return rows_of(rows)->stmt ? (unsigned)sqlite3_column_count(rows_of(rows)->stmt) : 0;
}

static const char *
sqlite_column_name(const hk_rows *rows, unsigned column)
{
	return sqlite3_column_name(rows_of(rows)->stmt, (int)column);
}

static int
type_of(const hk_rows *rows, unsigned column)
{
	return sqlite3_column_type(rows_of(rows)->stmt, (int)column);
}

static hk_value_kind
sqlite_kind(const hk_rows *rows, unsigned column)
{
	switch (type_of(rows, column)) {
	case SQLITE_INTEGER:
		return HK_VALUE_INT;
	case SQLITE_FLOAT:
		return HK_VALUE_REAL;
	case SQLITE_TEXT:
		return HK_VALUE_TEXT;
	case SQLITE_BLOB:
		return HK_VALUE_BLOB;
	default:
		return HK_VALUE_NULL;
	}
}

static bool
sqlite_is_null(const hk_rows *rows, unsigned column)
{
	return type_of(rows, column) == SQLITE_NULL;
}

/* Conversions that PostgreSQL would not make are our mistakes; found here, where most tests run. */
static void
must_be_number(const hk_rows *rows, unsigned column)
{
	int type = type_of(rows, column);

	if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) {
		HK_BUG("a column that is no number is read as one");
	}
}

static int64_t
sqlite_int(const hk_rows *rows, unsigned column)
{
	must_be_number(rows, column);
	return sqlite3_column_int64(rows_of(rows)->stmt, (int)column);
}

static double
sqlite_real(const hk_rows *rows, unsigned column)
{
	must_be_number(rows, column);
	return sqlite3_column_double(rows_of(rows)->stmt, (int)column);
}

static const char *
sqlite_str(const hk_rows *rows, unsigned column)
{
	if (type_of(rows, column) != SQLITE_TEXT) {
		HK_BUG("a column that is no text is read as text");
	}
	return (const char *)sqlite3_column_text(rows_of(rows)->stmt, (int)column);
}

static hk_span
sqlite_blob(const hk_rows *rows, unsigned column)
{
	int type = type_of(rows, column);

	if (type != SQLITE_BLOB && type != SQLITE_TEXT) {
		HK_BUG("a column that is no blob is read as one");
	}
	const void *data = sqlite3_column_blob(rows_of(rows)->stmt, (int)column);
	return hk_span_of(data, (size_t)sqlite3_column_bytes(rows_of(rows)->stmt, (int)column));
}

/* Others ---------------------------------------------------------------------------------------- */

static bool
sqlite_lock(hk_db *db, const char *name, GError **error)
{
	(void)db; /* there is one writer in all */
	(void)name;
	(void)error;
	return true;
}

static bool
sqlite_wait(hk_db *base, unsigned timeout_ms, int cancel_fd, GError **error)
{
	sqlite_db *db = of(base);
	int64_t end_ms = hk_db_now_ms() + timeout_ms;

	for (;;) {
		int64_t version;
		if (!data_version(db, &version, error)) {
			return false;
		}
		if (version != db->seen_version) {
			db->seen_version = version;
			return true;
		}
		int64_t left_ms = end_ms - hk_db_now_ms();
		if (left_ms <= 0) {
			return true;
		}
		struct pollfd cancel = {.fd = cancel_fd, .events = POLLIN};
		if (poll(&cancel, cancel_fd >= 0, (int)MIN(left_ms, 20)) > 0) {
			return true;
		}
	}
}

const hk_db_ops hk_db_sqlite_ops = {
	.close = sqlite_close,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.query = sqlite_query,
	.next = sqlite_next,
	.rows_free = sqlite_rows_free,
	.is_null = sqlite_is_null,
	.as_int = sqlite_int,
	.as_real = sqlite_real,
	.as_str = sqlite_str,
	.as_blob = sqlite_blob,
	.columns = sqlite_columns,
	.column_name = sqlite_column_name,
	.kind = sqlite_kind,
	.script = run_script,
	.lock = sqlite_lock,
	.wait = sqlite_wait,
};
