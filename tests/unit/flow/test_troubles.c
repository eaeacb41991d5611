/* What is wrong with the house: nothing in a healthy one; each row of troubles.def once somebody breaks that piece; what is grave and in which order; hostile texts. */
#include <inttypes.h>
#include <string.h>

#include "flow/troubles.h"
#include "store/workers.h"
#include "sys/clock.h"

#include "store.h"
#include "tap.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

static hk_db *db;
static int64_t now_ms;
static unsigned met; /* kinds that were seen */

static void
run(hk_sql sql, const hk_value *values, size_t count)
{
	g_autoptr(GError) error = NULL;

	if (!hk_db_exec(db, sql, values, count, NULL, &error)) {
		ok(false, "%s", error->message);
	}
}

static GPtrArray *
troubles_of(const hk_troubles_house *house)
{
	GPtrArray *all = NULL;
	g_autoptr(GError) error = NULL;

	if (!hk_troubles_read(db, house, &all, &error)) {
		ok(false, "troubles: %s", error->message);
		return g_ptr_array_new();
	}
	for (unsigned i = 0; i < all->len; i++) {
		met |= 1u << ((const hk_trouble *)all->pdata[i])->kind;
	}
	return all;
}

static GPtrArray *
troubles(void)
{
	const hk_troubles_house house = {.now_ms = now_ms};

	return troubles_of(&house);
}

/* The only one there is, is that; then it is mended. */
static void
only(hk_trouble_kind kind, bool grave, const char *subject, int64_t count, int64_t since_ms,
	const char *error)
{
	g_autoptr(GPtrArray) all = troubles();
	const char *word = hk_trouble_word(kind);

	if (!ok(all->len == 1, "%s: one row, not %u", word, all->len)) {
		for (unsigned i = 0; i < all->len; i++) {
			const hk_trouble *t = all->pdata[i];
			tap_diag("%s %s: %s", hk_trouble_word(t->kind), t->subject, t->error);
		}
		return;
	}
	const hk_trouble *t = all->pdata[0];
	is_str(hk_trouble_word(t->kind), word, "it is %s", word);
	is_int(t->grave, grave, "%s: grave", word);
	is_str(t->subject, subject, "%s: of what", word);
	is_int(t->count, count, "%s: how many", word);
	is_int(t->since_ms, since_ms, "%s: since when", word);
	is_str(t->error, error, "%s: the error", word);
}

static void
none(const char *when)
{
	g_autoptr(GPtrArray) all = troubles();

	is_int(all->len, 0, "no trouble %s%s%s", when, all->len ? ": " : "",
		all->len ? hk_trouble_word(((const hk_trouble *)all->pdata[0])->kind) : "");
}

static void
beat(const char *name, const char *role, int64_t seen_ms)
{
	g_autoptr(GError) error = NULL;

	ok(hk_workers_seen(db, name, role, seen_ms, seen_ms, "{}", &error), "%s is seen", name);
}

static void
all_alive(void)
{
	run(HK_SQL("DELETE FROM workers"), HK_NO_ARGS);
	beat("watch-1", "watch", now_ms);
	beat("work-1", "work", now_ms);
	beat("web-1", "web", now_ms - 59 * 1000);
}

static void
test_roles(void)
{
	run(HK_SQL("DELETE FROM workers WHERE role = 'watch'"), HK_NO_ARGS);
	only(HK_TROUBLE_ROLE, true, "watch", 0, 0, NULL);
	all_alive();
	run(HK_SQL("UPDATE workers SET seen_ms = $1 WHERE role = 'work'"),
		HK_ARGS(hk_v_int(now_ms - 2 * MINUTE)));
	only(HK_TROUBLE_ROLE, true, "work", 0, now_ms - 2 * MINUTE, NULL);
	beat("work-2", "work", now_ms);
	only(HK_TROUBLE_WORKER, false, "work-1", 1, now_ms - 2 * MINUTE, NULL);
	all_alive();
}

