/* source/c2/ear on a virtual clock, with a server in the same thread: beats, pongs, commands, disconnects by the hundred; none missed, none doubled, nothing else said.
 *
 * HK_EAR_DAYS=7 HK_EAR_CUTS=500: the numbers of `make soak` (docs/performance.md). */
#include "source/c2/ear.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"
#include "parse/ws.h"
#include "parse/wshand.h"
#include "sys/clock.h"
#include "sys/egress.h"
#include "sys/gerr.h"
#include "tap.h"

enum { PORTS = 5, BUFFER = 65536, HOUR_MS = 3600000 };
#define BEAT "心跳&ping"

/* ---- The server ---- */

typedef struct peer {
	int fd; /* -1: none */
	bool open, mute, refuse;
	hk_ws_reader reader;
	char head[4096];
	size_t head_len;
	unsigned hellos, beats, others, closes, connects;
	int to_server, to_client; /* frames on their way */
	bool heard;               /* the client has it open */
} peer;

static int listeners[PORTS];
static unsigned ports[PORTS];
static peer peers[PORTS];
static bool busy; /* something happened in this pass */

static void
nonblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void
serve_begin(void)
{
	for (int i = 0; i < PORTS; i++) {
		struct sockaddr_in at = {
			.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		socklen_t len = sizeof at;
		listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool good = bind(listeners[i], (struct sockaddr *)&at, len) == 0 &&
			    listen(listeners[i], 16) == 0 &&
			    getsockname(listeners[i], (struct sockaddr *)&at, &len) == 0;
		ok(good, "a port listens");
		nonblock(listeners[i]);
		ports[i] = ntohs(at.sin_port);
		peers[i].fd = -1;
	}
}

static void
put(peer *p, hk_ws_kind kind, hk_span payload)
{
	g_autofree uint8_t *frame = g_malloc(hk_ws_frame_size(HK_WS_SERVER, payload.len));
	size_t len = hk_ws_frame_size(HK_WS_SERVER, payload.len);

	hk_ws_frame(HK_WS_SERVER, kind, true, payload, NULL, frame);
	if (send(p->fd, frame, len, MSG_NOSIGNAL) == (ssize_t)len) {
		p->to_client++;
	}
	busy = true;
}

static void
hang_up(peer *p)
{
	if (p->fd >= 0) {
		close(p->fd);
	}
	p->fd = -1;
	p->open = false;
	p->to_server = 0;
	busy = true;
}

static void
greet(peer *p)
{
	static const char *const lines[] = {"Server: HP Http Server OK", NULL};
	char accept[HK_WSHAND_ACCEPT_LEN + 1], reply[1024];
	hk_wshand_asked asked;
	size_t len;

	if (hk_wshand_head_len(hk_span_of(p->head, p->head_len), 0, &len) != HK_OK) {
		return;
	}
	ok(hk_wshand_asked_read(hk_span_of(p->head, len), &asked) == HK_OK, "a right request");
	hk_ws_accept(asked.key, accept);
	ok(hk_wshand_reply(accept, lines, reply, sizeof reply, &len) == HK_OK &&
			send(p->fd, reply, len, MSG_NOSIGNAL) == (ssize_t)len,
		"answered");
	hk_ws_reader_init(&p->reader, HK_WS_SERVER, 0, 0, 0);
	p->open = true;
}

static void
take_part(peer *p, const hk_ws_part *part)
{
	p->to_server--;
	if (part->kind == HK_WS_CLOSE) {
		p->closes++;
		hang_up(p);
	} else if (part->kind == HK_WS_TEXT && hk_span_eq(part->bytes, hk_span_str(BEAT))) {
		p->beats++;
		if (!p->mute) {
			put(p, HK_WS_TEXT, hk_span_str("pong"));
		}
	} else if (part->kind == HK_WS_TEXT && part->bytes.len > 0 && part->bytes.data[0] == '{') {
		p->hellos++;
	} else {
		p->others++;
	}
}

static void
take_bytes(peer *p, uint8_t *data, size_t len)
{
	while (len > 0 && p->fd >= 0) {
		hk_ws_part part;
		size_t used = 0;
		hk_err err = hk_ws_read(&p->reader, data, len, &used, &part);
		if (err == HK_ETRUNC) {
			return;
		}
		if (err != HK_OK) {
			ok(false, "the client breaks the protocol: %s",
				hk_ws_fault_meaning(p->reader.fault));
			hang_up(p);
			return;
		}
		data += used;
		len -= used;
		take_part(p, &part);
	}
}

static void
serve_peer(peer *p, int listener)
{
	uint8_t data[BUFFER];

	if (p->fd < 0) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0) {
			return;
		}
		busy = true;
		p->connects++;
		if (p->refuse) {
			close(fd);
			return;
		}
		nonblock(fd);
		/* A pong that waits for the kernel to bundle it would come hours late on this clock. */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		p->fd = fd;
		p->head_len = 0;
	}
	ssize_t got = recv(p->fd, data, sizeof data, 0);
	if (got < 0) {
		return;
	}
	busy = true;
	if (got == 0) {
		hang_up(p);
	} else if (p->open) {
		take_bytes(p, data, (size_t)got);
	} else if (p->head_len + (size_t)got <= sizeof p->head) {
		memcpy(p->head + p->head_len, data, (size_t)got);
		p->head_len += (size_t)got;
		greet(p);
	}
}

