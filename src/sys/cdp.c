#include "sys/cdp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/num.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { READ_BYTES = 256 * 1024, PREFIX_MAX = 256, WRITE_MS = 10000 };

struct hk_cdp_session {
	hk_cdp *cdp;
	char *id;             /* NULL: the browser's own */
	char *context;        /* hk_cdp_watch; NULL: none */
	GQueue events;        /* of hk_cdp_message */
	size_t bytes;         /* of the events */
	GHashTable *calls;    /* id -> hk_cdp_message or NULL: what is waited for */
	GHashTable *expected; /* ids whose answers go among the events */
	GHashTable *children; /* identifiers of child sessions */
	GCond came;
	uint64_t odd;
};

struct hk_cdp {
	int read_fd, write_fd;
	int wake; /* eventfd: the reader shall end */
	GThread *reader;
	GMutex lock;         /* all below, and the sessions */
	GMutex writing;      /* whole messages only */
	GPtrArray *sessions; /* borrowed */
	int64_t last_id;
	bool closed;
};

static void
drop_message(void *message)
{
	hk_cdp_message_free(message);
}

void
hk_cdp_message_free(hk_cdp_message *message)
{
	if (message) {
		hk_json_doc_free(message->doc);
		g_free(message);
	}
}

static int
hex4(const char *text)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		int digit = g_ascii_xdigit_value(text[i]);

		if (digit < 0) {
			return -1;
		}
		value = value * 16 + digit;
	}
	return value;
}

/* The escape at text (its backslash), and how far it goes; what stands for no character becomes U+FFFD. */
static size_t
mend_escape(char *text, size_t left)
{
	if (left < 6 || text[1] != 'u') {
		return MIN(left, 2);
	}
	int code = hex4(text + 2);
	bool high = code >= 0xD800 && code <= 0xDBFF;

	if (high && left >= 12 && text[6] == '\\' && text[7] == 'u') {
		int low = hex4(text + 8);

		if (low >= 0xDC00 && low <= 0xDFFF) {
			return 12;
		}
	}
	if (code == 0 || (code >= 0xD800 && code <= 0xDFFF)) {
		memcpy(text + 2, "fffd", 4);
	}
	return 6;
}

void
hk_cdp_mend(char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		char *at = memchr(text + i, '\\', len - i);

		if (!at) {
			return;
		}
		i = (size_t)(at - text);
		i += mend_escape(at, len - i);
	}
}

hk_cdp_message *
hk_cdp_parse(char *text, size_t len, GError **error)
{
	hk_json_doc *doc;

	hk_cdp_mend(text, len);
	doc = hk_json_load(hk_span_of(text, len), HK_CDP_MESSAGE_MAX, error);
	if (!doc) {
		return NULL;
	}
	hk_cdp_message *m = g_new0(hk_cdp_message, 1);

	m->doc = doc;
	m->bytes = len;
	m->root = hk_json_root(doc);
	if (hk_json_kind_of(&m->root) != HK_JSON_OBJECT) {
		hk_cdp_message_free(m);
		hk_error_set(error, HK_EFORM, "the browser sent no object");
		return NULL;
	}
	(void)hk_json_str(&m->root, "sessionId", &m->session, NULL);
	(void)hk_json_i64(&m->root, "id", &m->id, NULL);
	if (m->id == 0) {
		(void)hk_json_object(&m->root, "params", &m->body, NULL);
		if (!hk_json_str(&m->root, "method", &m->method, error)) {
			hk_cdp_message_free(m);
			return NULL;
		}
		return m;
	}
	(void)hk_json_object(&m->root, "result", &m->body, NULL);
	if (hk_json_object(&m->root, "error", &m->error, NULL)) {
		m->failed = "an error without words";
		(void)hk_json_str(&m->error, "message", &m->failed, NULL);
	}
	return m;
}

static bool
watches(const hk_cdp_session *session, const hk_cdp_message *m)
{
	const char *context = NULL;
	hk_json info;

	if (!session->context) {
		return false;
	}
	if (!hk_json_str(&m->body, "browserContextId", &context, NULL) &&
		hk_json_object(&m->body, "targetInfo", &info, NULL)) {
		(void)hk_json_str(&info, "browserContextId", &context, NULL);
	}
	/* What names no context may be anybody's: a frame's download, a target's end. */
	return !context || strcmp(context, session->context) == 0;
}

