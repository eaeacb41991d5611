/* board_fill: fills a database that `hikeshi db init` has made with cases as a bank's board holds them after some years.
 *
 *   board_fill URL COUNT
 *
 * Rows go in in bulk, not through the acts: what is measured is reading. The same seed makes the same cases. Recent ones are open,
 * old ones closed; targets, registrars' suffixes and words of the survey log are as uneven as they are in life. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/bulk.h"
#include "store/db_int.h"
#include "store/search.h"
#include "store/tally.h"
#include "sys/clock.h"
#include "sys/gerr.h"

#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1764036000000) /* 2025-11-25 02:00 UTC */

enum { TARGETS = 40, ACTORS = 15, SOURCES = 8, USERS = 20, COLUMNS_MAX = 64, EVENTS_BEFORE = 1000 };

static uint64_t state_of_random = 88172645463325252ull;

static uint32_t
next(uint32_t below)
{
	state_of_random ^= state_of_random << 13;
	state_of_random ^= state_of_random >> 7;
	state_of_random ^= state_of_random << 17;
	return (uint32_t)((state_of_random >> 32) * below >> 32);
}

/* 0 most often, count - 1 seldom. */
static uint32_t
uneven(uint32_t count)
{
	double u = (next(1u << 24) + 1) / (double)(1u << 24);

	return (uint32_t)(pow((double)count + 1, u * u) - 1) % count;
}

static const char *const banks[] = {"みずほ銀行", "三菱UFJ銀行", "三井住友銀行", "楽天カード",
	"オリコカード", "UCカード", "三井住友カード", "JCB", "PayPay銀行", "ゆうちょ銀行",
	"りそな銀行", "イオン銀行", "セブン銀行", "住信SBIネット銀行", "auじぶん銀行", "野村證券",
	"SBI証券", "楽天証券", "マネックス証券", "大和証券"};
static const char *const banks_en[] = {"Mizuho Bank", "MUFG Bank", "SMBC", "Rakuten Card", "Orico",
	"UC Card", "SMCC", "JCB", "PayPay Bank", "Japan Post Bank", "Resona", "AEON Bank",
	"Seven Bank", "SBI Sumishin", "au Jibun Bank", "Nomura", "SBI", "Rakuten Securities",
	"Monex", "Daiwa"};
static const char *const words[] = {"login", "secure", "mizuho", "mufg", "smbc", "card", "bank",
	"verify", "account", "update", "web", "direct", "rakuten", "info", "service", "co-jp",
	"support", "id", "auth", "net", "uc", "orico", "member", "check", "help"};
static const char *const suffixes[] = {".com", ".duckdns.org", ".cn", ".top", ".xyz", ".shop",
	".icu", ".net", ".is", ".cc", ".vip", ".live", ".online", ".site", ".info"};
static const char *const says[] = {"スクリーンショットを取得", "レジストラへ依頼済み",
	"ホスティング事業者に連絡", "JPCERTへ報告", "Google Safe Browsing に申請",
	"偽ログイン画面を確認", "カード番号の入力画面あり", "閉鎖を確認", "on hold になった",
	"再開を確認、再度依頼", "証明書はLet's Encrypt", "SMSで誘導", "メールで誘導",
	"二段階認証の入力画面", "投資勧誘のサイト", "転送のみ"};
static const struct {
	const char *state;
	bool open;
} finished[] = {{"closed", false}, {"closed", false}, {"closed", false}, {"closed", false},
	{"closed", false}, {"closed", false}, {"closed", false}, {"dismissed", false},
	{"down", false}, {"out_of_scope", false}},
  running[] = {{"new", true}, {"new", true}, {"new", true}, {"triaged", true}, {"confirmed", true},
	  {"reported", true}, {"reported", true}, {"reported", true}, {"resurrected", true},
	  {"down", false}};
static const char *const kinds[] = {"phishing", "phishing", "phishing", "phishing",
	"phishing_other", "phishing_other", "trademark", "scam", "investment_scam", "malware"};

