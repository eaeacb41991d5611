/* flow/c2: dead drops and their names, sessions and their alarms, pieces of records. */
#include <string.h>

#include "flow/c2.h"
#include "flow/sweep.h"
#include "store/notices.h"
#include "sys/clock.h"

#include "flowlib.h"
#include "tap.h"

#define T0    INT64_C(1733994914000)
#define QUIET HK_C2_QUIET_MS

static hk_flow *flow;

static void
is_count(hk_sql sql, int64_t want, const char *what)
{
	is_int(fl_int(flow, sql), want, "%s", what);
}

static void
is_text(hk_sql sql, const char *want, const char *what)
{
	g_autofree char *text = fl_text(flow, sql);

	is_str(text, want, "%s", what);
}

static void
is_told(const char *event, int64_t want, const char *what)
{
	GError *error = NULL;
	int64_t count = -1;

	hk_db_int(hk_flow_db(flow), HK_SQL("SELECT COUNT(*) FROM notices WHERE event = $1"),
		HK_ARGS(hk_v_str(event)), &count, &error);
	is_int(count, want, "%s", what);
}

static bool
saw(int status, const char *etag, const char *addresses, const char *body)
{
	const hk_c2_drop_seen seen = {.family = "keepspy",
		.url = "https://a.test/x.txt",
		.status = status,
		.etag = etag,
		.addresses = addresses,
		.body = body};
	bool moved = false;

	ok(fl_do_as(flow, &fl_auto, hk_c2_drop_saw(flow, &seen, &moved, error)), "answer %d: %s",
		status, fl_why());
	return moved;
}

static void
is_drop(const char *state, const char *what)
{
	is_text(HK_SQL("SELECT state FROM c2_drops"), state, what);
}

static void
drops(void)
{
	ok(saw(200, "\"a-1\"", "192.0.2.1:7775", "AAAA"), "a first name is a move");
	is_drop("naming", "it names");
	is_told("c2.moved", 1, "told");
	is_count(HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'c2.named'"), 1, "audited");
	hk_clock_advance(60000);
	ok(!saw(304, NULL, NULL, NULL), "as before");
	is_drop("naming", "still");
	is_text(HK_SQL("SELECT etag FROM c2_drops"), "\"a-1\"", "its mark is kept");
	is_count(HK_SQL("SELECT last_ms - first_ms FROM c2_named"), 60000, "named for a minute");
	ok(!saw(200, "\"a-2\"", "192.0.2.1:7775", "AAAB"), "the same name, another mark");
	is_count(HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'c2.etag'"), 1, "is audited");
	ok(saw(200, "\"b-1\"", "198.51.100.7:7775", "BBBB"), "another name");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_named"), 2, "history of two");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'c2.moved' AND body LIKE "
			"'%192.0.2.1:7775 -> 198.51.100.7:7775%'"),
		1, "told: from where to where");
	static const struct {
		int status;
		const char *state;
	} rows[] = {{403, "refused"}, {404, "gone"}, {410, "gone"}, {451, "refused"}, {500, "away"},
		{0, "away"}, {302, "away"}};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		ok(!saw(rows[i].status, NULL, NULL, NULL), "no move");
		is_drop(rows[i].state, "state");
	}
	is_count(HK_SQL("SELECT status FROM c2_drops"), 302, "the last status");
	is_count(HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'c2.drop'"), 5,
		"a state that is new is audited, one that is not is not");
	g_autoptr(GPtrArray) list = NULL;
	ok(fl_do(flow, hk_c2_addresses(hk_flow_db(flow), "keepspy", 0, &list, error)) &&
			list->len == 1 &&
			strcmp(g_ptr_array_index(list, 0), "198.51.100.7:7775") == 0,
		"what it named last is listened to though the drop is away");
	/* What cannot be decoded, and the same again. */
	ok(!saw(200, "\"c-1\"", NULL, "garbage"), "garbled");
	is_drop("unreadable", "unreadable");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_drops WHERE etag IS NULL"), 1,
		"the mark of what cannot be read is not kept");
	ok(!saw(304, NULL, NULL, NULL), "as before");
	is_drop("unreadable", "is as unreadable as before");
	ok(!saw(200, "\"b-1\"", "198.51.100.7:7775", "BBBB"), "readable again");
	is_drop("naming", "names again");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_named"), 2, "the name that it had");
	/* A body that is no text. */
	char *body = g_strnfill(HK_C2_BODY_MAX + 100, '\xff');
	ok(saw(200, "\"d-1\"", "203.0.113.9:7775", body), "any bytes: %s", fl_why());
	g_free(body);
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_named"), 3, "are kept as text");
	/* A long list is a line that a chat takes. */
	g_autofree char *many = g_strnfill(5000, '1');
	ok(saw(200, "\"e-1\"", many, "x"), "a long list: %s", fl_why());
	is_told("c2.moved", 4, "told");
}

static int64_t
port(const char *host, unsigned number)
{
	int64_t id = 0;

	ok(fl_do_as(flow, &fl_auto, hk_c2_session(flow, "keepspy", host, number, &id, error)),
		"%s:%u", host, number);
	return id;
}

