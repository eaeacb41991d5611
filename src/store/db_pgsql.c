#include "store/pgsql_int.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/num.h"
#include "sys/gerr.h"
#include "sys/hash.h"

/* Statements kept besides those of literals without NULL: a NULL has no type, so that each pattern of NULLs is another statement. */
enum { LOOSE_MAX = 256 };

static pgsql_db *
of(const hk_db *db)
{
	return (pgsql_db *)(void *)db;
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
	bool ret = hk_db_pgsql_good(result) || hk_db_pgsql_fail(&db->base, result, error);

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

	if (!hk_db_pgsql_reconnect(db, error)) {
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
		if (!hk_db_pgsql_reconnect(db, error) || !begin_once(db, write, error)) {
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

	/* Also on one that is given up for another reason: its locks end here. */
	if (PQstatus(db->conn) == CONNECTION_OK) {
		PGresult *result = PQexec(db->conn, "ROLLBACK");
		if (!hk_db_pgsql_good(result)) {
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
		if (hk_db_pgsql_reconnect(db, NULL)) {
			PGresult *result = PQexecParams(db->conn,
				"SELECT coalesce(pg_xact_status(CAST($1 AS xid8)), 'aborted')", 1,
				NULL, values, NULL, NULL, 0);
			g_autofree char *state = hk_db_pgsql_good(result)
							 ? g_strdup(PQgetvalue(result, 0, 0))
							 : NULL;
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
	bool done =
		result && hk_db_pgsql_good(result) && strcmp(PQcmdStatus(result), "COMMIT") == 0;
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

/* The types of store/rowset.h. */
static const struct {
	char letter;
	Oid member, array;
} arrays[] = {{'i', PG_INT8, PG_INT8_ARRAY}, {'r', PG_FLOAT8, PG_FLOAT8_ARRAY},
	{'t', PG_TEXT, PG_TEXT_ARRAY}, {'b', PG_BYTEA, PG_BYTEA_ARRAY}};

static size_t
array_row(char letter)
{
	for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++) {
		if (arrays[i].letter == letter) {
			return i;
		}
	}
	HK_BUG("no type of a set of rows");
}

static Oid
array_oid(char letter)
{
	return arrays[array_row(letter)].array;
}

uint32_t
hk_db_member_oid(char type)
{
	return arrays[array_row(type)].member;
}

static void
put_param(params *p, size_t i, const hk_value *value)
{
	static const Oid types[] = {0, PG_INT8, PG_FLOAT8, PG_TEXT, PG_BYTEA};
	uint64_t bits = (uint64_t)value->i;

	p->types[i] = types[value->kind];
	p->kinds[i] = "nirtb"[value->kind];
	if (value->kind == HK_VALUE_BLOB && value->i != 0) {
		p->types[i] = array_oid((char)value->i);
		p->kinds[i] = (char)g_ascii_toupper((char)value->i);
	}
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
	if (!hk_db_pgsql_good(result)) {
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
	if (!base->open && !hk_db_pgsql_reconnect(db, error)) {
		return NULL;
	}
	unsigned number = take(db, text, loose, &p, count, error);
	if (number == 0) {
		return NULL;
	}
	g_snprintf(name, sizeof(name), "hk%u", number);
	PGresult *result =
		PQexecPrepared(db->conn, name, (int)count, p.values, p.lengths, p.formats, 1);
	if (!hk_db_pgsql_good(result)) {
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
	return hk_db_pgsql_rows(base, result);
}

/* Others ---------------------------------------------------------------------------------------- */

int64_t
hk_db_lock_key(const char *name)
{
	uint8_t hash[HK_SHA256_SIZE];

	hk_sha256(hk_span_str(name), hash);
	return (int64_t)hk_db_pgsql_be(hash, 8);
}

static bool
pgsql_lock(hk_db *base, const char *name, GError **error)
{
	hk_value key = hk_v_int(hk_db_lock_key(name));
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

	if (!hk_db_pgsql_reconnect(db, error)) {
		/* So that a caller who comes back at once does not spin. */
		sleep_on(db, MIN(timeout_ms, 1000), cancel_fd);
		return false;
	}
	if (!db->listening) {
		/* What was written before we listened is not known: as if something was. */
		db->listening = true;
		return hk_db_pgsql_script(base, "LISTEN hikeshi", error);
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
	.next = hk_db_pgsql_next,
	.rows_free = hk_db_pgsql_rows_free,
	.is_null = hk_db_pgsql_is_null,
	.as_int = hk_db_pgsql_int,
	.as_real = hk_db_pgsql_real,
	.as_str = hk_db_pgsql_str,
	.as_blob = hk_db_pgsql_blob,
	.columns = hk_db_pgsql_columns,
	.column_name = hk_db_pgsql_column_name,
	.kind = hk_db_pgsql_kind,
	.script = hk_db_pgsql_script,
	.lock = pgsql_lock,
	.wait = pgsql_wait,
};
