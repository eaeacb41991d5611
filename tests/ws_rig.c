/* ws_rig: our WebSocket codec, for another implementation to compare with (tests/scenario/websocket.py).
 *
 *   ws_rig read              lines "ROLE STEP HEX" from stdin, bytes that a client or server reads, STEP at a time; a line of what it makes of them
 *   ws_rig serve             an echo server on loopback: says its port, serves until its standard input ends
 *   ws_rig talk PORT PATH COUNT    sys/ws as a client of 127.0.0.1:PORT: COUNT messages, each awaited as an echo, a ping, a close; one line */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "sys/ws.h"

/* ---- read ---- */

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
print_hex(hk_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		printf("%02x", bytes.data[i]);
	}
}

static void
print_part(const hk_ws_part *part, GByteArray *message)
{
	if (part->kind == HK_WS_CLOSE) {
		printf("close %d ", part->code);
		print_hex(part->reason);
		printf("; ");
		return;
	}
	if (part->first && part->kind < HK_WS_CLOSE) {
		g_byte_array_set_size(message, 0);
	}
	if (part->kind < HK_WS_CLOSE) {
		g_byte_array_append(message, part->bytes.data, (unsigned)part->bytes.len);
	}
	if (part->last) {
		printf("%s ", name_of(part->kind));
		print_hex(part->kind < HK_WS_CLOSE ? hk_span_of(message->data, message->len)
						   : part->bytes);
		printf("; ");
	}
}

static void
read_line(hk_ws_role role, size_t step, uint8_t *bytes, size_t len)
{
	g_autoptr(GByteArray) message = g_byte_array_new();
	hk_err err = HK_ETRUNC;
	hk_ws_reader reader;

	hk_ws_reader_init(&reader, role, 0, 0, 0);
	for (size_t at = 0; at < len && err == HK_ETRUNC; at += step) {
		size_t left = MIN(step, len - at), used = 0;
		uint8_t *data = bytes + at;
		hk_ws_part part;
		while (left > 0 && (err = hk_ws_read(&reader, data, left, &used, &part)) == HK_OK) {
			print_part(&part, message);
			data += used;
			left -= used;
		}
		err = err == HK_OK ? HK_ETRUNC : err;
	}
	printf("%s\n", err == HK_ETRUNC ? "more" : hk_ws_fault_code(reader.fault));
}

static int
read_lines(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		char role[10];
		size_t step, n = 0;
		int at = 0;
		if (sscanf(line, "%9s %zu %n", role, &step, &at) < 2) {
			return 64;
		}
		uint8_t *bytes = g_malloc(strlen(line));
		for (const char *hex = line + at; g_ascii_isxdigit(*hex); hex += 2) {
			bytes[n++] = (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 |
					       g_ascii_xdigit_value(hex[1]));
		}
		read_line(*role == 's' ? HK_WS_SERVER : HK_WS_CLIENT, step, bytes, n);
		g_free(bytes);
	}
	free(line);
	return 0;
}

/* ---- serve ---- */

static void
say(int fd, hk_ws_kind kind, bool fin, hk_span payload)
{
	size_t size = hk_ws_frame_size(HK_WS_SERVER, payload.len);
	g_autofree uint8_t *frame = g_malloc(size);

	hk_ws_frame(HK_WS_SERVER, kind, fin, payload, NULL, frame);
	for (size_t at = 0; at < size;) {
		ssize_t n = send(fd, frame + at, size - at, MSG_NOSIGNAL);
		if (n <= 0) {
			return;
		}
		at += (size_t)n;
	}
}

static void
say_close(int fd, int code)
{
	uint8_t payload[HK_WS_CONTROL_MAX];
	size_t len = hk_ws_close_payload(code, HK_SPAN_LIT("echo"), payload);

	say(fd, HK_WS_CLOSE, true, hk_span_of(payload, len));
	shutdown(fd, SHUT_WR);
}

/* The whole message back: as one frame, or in pieces of 1,000 bytes. */
static void
echo(int fd, hk_ws_kind kind, hk_span all, bool pieces)
{
	size_t at = 0;

	do {
		size_t n = pieces ? MIN((size_t)1000, all.len - at) : all.len;
		say(fd, at == 0 ? kind : HK_WS_CONTINUATION, at + n == all.len,
			hk_span_of(all.data + at, n));
		at += n;
	} while (at < all.len);
}