static void
test_clock(void)
{
	beat("work-1", "work", now_ms + 61 * 1000);
	only(HK_TROUBLE_CLOCK_BACK, true, NULL, 1, 0, "a process was seen: 61 s in the future");
	all_alive();
	run(HK_SQL("INSERT INTO events (seq, at_ms, who, via, act, object, object_id, data, mac) "
		   "VALUES (1, $1, 'auto', 'work', 'x', 'x', 0, '{}', $2)"),
		HK_ARGS(hk_v_int(now_ms + 2 * HOUR), hk_v_blob(HK_SPAN_LIT("m"))));
	only(HK_TROUBLE_CLOCK_BACK, true, NULL, 1, 0, "the newest act: 7200 s in the future");
	run(HK_SQL("DELETE FROM events"), HK_NO_ARGS);
	/* As if this machine were an hour ahead of the database's. */
	int64_t was = now_ms;
	now_ms += HOUR;
	all_alive();
	g_autoptr(GPtrArray) all = troubles();
	is_int(all->len, 1, "another time than the database's");
	is_int(((const hk_trouble *)all->pdata[0])->kind, HK_TROUBLE_CLOCK_SKEW, "is one row");
	now_ms = was;
	all_alive();
}

static void
test_house(void)
{
	const hk_troubles_house killed = {
		.now_ms = now_ms, .killed = "/run/hikeshi/egress.stop is there"};
	g_autoptr(GPtrArray) all = troubles_of(&killed);

	is_int(all->len, 1, "the kill switch");
	is_int(((const hk_trouble *)all->pdata[0])->kind, HK_TROUBLE_EGRESS, "is one row");
	is_str(((const hk_trouble *)all->pdata[0])->error, killed.killed,
		"which says the file as it has to be typed");
}

#define GIB (INT64_C(1) << 30)

static void
test_disk(void)
{
	const hk_troubles_place places[] = {
		{"/keys", {.free_bytes = 500 * GIB,
				  .total_bytes = 1000 * GIB,
				  .free_files = -1,
				  .id = 1}},
		{"/data", {.free_bytes = 40 * GIB,
				  .total_bytes = 1000 * GIB,
				  .free_files = -1,
				  .id = 2}},
		{"/data/blobs", {.free_bytes = 40 * GIB,
					.total_bytes = 1000 * GIB,
					.free_files = -1,
					.id = 2}},
		{"/more", {.free_bytes = 90 * GIB, .total_bytes = 1000 * GIB, .free_files = -1}},
	};
	const hk_troubles_house house = {.now_ms = now_ms, .places = places, .place_count = 4};
	g_autoptr(GPtrArray) all = troubles_of(&house);

	if (!is_int(all->len, 2, "of four places on three disks two disks are full")) {
		return;
	}
	const hk_trouble *full = all->pdata[0], *low = all->pdata[1];
	is_str(full->subject, "/data", "the fullest first, told once");
	is_int(full->grave, true, "less than 5 %% are grave");
	is_str(full->error, "40960 MiB, 4 %", "with what is left");
	is_str(low->subject, "/more", "then the other one");
	is_int(low->grave, false, "which is not grave yet");
}

static void
put_log(const char *name, const char *status, const char *health)
{
	run(HK_SQL("INSERT INTO ct_logs (log_id, name, status, why, head_ms, health) VALUES ($1, "
		   "$2, $3, 'two heads of one size', $4, $5)"),
		HK_ARGS(hk_v_blob(hk_span_str(name)), hk_v_str(name), hk_v_str(status),
			hk_v_int(now_ms - 5 * MINUTE), hk_v_str(health)));
}

