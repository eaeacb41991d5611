#include "web/live.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/num.h"
#include "store/c2_read.h"
#include "store/live.h"
#include "store/sessions.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "web/handler.h"

enum {
	BATCH = 500,          /* events that are read at once */
	BACKLOG_MAX = 5000,   /* of events that a client which comes back is told one by one */
	PIECE_MAX = 16 << 10, /* bytes that are put together for one client at a time */
	TICK_MS = 1000,
	INTAKE_MS = 500, /* progress is told at most this often */
	COUNTERS_MS = 1000,
	BELL_MS = 500,
};

/* What one entry of the ring is about decides who may see it. */
typedef struct entry {
	int64_t seq; /* 0: no audit row */
	hk_perm perm;
	char *text; /* as it is sent */
} entry;

struct hk_stream {
	hk_live *live;
	hk_stream *prev, *next_stream;
	struct MHD_Connection *connection; /* NULL until it is attached */
	hk_conn *conn;
	int64_t user_id;
	int64_t token_id; /* 0: a session, the one of csrf */
	char *csrf;       /* owned */
	uint64_t perms;   /* bits of hk_perm */
	uint64_t at;      /* number of the next entry */
	int64_t told;     /* audit rows up to this one are known to the client */
	GString *pending;
	size_t sent; /* bytes of pending */
	int64_t born_ms, wrote_ms;
	bool asleep; /* the connection is suspended */
	bool comment;
	bool ended;
};

struct hk_live {
	hk_web *web;
	hk_db *db;
	GThread *thread;
	int stop_fd;
	int stopping; /* atomic */
	GMutex mutex; /* of all below, and of the streams */
	entry ring[HK_LIVE_RING];
	uint64_t head; /* number of entries ever made */
	int64_t last_seq;
	hk_stream *first;
	unsigned count;
	/* of the thread alone */
	GHashTable *intakes; /* id -> what was told last */
	int64_t intakes_ms, counters_ms, holders_ms, bell_ms;
	hk_c2_pulse bell; /* what was told last */
	bool counters_due;
};

/* ---- the ring ---- */

/* Takes text. */
static void
put(hk_live *live, int64_t seq, hk_perm perm, char *text)
{
	entry *e = &live->ring[live->head % HK_LIVE_RING];

	g_free(e->text);
	*e = (entry){.seq = seq, .perm = perm, .text = text};
	live->head++;
}

static hk_perm
perm_of(const char *object)
{
	static const struct {
		const char *object;
		hk_perm perm;
	} rows[] = {
		{"case", HK_PERM_CASE_READ},
		{"run", HK_PERM_CASE_READ},
		{"c2", HK_PERM_CASE_READ},
		{"wave", HK_PERM_CASE_READ},
		{"report", HK_PERM_REPORT_READ},
		{"letter", HK_PERM_REPORT_READ},
		{"channel", HK_PERM_META_READ},
		{"template", HK_PERM_META_READ},
		{"task", HK_PERM_CASE_READ},
		{"sighting", HK_PERM_CASE_READ},
		{"campaign", HK_PERM_CASE_READ},
		{"intake", HK_PERM_CASE_READ},
		{"attachment", HK_PERM_CASE_READ},
		{"view", HK_PERM_VIEW},
		{"target", HK_PERM_META_READ},
		{"actor", HK_PERM_META_READ},
		{"contact", HK_PERM_META_READ},
		{"task_template", HK_PERM_META_READ},
		{"status", HK_PERM_META_READ},
		{"meta", HK_PERM_META_READ},
		{"setting", HK_PERM_SETTINGS_READ},
		{"job", HK_PERM_SYSTEM_READ},
		{"source", HK_PERM_SYSTEM_READ},
		{"user", HK_PERM_USERS},
		{"token", HK_PERM_USERS},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (strcmp(rows[i].object, object) == 0) {
			return rows[i].perm;
		}
	}
	return HK_PERM_AUDIT;
}