/* Whom an event is for; NULL: nobody. With the lock. */
static hk_cdp_session *
owner_of(hk_cdp *cdp, const hk_cdp_message *m, guint *from)
{
	for (; *from < cdp->sessions->len; (*from)++) {
		hk_cdp_session *s = g_ptr_array_index(cdp->sessions, *from);
		bool ours = m->session ? (s->id && strcmp(s->id, m->session) == 0) ||
						 g_hash_table_contains(s->children, m->session)
				       : watches(s, m);

		if (ours) {
			(*from)++;
			return s;
		}
	}
	return NULL;
}

/* A child's events come to its parent from now on. */
static void
adopt(hk_cdp_session *session, const hk_cdp_message *m)
{
	const char *child = NULL;

	if (!m->session || g_strcmp0(m->method, "Target.attachedToTarget") != 0 ||
		!hk_json_str(&m->body, "sessionId", &child, NULL)) {
		return;
	}
	if (g_hash_table_size(session->children) < HK_CDP_SESSIONS_MAX) {
		g_hash_table_add(session->children, g_strdup(child));
	} else {
		session->odd++;
	}
}

static void
queue(hk_cdp_session *session, hk_cdp_message *m)
{
	if (session->events.length >= HK_CDP_QUEUE_MAX ||
		session->bytes + m->bytes > HK_CDP_QUEUE_BYTES) {
		session->odd++;
		hk_cdp_message_free(m);
		return;
	}
	session->bytes += m->bytes;
	g_queue_push_tail(&session->events, m);
	g_cond_signal(&session->came);
}

/* An answer goes to whoever called. With the lock. */
static void
deliver_answer(hk_cdp *cdp, hk_cdp_message *m)
{
	for (guint i = 0; i < cdp->sessions->len; i++) {
		hk_cdp_session *s = g_ptr_array_index(cdp->sessions, i);

		if (g_hash_table_remove(s->expected, &m->id)) {
			queue(s, m);
			return;
		}
		if (g_hash_table_contains(s->calls, &m->id)) {
			g_hash_table_insert(s->calls, g_memdup2(&m->id, sizeof m->id), m);
			g_cond_signal(&s->came);
			return;
		}
	}
	hk_cdp_message_free(m); /* quiet, or nobody waits any more */
}

/* Events of the browser itself are told to each session that watches a context of which they may be: parsed once more for each but the
 * last, since a document has one owner. */
static void
deliver_event(hk_cdp *cdp, hk_cdp_message *m, const char *text, size_t len)
{
	guint from = 0;
	hk_cdp_session *s = owner_of(cdp, m, &from);

	while (s) {
		hk_cdp_session *next = m->session ? NULL : owner_of(cdp, m, &from);
		hk_cdp_message *own = m;

		if (next) {
			g_autofree char *copy = g_memdup2(text, len + 1);

			own = hk_cdp_parse(copy, len, NULL);
			own->came_ms = m->came_ms;
		}
		adopt(s, own);
		queue(s, own);
		if (!next) {
			return;
		}
		s = next;
	}
	hk_cdp_message_free(m);
}

static void
deliver(hk_cdp *cdp, char *text, size_t len)
{
	hk_cdp_message *m = hk_cdp_parse(text, len, NULL);

	g_mutex_lock(&cdp->lock);
	if (!m) {
		for (guint i = 0; i < cdp->sessions->len; i++) {
			((hk_cdp_session *)g_ptr_array_index(cdp->sessions, i))->odd++;
		}
	} else {
		m->came_ms = hk_clock_mono_ms();
		if (m->id != 0) {
			deliver_answer(cdp, m);
		} else {
			deliver_event(cdp, m, text, len);
		}
	}
	g_mutex_unlock(&cdp->lock);
}

