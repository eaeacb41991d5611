/* A connection of stage B. */
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "c2b_int.h"
#include "parse/wshand.h"
#include "sys/clock.h"
#include "sys/ws.h"

/* Bytes that are read or written at once; of a flood, in a row; ms between two bytes of a slow one, and until a connection is closed whose other end does not go. */
enum {
	PIECE = 32 << 10,
	FLOOD = 256 << 10,
	SLOW_MS = 20,
	END_MS = 3000,
	AWAY = 1001,
	FRAGMENT = 3
};

static const char banner[] =
	"HTTP/1.1 200 HP Http Server OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n"
	"Connection: close\r\n\r\nHello World";
static const char upgrade[] =
	"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n"
	"Connection: close\r\n\r\n";

c2_peer *
c2_peer_new(c2_port *port, int fd)
{
	c2_peer *p = g_new0(c2_peer, 1);

	p->port = port;
	p->fd = fd;
	p->fault = &c2_faults[C2_FAULT_NONE];
	p->in = g_byte_array_new();
	p->out = g_byte_array_new();
	p->marks = g_array_new(FALSE, FALSE, sizeof(c2_mark));
	p->text = g_string_new(NULL);
	p->entry = rg_book_open(port->all->book, port->name);
	hk_ws_reader_init(&p->reader, HK_WS_SERVER, 0, 0, 0);
	return p;
}

void
c2_peer_free(gpointer data)
{
	c2_peer *p = data;

	if (p->fd >= 0) {
		close(p->fd);
	}
	g_byte_array_unref(p->in);
	g_byte_array_unref(p->out);
	g_array_unref(p->marks);
	g_string_free(p->text, TRUE);
	g_free(p);
}

void
c2_peer_over(c2_peer *p, const char *how)
{
	if (p->fd < 0) {
		return;
	}
	rg_book_ended(p->entry, p->how ? p->how : how);
	for (unsigned i = 0; i < p->marks->len; i++) {
		rg_book_cut(
			p->port->all->book, g_array_index(p->marks, c2_mark, i).command, p->entry);
	}
	g_array_set_size(p->marks, 0);
	close(p->fd);
	p->fd = -1;
}

/* ---- Out ---- */

/* Commands whose last byte is gone. */
static void
count_written(c2_peer *p)
{
	while (p->marks->len > 0 && g_array_index(p->marks, c2_mark, 0).end <= p->written) {
		rg_book_delivered(
			p->port->all->book, g_array_index(p->marks, c2_mark, 0).command, p->entry);
		g_array_remove_index(p->marks, 0);
		if (c2_port_chance(p->port, RG_ON_COMMAND)) {
			c2_peer_drop(p, p->port->how);
		}
	}
}

/* One write; false: it would not take more, or is over. */
static bool
write_some(c2_peer *p, size_t most)
{
	ssize_t n = send(p->fd, p->out->data, MIN(most, (size_t)p->out->len), MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR) {
			c2_peer_over(p, "lost");
		}
		return false;
	}
	g_byte_array_remove_range(p->out, 0, (unsigned)n);
	p->written += (uint64_t)n;
	count_written(p);
	return n > 0;
}

static void
refill(c2_peer *p)
{
	while (p->more.len > 0 && p->out->len < PIECE) {
		g_byte_array_append(p->out, p->more.data, (unsigned)p->more.len);
		p->queued += p->more.len;
	}
}

/* All is sent: what was to follow. */
static void
finish(c2_peer *p)
{
	int waiting = 0;

	if (p->reset && ioctl(p->fd, SIOCOUTQ, &waiting) == 0 && waiting == 0) {
		struct linger now = {.l_onoff = 1, .l_linger = 0};
		setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		c2_peer_over(p, "cut");
	} else if (p->ending && !p->shut) {
		shutdown(p->fd, SHUT_WR);
		p->shut = true;
	}
}

void
c2_peer_flush(c2_peer *p)
{
	int64_t now_ms = hk_clock_mono_ms();
	uint64_t until = p->written + FLOOD;

	if (p->fd < 0 || p->shut) {
		return;
	}
	if (p->slow && p->out->len > 0) {
		if (now_ms >= p->next_ms) {
			p->next_ms = now_ms + SLOW_MS;
			write_some(p, 1);
		}
	} else {
		refill(p);
		while (p->fd >= 0 && p->out->len > 0 && p->written < until &&
			write_some(p, PIECE)) {
			refill(p);
		}
	}
	if (p->fd >= 0 && p->out->len == 0) {
		finish(p);
	}
}