static char *
event_text(const hk_live_event *event)
{
	char at[HK_CLOCK_TEXT_SIZE];
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "seq");
	hk_jsonw_int(out, event->seq);
	hk_jsonw_key(out, "at");
	hk_jsonw_str(out, hk_clock_format(event->at_ms, at));
	hk_jsonw_key(out, "who");
	hk_jsonw_str(out, event->who);
	hk_jsonw_key(out, "act");
	hk_jsonw_str(out, event->act);
	hk_jsonw_key(out, "object");
	hk_jsonw_str(out, event->object);
	hk_jsonw_key(out, "object_id");
	hk_jsonw_int(out, event->object_id);
	hk_jsonw_key(out, "case_id");
	if (event->case_id > 0) {
		hk_jsonw_int(out, event->case_id);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_close(out, '}');
	return g_strdup_printf(
		"id: %" PRId64 "\nevent: change\ndata: %s\n\n", event->seq, out->str);
}

/* A change of somebody's rights ends their streams: they come back, if they still may. */
static void
end_streams_of(hk_live *live, int64_t user_id)
{
	for (hk_stream *s = live->first; s; s = s->next_stream) {
		s->ended = s->ended || s->user_id == user_id;
	}
}

static void
end_streams_of_token(hk_live *live, int64_t token_id)
{
	for (hk_stream *s = live->first; s; s = s->next_stream) {
		s->ended = s->ended || s->token_id == token_id;
	}
}

static void
on_event(void *user, const hk_live_event *event)
{
	hk_live *live = user;
	hk_perm perm = perm_of(event->object);

	g_mutex_lock(&live->mutex);
	put(live, event->seq, perm, event_text(event));
	live->last_seq = event->seq;
	if (g_str_has_prefix(event->act, "user.") && strcmp(event->act, "user.login") != 0) {
		end_streams_of(live, event->object_id);
	}
	if (strcmp(event->act, "token.revoke") == 0) {
		end_streams_of_token(live, event->object_id);
	}
	g_mutex_unlock(&live->mutex);
	live->counters_due = live->counters_due || perm == HK_PERM_CASE_READ;
}

static void
on_intake(void *user, const hk_live_intake *intake)
{
	hk_live *live = user;
	g_autoptr(GString) out = g_string_new(NULL);
	static const char *const names[] = {
		"id", "line", "lines", "opened", "attached", "routed", "refused"};
	int64_t values[] = {intake->id, intake->line, intake->lines, intake->opened,
		intake->attached, intake->routed, intake->refused};

	hk_jsonw_open(out, '{');
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		hk_jsonw_key(out, names[i]);
		hk_jsonw_int(out, values[i]);
	}
	hk_jsonw_key(out, "state");
	hk_jsonw_str(out, intake->state);
	hk_jsonw_close(out, '}');
	const char *told = g_hash_table_lookup(live->intakes, &intake->id);
	if (told && strcmp(told, out->str) == 0) {
		return;
	}
	int64_t *key = g_new(int64_t, 1);
	*key = intake->id;
	g_hash_table_replace(live->intakes, key, g_strdup(out->str));
	g_mutex_lock(&live->mutex);
	put(live, 0, HK_PERM_CASE_READ, g_strdup_printf("event: intake\ndata: %s\n\n", out->str));
	g_mutex_unlock(&live->mutex);
}

/* Sessions of command channels come and go without an audit row: each change of the whole is told. */
static bool
look_at_bell(hk_live *live, GError **error)
{
	hk_c2_pulse now;

	if (!hk_c2_read_pulse(live->db, hk_clock_wall_ms(), &now, error)) {
		return false;
	}
	if (memcmp(&now, &live->bell, sizeof now) == 0) {
		return true;
	}
	live->bell = now;
	live->counters_due = true;
	g_autoptr(GString) out = g_string_new(NULL);
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "sessions", now.sessions);
	hk_jsonw_member_int(out, "open", now.open);
	hk_jsonw_member_int(out, "trouble", now.trouble);
	hk_jsonw_member_int(out, "commands", now.commands);
	hk_jsonw_close(out, '}');
	g_mutex_lock(&live->mutex);
	put(live, 0, HK_PERM_CASE_READ, g_strdup_printf("event: c2\ndata: %s\n\n", out->str));
	g_mutex_unlock(&live->mutex);
	return true;
}

/* ---- the thread ---- */

static bool
has_news(const hk_stream *s)
{
	return s->at < s->live->head || s->comment || s->ended;
}

