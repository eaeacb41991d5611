/* nocheck: tested in tests/unit/sys/test_gate.c
 * Part of sys/gate: one connection of a browser, from its request to its end. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/gate_int.h"
#include "sys/gerr.h"

enum {
	PIPE_MAX = 256 * 1024, /* bytes that wait in one direction */
	READ_MAX = 64 * 1024,
	HEAD_MS = 15000,    /* for a request's head to come */
	ASK_MS = 15000,     /* for a name and a turn */
	CONNECT_MS = 10000, /* for one address, the exit's proxy included */
	IDLE_MS = 60000,
	CLOSE_MS = 5000,
};

static void watch(gate_conn *c);

/* ---- Life ---- */

gate_conn *
hk_gate_conn_new(gate_thread *gate, unsigned slot, int client)
{
	gate_conn *c = g_new0(gate_conn, 1);

	c->gate = gate;
	c->slot = slot;
	c->client = client;
	c->origin = -1;
	c->client_source = (gate_source){GATE_CLIENT, slot, c};
	c->origin_source = (gate_source){GATE_ORIGIN, slot, c};
	c->up.data = g_byte_array_new();
	c->down.data = g_byte_array_new();
	c->head = g_byte_array_new();
	c->request = g_byte_array_new();
	c->start_ms = hk_clock_mono_ms();
	c->until_ms = c->start_ms + HEAD_MS;
	gate->slots[slot].clients++;
	watch(c);
	return c;
}

/* Taken out of epoll by hand: a child that was forked at this moment (sys/sandbox) still holds the descriptor, and the kernel would go on to
 * report it to a connection that is no more. */
static void
let_go(gate_conn *c, int fd)
{
	epoll_ctl(c->gate->epoll, EPOLL_CTL_DEL, fd, NULL);
	close(fd);
}

static void
close_origin(gate_conn *c)
{
	if (c->origin >= 0) {
		let_go(c, c->origin);
		c->origin = -1;
		c->origin_events = 0;
	}
}

/* Closes everything; the memory stays until the round of events is over. */
static void
die(gate_conn *c)
{
	if (c->state == GATE_DEAD) {
		return;
	}
	c->state = GATE_DEAD;
	if (c->ask) {
		hk_egress_cancel(g_steal_pointer(&c->ask));
	}
	close_origin(c);
	if (c->client >= 0) {
		let_go(c, c->client);
		c->client = -1;
	}
	hk_egress_grant_end(g_steal_pointer(&c->grant));
	if (c->row) {
		c->row->open = false;
		c->row->ms = (unsigned)(hk_clock_mono_ms() - c->start_ms);
		c->row = NULL;
	}
	c->gate->slots[c->slot].clients--;
}

void
hk_gate_conn_free(gate_conn *c)
{
	die(c);
	g_byte_array_unref(c->up.data);
	g_byte_array_unref(c->down.data);
	g_byte_array_unref(c->head);
	g_byte_array_unref(c->request);
	g_free(c);
}

static void
tell(gate_conn *c, hk_egress_reason reason, const char *detail)
{
	c->gate->slots[c->slot].report.refused++;
	if (c->row) {
		c->row->refused = reason;
		g_free(c->row->detail);
		c->row->detail = g_strdup(detail ? detail : "");
	}
}

void
hk_gate_conn_cut(gate_conn *c, hk_egress_reason reason, const char *detail)
{
	if (c->state != GATE_DEAD && c->state != GATE_CLOSING && c->state != GATE_HEAD) {
		tell(c, reason, detail);
	}
	die(c);
}

/* ---- Refusals ---- */

static void
put(gate_pipe *pipe, const void *data, size_t len)
{
	g_byte_array_append(pipe->data, data, (unsigned)len);
}

