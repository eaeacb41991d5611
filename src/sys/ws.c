#include "sys/ws.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/ws_int.h"

enum {
	EVENTS = 256,         /* taken from the kernel at once */
	KILLED_EVERY_MS = 50, /* the kill switch is looked at */
	KILLED_WAIT_MS = 200, /* and a step lasts at most, with sessions */
	CLOSE_MS = 2000,
	STALL_MS = 30000,
	MS = 10000, /* for connecting, and for the handshake, when nothing is said */
};

const char *
hk_ws_end_name(hk_ws_end how)
{
	static const char *const names[] = {"refused", "unreachable", "handshake", "closed",
		"protocol", "limit", "timeout", "lost", "ours"};

	return names[how];
}

void
hk_ws_accept(hk_span key, char ret[HK_WSHAND_ACCEPT_LEN + 1])
{
	uint8_t input[HK_WSHAND_INPUT_LEN], digest[EVP_MAX_MD_SIZE];

	hk_wshand_input(key, input);
	if (EVP_Digest(input, sizeof input, digest, NULL, EVP_sha1(), NULL) != 1) {
		HK_BUG("no SHA-1");
	}
	hk_wshand_accept(digest, ret);
}

/* ---- Life ---- */

hk_ws_hub *
hk_ws_hub_new(hk_egress *egress, GError **error)
{
	g_autoptr(hk_ws_hub) hub = g_new0(hk_ws_hub, 1);
	struct epoll_event event = {.events = EPOLLIN};

	hub->egress = hk_egress_ref(egress ? egress : hk_egress_house());
	hub->wake_fd = -1;
	hub->next_ms = INT64_MAX;
	hub->chance_at = sizeof hub->chance;
	hub->sessions = g_hash_table_new(NULL, NULL);
	hub->dead = g_ptr_array_new();
	hub->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (hub->epoll < 0) {
		hk_error_errno(error, errno, "epoll_create1");
		return NULL;
	}
	hub->loop = hk_egress_loop_new(hub->egress, error);
	if (!hub->loop) {
		return NULL;
	}
	event.data.ptr = hub->loop;
	epoll_ctl(hub->epoll, EPOLL_CTL_ADD, hk_egress_loop_fd(hub->loop), &event);
	return g_steal_pointer(&hub);
}

void
hk_ws_hub_free(hk_ws_hub *hub)
{
	GHashTableIter iter;
	gpointer ws;

	if (!hub) {
		return;
	}
	for (g_hash_table_iter_init(&iter, hub->sessions);
		g_hash_table_iter_next(&iter, &ws, NULL);) {
		hk_ws_free(ws);
	}
	g_hash_table_unref(hub->sessions);
	g_ptr_array_unref(hub->dead);
	SSL_CTX_free(hub->ctx);
	hk_egress_loop_free(hub->loop);
	if (hub->epoll >= 0) {
		close(hub->epoll);
	}
	hk_egress_unref(hub->egress);
	g_free(hub);
}

size_t
hk_ws_hub_count(const hk_ws_hub *hub)
{
	return g_hash_table_size(hub->sessions);
}

void
hk_ws_hub_due(hk_ws_hub *hub, int64_t at_ms)
{
	hub->next_ms = MIN(hub->next_ms, at_ms);
}

void
hk_ws_hub_dead(hk_ws_hub *hub, hk_ws *ws)
{
	g_ptr_array_add(hub->dead, ws);
}

void
hk_ws_hub_chance(hk_ws_hub *hub, uint8_t *ret, size_t len)
{
	if (hub->chance_at + len > sizeof hub->chance) {
		if (getrandom(hub->chance, sizeof hub->chance, 0) != sizeof hub->chance) {
			HK_BUG("getrandom"); /* 256 bytes are never cut short */
		}
		hub->chance_at = 0;
	}
	memcpy(ret, hub->chance + hub->chance_at, len);
	hub->chance_at += len;
}

/* ---- Opening ---- */

/* The request can be written: what is put in later is as long as this. */
static bool
check(const hk_ws_target *target, GError **error)
{
	g_autofree char *text = g_malloc(HK_WSHAND_HEAD_MAX);
	g_autofree char *host = g_strdup_printf(
		strchr(target->host, ':') ? "[%s]:%u" : "%s:%u", target->host, target->port);
	hk_wshand_ask ask = {host, target->path ? target->path : "/",
		"AAAAAAAAAAAAAAAAAAAAAA==", target->headers};
	size_t len;
	hk_err err = hk_wshand_request(&ask, text, HK_WSHAND_HEAD_MAX, &len);

	return err == HK_OK ||
	       hk_error_set(error, HK_ECONFIG,
		       err == HK_ELIMIT ? "the request's head is too long"
					: "the request's host, path or header lines are no head");
}

