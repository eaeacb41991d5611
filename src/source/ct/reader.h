/* source/ct/reader: one log as the follower reads it. Layer: source/ct; internal to source/ct/follow.
 *
 *   ANCHOR -> RUN -> DRAINED | FINISHED | STOPPED
 *
 * ANCHOR: the first head is wanted, and the compact range of the place to begin at. RUN: heads are polled and queued; entries
 * up to the newest head are fetched in slots (a data tile, or a range of get-entries), several under way, consumed in order.
 * Each function says what it may change; only reader_head.c releases sightings. */
#ifndef HK_SOURCE_CT_READER_H
#define HK_SOURCE_CT_READER_H

#include "source/ct/anchor.h"
#include "source/ct/block.h"
#include "source/ct/follow.h"
#include "source/ct/head.h"
#include "source/ct/keep.h"
#include "source/ct/pace.h"
#include "sys/gz.h"
#include "sys/http.h"
#include "sys/merkle.h"

typedef struct hk_reader hk_reader;

/* What all readers share; owned by follow.c. */
typedef struct hk_follow {
	const hk_follow_config *config;
	hk_http *http;
	hk_keep *keep;
	hk_ct_block *block;
	hk_gz *gz;
	GPtrArray *readers;    /* of hk_reader, owned */
	GHashTable *operators; /* name -> hk_pace, owned */
	GRand *rand;
	unsigned bodies; /* of HK_FOLLOW_BODIES_MAX in use */
	bool dirty;      /* there is something to commit */
	bool urgent;     /* ... with sightings */
	GError *fatal;   /* ends the run */
} hk_follow;

typedef enum hk_phase {
	HK_PHASE_ANCHOR,
	HK_PHASE_RUN,
	HK_PHASE_STOPPED,
	HK_PHASE_DRAINED,
	HK_PHASE_FINISHED,
} hk_phase;

/* A head that waits for the entries up to its size. */
typedef struct hk_waiting_head {
	hk_ct_head *head; /* owned; NULL: the final tree head of the log list */
	uint64_t size;
	uint8_t root[32];
	int64_t seen_ms;
} hk_waiting_head;

/* A run of entries that is fetched at once. */
typedef struct hk_slot {
	hk_reader *reader;
	uint64_t from; /* first entry that is wanted */
	uint64_t to;   /* one past the last */
	bool is_tile;
	unsigned weight; /* in HK_FOLLOW_BODIES_MAX */
	uint64_t tile;   /* number of the data tile */
	unsigned width;  /* of the partial tile; 256: the full one */
	enum { HK_SLOT_WAIT, HK_SLOT_FLIGHT, HK_SLOT_READY } state;
	int64_t not_before_ms;
	hk_http_call *call;
	hk_http_body *body; /* READY */
	bool gzip;
	int64_t sent_ms;
} hk_slot;

/* Heads that wait for their entries; with so many no other is looked at, or a log that signs a head a second and never serves
 * the entries would fill the memory. */
#define HK_READER_HEADS_MAX 64

/* Heads of the past that were verified, to recognise a stale front end at no cost. */
#define HK_READER_HISTORY 256

struct hk_reader {
	hk_follow *follow;
	hk_ct_log *log;      /* owned */
	hk_pace *pace;       /* of its operator, borrowed */
	hk_ct_place_log *st; /* borrowed from the store's state */
	bool http1;          /* as the configuration says for its operator or host */
	bool fresh;
	char *base; /* prefix of all reads, with its final slash */
	hk_phase phase;
	bool listed;     /* false: left the list, retired or over: read to the known end */
	bool want_final; /* read-only: final_size counts */
	uint64_t final_size;
	hk_range range;       /* of what was read */
	uint64_t asked;       /* one past the last entry that a slot covers */
	GQueue heads;         /* of hk_waiting_head, by size */
	hk_ct_head *verified; /* last verified head, owned; NULL before the first */
	hk_anchor_head history[HK_READER_HISTORY];
	unsigned history_at;
	uint64_t newest;    /* size of the newest head */
	GQueue slots;       /* of hk_slot, by from */
	GPtrArray *pending; /* of hk_keep_item: read, not verified, not in the pending file */
	size_t pending_bytes;
	int64_t spilled_ms;
	GQueue kept; /* of hk_kept: bodies since the last verified head */
	size_t kept_bytes;
	hk_anchor *anchor;       /* under way, or NULL */
	bool anchor_is_check;    /* of an older head, not of a beginning */
	bool anchor_is_until;    /* of the place to end at */
	bool until_known;        /* until_index is the final size, proven */
	hk_ct_head *anchor_head; /* the older head, owned */
	hk_http_call *anchor_call;
	hk_http_call *head_call;
	uint64_t head_looks; /* good answers */
	int64_t next_poll_ms;
	int64_t retry_ms;     /* back-off: nothing of this log before */
	unsigned spoiled;     /* bodies in a row that came and were not what they should be */
	unsigned failures;    /* in a row */
	uint64_t errors;      /* in all */
	char *last_error;     /* owned */
	int64_t head_seen_ms; /* wall clock of the last good look at a head */
	hk_growth growth;
	unsigned page;            /* RFC 6962: entries asked for at once */
	unsigned page_cap;        /* what the log has shown to be its most; 0: not yet */
	unsigned page_hits;       /* answers in a row that were full */
	unsigned short_size;      /* length of the last short answer */
	unsigned tile_misses;     /* hybrid: full tiles that were not there */
	bool no_tiles;            /* hybrid: the tile side door is shut, use get-entries */
	int64_t bad_signature_ms; /* when one was last kept; 0: never */
	bool gave_up;             /* with `once` */
};