/* One table that is being loaded. */
typedef struct table {
	hk_load *load;
	GPtrArray *columns;
	hk_value values[COLUMNS_MAX];
} table;

static void
fail(GError *error)
{
	fprintf(stderr, "board_fill: %s\n", error ? error->message : "failed");
	exit(70);
}

static table
begin(hk_db *db, const char *name)
{
	GError *error = NULL;
	table t = {.columns = hk_table_columns(db, name, &error)};

	if (!t.columns || !(t.load = hk_load_new(db, name, t.columns, &error))) {
		fail(error);
	}
	return t;
}

static void
set(table *t, const char *column, hk_value value)
{
	for (unsigned i = 0; i < t->columns->len; i++) {
		if (strcmp(g_ptr_array_index(t->columns, i), column) == 0) {
			t->values[i] = value;
			return;
		}
	}
	fprintf(stderr, "board_fill: no column %s\n", column);
	exit(70);
}

static void
put(table *t)
{
	GError *error = NULL;

	if (!hk_load_row(t->load, t->values, &error)) {
		fail(error);
	}
}

static void
clear(table *t)
{
	for (unsigned i = 0; i < t->columns->len; i++) {
		t->values[i] = hk_v_null();
	}
}

static void
end(table *t)
{
	GError *error = NULL;

	if (!hk_load_end(t->load, &error)) {
		fail(error);
	}
	hk_load_free(t->load);
	g_ptr_array_unref(t->columns);
}

static void
run(hk_db *db, hk_sql sql, const hk_value *values, size_t count)
{
	GError *error = NULL;

	if (!hk_db_exec(db, sql, values, count, NULL, &error)) {
		fail(error);
	}
}

static void
small_tables(hk_db *db)
{
	char key[32], name[96], english[96];
	static const char *const handled[] = {
		"down", "closed", "dismissed", "out_of_scope", "duplicate"};

	for (int i = 0; i < TARGETS; i++) {
		snprintf(key, sizeof key, "target-%d", i + 1);
		snprintf(name, sizeof name, "%s%s", banks[i % 20], i < 20 ? "" : "グループ");
		snprintf(english, sizeof english, "%s%s", banks_en[i % 20], i < 20 ? "" : " group");
		run(db,
			HK_SQL("INSERT INTO targets (key, name, name_en, own, updated_ms) VALUES "
			       "($1, $2, $3, $4, 0)"),
			HK_ARGS(hk_v_str(key), hk_v_str(name), hk_v_str(english),
				hk_v_int(i == 0 || i == 5)));
	}
	for (int i = 0; i < ACTORS; i++) {
		snprintf(key, sizeof key, "actor-%d", i + 1);
		run(db, HK_SQL("INSERT INTO actors (key, name, updated_ms) VALUES ($1, $1, 0)"),
			HK_ARGS(hk_v_str(key)));
	}
	for (int i = 0; i < SOURCES; i++) {
		snprintf(key, sizeof key, i == 0 ? "ct-bench" : "feed:bench-%d", i);
		run(db,
			HK_SQL("INSERT INTO sources (key, kind, name, updated_ms) VALUES ($1, "
			       "'feed', $1, 0)"),
			HK_ARGS(hk_v_str(key)));
	}
	for (int i = 0; i < USERS; i++) {
		snprintf(key, sizeof key, "user%d", i + 1);
		run(db,
			HK_SQL("INSERT INTO users (login, name, state, created_ms) VALUES ($1, $1, "
			       "'disabled', 0)"),
			HK_ARGS(hk_v_str(key)));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(handled); i++) {
		run(db,
			HK_SQL("INSERT INTO statuses (key, name, name_en, handled, updated_ms) "
			       "VALUES ($1, $1, $1, 1, 0) ON CONFLICT (key) DO NOTHING"),
			HK_ARGS(hk_v_str(handled[i])));
	}
}

static int64_t
first_id(hk_db *db, hk_sql sql)
{
	int64_t id = 0;

	hk_db_int(db, sql, HK_NO_ARGS, &id, NULL);
	return id;
}