static void
wake(hk_live *live)
{
	int64_t now = hk_clock_mono_ms();

	g_mutex_lock(&live->mutex);
	for (hk_stream *s = live->first; s; s = s->next_stream) {
		s->comment = s->comment || now - s->wrote_ms >= HK_LIVE_COMMENT_MS;
		s->ended = s->ended || now - s->born_ms >= HK_LIVE_LIFE_MS ||
			   g_atomic_int_get(&live->stopping);
		if (s->asleep && has_news(s)) {
			s->asleep = false;
			MHD_resume_connection(s->connection);
		}
	}
	g_mutex_unlock(&live->mutex);
}

/* By what a stream was opened. */
typedef struct holder {
	int64_t token_id;
	char *csrf; /* owned */
} holder;

static void
holder_free(void *data)
{
	holder *h = data;

	g_free(h->csrf);
	g_free(h);
}

/* Without the lock while the database is asked: the loop reads meanwhile. */
static bool
check_holders(hk_live *live, GError **error)
{
	g_autoptr(GPtrArray) holders = g_ptr_array_new_with_free_func(holder_free);
	int64_t now = hk_clock_wall_ms();

	g_mutex_lock(&live->mutex);
	for (const hk_stream *s = live->first; s; s = s->next_stream) {
		holder *h = g_new0(holder, 1);
		h->token_id = s->token_id;
		h->csrf = g_strdup(s->csrf);
		g_ptr_array_add(holders, h);
	}
	g_mutex_unlock(&live->mutex);
	for (unsigned i = 0; i < holders->len; i++) {
		const holder *h = holders->pdata[i];
		bool holds = false;
		if (!hk_live_holds(live->db, h->token_id, h->csrf, now,
			    live->web->config.session_idle_ms, &holds, error)) {
			return false;
		}
		if (holds) {
			continue;
		}
		g_mutex_lock(&live->mutex);
		for (hk_stream *s = live->first; s; s = s->next_stream) {
			s->ended = s->ended ||
				   (s->token_id == h->token_id && g_strcmp0(s->csrf, h->csrf) == 0);
		}
		g_mutex_unlock(&live->mutex);
	}
	return true;
}

static bool
look(hk_live *live, GError **error)
{
	int64_t before, now = hk_clock_mono_ms();

	do {
		before = live->last_seq;
		if (!hk_live_events(live->db, before, BATCH, on_event, live, error)) {
			return false;
		}
	} while (live->last_seq - before >= BATCH);
	if (now - live->intakes_ms >= INTAKE_MS) {
		live->intakes_ms = now;
		if (g_hash_table_size(live->intakes) > 1000) {
			g_hash_table_remove_all(live->intakes);
		}
		if (!hk_live_intakes(live->db, hk_clock_wall_ms() - 5000, on_intake, live, error)) {
			return false;
		}
	}
	if (now - live->bell_ms >= BELL_MS) {
		live->bell_ms = now;
		if (!look_at_bell(live, error)) {
			return false;
		}
	}
	if (now - live->holders_ms >= HK_LIVE_COMMENT_MS) {
		live->holders_ms = now;
		if (!check_holders(live, error)) {
			return false;
		}
	}
	if (live->counters_due && now - live->counters_ms >= COUNTERS_MS) {
		live->counters_due = false;
		live->counters_ms = now;
		g_mutex_lock(&live->mutex);
		put(live, 0, HK_PERM_CASE_READ, g_strdup("event: counters\ndata: {}\n\n"));
		g_mutex_unlock(&live->mutex);
	}
	return true;
}

static void *
follow(void *data)
{
	hk_live *live = data;
	bool failing = false;

	while (!g_atomic_int_get(&live->stopping)) {
		GError *error = NULL;
		bool good = hk_db_wait(live->db, live->counters_due ? 200 : TICK_MS, live->stop_fd,
				    &error) &&
			    look(live, &error);
		if (!good) {
			hk_db_rollback(live->db);
			if (!failing && !g_atomic_int_get(&live->stopping)) {
				hk_log(HK_EVENT_WEB_LIVE_FAILED,
					HK_F_STR("reason", error ? error->message : "?"));
			}
			g_clear_error(&error);
			g_usleep(500000);
		}
		failing = !good;
		wake(live);
	}
	wake(live);
	return NULL;
}

