#include "source/c2/ear.h"

#include <string.h>

#include "source/c2/device.h"
#include "sys/clock.h"
#include "sys/gerr.h"

enum { STEP_MAX_MS = 1000, CONNECT_MS = 10000, HAND_MS = 10000, CODE_GOING = 1001 };

struct hk_ear_session {
	hk_ear *ear;
	char *host;
	unsigned port;
	void *user;
	GDestroyNotify free;
	hk_ws *ws;      /* NULL: none */
	bool open;      /* and not being left */
	bool told;      /* how it ended has been told, before it has */
	bool zombie;    /* nobody listens any more: it only waits for its end */
	int64_t due_ms; /* next try (no connection), or next beat */
	int64_t pong_ms;
	unsigned missed, tries;
	/* How fast it talks. */
	int64_t second_ms;
	unsigned in_second, fast;
};

struct hk_ear {
	const hk_family *family;
	hk_ws_hub *hub;
	const hk_ear_sink *sink;
	void *user;
	char *requester;
	hk_device device;
	GPtrArray *sessions, *zombies;
	bool rest;
};

static void
session_free(gpointer data)
{
	hk_ear_session *s = data;

	if (s->free) {
		s->free(s->user);
	}
	g_free(s->host);
	g_free(s);
}

hk_ear *
hk_ear_new(const hk_family *family, hk_ws_hub *hub, const char *requester, hk_span seed,
	const hk_ear_sink *sink, void *user, GError **error)
{
	if (family->transport != HK_TRANSPORT_WEBSOCKET) {
		hk_error_set(error, HK_ECONFIG,
			"%s: hikeshi does not speak %s: the family can be decoded, not listened to "
			"(enabled = false)",
			family->path, hk_transport_name(family->transport));
		return NULL;
	}
	g_autoptr(GByteArray) both = g_byte_array_new();
	hk_ear *ear = g_new0(hk_ear, 1);
	ear->family = family;
	ear->hub = hub;
	ear->sink = sink;
	ear->user = user;
	ear->requester = g_strdup(requester);
	ear->sessions = g_ptr_array_new_with_free_func(session_free);
	ear->zombies = g_ptr_array_new_with_free_func(session_free);
	g_byte_array_append(both, seed.data, (guint)seed.len);
	g_byte_array_append(both, (const guint8 *)family->name, (guint)strlen(family->name));
	hk_device_init(&ear->device, hk_span_of(both->data, both->len));
	return ear;
}

void
hk_ear_free(hk_ear *ear)
{
	if (ear) {
		g_ptr_array_unref(ear->sessions);
		g_ptr_array_unref(ear->zombies);
		hk_device_clear(&ear->device);
		g_free(ear->requester);
		g_free(ear);
	}
}

void
hk_ear_set_user(hk_ear_session *s, void *user, GDestroyNotify free)
{
	s->user = user;
	s->free = free;
}

void *
hk_ear_user(const hk_ear_session *s)
{
	return s->user;
}

const char *
hk_ear_host(const hk_ear_session *s)
{
	return s->host;
}

unsigned
hk_ear_port(const hk_ear_session *s)
{
	return s->port;
}

int64_t
hk_ear_pong_ms(const hk_ear_session *s)
{
	return s->pong_ms;
}

hk_ear_session *
hk_ear_listen(hk_ear *ear, const char *host, unsigned port)
{
	for (unsigned i = 0; i < ear->sessions->len; i++) {
		hk_ear_session *s = ear->sessions->pdata[i];
		if (s->port == port && strcmp(s->host, host) == 0) {
			return s;
		}
	}
	if (ear->sessions->len >= HK_EAR_SESSIONS_MAX) {
		return NULL;
	}
	hk_ear_session *s = g_new0(hk_ear_session, 1);
	s->ear = ear;
	s->host = g_strdup(host);
	s->port = port;
	s->due_ms = hk_clock_mono_ms();
	g_ptr_array_add(ear->sessions, s);
	return s;
}