/* ---- The one who hears ---- */

typedef struct hearing {
	GHashTable *heard; /* text -> how often */
	unsigned opens, losts, silents, refused, says;
} hearing;

static peer *
peer_of(const hk_ear_session *s)
{
	for (int i = 0; i < PORTS; i++) {
		if (ports[i] == hk_ear_port(s)) {
			return &peers[i];
		}
	}
	return NULL;
}

static void
state(void *user, hk_ear_session *s, hk_ear_what what, const char *text)
{
	hearing *h = user;
	unsigned *const counts[] = {[HK_EAR_OPEN] = &h->opens,
		[HK_EAR_SILENT] = &h->silents,
		[HK_EAR_REFUSED] = &h->refused,
		[HK_EAR_LOST] = &h->losts};

	if (getenv("HK_EAR_LOUD")) {
		tap_diag("%d: port %u: %s", (int)what, hk_ear_port(s), text);
	}
	(*counts[what])++;
	peer_of(s)->heard = what == HK_EAR_OPEN;
	if (what == HK_EAR_OPEN) {
		peer_of(s)->to_client = 0;
	}
	busy = true;
}

static void
frame(void *user, hk_ear_session *s, bool out, const char *kind, hk_span bytes, bool pong)
{
	hearing *h = user;

	busy = true;
	if (out) {
		peer_of(s)->to_server++;
	} else {
		peer_of(s)->to_client--;
	}
	if (out || pong || strcmp(kind, "text") != 0) {
		h->says += out;
		return;
	}
	char *text = g_strndup((const char *)bytes.data, bytes.len);
	g_hash_table_insert(h->heard, text,
		GINT_TO_POINTER(GPOINTER_TO_INT(g_hash_table_lookup(h->heard, text)) + 1));
}

static const hk_ear_sink sink = {state, frame};

/* ---- The world ---- */

typedef struct world {
	hk_ws_hub *hub;
	hk_ear *ear;
	hearing h;
	GPtrArray *sent; /* texts that were sent to a client that was connected */
	unsigned cuts;
} world;

/* Something is on its way that this moment of the clock has to wait for. */
static bool
flying(const world *w)
{
	size_t open = 0;

	for (int i = 0; i < PORTS; i++) {
		const peer *p = &peers[i];
		open += p->heard;
		if (p->heard && p->open && (p->to_server > 0 || p->to_client > 0)) {
			return true;
		}
		if (p->heard != p->open) {
			return true;
		}
	}
	return hk_ws_hub_count(w->hub) != open;
}