hk_ws *
hk_ws_open(hk_ws_hub *hub, const hk_ws_target *target, const hk_ws_events *events, void *user,
	GError **error)
{
	if (!check(target, error)) {
		return NULL;
	}
	if (hk_ws_hub_count(hub) >= HK_WS_SESSIONS_MAX) {
		hk_error_set(error, HK_ELIMIT, "%u sessions are open", HK_WS_SESSIONS_MAX);
		return NULL;
	}
	hk_ws *ws = g_new0(hk_ws, 1);
	ws->hub = hub;
	ws->events = *events;
	ws->user = user;
	ws->host = g_strdup(target->host);
	ws->path = g_strdup(target->path ? target->path : "/");
	ws->lines = g_strdupv((char **)target->headers);
	ws->port = target->port;
	ws->tls = target->tls;
	ws->connect_ms = target->connect_ms ? target->connect_ms : MS;
	ws->hand_ms = target->hand_ms ? target->hand_ms : MS;
	ws->close_ms = target->close_ms ? target->close_ms : CLOSE_MS;
	ws->stall_max_ms = target->stall_ms ? target->stall_ms : STALL_MS;
	ws->rate = target->rate ? target->rate : HK_WS_RATE;
	ws->frame_max = target->frame_max;
	ws->message_max = target->message_max;
	ws->head = g_byte_array_new();
	g_hash_table_add(hub->sessions, ws);
	hk_ws_begin(ws, &target->who);
	return ws;
}

bool
hk_ws_is_open(const hk_ws *ws)
{
	return ws->state == WS_OPEN;
}

size_t
hk_ws_waiting(const hk_ws *ws)
{
	return ws->out ? ws->out->len - ws->out_at : 0;
}

unsigned
hk_ws_paced(const hk_ws *ws)
{
	return ws->paced;
}

const char *
hk_ws_address(const hk_ws *ws)
{
	return ws->address;
}

hk_span
hk_ws_head(const hk_ws *ws)
{
	return hk_span_of(ws->head->data, ws->head_len > 0 ? ws->head_len : ws->head->len);
}

/* ---- The loop ---- */

static void
set_wake(hk_ws_hub *hub, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (fd == hub->wake_fd) {
		return;
	}
	if (hub->wake_fd >= 0) {
		epoll_ctl(hub->epoll, EPOLL_CTL_DEL, hub->wake_fd, NULL);
	}
	hub->wake_fd = fd >= 0 && epoll_ctl(hub->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? fd : -1;
}

static int
wait_of(const hk_ws_hub *hub, int timeout_ms)
{
	int64_t wait_ms = MAX(timeout_ms, 0);
	int loop_ms = hk_egress_loop_wait_ms(hub->loop);

	if (hub->dead->len > 0) {
		return 0;
	}
	if (hub->next_ms != INT64_MAX) {
		wait_ms = MIN(wait_ms, MAX(hub->next_ms - hk_clock_mono_ms(), 0));
	}
	if (loop_ms >= 0) {
		wait_ms = MIN(wait_ms, loop_ms);
	}
	if (hk_ws_hub_count(hub) > 0) {
		wait_ms = MIN(wait_ms, KILLED_WAIT_MS);
	}
	return (int)wait_ms;
}

static void
take_events(hk_ws_hub *hub, int wait_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(hub->epoll, events, EVENTS, wait_ms);

	for (int i = 0; i < n; i++) {
		void *who = events[i].data.ptr;
		/* NULL is wake_fd; a dead session's memory stays until bury(). */
		if (who && who != hub->loop) {
			hk_ws_event(who, events[i].events);
		}
	}
}

/* All sessions that there are now: callbacks may open others. */
static void
tick(hk_ws_hub *hub)
{
	int64_t now_ms = hk_clock_mono_ms();

	if (now_ms < hub->next_ms) {
		return;
	}
	hub->next_ms = INT64_MAX;
	g_autofree gpointer *all = g_hash_table_get_keys_as_array(hub->sessions, NULL);
	for (size_t i = 0; all[i]; i++) {
		hk_ws_hub_due(hub, hk_ws_tick(all[i], now_ms));
	}
}

static void
look_at_switch(hk_ws_hub *hub)
{
	int64_t now_ms = hk_clock_mono_ms();
	GHashTableIter iter;
	gpointer ws;

	if (now_ms - hub->killed_at_ms < KILLED_EVERY_MS) {
		return;
	}
	hub->killed_at_ms = now_ms;
	if (hk_ws_hub_count(hub) == 0 || !hk_egress_killed(hub->egress)) {
		return;
	}
	g_autofree char *why = hk_egress_killed_why(hub->egress);
	for (g_hash_table_iter_init(&iter, hub->sessions);
		g_hash_table_iter_next(&iter, &ws, NULL);) {
		hk_ws_finish(ws, HK_WS_REFUSED, HK_EGRESS_KILLED, "%s", why);
	}
}

/* Those that are dead now: ended() may open others, which may die at once. */
static void
bury(hk_ws_hub *hub)
{
	for (unsigned n = hub->dead->len; n > 0; n--) {
		hk_ws *ws = g_ptr_array_steal_index(hub->dead, 0);
		if (ws->events.ended) {
			ws->events.ended(ws->user, ws, ws->how, ws->code, ws->why);
		}
		g_hash_table_remove(hub->sessions, ws);
		hk_ws_free(ws);
	}
}

void
hk_ws_hub_step(hk_ws_hub *hub, int timeout_ms, int wake_fd)
{
	set_wake(hub, wake_fd);
	/* Before anything is sent or told. */
	look_at_switch(hub);
	take_events(hub, wait_of(hub, timeout_ms));
	hk_egress_loop_step(hub->loop);
	look_at_switch(hub);
	tick(hub);
	bury(hub);
}
