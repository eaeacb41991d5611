/* store/later and store/rowset: rows that are written at the end are seen before, and refused as others are. */
#include <string.h>

#include "base/err.h"
#include "store.h"
#include "store/case_rows.h"
#include "store/cases.h"
#include "store/later.h"
#include "store/rowset.h"
#include "sys/gerr.h"
#include "tap.h"

static int64_t
number(hk_db *db, hk_sql sql)
{
	int64_t ret = -1;
	GError *error = NULL;

	ok(hk_db_int(db, sql, HK_NO_ARGS, &ret, &error), "%s %s", sql.text,
		error ? error->message : "");
	g_clear_error(&error);
	return ret;
}

/* A case of the source "manual", which is made when it is not there. */
static bool
add_case(hk_db *db, hk_case_row *row, GError **error)
{
	return hk_db_exec(db,
		       HK_SQL("INSERT INTO sources (id, key, kind, name, updated_ms) "
			      "VALUES (1, 'manual', 'manual', 'manual', 0) ON CONFLICT DO NOTHING"),
		       HK_NO_ARGS, NULL, error) &&
	       hk_cases_insert(db, row, error);
}

static hk_case_row
new_case(void)
{
	static char name[] = "a", none[] = "[]";

	return (hk_case_row){.name = name,
		.kind = "phishing",
		.state = "new",
		.reasons = none,
		.wants = none,
		.source_id = 1};
}

static void
test_seen(hk_db *db)
{
	hk_case_row row = new_case();
	static const uint8_t hash[32] = {7};
	g_auto(hk_case_row) locked = {0};
	bool fresh = false;

	ok(hk_db_begin(db, true, NULL) && hk_later_begin(db, NULL), "begun");
	ok(add_case(db, &row, NULL), "a case");
	ok(row.id > 0 && row.version == 1, "has a number at once");
	ok(hk_case_urls_first(db, row.id, "https://a.example/", hash, "a.example", 5, NULL),
		"its URL");
	ok(hk_case_urls_add(db, row.id, "https://a.example/", hash, "a.example", 3, &fresh, NULL) &&
			!fresh,
		"the same once more");
	ok(hk_comments_add(db, row.id, 0, 1, "said", NULL, NULL), "a comment");
	ok(hk_cases_lock(db, row.id, &locked, NULL), "it is locked");
	is_str(locked.name, "a", "and read");
	locked.urls = 1;
	ok(hk_cases_update(db, &locked, HK_CASE_SEEN, NULL), "and changed");
	is_int(locked.version, 2, "one version up");
	is_int(number(db, HK_SQL("SELECT COUNT(*) FROM comments WHERE text = 'said'")), 1,
		"a question sees what is to be written");
	is_int(number(db, HK_SQL("SELECT version FROM cases")), 2, "the case, too");
	is_int(number(db, HK_SQL("SELECT times FROM case_urls")), 2, "named twice");
	is_int(number(db, HK_SQL("SELECT first_ms FROM case_urls")), 3, "first then");
	ok(hk_db_exec(db, HK_SQL("UPDATE cases SET name = 'b'"), HK_NO_ARGS, NULL, NULL),
		"changed by another way");
	hk_case_row_clear(&locked);
	ok(hk_cases_lock(db, row.id, &locked, NULL), "locked again");
	is_str(locked.name, "b", "what was known is forgotten");
	ok(hk_case_urls_add(db, row.id, "https://a.example/", hash, "a.example", 9, &fresh, NULL) &&
			!fresh,
		"a URL that is in the database");
	ok(hk_db_commit(db, NULL), "commit");
	is_int(number(db, HK_SQL("SELECT times FROM case_urls")), 3, "named three times");
}

static void
test_undone(hk_db *db)
{
	hk_case_row row = new_case();

	ok(hk_db_begin(db, true, NULL) && hk_later_begin(db, NULL), "begun");
	ok(add_case(db, &row, NULL), "a case");
	hk_db_rollback(db);
	is_int(number(db, HK_SQL("SELECT COUNT(*) FROM cases")), 1, "rolled back: it is gone");
	ok(hk_db_begin(db, true, NULL), "begun");
	ok(hk_comments_add(db, 1, 0, 1, "at once", NULL, NULL), "the next is as before");
	ok(hk_db_commit(db, NULL), "commit");
}

/* On SQLite at once, on PostgreSQL at the end: but refused. */
static void
test_refused(hk_db *db)
{
	hk_case_row row = new_case();
	g_autoptr(GError) error = NULL;

	ok(hk_db_begin(db, true, NULL) && hk_later_begin(db, NULL), "begun");
	ok(add_case(db, &row, NULL), "a case");
	bool good = hk_comments_add(db, 99999, 0, 1, "of no case", NULL, &error) &&
		    hk_db_commit(db, &error);
	ok(!good, "a comment of no case is refused");
	is_int(hk_error_code(error), HK_EPOLICY, "for what it is");
	hk_db_rollback(db);
	is_int(number(db, HK_SQL("SELECT COUNT(*) FROM cases")), 1, "nothing of it stays");
}

static void
test_rowset(hk_db *db)
{
	g_autoptr(hk_rowset) set = hk_rowset_new("irtb");
	static const uint8_t bytes[] = {0, 255};
	GError *error = NULL;

	hk_rowset_add(set, (const hk_value[]){hk_v_int(INT64_MIN), hk_v_real(0.25),
				   hk_v_str("{\"\\,NULL"), hk_v_blob(hk_span_of(bytes, 2))});
	hk_rowset_add(set, (const hk_value[]){hk_v_null(), hk_v_null(), hk_v_null(), hk_v_null()});
	hk_rowset_add(set, (const hk_value[]){hk_v_int(3), hk_v_real(-1), hk_v_str(""),
				   hk_v_blob(hk_span_of(NULL, 0))});
	is_int((int64_t)hk_rowset_count(set), 3, "three rows");
	{
		g_autoptr(hk_rows) rows = hk_rowset_query(
			set, db, HK_SQL("SELECT * FROM UNNEST($1, $2, $3, $4)"), &error);
		ok(rows && hk_rows_next(rows, &error), "the first: %s",
			error ? error->message : "");
		ok(hk_rows_int(rows, 0) == INT64_MIN && hk_rows_real(rows, 1) == 0.25, "numbers");
		is_str(hk_rows_str(rows, 2), "{\"\\,NULL", "text");
		ok(hk_rows_blob(rows, 3).len == 2, "bytes");
		ok(hk_rows_next(rows, &error) && hk_rows_is_null(rows, 0) &&
				hk_rows_is_null(rows, 1) && hk_rows_is_null(rows, 2) &&
				hk_rows_is_null(rows, 3),
			"NULLs");
		ok(hk_rows_next(rows, &error) && !hk_rows_is_null(rows, 2) &&
				*hk_rows_str(rows, 2) == '\0' && !hk_rows_is_null(rows, 3),
			"what is empty is not NULL");
		ok(!hk_rows_next(rows, &error) && !error, "no more");
	}
	g_autoptr(hk_rowset) none = hk_rowset_new("i");
	g_autoptr(hk_rows) rows =
		hk_rowset_query(none, db, HK_SQL("SELECT 1 WHERE 1 = ANY($1)"), &error);
	ok(rows && !hk_rows_next(rows, &error) && !error, "a set without rows");
}

int
main(void)
{
	hk_db *db = hk_test_db();

	test_seen(db);
	test_undone(db);
	test_refused(db);
	if (hk_test_db_pgsql()) {
		test_rowset(db);
	}
	hk_db_close(db);
	return tap_done();
}