static void
test_logs(void)
{
	put_log("fine", "active",
		"{\"failures_in_a_row\":1,\"refusals_in_a_row\":0,\"backlog\":50000,"
		"\"entries_per_s\":100.00,\"last_error\":\"old\"}");
	put_log("over", "finished", "{\"failures_in_a_row\":9}");
	put_log("broken", "active", "{");
	none("with a log that stumbled once, one that is read, and health that is no JSON");
	put_log("liar", "stopped", "{\"failures_in_a_row\":9}");
	only(HK_TROUBLE_LOG_STOPPED, true, "liar", 1, now_ms - 5 * MINUTE, "two heads of one size");
	run(HK_SQL("DELETE FROM ct_logs"), HK_NO_ARGS);

	g_autofree char *health = g_strdup_printf("{\"failures_in_a_row\":7,\"looked_ms\":%" PRId64
						  ",\"last_error\":\"no answer\"}",
		now_ms - 2 * HOUR);
	put_log("mute", "active", health);
	only(HK_TROUBLE_LOG_FAILING, true, "mute", 7, now_ms - 2 * HOUR, "no answer");
	run(HK_SQL("UPDATE ct_logs SET health = $1"),
		HK_ARGS(hk_v_str("{\"refusals_in_a_row\":3,\"last_error\":null}")));
	only(HK_TROUBLE_LOG_REFUSED, false, "mute", 3, 0, NULL);
	run(HK_SQL("UPDATE ct_logs SET health = $1"),
		HK_ARGS(hk_v_str("{\"backlog\":360001,\"entries_per_s\":100.00}")));
	only(HK_TROUBLE_LOG_BEHIND, false, "mute", 360001, now_ms - 5 * MINUTE, NULL);
	run(HK_SQL("DELETE FROM ct_logs"), HK_NO_ARGS);

	/* The network is gone. */
	for (int i = 0; i < 40; i++) {
		g_autofree char *name = g_strdup_printf("log %02d", i);
		put_log(name, "active", i == 30 ? health : "{\"failures_in_a_row\":2}");
	}
	only(HK_TROUBLE_LOG_FAILING, true, NULL, 40, now_ms - 2 * HOUR, NULL);
	run(HK_SQL("DELETE FROM ct_logs"), HK_NO_ARGS);
}

static void
test_sources(void)
{
	run(HK_SQL("INSERT INTO sources (key, kind, name, health, updated_ms) VALUES ('feed:x', "
		   "'feed', 'x', '{\"failures\":0,\"last_error\":null}', 1)"),
		HK_NO_ARGS);
	none("with a source that is well");
	g_autofree char *long_text = g_strnfill(5000, 'a');
	g_autofree char *health = g_strdup_printf("{\"failures\":3,\"last_ok_ms\":%" PRId64
						  ",\"last_error\":\"<b>\\u202ehttps://evil"
						  ".example/x\\u0007\"}",
		now_ms - 3 * MINUTE);
	run(HK_SQL("UPDATE sources SET health = $1 WHERE key = 'feed:x'"),
		HK_ARGS(hk_v_str(health)));
	g_autoptr(GPtrArray) all = troubles();
	const hk_trouble *t = all->pdata[0];
	is_int(all->len, 1, "a source that fails");
	is_str(t->subject, "feed:x", "which");
	is_int(t->count, 3, "how often");
	is_int(t->grave, false, "not grave before it has lasted an hour");
	ok(strstr(t->error, "hxxps://evil[.]example") && !strstr(t->error, "\u202e") &&
			!strchr(t->error, 7),
		"hostile text is harmless: %s", t->error);
	g_autofree char *many =
		g_strdup_printf("{\"failures\":3,\"last_error\":\"\u706b%s\"}", long_text);
	run(HK_SQL("UPDATE sources SET health = $1 WHERE key = 'feed:x'"), HK_ARGS(hk_v_str(many)));
	g_autoptr(GPtrArray) cut = troubles();
	is_int(g_utf8_strlen(((const hk_trouble *)cut->pdata[0])->error, -1), HK_TROUBLE_TEXT,
		"and cut");
	run(HK_SQL("UPDATE sources SET state = 'retired' WHERE key = 'feed:x'"), HK_NO_ARGS);
	none("with a source that is not asked any more");
	run(HK_SQL("DELETE FROM sources WHERE key = 'feed:x'"), HK_NO_ARGS);

	run(HK_SQL("INSERT INTO c2_sessions (family, host, port, state, since_ms, failed, why) "
		   "VALUES ('keepspy', '192.0.2.1', 7775, 'refused', $1, 4, 'closed')"),
		HK_ARGS(hk_v_int(now_ms - 2 * HOUR)));
	only(HK_TROUBLE_BELL, true, "keepspy 192[.]0[.]2[.]1:7775", 4, now_ms - 2 * HOUR, "closed");
	run(HK_SQL("DELETE FROM c2_sessions"), HK_NO_ARGS);
}

