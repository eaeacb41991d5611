/* store/search against a substring oracle, with Japanese; store/tally against counting. */
#include <stdio.h>
#include <string.h>

#include "store/db.h"
#include "store/search.h"
#include "store/tally.h"
#include "sys/textfold.h"

#include "store.h"
#include "tap.h"

enum { CASES = 400 };

static hk_db *db;
static const char *const names[] = {"みずほ銀行", "三菱UFJ銀行", "楽天カード", "ﾐﾎﾝｷﾞﾝｺｳ",
	"見本銀行ログイン", "株式会社見本", "Mihon-Bank", "ＭＩＨＯＮ　ＢＡＮＫ", "銀", "ペイペイ",
	"フィッシング", "振込詐欺"};
static const char *const notes[] = {"スクリーンショット有り", "hxxps[:]//evil[.]example/ に転送",
	"JPCERTへ連絡済み。", "さくらインターネットに依頼", "レジストラが on hold にした",
	"偽ログイン画面\n二行目の文", "a b  c", "%_\\'\""};
static uint32_t seed = 12345;

static uint32_t
next(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static bool
run(hk_sql sql, const hk_value *values, size_t count)
{
	g_autoptr(GError) error = NULL;
	bool good = hk_db_exec(db, sql, values, count, NULL, &error);

	return good || ok(false, "%s", error->message);
}

static void
make_case(int64_t id)
{
	char host[64], url[128];

	snprintf(host, sizeof host, "%c%u.%s.example", 'a' + (int)next(26), next(1000),
		next(2) ? "duckdns" : "login-bank");
	snprintf(url, sizeof url, "https://%s/%s", host, next(2) ? "index.php?id=1" : "ja");
	run(HK_SQL("INSERT INTO cases (id, name, kind, state, host, source_id, target_id, "
		   "first_seen_ms, "
		   "detected_ms, opened_ms, last_seen_ms, updated_ms) VALUES ($1, $2, 'phishing', "
		   "$3, $4, 1, $5, "
		   "$6, $6, $6, $6, $6)"),
		HK_ARGS(hk_v_int(id), hk_v_str(next(3) ? host : names[next(G_N_ELEMENTS(names))]),
			hk_v_str(next(2) ? "new" : "closed"), hk_v_str(host), hk_v_id(next(3)),
			hk_v_int(1700000000000 + (int64_t)next(1000000) * 40000)));
	run(HK_SQL("INSERT INTO case_urls (case_id, url, hash, host, first_ms, last_ms) VALUES "
		   "($1, $2, $3, "
		   "$4, 0, 0)"),
		HK_ARGS(hk_v_int(id), hk_v_str(url), hk_v_blob(hk_span_str(url)), hk_v_str(host)));
	if (next(2)) {
		run(HK_SQL("INSERT INTO comments (case_id, at_ms, text) VALUES ($1, 0, $2)"),
			HK_ARGS(hk_v_int(id), hk_v_str(notes[next(G_N_ELEMENTS(notes))])));
	}
	if (next(4) == 0) {
		run(HK_SQL("INSERT INTO labels (case_id, label) VALUES ($1, $2)"),
			HK_ARGS(hk_v_int(id), hk_v_str(next(2) ? "急ぎ" : "wave-12")));
	}
	hk_search_index(db, id, NULL);
}

static void
fill(void)
{
	ok(hk_db_begin(db, true, NULL), "begin");
	run(HK_SQL("INSERT INTO sources (id, key, kind, name, updated_ms) VALUES (1, 'test', "
		   "'api', 'test', 0) "
		   "ON CONFLICT DO NOTHING"),
		HK_NO_ARGS);
	for (int i = 1; i <= 2; i++) {
		run(HK_SQL("INSERT INTO targets (id, key, name, name_en, updated_ms) VALUES ($1, "
			   "$2, $3, $4, 0) ON CONFLICT DO NOTHING"),
			HK_ARGS(hk_v_int(i), hk_v_str(i == 1 ? "mihon" : "raku"),
				hk_v_str(i == 1 ? "見本銀行" : "楽天"),
				hk_v_str(i == 1 ? "Mihon Bank" : "Rakuten")));
	}
	for (int64_t id = 1; id <= CASES; id++) {
		make_case(id);
	}
	ok(hk_db_commit(db, NULL), "commit");
}

/* The numbers of the cases of which the index says yes and the text is right, as text. */
static char *
found(const char *needle, const char *state)
{
	g_autoptr(hk_search_ask) ask = hk_search_ask_new(db);
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	g_autoptr(GError) error = NULL;
	GString *out = g_string_new(NULL);

	if (needle) {
		hk_search_ask_text(ask, hk_span_str(needle));
	}
	if (state) {
		hk_search_ask_tag(ask, HK_TAG_STATE, &state, 1);
	}
	hk_sqlb_add(b, HK_SQL("SELECT c.id FROM cases c JOIN case_texts x ON x.case_id = c.id "
			      "WHERE c.id IN ("));
	hk_search_ask_sql(ask, b);
	hk_sqlb_both(b, HK_SQL(") AND instr(x.text, "), HK_SQL(") AND strpos(x.text, "));
	hk_sqlb_value(b, hk_v_str(needle ? needle : ""));
	hk_sqlb_add(b, HK_SQL(") > 0 ORDER BY c.id"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, &error);
	while (rows && hk_rows_next(rows, &error)) {
		g_string_append_printf(out, "%d ", (int)hk_rows_int(rows, 0));
	}
	if (error) {
		g_string_append(out, error->message);
	}
	return g_string_free(out, false);
}

static char *
expected(const char *needle, const char *state)
{
	GString *out = g_string_new(NULL);
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT c.id, x.text, c.state FROM cases c JOIN case_texts x ON x.case_id = "
		       "c.id ORDER BY c.id"),
		HK_NO_ARGS, NULL);

	while (hk_rows_next(rows, NULL)) {
		if ((!needle || strstr(hk_rows_str(rows, 1), needle)) &&
			(!state || strcmp(state, hk_rows_str(rows, 2)) == 0)) {
			g_string_append_printf(out, "%d ", (int)hk_rows_int(rows, 0));
		}
	}
	return g_string_free(out, false);
}

