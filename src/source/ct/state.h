/* source/ct/state: where the follower stands, as one small text file. Layer: source/ct. Input is
 * ours, but checked.
 *
 * Line by line, in this order; a reader can mend it with an editor, and the last line says whether
 * somebody did:
 *
 *   hikeshi-ct-state 1
 *   journal BYTES SEQ            committed length of sightings.jsonl, and number of its last line
 *   keys GENERATION COUNT        committed keys of keys-GENERATION
 *   log ID STATUS VERIFIED READ HEAD_MS PENDING     one such group per log that was begun; ID = log_id in
 * hexadecimal name TEXT                    for people root HEX                     root of the tree
 * of VERIFIED entries range HEX...                 compact range of READ entries, largest subtree
 * first, blanks between why TEXT                     of a stopped log end SHA256 of all bytes above
 *
 * VERIFIED entries hashed to a signed head's root. READ >= VERIFIED entries are hashed into the
 * range; the sightings between the two wait in pending-ID-VERIFIED.jsonl (PENDING bytes of it
 * count). */
#ifndef HK_SOURCE_CT_STATE_H
#define HK_SOURCE_CT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

#define HK_STATE_RANGE_MAX 64
/* Cap of the file: some 10,000 logs. */
#define HK_STATE_BYTES_MAX (32u << 20)

typedef enum hk_state_status {
	HK_STATE_ACTIVE,   /* is followed */
	HK_STATE_STOPPED,  /* contradicted itself; needs a person */
	HK_STATE_DRAINED,  /* left the list, or retired, and was read to its end */
	HK_STATE_FINISHED, /* read-only, and read to its final tree head */
	HK_STATE_STATUS_COUNT
} hk_state_status;

typedef struct hk_state_log {
	uint8_t id[32];
	hk_state_status status;
	bool begun;         /* the place to begin at is known; only then is the log written */
	uint64_t verified;  /* entries */
	uint8_t root[32];   /* of verified entries */
	int64_t head_ms;    /* timestamp of the head that verified them */
	uint64_t read;      /* entries */
	size_t range_count; /* set bits of read */
	uint8_t range[HK_STATE_RANGE_MAX][32];
	uint64_t pending; /* bytes */
	char *name;       /* owned */
	char *why;        /* owned, or NULL */
} hk_state_log;

typedef struct hk_state {
	uint64_t journal_len;
	uint64_t journal_seq;
	uint64_t keys_generation;
	uint64_t keys_count;
	GPtrArray *logs; /* of hk_state_log, owned */
} hk_state;

hk_state *hk_state_new(void);
void hk_state_free(hk_state *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_state, hk_state_free)

/* hk_state_status_text(status): "active", "stopped", "drained", "finished". */
const char *hk_state_status_text(hk_state_status status);

/* hk_state_status_parse(text): the other way round; HK_STATE_STOPPED for a word it does not know, the one that does nothing. */
hk_state_status hk_state_status_parse(const char *text);

/* hk_state_remove(state, log): forgets and frees it. */
void hk_state_remove(hk_state *state, hk_state_log *log);

/* hk_state_find(state, id): the log with that id; NULL when there is none. hk_state_add(state, id,
 * name): a new one, active, with nothing read. Both borrowed from state. */
hk_state_log *hk_state_find(const hk_state *state, const uint8_t id[32]);
hk_state_log *hk_state_add(hk_state *state, const uint8_t id[32], const char *name);

/* hk_state_print(state): the file. Control characters of names become blanks. */
GString *hk_state_print(const hk_state *state);

/* hk_state_parse(text, error): reads it back; HK_EFORM, HK_EVERSION or HK_ECHECK with the line. */
hk_state *hk_state_parse(hk_span text, GError **error);

#endif
