/* source/ct/store: the state folder of a follower; one commit = position and sightings together.
 * Layer: source/ct.
 *
 *   lock              held while a follower runs
 *   state             positions, compact ranges, committed lengths (source/ct/state)
 *   sightings.jsonl   the journal: every sighting, {"seq":N,...}, one line each
 *   keys-N            issuances already reported (source/ct/seen)
 *   pending-ID-SIZE.jsonl  sightings of entries behind SIZE that no verified head covers yet: "KEY
 * INDEX LINE" printed           how far standard output has come (source/ct/out) health.json for
 * `hikeshi ct logs` (source/ct/health) evidence/         what a log did that it must not do
 * (source/ct/evidence)
 *
 * Only the replacement of `state` commits. Everything else is appended first, beyond the lengths
 * that the old state names, and is cut back to the lengths of the state when the folder is next
 * opened. So after kill -9 or a full disk the folder is as it was at the last commit, and the
 * entries behind it are read again. */
#ifndef HK_SOURCE_CT_STORE_H
#define HK_SOURCE_CT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "source/ct/state.h"

typedef struct hk_store hk_store;

/* One sighting that waits for its head. */
typedef struct hk_store_item {
	uint8_t key[32];
	uint64_t index;
	char *line; /* owned; begins with '{' */
} hk_store_item;

void hk_store_item_free(gpointer item);

/* hk_store_open(folder, error): makes the folder if missing, locks it (HK_EPOLICY: another follower
 * has it), reads the state, cuts what a crash left over. */
hk_store *hk_store_open(const char *folder, GError **error);
void hk_store_free(hk_store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_store, hk_store_free)

/* hk_store_remove(folder): removes a store's files, and the folder if it is then empty (evidence stays). For folders that were
 * made for one run. */
void hk_store_remove(const char *folder);

const char *hk_store_folder(const hk_store *store);

/* hk_store_state(store): borrowed. The caller changes a log's fields only through the calls below;
 * a log that is hk_state_add()ed is written with the next commit. */
hk_state *hk_store_state(hk_store *store);

/* Building a commit. Nothing is on disk, nothing is told to anyone, before hk_store_commit().
 *
 * hk_store_release(store, log, items): items (taken, in order of index) and all of the log's
 * pending file are covered by a verified head; those whose issuance is new become sightings.
 * hk_store_pend(store, log, items): items (taken) are not covered yet and go behind the log's
 * pending file. The caller sets verified, root and head_ms of the log itself between the two, read
 * and range at any time. */
void hk_store_release(hk_store *store, hk_state_log *log, GPtrArray *items);
void hk_store_pend(hk_store *store, hk_state_log *log, GPtrArray *items);

/* hk_store_commit(store, error): makes everything durable, in the order pending, journal, keys,
 * state. On failure nothing is committed and the store can only be freed: HK_EFULL, HK_EIO. */
bool hk_store_commit(hk_store *store, GError **error);

/* hk_store_print(store, error): prints what is committed and not yet printed; see source/ct/out. fd
 * -1: nothing. */
bool hk_store_print(hk_store *store, int fd, GError **error);

/* Sightings that were dropped because the issuance was known, since hk_store_open. */
uint64_t hk_store_repeats(const hk_store *store);

#endif
