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

#define HK_CT_PLACE_RANGE_MAX 64
/* Cap of the file: some 10,000 logs. */
#define HK_CT_PLACE_BYTES_MAX (32u << 20)

typedef enum hk_ct_place_status {
	HK_CT_PLACE_ACTIVE,   /* is followed */
	HK_CT_PLACE_STOPPED,  /* contradicted itself; needs a person */
	HK_CT_PLACE_DRAINED,  /* left the list, or retired, and was read to its end */
	HK_CT_PLACE_FINISHED, /* read-only, and read to its final tree head */
	HK_CT_PLACE_STATUS_COUNT
} hk_ct_place_status;

typedef struct hk_ct_place_log {
	uint8_t id[32];
	hk_ct_place_status status;
	bool begun;         /* the place to begin at is known; only then is the log written */
	uint64_t verified;  /* entries */
	uint8_t root[32];   /* of verified entries */
	int64_t head_ms;    /* timestamp of the head that verified them */
	uint64_t read;      /* entries */
	size_t range_count; /* set bits of read */
	uint8_t range[HK_CT_PLACE_RANGE_MAX][32];
	uint64_t pending; /* bytes */
	char *name;       /* owned */
	char *why;        /* owned, or NULL */
} hk_ct_place_log;

typedef struct hk_ct_place {
	uint64_t journal_len;
	uint64_t journal_seq;
	uint64_t keys_generation;
	uint64_t keys_count;
	GPtrArray *logs; /* of hk_ct_place_log, owned */
} hk_ct_place;

hk_ct_place *hk_ct_place_new(void);
void hk_ct_place_free(hk_ct_place *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_ct_place, hk_ct_place_free)

/* hk_ct_place_status_text(status): "active", "stopped", "drained", "finished". */
const char *hk_ct_place_status_text(hk_ct_place_status status);

/* hk_ct_place_status_parse(text): the other way round; HK_CT_PLACE_STOPPED for a word it does not know, the one that does nothing. */
hk_ct_place_status hk_ct_place_status_parse(const char *text);

/* hk_ct_place_remove(state, log): forgets and frees it. */
void hk_ct_place_remove(hk_ct_place *state, hk_ct_place_log *log);

/* hk_ct_place_find(state, id): the log with that id; NULL when there is none. hk_ct_place_add(state, id,
 * name): a new one, active, with nothing read. Both borrowed from state. */
hk_ct_place_log *hk_ct_place_find(const hk_ct_place *state, const uint8_t id[32]);
hk_ct_place_log *hk_ct_place_add(hk_ct_place *state, const uint8_t id[32], const char *name);

/* hk_ct_place_print(state): the file. Control characters of names become blanks. */
GString *hk_ct_place_print(const hk_ct_place *state);

/* hk_ct_place_parse(text, error): reads it back; HK_EFORM, HK_EVERSION or HK_ECHECK with the line. */
hk_ct_place *hk_ct_place_parse(hk_span text, GError **error);

#endif