typedef struct hk_kept {
	uint64_t from;
	uint64_t to;
	GBytes *bytes;
	const char *suffix; /* of the evidence file */
} hk_kept;

/* hk_reader_new(follow, log): log is taken. NULL and error: its URL may not be fetched, or its part of the state is broken. */
hk_reader *hk_reader_new(hk_follow *follow, hk_ct_log *log, GError **error);
void hk_reader_free(hk_reader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_reader, hk_reader_free)

/* hk_reader_update(reader, log): the refreshed list's row (taken); NULL: it is no longer listed. */
void hk_reader_update(hk_reader *reader, hk_ct_log *log);

/* hk_reader_step(reader, now_ms): does what can be done now; returns when it wants to be called again at the latest. */
int64_t hk_reader_step(hk_reader *reader, int64_t now_ms);

/* hk_reader_done(reader): read up to its newest head, or ended, or (once) given up. */
bool hk_reader_done(const hk_reader *reader);

/* hk_reader_spill(reader, now_ms): what was read but is not verified goes to the pending file, so that a restart goes on from
 * here. */
void hk_reader_spill(hk_reader *reader, int64_t now_ms);

/* hk_reader_failed(reader, now_ms, url, answer, why): a request failed: back-off, count, log. why: NULL = from the answer.
 * answer may be NULL. */
void hk_reader_failed(hk_reader *reader, int64_t now_ms, const char *url,
	const hk_http_answer *answer, const char *why);
/* hk_reader_good(reader): a request succeeded. */
void hk_reader_good(hk_reader *reader);

/* hk_reader_body(reader, answer, ret, error): the body as text: unpacked if it is gzip (into the shared buffer, valid until the
 * next unpacking), as it is otherwise. */
bool hk_reader_body(hk_reader *reader, const hk_http_answer *answer, hk_span *ret, GError **error);

/* --- reader_head.c --- */

/* hk_reader_take_head(reader, head, now_ms): a head with a good signature came (taken). May stop the log. */
void hk_reader_take_head(hk_reader *reader, hk_ct_head *head, int64_t now_ms);

/* hk_reader_check_heads(reader): compares the root if the range has reached the next waiting head; releases what it covers.
 * False when the log was stopped. */
bool hk_reader_check_heads(hk_reader *reader);

/* hk_reader_stop(reader, mismatch, why, older, newer): stops the log for good and keeps the evidence. mismatch: its entries do
 * not hash to a head; otherwise: two heads contradict each other. older, newer may be NULL. Cancels the log's requests. */
void hk_reader_stop(hk_reader *reader, bool mismatch, const char *why, const hk_ct_head *older,
	const hk_ct_head *newer);

/* hk_reader_want_final(reader, size, root, now_ms): the log list gives a final tree head: read to it, compare, end. */
void hk_reader_want_final(hk_reader *reader, uint64_t size, const uint8_t *root, int64_t now_ms);

/* hk_reader_drop_heads(reader): forgets the waiting heads. hk_reader_drop_first_head(reader): the first of them. */
void hk_reader_drop_heads(hk_reader *reader);
void hk_reader_drop_first_head(hk_reader *reader);

/* hk_reader_position(reader): the state's position is the range's. */
void hk_reader_position(hk_reader *reader);

/* hk_reader_next_head(reader): size of the next waiting head; 0 when none waits. */
uint64_t hk_reader_next_head(const hk_reader *reader);

/* hk_reader_clear_slots(reader): cancels and frees all of them. */
void hk_reader_clear_slots(hk_reader *reader);

/* --- fetch.c: slots --- */

/* hk_ct_fetch_step(reader, now_ms): plans slots, sends them as pace and budget allow, consumes those that are ready. Returns when
 * it wants to be called again. */
int64_t hk_ct_fetch_step(hk_reader *reader, int64_t now_ms);

/* hk_ct_fetch_drop_kept(reader): forgets the bodies since the last verified head. */
void hk_ct_fetch_drop_kept(hk_reader *reader);

/* --- fetch_static.c, fetch_rfc.c: the two read APIs --- */

/* hk_ct_fetch_*_plan(reader, until, now_ms, ret, ret_wait_ms): the next slot behind reader->asked and below `until`. False: none
 * now; *ret_wait_ms is then after how long to ask again (-1: when there is a new head). */
bool hk_ct_fetch_static_plan(
	hk_reader *reader, uint64_t until, int64_t now_ms, hk_slot *ret, int64_t *ret_wait_ms);
bool hk_ct_fetch_rfc_plan(hk_reader *reader, uint64_t until, hk_slot *ret);

/* hk_ct_fetch_*_url(reader, slot): caller frees. */
char *hk_ct_fetch_static_url(const hk_reader *reader, const hk_slot *slot);
char *hk_ct_fetch_rfc_url(const hk_reader *reader, const hk_slot *slot);

/* hk_ct_fetch_static_missing(reader, slot): the tile is not there (404). True when the slot now names another resource. */
bool hk_ct_fetch_static_missing(hk_reader *reader, hk_slot *slot);

/* hk_ct_fetch_rfc_learn(reader, asked, got, end): an answer to `asked` entries held `got`, the last one just before `end`. */
void hk_ct_fetch_rfc_learn(hk_reader *reader, uint64_t asked, uint64_t got, uint64_t end);

#endif