hk_live *
hk_live_new(hk_web *web, GError **error)
{
	hk_live *live = g_new0(hk_live, 1);

	live->web = web;
	g_mutex_init(&live->mutex);
	live->intakes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	live->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	live->db = hk_db_open(web->config.database, error);
	if (!live->db || !hk_live_last(live->db, &live->last_seq, error)) {
		hk_live_free(live);
		return NULL;
	}
	live->thread = g_thread_new("web-live", follow, live);
	return live;
}

void
hk_live_stop(hk_live *live)
{
	uint64_t one = 1;

	if (!live || !live->thread) {
		return;
	}
	g_atomic_int_set(&live->stopping, 1);
	if (write(live->stop_fd, &one, sizeof one) < 0) {
		/* It ends at its next look. */
	}
	g_thread_join(g_steal_pointer(&live->thread));
}

void
hk_live_free(hk_live *live)
{
	if (!live) {
		return;
	}
	hk_live_stop(live);
	for (size_t i = 0; i < HK_LIVE_RING; i++) {
		g_free(live->ring[i].text);
	}
	hk_db_close(live->db);
	g_hash_table_unref(live->intakes);
	close(live->stop_fd);
	g_mutex_clear(&live->mutex);
	g_free(live);
}

/* ---- the clients ---- */

typedef struct backlog {
	hk_stream *stream;
	int64_t count;
} backlog;

static void
on_old_event(void *user, const hk_live_event *event)
{
	backlog *b = user;

	b->count++;
	if (b->stream->perms >> perm_of(event->object) & 1) {
		g_autofree char *text = event_text(event);
		g_string_append(b->stream->pending, text);
	}
}

static void
append_reset(hk_stream *s, int64_t seq)
{
	g_string_append_printf(s->pending,
		"id: %" PRId64 "\nevent: reset\ndata: {\"seq\":%" PRId64 "}\n\n", seq, seq);
}

/* The first entry of the ring behind an audit row. */
static uint64_t
behind(const hk_live *live, int64_t seq)
{
	uint64_t at = live->head;

	while (at > 0 && live->head - at < HK_LIVE_RING) {
		const entry *e = &live->ring[(at - 1) % HK_LIVE_RING];
		if (e->seq > 0 && e->seq <= seq) {
			break;
		}
		at--;
	}
	return at;
}

static bool
add(hk_live *live, hk_stream *s, GError **error)
{
	unsigned of_user = 0;

	for (const hk_stream *other = live->first; other; other = other->next_stream) {
		of_user += other->user_id == s->user_id;
	}
	if (live->count >= HK_LIVE_STREAMS_MAX || of_user >= HK_LIVE_USER_MAX) {
		return hk_error_set(error, HK_EAGAIN, "too many streams of events are open");
	}
	s->live = live;
	s->next_stream = live->first;
	if (live->first) {
		live->first->prev = s;
	}
	live->first = s;
	live->count++;
	return true;
}

hk_stream *
hk_live_open(hk_live *live, const hk_req *req, GError **error)
{
	const char *text = hk_req_header(req, "Last-Event-ID");
	hk_stream *s = g_new0(hk_stream, 1);
	uint64_t known = 0;
	int64_t last = 0;
	backlog b = {.stream = s};
	bool good = true;

	text = text && *text ? text : hk_req_query(req, "after");
	s->pending = g_string_new("retry: 3000\n\n");
	s->user_id = req->who.user_id;
	s->token_id = req->by_token ? req->parts->token_id : 0;
	s->csrf = req->session ? g_strdup(req->session->csrf) : NULL;
	s->born_ms = s->wrote_ms = hk_clock_mono_ms();
	for (int perm = 0; perm < HK_PERM_COUNT; perm++) {
		s->perms |= (uint64_t)hk_req_may(req, (hk_perm)perm) << perm;
	}
	/* This snapshot says up to where the database tells, the ring goes on from there. */
	good = hk_live_last(req->db, &last, error);
	if (good && text && hk_parse_u64(hk_span_str(text), INT64_MAX, &known) != HK_OK) {
		good = hk_error_set(error, HK_ERANGE, "after: must be the number of an event");
	}
	if (good && text && (int64_t)known < last && last - (int64_t)known <= BACKLOG_MAX) {
		good = hk_live_events(
			req->db, (int64_t)known, last - (int64_t)known, on_old_event, &b, error);
	} else if (good && text && (int64_t)known != last) {
		append_reset(s, last);
	} else if (good && !text) {
		g_string_append_printf(s->pending,
			"id: %" PRId64 "\nevent: hello\ndata: {\"seq\":%" PRId64 "}\n\n", last,
			last);
	}
	g_mutex_lock(&live->mutex);
	good = good && add(live, s, error);
	s->at = behind(live, last);
	s->told = last;
	g_mutex_unlock(&live->mutex);
	if (!good) {
		hk_stream_free(s);
		return NULL;
	}
	return s;
}

