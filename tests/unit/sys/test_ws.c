/* sys/ws against servers that do well, badly, and nothing at all; through an exit, with TLS, over a limit, and with the kill switch. */
#include "sys/ws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "egresslib.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "tap.h"
#include "wspeer.h"

#define RIGHT                                                                                      \
	"HTTP/1.1 101 Switching Protocols\r\nServer: odd\r\nUpgrade: websocket\r\n"                \
	"Connection: Upgrade\r\nSec-WebSocket-Accept: %ACCEPT%\r\n"

#define EIGHT "890161 890162 890163 890164 890165 890166 890167 890168 "

/* "bye" is where the client closes. */
static const wp_script scripts[] = {
	{"/talk", NULL, "8103 e5bf83 8901 70 8103 627965", 0},
	{"/bytes", RIGHT "\r\n", "8103 e5bf83 8901 70 8103 627965", WP_BYTES},
	{"/pieces", NULL, "0102 6162 8900 0002 6364 8001 65 82 7e0100 2a*256 8103 627965", 0},
	{"/closed", NULL, "8101 61 8806 03e9 676f6e65", 0},
	{"/closed-bare", NULL, "8800", 0},
	{"/lost", NULL, "8101 61", WP_HANG_UP},
	{"/mute", NULL, "8103 627965", WP_MUTE},
	{"/reserved", NULL, "8101 61 c101 61", 0},
	{"/opcode", NULL, "8300", 0},
	{"/masked", NULL, "8181 00000000 61", 0},
	{"/ping-long", NULL, "897e 007e 61*126", 0},
	{"/ping-split", NULL, "0900", 0},
	{"/utf8", NULL, "8104 e5bf83ff", 0},
	{"/utf8-early", NULL, "817e 0400 e5bf83ed a0", 0},
	{"/close-code", NULL, "8802 03ed", 0},
	{"/eight-gb", NULL, "827f 0000000200000000", 0},
	{"/endless", NULL, "0201 61", WP_ENDLESS | WP_DEAF, "0000 0000 0000 0000"},
	{"/endless-big", NULL, "027f 0000000000010000 61*65536", WP_ENDLESS | WP_DEAF,
		"007f 0000000000010000 62*65536"},
	{"/status", "HTTP/1.1 200 HP Http Server OK\r\nContent-Length: 2\r\n\r\nok", NULL, 0},
	{"/redirect", "HTTP/1.1 302 Found\r\nLocation: ws://c2.example:7780/\r\n\r\n", NULL, 0},
	{"/accept",
		"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
		NULL, 0},
	{"/extension", RIGHT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "8101 61", 0},
	{"/protocol", RIGHT "Sec-WebSocket-Protocol: chat\r\n\r\n", NULL, 0},
	{"/not-http", "SSH-2.0-x\r\n\r\n", NULL, 0},
	{"/silent", "", NULL, 0},
	{"/half", "HTTP/1.1 101 Switch", NULL, 0},
	{"/half-end", "HTTP/1.1 101 Switch", NULL, WP_HANG_UP},
	{"/drip", "HTTP/1.1 101 ", NULL, WP_DRIP},
	{"/hold", NULL, NULL, 0},
	{"/deaf", NULL, NULL, WP_DEAF},
	{"/pings", NULL, NULL, WP_ENDLESS | WP_DEAF, EIGHT EIGHT},
};

/* One session, and what is told of it. */
typedef struct seen {
	GString *told;
	hk_ws *ws;
	hk_ws_end how;
	int code;
	char *why, *head;
	bool ended, hello;
	unsigned messages, paced_max;
	size_t bytes, count_only;
} seen;

static hk_egress *egress;
static unsigned port, tls_port;

static void
add(seen *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_string_append(s->told, s->told->len > 0 ? "; " : "");
	g_string_append_vprintf(s->told, format, args);
	va_end(args);
}

