/* nocheck: tested in tests/unit/sys/test_ws.c
 * Part of sys/ws: the bytes of one session, with TLS or without. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "sys/clock.h"
#include "sys/ws_int.h"

/* Arrays larger than this are given back as soon as they are empty. */
enum { KEEP = 4096 };

/* ---- TLS ---- */

/* The stranger's certificate, protocol and ciphers are taken as they are: the channel's bytes are evidence, not secrets of ours. */
static SSL_CTX *
context(hk_ws_hub *hub)
{
	static const uint8_t alpn[] = "\x08http/1.1";

	if (!hub->ctx) {
		hub->ctx = SSL_CTX_new(TLS_client_method());
		SSL_CTX_set_verify(hub->ctx, SSL_VERIFY_NONE, NULL);
		SSL_CTX_set_security_level(hub->ctx, 0);
		SSL_CTX_set_mode(hub->ctx, SSL_MODE_RELEASE_BUFFERS |
						   SSL_MODE_ENABLE_PARTIAL_WRITE |
						   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		SSL_CTX_set_options(hub->ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
		SSL_CTX_set_session_cache_mode(hub->ctx, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_alpn_protos(hub->ctx, alpn, sizeof alpn - 1);
	}
	return hub->ctx;
}

/* What OpenSSL's answer means. */
static ws_io
tls_result(hk_ws *ws, int result)
{
	int what = SSL_get_error(ws->ssl, result);

	ERR_clear_error();
	ws->tls_wants_out = what == SSL_ERROR_WANT_WRITE;
	return what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE ? WS_IO_AGAIN
	       : what == SSL_ERROR_ZERO_RETURN                             ? WS_IO_END
									   : WS_IO_BROKEN;
}

ws_io
hk_ws_io_tls(hk_ws *ws)
{
	hk_ipaddr addr;

	if (!ws->ssl) {
		ws->ssl = SSL_new(context(ws->hub));
		SSL_set_fd(ws->ssl, ws->fd);
		SSL_set_connect_state(ws->ssl);
		if (hk_ipaddr_parse(hk_span_str(ws->host), &addr) != HK_OK) {
			SSL_set_tlsext_host_name(ws->ssl, ws->host);
		}
	}
	ERR_clear_error();
	int result = SSL_do_handshake(ws->ssl);
	return result == 1 ? WS_IO_OK : tls_result(ws, result);
}

/* ---- Bytes ---- */

static ws_io
of_errno(void)
{
	return errno == EAGAIN || errno == EINTR ? WS_IO_AGAIN : WS_IO_BROKEN;
}

ws_io
hk_ws_io_read(hk_ws *ws, uint8_t *ret, size_t max, size_t *ret_len)
{
	if (ws->ssl) {
		ERR_clear_error();
		int result = SSL_read_ex(ws->ssl, ret, max, ret_len);
		return result == 1 ? WS_IO_OK : tls_result(ws, result);
	}
	ssize_t n = recv(ws->fd, ret, max, 0);
	if (n > 0) {
		*ret_len = (size_t)n;
	}
	return n > 0 ? WS_IO_OK : n == 0 ? WS_IO_END : of_errno();
}

ws_io
hk_ws_io_write(hk_ws *ws, const uint8_t *data, size_t len, size_t *ret_len)
{
	if (ws->ssl) {
		ERR_clear_error();
		int result = SSL_write_ex(ws->ssl, data, len, ret_len);
		return result == 1 ? WS_IO_OK : tls_result(ws, result);
	}
	ssize_t n = send(ws->fd, data, len, MSG_NOSIGNAL);
	if (n >= 0) {
		*ret_len = (size_t)n;
	}
	return n >= 0 ? WS_IO_OK : of_errno();
}

void
hk_ws_io_put(hk_ws *ws, const void *data, size_t len)
{
	if (!ws->out) {
		ws->out = g_byte_array_new();
		ws->stall_ms = hk_clock_mono_ms() + ws->stall_max_ms;
		hk_ws_hub_due(ws->hub, ws->stall_ms);
	}
	g_byte_array_append(ws->out, data, (unsigned)len);
}

ws_io
hk_ws_io_flush(hk_ws *ws)
{
	ws_io result = WS_IO_OK;

	while (ws->out && ws->out_at < ws->out->len && result == WS_IO_OK) {
		size_t n = 0;
		result = hk_ws_io_write(
			ws, ws->out->data + ws->out_at, ws->out->len - ws->out_at, &n);
		ws->out_at += n;
		if (n > 0) {
			ws->stall_ms = hk_clock_mono_ms() + ws->stall_max_ms;
		}
	}
	if (ws->out && ws->out_at == ws->out->len) {
		g_clear_pointer(&ws->out, g_byte_array_unref);
		ws->out_at = 0;
		ws->stall_ms = INT64_MAX;
	} else if (ws->out_at > KEEP) {
		g_byte_array_remove_range(ws->out, 0, (unsigned)ws->out_at);
		ws->out_at = 0;
	}
	return result;
}

void
hk_ws_io_mute(hk_ws *ws)
{
	ws->mute = true;
	g_clear_pointer(&ws->out, g_byte_array_unref);
	ws->out_at = 0;
	ws->stall_ms = INT64_MAX;
}

/* ---- epoll ---- */

void
hk_ws_io_watch(hk_ws *ws)
{
	struct epoll_event event = {.data.ptr = ws};
	bool reads = ws->state != WS_CONNECTING && !ws->paused && !ws->slow;

	if (ws->fd < 0) {
		return;
	}
	if (reads) {
		event.events |= EPOLLIN;
	}
	if (ws->state == WS_CONNECTING || ws->out || ws->tls_wants_out) {
		event.events |= EPOLLOUT;
	}
	if (event.events != ws->watched) {
		epoll_ctl(ws->hub->epoll, EPOLL_CTL_MOD, ws->fd, &event);
		ws->watched = event.events;
	}
}

/* Taken out of epoll by hand: a child that was forked at this moment (sys/sandbox) still holds the descriptor, and the kernel would go
 * on to report it. */
void
hk_ws_io_close(hk_ws *ws)
{
	SSL_free(ws->ssl);
	ws->ssl = NULL;
	ws->tls_wants_out = false;
	if (ws->fd >= 0) {
		epoll_ctl(ws->hub->epoll, EPOLL_CTL_DEL, ws->fd, NULL);
		close(ws->fd);
		ws->fd = -1;
		ws->watched = 0;
	}
}
