/* tests/c2_fixture: puts what a bell heard into a house, by the flow that the observer goes through (flow/c2, flow/wave): for tests of API and board.
 *
 *   c2_fixture DATABASE AUDIT-KEY BLOBS WHAT [TARGET [DAYS]]
 *
 * WHAT: bell (drops, five sessions, a record, DAYS [60] days of waves in the published shape (threats.md S22, S23), one wave of today with links), silence (port 7776 falls
 * silent, 7777 refuses, 7775 looks otherwise), back (they answer again), wave (one more wave now), landing (the link of the newest wave leads elsewhere). All that
 * the channel says is hostile: markup, marks that turn text round. The house is as of now; the clock is turned back for what was before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jpholiday.h"
#include "flow/c2.h"
#include "flow/wave.h"
#include "source/c2/record.h"
#include "sys/blob.h"
#include "sys/clock.h"
#include "sys/hash.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  INT64_C(86400000)
#define FAMILY  "keepspy"
#define HOST    "192.0.2.61"
enum { PORTS = 5, FIRST_PORT = 7775, NUMBERS = 6 };

typedef struct work {
	hk_flow *flow;
	hk_blobs *blobs;
	const char *target;
	int64_t now, days;
	/* of the act that is under way */
	hk_c2_drop_seen drop;
	hk_wave_seen wave;
	hk_wave_led led;
	hk_c2_piece_row piece;
	unsigned port;
	int64_t session;
	const char *act, *print, *why;
	uint32_t next; /* number of a number */
} work;

static const hk_who who = {.login = "auto", .via = "watch", .address = ""};

static bool
do_at(work *w, int64_t ms, hk_flow_act act, GError **error)
{
	hk_clock_freeze(ms);
	return hk_flow_do(w->flow, &who, act, w, error);
}

/* Bytes that are the same every time. */
static void
hash_of(const char *label, int64_t a, int64_t b, uint8_t ret[32])
{
	char text[96];

	snprintf(text, sizeof text, "%s %lld %lld", label, (long long)a, (long long)b);
	hk_sha256(hk_span_str(text), ret);
}

/* ---- The channel ---- */

static bool
act_drop(hk_flow *flow, void *data, GError **error)
{
	const work *w = data;
	bool moved;

	return hk_c2_drop_saw(flow, &w->drop, &moved, error);
}

static bool
act_session(hk_flow *flow, void *data, GError **error)
{
	work *w = data;

	return hk_c2_session(flow, FAMILY, HOST, w->port, &w->session, error) &&
	       hk_c2_session_saw(flow, w->session, w->act, w->print, w->why, error);
}

static bool
act_beat(hk_flow *flow, void *data, GError **error)
{
	const work *w = data;

	return hk_c2_session_beats(flow, w->session, hk_flow_now(flow), error);
}

static bool
session(work *w, int64_t ms, unsigned port, const char *act, const char *why, GError **error)
{
	w->port = port;
	w->act = act;
	w->why = why;
	return do_at(w, ms, act_session, error) &&
	       (strcmp(act, "open") != 0 || do_at(w, ms, act_beat, error));
}

static bool
fill_drops(work *w, GError **error)
{
	static const struct {
		const char *url, *etag, *addresses, *body, *why;
		int64_t days_ago;
		int status;
	} rows[] = {
		{"http://siltsb6.drop.example/", "\"660e37e1-2c\"", "198.51.100.9:7775",
			"mGpwNrV0b6wIUcfHwvtp0vrwyEOQHYRPA5SxDbEXAMP=", NULL, 40, 200},
		{"http://donaldson.drop.example/", "\"660e37e2-2c\"", "198.51.100.9:7775",
			"mGpwNrV0b6wIUcfHwvtp0vrwyEOQHYRPA5SxDbEXAMP=", NULL, 39, 200},
		{"http://siltsb6.drop.example/", "\"660e37e1-2c\"", NULL, NULL, NULL, 26, 304},
		{"http://siltsb6.drop.example/", "\"6617aa01-2c\"", "203.0.113.5:7775",
			"<script>alert(1)</script>\xe2\x80\xae", NULL, 25, 200},
		{"http://siltsb6.drop.example/", "\"6617aa01-2c\"", NULL, NULL, NULL, 10, 304},
		{"http://siltsb6.drop.example/", "\"6620bb02-2c\"", HOST ":7775",
			"Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE=", NULL, 9, 200},
		{"http://donaldson.drop.example/", "\"660e37e2-2c\"", NULL, NULL, NULL, 12, 304},
		{"http://donaldson.drop.example/", NULL, NULL, NULL, "403 Forbidden, 146 bytes", 3,
			403},
		{"http://djedia.drop.example/404.html", NULL, NULL, NULL, NULL, 8, 404},
		{"http://siltsb6.drop.example/", "\"6620bb02-2c\"", NULL, NULL, NULL, 0, 304},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		w->drop = (hk_c2_drop_seen){.family = FAMILY,
			.url = rows[i].url,
			.status = rows[i].status,
			.etag = rows[i].etag,
			.modified = rows[i].etag ? "Thu, 04 Apr 2024 05:17:21 GMT" : NULL,
			.addresses = rows[i].addresses,
			.body = rows[i].body,
			.why = rows[i].why};
		if (!do_at(w, w->now - rows[i].days_ago * DAY_MS - HOUR_MS / 6, act_drop, error)) {
			return false;
		}
	}
	return true;
}