static const char *
name_of(hk_ws_kind kind)
{
	static const char *const names[] = {[HK_WS_TEXT] = "text",
		[HK_WS_BINARY] = "binary",
		[HK_WS_CLOSE] = "close",
		[HK_WS_PING] = "ping",
		[HK_WS_PONG] = "pong"};

	return names[kind];
}

static void
on_opened(void *user, hk_ws *ws, hk_span head)
{
	seen *s = user;

	add(s, "open");
	s->head = g_strndup((const char *)head.data, head.len);
	ok(hk_ws_is_open(ws), "it is open");
	if (s->hello) {
		ok(hk_ws_send(ws, HK_WS_TEXT, HK_SPAN_LIT("hello")), "hello is sent");
	}
}

static void
on_message(void *user, hk_ws *ws, hk_ws_kind kind, hk_span payload)
{
	seen *s = user;

	s->messages++;
	s->bytes += payload.len;
	if (s->paced_max > 0) {
		if (hk_ws_paced(ws) >= s->paced_max) {
			hk_ws_close(ws, HK_WS_CODE_NORMAL);
		}
		return;
	}
	if (s->count_only > 0) {
		if (s->messages == s->count_only) {
			hk_ws_close(ws, HK_WS_CODE_NORMAL);
		}
		return;
	}
	add(s, "%s %zu", name_of(kind), payload.len);
	if (hk_span_eq(payload, HK_SPAN_LIT("bye"))) {
		hk_ws_close(ws, HK_WS_CODE_NORMAL);
		ok(!hk_ws_is_open(ws) && !hk_ws_send(ws, HK_WS_TEXT, HK_SPAN_LIT("no")),
			"nothing is sent behind a close frame");
	}
}

static void
on_sent(void *user, hk_ws *ws, hk_ws_kind kind, hk_span payload)
{
	seen *s = user;

	(void)ws;
	if (s->count_only == 0 && s->paced_max == 0) {
		add(s, ">%s %zu", name_of(kind), payload.len);
	}
}

static void
on_ended(void *user, hk_ws *ws, hk_ws_end how, int code, const char *why)
{
	seen *s = user;

	ok(!s->ended, "ended once");
	s->ended = true;
	s->how = how;
	s->code = code;
	s->why = g_strdup(why);
	if (!s->head) {
		hk_span head = hk_ws_head(ws);
		s->head = g_strndup((const char *)head.data, head.len);
	}
	add(s, "%s %d", hk_ws_end_name(how), code);
}

static const hk_ws_events events = {on_opened, on_message, on_sent, on_ended};

static hk_ws_target
target_of(const char *path)
{
	return (hk_ws_target){.host = "c2.example",
		.port = 7775,
		.path = path,
		.who = {.purpose = "c2", .requester = "test"},
		.hand_ms = 60000};
}

static seen *
seen_new(void)
{
	seen *s = g_new0(seen, 1);

	s->told = g_string_new(NULL);
	return s;
}

static void
seen_free(seen *s)
{
	g_string_free(s->told, TRUE);
	g_free(s->why);
	g_free(s->head);
	g_free(s);
}

static void
run(hk_ws_hub *hub)
{
	while (hk_ws_hub_count(hub) > 0) {
		hk_ws_hub_step(hub, 1000, -1);
	}
}

/* Opens one, waits for its end. */
static seen *
one(hk_egress *policy, hk_ws_target target, bool hello)
{
	g_autoptr(hk_ws_hub) hub = hk_ws_hub_new(policy, NULL);
	g_autoptr(GError) error = NULL;
	seen *s = seen_new();

	s->hello = hello;
	s->ws = hk_ws_open(hub, &target, &events, s, &error);
	ok(s->ws != NULL, "%s begins: %s", target.path, error ? error->message : "");
	run(hub);
	return s;
}

/* ---- What a session tells, and what the server got ---- */