static void
put_job(const char *stage, int key, const char *state, int64_t made_ms, const char *error)
{
	run(HK_SQL("INSERT INTO jobs (stage, key, state, due_ms, made_ms, error) VALUES ($1, "
		   "CAST($2 AS TEXT), $3, $4, $5, $6)"),
		HK_ARGS(hk_v_str(stage), hk_v_int(key), hk_v_str(state), hk_v_int(now_ms),
			hk_v_int(made_ms), hk_v_str(error)));
}

static void
test_jobs(void)
{
	put_job("enrich", 1, "ready", now_ms - 9 * HOUR, NULL);
	put_job("enrich", 2, "done", now_ms - 9 * HOUR, NULL);
	none("with a job that waits for its turn");
	put_job("enrich", 3, "ready", now_ms - 3 * MINUTE, "no resolver answers");
	put_job("enrich", 4, "leased", now_ms - 2 * MINUTE, "the newest");
	only(HK_TROUBLE_JOBS, false, "enrich", 2, now_ms - 3 * MINUTE, "the newest");
	run(HK_SQL("UPDATE jobs SET made_ms = $1 WHERE error IS NOT NULL"),
		HK_ARGS(hk_v_int(now_ms - HOUR - 1)));
	only(HK_TROUBLE_JOBS, true, "enrich", 2, now_ms - HOUR - 1, "the newest");
	put_job("stamp", 5, "ready", now_ms - MINUTE, "no TSA");
	put_job("capture", 6, "dead", now_ms - 4 * MINUTE, "no browser");
	put_job("capture", 7, "dead", now_ms - 2 * MINUTE, "still no browser");
	g_autoptr(GPtrArray) all = troubles();
	is_int(all->len, 3, "each stage has its row");
	g_autoptr(GString) order = g_string_new(NULL);
	for (unsigned i = 0; i < all->len; i++) {
		const hk_trouble *t = all->pdata[i];
		g_string_append_printf(
			order, "%s %s %d; ", hk_trouble_word(t->kind), t->subject, (int)t->count);
	}
	is_str(order->str, "jobs enrich 2; jobs stamp 1; dead capture 2; ",
		"the grave one first, though it is the oldest; then the newest");
	run(HK_SQL("DELETE FROM jobs"), HK_NO_ARGS);
}