void
c2_peer_put(c2_peer *p, hk_span bytes, unsigned command)
{
	if (p->fd < 0 || p->ending || p->reset) {
		if (command > 0) {
			rg_book_cut(p->port->all->book, command, p->entry);
		}
		return;
	}
	g_byte_array_append(p->out, bytes.data, (unsigned)bytes.len);
	p->queued += bytes.len;
	if (command > 0) {
		c2_mark mark = {.end = p->queued, .command = command};
		g_array_append_val(p->marks, mark);
	}
	c2_peer_flush(p);
}

void
c2_peer_frame(c2_peer *p, hk_ws_kind kind, bool fin, hk_span payload, unsigned command)
{
	size_t len = hk_ws_frame_size(HK_WS_SERVER, payload.len);
	g_autofree uint8_t *frame = g_malloc(len);

	hk_ws_frame(HK_WS_SERVER, kind, fin, payload, NULL, frame);
	c2_peer_put(p, hk_span_of(frame, len), command);
}

bool
c2_peer_listens(const c2_peer *p)
{
	return p->fd >= 0 && p->hello && !p->mute && !p->bye && !p->ending && !p->reset &&
	       !p->broken && p->more.len == 0;
}

static void
tell_in_fragments(c2_peer *p, hk_span text, unsigned command)
{
	for (size_t at = 0; at == 0 || at < text.len; at += FRAGMENT) {
		bool last = at + FRAGMENT >= text.len;
		hk_span piece = hk_span_of(text.data + at, last ? text.len - at : FRAGMENT);
		c2_peer_frame(p, at == 0 ? HK_WS_TEXT : HK_WS_CONTINUATION, last, piece,
			last ? command : 0);
		if (!last) {
			c2_peer_frame(p, HK_WS_PING, true, HK_SPAN_LIT("between"), 0);
		}
	}
}

void
c2_peer_tell(c2_peer *p, const char *text, unsigned command)
{
	char number[16];

	if (p->fault->id == C2_FAULT_FRAGMENTS) {
		tell_in_fragments(p, hk_span_str(text), command);
	} else {
		c2_peer_frame(p, HK_WS_TEXT, true, hk_span_str(text), command);
	}
	if (p->port->all->config.confirm) {
		snprintf(number, sizeof number, "%u", command);
		c2_peer_frame(p, HK_WS_PING, true, hk_span_str(number), 0);
	}
}

/* ---- Faults and ends ---- */

static void
put_first(c2_peer *p, hk_span first, const char *accept)
{
	static const char hole[] = "%ACCEPT%";
	const char *begin = (const char *)first.data;
	const char *at = accept ? g_strstr_len(begin, (gssize)first.len, hole) : NULL;

	if (!at) {
		c2_peer_put(p, first, 0);
		return;
	}
	g_autoptr(GString) text = g_string_new_len(begin, at - begin);
	g_string_append(text, accept);
	at += strlen(hole);
	g_string_append_len(text, at, begin + first.len - at);
	c2_peer_put(p, hk_span_of(text->str, text->len), 0);
}

void
c2_peer_strike(c2_peer *p, const c2_fault *fault, const char *accept)
{
	p->fault = fault;
	p->slow |= fault->id == C2_FAULT_SLOW || fault->id == C2_FAULT_SLOW_HANDSHAKE;
	if (fault->first.len > 0) {
		put_first(p, fault->first, accept);
	}
	p->more = fault->more;
	p->mute |= fault->then == C2_MUTE;
	p->bye |= fault->then == C2_BYE;
	if (fault->then == C2_END || fault->then == C2_RESET) {
		p->how = "fault";
		c2_peer_leave(p, fault->then == C2_END ? RG_HOW_FIN : RG_HOW_RST);
	}
	c2_peer_flush(p);
}

