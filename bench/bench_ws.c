/* bench_ws: what many WebSocket sessions cost. bench/ws.sh runs it, and python3-websockets (bench/ws_peer.py) beside it.
 *
 *   bench_ws serve                          a server on 127.0.0.1 that answers each text with "pong": says its port
 *   bench_ws ours|floor PORT N SECONDS      N sessions of sys/ws, or N sockets with the same bytes and no protocol at all: opened; then a
 *                                           beat every 10 s for SECONDS; then, for 5 s, the next beat as soon as the answer is there
 *
 *   bench_ws curl PORT N                    N connections of libcurl (CONNECT_ONLY), the way that was not taken: CPU ms to open one, VmHWM
 *
 * Prints: CPU ms to open one, CPU percent of a core with beats, beats that were answered, VmHWM in KiB, round trips in a CPU second. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/num.h"
#include "bench.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/ws.h"

#define BEAT "\xe5\xbf\x83\xe8\xb7\xb3&ping" /* 心跳&ping */
enum { BEAT_EVERY_MS = 10000, FLAT_OUT_MS = 5000, TICK_MS = 10 };

/* ---- The server ---- */

typedef struct conn {
	int fd;
	bool open;
	size_t len;
	char head[2000];
	hk_ws_reader reader;
} conn;

static bool
greet(conn *c)
{
	char accept[HK_WSHAND_ACCEPT_LEN + 1], reply[400];
	hk_wshand_asked asked;
	size_t size = 0;
	ssize_t n = recv(c->fd, c->head + c->len, sizeof c->head - c->len, 0);

	if (n <= 0) {
		return false;
	}
	c->len += (size_t)n;
	if (hk_wshand_head_len(hk_span_of(c->head, c->len), 0, &size) != HK_OK) {
		return true;
	}
	if (hk_wshand_asked_read(hk_span_of(c->head, size), &asked) != HK_OK) {
		return false;
	}
	hk_ws_accept(asked.key, accept);
	if (hk_wshand_reply(accept, NULL, reply, sizeof reply, &size) != HK_OK) {
		return false;
	}
	hk_ws_reader_init(&c->reader, HK_WS_SERVER, 0, 0, 0);
	c->open = true;
	return send(c->fd, reply, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static bool
answer(conn *c)
{
	static uint8_t data[65536];
	static const uint8_t pong[] = {0x81, 4, 'p', 'o', 'n', 'g'};
	ssize_t n = recv(c->fd, data, sizeof data, 0);
	size_t at = 0, used;
	hk_ws_part part;

	while (n > 0 && at < (size_t)n &&
		hk_ws_read(&c->reader, data + at, (size_t)n - at, &used, &part) == HK_OK) {
		at += used;
		if (part.kind == HK_WS_CLOSE ||
			(part.last && send(c->fd, pong, sizeof pong, MSG_NOSIGNAL) < 0)) {
			return false;
		}
	}
	return n > 0;
}

_Noreturn static void
serve(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN}, events[256];

	if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 4096) != 0 ||
		getsockname(listener, (struct sockaddr *)&at, &len) != 0) {
		exit(69);
	}
	printf("%u\n", ntohs(at.sin_port));
	fflush(stdout);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int n = epoll_wait(epoll, events, 256, -1);
		for (int i = 0; i < n; i++) {
			conn *c = events[i].data.ptr;
			if (!c) {
				c = g_new0(conn, 1);
				c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
				event.data.ptr = c;
				epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
			} else if (!(c->open ? answer(c) : greet(c))) {
				close(c->fd);
				g_free(c);
			}
		}
	}
}

/* ---- The load, the same for both ---- */

typedef struct peer {
	hk_ws *ws;
	int fd;
	bool open;
	int64_t beat_ms; /* when the next one is due */
} peer;

typedef struct load {
	peer *peers;
	size_t count, open;
	uint64_t beats, pongs;
	bool flat_out;
	bool (*beat)(peer *p);
	void (*step)(struct load *l, int timeout_ms);
	hk_ws_hub *hub;
	int epoll;
} load;

static load all;

static void
answered(peer *p)
{
	all.pongs++;
	if (all.flat_out) {
		all.beats += all.beat(p);
	}
}

static void
opened(peer *p)
{
	p->open = true;
	/* Spread over the time between two beats. */
	p->beat_ms =
		hk_clock_mono_ms() + (int64_t)((size_t)(p - all.peers) * BEAT_EVERY_MS / all.count);
	all.open++;
}