/* Until nobody has anything to do at this moment of the clock. Loopback is quick, not instant, and the real time that it takes must not become virtual time. */
static int
settle(world *w)
{
	int64_t end = g_get_monotonic_time() + 300000;
	int wait = 0;

	for (int idle = 0; idle < 3 && g_get_monotonic_time() < end;) {
		busy = false;
		wait = hk_ear_step(w->ear);
		hk_ws_hub_step(w->hub, 0, -1);
		for (int i = 0; i < PORTS; i++) {
			serve_peer(&peers[i], listeners[i]);
		}
		if (busy) {
			end = g_get_monotonic_time() + 300000;
		}
		idle = busy || flying(w) ? 0 : idle + 1;
		if (!busy) {
			sched_yield();
		}
	}
	return wait;
}

static void
order(world *w, int port, unsigned number)
{
	peer *p = &peers[port];

	if (!p->open) {
		return;
	}
	char *text = g_strdup_printf("发信息 &09000000001 第%u号 %d", number, port);
	put(p, HK_WS_TEXT, hk_span_str(text));
	g_ptr_array_add(w->sent, text);
}

/* All of the virtual time: commands now and then, and every so often a server that hangs up right behind one. */
static void
live(world *w, int64_t end_ms, unsigned cuts)
{
	int64_t command_ms = 0, cut_ms = 0, cut_every = end_ms / (cuts + 1);
	unsigned number = 0;
	uint32_t chance = 12345;

	for (int64_t now = 0; now < end_ms;) {
		int wait = settle(w);
		chance = chance * 1664525 + 1013904223;
		if (now >= command_ms) {
			for (int i = 0; i < PORTS; i++) {
				order(w, i, number);
			}
			number++;
			command_ms = now + 120000 + chance % 600000;
		}
		if (now >= cut_ms + cut_every) {
			int port = (int)(chance >> 16) % PORTS;
			if (peers[port].open) {
				order(w, port, 1000000 + w->cuts);
				order(w, port, 2000000 + w->cuts);
				hang_up(&peers[port]);
				w->cuts++;
			}
			cut_ms = now;
		}
		settle(w);
		wait = MAX(MIN(wait, 1000), 1);
		hk_clock_advance(wait);
		now += wait;
	}
	settle(w);
}

static void
check(const world *w, int64_t end_ms)
{
	unsigned missed = 0, doubled = 0, beats = 0, others = 0, hellos = 0;

	for (unsigned i = 0; i < w->sent->len; i++) {
		int times = GPOINTER_TO_INT(g_hash_table_lookup(w->h.heard, w->sent->pdata[i]));
		missed += times == 0;
		doubled += times > 1;
	}
	for (int i = 0; i < PORTS; i++) {
		beats += peers[i].beats;
		others += peers[i].others;
		hellos += peers[i].hellos;
	}
	printf("# %.1f virtual days, %u disconnects, %u commands, %u beats, %u connections\n",
		(double)end_ms / 24 / HOUR_MS, w->cuts, w->sent->len, beats, hellos);
	is_int(missed, 0, "no command was missed");
	is_int(doubled, 0, "none was heard twice");
	is_int(g_hash_table_size(w->h.heard), w->sent->len, "and none that nobody sent");
	is_int(others, 0, "nothing was said but hello and beat");
	is_int(hellos, w->h.opens, "one hello for each connection");
	ok(beats > (unsigned)(end_ms / 10000 * PORTS * 8 / 10), "beats all the time");
}

static bool
none(void *user, hk_ear_session *s)
{
	(void)user;
	(void)s;
	return false;
}