static bool
fill_sessions(work *w, GError **error)
{
	w->print = "{\"as\":\"AS64500 MIHON-NET\",\"country\":\"CA\",\"banner\":\"200 HP Http "
		   "Server OK\"}";
	for (unsigned port = FIRST_PORT; port < FIRST_PORT + PORTS; port++) {
		if (!session(w, w->now - 9 * DAY_MS, port, "open", NULL, error) ||
			!session(w, w->now - 2 * DAY_MS, port, "lose", "the line was cut", error) ||
			!session(w, w->now - 2 * DAY_MS + 60000, port, "open", NULL, error) ||
			!do_at(w, w->now - 4000, act_beat, error)) {
			return false;
		}
	}
	w->print = NULL;
	return true;
}

static bool
act_piece(hk_flow *flow, void *data, GError **error)
{
	const work *w = data;
	static const char sealed[] = "sealed";

	return hk_c2_piece(
		flow, &w->piece, hk_span_str(sealed), hk_flow_now(flow) + 30 * DAY_MS, error);
}

static bool
say(hk_record *record, int64_t ms, bool out, const char *bytes, const char *masked, GError **error)
{
	const hk_record_line line = {.at_ms = ms,
		.out = out,
		.kind = "text",
		.bytes = hk_span_str(bytes),
		.masked = masked,
		.command = masked && strstr(masked, "****")};

	return hk_record_add(record, &line, error);
}

/* An hour of a session: hello, beats and pongs, a command, what is no command. */
static bool
talk(hk_record *record, int64_t begun, GError **error)
{
	if (!say(record, begun, true, "{\"model\":\"SO-01\"}", "{\"model\":\"SO-01\"}", error)) {
		return false;
	}
	for (int i = 1; i < 220; i++) {
		if (!say(record, begun + i * 10000, i % 2, i % 2 ? "心跳&ping" : "pong", NULL,
			    error)) {
			return false;
		}
	}
	return say(record, begun + 2300000, false, "发信息 &09055001234 【みほん銀行】",
		       "发信息 &090-5500-**** "
		       "【みほん銀行】お客様の口座の取引を一時的に規制しています。"
		       "https://s.example/n8rA9fHnWA",
		       error) &&
	       say(record, begun + 2310000, false, "<img",
		       "<img src=x onerror=alert(2)>\xe2\x80\xae", error) &&
	       say(record, begun + 2320000, false, "phone book", NULL, error);
}

static bool
keep_piece(work *w, const hk_record_piece *p, GError **error)
{
	gsize len;
	const void *data = g_bytes_get_data(p->lines, &len);
	g_autoptr(GString) lines = g_string_new_len(data, (gssize)len);

	g_string_append(lines, "this is no JSON\n"); /* a reader must live with it */
	w->piece = (hk_c2_piece_row){.session_id = w->session,
		.begun_ms = p->begun_ms,
		.ended_ms = p->ended_ms,
		.frames = p->frames,
		.commands = p->commands,
		.bytes = (int64_t)lines->len};
	return hk_blobs_put(w->blobs, hk_span_of(lines->str, lines->len), w->piece.sha256, error) &&
	       do_at(w, p->ended_ms, act_piece, error);
}