/* What all rows of one case are made of; made again from its number, because each table is loaded by itself. */
typedef struct site {
	char host[96], domain[64], url[160];
	uint32_t target;
	int64_t opened_ms;
	bool note, label, late;
} site;

static site
site_of(int64_t id, int64_t count)
{
	site s = {0};
	uint64_t keep = state_of_random;

	state_of_random = 0x9e3779b97f4a7c15ull * (uint64_t)(id + 1) | 1;
	next(2);
	next(2);
	const char *a = words[uneven(G_N_ELEMENTS(words))], *b = words[uneven(G_N_ELEMENTS(words))];
	uint32_t number = next(60000);
	snprintf(s.domain, sizeof s.domain, "%s-%s%u%s", a, b, number,
		suffixes[uneven(G_N_ELEMENTS(suffixes))]);
	snprintf(s.host, sizeof s.host, "%s%s", next(3) ? "" : "www.", s.domain);
	snprintf(s.url, sizeof s.url, "https://%s/%s%s", s.host, words[next(G_N_ELEMENTS(words))],
		next(2) ? "/index.php" : "");
	s.target = uneven(TARGETS);
	s.opened_ms = NOW_MS - (count - id) * (6 * 365 * DAY_MS / (count + 1)) - next(3600) * 1000;
	s.note = next(100) < 40;
	s.label = next(100) < 10;
	s.late = next(1000) < 30;
	state_of_random = keep;
	return s;
}

static void
case_row(table *t, int64_t id, int64_t count, int64_t target1, int64_t actor1, int64_t source1,
	int64_t user1)
{
	site s = site_of(id, count);
	bool recent = id > count - count / 12;
	const char *state = recent ? running[next(10)].state : finished[next(10)].state;
	bool open = recent && strcmp(state, "down") != 0;
	int64_t seen = s.opened_ms - next(48 * 3600) * INT64_C(1000);

	clear(t);
	set(t, "id", hk_v_int(id));
	set(t, "name", hk_v_str(s.host));
	set(t, "kind", hk_v_str(kinds[next(10)]));
	set(t, "state", hk_v_str(next(200) == 0 ? "duplicate" : state));
	set(t, "host", hk_v_str(s.host));
	set(t, "domain", hk_v_str(s.domain));
	set(t, "url", hk_v_str(s.url));
	set(t, "urls", hk_v_int(1));
	set(t, "score", hk_v_real((double)next(1000) / 1000));
	set(t, "reasons", hk_v_str("[\"brand in the name\",\"young domain\"]"));
	set(t, "target_id", next(20) ? hk_v_int(target1 + s.target) : hk_v_null());
	set(t, "actor_id", next(10) < 4 ? hk_v_int(actor1 + uneven(ACTORS)) : hk_v_null());
	set(t, "source_id", hk_v_int(source1 + uneven(SOURCES)));
	set(t, "reporter_id", next(3) ? hk_v_null() : hk_v_int(user1 + next(USERS)));
	set(t, "assignee_id", open && next(2) ? hk_v_int(user1 + uneven(USERS)) : hk_v_null());
	set(t, "wants", hk_v_str("[]"));
	set(t, "first_seen_ms", hk_v_int(seen));
	set(t, "detected_ms", hk_v_int(seen + next(24 * 3600) * INT64_C(1000)));
	set(t, "opened_ms", hk_v_int(s.opened_ms));
	set(t, "triaged_ms", hk_v_int(s.opened_ms + next(3600) * INT64_C(1000)));
	set(t, "last_seen_ms", hk_v_int(s.opened_ms + next(72 * 3600) * INT64_C(1000)));
	set(t, "updated_ms", hk_v_int(s.opened_ms + next(96 * 3600) * INT64_C(1000)));
	if (!open) {
		set(t, "down_ms", hk_v_int(s.opened_ms + next(72 * 3600) * INT64_C(1000)));
		set(t, "closed_ms", hk_v_int(s.opened_ms + (72 + next(240)) * INT64_C(3600000)));
	} else {
		set(t, "due_ms", hk_v_int(s.opened_ms + next(96 * 3600) * INT64_C(1000)));
		set(t, "due_clock", hk_v_str("report"));
	}
	set(t, "breached", hk_v_int(s.late));
	if (next(500) == 0) {
		set(t, "deleted_ms", hk_v_int(s.opened_ms));
	}
	set(t, "version", hk_v_int(1));
	put(t);
}