/* Who does not answer is left after three beats, and tried again; who refuses is tried at growing pauses. */
static void
trouble(world *w)
{
	unsigned silents = w->h.silents, connects;

	peers[0].mute = true;
	for (int i = 0; i < 60; i++) {
		settle(w);
		hk_clock_advance(1000);
	}
	ok(w->h.silents > silents, "a silent one is left");
	peers[0].mute = false;
	peers[1].refuse = true;
	hang_up(&peers[1]);
	connects = peers[1].connects;
	for (int i = 0; i < 600; i++) {
		settle(w);
		hk_clock_advance(1000);
	}
	unsigned tries = peers[1].connects - connects;
	ok(tries >= 5 && tries <= 12, "ten minutes of refusal are some tries, not a flood: %u",
		tries);
	peers[1].refuse = false;
	for (int i = 0; i < 600; i++) {
		settle(w);
		hk_clock_advance(1000);
	}
	ok(peers[0].open && peers[1].open, "and both are listened to again");
	hk_ear_rest(w->ear, true);
	for (int i = 0; i < 10; i++) {
		settle(w);
		hk_clock_advance(1000);
	}
	is_int(hk_ws_hub_count(w->hub), 0, "at rest nobody is connected");
	hk_ear_rest(w->ear, false);
	for (int i = 0; i < 10; i++) {
		settle(w);
		hk_clock_advance(1000);
	}
	is_int(hk_ws_hub_count(w->hub), PORTS, "then all are");
	hk_ear_keep(w->ear, none, NULL);
	for (int i = 0; i < 5; i++) {
		settle(w);
		hk_clock_advance(1000);
	}
	is_int(hk_ws_hub_count(w->hub), 0, "nobody is listened to any more");
}

static hk_family *
family_new(void)
{
	g_autoptr(GError) error = NULL;
	hk_family *f = hk_family_read(HK_SOURCE_DIR "/conf/c2/keepspy.conf", &error);

	ok(f, "the family (%s)", error ? error->message : "");
	return f;
}

static hk_egress *
egress_new(void)
{
	g_autofree char *folder = g_dir_make_tmp("hk-ear-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "egress.conf", NULL);
	g_autoptr(GError) error = NULL;
	static const char text[] = "range = 127.0.0.1\nrange-addresses = { \"203.0.113.77\" }\n"
				   "address-rate = 2000\naddress-burst = 2000\nhost-rate = 2000\n"
				   "host-burst = 2000\n";

	ok(g_file_set_contents(path, text, -1, NULL), "its file");
	hk_egress *egress = hk_egress_new(path, &error);
	ok(egress, "the range's egress (%s)", error ? error->message : "");
	unlink(path);
	rmdir(folder);
	return egress;
}

static uint64_t
wanted(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t value;

	return text && hk_parse_u64(hk_span_str(text), 100000, &value) == HK_OK ? value : otherwise;
}

int
main(void)
{
	uint64_t days = wanted("HK_EAR_DAYS", 0), cuts = wanted("HK_EAR_CUTS", 40);
	int64_t end_ms = days > 0 ? (int64_t)days * 24 * HOUR_MS : 2 * HOUR_MS;
	world w = {.sent = g_ptr_array_new_with_free_func(g_free)};

	hk_clock_freeze(INT64_C(1733994914000));
	serve_begin();
	g_autoptr(hk_family) family = family_new();
	g_autoptr(hk_egress) egress = egress_new();
	ok(hk_egress_purpose_ports(egress, "c2", ports, PORTS), "its ports");
	w.h.heard = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w.hub = hk_ws_hub_new(egress, NULL);
	w.ear = hk_ear_new(family, w.hub, "test", HK_SPAN_LIT("seed"), &sink, &w.h, NULL);
	ok(w.hub && w.ear, "an ear");
	for (int i = 0; i < PORTS; i++) {
		ok(hk_ear_listen(w.ear, "203.0.113.77", ports[i]) ==
				hk_ear_listen(w.ear, "203.0.113.77", ports[i]),
			"the same port is the same session");
	}
	live(&w, end_ms, (unsigned)cuts);
	check(&w, end_ms);
	trouble(&w);
	hk_ear_free(w.ear);
	hk_ws_hub_free(w.hub);
	g_hash_table_unref(w.h.heard);
	g_ptr_array_unref(w.sent);
	hk_clock_thaw();
	return tap_done();
}
