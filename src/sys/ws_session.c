/* nocheck: tested in tests/unit/sys/test_ws.c
 * Part of sys/ws: one session, from the question whether it may be to its end. */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/codec.h"
#include "parse/proxyreq.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/ws_int.h"

enum { READ_LEAST = 1024 };

static void until(hk_ws *ws, ws_state state, unsigned ms);

/* ---- Ends ---- */

void
hk_ws_finish(hk_ws *ws, hk_ws_end how, int code, const char *format, ...)
{
	va_list args;

	if (ws->state == WS_DEAD) {
		return;
	}
	va_start(args, format);
	ws->why = g_strdup_vprintf(format, args);
	va_end(args);
	ws->how = how;
	ws->code = code;
	ws->state = WS_DEAD;
	if (ws->ask) {
		hk_egress_cancel(g_steal_pointer(&ws->ask));
	}
	hk_ws_io_close(ws);
	hk_egress_grant_end(g_steal_pointer(&ws->grant));
	hk_ws_hub_dead(ws->hub, ws);
}

void
hk_ws_free(hk_ws *ws)
{
	if (ws->ask) {
		hk_egress_cancel(ws->ask);
	}
	hk_ws_io_close(ws);
	hk_egress_grant_end(ws->grant);
	hk_egress_session_free(ws->session);
	g_byte_array_unref(ws->head);
	g_clear_pointer(&ws->message, g_byte_array_unref);
	g_clear_pointer(&ws->out, g_byte_array_unref);
	g_strfreev(ws->lines);
	g_free(ws->host);
	g_free(ws->path);
	g_free(ws->why);
	g_free(ws);
}

/* What it means that the connection is no more, and that the time is over, by state. Those without a row here never come to it. */
static const struct {
	hk_ws_end lost, late;
	int code; /* of both */
	const char *lost_why, *late_why;
} ends[] = {
	[WS_UPSTREAM] = {HK_WS_UNREACHABLE, HK_WS_UNREACHABLE, 0, "the exit's proxy hung up",
		"the exit's proxy did not answer in time"},
	[WS_TLS] = {HK_WS_UNREACHABLE, HK_WS_UNREACHABLE, 0, "TLS did not come about",
		"TLS did not come about in time"},
	[WS_HAND] = {HK_WS_HANDSHAKE, HK_WS_TIMEOUT, 0, "it hung up before its answer was whole",
		"no whole answer in time"},
	[WS_OPEN] = {HK_WS_LOST, HK_WS_LOST, HK_WS_CODE_LOST, "it hung up without a close frame",
		""},
	[WS_CLOSING] = {HK_WS_OURS, HK_WS_OURS, HK_WS_CODE_LOST, "closed by us; it hung up",
		"closed by us; it did not answer in time"},
};

static void
lost(hk_ws *ws)
{
	if (ws->state != WS_DEAD) {
		hk_ws_finish(ws, ends[ws->state].lost, ends[ws->state].code, "%s",
			ends[ws->state].lost_why);
	}
}

/* ---- What goes out ---- */

static void
put_frame(hk_ws *ws, hk_ws_kind kind, hk_span payload)
{
	size_t size = hk_ws_frame_size(HK_WS_CLIENT, payload.len);
	g_autofree uint8_t *frame = g_malloc(size);
	uint8_t mask[4];

	if (ws->mute) {
		return;
	}
	hk_ws_hub_chance(ws->hub, mask, sizeof mask);
	hk_ws_frame(HK_WS_CLIENT, kind, true, payload, mask, frame);
	hk_ws_io_put(ws, frame, size);
	if (ws->events.sent) {
		ws->events.sent(ws->user, ws, kind, payload);
	}
}

static bool
has_room(const hk_ws *ws, size_t payload)
{
	return hk_ws_waiting(ws) + hk_ws_frame_size(HK_WS_CLIENT, payload) <= HK_WS_OUT_MAX;
}

/* When nothing can be sent any more there may still be something to be read: the end is found there. */
static void
flush(hk_ws *ws)
{
	ws_io result = hk_ws_io_flush(ws);

	if (!ws->out && ws->pong && ws->state == WS_OPEN) {
		ws->pong = false;
		put_frame(ws, HK_WS_PONG, hk_span_of(ws->ping, ws->ping_len));
		result = hk_ws_io_flush(ws);
	}
	if (result == WS_IO_AGAIN || result == WS_IO_OK) {
		return;
	}
	if (ws->ssl) {
		lost(ws);
	} else {
		hk_ws_io_mute(ws);
	}
}