void
hk_stream_free(hk_stream *s)
{
	if (!s) {
		return;
	}
	if (s->live) {
		hk_live *live = s->live;
		g_mutex_lock(&live->mutex);
		*(s->prev ? &s->prev->next_stream : &live->first) = s->next_stream;
		if (s->next_stream) {
			s->next_stream->prev = s->prev;
		}
		live->count--;
		g_mutex_unlock(&live->mutex);
	}
	g_string_free(s->pending, TRUE);
	g_free(s->csrf);
	g_free(s);
}

/* Puts together what this client gets next. */
static void
fill(hk_stream *s)
{
	hk_live *live = s->live;

	g_string_truncate(s->pending, 0);
	s->sent = 0;
	if (live->head - s->at > HK_LIVE_RING) {
		s->at = live->head;
		append_reset(s, live->last_seq);
	}
	for (; s->at < live->head && s->pending->len < PIECE_MAX; s->at++) {
		const entry *e = &live->ring[s->at % HK_LIVE_RING];
		bool known = e->seq > 0 && e->seq <= s->told;
		if (!known && (s->perms >> e->perm & 1)) {
			g_string_append(s->pending, e->text);
		}
	}
	if (s->comment && s->pending->len == 0) {
		g_string_append(s->pending, ":\n\n");
	}
	s->comment = false;
}

static ssize_t
on_read(void *cls, uint64_t position, char *out, size_t room)
{
	hk_stream *s = cls;
	ssize_t result = 0;

	(void)position;
	g_mutex_lock(&s->live->mutex);
	if (s->sent == s->pending->len) {
		fill(s);
	}
	size_t left = s->pending->len - s->sent;
	if (left > 0) {
		result = (ssize_t)MIN(left, room);
		memcpy(out, s->pending->str + s->sent, (size_t)result);
		s->sent += (size_t)result;
		s->wrote_ms = hk_clock_mono_ms();
		hk_conn_set(s->conn, HK_CONN_STREAM, 1);
	} else if (s->ended) {
		result = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		/* Everything was taken; asleep until there is more. */
		hk_conn_set(s->conn, HK_CONN_STREAM, 0);
		s->asleep = true;
		MHD_suspend_connection(s->connection);
	}
	g_mutex_unlock(&s->live->mutex);
	return result;
}

static void
on_free(void *cls)
{
	hk_stream_free(cls);
}

struct MHD_Response *
hk_live_attach(hk_stream *s, struct MHD_Connection *connection, hk_conn *conn)
{
	s->connection = connection;
	s->conn = conn;
	hk_conn_set(conn, HK_CONN_STREAM, 0);
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 8192, on_read, s, on_free);
	if (!response) {
		hk_stream_free(s);
	}
	return response;
}

bool
hk_web_events(hk_req *req, hk_reply *reply, GError **error)
{
	hk_stream *s;

	if (!hk_req_query_only(req, error, "after", NULL)) {
		return false;
	}
	s = hk_live_open(req->web->live, req, error);
	if (!s) {
		return false;
	}
	hk_reply_empty(reply, 200);
	reply->type = g_strdup("text/event-stream");
	/* nginx would collect it otherwise. */
	hk_reply_header(reply, "X-Accel-Buffering", "no");
	reply->stream = s;
	return true;
}

bool
hk_web_healthz(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t seq;

	/* What stands behind the answer counts: the database. */
	if (!hk_live_last(req->db, &seq, error)) {
		return false;
	}
	g_string_append(hk_reply_json(reply, 200), "{\"ok\":true}");
	return true;
}
