/* What the API shows of a command channel and of its waves: when a session is in trouble, cursors, days of Japan, statistics against a count in C. */
#include <string.h>

#include "base/jpholiday.h"
#include "store/c2.h"
#include "store/c2_read.h"
#include "store/waves.h"
#include "store/waves_read.h"
#include "sys/gerr.h"
#include "sys/json.h"

#include "store.h"
#include "tap.h"

#define NOW     INT64_C(1733994914000) /* 2024-12-12 18:15:14 in Japan */
#define HOUR_MS INT64_C(3600000)
#define DAY_MS  INT64_C(86400000)

static hk_db *db;
static uint32_t seed = 4711;

static uint32_t
next(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void
run(hk_sql sql, const hk_value *values, size_t count)
{
	g_autoptr(GError) error = NULL;

	if (!hk_db_exec(db, sql, values, count, NULL, &error)) {
		ok(false, "%s", error->message);
	}
}

static unsigned
times(const char *text, const char *piece)
{
	unsigned count = 0;

	for (; (text = strstr(text, piece)); text += strlen(piece)) {
		count++;
	}
	return count;
}

/* It is JSON; else the test fails here. */
static void
is_json(const GString *out)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(out->str, out->len), out->len, &error);

	ok(doc != NULL, "JSON: %s", error ? error->message : "");
}

static int64_t
add_session(int64_t port, const char *state, int64_t since_ms, int64_t opened_ms, int64_t beat_ms,
	int64_t failed)
{
	int64_t id = 0;
	g_autoptr(GError) error = NULL;

	ok(hk_db_int(db,
		   HK_SQL("INSERT INTO c2_sessions (family, host, port, state, since_ms, "
			  "opened_ms, beat_ms, failed, opened) VALUES ('keepspy', '192.0.2.1', $1, "
			  "$2, $3, $4, $5, $6, 2) RETURNING id"),
		   HK_ARGS(hk_v_int(port), hk_v_str(state), hk_v_int(since_ms), hk_v_id(opened_ms),
			   hk_v_id(beat_ms), hk_v_int(failed)),
		   &id, &error),
		"a session: %s", error ? error->message : state);
	return id;
}

static void
test_trouble(void)
{
	static const int64_t old = NOW - HK_C2_READ_STALE_MS - 1000;
	static const struct {
		const char *state, *trouble;
		int64_t since_ms, opened_ms, beat_ms, failed;
	} rows[] = {
		{"open", NULL, old, old, NOW - 1000, 0},
		{"open", "stale", old, old, old, 0},
		{"open", "stale", old, old, 0, 0},
		{"open", NULL, NOW - 1000, NOW - 1000, old,
			0},                              /* just back: its first beat is to come */
		{"open", NULL, old, NOW - 1000, old, 0}, /* a new connection in the same state */
		{"silent", "silent", NOW, old, old, 0},
		{"refused", "refused", NOW, 0, 0, 1},
		{"lost", NULL, NOW, old, old, HK_C2_READ_TRIES - 1},
		{"lost", "lost", NOW, old, old, HK_C2_READ_TRIES},
		{"idle", NULL, old, 0, 0, 9},
		{"over", NULL, old, old, old, 9},
	};
	hk_c2_pulse pulse;
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);

	ok(hk_c2_read_pulse(db, NOW, &pulse, &error) && pulse.sessions == 0 && pulse.trouble == 0,
		"an empty house");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		add_session((int64_t)i + 1, rows[i].state, rows[i].since_ms, rows[i].opened_ms,
			rows[i].beat_ms, rows[i].failed);
	}
	ok(hk_c2_read(db, NOW, out, &error), "read: %s", error ? error->message : "");
	is_json(out);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *piece = g_strdup_printf(
			"\"port\":%zu,\"state\":\"%s\",\"trouble\":%s%s%s,", i + 1, rows[i].state,
			rows[i].trouble ? "\"" : "", rows[i].trouble ? rows[i].trouble : "null",
			rows[i].trouble ? "\"" : "");
		is_int(times(out->str, piece), 1, "row %zu: %s", i, piece);
	}
	ok(hk_c2_read_pulse(db, NOW, &pulse, &error), "the pulse");
	is_int(pulse.trouble, 5, "so many in trouble");
	is_int(pulse.sessions, (int64_t)G_N_ELEMENTS(rows) - 1, "of those that are not over");
	is_int(pulse.open, 5, "open");
	is_int(pulse.opened, 2 * (int64_t)G_N_ELEMENTS(rows), "connections");
	is_int(pulse.since_ms, NOW, "the newest change");
	g_string_truncate(out, 0);
	ok(hk_c2_read(db, NOW + HK_C2_READ_OVER_MS, out, &error), "two weeks later");
	is_int(times(out->str, "\"state\":\"over\""), 0, "what ended long ago is not shown");
}