static void
take(int fd, const hk_ws_part *part, GByteArray *message, bool pieces)
{
	if (part->kind == HK_WS_CLOSE) {
		say_close(fd, part->code);
	} else if (part->kind == HK_WS_PING) {
		say(fd, HK_WS_PONG, true, part->bytes);
	} else if (part->kind < HK_WS_CLOSE) {
		g_byte_array_append(message, part->bytes.data, (unsigned)part->bytes.len);
		if (part->last) {
			echo(fd, part->kind, hk_span_of(message->data, message->len), pieces);
			g_byte_array_set_size(message, 0);
		}
	}
}

static bool
shake_hands(int fd, bool *ret_pieces)
{
	static const char *const lines[] = {"Server: 200 HP Http Server OK", NULL};
	char head[HK_WSHAND_HEAD_MAX], reply[1000], accept[HK_WSHAND_ACCEPT_LEN + 1];
	hk_wshand_asked asked;
	size_t len = 0, size = 0;

	while (hk_wshand_head_len(hk_span_of(head, len), 0, &size) == HK_ETRUNC) {
		ssize_t n = recv(fd, head + len, sizeof head - len, 0);
		if (n <= 0) {
			return false;
		}
		len += (size_t)n;
	}
	if (hk_wshand_asked_read(hk_span_of(head, size), &asked) != HK_OK || size != len) {
		return false;
	}
	*ret_pieces = hk_span_eq(asked.path, HK_SPAN_LIT("/fragments"));
	hk_ws_accept(asked.key, accept);
	return hk_wshand_reply(accept, lines, reply, sizeof reply, &size) == HK_OK &&
	       send(fd, reply, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static void
serve_client(int fd)
{
	g_autoptr(GByteArray) message = g_byte_array_new();
	static uint8_t data[65536];
	bool pieces;
	hk_ws_reader reader;
	ssize_t n;

	if (!shake_hands(fd, &pieces)) {
		return;
	}
	hk_ws_reader_init(&reader, HK_WS_SERVER, 0, 0, 0);
	while ((n = recv(fd, data, sizeof data, 0)) > 0) {
		size_t at = 0, used;
		hk_ws_part part;
		hk_err err = HK_OK;
		while (at < (size_t)n && (err = hk_ws_read(&reader, data + at, (size_t)n - at,
						  &used, &part)) == HK_OK) {
			at += used;
			take(fd, &part, message, pieces);
		}
		if (err != HK_OK && err != HK_ETRUNC) {
			say_close(fd, hk_ws_fault_close(reader.fault));
			break;
		}
	}
	while (recv(fd, data, sizeof data, 0) > 0) {
	}
}

static int
serve(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p[2] = {{.fd = listener, .events = POLLIN}, {.fd = 0, .events = POLLIN}};

	if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 64) != 0 ||
		getsockname(listener, (struct sockaddr *)&at, &len) != 0) {
		return 69;
	}
	printf("%u\n", ntohs(at.sin_port));
	fflush(stdout);
	while (poll(p, 2, -1) > 0 && !p[1].revents) {
		int fd = accept(listener, NULL, NULL);
		if (fork() == 0) {
			close(listener);
			serve_client(fd);
			_exit(0);
		}
		close(fd);
		while (waitpid(-1, NULL, WNOHANG) > 0) {
		}
	}
	return 0;
}

/* ---- talk ---- */

typedef struct talk {
	unsigned count, sent, echoed, wrong, pings, pongs;
	GByteArray *expected;
	hk_ws_kind kind;
	uint64_t chance;
	GString *end;
} talk;