static bool
fill_record(work *w, GError **error)
{
	static const uint8_t key[HK_SECRET_KEY_BYTES] = {7}, previous[32] = {0xab, 0xcd};
	g_autofree char *folder = g_dir_make_tmp("hikeshi-c2-XXXXXX", error);
	const hk_record_of of = {.family = FAMILY,
		.host = HOST,
		.port = FIRST_PORT + PORTS - 1,
		.beat = "心跳&ping",
		.pong = "pong",
		.session_id = w->session,
		.key = key};
	g_autoptr(hk_record) record = folder ? hk_record_open(folder, &of, error) : NULL;
	g_auto(hk_record_piece) piece = {0};
	g_autofree char *file = g_strdup_printf("%s/%lld.jsonl", folder, (long long)w->session);

	bool good = record && talk(record, w->now - 3 * HOUR_MS, error) &&
		    hk_record_cut(record, previous, &piece, error) && keep_piece(w, &piece, error);
	remove(file);
	remove(folder);
	return good;
}

/* ---- Waves ---- */

static bool
act_wave(hk_flow *flow, void *data, GError **error)
{
	work *w = data;
	hk_wave_taken taken;

	return hk_c2_session(flow, FAMILY, HOST, w->port, &w->session, error) &&
	       (w->wave.session_id = w->session) > 0 && hk_wave_take(flow, &w->wave, &taken, error);
}

static bool
command(work *w, int64_t ms, unsigned port, const char *text, const hk_wave_link *links,
	size_t link_count, GError **error)
{
	uint8_t frame[32], key[32];
	hk_wave_to to[NUMBERS];

	hash_of("frame", ms, port, frame);
	hash_of(text, 0, 0, key);
	for (unsigned i = 0; i < NUMBERS; i++) {
		hash_of("number", w->next, 0, to[i].hash);
		snprintf(to[i].region, sizeof to[i].region, "090550%u", w->next++ % 4);
	}
	w->port = port;
	w->wave = (hk_wave_seen){.family = FAMILY,
		.port = port,
		.at_ms = ms,
		.frame = frame,
		.verb = "send-sms",
		.word = "发信息",
		.text = text,
		.send = true,
		.key = key,
		.brands = "[\"みほん銀行\"]",
		.target = w->target,
		.shown = "090-5500-****",
		.to = to,
		.to_count = NUMBERS,
		.masked = 1,
		.links = links,
		.link_count = link_count};
	return do_at(w, ms, act_wave, error);
}

/* The times of S22: working days at 6 and 17, days off at 14 and 15; the order and distances of S23. */
static bool
fill_day(work *w, int64_t days, GError **error)
{
	static const struct {
		unsigned port;
		int64_t after_ms;
	} order[PORTS] = {{7778, 0}, {7779, 16000}, {7777, 47000}, {7776, 62000}, {7775, 88000}};
	bool off = hk_jpholiday_off(days);
	int64_t hour = off ? 14 + days % 2 : days % 2 ? 6 : 17;
	int64_t ms = days * DAY_MS + (hour - 9) * HOUR_MS + days % 50 * 60000;
	g_autofree char *text = g_strdup_printf(
		"【みほん銀行】お客様の口座の取引を一時的に規制しています（%lld）。",
		(long long)days);

	for (size_t i = 0; i < PORTS; i++) {
		if (!command(w, ms + order[i].after_ms, order[i].port, text, NULL, 0, error)) {
			return false;
		}
	}
	return true;
}

static const hk_wave_link shorts[] = {
	{.url = "https://s.example/1kgW8Huk6K",
		.host = "s.example",
		.site = {.domain = "s.example", .shared = true, .shortener = true}},
	{.url = "https://s.example/PkiFpTGzUR",
		.host = "s.example",
		.site = {.domain = "s.example", .shared = true, .shortener = true}},
	{.url = "https://s.example/KoJR0A9aAf",
		.host = "s.example",
		.site = {.domain = "s.example", .shared = true, .shortener = true}},
};

static bool
act_led(hk_flow *flow, void *data, GError **error)
{
	return hk_wave_led_to(flow, &((const work *)data)->led, error);
}

static bool
led(work *w, int64_t ms, const char *link, const char *landing, const char *host, GError **error)
{
	int64_t id;
	g_autofree char *hops = g_strdup_printf(
		"[{\"url\":\"%s\",\"status\":301},{\"url\":\"https://hop.example/x\",\"status\":"
		"302},{\"url\":\"%s\",\"status\":200}]",
		link, landing);

	if (!hk_db_int(hk_flow_db(w->flow), HK_SQL("SELECT id FROM c2_links WHERE url = $1"),
		    HK_ARGS(hk_v_str(link)), &id, error)) {
		return false;
	}
	w->led = (hk_wave_led){.link_id = id, .act = "lead", .hops = hops};
	w->led.landing = (hk_wave_link){.url = landing, .host = host};
	g_strlcpy(w->led.landing.site.domain, host, sizeof w->led.landing.site.domain);
	return do_at(w, ms, act_led, error);
}