/* Who is not listened to any more goes when its connection has ended. */
static void
let_go(hk_ear *ear, unsigned at)
{
	hk_ear_session *s = g_ptr_array_steal_index(ear->sessions, at);

	if (!s->ws) {
		session_free(s);
		return;
	}
	if (s->free) {
		s->free(s->user);
		s->free = NULL;
		s->user = NULL;
	}
	s->zombie = true;
	s->open = false;
	g_ptr_array_add(ear->zombies, s);
	hk_ws_close(s->ws, CODE_GOING);
}

void
hk_ear_keep(hk_ear *ear, hk_ear_keep_fn keep, void *user)
{
	for (unsigned i = ear->sessions->len; i > 0; i--) {
		if (!keep(user, ear->sessions->pdata[i - 1])) {
			let_go(ear, i - 1);
		}
	}
}

/* ---- One connection ---- */

static int64_t
jitter(int64_t ms)
{
	return ms + g_random_int_range(0, (int)MAX(ms / 4, 1));
}

/* The next try: the pause doubles with each that failed. */
static void
pause_for(hk_ear_session *s)
{
	int64_t pause = HK_EAR_PAUSE_MS;

	for (unsigned i = 1; i < s->tries && pause < HK_EAR_PAUSE_MAX_MS; i++) {
		pause *= 2;
	}
	s->due_ms = hk_clock_mono_ms() + jitter(MIN(pause, HK_EAR_PAUSE_MAX_MS));
}

static void
on_opened(void *user, hk_ws *ws, hk_span head)
{
	hk_ear_session *s = user;
	hk_ear *ear = s->ear;
	const char *hello = ear->family->hello;
	g_autofree char *text = g_strndup((const char *)head.data, head.len);

	if (s->zombie) {
		return;
	}
	s->open = true;
	s->missed = 0;
	s->pong_ms = 0;
	s->due_ms = hk_clock_mono_ms() + ear->family->beat_s * 1000;
	ear->sink->state(ear->user, s, HK_EAR_OPEN, text);
	if (hello) {
		g_autoptr(GString) filled = g_string_new(NULL);
		/* The template was checked when the file was read. */
		if (hk_device_fill(hello, &ear->device, s->port, filled, NULL)) {
			(void)hk_ws_send(ws, HK_WS_TEXT, hk_span_of(filled->str, filled->len));
		}
	}
}

/* The connection is left, and its state says why at once; its end comes later. */
static void
leave(hk_ear_session *s, hk_ear_what what, const char *why)
{
	s->open = false;
	s->told = true;
	hk_ws_close(s->ws, CODE_GOING);
	s->ear->sink->state(s->ear->user, s, what, why);
}

/* Whether it talks faster than any operator types. */
static bool
floods(hk_ear_session *s)
{
	int64_t now = hk_clock_mono_ms();

	if (now - s->second_ms >= 1000) {
		s->fast = s->in_second > HK_EAR_RATE ? s->fast + 1 : 0;
		s->second_ms = now;
		s->in_second = 0;
	}
	s->in_second++;
	return s->fast >= HK_EAR_RATE_S;
}

static const char *
kind_text(hk_ws_kind kind)
{
	static const struct {
		hk_ws_kind kind;
		const char *text;
	} rows[] = {{HK_WS_TEXT, "text"}, {HK_WS_PING, "ping"}, {HK_WS_PONG, "pong"},
		{HK_WS_CLOSE, "close"}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].kind == kind) {
			return rows[i].text;
		}
	}
	return "binary";
}

static void
on_message(void *user, hk_ws *ws, hk_ws_kind kind, hk_span payload)
{
	hk_ear_session *s = user;
	hk_ear *ear = s->ear;
	bool pong = kind == HK_WS_TEXT && ear->family->pong &&
		    hk_span_eq(payload, hk_span_str(ear->family->pong));

	(void)ws;
	if (s->zombie) {
		return;
	}
	if (pong) {
		s->missed = 0;
		s->tries = 0;
		s->pong_ms = hk_clock_mono_ms();
	}
	ear->sink->frame(ear->user, s, false, kind_text(kind), payload, pong);
	if (s->open && kind != HK_WS_CLOSE && floods(s)) {
		leave(s, HK_EAR_LOST, "it floods us: it was left");
	}
}