bool
hk_ws_send(hk_ws *ws, hk_ws_kind kind, hk_span payload)
{
	if (kind == HK_WS_CLOSE || kind == HK_WS_CONTINUATION) {
		HK_BUG("not a kind for hk_ws_send()");
	}
	if (ws->state != WS_OPEN || ws->mute || !has_room(ws, payload.len) ||
		(kind > HK_WS_CLOSE && payload.len > HK_WS_CONTROL_MAX)) {
		return false;
	}
	put_frame(ws, kind, payload);
	flush(ws);
	hk_ws_io_watch(ws);
	return true;
}

static void
put_close(hk_ws *ws, int code)
{
	uint8_t payload[HK_WS_CONTROL_MAX];
	size_t len = hk_ws_close_payload(code, HK_SPAN_LIT(""), payload);

	put_frame(ws, HK_WS_CLOSE, hk_span_of(payload, len));
}

void
hk_ws_close(hk_ws *ws, int code)
{
	if (code != HK_WS_CODE_NONE && !hk_ws_code_valid(code)) {
		HK_BUG("not a code for a close frame");
	}
	if (ws->state == WS_OPEN) {
		until(ws, WS_CLOSING, ws->close_ms);
		put_close(ws, code);
		flush(ws);
		hk_ws_io_watch(ws);
	} else if (ws->state != WS_CLOSING) {
		hk_ws_finish(ws, HK_WS_OURS, HK_WS_CODE_LOST, "closed by us before it was open");
	}
}

/* ---- What comes in ---- */

static void
tell(hk_ws *ws, hk_ws_kind kind, hk_span payload)
{
	if (ws->events.message) {
		ws->events.message(ws->user, ws, kind, payload);
	}
}

static void
take_ping(hk_ws *ws, hk_span payload)
{
	if (ws->state != WS_OPEN) {
		return;
	}
	if (has_room(ws, payload.len)) {
		put_frame(ws, HK_WS_PONG, payload);
		flush(ws);
		return;
	}
	ws->pong = true;
	ws->ping_len = payload.len;
	memcpy(ws->ping, payload.data, payload.len);
}

static void
take_close(hk_ws *ws, const hk_ws_part *part)
{
	bool theirs = ws->state == WS_OPEN;

	tell(ws, HK_WS_CLOSE, part->bytes);
	if (ws->state == WS_OPEN) {
		until(ws, WS_CLOSING, ws->close_ms);
		put_close(ws, part->code);
		hk_ws_io_flush(ws);
	}
	hk_ws_finish(ws, theirs ? HK_WS_CLOSED : HK_WS_OURS, part->code, "%d: %s%s%.*s", part->code,
		hk_ws_code_meaning(part->code), part->reason.len > 0 ? ": " : "",
		(int)part->reason.len, (const char *)part->reason.data);
}

/* A message in one piece is told where it lies; of others the pieces are collected: the reader has seen to the limits. */
static void
take_data(hk_ws *ws, const hk_ws_part *part)
{
	if (part->first && part->last) {
		tell(ws, part->kind, part->bytes);
		return;
	}
	if (!ws->message) {
		ws->message = g_byte_array_new();
	}
	if (part->bytes.len > 0) {
		g_byte_array_append(ws->message, part->bytes.data, (unsigned)part->bytes.len);
	}
	if (part->last) {
		g_autoptr(GByteArray) message = g_steal_pointer(&ws->message);
		tell(ws, part->kind, hk_span_of(message->data, message->len));
	}
}

static void
broke_protocol(hk_ws *ws, hk_err err)
{
	hk_ws_fault fault = ws->reader.fault;

	if (ws->state == WS_OPEN) {
		until(ws, WS_CLOSING, ws->close_ms);
		put_close(ws, hk_ws_fault_close(fault));
		hk_ws_io_flush(ws);
	}
	hk_ws_finish(ws, err == HK_ELIMIT ? HK_WS_LIMIT : HK_WS_PROTOCOL, hk_ws_fault_close(fault),
		"%s: %s", hk_ws_fault_code(fault), hk_ws_fault_meaning(fault));
}

static void
take_frames(hk_ws *ws, uint8_t *data, size_t len)
{
	hk_err err = HK_OK;
	hk_ws_part part;
	size_t used;

	while (len > 0 && (ws->state == WS_OPEN || ws->state == WS_CLOSING) &&
		(err = hk_ws_read(&ws->reader, data, len, &used, &part)) == HK_OK) {
		data += used;
		len -= used;
		ws->tokens -= HK_WS_FRAME_COST;
		if (part.kind == HK_WS_CLOSE) {
			take_close(ws, &part);
		} else if (part.kind < HK_WS_CLOSE) {
			take_data(ws, &part);
		} else {
			tell(ws, part.kind, part.bytes);
			if (part.kind == HK_WS_PING) {
				take_ping(ws, part.bytes);
			}
		}
	}
	if (err != HK_OK && err != HK_ETRUNC) {
		broke_protocol(ws, err);
	}
}