static bool
fill_today(work *w, GError **error)
{
	static const char text[] = "【みほん銀行】お客様の口座の取引を一時的に規制しています。<b>"
				   "ご確認</b>\xe2\x80\xaeください。";
	static const unsigned order[PORTS] = {7778, 7779, 7777, 7776, 7775};
	static const unsigned which[PORTS] = {0, 1, 1, 1, 2};
	int64_t ms = w->now - 2 * HOUR_MS;

	for (size_t i = 0; i < PORTS; i++) {
		if (i == PORTS - 1) {
			w->next -= 2; /* two numbers that another port had, too */
		}
		if (!command(w, ms + (int64_t)i * 22000, order[i], text, &shorts[which[i]], 1,
			    error)) {
			return false;
		}
	}
	return led(w, ms + 2000, shorts[0].url, "https://ysl.example/", "ysl.example", error) &&
	       led(w, ms + 23000, shorts[1].url, "https://ysl.example/", "ysl.example", error) &&
	       led(w, ms + HOUR_MS, shorts[1].url, "https://ysl2.example/login?<b>", "ysl2.example",
		       error);
}

static bool
fill_bell(work *w, GError **error)
{
	int64_t today = (w->now + 9 * HOUR_MS) / DAY_MS;

	for (int64_t day = today - w->days; day < today; day++) {
		if (!fill_day(w, day, error)) {
			return false;
		}
	}
	return fill_drops(w, error) && fill_sessions(w, error) && fill_record(w, error) &&
	       fill_today(w, error);
}

static bool
fill_silence(work *w, GError **error)
{
	if (!session(w, w->now, 7776, "silence", "no pong for 30 s", error)) {
		return false;
	}
	for (int i = 0; i < HK_C2_ALARM_TRIES; i++) {
		if (!session(w, w->now, 7777, "refuse", "403 Forbidden", error)) {
			return false;
		}
	}
	w->print = "{\"as\":\"AS64501 OTHER-NET\",\"country\":\"NL\",\"banner\":\"200 <b>OK\"}";
	return session(w, w->now, 7775, "open", NULL, error);
}

static bool
fill_back(work *w, GError **error)
{
	return session(w, w->now, 7776, "open", NULL, error) &&
	       session(w, w->now, 7777, "open", NULL, error);
}

static bool
fill_wave(work *w, GError **error)
{
	static const hk_wave_link direct = {.url = "https://direct.example/",
		.host = "direct.example",
		.site = {.domain = "direct.example"}};

	w->next = 900000;
	return command(w, w->now, 7779, "【みほん銀行】新しい波です。", &direct, 1, error);
}

static bool
fill_landing(work *w, GError **error)
{
	return led(w, w->now, shorts[0].url, "https://moved.example/", "moved.example", error);
}

static const struct {
	const char *name;
	bool (*fill)(work *w, GError **error);
} whats[] = {{"bell", fill_bell}, {"silence", fill_silence}, {"back", fill_back},
	{"wave", fill_wave}, {"landing", fill_landing}};

static bool
run(int argc, char **argv, GError **error)
{
	g_autoptr(hk_blobs) blobs = hk_blobs_open(&(hk_blobs_config){.where = argv[3]}, error);
	g_autoptr(hk_db) db = blobs ? hk_db_open(argv[1], error) : NULL;
	g_autoptr(hk_flow) flow = db ? hk_flow_new(db, argv[2], error) : NULL;
	work w = {.flow = flow, .blobs = blobs, .now = hk_clock_wall_ms(), .days = 60};

	if (!flow) {
		return false;
	}
	w.target = argc > 5 && *argv[5] ? argv[5] : NULL;
	w.days = argc > 6 ? g_ascii_strtoll(argv[6], NULL, 10) : w.days;
	for (size_t i = 0; i < G_N_ELEMENTS(whats); i++) {
		if (strcmp(whats[i].name, argv[4]) == 0) {
			return whats[i].fill(&w, error);
		}
	}
	g_set_error(error, G_FILE_ERROR, 0, "there is no %s", argv[4]);
	return false;
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	if (argc < 5) {
		fprintf(stderr,
			"usage: c2_fixture DATABASE AUDIT-KEY BLOBS WHAT [TARGET [DAYS]]\n");
		return 64;
	}
	if (!run(argc, argv, &error)) {
		fprintf(stderr, "c2_fixture: %s\n", error ? error->message : "?");
		return 1;
	}
	return 0;
}