static void
beat_all(void)
{
	int64_t now_ms = hk_clock_mono_ms();

	for (size_t i = 0; i < all.count; i++) {
		if (now_ms >= all.peers[i].beat_ms) {
			all.peers[i].beat_ms += BEAT_EVERY_MS;
			all.beats += all.beat(&all.peers[i]);
		}
	}
}

static unsigned
hwm_kib(void)
{
	g_autofree char *text = NULL;
	unsigned kib = 0;

	g_file_get_contents("/proc/self/status", &text, NULL, NULL);
	sscanf(strstr(text, "VmHWM:"), "VmHWM: %u", &kib);
	return kib;
}

static void
measure(double seconds)
{
	double opening = bench_cpu_s();

	while (all.open < all.count) {
		all.step(&all, 100);
	}
	opening = bench_cpu_s() - opening;
	int64_t begin_ms = hk_clock_mono_ms(), now_ms = begin_ms;
	double beating = bench_cpu_s();
	while (now_ms - begin_ms < (int64_t)(seconds * 1000)) {
		beat_all();
		all.step(&all, TICK_MS);
		now_ms = hk_clock_mono_ms();
	}
	beating = (bench_cpu_s() - beating) / ((double)(now_ms - begin_ms) / 1000);
	uint64_t beats = all.beats, pongs = all.pongs;
	while (all.pongs < beats) {
		all.step(&all, 100);
	}
	unsigned kib = hwm_kib();
	all.flat_out = true;
	double flat = bench_cpu_s();
	for (size_t i = 0; i < all.count; i++) {
		all.beats += all.beat(&all.peers[i]);
	}
	begin_ms = hk_clock_mono_ms();
	while (hk_clock_mono_ms() - begin_ms < FLAT_OUT_MS) {
		all.step(&all, 100);
	}
	flat = (double)(all.pongs - pongs) / (bench_cpu_s() - flat);
	printf("%.4f %.4f %.0f %u %.0f\n", opening * 1000 / (double)all.count, beating * 100,
		(double)beats, kib, flat);
}

/* ---- Ours ---- */

static void
on_opened(void *user, hk_ws *ws, hk_span head)
{
	(void)ws;
	(void)head;
	opened(user);
}

static void
on_message(void *user, hk_ws *ws, hk_ws_kind kind, hk_span payload)
{
	(void)ws;
	if (kind == HK_WS_TEXT && hk_span_eq(payload, HK_SPAN_LIT("pong"))) {
		answered(user);
	}
}

static void
on_ended(void *user, hk_ws *ws, hk_ws_end how, int code, const char *why)
{
	(void)user;
	(void)ws;
	fprintf(stderr, "bench_ws: a session ended: %s %d %s\n", hk_ws_end_name(how), code, why);
	exit(1);
}

static bool
our_beat(peer *p)
{
	return hk_ws_send(p->ws, HK_WS_TEXT, HK_SPAN_LIT(BEAT));
}

static void
our_step(load *l, int timeout_ms)
{
	hk_ws_hub_step(l->hub, timeout_ms, -1);
}

static void
quiet(void *user, const hk_egress_record *record)
{
	(void)user;
	(void)record;
}

static void
ours(unsigned port, double seconds)
{
	static const hk_ws_events events = {on_opened, on_message, NULL, on_ended};
	g_autofree char *path = g_build_filename(g_get_tmp_dir(), "bench-XXXXXX", NULL);
	int fd = g_mkstemp(path);
	g_autofree char *text = g_strdup_printf(
		"range = 127.0.0.1\nrange-ports = {\"7775=%u\"}\nhost-rate = 100000\nhost-burst = "
		"100000\naddress-rate = 100000\naddress-burst = 100000\nhost-open = 10000\n",
		port);

	(void)!write(fd, text, strlen(text));
	close(fd);
	hk_egress *egress = hk_egress_new(path, NULL);
	unlink(path);
	hk_egress_record_to(egress, quiet, NULL);
	hk_egress_purpose_ports(egress, "c2", (unsigned[]){7775}, 1);
	all.hub = hk_ws_hub_new(egress, NULL);
	all.beat = our_beat;
	all.step = our_step;
	for (size_t i = 0; i < all.count; i++) {
		hk_ws_target target = {
			.host = "c2.example", .port = 7775, .path = "/", .who = {.purpose = "c2"}};
		all.peers[i].ws = hk_ws_open(all.hub, &target, &events, &all.peers[i], NULL);
	}
	measure(seconds);
	hk_ws_hub_free(all.hub);
	hk_egress_unref(egress);
}