/* ---- The handshake ---- */

static void
begin_hand(hk_ws *ws)
{
	g_autofree char *text = g_malloc(HK_WSHAND_HEAD_MAX);
	bool usual = ws->port == (ws->tls ? 443 : 80), v6 = strchr(ws->host, ':') != NULL;
	g_autofree char *host =
		usual ? g_strdup_printf(v6 ? "[%s]" : "%s", ws->host)
		      : g_strdup_printf(v6 ? "[%s]:%u" : "%s:%u", ws->host, ws->port);
	char key[HK_WSHAND_KEY_LEN + 1];
	uint8_t chance[16];
	size_t len = 0;

	hk_ws_hub_chance(ws->hub, chance, sizeof chance);
	hk_base64_encode(hk_span_of(chance, sizeof chance), key);
	hk_ws_accept(hk_span_str(key), ws->accept);
	hk_wshand_ask ask = {host, ws->path, key, (const char *const *)ws->lines};
	if (hk_wshand_request(&ask, text, HK_WSHAND_HEAD_MAX, &len) != HK_OK) {
		HK_BUG("hk_ws_open() has looked at the request");
	}
	until(ws, WS_HAND, ws->hand_ms);
	hk_ws_io_put(ws, text, len);
	flush(ws);
}

/* Sets the head apart from what came behind it, which is left in *ret_rest. */
static void
keep_head(hk_ws *ws, size_t len, GByteArray **ret_rest)
{
	GByteArray *all = ws->head;

	ws->head = g_byte_array_sized_new((unsigned)len);
	g_byte_array_append(ws->head, all->data, (unsigned)len);
	ws->head_len = len;
	g_byte_array_remove_range(all, 0, (unsigned)len);
	*ret_rest = all;
}

static void
judge(hk_ws *ws)
{
	hk_wshand_answer answer;

	if (hk_wshand_answer_read(hk_span_of(ws->head->data, ws->head_len), &answer) != HK_OK) {
		hk_ws_finish(ws, HK_WS_HANDSHAKE, 0, "the answer is not HTTP/1.1");
		return;
	}
	hk_wshand_fault fault =
		hk_wshand_judge(&answer, ws->accept, (const char *const *)ws->lines);
	if (fault != HK_WSHAND_FINE) {
		hk_ws_finish(ws, HK_WS_HANDSHAKE, (int)answer.status, "%s: %s (%u %.*s)",
			hk_wshand_fault_code(fault), hk_wshand_fault_meaning(fault), answer.status,
			(int)MIN(answer.phrase.len, 200), (const char *)answer.phrase.data);
		return;
	}
	ws->state = WS_OPEN;
	ws->until_ms = INT64_MAX;
	hk_ws_reader_init(&ws->reader, HK_WS_CLIENT, ws->frame_max, ws->message_max, 0);
	if (ws->events.opened) {
		ws->events.opened(ws->user, ws, hk_ws_head(ws));
	}
}

static void
take_answer(hk_ws *ws, const uint8_t *data, size_t len)
{
	g_autoptr(GByteArray) rest = NULL;
	size_t head;

	g_byte_array_append(ws->head, data, (unsigned)len);
	hk_err err = hk_wshand_head_len(hk_span_of(ws->head->data, ws->head->len), ws->seen, &head);
	ws->seen = ws->head->len;
	if (err == HK_ETRUNC) {
		return;
	}
	if (err != HK_OK) {
		hk_ws_finish(ws, HK_WS_HANDSHAKE, 0, "an answer's head of more than %u bytes",
			HK_WSHAND_HEAD_MAX);
		return;
	}
	keep_head(ws, head, &rest);
	judge(ws);
	take_frames(ws, rest->data, rest->len);
}

/* ---- Connecting ---- */

static void
until(hk_ws *ws, ws_state state, unsigned ms)
{
	ws->state = state;
	ws->until_ms = hk_clock_mono_ms() + ms;
	hk_ws_hub_due(ws->hub, ws->until_ms);
}

static void
go_tls(hk_ws *ws)
{
	ws_io result = hk_ws_io_tls(ws);

	if (result == WS_IO_OK) {
		begin_hand(ws);
	} else if (result != WS_IO_AGAIN) {
		lost(ws);
	}
}