/* Sizes around each form of a length, text with characters of every length. */
static void
next_message(talk *t, hk_ws *ws)
{
	static const unsigned sizes[] = {0, 1, 5, 124, 125, 126, 127, 1000, 8191, 30000, 60000};
	static const char *const words[] = {"a", "ä", "心", "🔥", "&ping", " "};

	if (t->sent == t->count) {
		hk_ws_send(ws, HK_WS_PING, HK_SPAN_LIT("beat"));
		return;
	}
	unsigned size = sizes[t->sent % G_N_ELEMENTS(sizes)];
	t->kind = t->sent % 2 ? HK_WS_BINARY : HK_WS_TEXT;
	g_byte_array_set_size(t->expected, 0);
	while (t->expected->len < size) {
		t->chance = t->chance * 6364136223846793005u + 1442695040888963407u;
		uint8_t byte = (uint8_t)(t->chance >> 40);
		const char *word = words[byte % G_N_ELEMENTS(words)];
		if (t->kind == HK_WS_TEXT) {
			g_byte_array_append(
				t->expected, (const uint8_t *)word, (unsigned)strlen(word));
		} else {
			g_byte_array_append(t->expected, &byte, 1);
		}
	}
	t->sent += hk_ws_send(ws, t->kind, hk_span_of(t->expected->data, t->expected->len));
}

static void
on_opened(void *user, hk_ws *ws, hk_span head)
{
	(void)head;
	next_message(user, ws);
}

static void
on_message(void *user, hk_ws *ws, hk_ws_kind kind, hk_span payload)
{
	talk *t = user;

	if (kind == HK_WS_PING) {
		t->pings++;
	} else if (kind == HK_WS_PONG) {
		t->pongs += hk_span_eq(payload, HK_SPAN_LIT("beat"));
		hk_ws_close(ws, HK_WS_CODE_NORMAL);
	} else if (kind == HK_WS_TEXT || kind == HK_WS_BINARY) {
		bool good = kind == t->kind &&
			    hk_span_eq(payload, hk_span_of(t->expected->data, t->expected->len));
		t->echoed += good;
		t->wrong += !good;
		next_message(t, ws);
	}
}

static void
on_ended(void *user, hk_ws *ws, hk_ws_end how, int code, const char *why)
{
	talk *t = user;

	(void)ws;
	g_string_printf(t->end, "%s %d (%s)", hk_ws_end_name(how), code, why);
}

static hk_egress *
range_egress(const char *port)
{
	g_autofree char *path = g_build_filename(g_get_tmp_dir(), "ws-rig-XXXXXX", NULL);
	g_autofree char *text =
		g_strdup_printf("range = 127.0.0.1\nrange-ports = {\"7775=%s\"}\n", port);
	int fd = g_mkstemp(path);

	(void)!write(fd, text, strlen(text));
	close(fd);
	hk_egress *egress = hk_egress_new(path, NULL);
	unlink(path);
	hk_egress_purpose_ports(egress, "c2", (unsigned[]){7775}, 1);
	return egress;
}

static int
talk_to(const char *port, const char *path, const char *count)
{
	static const hk_ws_events events = {on_opened, on_message, NULL, on_ended};
	g_autoptr(hk_egress) egress = range_egress(port);
	g_autoptr(hk_ws_hub) hub = hk_ws_hub_new(egress, NULL);
	hk_ws_target target = {.host = "c2.example",
		.port = 7775,
		.path = path,
		.who = {.purpose = "c2", .requester = "ws_rig"}};
	talk t = {.expected = g_byte_array_new(), .end = g_string_new(NULL), .chance = 4711};
	uint64_t n;

	if (hk_parse_u64(hk_span_str(count), 100000, &n) != HK_OK ||
		!hk_ws_open(hub, &target, &events, &t, NULL)) {
		return 64;
	}
	t.count = (unsigned)n;
	while (hk_ws_hub_count(hub) > 0) {
		hk_ws_hub_step(hub, 1000, -1);
	}
	printf("sent %u, echoed %u, wrong %u, pings %u, pongs %u, %s\n", t.sent, t.echoed, t.wrong,
		t.pings, t.pongs, t.end->str);
	g_byte_array_unref(t.expected);
	g_string_free(t.end, TRUE);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "read") == 0) {
		return read_lines();
	}
	if (argc == 2 && strcmp(argv[1], "serve") == 0) {
		return serve();
	}
	if (argc == 5 && strcmp(argv[1], "talk") == 0) {
		return talk_to(argv[2], argv[3], argv[4]);
	}
	fprintf(stderr, "usage: ws_rig read|serve|talk PORT PATH COUNT\n");
	return 64;
}