static const struct {
	const char *path, *told, *got;
	const char *why; /* holds this, or NULL */
	bool hello;
	unsigned hand_ms;
} rows[] = {
	{"/talk", "open; >text 5; text 3; ping 1; >pong 1; text 3; >close 2; close 2; ours 1000",
		"text hello; pong p; close 1000; end", NULL, true, 0},
	{"/bytes", "open; >text 5; text 3; ping 1; >pong 1; text 3; >close 2; close 2; ours 1000",
		"text hello; pong p; close 1000; end", NULL, true, 0},
	{"/pieces",
		"open; ping 0; >pong 0; text 5; binary 256; text 3; >close 2; close 2; ours "
		"1000",
		"pong; close 1000; end", NULL, false, 0},
	{"/closed", "open; >text 5; text 1; close 6; >close 2; closed 1001",
		"text hello; close 1001; end", "going away: gone", true, 0},
	{"/closed-bare", "open; close 0; >close 0; closed 1005", "close 1005; end",
		"no code was given", false, 0},
	{"/lost", "open; text 1; lost 1006", "", "without a close frame", false, 0},
	{"/mute", "open; text 3; >close 2; ours 1006", "close 1000; end", "did not answer", false,
		0},
	{"/reserved", "open; text 1; >close 2; protocol 1002", "close 1002; end",
		"reserved-bits:", false, 0},
	{"/opcode", "open; >close 2; protocol 1002", "close 1002; end", "opcode:", false, 0},
	{"/masked", "open; >close 2; protocol 1002", "close 1002; end", "masked:", false, 0},
	{"/ping-long", "open; >close 2; protocol 1002", "close 1002; end", "control-long:", false,
		0},
	{"/ping-split", "open; >close 2; protocol 1002", "close 1002; end", "control-split:", false,
		0},
	{"/utf8", "open; >close 2; protocol 1007", "close 1007; end", "utf8:", false, 0},
	{"/utf8-early", "open; >close 2; protocol 1007", "close 1007; end", "utf8:", false, 0},
	{"/close-code", "open; >close 2; protocol 1002", "close 1002; end", "close-code:", false,
		0},
	{"/eight-gb", "open; >close 2; limit 1009", "close 1009; end", "frame-limit:", false, 0},
	{"/endless", "open; >close 2; limit 1009", NULL, "frames-limit:", false, 0},
	{"/endless-big", "open; >close 2; limit 1009", NULL, "message-limit:", false, 0},
	{"/status", "handshake 200", "end", "status: the answer is not 101 (200 HP Http Server OK)",
		true, 0},
	{"/redirect", "handshake 302", "end", "status:", true, 0},
	{"/accept", "handshake 101", "end", "accept:", true, 0},
	{"/extension", "handshake 101", "end", "extension:", true, 0},
	{"/protocol", "handshake 101", "end", "subprotocol:", true, 0},
	{"/not-http", "handshake 0", "end", "not HTTP/1.1", true, 0},
	{"/silent", "timeout 0", "end", "no whole answer in time", true, 150},
	{"/half", "timeout 0", "end", "no whole answer in time", true, 150},
	{"/half-end", "handshake 0", "", "hung up before", true, 0},
	{"/drip", "timeout 0", NULL, "no whole answer in time", true, 150},
};

/* All of them at once, in one hub. */
static void
behaviours(void)
{
	g_autoptr(hk_ws_hub) hub = hk_ws_hub_new(egress, NULL);
	seen *all[G_N_ELEMENTS(rows)];

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		hk_ws_target target = target_of(rows[i].path);
		all[i] = seen_new();
		all[i]->hello = rows[i].hello;
		target.hand_ms = rows[i].hand_ms ? rows[i].hand_ms : target.hand_ms;
		all[i]->ws = hk_ws_open(hub, &target, &events, all[i], NULL);
	}
	is_int(hk_ws_hub_count(hub), G_N_ELEMENTS(rows), "sessions at once");
	run(hub);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		is_str(all[i]->told->str, rows[i].told, "%s", rows[i].path);
		g_autofree char *got = wp_got(rows[i].path);
		if (rows[i].got) {
			is_str(got, rows[i].got, "%s: what the server got", rows[i].path);
		}
		if (rows[i].why) {
			ok(strstr(all[i]->why, rows[i].why) != NULL, "%s: %s", rows[i].path,
				all[i]->why);
		}
		if (strcmp(rows[i].path, "/status") == 0) {
			ok(g_str_has_prefix(all[i]->head, "HTTP/1.1 200 HP Http Server OK\r\n") &&
					g_str_has_suffix(all[i]->head, "\r\n\r\n"),
				"the banner is kept, without what follows it");
		}
		if (strcmp(rows[i].path, "/half") == 0) {
			is_str(all[i]->head, "HTTP/1.1 101 Switch", "and half an answer, too");
		}
		seen_free(all[i]);
	}
}