static void
on_sent(void *user, hk_ws *ws, hk_ws_kind kind, hk_span payload)
{
	hk_ear_session *s = user;

	(void)ws;
	if (!s->zombie) {
		s->ear->sink->frame(s->ear->user, s, true, kind_text(kind), payload, false);
	}
}

static hk_ear_what
what_of(hk_ws_end how, bool was_open)
{
	if (how == HK_WS_REFUSED || how == HK_WS_UNREACHABLE || how == HK_WS_HANDSHAKE) {
		return HK_EAR_REFUSED;
	}
	return how == HK_WS_TIMEOUT && !was_open ? HK_EAR_SILENT : HK_EAR_LOST;
}

static void
on_ended(void *user, hk_ws *ws, hk_ws_end how, int code, const char *why)
{
	hk_ear_session *s = user;
	bool was_open = s->open, told = s->told;

	(void)ws;
	s->ws = NULL;
	s->open = false;
	s->told = false;
	if (s->zombie) {
		g_ptr_array_remove_fast(s->ear->zombies, s);
		return;
	}
	s->tries++;
	pause_for(s);
	if (!told) {
		g_autofree char *text =
			code > 0 ? g_strdup_printf("%s (%d)", why, code) : g_strdup(why);
		s->ear->sink->state(s->ear->user, s, what_of(how, was_open), text);
	}
}

static const hk_ws_events events = {on_opened, on_message, on_sent, on_ended};

static void
connect_to(hk_ear_session *s)
{
	const hk_family *f = s->ear->family;
	const hk_ws_target target = {.host = s->host,
		.port = s->port,
		.path = f->path_b,
		.headers = f->headers ? (const char *const *)f->headers->pdata : NULL,
		.who = {.purpose = "c2", .requester = s->ear->requester, .exit = f->exit},
		.connect_ms = CONNECT_MS,
		.hand_ms = HAND_MS,
		.message_max = f->message_max,
		.frame_max = f->message_max};
	g_autoptr(GError) error = NULL;

	s->ws = hk_ws_open(s->ear->hub, &target, &events, s, &error);
	if (!s->ws) {
		s->tries++;
		pause_for(s);
		s->ear->sink->state(s->ear->user, s, HK_EAR_REFUSED, error->message);
	}
}

static void
beat(hk_ear_session *s)
{
	const hk_family *f = s->ear->family;

	if (!f->beat || f->beat_s == 0) {
		s->due_ms = hk_clock_mono_ms() + STEP_MAX_MS;
		return;
	}
	if (f->miss > 0 && s->missed >= f->miss) {
		leave(s, HK_EAR_SILENT, "it does not answer our beats");
		return;
	}
	s->missed++;
	s->due_ms = hk_clock_mono_ms() + f->beat_s * 1000;
	if (!hk_ws_send(s->ws, HK_WS_TEXT, hk_span_str(f->beat))) {
		leave(s, HK_EAR_LOST, "it takes nothing any more");
	}
}

void
hk_ear_rest(hk_ear *ear, bool rest)
{
	ear->rest = rest;
	for (unsigned i = 0; rest && i < ear->sessions->len; i++) {
		hk_ear_session *s = ear->sessions->pdata[i];
		if (s->open) {
			leave(s, HK_EAR_LOST, "we are resting");
		}
	}
}

int
hk_ear_step(hk_ear *ear)
{
	int64_t now = hk_clock_mono_ms(), next = now + STEP_MAX_MS;

	for (unsigned i = 0; i < ear->sessions->len; i++) {
		hk_ear_session *s = ear->sessions->pdata[i];
		if (s->due_ms <= now && s->open) {
			beat(s);
		} else if (s->due_ms <= now && !s->ws && !ear->rest) {
			connect_to(s);
		}
		if (!s->ws || s->open) {
			next = MIN(next, s->due_ms);
		}
	}
	return (int)CLAMP(next - now, 0, STEP_MAX_MS);
}
