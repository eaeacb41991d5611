/* source/c2/ear: the sessions of one family: who is listened to, what is said to them (a hello, a beat, nothing else), and what is heard. Layer: stage (source/c2). What servers say is hostile:
 * recorded, told, never obeyed (rail 3).
 *
 * For every address there is one session. It connects, sends the family's hello, and from then on the family's beat; answers to beats are counted. Who misses `miss` answers in a row is silent and left;
 * whoever was lost, refused or silent is tried again after a pause that grows from HK_EAR_PAUSE_MS to HK_EAR_PAUSE_MAX_MS, with jitter of a quarter, so that five ports do not knock at once.
 * A server that sends more than HK_EAR_RATE messages in a second, HK_EAR_RATE_S seconds long, is left, too. No byte of what is sent depends on what was received.
 *
 * One thread, that of the hub; the hub is stepped by the caller, and freed after the ears. Times are hk_clock_mono_ms(). */
#ifndef HK_SOURCE_C2_EAR_H
#define HK_SOURCE_C2_EAR_H

#include "source/c2/family.h"
#include "sys/ws.h"

#define HK_EAR_PAUSE_MS     2000
#define HK_EAR_PAUSE_MAX_MS 300000
#define HK_EAR_RATE         500
#define HK_EAR_RATE_S       5
/* Sessions of one family, at most: five ports of some dozens of servers. */
#define HK_EAR_SESSIONS_MAX 2000

typedef struct hk_ear hk_ear;
typedef struct hk_ear_session hk_ear_session;

typedef enum hk_ear_what {
	HK_EAR_OPEN, /* connected, the hello is sent; text: the server's answer to the opening request */
	HK_EAR_SILENT,  /* does not answer; it is left */
	HK_EAR_REFUSED, /* by them, or by our own egress; text says which */
	HK_EAR_LOST,
} hk_ear_what;

/* Who hears. session: the caller's hk_ear_user(). All are called from hk_ear_step and hk_ws_hub_step. */
typedef struct hk_ear_sink {
	void (*state)(void *user, hk_ear_session *session, hk_ear_what what, const char *text);
	/* Every frame, both ways; kind: "text", "binary", "ping", "pong", "close". pong: it is the answer to a beat. */
	void (*frame)(void *user, hk_ear_session *session, bool out, const char *kind,
		hk_span bytes, bool pong);
} hk_ear_sink;

/* hk_ear_new(family, hub, requester, seed, sink, user, error): family, hub and sink are borrowed. seed: what the synthetic device record is made of: the same for one house.
 * HK_ECONFIG: a transport that nobody here speaks. */
hk_ear *hk_ear_new(const hk_family *family, hk_ws_hub *hub, const char *requester, hk_span seed,
	const hk_ear_sink *sink, void *user, GError **error);
void hk_ear_free(hk_ear *ear); /* closes its sessions; accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_ear, hk_ear_free)

/* hk_ear_listen(ear, host, port): a session, the one that there is already, or NULL: HK_EAR_SESSIONS_MAX. hk_ear_keep(ear, keep, user): sessions for which keep says false are closed and freed. */
hk_ear_session *hk_ear_listen(hk_ear *ear, const char *host, unsigned port);
typedef bool (*hk_ear_keep_fn)(void *user, hk_ear_session *session);
void hk_ear_keep(hk_ear *ear, hk_ear_keep_fn keep, void *user);

/* hk_ear_rest(ear, rest): true: sessions are closed and none is begun, until false. */
void hk_ear_rest(hk_ear *ear, bool rest);

/* Of a session. hk_ear_set_user(session, user, free): what the caller keeps with it. */
void hk_ear_set_user(hk_ear_session *session, void *user, GDestroyNotify free);
void *hk_ear_user(const hk_ear_session *session);
const char *hk_ear_host(const hk_ear_session *session);
unsigned hk_ear_port(const hk_ear_session *session);
int64_t hk_ear_pong_ms(
	const hk_ear_session *session); /* the last answer to a beat; 0: none on this connection */

/* hk_ear_step(ear): does what is due; returns in how many ms something will be (at most 1000). */
int hk_ear_step(hk_ear *ear);

#endif