static void
url_row(table *t, int64_t id, int64_t count)
{
	site s = site_of(id, count);
	uint8_t hash[32] = {0};

	memcpy(hash, &id, sizeof id);
	clear(t);
	set(t, "id", hk_v_int(id));
	set(t, "case_id", hk_v_int(id));
	set(t, "url", hk_v_str(s.url));
	set(t, "hash", hk_v_blob(hk_span_of(hash, sizeof hash)));
	set(t, "host", hk_v_str(s.host));
	set(t, "times", hk_v_int(1));
	set(t, "first_ms", hk_v_int(s.opened_ms));
	set(t, "last_ms", hk_v_int(s.opened_ms));
	put(t);
}

static void
comment_row(table *t, int64_t id, int64_t count)
{
	site s = site_of(id, count);
	char text[200];

	if (s.note) {
		snprintf(text, sizeof text, "%s。%s。", says[uneven(G_N_ELEMENTS(says))],
			says[next(G_N_ELEMENTS(says))]);
		clear(t);
		set(t, "id", hk_v_int(id));
		set(t, "case_id", hk_v_int(id));
		set(t, "at_ms", hk_v_int(s.opened_ms + 60000));
		set(t, "text", hk_v_str(text));
		put(t);
	}
}

static void
label_row(table *t, int64_t id, int64_t count)
{
	static const char *const labels[] = {"sms", "急ぎ", "rare", "wave", "mail"};
	site s = site_of(id, count);

	if (s.label) {
		clear(t);
		set(t, "case_id", hk_v_int(id));
		set(t, "label", hk_v_str(labels[uneven(5)]));
		put(t);
	}
}

static void
event_row(table *t, int64_t id, int64_t count)
{
	site s = site_of(id, count);
	static const uint8_t mac[32];

	clear(t);
	set(t, "seq", hk_v_int(id + EVENTS_BEFORE));
	set(t, "at_ms", hk_v_int(s.opened_ms));
	set(t, "who", hk_v_str("auto"));
	set(t, "via", hk_v_str("work"));
	set(t, "address", hk_v_str(""));
	set(t, "act", hk_v_str("case.open"));
	set(t, "object", hk_v_str("case"));
	set(t, "object_id", hk_v_int(id));
	set(t, "case_id", hk_v_int(id));
	set(t, "data", hk_v_str("{}"));
	set(t, "mac", hk_v_blob(hk_span_of(mac, sizeof mac)));
	put(t);
}

/* The indexes of the cases are taken off and made again when the rows are in: some forty that are sorted at once take a tenth of the time. */
static GPtrArray *
take_indexes(hk_db *db)
{
	bool lite = hk_db_engine_of(db) == HK_DB_SQLITE;
	GPtrArray *made = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) drops = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;
	hk_rows *rows = hk_db_query(db,
		lite ? HK_SQL("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND "
			      "tbl_name = 'cases' AND sql IS NOT NULL")
		     : HK_SQL("SELECT CAST(indexname AS TEXT), indexdef FROM pg_indexes WHERE "
			      "tablename = "
			      "'cases' AND indexname <> 'cases_pkey'"),
		HK_NO_ARGS, &error);

	while (rows && hk_rows_next(rows, &error)) {
		g_ptr_array_add(drops, g_strdup_printf("DROP INDEX %s", hk_rows_str(rows, 0)));
		g_ptr_array_add(made, g_strdup(hk_rows_str(rows, 1)));
	}
	hk_rows_free(rows);
	for (unsigned i = 0; !error && i < drops->len; i++) {
		hk_db_script(db, g_ptr_array_index(drops, i), &error);
	}
	if (error) {
		fail(error);
	}
	return made;
}