/* An answer that was too long to be kept: whoever waits for it hears so. Chrome writes the id first. */
static void
deliver_too_long(hk_cdp *cdp, const char *prefix)
{
	static const char start[] = "{\"id\":";
	uint64_t id = 0;

	if (!g_str_has_prefix(prefix, start)) {
		return;
	}
	prefix += sizeof start - 1;
	if (hk_parse_u64(hk_span_of(prefix, strspn(prefix, "0123456789")), INT64_MAX, &id) !=
		HK_OK) {
		return;
	}
	g_autofree char *text = g_strdup_printf(
		"{\"id\":%" G_GUINT64_FORMAT ",\"error\":{\"message\":\"too long\"}}", id);

	deliver(cdp, text, strlen(text));
}

/* What has come of a message whose end has not. */
typedef struct inbox {
	GString *pending;
	bool skipping; /* it is too long: only its beginning is kept */
} inbox;

static void
end_message(hk_cdp *cdp, inbox *in)
{
	if (in->skipping) {
		deliver_too_long(cdp, in->pending->str);
	} else {
		deliver(cdp, in->pending->str, in->pending->len);
	}
	in->skipping = false;
	if (in->pending->allocated_len > 4u * READ_BYTES) {
		g_string_free(in->pending, TRUE);
		in->pending = g_string_new(NULL);
	}
	g_string_truncate(in->pending, 0);
}

static void
take_bytes(hk_cdp *cdp, inbox *in, const char *bytes, size_t len)
{
	while (len > 0) {
		const char *end = memchr(bytes, '\0', len);
		size_t part = end ? (size_t)(end - bytes) : len;

		if (!in->skipping) {
			g_string_append_len(in->pending, bytes, (gssize)part);
		}
		if (in->pending->len > HK_CDP_MESSAGE_MAX) {
			in->skipping = true;
			g_string_truncate(in->pending, PREFIX_MAX);
		}
		if (!end) {
			return;
		}
		end_message(cdp, in);
		bytes = end + 1;
		len -= part + 1;
	}
}

static void
set_closed(hk_cdp *cdp)
{
	g_mutex_lock(&cdp->lock);
	cdp->closed = true;
	for (guint i = 0; i < cdp->sessions->len; i++) {
		g_cond_signal(&((hk_cdp_session *)g_ptr_array_index(cdp->sessions, i))->came);
	}
	g_mutex_unlock(&cdp->lock);
}

static void *
read_all(void *user)
{
	hk_cdp *cdp = user;
	inbox in = {.pending = g_string_new(NULL)};
	g_autofree char *bytes = g_malloc(READ_BYTES);
	struct pollfd on[2] = {
		{.fd = cdp->read_fd, .events = POLLIN}, {.fd = cdp->wake, .events = POLLIN}};

	for (;;) {
		if (poll(on, 2, -1) < 0 && errno != EINTR) {
			break;
		}
		if (on[1].revents) {
			break;
		}
		ssize_t got = on[0].revents ? read(cdp->read_fd, bytes, READ_BYTES) : -1;

		if (got > 0) {
			take_bytes(cdp, &in, bytes, (size_t)got);
		} else if (on[0].revents && (got == 0 || (errno != EINTR && errno != EAGAIN))) {
			break;
		}
	}
	set_closed(cdp);
	g_string_free(in.pending, TRUE);
	return NULL;
}

hk_cdp *
hk_cdp_new(int read_fd, int write_fd)
{
	hk_cdp *cdp = g_new0(hk_cdp, 1);

	hk_file_init(); /* a browser that has ended is an error, not a signal */
	cdp->read_fd = read_fd;
	cdp->write_fd = write_fd;
	fcntl(write_fd, F_SETFL, fcntl(write_fd, F_GETFL) | O_NONBLOCK);
	cdp->wake = eventfd(0, EFD_CLOEXEC);
	g_mutex_init(&cdp->lock);
	g_mutex_init(&cdp->writing);
	cdp->sessions = g_ptr_array_new();
	cdp->reader = g_thread_new("browser", read_all, cdp);
	return cdp;
}

void
hk_cdp_close(hk_cdp *cdp)
{
	uint64_t one = 1;

	(void)!write(cdp->wake, &one, sizeof one);
	set_closed(cdp);
}