static void
established(hk_ws *ws)
{
	if (ws->tls) {
		until(ws, WS_TLS, ws->connect_ms);
		go_tls(ws);
	} else {
		begin_hand(ws);
	}
}

static void
connect_next(hk_ws *ws, const char *why)
{
	g_autoptr(GError) error = NULL;

	hk_ws_io_close(ws);
	while (ws->at < ws->grant->count && ws->fd < 0) {
		g_clear_error(&error);
		ws->fd = hk_egress_socket(ws->grant, ws->at++, &error);
	}
	if (ws->fd < 0) {
		bool killed = hk_egress_killed(ws->hub->egress);
		hk_ws_finish(ws, killed ? HK_WS_REFUSED : HK_WS_UNREACHABLE,
			killed ? HK_EGRESS_KILLED : 0, "%s", error ? error->message : why);
		return;
	}
	const hk_ipaddr *addr = &ws->grant->addresses[ws->at - 1];
	char text[HK_IPADDR_TEXT_SIZE];
	hk_ipaddr_format(addr, text);
	g_snprintf(ws->address, sizeof ws->address, addr->v4 ? "%s:%u" : "[%s]:%u", text,
		ws->grant->to_port);
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = ws};
	epoll_ctl(ws->hub->epoll, EPOLL_CTL_ADD, ws->fd, &event);
	ws->watched = EPOLLOUT;
	until(ws, WS_CONNECTING, ws->connect_ms);
}

static void
connected(hk_ws *ws)
{
	int number = 0;
	socklen_t len = sizeof number;

	if (getsockopt(ws->fd, SOL_SOCKET, SO_ERROR, &number, &len) != 0 || number != 0) {
		connect_next(ws, g_strerror(number));
	} else if (ws->grant->kind == HK_EGRESS_DIRECT) {
		established(ws);
	} else {
		g_autoptr(GByteArray) first = g_byte_array_new();
		until(ws, WS_UPSTREAM, ws->connect_ms);
		hk_egress_up_begin(&ws->up, ws->grant, first);
		hk_ws_io_put(ws, first->data, first->len);
		flush(ws);
	}
}

static void
take_upstream(hk_ws *ws, const uint8_t *data, size_t len)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autofree char *why = NULL;
	size_t used = 0;

	g_byte_array_append(ws->head, data, (unsigned)len);
	hk_egress_up_state state = hk_egress_up_take(
		&ws->up, hk_span_of(ws->head->data, ws->head->len), &used, out, &why);
	if (used > 0) {
		g_byte_array_remove_range(ws->head, 0, (unsigned)used);
	}
	/* Nobody may speak before we have. */
	bool talks = ws->head->len > (state == HK_EGRESS_UP_READY ? 0 : HK_PROXYREQ_HEAD_MAX);
	if (state == HK_EGRESS_UP_FAILED || talks) {
		hk_ws_finish(ws, HK_WS_UNREACHABLE, 0, "%s",
			why ? why : "the exit's proxy says more than it was asked");
		return;
	}
	if (out->len > 0) {
		hk_ws_io_put(ws, out->data, out->len);
		flush(ws);
	}
	if (state == HK_EGRESS_UP_READY && ws->state == WS_UPSTREAM) {
		established(ws);
	}
}

static void
on_grant(void *user, hk_egress_grant *grant, hk_egress_reason reason, const char *detail)
{
	hk_ws *ws = user;
	bool away = reason == HK_EGRESS_UNRESOLVED || reason == HK_EGRESS_DNS;

	ws->ask = NULL;
	ws->grant = grant;
	if (grant) {
		connect_next(ws, "no address");
	} else {
		g_autofree char *why = hk_egress_reason_text(reason, detail);
		hk_ws_finish(ws, away ? HK_WS_UNREACHABLE : HK_WS_REFUSED, away ? 0 : (int)reason,
			"%s: %s", hk_egress_reason_code(reason), why);
	}
}

void
hk_ws_begin(hk_ws *ws, const hk_egress_who *who)
{
	ws->state = WS_ASKING;
	ws->until_ms = ws->stall_ms = INT64_MAX;
	ws->fd = -1;
	ws->tokens = (double)ws->rate * HK_WS_BURST;
	ws->at_ms = hk_clock_mono_ms();
	ws->session = hk_egress_session_new(ws->hub->loop, who);
	hk_egress_ask *ask = hk_egress_connect(ws->session, ws->tls ? "wss" : "ws", ws->host,
		ws->port, ws->connect_ms, on_grant, ws);
	/* on_grant may have been called already. */
	ws->ask = ws->state == WS_ASKING ? ask : NULL;
}