/* ---- Floods, and those that take nothing ---- */

/* A server that never stops: reading stops instead, nothing is lost, and we answer what we can. */
static void
flood(void)
{
	g_autoptr(hk_ws_hub) hub = hk_ws_hub_new(egress, NULL);
	hk_ws_target target = target_of("/pings");
	seen *s = seen_new();

	target.rate = 500 * (HK_WS_FRAME_COST + 3);
	s->paced_max = 3;
	s->ws = hk_ws_open(hub, &target, &events, s, NULL);
	run(hub);
	ok(s->messages >= 500 * HK_WS_BURST, "it had to wait three times, for %u frames",
		s->messages);
	is_int(s->how, HK_WS_OURS, "and we could close it");
	seen_free(s);
}

static void
takes_nothing(void)
{
	g_autoptr(hk_ws_hub) hub = hk_ws_hub_new(egress, NULL);
	hk_ws_target target = target_of("/deaf");
	static const uint8_t big[16000];
	seen *s = seen_new();
	size_t sent = 0;

	s->count_only = 1;
	target.stall_ms = 100;
	s->ws = hk_ws_open(hub, &target, &events, s, NULL);
	while (!hk_ws_is_open(s->ws)) {
		hk_ws_hub_step(hub, 1000, -1);
	}
	while (hk_ws_send(s->ws, HK_WS_BINARY, hk_span_of(big, sizeof big))) {
		sent++;
		hk_ws_hub_step(hub, 0, -1);
	}
	ok(sent > 3 && hk_ws_waiting(s->ws) <= HK_WS_OUT_MAX &&
			hk_ws_waiting(s->ws) + sizeof big + 8 > HK_WS_OUT_MAX,
		"after %zu frames no more may wait", sent);
	run(hub);
	is_int(s->how, HK_WS_TIMEOUT, "it ends when nothing moves");
	ok(strstr(s->why, "took nothing") != NULL, "%s", s->why);
	seen_free(s);
}

/* ---- Our side ---- */

static void
our_close(void)
{
	g_autoptr(hk_ws_hub) hub = hk_ws_hub_new(egress, NULL);
	hk_ws_target target = target_of("/hold");
	seen *s = seen_new();

	s->ws = hk_ws_open(hub, &target, &events, s, NULL);
	ok(!hk_ws_send(s->ws, HK_WS_TEXT, HK_SPAN_LIT("early")), "it is not open at once");
	while (!hk_ws_is_open(s->ws)) {
		hk_ws_hub_step(hub, 1000, -1);
	}
	g_autofree char *address = g_strdup_printf("127.0.0.1:%u", port);
	is_str(hk_ws_address(s->ws), address, "its address");
	uint8_t long_ping[HK_WS_CONTROL_MAX + 1] = {0};
	ok(!hk_ws_send(s->ws, HK_WS_PING, hk_span_of(long_ping, sizeof long_ping)),
		"a ping that is too long");
	ok(hk_ws_send(s->ws, HK_WS_PING, HK_SPAN_LIT("x")), "a ping");
	hk_ws_close(s->ws, 4000);
	hk_ws_close(s->ws, 4001);
	run(hub);
	is_str(s->told->str, "open; >ping 1; >close 2; close 2; ours 4000", "closed by us, once");
	seen_free(s);
	s = seen_new();
	s->ws = hk_ws_open(hub, &target, &events, s, NULL);
	hk_ws_close(s->ws, HK_WS_CODE_NORMAL);
	ok(!s->ended, "ended() comes from a step");
	run(hub);
	is_str(s->told->str, "ours 1006", "closed before it was open");
	seen_free(s);
}