void
hk_cdp_free(hk_cdp *cdp)
{
	if (!cdp) {
		return;
	}
	if (cdp->sessions->len > 0) {
		HK_BUG("a session outlives its connection");
	}
	hk_cdp_close(cdp);
	g_thread_join(cdp->reader);
	close(cdp->read_fd);
	close(cdp->write_fd);
	close(cdp->wake);
	g_ptr_array_unref(cdp->sessions);
	g_mutex_clear(&cdp->lock);
	g_mutex_clear(&cdp->writing);
	g_free(cdp);
}

bool
hk_cdp_closed(hk_cdp *cdp)
{
	g_mutex_lock(&cdp->lock);
	bool closed = cdp->closed;
	g_mutex_unlock(&cdp->lock);
	return closed;
}

hk_cdp_session *
hk_cdp_session_new(hk_cdp *cdp, const char *id)
{
	hk_cdp_session *s = g_new0(hk_cdp_session, 1);

	s->cdp = cdp;
	s->id = g_strdup(id);
	g_queue_init(&s->events);
	s->calls = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, drop_message);
	s->expected = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	s->children = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_cond_init(&s->came);
	g_mutex_lock(&cdp->lock);
	g_ptr_array_add(cdp->sessions, s);
	g_mutex_unlock(&cdp->lock);
	return s;
}

void
hk_cdp_session_free(hk_cdp_session *s)
{
	if (!s) {
		return;
	}
	g_mutex_lock(&s->cdp->lock);
	g_ptr_array_remove_fast(s->cdp->sessions, s);
	g_mutex_unlock(&s->cdp->lock);
	g_queue_clear_full(&s->events, drop_message);
	g_hash_table_unref(s->calls);
	g_hash_table_unref(s->expected);
	g_hash_table_unref(s->children);
	g_cond_clear(&s->came);
	g_free(s->context);
	g_free(s->id);
	g_free(s);
}

void
hk_cdp_watch(hk_cdp_session *session, const char *context)
{
	g_mutex_lock(&session->cdp->lock);
	g_free(session->context);
	session->context = g_strdup(context);
	g_mutex_unlock(&session->cdp->lock);
}

/* All bytes, or false: then a part of a message may stand in the pipe, and the connection is of no use any more. */
static bool
write_message(hk_cdp *cdp, const GString *text)
{
	size_t done = 0, len = text->len + 1; /* with its NUL */
	int64_t end_ms = hk_clock_mono_ms() + WRITE_MS;

	while (done < len) {
		ssize_t put = write(cdp->write_fd, text->str + done, len - done);

		if (put > 0) {
			done += (size_t)put;
			continue;
		}
		struct pollfd on = {.fd = cdp->write_fd, .events = POLLOUT};
		int64_t left = end_ms - hk_clock_mono_ms();

		if (errno == EINTR) {
			continue;
		}
		if (errno != EAGAIN || left <= 0 || poll(&on, 1, (int)left) == 0) {
			return false;
		}
	}
	return true;
}

static int64_t
send_call(hk_cdp_session *s, const char *child, const char *method, const char *params, bool quiet)
{
	g_autoptr(GString) text = g_string_new(NULL);
	hk_cdp *cdp = s->cdp;
	const char *to = child ? child : s->id;

	g_mutex_lock(&cdp->lock);
	int64_t id = ++cdp->last_id;
	if (!quiet) {
		g_hash_table_insert(s->calls, g_memdup2(&id, sizeof id), NULL);
	}
	g_mutex_unlock(&cdp->lock);
	hk_jsonw_open(text, '{');
	hk_jsonw_key(text, "id");
	hk_jsonw_int(text, id);
	hk_jsonw_key(text, "method");
	hk_jsonw_str(text, method);
	if (to) {
		hk_jsonw_key(text, "sessionId");
		hk_jsonw_str(text, to);
	}
	if (params) {
		hk_jsonw_key(text, "params");
		g_string_append(text, params);
	}
	hk_jsonw_close(text, '}');
	g_mutex_lock(&cdp->writing);
	bool fine = write_message(cdp, text);
	g_mutex_unlock(&cdp->writing);
	if (!fine) {
		hk_cdp_close(cdp);
	}
	return id;
}