static void
test_history(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new("[");
	hk_c2_drop_row a = {0}, b = {0};
	hk_c2_history_filter f = {.limit = 2};
	int64_t after;

	ok(hk_c2_drop_get(db, "keepspy", "http://a.example/", 1000, &a, &error) &&
			hk_c2_drop_get(db, "moqhao", "http://b.example/", 1000, &b, &error),
		"two drops");
	ok(hk_c2_named_add(db, a.id, "192.0.2.1:1", "<b>", 1000, &error) &&
			hk_c2_named_add(db, b.id, "192.0.2.2:1", "x", 2000, &error) &&
			hk_c2_named_add(db, a.id, "192.0.2.3:1", "y", 3000, &error),
		"three names");
	ok(hk_c2_read_history(db, &f, out, &after, &error), "a page");
	ok(after > 0 && strstr(out->str, "192.0.2.3") < strstr(out->str, "192.0.2.2") &&
			!strstr(out->str, "192.0.2.1:"),
		"the newest first");
	is_int(times(out->str, "\"newest\":true"), 2, "what each names now");
	f.after = after;
	g_string_assign(out, "[");
	ok(hk_c2_read_history(db, &f, out, &after, &error) && after == 0, "the last page");
	is_int(times(out->str, "\"newest\":false"), 1, "what one named before");
	f = (hk_c2_history_filter){.limit = 9, .family = "keepspy", .to_ms = 3000};
	g_string_assign(out, "[");
	ok(hk_c2_read_history(db, &f, out, &after, &error), "of a family, before a time");
	is_int(times(out->str, "\"address\":"), 1, "the end of the span does not belong to it");
	f = (hk_c2_history_filter){.limit = 9, .drop_id = b.id, .from_ms = 2001};
	g_string_assign(out, "[");
	ok(hk_c2_read_history(db, &f, out, &after, &error), "of a drop, after a time");
	is_int(times(out->str, "\"address\":"), 0, "it was seen no more by then");
	hk_c2_drop_row_clear(&a);
	hk_c2_drop_row_clear(&b);
}

static int64_t
add_wave(int64_t ms, int key)
{
	uint8_t bytes[32] = {(uint8_t)key, (uint8_t)(key >> 8)};
	const hk_wave_row row = {.family = (char *)(uintptr_t) "keepspy",
		.text = (char *)(uintptr_t) "<b>text",
		.brands = (char *)(uintptr_t) "[\"m\"]",
		.first_ms = ms,
		.last_ms = ms};
	int64_t id = 0;
	g_autoptr(GError) error = NULL;

	ok(hk_wave_add(db, &row, bytes, &id, &error), "a wave: %s", error ? error->message : "");
	return id;
}

static void
add_command(int64_t session, int64_t wave, int64_t ms, int64_t numbers, int key)
{
	hk_c2_command_row row = {.session_id = session,
		.wave_id = wave,
		.at_ms = ms,
		.numbers = numbers,
		.verb = "send-sms",
		.word = "x",
		.text = "t",
		.frame = {(uint8_t)key, (uint8_t)(key >> 8), 9}};
	int64_t id = 0;
	g_autoptr(GError) error = NULL;

	ok(hk_c2_command_add(db, &row, &id, &error) && id > 0, "a command: %s",
		error ? error->message : "");
}