static void
check(const char *typed, bool some)
{
	g_autoptr(GString) folded = g_string_new(NULL);

	hk_textfold(hk_span_str(typed), folded);
	for (int i = 0; i < 2; i++) {
		const char *state = i ? "new" : NULL;
		g_autofree char *got = found(folded->str, state);
		g_autofree char *want = expected(folded->str, state);
		is_str(got, want, "\"%s\"%s", typed, i ? " in state new" : "");
		ok((want[0] != '\0') == some, "which is%s found", some ? "" : " not");
	}
}

static void
searches(void)
{
	static const char *const there[] = {"銀行", "銀", "みずほ", "ミズホ", "みず", "UFJ",
		"ｕｆｊ", "楽天カード", "見本", "ミホンギンコウ", "mihon bank", "duckdns",
		"duckdns.example", "n-b", ".", "/ja", "index.php?id=1", "evil.example",
		"evil[.]example", "hxxps://evil", "急ぎ", "急", "wave-12", "on hold",
		"ログイン画面", "二行目", "a b c", "%_\\'\"", "%", "'", "rakuten", "JPCERT"};
	static const char *const not [] = {
		"銀行楽", "みずほ銀行x", "画面 二行目", "zzzzz", "鑾", "n-bx"};

	for (size_t i = 0; i < G_N_ELEMENTS(there); i++) {
		check(there[i], true);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(not ); i++) {
		check(not [i], false);
	}
}

/* Random pieces of random texts. */
static void
pieces(void)
{
	bool good = true;

	for (int i = 0; i < 300 && good; i++) {
		g_autofree char *text = NULL;
		g_autoptr(hk_rows) rows =
			hk_db_query(db, HK_SQL("SELECT text FROM case_texts WHERE case_id = $1"),
				HK_ARGS(hk_v_int(1 + next(CASES))), NULL);
		if (!hk_rows_next(rows, NULL)) {
			continue;
		}
		text = g_strdup(hk_rows_str(rows, 0));
		long chars = g_utf8_strlen(text, -1), from = next((uint32_t)chars);
		long to = from + 1 + next(9);
		to = MIN(to, chars); /* in two steps: MIN counts its arguments twice */
		g_autofree char *piece = g_utf8_substring(text, from, to);
		if (strchr(piece, '\n')) {
			continue;
		}
		g_autofree char *got = found(piece, NULL);
		g_autofree char *want = expected(piece, NULL);
		good = strcmp(got, want) == 0;
		if (!good) {
			tap_diag("\"%s\": %s instead of %s", piece, got, want);
		}
	}
	ok(good, "random pieces of random texts");
}

static void
changes(void)
{
	ok(hk_db_begin(db, true, NULL), "begin");
	for (int i = 0; i < 200; i++) {
		int64_t id = 1 + next(CASES);
		run(HK_SQL("UPDATE cases SET state = $2, name = $3 WHERE id = $1"),
			HK_ARGS(hk_v_int(id), hk_v_str(next(2) ? "new" : "down"),
				hk_v_str(names[next(G_N_ELEMENTS(names))])));
		ok(hk_search_index(db, id, NULL), "indexed again");
		hk_search_index(db, id, NULL);
	}
	ok(hk_db_commit(db, NULL), "commit");
	searches();
	pieces();
	ok(hk_search_rebuild(db, NULL), "rebuilt");
	pieces();
}