static void
pause_it(void)
{
	g_autoptr(hk_ws_hub) hub = hk_ws_hub_new(egress, NULL);
	hk_ws_target target = target_of("/pings");
	seen *s = seen_new();

	s->count_only = 100000;
	s->ws = hk_ws_open(hub, &target, &events, s, NULL);
	while (s->messages == 0) {
		hk_ws_hub_step(hub, 1000, -1);
	}
	hk_ws_pause(s->ws, true);
	hk_ws_hub_step(hub, 0, -1);
	unsigned before = s->messages;
	for (int i = 0; i < 20; i++) {
		hk_ws_hub_step(hub, 5, -1);
	}
	is_int(s->messages, before, "a paused session tells nothing");
	hk_ws_pause(s->ws, false);
	while (s->messages == before) {
		hk_ws_hub_step(hub, 1000, -1);
	}
	ok(s->messages > before, "and goes on");
	seen_free(s);
}

/* ---- Egress ---- */

static void
ports(void)
{
	static const struct {
		unsigned port;
		const char *purpose;
		hk_ws_end how;
		int code;
	} asks[] = {
		{7775, "c2", HK_WS_OURS, 1000},
		{7780, "c2", HK_WS_REFUSED, HK_EGRESS_PORT},
		{7775, "capture", HK_WS_REFUSED, HK_EGRESS_PORT},
		{7775, "look", HK_WS_REFUSED, HK_EGRESS_PORT},
		{43, "c2", HK_WS_REFUSED, HK_EGRESS_PORT},
		{80, "capture", HK_WS_OURS, 1000},
	};
	static const unsigned bad[][2] = {{7775, 0}, {7775, 70000}, {43, 7775}, {7775, 53}};

	for (size_t i = 0; i < G_N_ELEMENTS(asks); i++) {
		hk_ws_target target = target_of("/talk");
		target.port = asks[i].port;
		target.who.purpose = asks[i].purpose;
		seen *s = one(egress, target, false);
		is_int(s->how, asks[i].how, "port %u for %s", asks[i].port, asks[i].purpose);
		is_int(s->code, asks[i].code, "%s", s->why);
		seen_free(s);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		ok(!hk_egress_purpose_ports(egress, "c2", bad[i], 2), "bad ports %zu", i);
	}
	is_int(hk_egress_check_target(
		       egress, &(hk_egress_who){.purpose = "c2"}, "ws", "c2.example", 7775, NULL),
		HK_EGRESS_OK, "what was there stays");
	is_int(hk_egress_check_target(egress, &(hk_egress_who){.purpose = "c2"}, "whois",
		       "c2.example", 7775, NULL),
		HK_EGRESS_PORT, "WHOIS keeps its own port");
	is_int(hk_egress_check_target(
		       egress, &(hk_egress_who){.purpose = "c2"}, "ws", "10.0.0.1", 7775, NULL),
		HK_EGRESS_ADDRESS, "a private address is none, whatever the purpose");
	ok(hk_egress_purpose_ports(egress, "c2", NULL, 0), "none");
	is_int(hk_egress_check_target(
		       egress, &(hk_egress_who){.purpose = "c2"}, "ws", "c2.example", 7775, NULL),
		HK_EGRESS_PORT, "and the port is closed again");
	ok(hk_egress_purpose_ports(egress, "c2", (unsigned[]){7775, 7776}, 2), "as before");
}