void
c2_peer_heal(c2_peer *p)
{
	bool whole = p->fault->first.len == 0 && p->fault->more.len == 0;

	if (p->fault->id == C2_FAULT_NONE) {
		return;
	}
	if (p->fault->then != C2_GO && !(whole && p->fault->when == C2_HELLO)) {
		c2_peer_drop(p, RG_HOW_FIN);
	}
	p->more = hk_span_of(NULL, 0);
	p->mute = false;
	p->slow = false;
	p->fault = &c2_faults[C2_FAULT_NONE];
	c2_peer_flush(p);
}

static void
put_close(c2_peer *p, int code)
{
	uint8_t payload[HK_WS_CONTROL_MAX];
	size_t len = hk_ws_close_payload(code, hk_span_of(NULL, 0), payload);

	c2_peer_frame(p, HK_WS_CLOSE, true, hk_span_of(payload, len), 0);
}

void
c2_peer_leave(c2_peer *p, rg_c2_how how)
{
	p->ending = how != RG_HOW_RST;
	p->reset = how == RG_HOW_RST;
	p->end_ms = hk_clock_mono_ms() + END_MS;
	c2_peer_flush(p);
}

void
c2_peer_drop(c2_peer *p, rg_c2_how how)
{
	if (p->fd < 0 || p->ending || p->reset || p->bye) {
		return;
	}
	p->more = hk_span_of(NULL, 0);
	p->how = "dropped";
	if (how == RG_HOW_CLOSE && p->open) {
		put_close(p, AWAY);
		p->bye = true;
		return;
	}
	c2_peer_leave(p, how);
}

bool
c2_peer_tick(c2_peer *p)
{
	if (p->fd < 0) {
		return false;
	}
	bool leaves = p->ending || p->reset, trickles = p->slow && p->out->len > 0;
	if (leaves && hk_clock_mono_ms() >= p->end_ms) {
		c2_peer_over(p, "ended");
		return false;
	}
	if (trickles || (p->reset && p->out->len == 0)) {
		c2_peer_flush(p);
	}
	return p->fd >= 0 && (leaves || trickles);
}

/* ---- In: the handshake ---- */

static void
answer_socket(c2_peer *p, const hk_wshand_asked *asked)
{
	char accept[HK_WSHAND_ACCEPT_LEN + 1], reply[1024];
	const c2_fault *fault = c2_port_strikes(p->port, C2_HAND);
	size_t len = 0;

	hk_ws_accept(asked->key, accept);
	p->open = true;
	if (fault) {
		c2_peer_strike(p, fault, accept);
	} else if (hk_wshand_reply(accept, NULL, reply, sizeof reply, &len) == HK_OK) {
		c2_peer_put(p, hk_span_of(reply, len), 0);
	}
}

/* Plain HTTP gets the banner, whatever it asks for; that is all there is to be known about this server from outside. */
static void
answer_plain(c2_peer *p, hk_err err)
{
	const char *text = err == HK_EVERSION ? upgrade : banner;

	c2_peer_put(p, hk_span_str(text), 0);
	p->how = "plain";
	c2_peer_leave(p, RG_HOW_FIN);
}

/* Takes the head off p->in. False: it has not come to its end. */
static bool
take_head(c2_peer *p, size_t seen)
{
	hk_wshand_asked asked;
	size_t len = 0;
	hk_err err = hk_wshand_head_len(hk_span_of(p->in->data, p->in->len), seen, &len);

	if (err == HK_ETRUNC) {
		return false;
	}
	if (err != HK_OK) {
		len = p->in->len;
	}
	hk_span head = hk_span_of(p->in->data, len);
	if (err == HK_OK) {
		err = hk_wshand_asked_read(head, &asked);
	}
	rg_book_asked(p->entry, head, err == HK_OK);
	if (err == HK_OK) {
		answer_socket(p, &asked);
	} else {
		answer_plain(p, err);
	}
	g_byte_array_remove_range(p->in, 0, (unsigned)len);
	return true;
}

/* ---- In: frames ---- */

static void
said(c2_peer *p, rg_said what, int code, hk_span bytes)
{
	rg_book_said(p->port->all->book, p->entry, what, code, bytes);
}

static void
take_hello(c2_peer *p, hk_span text)
{
	said(p, RG_SAID_HELLO, 0, text);
	p->hello = true;
	const c2_fault *fault = c2_port_strikes(p->port, C2_HELLO);
	if (fault) {
		c2_peer_strike(p, fault, NULL);
	}
}

