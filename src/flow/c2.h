/* flow/c2: what the bell hears of the command channel itself: dead drops, sessions, records. Layer: flow. Inside a transaction of flow/flow.h. What servers say is hostile: kept,
 * never followed. What the channel orders is flow/wave.
 *
 * States and moves: states.def, DROP and SESSION. A state that lasts is alarmed once, not each try (HK_C2_ALARM_TRIES), and once for all ports of a host that fail together
 * (HK_C2_QUIET_MS); another host, or another family, has its own. */
#ifndef HK_FLOW_C2_H
#define HK_FLOW_C2_H

#include "flow/jobs.h"
#include "store/c2.h"

#define HK_C2_ALARM_TRIES                                                                          \
	3 /* a session that was lost or refused is alarmed with so many failed tries in a row */
#define HK_C2_QUIET_MS                                                                             \
	INT64_C(600000)      /* the same of the same host is not told again within this time */
#define HK_C2_BODY_MAX  4096 /* bytes of a dead drop's text that are kept */
#define HK_C2_PRINT_MAX 2048 /* bytes of what a host looks like */

/* What a dead drop answered. Strings borrowed. */
typedef struct hk_c2_drop_seen {
	const char *family, *url;
	int status;                  /* HTTP; 0: no answer */
	const char *etag, *modified; /* or NULL */
	const char *
		addresses; /* decoded: "192.0.2.1:7775", several divided by blanks; NULL: none was read */
	const char *body; /* that it was decoded from, or could not be; NULL: 304, or no answer */
	const char *why;  /* one line when something is not as it should be, or NULL */
} hk_c2_drop_seen;
/* hk_c2_drop_saw(flow, seen, ret_moved, error): keeps it; act by the status: 200 with addresses and 304 where there is a name name, those without garble, 404 and 410 miss, other 4xx refuse, the rest lose. A new
 * name is audited (c2.named) and told (c2.moved), a new state audited (c2.drop), and another ETag (c2.etag). ETag and date of a text that cannot be read are not kept. *ret_moved: what it names is new. */
bool hk_c2_drop_saw(hk_flow *flow, const hk_c2_drop_seen *seen, bool *ret_moved, GError **error);

/* hk_c2_session(flow, family, host, port, ret_id, error): the session's number; made when it is new.
 * hk_c2_session_saw(flow, id, act, print, why, error): act: a move of SESSION ("open", "silence", "refuse", "lose", "end"). print: JSON object of what the host looks like, or NULL; one that
 * differs from before is audited, and told (c2.print) if no other port of the host has shown it. why: one line, or NULL. hk_c2_session_beats(flow, id, at_ms, error): the last answer to a beat, now and then.
 * hk_c2_end_others(flow, family, kept, count, error): sessions of the family that are none of those numbers are over. */
bool hk_c2_session(hk_flow *flow, const char *family, const char *host, unsigned port,
	int64_t *ret_id, GError **error);
bool hk_c2_session_saw(hk_flow *flow, int64_t id, const char *act, const char *print,
	const char *why, GError **error);
bool hk_c2_session_beats(hk_flow *flow, int64_t id, int64_t at_ms, GError **error);
bool hk_c2_end_others(
	hk_flow *flow, const char *family, const int64_t *kept, size_t count, GError **error);

/* hk_c2_piece(flow, piece, sealed, until_ms, error): a closed piece of a record; its lines are in the blob store. Audited with its hash; a job of stage "stamp" (key "c2:NUMBER"). One that is
 * there already changes nothing. */
bool hk_c2_piece(hk_flow *flow, const hk_c2_piece_row *piece, hk_span sealed, int64_t until_ms,
	GError **error);

/* hk_c2_reveal(flow, piece, ret, error): what is sealed of a piece; audited (c2.reveal) with who asked. HK_ENOENT: there is no such piece, or its time is over. */
bool hk_c2_reveal(hk_flow *flow, int64_t piece, GBytes **ret, GError **error);

#endif