/* The pool that would do them is away; whoever does others lives. */
static void
test_overdue(void)
{
	put_job("capture", 1, "ready", now_ms, NULL);
	put_job("capture", 2, "ready", now_ms, NULL);
	put_job("capture", 3, "leased", now_ms, NULL);
	put_job("capture", 4, "done", now_ms, NULL);
	run(HK_SQL("UPDATE jobs SET due_ms = $1"), HK_ARGS(hk_v_int(now_ms - 9 * MINUTE)));
	none("with jobs that were due nine minutes ago");
	run(HK_SQL("UPDATE jobs SET due_ms = $1"), HK_ARGS(hk_v_int(now_ms - 11 * MINUTE)));
	run(HK_SQL("UPDATE jobs SET due_ms = $1 WHERE key = '2'"),
		HK_ARGS(hk_v_int(now_ms - 12 * MINUTE)));
	only(HK_TROUBLE_OVERDUE, false, "capture", 2, now_ms - 12 * MINUTE,
		"hikeshi work --pools capture");
	run(HK_SQL("UPDATE jobs SET due_ms = $1"), HK_ARGS(hk_v_int(now_ms - 2 * HOUR)));
	only(HK_TROUBLE_OVERDUE, true, "capture", 2, now_ms - 2 * HOUR,
		"hikeshi work --pools capture");
	const hk_troubles_house killed = {.now_ms = now_ms, .killed = "the stop-file is there"};
	g_autoptr(GPtrArray) all = troubles_of(&killed);
	is_int(all->len, 1, "while the kill switch is on, that is all");
	run(HK_SQL("UPDATE jobs SET due_ms = $1"), HK_ARGS(hk_v_int(now_ms + HOUR)));
	none("with jobs that are due later: a pace, a closed channel, another try");
	run(HK_SQL("DELETE FROM jobs"), HK_NO_ARGS);
}

static void
test_channels(void)
{
	run(HK_SQL("INSERT INTO channels (name, state, ok_ms, error_ms, error) VALUES ('gsb', "
		   "'open', $1, $2, 'long ago')"),
		HK_ARGS(hk_v_int(now_ms - MINUTE), hk_v_int(now_ms - 2 * MINUTE)));
	none("with a channel that has failed and sent since");
	run(HK_SQL("UPDATE channels SET error_ms = $1, error = 'timed out'"),
		HK_ARGS(hk_v_int(now_ms - 30000)));
	only(HK_TROUBLE_CHANNEL_FAILING, false, "gsb", 1, now_ms - 30000, "timed out");
	run(HK_SQL("UPDATE channels SET state = 'closed', why = 'key refused'"), HK_NO_ARGS);
	only(HK_TROUBLE_CHANNEL_CLOSED, true, "gsb", 1, now_ms - 30000, "key refused");
	run(HK_SQL("UPDATE channels SET state = 'off', why = NULL"), HK_NO_ARGS);
	only(HK_TROUBLE_CHANNEL_OFF, false, "gsb", 1, 0, NULL);
	run(HK_SQL("DELETE FROM channels"), HK_NO_ARGS);

	run(HK_SQL("INSERT INTO channels (name, ok_ms) VALUES ('chat:duty', 1)"), HK_NO_ARGS);
	for (int i = 0; i < 3; i++) {
		run(HK_SQL("INSERT INTO notices (chat, event, body, state, at_ms) VALUES ('duty', "
			   "'x', '{}', $1, $2)"),
			HK_ARGS(hk_v_str(i == 0 ? "sent" : "waiting"),
				hk_v_int(now_ms - (5 - i) * MINUTE)));
	}
	none("with cards that wait for their turn");
	run(HK_SQL("UPDATE channels SET error_ms = $1, error = 'the chat answers 500'"),
		HK_ARGS(hk_v_int(now_ms)));
	only(HK_TROUBLE_CHAT, false, "duty", 2, now_ms - 4 * MINUTE, "the chat answers 500");
	run(HK_SQL("DELETE FROM notices"), HK_NO_ARGS);
	only(HK_TROUBLE_CHAT, false, "duty", 0, now_ms, "the chat answers 500");
	run(HK_SQL("DELETE FROM channels"), HK_NO_ARGS);
}

int
main(void)
{
	db = hk_test_db();
	now_ms = hk_clock_wall_ms();
	all_alive();
	none("in a healthy house");
	test_roles();
	test_clock();
	test_house();
	test_disk();
	test_logs();
	test_sources();
	test_jobs();
	test_overdue();
	test_channels();
	none("when all of it is mended");
	for (int i = 0; i < HK_TROUBLE_COUNT; i++) {
		ok(met & (1u << i), "%s was provoked", hk_trouble_word((hk_trouble_kind)i));
	}
	hk_db_close(db);
	return tap_done();
}