static void
kill_switch(void)
{
	g_autoptr(hk_ws_hub) hub = hk_ws_hub_new(egress, NULL);
	hk_ws_target target = target_of("/hold");
	seen *all[5];

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		all[i] = seen_new();
		all[i]->ws = hk_ws_open(hub, &target, &events, all[i], NULL);
	}
	for (size_t open = 0; open < G_N_ELEMENTS(all);) {
		hk_ws_hub_step(hub, 1000, -1);
		open = 0;
		for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
			open += hk_ws_is_open(all[i]->ws);
		}
	}
	hk_egress_kill(egress);
	run(hub);
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		is_str(all[i]->told->str, "open; refused 1", "killed, without a word");
		is_int(all[i]->code, HK_EGRESS_KILLED, "as such");
		seen_free(all[i]);
	}
	seen *s = one(egress, target, false);
	is_str(s->told->str, "refused 1", "nor is another one opened");
	is_int(s->code, HK_EGRESS_KILLED, "as such");
	seen_free(s);
	hk_egress_revive(egress);
	s = one(egress, target_of("/talk"), false);
	is_int(s->how, HK_WS_OURS, "until it is taken back");
	seen_free(s);
}

static void
quiet(void *user, const hk_egress_record *record)
{
	g_string_append_printf(user, "%s %s %s:%u %s; ", record->who.purpose, record->scheme,
		record->host, record->port, hk_egress_reason_code(record->reason));
}

/* Through a SOCKS5 proxy to what calls itself a public address. */
static void
exits(void)
{
	unsigned socks = wp_socks(port);
	g_autofree char *path = el_conf("exits = {\"jp socks5h://127.0.0.1:%u\"}\n", socks);
	g_autoptr(hk_egress) far = hk_egress_new(path, NULL);
	g_autoptr(GString) records = g_string_new(NULL);
	hk_ws_target target = target_of("/talk");

	unlink(path);
	hk_egress_record_to(far, quiet, records);
	hk_egress_purpose_ports(far, "c2", (unsigned[]){7775, 7779}, 2);
	target.who.exit = "jp";
	seen *s = one(far, target, true);
	is_str(s->told->str,
		"open; >text 5; text 3; ping 1; >pong 1; text 3; >close 2; close 2; ours 1000",
		"a session through an exit");
	seen_free(s);
	target.host = "203.0.113.7";
	s = one(far, target, false);
	is_int(s->how, HK_WS_REFUSED, "an address that is not public is refused: %s", s->why);
	seen_free(s);
	target.host = "93.184.216.34";
	s = one(far, target, false);
	is_int(s->how, HK_WS_OURS, "an address");
	seen_free(s);
	target.port = 7779;
	s = one(far, target, false);
	is_str(s->told->str, "unreachable 0", "the exit may refuse: %s", s->why);
	seen_free(s);
	target.who.exit = "nowhere";
	s = one(far, target, false);
	is_int(s->code, HK_EGRESS_EXIT, "an exit that there is not: %s", s->why);
	seen_free(s);
	g_autofree char *asked = wp_socks_asked();
	is_str(asked, "c2.example:7775; 93.184.216.34:7775; 93.184.216.34:7779; ",
		"what the proxy was asked");
	ok(g_str_has_prefix(records->str, "c2 ws c2.example:7775 ok; "),
		"and what was recorded: %s", records->str);
}

static void
nobody_there(void)
{
	g_autofree char *path = el_conf("resolvers = {\"127.0.0.1:%u\"}\n", el_dns(NULL, 0));
	g_autoptr(hk_egress) alone = hk_egress_new(path, NULL);
	g_autoptr(GString) records = g_string_new(NULL);
	hk_ws_target target = target_of("/talk");

	unlink(path);
	hk_egress_record_to(alone, quiet, records);
	hk_egress_purpose_ports(alone, "c2", (unsigned[]){7775}, 1);
	seen *s = one(alone, target, false);
	is_str(s->told->str, "unreachable 0", "a name that there is not: %s", s->why);
	seen_free(s);
	target.port = 7776; /* the range has a port for it where nobody listens */
	s = one(egress, target, false);
	is_str(s->told->str, "unreachable 0", "a port where nobody listens: %s", s->why);
	seen_free(s);
}

