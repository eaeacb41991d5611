#include "web/conns.h"

#include <sys/socket.h>

#include <glib.h>

#include "sys/clock.h"

struct hk_conn {
	hk_conns *conns;
	hk_conn *prev, *next;
	int fd;
	hk_conn_state state;
	int64_t since_ms;    /* the step began; monotonic */
	int64_t deadline_ms; /* 0: none */
};

struct hk_conns {
	GMutex mutex;
	hk_conn *first;
	unsigned count;
	unsigned limit;
	unsigned header_ms;
	unsigned idle_ms;
};

hk_conns *
hk_conns_new(unsigned limit, unsigned header_ms, unsigned idle_ms)
{
	hk_conns *conns = g_new0(hk_conns, 1);

	g_mutex_init(&conns->mutex);
	conns->limit = limit;
	conns->header_ms = header_ms;
	conns->idle_ms = idle_ms;
	return conns;
}

void
hk_conns_free(hk_conns *conns)
{
	if (conns) {
		g_mutex_clear(&conns->mutex);
		g_free(conns);
	}
}

hk_conn *
hk_conn_open(hk_conns *conns, int fd)
{
	hk_conn *conn = g_new0(hk_conn, 1);

	conn->conns = conns;
	conn->fd = fd;
	g_mutex_lock(&conns->mutex);
	conn->next = conns->first;
	if (conns->first) {
		conns->first->prev = conn;
	}
	conns->first = conn;
	conns->count++;
	g_mutex_unlock(&conns->mutex);
	hk_conn_set(conn, HK_CONN_NEW, 0);
	return conn;
}

void
hk_conn_close(hk_conn *conn)
{
	hk_conns *conns = conn->conns;

	g_mutex_lock(&conns->mutex);
	*(conn->prev ? &conn->prev->next : &conns->first) = conn->next;
	if (conn->next) {
		conn->next->prev = conn->prev;
	}
	conns->count--;
	g_mutex_unlock(&conns->mutex);
	g_free(conn);
}

void
hk_conn_set(hk_conn *conn, hk_conn_state state, int64_t bytes)
{
	int64_t now = hk_clock_mono_ms();
	int64_t allowance = conn->conns->header_ms + bytes / HK_CONN_BYTES_PER_MS;

	g_mutex_lock(&conn->conns->mutex);
	if (conn->state != state || state != HK_CONN_BODY) {
		conn->since_ms = now;
	}
	conn->state = state;
	switch (state) {
	case HK_CONN_NEW:
		conn->deadline_ms = now + conn->conns->header_ms;
		break;
	case HK_CONN_IDLE:
		conn->deadline_ms = now + conn->conns->idle_ms;
		break;
	case HK_CONN_BODY: /* counts from the beginning of the body */
		conn->deadline_ms = conn->since_ms + allowance;
		break;
	case HK_CONN_ANSWER:
		conn->deadline_ms = now + allowance;
		break;
	case HK_CONN_STREAM:
		conn->deadline_ms = bytes > 0 ? now + 2 * (int64_t)conn->conns->header_ms : 0;
		break;
	case HK_CONN_WORK:
		conn->deadline_ms = 0;
		break;
	}
	g_mutex_unlock(&conn->conns->mutex);
}

void
hk_conns_sweep(hk_conns *conns)
{
	int64_t now = hk_clock_mono_ms();

	g_mutex_lock(&conns->mutex);
	bool scarce = conns->count > conns->limit / 5 * 4;
	for (hk_conn *c = conns->first; c; c = c->next) {
		bool idle = c->state == HK_CONN_NEW || c->state == HK_CONN_IDLE;
		bool late = c->deadline_ms > 0 && now >= c->deadline_ms;
		if (late || (scarce && idle && now - c->since_ms >= HK_CONN_SCARCE_MS)) {
			/* The loop sees the end and closes; it cannot have been closed yet, for that waits for our mutex. */
			shutdown(c->fd, SHUT_RDWR);
			c->deadline_ms = 0;
		}
	}
	g_mutex_unlock(&conns->mutex);
}

size_t
hk_conns_count(hk_conns *conns, size_t *ret_active)
{
	size_t active = 0;

	g_mutex_lock(&conns->mutex);
	for (hk_conn *c = conns->first; c; c = c->next) {
		active += c->state == HK_CONN_BODY || c->state == HK_CONN_WORK ||
			  c->state == HK_CONN_ANSWER;
	}
	size_t count = conns->count;
	g_mutex_unlock(&conns->mutex);
	if (ret_active) {
		*ret_active = active;
	}
	return count;
}