static void
take_beat(c2_peer *p, hk_span text)
{
	said(p, RG_SAID_BEAT, 0, text);
	if (!p->mute && !p->bye && p->fault->id != C2_FAULT_NO_PONG) {
		c2_peer_frame(p, HK_WS_TEXT, true, HK_SPAN_LIT(RG_C2_PONG), 0);
	}
	if (c2_port_chance(p->port, RG_ON_BEAT)) {
		c2_peer_drop(p, p->port->how);
	}
}

static void
take_message(c2_peer *p)
{
	hk_span bytes = hk_span_of(p->text->str, p->text->len);
	bool beat = hk_span_eq(bytes, HK_SPAN_LIT(RG_C2_BEAT));

	if (p->kind == HK_WS_BINARY) {
		said(p, RG_SAID_BINARY, 0, bytes);
	} else if (beat && p->hello) {
		take_beat(p, bytes);
	} else if (!beat && !p->hello) {
		take_hello(p, bytes);
	} else {
		said(p, RG_SAID_TEXT, 0, bytes);
	}
	g_string_truncate(p->text, 0);
}

static void
take_pong(c2_peer *p, hk_span payload)
{
	g_autofree char *text = g_strndup((const char *)payload.data, payload.len);

	said(p, RG_SAID_PONG, 0, payload);
	if (p->port->all->config.confirm) {
		rg_book_confirmed(
			p->port->all->book, (unsigned)g_ascii_strtoull(text, NULL, 10), p->entry);
	}
}

static void
take_close(c2_peer *p, const hk_ws_part *part)
{
	said(p, RG_SAID_CLOSE, part->code, part->reason);
	if (!p->how) {
		p->how = p->bye ? "fault" : "closed";
	}
	if (!p->bye && !p->mute) {
		put_close(p, part->code);
	}
	p->more = hk_span_of(NULL, 0);
	c2_peer_leave(p, RG_HOW_FIN);
}

static void
take_part(c2_peer *p, const hk_ws_part *part)
{
	switch (part->kind) {
	case HK_WS_TEXT:
	case HK_WS_BINARY:
		p->kind = part->kind;
		g_string_append_len(
			p->text, (const char *)part->bytes.data, (gssize)part->bytes.len);
		if (part->last) {
			take_message(p);
		}
		return;
	case HK_WS_PING:
		said(p, RG_SAID_PING, 0, part->bytes);
		if (!p->mute) {
			c2_peer_frame(p, HK_WS_PONG, true, part->bytes, 0);
		}
		return;
	case HK_WS_PONG:
		take_pong(p, part->bytes);
		return;
	case HK_WS_CLOSE:
		take_close(p, part);
		return;
	case HK_WS_CONTINUATION:
		return;
	}
}

static void
take_frames(c2_peer *p, uint8_t *data, size_t len)
{
	while (len > 0 && !p->broken) {
		hk_ws_part part;
		size_t used = 0;
		hk_err err = hk_ws_read(&p->reader, data, len, &used, &part);
		if (err == HK_ETRUNC) {
			return;
		}
		if (err != HK_OK) {
			const char *why = hk_ws_fault_code(p->reader.fault);
			p->broken = true;
			said(p, RG_SAID_BROKEN, 0, hk_span_str(why));
			put_close(p, hk_ws_fault_close(p->reader.fault));
			c2_peer_leave(p, RG_HOW_FIN);
			return;
		}
		data += used;
		len -= used;
		take_part(p, &part);
	}
}

void
c2_peer_readable(c2_peer *p)
{
	uint8_t buffer[PIECE];
	ssize_t n = recv(p->fd, buffer, sizeof buffer, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (n <= 0) {
		c2_peer_over(p, n == 0 ? "left" : "lost");
		return;
	}
	if (p->open) {
		take_frames(p, buffer, (size_t)n);
		return;
	}
	if (p->ending) {
		return;
	}
	size_t seen = p->in->len;
	g_byte_array_append(p->in, buffer, (unsigned)n);
	if (take_head(p, seen) && p->open && p->fd >= 0) {
		take_frames(p, p->in->data, p->in->len);
		g_byte_array_set_size(p->in, 0);
	}
}