static void
tls(void)
{
	hk_ws_target target = target_of("/talk");

	target.tls = true;
	target.port = 443;
	seen *s = one(egress, target, true);
	is_str(s->told->str,
		"open; >text 5; text 3; ping 1; >pong 1; text 3; >close 2; close 2; ours 1000",
		"a session with TLS");
	seen_free(s);
	target.path = "/endless-big";
	s = one(egress, target, false);
	is_str(s->told->str, "open; >close 2; limit 1009", "limits hold there, too");
	seen_free(s);
	target.path = "/talk";
	target.port = 7775;
	target.connect_ms = 200;
	s = one(egress, target, true);
	is_str(s->told->str, "unreachable 0", "TLS with what speaks none: %s", s->why);
	seen_free(s);
}

static void
bad_targets(void)
{
	static const char *const no_key[] = {"Upgrade: websocket", "Connection: Upgrade", NULL};
	g_autoptr(hk_ws_hub) hub = hk_ws_hub_new(egress, NULL);
	g_autoptr(GError) error = NULL;
	hk_ws_target target = target_of("chat");

	ok(!hk_ws_open(hub, &target, &events, NULL, &error), "a path without a slash");
	is_int(hk_error_code(error), HK_ECONFIG, "%s", error->message);
	g_clear_error(&error);
	target = target_of("/talk");
	target.headers = no_key;
	ok(!hk_ws_open(hub, &target, &events, NULL, &error), "lines without a key");
	is_int(hk_error_code(error), HK_ECONFIG, "%s", error->message);
	is_int(hk_ws_hub_count(hub), 0, "nothing was opened");
}

/* Freed in the middle of everything: the sanitizer is the judge. */
static void
drop(void)
{
	hk_ws_hub *hub = hk_ws_hub_new(egress, NULL);
	static const char *const paths[] = {"/hold", "/silent", "/talk", "/pings", "/half"};
	seen *s[G_N_ELEMENTS(paths)];

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		hk_ws_target target = target_of(paths[i]);
		s[i] = seen_new();
		s[i]->count_only = 1000000;
		hk_ws_open(hub, &target, &events, s[i], NULL);
	}
	for (int i = 0; i < 10; i++) {
		hk_ws_hub_step(hub, 1, -1);
	}
	size_t left = hk_ws_hub_count(hub);
	hk_ws_hub_free(hub);
	size_t ended = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		ended += s[i]->ended;
		seen_free(s[i]);
	}
	is_int(ended + left, G_N_ELEMENTS(paths), "those that were dropped are not told");
}

static void
accept_value(void)
{
	char text[HK_WSHAND_ACCEPT_LEN + 1];

	hk_ws_accept(HK_SPAN_LIT("dGhlIHNhbXBsZSBub25jZQ=="), text);
	is_str(text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "the RFC's example");
}

int
main(void)
{
	g_autoptr(GString) records = g_string_new(NULL);
	unsigned dead_port = el_canary();

	hk_file_init(); /* TLS writes to who has gone */
	port = wp_start(scripts, G_N_ELEMENTS(scripts), false);
	tls_port = wp_start(scripts, G_N_ELEMENTS(scripts), true);
	/* A port of the range that was given out and is free again. */
	g_autofree char *path = el_conf(
		"range = 127.0.0.1\nrange-ports = {\"7775=%u\", \"443=%u\", \"80=%u\", \"7776=1\", "
		"\"7780=%u\"}\nhost-rate = 10000\nhost-burst = 10000\naddress-rate = 10000\n"
		"address-burst = 10000\nhost-open = 1000\n",
		port, tls_port, port, dead_port);
	egress = hk_egress_new(path, NULL);
	unlink(path);
	hk_egress_record_to(egress, quiet, records);
	ok(hk_egress_purpose_ports(egress, "c2", (unsigned[]){7775, 7776}, 2), "ports for c2");
	accept_value();
	behaviours();
	is_int(el_canary_seen(), 0, "a redirect is not followed");
	flood();
	takes_nothing();
	our_close();
	pause_it();
	ports();
	kill_switch();
	exits();
	nobody_there();
	tls();
	bad_targets();
	drop();
	is_int(el_canary_seen(), 0, "nobody has connected to what was refused");
	hk_egress_unref(egress);
	return tap_done();
}