static void
act(int64_t id, const char *what)
{
	ok(fl_do_as(flow, &fl_auto, hk_c2_session_saw(flow, id, what, NULL, "why", error)),
		"%s: %s", what, fl_why());
}

static void
alarms(void)
{
	int64_t id[5];

	for (unsigned i = 0; i < 5; i++) {
		id[i] = port("192.0.2.1", 7775 + i);
		act(id[i], "open");
	}
	is_told("c2.back", 0, "the first connection is no news");
	act(id[0], "lose");
	act(id[0], "refuse");
	is_told("c2.silent", 0, "two tries are the weather");
	act(id[0], "open");
	act(id[0], "lose");
	act(id[0], "lose");
	is_told("c2.silent", 0, "and counted anew after a good one");
	act(id[0], "refuse");
	is_told("c2.silent", 1, "three in a row are an alarm");
	act(id[0], "lose");
	is_told("c2.silent", 1, "once");
	hk_clock_advance(30000);
	for (unsigned i = 1; i < 5; i++) {
		act(id[i], "silence");
	}
	is_told("c2.silent", 1, "the other ports of the host are the same alarm");
	hk_clock_advance(2 * QUIET);
	for (unsigned i = 0; i < 5; i++) {
		act(id[i], "lose");
	}
	is_told("c2.silent", 1, "and stay so however long it lasts");
	for (unsigned i = 0; i < 5; i++) {
		act(id[i], "open");
	}
	is_told("c2.back", 1, "back, all of them, is told once");
	/* Another host has an alarm of its own. */
	hk_clock_advance(1000);
	int64_t far = port("198.51.100.7", 7775);
	act(far, "open");
	act(far, "silence");
	is_told("c2.silent", 2, "another host is another alarm");
	is_count(HK_SQL("SELECT COUNT(*) FROM notices WHERE event = 'c2.silent' AND body LIKE "
			"'%keepspy: 198.51.100.7:7775%'"),
		1, "which says whose");
	/* One that comes and goes. */
	act(far, "open");
	is_told("c2.back", 2, "back");
	act(far, "silence");
	is_told("c2.silent", 2, "silent again at once: not told a second time");
	act(far, "open");
	is_told("c2.back", 2, "so its end is not told either");
	act(far, "silence");
	act(far, "lose");
	is_told("c2.silent", 2, "still quiet");
	hk_clock_advance(QUIET);
	act(far, "lose");
	is_told("c2.silent", 3, "but what stays is told when the quiet is over");
	/* A port that fails while another has failed for long. */
	hk_clock_advance(2 * QUIET);
	int64_t more = port("198.51.100.7", 7776);
	act(more, "silence");
	is_told("c2.silent", 4, "a port that fails much later is told");
	act(far, "end");
	is_text(HK_SQL("SELECT state FROM c2_sessions WHERE host = '198.51.100.7' AND port = 7775"),
		"over", "over");
	act(far, "open");
	is_told("c2.back", 2, "listened to again is no news");
	ok(!fl_do(flow, hk_c2_session_saw(flow, far, "fly", NULL, NULL, error)) &&
			fl_code() == HK_EPOLICY,
		"no such act: %s", fl_why());
	ok(!fl_do(flow, hk_c2_session_saw(flow, 777, "open", NULL, NULL, error)) &&
			fl_code() == HK_ENOENT,
		"no such session: %s", fl_why());
}

static void
show(int64_t id, const char *print)
{
	ok(fl_do_as(flow, &fl_auto, hk_c2_session_saw(flow, id, "open", print, NULL, error)),
		"looks like %s: %s", print, fl_why());
}

static void
prints(void)
{
	int64_t a = port("203.0.113.5", 7775), b = port("203.0.113.5", 7776);

	show(a, "{\"as\":7040}");
	show(b, "{\"as\":7040}");
	is_told("c2.print", 0, "the first look is no change");
	show(a, "{\"as\":64500}");
	is_told("c2.print", 1, "a change is told");
	show(b, "{\"as\":64500}");
	is_told("c2.print", 1, "the other port shows the same");
	is_count(HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'c2.print'"), 2,
		"both are audited");
	g_autofree char *large = g_strnfill(HK_C2_PRINT_MAX + 1, 'x');
	show(a, large);
	is_text(HK_SQL("SELECT print FROM c2_sessions WHERE host = '203.0.113.5' AND port = 7775"),
		"{\"as\":64500}", "what is too large is not kept");
	const int64_t kept[] = {a};
	ok(fl_do_as(flow, &fl_auto, hk_c2_end_others(flow, "keepspy", kept, 1, error)),
		"the rest: %s", fl_why());
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_sessions WHERE state <> 'over'"), 1, "is over");
	ok(fl_do_as(flow, &fl_auto, hk_c2_session_beats(flow, a, T0 + 5, error)), "a beat");
	is_count(HK_SQL("SELECT beat_ms FROM c2_sessions WHERE state <> 'over'"), T0 + 5, "kept");
}