/* Tallies ---------------------------------------------------------------------------------------- */

static char *
tallies(void)
{
	GString *out = g_string_new(NULL);
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT dim, month, key, kind, cases FROM tallies WHERE cases <> 0 ORDER BY "
		       "dim, month, key, kind"),
		HK_NO_ARGS, NULL);

	while (hk_rows_next(rows, NULL)) {
		g_string_append_printf(out, "%s %d %s %s %d\n", hk_rows_str(rows, 0),
			(int)hk_rows_int(rows, 1), hk_rows_str(rows, 2), hk_rows_str(rows, 3),
			(int)hk_rows_int(rows, 4));
	}
	return g_string_free(out, false);
}

static hk_case_facets
facets(int64_t id, char state[32])
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT opened_ms, detected_ms, state, COALESCE(target_id, 0), source_id "
		       "FROM cases WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), NULL);

	hk_rows_next(rows, NULL);
	g_strlcpy(state, hk_rows_str(rows, 2), 32);
	return (hk_case_facets){hk_rows_int(rows, 0), hk_rows_int(rows, 1), state, "phishing",
		hk_rows_int(rows, 3), 0, hk_rows_int(rows, 4)};
}

static void
counting(void)
{
	static const char *const counted[] = {"investment_scam", NULL}, *const notify[] = {
										"phishing_other",
										NULL};
	static const char *const states[] = {"new", "closed", "down", "triaged"};
	hk_counters c;

	ok(hk_db_begin(db, true, NULL) && hk_tally_rebuild(db, NULL), "counted");
	g_autofree char *first = tallies();
	ok(strlen(first) > 100, "something is counted");
	for (int i = 0; i < 300; i++) {
		int64_t id = 1 + next(CASES);
		char was_state[32], is_state[32];
		hk_case_facets was = facets(id, was_state);
		run(HK_SQL("UPDATE cases SET state = $2, target_id = $3 WHERE id = $1"),
			HK_ARGS(hk_v_int(id), hk_v_str(states[next(4)]), hk_v_id(next(3))));
		hk_case_facets is = facets(id, is_state);
		hk_tally_move(db, &was, &is, NULL);
	}
	g_autofree char *moved = tallies();
	ok(hk_tally_rebuild(db, NULL), "counted anew");
	g_autofree char *anew = tallies();
	is_str(moved, anew, "moves lead where counting leads");
	run(HK_SQL("INSERT INTO statuses (key, name, name_en, handled, updated_ms) VALUES "
		   "('closed', 'x', 'x', 1, 0), "
		   "('down', 'y', 'y', 1, 0) ON CONFLICT (key) DO UPDATE SET handled = 1"),
		HK_NO_ARGS);
	ok(hk_counters_read(db, 1700000000000 + 20000000000, counted, notify, &c, NULL),
		"counters");
	int64_t total = 0, handled = 0;
	hk_db_int(db, HK_SQL("SELECT count(*) FROM cases"), HK_NO_ARGS, &total, NULL);
	hk_db_int(db, HK_SQL("SELECT count(*) FROM cases WHERE state IN ('closed', 'down')"),
		HK_NO_ARGS, &handled, NULL);
	is_int(c.total, total, "total");
	is_int(c.handled, handled, "handled");
	is_int(c.unsupported, total - handled, "unsupported");
	is_int(*(int64_t *)g_hash_table_lookup(c.by_state, "closed") +
			*(int64_t *)g_hash_table_lookup(c.by_state, "down"),
		handled, "by state");
	ok(c.this_month > 0 && c.this_month < total &&
			c.this_month == c.handled_this_month + c.unsupported_this_month,
		"this month");
	hk_counters_clear(&c);
	hk_db_rollback(db);
}

static void
hours(void)
{
	char hour[4];

	hk_tally_hour(1764036000000, hour); /* Tuesday 2025-11-25 11:00 in Japan */
	is_str(hour, "w11", "a working day");
	hk_tally_hour(
		1763996400000 - 86400000, hour); /* Monday 2025-11-24 00:00: substitute holiday */
	is_str(hour, "o00", "a substitute holiday");
	hk_tally_hour(1763996400000 - 86400000 - 1, hour);
	is_str(hour, "o23", "the Sunday before");
	is_int(hk_tally_month(1764514800000 - 1), 2025 * 12 + 10, "the end of November");
	is_int(hk_tally_month(1764514800000), 2025 * 12 + 11, "1 December, 00:00 in Japan");
}

int
main(void)
{
	db = hk_test_db();
	fill();
	searches();
	pieces();
	changes();
	counting();
	hours();
	hk_db_close(db);
	return tap_done();
}