/* Many waves of the same moment: no page shows one twice or leaves one out. */
static void
test_pages(void)
{
	g_autoptr(GString) all = g_string_new("[");
	g_autofree char *after = NULL;
	g_autoptr(GError) error = NULL;
	unsigned pages = 0;

	for (int i = 0; i < 11; i++) {
		add_wave(NOW - i / 4 * 1000, 1000 + i);
	}
	do {
		const hk_waves_filter f = {.limit = 3, .after = after};
		char *cursor = NULL;
		ok(hk_waves_read(db, &f, all, &cursor, &error), "page %u: %s", ++pages,
			error ? error->message : "");
		g_free(after);
		after = cursor;
	} while (after && pages < 9);
	g_string_append_c(all, ']');
	is_json(all);
	is_int(pages, 4, "four pages");
	is_int(times(all->str, "\"family\":"), 11, "each wave");
	is_int(times(all->str, "\"ports\":[]"), 11, "once, without a command of any port");
	for (size_t i = 0; i < 4; i++) {
		static const char *const bad[] = {"7", "1.x", ".1", "1.2.3"};
		const hk_waves_filter f = {.limit = 3, .after = bad[i]};
		char *cursor = NULL;
		g_autoptr(GError) refused = NULL;
		ok(!hk_waves_read(db, &f, all, &cursor, &refused), "%s is no cursor", bad[i]);
		is_int(hk_error_code(refused), HK_EFORM, "said: %s", refused->message);
	}
	run(HK_SQL("DELETE FROM waves"), HK_NO_ARGS);
}

/* "name":NUMBER in what was written; -1: not there. */
static int64_t
number_of(const char *text, const char *name)
{
	g_autofree char *piece = g_strdup_printf("\"%s\":", name);
	const char *at = strstr(text, piece);

	return at ? g_ascii_strtoll(at + strlen(piece), NULL, 10) : -1;
}

/* Random commands, counted a second time here. */
static void
test_stats(void)
{
	enum { COMMANDS = 400, DAYS = 40 };
	int64_t from = NOW - DAYS * DAY_MS, hours[2][24] = {{0}}, days[2] = {0}, sessions[2];
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	sessions[0] = add_session(7775, "open", NOW, NOW, NOW, 0);
	sessions[1] = add_session(7776, "open", NOW, NOW, NOW, 0);
	int64_t wave = add_wave(from, 1), outside = add_wave(from - DAY_MS, 2);
	for (int i = 0; i < COMMANDS; i++) {
		int64_t ms = from + (int64_t)next(DAYS * 24 * 60) * 60000;
		int64_t hour = (ms + 9 * HOUR_MS) / HOUR_MS;
		add_command(sessions[i % 2], wave, ms, 3, i);
		hours[hk_jpholiday_off(hour / 24)][hour % 24]++;
	}
	add_command(sessions[0], outside, from - 1, 3, 9001); /* before the span */
	add_command(sessions[0], wave, NOW, 3, 9002);         /* at its end: outside */
	add_command(sessions[0], 0, from, 0, 9003);           /* sends nothing */
	for (int64_t day = (from + 9 * HOUR_MS) / DAY_MS; day <= (NOW - 1 + 9 * HOUR_MS) / DAY_MS;
		day++) {
		days[hk_jpholiday_off(day)]++;
	}
	ok(hk_waves_read_stats(db, NULL, from, NOW, out, &error), "statistics: %s",
		error ? error->message : "");
	is_json(out);
	is_int(number_of(out->str, "work"), days[0], "working days");
	is_int(number_of(out->str, "off"), days[1], "days off");
	for (int hour = 0; hour < 24; hour++) {
		g_autofree char *piece = g_strdup_printf("{\"hour\":%d,\"work\":%d,\"off\":%d}",
			hour, (int)hours[0][hour], (int)hours[1][hour]);
		ok(strstr(out->str, piece) != NULL, "%s", piece);
	}
	ok(strstr(out->str, "{\"port\":7775,\"commands\":200,\"waves\":1,\"numbers\":600,"),
		"port");
	ok(strstr(out->str, "{\"port\":7776,\"commands\":200,\"waves\":1,\"numbers\":600,"),
		"port");
	ok(strstr(out->str, "\"together\":[{\"ports\":2,\"waves\":1}]"), "one wave on two ports");
	g_string_truncate(out, 0);
	ok(hk_waves_read_stats(db, "moqhao", from, NOW, out, &error), "of another family");
	ok(strstr(out->str, "\"ports\":[],\"together\":[],\"waves\":0"), "nothing");
}