/* ---- The floor: the same bytes, unread ---- */

static bool
floor_beat(peer *p)
{
	uint8_t frame[40];
	hk_span beat = HK_SPAN_LIT(BEAT);

	hk_ws_frame(HK_WS_CLIENT, HK_WS_TEXT, true, beat, (const uint8_t[4]){1, 2, 3, 4}, frame);
	return send(p->fd, frame, hk_ws_frame_size(HK_WS_CLIENT, beat.len), MSG_NOSIGNAL) > 0;
}

static void
floor_step(load *l, int timeout_ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(l->epoll, events, 256, timeout_ms);
	char data[4096];

	for (int i = 0; i < n; i++) {
		peer *p = events[i].data.ptr;
		if (recv(p->fd, data, sizeof data, 0) <= 0) {
			exit(1);
		}
		if (p->open) {
			answered(p);
		} else {
			opened(p);
		}
	}
}

static void
floor_of(unsigned port, double seconds)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	char request[600];
	size_t len = 0;

	if (hk_wshand_request(
		    &(hk_wshand_ask){"c2.example:7775", "/", "dGhlIHNhbXBsZSBub25jZQ==", NULL},
		    request, sizeof request, &len) != HK_OK) {
		exit(1);
	}
	all.epoll = epoll_create1(EPOLL_CLOEXEC);
	all.beat = floor_beat;
	all.step = floor_step;
	for (size_t i = 0; i < all.count; i++) {
		peer *p = &all.peers[i];
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
		p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(p->fd, (struct sockaddr *)&at, sizeof at) != 0 ||
			send(p->fd, request, len, MSG_NOSIGNAL) < 0) {
			exit(1);
		}
		epoll_ctl(all.epoll, EPOLL_CTL_ADD, p->fd, &event);
	}
	measure(seconds);
}

/* ---- The way that was not taken ---- */

static void
curl_of(unsigned port)
{
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", port);
	double opening = bench_cpu_s();
	CURLM *multi;
	int running, left;
	size_t open = 0;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	CURL **easies = g_new(CURL *, all.count);
	for (size_t i = 0; i < all.count; i++) {
		easies[i] = curl_easy_init();
		curl_easy_setopt(easies[i], CURLOPT_URL, url);
		curl_easy_setopt(easies[i], CURLOPT_CONNECT_ONLY, 1L);
		curl_easy_setopt(easies[i], CURLOPT_NOSIGNAL, 1L);
		curl_multi_add_handle(multi, easies[i]);
	}
	while (open < all.count) {
		CURLMsg *msg;
		curl_multi_perform(multi, &running);
		while ((msg = curl_multi_info_read(multi, &left))) {
			if (msg->data.result != CURLE_OK) {
				exit(1);
			}
			open++;
		}
		curl_multi_poll(multi, NULL, 0, 10, NULL);
	}
	printf("%.4f %u\n", (bench_cpu_s() - opening) * 1000 / (double)all.count, hwm_kib());
	for (size_t i = 0; i < all.count; i++) {
		curl_multi_remove_handle(multi, easies[i]);
		curl_easy_cleanup(easies[i]);
	}
	g_free(easies);
	curl_multi_cleanup(multi);
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	uint64_t port, count;

	hk_file_init();
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = MIN(files.rlim_max, (rlim_t)16384);
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (argc == 2 && strcmp(argv[1], "serve") == 0) {
		serve();
	}
	bool curl = argc == 4 && strcmp(argv[1], "curl") == 0;
	if ((argc != 5 && !curl) || hk_parse_u64(hk_span_str(argv[2]), 65535, &port) != HK_OK ||
		hk_parse_u64(hk_span_str(argv[3]), HK_WS_SESSIONS_MAX, &count) != HK_OK) {
		fprintf(stderr, "usage: bench_ws serve | ours|floor PORT SESSIONS SECONDS | curl "
				"PORT SESSIONS\n");
		return 64;
	}
	all.count = (size_t)count;
	all.peers = g_new0(peer, all.count);
	if (curl) {
		curl_of((unsigned)port);
	} else if (strcmp(argv[1], "ours") == 0) {
		ours((unsigned)port, g_ascii_strtod(argv[4], NULL));
	} else {
		floor_of((unsigned)port, g_ascii_strtod(argv[4], NULL));
	}
	g_free(all.peers);
	return 0;
}