int64_t
hk_cdp_send(hk_cdp_session *session, const char *child, const char *method, const char *params)
{
	return send_call(session, child, method, params, false);
}

void
hk_cdp_send_quiet(
	hk_cdp_session *session, const char *child, const char *method, const char *params)
{
	(void)send_call(session, child, method, params, true);
}

/* Until something comes, or the deadline. With the lock. False: the deadline. */
static bool
wait_more(hk_cdp_session *s, int64_t deadline_ms)
{
	int64_t left = deadline_ms - hk_clock_mono_ms();

	return left > 0 &&
	       g_cond_wait_until(&s->came, &s->cdp->lock, g_get_monotonic_time() + left * 1000);
}

/* With the lock. Takes the answer out of the calls. */
static hk_cdp_message *
take_answer(hk_cdp_session *s, int64_t id)
{
	hk_cdp_message *m = g_hash_table_lookup(s->calls, &id);
	gpointer key, value;

	if (m && g_hash_table_steal_extended(s->calls, &id, &key, &value)) {
		g_free(key);
	}
	return m;
}

hk_cdp_message *
hk_cdp_wait(hk_cdp_session *s, int64_t id, int64_t deadline_ms, GError **error)
{
	hk_cdp_message *m;
	bool closed;

	g_mutex_lock(&s->cdp->lock);
	while (!(m = take_answer(s, id)) && !s->cdp->closed && wait_more(s, deadline_ms)) {
	}
	closed = s->cdp->closed;
	if (!m) {
		g_hash_table_remove(s->calls, &id);
	}
	g_mutex_unlock(&s->cdp->lock);
	if (!m) {
		closed ? hk_error_set(error, HK_EREMOTE, "the browser has ended")
		       : hk_error_set(error, HK_EAGAIN, "the browser did not answer in time");
		return NULL;
	}
	if (m->failed) {
		g_autofree char *said = g_strescape(m->failed, NULL);

		hk_error_set(error, strcmp(said, "too long") == 0 ? HK_ELIMIT : HK_EREMOTE,
			"the browser refused: %.200s", said);
		hk_cdp_message_free(m);
		return NULL;
	}
	return m;
}

hk_cdp_message *
hk_cdp_call(hk_cdp_session *session, const char *method, const char *params, int64_t deadline_ms,
	GError **error)
{
	hk_cdp_message *m = hk_cdp_wait(
		session, hk_cdp_send(session, NULL, method, params), deadline_ms, error);

	if (!m) {
		g_prefix_error(error, "%s: ", method);
	}
	return m;
}

bool
hk_cdp_do(hk_cdp_session *session, const char *method, const char *params, int64_t deadline_ms,
	GError **error)
{
	hk_cdp_message *m = hk_cdp_call(session, method, params, deadline_ms, error);

	hk_cdp_message_free(m);
	return m != NULL;
}

void
hk_cdp_expect(hk_cdp_session *s, int64_t id)
{
	g_mutex_lock(&s->cdp->lock);
	hk_cdp_message *m = take_answer(s, id);

	g_hash_table_remove(s->calls, &id);
	if (m) {
		queue(s, m);
	} else {
		g_hash_table_add(s->expected, g_memdup2(&id, sizeof id));
	}
	g_mutex_unlock(&s->cdp->lock);
}

hk_cdp_message *
hk_cdp_next(hk_cdp_session *s, int64_t deadline_ms)
{
	hk_cdp_message *m;

	g_mutex_lock(&s->cdp->lock);
	while (!(m = g_queue_pop_head(&s->events)) && !s->cdp->closed &&
		wait_more(s, deadline_ms)) {
	}
	if (m) {
		s->bytes -= m->bytes;
	}
	g_mutex_unlock(&s->cdp->lock);
	return m;
}

hk_cdp *
hk_cdp_session_connection(hk_cdp_session *session)
{
	return session->cdp;
}

uint64_t
hk_cdp_odd(hk_cdp_session *session)
{
	g_mutex_lock(&session->cdp->lock);
	uint64_t odd = session->odd;
	g_mutex_unlock(&session->cdp->lock);
	return odd;
}