static void
test_wave(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	int64_t id = add_wave(NOW, 77), other = add_wave(NOW, 78), link;
	bool fresh;

	uint8_t hashes[5][HK_WAVE_HASH] = {{0}};
	for (uint8_t i = 0; i < 5; i++) {
		memcpy(hashes[i], (uint8_t[]){i, 0x5a, 0x5a, 0x5a}, 4);
	}
	hk_span last = hk_span_of(hashes[4], HK_WAVE_HASH);
	ok(hk_wave_numbers(db, id, hk_span_of(hashes[0], sizeof hashes),
		   "09055000905500090550009055010905501", &error) &&
			hk_wave_numbers(db, id, last, "0905501", &error) &&
			hk_wave_numbers(db, other, last, "0905501", &error) &&
			hk_wave_count(db, id, &error),
		"numbers of three commands: %s", error ? error->message : "");
	ok(hk_link_put(db, id, "https://s.example/1", true, NOW, &link, &fresh, &error) &&
			hk_landing_put(db, link, "https://a.example/", "[]", NOW, &error) &&
			hk_landing_put(db, link, "https://b.example/", "[]", NOW + 1, &error),
		"a link and its landings: %s", error ? error->message : "");
	ok(hk_waves_read_one(db, id, out, &error), "one wave: %s", error ? error->message : "");
	is_json(out);
	ok(strstr(out->str, "\"regions\":[{\"region\":\"0905500\",\"numbers\":3,\"times\":3},"
			    "{\"region\":\"0905501\",\"numbers\":2,\"times\":3}]"),
		"regions, the largest first: %s", out->str);
	is_int(number_of(out->str, "region_count"), 2, "how many");
	is_int(number_of(out->str, "shared"), 1, "a number that another wave has");
	is_int(number_of(out->str, "repeated"), 1, "a number that was named twice");
	ok(strstr(out->str, "\"day\":{\"date\":\"2024-12-12\",\"weekday\":4,\"hour\":18,"
			    "\"holiday\":false,\"off\":false,\"china\":{"),
		"a Thursday in Japan");
	ok(strstr(out->str, "b.example") < strstr(out->str, "a.example"), "landings, newest first");
	is_int(times(out->str, "5a5a5a"), 0, "no hash of a number leaves the store");
	g_string_truncate(out, 0);
	ok(!hk_waves_read_one(db, id + 99, out, &error), "no such wave");
	is_int(hk_error_code(error), HK_ENOENT, "said: %s", error->message);
}

static void
test_records(void)
{
	g_autoptr(GString) out = g_string_new("[");
	g_autoptr(GError) error = NULL;
	int64_t session = add_session(7, "open", NOW, NOW, NOW, 0), id, after, first = 0;
	uint8_t sha256[32];

	run(HK_SQL("UPDATE c2_sessions SET host = 'records.example' WHERE id = $1"),
		HK_ARGS(hk_v_int(session)));
	for (uint8_t i = 1; i < 4; i++) {
		const hk_c2_piece_row row = {
			.session_id = session, .begun_ms = i, .ended_ms = i, .sha256 = {i, 0xee}};
		ok(hk_c2_piece_add(db, &row, i == 2 ? hk_span_str("secret") : (hk_span){0}, 99, &id,
			   &error),
			"a piece");
		first = first ? first : id;
	}
	ok(hk_c2_read_transcripts(db, session, 0, 2, out, &after, &error) && after == id - 1,
		"a page");
	is_int(times(out->str, "\"sealed\":null"), 1, "of one there is nothing in clear");
	is_int(times(out->str, "secret"), 0, "what is sealed does not leave");
	g_string_assign(out, "[");
	ok(hk_c2_read_transcripts(db, session, after, 2, out, &after, &error) && after == 0,
		"the last");
	is_int(times(out->str, "\"sha256\":\"01ee"), 1, "is the first");
	g_string_truncate(out, 0);
	ok(hk_c2_read_transcript(db, first, out, sha256, &error) && sha256[0] == 1, "one");
	is_json(out);
	ok(!hk_c2_read_transcript(db, first + 99, out, sha256, &error), "none");
	is_int(hk_error_code(error), HK_ENOENT, "said: %s", error->message);
	g_clear_error(&error);
	ok(!hk_c2_read_session(db, session + 99, out, &error), "no session");
	is_int(hk_error_code(error), HK_ENOENT, "said: %s", error->message);
}

int
main(void)
{
	db = hk_test_db();
	hk_db_begin(db, true, NULL);
	test_trouble();
	run(HK_SQL("DELETE FROM c2_sessions"), HK_NO_ARGS);
	test_history();
	test_pages();
	test_stats();
	test_wave();
	test_records();
	hk_db_rollback(db);
	hk_db_close(db);
	return tap_done();
}