static void
give_indexes(hk_db *db, GPtrArray *made)
{
	GError *error = NULL;

	for (unsigned i = 0; i < made->len; i++) {
		if (!hk_db_script(db, g_ptr_array_index(made, i), &error)) {
			fail(error);
		}
	}
	g_ptr_array_unref(made);
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	if (argc != 3) {
		fprintf(stderr, "usage: board_fill URL COUNT\n");
		return 64;
	}
	int64_t count = strtoll(argv[2], NULL, 10), start_ms = hk_clock_mono_ms();
	hk_db *db = hk_db_open(argv[1], &error);
	if (!db || !hk_db_begin(db, true, &error)) {
		fail(error);
	}
	bool pgsql = hk_db_engine_of(db) == HK_DB_PGSQL;
	small_tables(db);
	if (pgsql) {
		run(db, HK_SQL("SET statement_timeout = 0"), HK_NO_ARGS);
		/* Made again at the end, at once. */
		run(db, HK_SQL("DROP INDEX case_grams_grams"), HK_NO_ARGS);
	}
	int64_t target1 = first_id(db, HK_SQL("SELECT id FROM targets WHERE key = 'target-1'"));
	int64_t actor1 = first_id(db, HK_SQL("SELECT id FROM actors WHERE key = 'actor-1'"));
	int64_t source1 = first_id(db, HK_SQL("SELECT id FROM sources WHERE key = 'ct-bench'"));
	int64_t user1 = first_id(db, HK_SQL("SELECT id FROM users WHERE login = 'user1'"));
	GPtrArray *indexes = take_indexes(db);
	table t = begin(db, "cases");
	for (int64_t id = 1; id <= count; id++) {
		case_row(&t, id, count, target1, actor1, source1, user1);
	}
	end(&t);
	give_indexes(db, indexes);
	static const struct {
		const char *name;
		void (*row)(table *t, int64_t id, int64_t count);
	} others[] = {{"case_urls", url_row}, {"comments", comment_row}, {"labels", label_row},
		{"events", event_row}};
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		t = begin(db, others[i].name);
		for (int64_t id = 1; id <= count; id++) {
			others[i].row(&t, id, count);
		}
		end(&t);
	}
	/* The trail goes on behind the rows that were made up (it cannot be verified). */
	run(db,
		HK_SQL("INSERT INTO chain (one, seq, mac) VALUES (1, $1, $2) ON CONFLICT (one) DO "
		       "UPDATE SET seq = excluded.seq"),
		HK_ARGS(hk_v_int(count + EVENTS_BEFORE),
			hk_v_blob(hk_span_of((const uint8_t[32]){0}, 32))));
	if (!hk_table_set_last_id(db, "cases", count, &error) ||
		!hk_table_set_last_id(db, "case_urls", count, &error) ||
		!hk_table_set_last_id(db, "comments", count, &error) ||
		!hk_tally_rebuild(db, &error) || !hk_db_commit(db, &error)) {
		fail(error);
	}
	fprintf(stderr, "rows: %.1f s\n", (double)(hk_clock_mono_ms() - start_ms) / 1000);
	if (!hk_search_rebuild(db, &error)) {
		fail(error);
	}
	fprintf(stderr, "search: %.1f s\n", (double)(hk_clock_mono_ms() - start_ms) / 1000);
	if (pgsql) {
		run(db, HK_SQL("SET maintenance_work_mem = '1GB'"), HK_NO_ARGS);
		run(db,
			HK_SQL("CREATE INDEX case_grams_grams ON case_grams USING gin (grams) WITH "
			       "(gin_pending_list_limit = 256)"),
			HK_NO_ARGS);
		run(db, HK_SQL("VACUUM ANALYZE"), HK_NO_ARGS);
	}
	fprintf(stderr, "done: %.1f s\n", (double)(hk_clock_mono_ms() - start_ms) / 1000);
	hk_db_close(db);
	return 0;
}
