/* sys/cdp: the Chrome DevTools Protocol over two pipes: JSON objects, a NUL behind each. Layer: sys. What the browser says is hostile:
 * a page may have taken it over.
 *
 * One connection, many threads: a thread of its own reads the pipe and puts what comes to the session that it is for; each session
 * (a tab) belongs to one thread, which calls and takes its events. Sessions that the browser announces to a session
 * (Target.attachedToTarget: frames, workers) are its children: their events come to the same queue. */
#ifndef HK_SYS_CDP_H
#define HK_SYS_CDP_H

#include <glib.h>

#include "sys/json.h"

/* Caps: of a message (longer ones are passed over, and a call that waits for one fails with HK_ELIMIT); of the bytes and the number of
 * events that wait in a session (more are dropped, and counted as odd); of sessions. */
#define HK_CDP_MESSAGE_MAX  (48u << 20)
#define HK_CDP_QUEUE_BYTES  (96u << 20)
#define HK_CDP_QUEUE_MAX    20000
#define HK_CDP_SESSIONS_MAX 256

typedef struct hk_cdp hk_cdp;
typedef struct hk_cdp_session hk_cdp_session;

/* A message from the browser: an answer (id != 0) or an event. Strings are borrowed from doc. */
typedef struct hk_cdp_message {
	hk_json_doc *doc;
	int64_t id;          /* of the call that it answers; 0: an event */
	const char *method;  /* of an event */
	const char *session; /* identifier; NULL: the browser itself */
	hk_json body;        /* params of an event, result of an answer; its node may be NULL */
	const char *failed;  /* what the browser says about a call that failed; NULL: it did not */
	size_t bytes;        /* of its text */
	int64_t came_ms;     /* hk_clock_mono_ms when it was read */
	hk_json root, error; /* what body was taken from */
} hk_cdp_message;

void hk_cdp_message_free(hk_cdp_message *message); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_cdp_message, hk_cdp_message_free)

/* hk_cdp_mend(text, len): escapes of JSON that stand for no character (\u0000, half a surrogate pair) become U+FFFD: pages can put them anywhere,
 * and our reader takes them for an attack. */
void hk_cdp_mend(char *text, size_t len);

/* hk_cdp_parse(text, len, error): text is changed by hk_cdp_mend. HK_EFORM, HK_ELIMIT. */
hk_cdp_message *hk_cdp_parse(char *text, size_t len, GError **error);

/* hk_cdp_new(read_fd, write_fd): takes both descriptors. hk_cdp_close: whoever waits gets HK_EREMOTE from now on. hk_cdp_free: closes;
 * no session may be left. */
hk_cdp *hk_cdp_new(int read_fd, int write_fd);
void hk_cdp_close(hk_cdp *cdp);
void hk_cdp_free(hk_cdp *cdp); /* accepts NULL */

/* hk_cdp_closed(cdp): whether the browser has closed its end, or hk_cdp_close was called. */
bool hk_cdp_closed(hk_cdp *cdp);

/* hk_cdp_session_new(cdp, id): the session of that identifier; id NULL: a queue without events of its own, for calls to the browser itself.
 * Made before the browser sends the first event for it, or that is lost. */
hk_cdp_session *hk_cdp_session_new(hk_cdp *cdp, const char *id);
void hk_cdp_session_free(hk_cdp_session *session); /* accepts NULL */

/* hk_cdp_watch(session, context): events of the browser itself that name this browserContextId go to the session, too. */
void hk_cdp_watch(hk_cdp_session *session, const char *context);

/* hk_cdp_send(session, child, method, params): sends a call and does not wait: returns its id, by which hk_cdp_wait gets the answer. child:
 * identifier of a child session, or NULL. params: a JSON object as text, or NULL. `quiet`: the answer is dropped. */
int64_t hk_cdp_send(
	hk_cdp_session *session, const char *child, const char *method, const char *params);
void hk_cdp_send_quiet(
	hk_cdp_session *session, const char *child, const char *method, const char *params);

/* hk_cdp_wait(session, id, deadline_ms, error): the answer, or NULL with HK_EAGAIN (hk_clock_mono_ms is past deadline_ms), HK_EREMOTE (the
 * connection is closed: the browser is gone; or the browser says that the call failed, with its words), HK_ELIMIT. Events stay in the queue. */
hk_cdp_message *hk_cdp_wait(
	hk_cdp_session *session, int64_t id, int64_t deadline_ms, GError **error);

/* hk_cdp_call: both. hk_cdp_do: without the answer. */
hk_cdp_message *hk_cdp_call(hk_cdp_session *session, const char *method, const char *params,
	int64_t deadline_ms, GError **error);
bool hk_cdp_do(hk_cdp_session *session, const char *method, const char *params, int64_t deadline_ms,
	GError **error);

/* hk_cdp_next(session, deadline_ms): the next event, or an answer to a call that hk_cdp_expect named; NULL: none came in time, or the
 * connection is closed (hk_cdp_closed). */
hk_cdp_message *hk_cdp_next(hk_cdp_session *session, int64_t deadline_ms);

/* hk_cdp_expect(session, id): the answer to that call comes by hk_cdp_next, in order with the events. */
void hk_cdp_expect(hk_cdp_session *session, int64_t id);

/* hk_cdp_session_connection(session): borrowed. */
hk_cdp *hk_cdp_session_connection(hk_cdp_session *session);

/* hk_cdp_odd(session): messages for the session that were not understood, or dropped. */
uint64_t hk_cdp_odd(hk_cdp_session *session);

#endif