/* ---- Events ---- */

static void
take_bytes(hk_ws *ws, uint8_t *data, size_t len)
{
	if (ws->state == WS_UPSTREAM) {
		take_upstream(ws, data, len);
	} else if (ws->state == WS_HAND) {
		take_answer(ws, data, len);
	} else {
		take_frames(ws, data, len);
	}
}

/* Bytes and frames cost tokens; whoever has none left is not read until there are some again. */
static void
pace(hk_ws *ws, size_t len)
{
	ws->tokens -= (double)len;
	if (ws->tokens < 0) {
		ws->slow = true;
		ws->paced++;
		ws->slow_ms = ws->at_ms + (int64_t)(-ws->tokens * 1000 / ws->rate) + 1;
		hk_ws_hub_due(ws->hub, ws->slow_ms);
	}
}

/* So much that the smallest frames (two bytes) do not cost more than there is: else one read would have to be paid off for seconds. */
static size_t
read_size(const hk_ws *ws)
{
	double frames = ws->tokens / HK_WS_FRAME_COST;

	return (size_t)CLAMP(frames * 2, READ_LEAST, (double)sizeof ws->hub->buffer);
}

static void
read_some(hk_ws *ws)
{
	int64_t now_ms = hk_clock_mono_ms();

	ws->tokens = MIN((double)ws->rate * HK_WS_BURST,
		ws->tokens + (double)(now_ms - ws->at_ms) * ws->rate / 1000);
	ws->at_ms = now_ms;
	bool more;

	do {
		size_t len = 0;
		ws_io result = hk_ws_io_read(ws, ws->hub->buffer, read_size(ws), &len);
		if (result == WS_IO_OK) {
			take_bytes(ws, ws->hub->buffer, len);
			pace(ws, len);
		} else if (result != WS_IO_AGAIN) {
			lost(ws);
		}
		/* What TLS has read ahead is no event of the socket's; of a broken connection there is no more than the kernel holds. */
		more = ws->ssl ? !ws->paused && !ws->slow && SSL_pending(ws->ssl) > 0
			       : ws->mute && result == WS_IO_OK;
	} while (more && ws->state != WS_DEAD);
}

void
hk_ws_event(hk_ws *ws, unsigned events)
{
	if (ws->state == WS_CONNECTING) {
		connected(ws);
	} else if (ws->state == WS_TLS) {
		go_tls(ws);
	} else if (ws->state != WS_DEAD) {
		if (ws->out) {
			flush(ws);
		}
		if (ws->state != WS_DEAD &&
			(events & (EPOLLIN | EPOLLHUP | EPOLLERR) || ws->tls_wants_out)) {
			read_some(ws);
		}
	}
	hk_ws_io_watch(ws);
}

static void
late(hk_ws *ws)
{
	if (ws->state == WS_CONNECTING) {
		connect_next(ws, "no answer in time");
	} else {
		hk_ws_finish(ws, ends[ws->state].late, ends[ws->state].code, "%s",
			ends[ws->state].late_why);
	}
}

/* It may be read again; what TLS has read ahead is read now: no event will tell of it. */
static void
go_on(hk_ws *ws)
{
	if (ws->ssl && !ws->paused && !ws->slow && SSL_pending(ws->ssl) > 0) {
		read_some(ws);
	}
	hk_ws_io_watch(ws);
}

void
hk_ws_pause(hk_ws *ws, bool paused)
{
	ws->paused = paused;
	if (ws->state != WS_DEAD) {
		hk_ws_io_watch(ws);
		/* From the next step, not from here: the caller may stand in a callback. */
		hk_ws_hub_due(ws->hub, hk_clock_mono_ms());
	}
}

int64_t
hk_ws_tick(hk_ws *ws, int64_t now_ms)
{
	if (ws->state != WS_DEAD && now_ms >= ws->until_ms) {
		late(ws);
	}
	if (ws->state != WS_DEAD && now_ms >= ws->stall_ms) {
		hk_ws_finish(ws, HK_WS_TIMEOUT, 0, "it took nothing of what waited for %u ms",
			ws->stall_max_ms);
	}
	if (ws->state != WS_DEAD && (!ws->slow || now_ms >= ws->slow_ms)) {
		ws->slow = false;
		go_on(ws);
	}
	if (ws->state == WS_DEAD) {
		return INT64_MAX;
	}
	return MIN(MIN(ws->until_ms, ws->stall_ms), ws->slow ? ws->slow_ms : INT64_MAX);
}