static void
pieces(void)
{
	int64_t a = port("203.0.113.5", 7775), until = T0 + INT64_C(86400000), count = 0;
	hk_c2_piece_row piece = {.session_id = a,
		.begun_ms = T0,
		.ended_ms = T0 + 3600000,
		.frames = 720,
		.commands = 2,
		.bytes = 4096,
		.sha256 = {1, 2, 3}};
	hk_c2_piece_row read;
	uint8_t last[32];
	bool any, stamped;
	g_autoptr(GBytes) sealed = NULL;
	GBytes *gone = NULL;

	ok(fl_do(flow, hk_c2_piece_last(hk_flow_db(flow), a, &any, last, error)) && !any,
		"none yet");
	ok(fl_do_as(flow, &fl_auto, hk_c2_piece(flow, &piece, hk_span_str("sealed"), until, error)),
		"a piece: %s", fl_why());
	ok(fl_do_as(flow, &fl_auto, hk_c2_piece(flow, &piece, hk_span_str("sealed"), until, error)),
		"the same again");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_transcripts"), 1, "once");
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_sealed"), 1, "sealed once");
	is_count(HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'c2.piece'"), 1, "audited once");
	is_count(HK_SQL("SELECT COUNT(*) FROM jobs WHERE stage = 'stamp' AND key = 'c2:1'"), 1,
		"to be stamped");
	ok(fl_do(flow, hk_c2_piece_last(hk_flow_db(flow), a, &any, last, error)) && any &&
			memcmp(last, piece.sha256, 32) == 0,
		"the next piece names it");
	ok(fl_do(flow, hk_c2_piece_get(hk_flow_db(flow), 1, &read, &stamped, error)) &&
			read.frames == 720 && !stamped,
		"read back");
	ok(fl_do(flow, hk_c2_piece_stamp(hk_flow_db(flow), 1, hk_span_str("token"), NULL, error)) &&
			fl_do(flow, hk_c2_piece_get(hk_flow_db(flow), 1, &read, &stamped, error)) &&
			stamped,
		"stamped");
	ok(!fl_do(flow, hk_c2_piece_get(hk_flow_db(flow), 9, &read, &stamped, error)) &&
			fl_code() == HK_ENOENT,
		"no such piece");
	ok(fl_do(flow, hk_c2_sealed_get(hk_flow_db(flow), 1, &sealed, error)) && sealed &&
			g_bytes_get_size(sealed) == 6,
		"what was sealed");
	ok(fl_do(flow, hk_c2_sealed_forget(hk_flow_db(flow), until - 1, &count, error)) &&
			count == 0,
		"is there until its time is over");
	ok(fl_do(flow, hk_c2_sealed_forget(hk_flow_db(flow), until, &count, error)) && count == 1,
		"and then it is not");
	ok(fl_do(flow, hk_c2_sealed_get(hk_flow_db(flow), 1, &gone, error)) && !gone, "gone");
	piece.sha256[0] = 9;
	ok(fl_do_as(flow, &fl_auto, hk_c2_piece(flow, &piece, hk_span_str(NULL), 0, error)),
		"a piece without anything sealed: %s", fl_why());
	is_count(HK_SQL("SELECT COUNT(*) FROM c2_sealed"), 0, "seals nothing");
}

/* The hourly upkeep keeps the promise. */
static void
forgotten(void)
{
	hk_c2_piece_row piece = {.session_id = port("203.0.113.5", 7775),
		.begun_ms = T0,
		.ended_ms = T0 + 1,
		.sha256 = {42}};
	int64_t until = hk_clock_wall_ms() + 3600000;
	hk_job job = {0};

	ok(fl_do_as(flow, &fl_auto, hk_c2_piece(flow, &piece, hk_span_str("x"), until, error)),
		"sealed for an hour: %s", fl_why());
	ok(fl_do_as(flow, &fl_auto, hk_sweep_start(flow, error)), "the sweep");
	for (unsigned i = 0; i < 2; i++) {
		static const char *const stages[] = {"sweep", NULL};
		GError *error = NULL;
		ok(hk_job_claim(flow, "me", stages, &job, &error) && job.id != 0, "claimed");
		ok(hk_sweep_run(flow, &job, NULL, &error), "swept: %s",
			error ? error->message : "");
		hk_job_clear(&job);
		is_count(HK_SQL("SELECT COUNT(*) FROM c2_sealed"), i == 0,
			i == 0 ? "it is kept for its time" : "and not longer");
		hk_clock_advance(2 * 3600000);
	}
	is_count(HK_SQL("SELECT COUNT(*) FROM events WHERE act = 'c2.forget'"), 1, "audited");
}

int
main(void)
{
	static const char *const chats[] = {"ops", NULL};

	hk_clock_freeze(T0);
	flow = fl_open();
	ok(fl_do(flow, hk_notices_chats(hk_flow_db(flow), chats, error)), "a chat");
	drops();
	alarms();
	prints();
	pieces();
	forgotten();
	fl_close(flow);
	return tap_done();
}