static void
refuse(gate_conn *c, hk_egress_reason reason, const char *detail)
{
	bool away = reason == HK_EGRESS_CONNECT || reason == HK_EGRESS_UNRESOLVED ||
		    reason == HK_EGRESS_DNS;
	const char *status = reason == HK_EGRESS_REQUEST ? "400 Bad Request"
			     : away                      ? "502 Bad Gateway"
							 : "403 Forbidden";
	const char *code = hk_egress_reason_code(reason);
	g_autofree char *text =
		g_strdup_printf("HTTP/1.1 %s\r\nHikeshi-Refused: %s\r\nContent-Type: text/plain\r\n"
				"Content-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
			status, code, strlen(code) + 1, code);

	tell(c, reason, detail);
	close_origin(c);
	hk_egress_grant_end(g_steal_pointer(&c->grant));
	g_byte_array_set_size(c->down.data, 0);
	c->down.at = 0;
	put(&c->down, text, strlen(text));
	c->state = GATE_CLOSING;
	c->until_ms = hk_clock_mono_ms() + CLOSE_MS;
}

/* ---- Connecting ---- */

static void
established(gate_conn *c)
{
	static const char good[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	hk_span rest = hk_span_of(c->head->data, c->head->len);
	size_t len;

	c->state = GATE_RELAY;
	c->until_ms = hk_clock_mono_ms() + IDLE_MS;
	if (c->req.kind == HK_PROXYREQ_CONNECT) {
		c->tunnel = c->answered = true;
		put(&c->down, good, sizeof good - 1);
		put(&c->up, rest.data, rest.len);
		g_byte_array_set_size(c->head, 0);
		return;
	}
	g_autofree char *text = g_malloc(HK_PROXYREQ_HEAD_MAX + 1024);
	if (hk_proxyreq_forward(&c->req, text, HK_PROXYREQ_HEAD_MAX + 1024, &len) != HK_OK) {
		refuse(c, HK_EGRESS_REQUEST, "a head that does not fit");
		return;
	}
	put(&c->up, text, len);
	c->body_left = c->req.length;
	size_t n = (size_t)MIN((uint64_t)rest.len, c->body_left);
	put(&c->up, rest.data, n);
	c->body_left -= n;
	g_byte_array_set_size(c->head, 0);
	/* "Expect: 100-continue" was taken out: nobody else will say it. */
	if (c->body_left > 0 && memmem(c->req.lines.data, c->req.lines.len, "100-continue", 12)) {
		put(&c->down, go_on, sizeof go_on - 1);
	}
}

static void
connect_next(gate_conn *c, const char *why)
{
	g_autoptr(GError) error = NULL;

	close_origin(c);
	while (c->at < c->grant->count) {
		g_clear_error(&error);
		c->origin = hk_egress_socket(c->grant, c->at++, &error);
		if (c->origin >= 0) {
			char text[HK_IPADDR_TEXT_SIZE];
			const hk_ipaddr *addr = &c->grant->addresses[c->at - 1];
			hk_ipaddr_format(addr, text);
			if (c->row) {
				g_free(c->row->address);
				c->row->address = g_strdup_printf(
					addr->v4 ? "%s:%u" : "[%s]:%u", text, c->grant->to_port);
			}
			c->state = GATE_CONNECTING;
			c->until_ms = hk_clock_mono_ms() + CONNECT_MS;
			return;
		}
	}
	refuse(c, hk_egress_killed(c->gate->egress) ? HK_EGRESS_KILLED : HK_EGRESS_CONNECT,
		error ? error->message : why);
}

static void
on_grant(void *user, hk_egress_grant *grant, hk_egress_reason reason, const char *detail)
{
	gate_conn *c = user;

	c->ask = NULL;
	c->grant = grant;
	c->at = 0;
	if (grant) {
		connect_next(c, "no address");
	} else {
		refuse(c, reason, detail);
	}
	watch(c);
}

static void
connected(gate_conn *c)
{
	int number = 0;
	socklen_t len = sizeof number;

	if (getsockopt(c->origin, SOL_SOCKET, SO_ERROR, &number, &len) != 0 || number != 0) {
		connect_next(c, g_strerror(number));
	} else if (c->grant->kind == HK_EGRESS_DIRECT) {
		established(c);
	} else {
		/* What the browser sent behind its head waits. */
		c->state = GATE_UPSTREAM;
		hk_egress_up_begin(&c->up_proxy, c->grant, c->up.data);
	}
}

/* ---- The request ---- */

static hk_gate_row *
row_add(gate_conn *c)
{
	hk_gate_report *report = &c->gate->slots[c->slot].report;
	hk_gate_row *row;

	if (report->rows->len >= HK_GATE_ROWS) {
		report->more++;
		return NULL;
	}
	row = g_new0(hk_gate_row, 1);
	row->scheme = g_strdup(c->req.kind == HK_PROXYREQ_CONNECT ? "connect" : "http");
	row->host = g_strndup((const char *)c->req.host.data, c->req.host.len);
	row->port = c->req.port;
	row->address = g_strdup("");
	row->detail = g_strdup("");
	row->open = true;
	g_ptr_array_add(report->rows, row);
	return row;
}

static void
ask(gate_conn *c)
{
	gate_slot *slot = &c->gate->slots[c->slot];
	g_autofree char *host = g_strndup((const char *)c->req.host.data, c->req.host.len);

	c->row = row_add(c);
	slot->connections++;
	if (!slot->session) {
		refuse(c, HK_EGRESS_NOBODY, NULL);
	} else if (slot->report.over || slot->connections > slot->caps.connections) {
		slot->report.over = true;
		refuse(c, HK_EGRESS_LIMIT, "the cap of this assignment");
	} else if (c->req.chunked) {
		refuse(c, HK_EGRESS_REQUEST, "a body without a length");
	} else {
		c->state = GATE_ASKING;
		c->until_ms = INT64_MAX;
		hk_egress_ask *asked = hk_egress_connect(slot->session,
			c->req.kind == HK_PROXYREQ_CONNECT ? "connect" : "http", host, c->req.port,
			ASK_MS, on_grant, c);
		c->ask = c->state == GATE_ASKING ? asked : NULL;
	}
}

static void
take_head(gate_conn *c)
{
	size_t len;
	hk_err err = hk_proxyreq_head_len(hk_span_of(c->head->data, c->head->len), &len);

	if (err == HK_ETRUNC) {
		return;
	}
	if (err == HK_OK) {
		g_byte_array_append(c->request, c->head->data, (unsigned)len);
		g_byte_array_remove_range(c->head, 0, (unsigned)len);
		err = hk_proxyreq_parse(hk_span_of(c->request->data, len), &c->req);
	}
	if (err != HK_OK) {
		refuse(c, HK_EGRESS_REQUEST, hk_err_meaning(err));
	} else {
		ask(c);
	}
}

/* ---- Bytes ---- */

static void
take_answer(gate_conn *c, const uint8_t *data, size_t len)
{
	g_autofree char *text = g_malloc(2 * HK_PROXYREQ_HEAD_MAX);
	unsigned status;
	size_t head, n;

	g_byte_array_append(c->head, data, (unsigned)len);
	while (!c->answered) {
		hk_span have = hk_span_of(c->head->data, c->head->len);
		hk_err err = hk_proxyreq_answer_len(have, &head);
		if (err == HK_ETRUNC) {
			return;
		}
		if (err != HK_OK || hk_proxyreq_answer(hk_span_of(have.data, head), &status, text,
					    2 * HK_PROXYREQ_HEAD_MAX, &n) != HK_OK) {
			refuse(c, HK_EGRESS_CONNECT, "the answer is no HTTP");
			return;
		}
		put(&c->down, text, n);
		g_byte_array_remove_range(c->head, 0, (unsigned)head);
		c->answered = status >= 200 || status == 101;
		c->tunnel = status == 101 && c->req.upgrade;
	}
	put(&c->down, c->head->data, c->head->len);
	g_byte_array_set_size(c->head, 0);
}

static void
take_upstream(gate_conn *c, const uint8_t *data, size_t len)
{
	g_autoptr(GByteArray) in = g_byte_array_new();
	g_autofree char *why = NULL;
	size_t used;

	/* The proxy's bytes come one message at a time; what is left over is kept in down until it is known whose it is. */
	g_byte_array_append(c->down.data, data, (unsigned)len);
	g_byte_array_append(in, c->down.data->data, c->down.data->len);
	g_byte_array_set_size(c->down.data, 0);
	hk_egress_up_state state = hk_egress_up_take(
		&c->up_proxy, hk_span_of(in->data, in->len), &used, c->up.data, &why);
	if (state == HK_EGRESS_UP_FAILED || in->len > HK_PROXYREQ_HEAD_MAX) {
		refuse(c, HK_EGRESS_CONNECT, why ? why : "the exit's proxy talks too much");
		return;
	}
	if (state == HK_EGRESS_UP_MORE) {
		put(&c->down, in->data + used, in->len - used);
		return;
	}
	established(c);
	if (c->state == GATE_RELAY && used < in->len) {
		put(&c->down, in->data + used, in->len - used);
	}
}

static void
from_client(gate_conn *c, const uint8_t *data, size_t len)
{
	if (c->state == GATE_HEAD || c->state == GATE_ASKING || c->state == GATE_CONNECTING ||
		c->state == GATE_UPSTREAM) {
		g_byte_array_append(c->head, data, (unsigned)len);
		if (c->state == GATE_HEAD) {
			take_head(c);
		}
	} else if (c->state == GATE_RELAY) {
		/* A second request on the connection would go to whoever the first one was for: not a byte more than its body. */
		size_t n = c->tunnel ? len : (size_t)MIN((uint64_t)len, c->body_left);
		put(&c->up, data, n);
		c->body_left -= c->tunnel ? 0 : n;
	}
}

static void
from_origin(gate_conn *c, const uint8_t *data, size_t len)
{
	if (c->row) {
		c->row->received += len;
	}
	if (!hk_gate_count(c->gate, c->slot, len)) {
		return;
	}
	if (c->state == GATE_UPSTREAM) {
		take_upstream(c, data, len);
	} else if (c->state == GATE_RELAY && c->answered) {
		put(&c->down, data, len);
	} else if (c->state == GATE_RELAY) {
		take_answer(c, data, len);
	}
}

static bool
is_full(const gate_pipe *pipe)
{
	return pipe->data->len - pipe->at >= PIPE_MAX;
}

/* Reads once from fd. */
static void
read_from(gate_conn *c, int fd, gate_pipe *pipe, bool is_client)
{
	uint8_t data[READ_MAX];
	ssize_t n = read(fd, data, sizeof data);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (n <= 0) {
		pipe->eof = true;
		return;
	}
	if (c->state == GATE_RELAY) {
		c->until_ms = hk_clock_mono_ms() + IDLE_MS;
	}
	if (is_client) {
		from_client(c, data, (size_t)n);
	} else {
		from_origin(c, data, (size_t)n);
	}
}

/* Writes what waits; false: the other side is gone. */
static bool
write_to(gate_conn *c, int fd, gate_pipe *pipe, bool is_origin)
{
	while (pipe->at < pipe->data->len) {
		ssize_t n = send(
			fd, pipe->data->data + pipe->at, pipe->data->len - pipe->at, MSG_NOSIGNAL);
		if (n < 0) {
			return errno == EAGAIN || errno == EINTR;
		}
		pipe->at += (size_t)n;
		if (is_origin) {
			if (c->row) {
				c->row->sent += (uint64_t)n;
			}
			if (!hk_gate_count(c->gate, c->slot, (uint64_t)n)) {
				return false;
			}
		}
	}
	g_byte_array_set_size(pipe->data, 0);
	pipe->at = 0;
	if (pipe->eof && !pipe->shut) {
		pipe->shut = true;
		shutdown(fd, SHUT_WR);
	}
	return true;
}

/* ---- Events ---- */

static void
set_events(gate_conn *c, int fd, gate_source *source, unsigned *now, unsigned want)
{
	struct epoll_event event = {.events = want, .data.ptr = source};

	if (fd < 0 || *now == (want | EPOLLERR)) {
		return;
	}
	/* EPOLLERR marks what is known to the kernel, even with nothing else asked for. */
	epoll_ctl(c->gate->epoll, *now ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
	*now = want | EPOLLERR;
}

/* What the connection waits for now. */
static void
watch(gate_conn *c)
{
	bool up_waits = c->up.at < c->up.data->len;
	bool down_waits = c->down.at < c->down.data->len && c->state != GATE_UPSTREAM;
	bool more_head = c->head->len < HK_PROXYREQ_HEAD_MAX;
	unsigned client = 0, origin = 0;

	if (c->state == GATE_DEAD) {
		return;
	}
	if (c->state == GATE_HEAD || ((c->state == GATE_ASKING || c->state == GATE_CONNECTING ||
					      c->state == GATE_UPSTREAM) &&
					     more_head && !c->up.eof)) {
		client |= EPOLLIN;
	}
	if (c->state == GATE_CONNECTING) {
		origin |= EPOLLOUT;
	}
	if (c->state == GATE_UPSTREAM) {
		origin |= EPOLLIN | (up_waits ? EPOLLOUT : 0u);
	}
	if (c->state == GATE_RELAY) {
		client |= (!c->up.eof && !is_full(&c->up) ? EPOLLIN : 0u);
		origin |= (!c->down.eof && !is_full(&c->down) ? EPOLLIN : 0u) |
			  (up_waits ? EPOLLOUT : 0u);
	}
	client |= down_waits ? EPOLLOUT : 0u;
	set_events(c, c->client, &c->client_source, &c->client_events, client);
	set_events(c, c->origin, &c->origin_source, &c->origin_events, origin);
}

/* The client's side is gone before there is anything to relay. */
static void
client_left(gate_conn *c)
{
	if (c->up.eof && c->state != GATE_RELAY && c->state != GATE_CLOSING) {
		die(c);
	}
}

/* Pushes on what waits; ends what is over. */
static void
flush(gate_conn *c)
{
	if (c->state == GATE_UPSTREAM || c->state == GATE_RELAY) {
		if (!write_to(c, c->origin, &c->up, true) && c->state != GATE_DEAD) {
			/* The origin reads no more: what it has said may still be handed on. */
			g_byte_array_set_size(c->up.data, 0);
			c->up.at = 0;
			c->up.eof = c->up.shut = true;
		}
	}
	if (c->state == GATE_RELAY || c->state == GATE_CLOSING) {
		if (!write_to(c, c->client, &c->down, false)) {
			die(c);
		}
	}
	bool down_empty = c->state != GATE_DEAD && c->down.data->len == 0;
	if (c->state == GATE_CLOSING && down_empty) {
		die(c);
	} else if (c->state == GATE_RELAY && down_empty && c->down.eof &&
		   (c->up.eof || !c->tunnel)) {
		die(c);
	}
}

static void
origin_event(gate_conn *c, unsigned events)
{
	if (c->state == GATE_CONNECTING) {
		if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
			connected(c);
		}
	} else if (c->state == GATE_UPSTREAM || c->state == GATE_RELAY) {
		bool gone = (events & (EPOLLERR | EPOLLHUP)) && !(c->origin_events & EPOLLIN);
		if (events & EPOLLIN || (events & (EPOLLERR | EPOLLHUP) && !gone)) {
			read_from(c, c->origin, &c->down, false);
		} else if (gone && !is_full(&c->down)) {
			c->down.eof = true;
		}
	}
	if (c->down.eof && c->state == GATE_UPSTREAM) {
		refuse(c, HK_EGRESS_CONNECT, "the exit's proxy hung up");
	} else if (c->down.eof && c->state == GATE_RELAY && !c->answered) {
		c->down.eof = false;
		refuse(c, HK_EGRESS_CONNECT, "the connection ended without an answer");
	}
}

void
hk_gate_conn_event(gate_conn *c, bool is_client, unsigned events)
{
	if (c->state == GATE_DEAD) {
		return;
	}
	if (!is_client) {
		origin_event(c, events);
	} else if (c->client_events & EPOLLIN && events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
		read_from(c, c->client, &c->up, true);
		client_left(c);
	} else if (events & (EPOLLERR | EPOLLHUP)) {
		die(c);
	}
	if (c->state != GATE_DEAD) {
		flush(c);
	}
	watch(c);
}

void
hk_gate_conn_late(gate_conn *c)
{
	switch (c->state) {
	case GATE_CONNECTING:
		connect_next(c, "no answer in time");
		break;
	case GATE_UPSTREAM:
		refuse(c, HK_EGRESS_CONNECT, "the exit's proxy did not answer in time");
		break;
	case GATE_RELAY:
		hk_gate_conn_cut(c, HK_EGRESS_LIMIT, "nothing moved for a minute");
		break;
	case GATE_HEAD:
	case GATE_ASKING:
	case GATE_CLOSING:
	case GATE_DEAD:
	default:
		die(c);
		break;
	}
	if (c->state != GATE_DEAD) {
		flush(c);
	}
	watch(c);
}
