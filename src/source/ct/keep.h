/* source/ct/keep: what a follower keeps: where it stands and what it saw; one commit holds both. Layer: source/ct.
 *
 * Two keepers behind one interface:
 *
 * A folder (keep_file.c), for `hikeshi ct follow`:
 *
 *   lock              held while a follower runs
 *   state             positions, compact ranges, committed lengths (source/ct/state)
 *   sightings.jsonl   the journal: every sighting, {"seq":N,...}, one line each
 *   keys-N            issuances already reported (source/ct/seen)
 *   pending-ID-SIZE.jsonl  sightings of entries behind SIZE that no verified head covers yet: "KEY INDEX LINE"
 *   printed           how far standard output has come (source/ct/out)
 *   health.json       for `hikeshi ct logs` (source/ct/health)
 *   evidence/         what a log did that it must not do (source/ct/evidence)
 *
 * Only the replacement of `state` commits. Everything else is appended first, beyond the lengths that the old state names, and
 * is cut back to the lengths of the state when the folder is next opened. So after kill -9 or a full disk the folder is as it
 * was at the last commit, and the entries behind it are read again.
 *
 * The database (keep_store.c), for `hikeshi watch`: ct_logs, ct_pending and sightings, one transaction a commit. The logs are
 * divided among the watch processes by leases: each follows its share. The folder still holds lock, health.json and evidence/. */
#ifndef HK_SOURCE_CT_KEEP_H
#define HK_SOURCE_CT_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "flow/flow.h"
#include "source/ct/state.h"

typedef struct hk_keep hk_keep;

/* One sighting that waits for its head. */
typedef struct hk_keep_item {
	uint8_t key[32];
	uint64_t index;
	char *line; /* owned; begins with '{' */
} hk_keep_item;

void hk_keep_item_free(gpointer item);

/* hk_keep_folder_open(folder, error): makes the folder if missing, locks it (HK_EPOLICY: another follower has it), reads the
 * state, cuts what a crash left over. */
hk_keep *hk_keep_folder_open(const char *folder, GError **error);

/* hk_keep_store_open(flow, owner, folder, error): in the database of flow (borrowed). owner names this process among all watch
 * processes (workers.name). A log whose lease ran out HK_KEEP_LEASE_MS ago or more is anybody's. */
#define HK_KEEP_LEASE_MS (60 * 1000)
/* What waited for a head becomes sightings in transactions of so many. */
#define HK_KEEP_RELEASE_MAX 500
/* How often leases are renewed and shares are balanced. */
#define HK_KEEP_TICK_MS (10 * 1000)
hk_keep *hk_keep_store_open(hk_flow *flow, const char *owner, const char *folder, GError **error);

void hk_keep_free(hk_keep *keep);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_keep, hk_keep_free)

/* hk_keep_remove(folder): removes a keeper's files, and the folder if it is then empty (evidence stays). For folders that were
 * made for one run. */
void hk_keep_remove(const char *folder);

const char *hk_keep_folder(const hk_keep *keep);

/* hk_keep_is_shared(keep): other processes may have some of the logs. */
bool hk_keep_is_shared(const hk_keep *keep);

/* hk_keep_state(keep): borrowed. The caller changes a log's fields only through the calls below; a log that is
 * hk_ct_place_add()ed is written with the next commit. */
hk_ct_place *hk_keep_state(hk_keep *keep);

/* hk_keep_claim(keep, id, name, ret, error): *ret: the log is ours to follow; what is known of it is then in the state.
 * hk_keep_tick(keep, ret_share, error): renews the leases; *ret_share: with `logs` to follow in all, how many should be ours at the most.
 * hk_keep_give_up(keep, log, error): gives the lease of a log back whose state is committed; log is freed. Of a folder every log is ours. */
bool hk_keep_claim(
	hk_keep *keep, const uint8_t id[32], const char *name, bool *ret, GError **error);
bool hk_keep_tick(hk_keep *keep, unsigned logs, unsigned *ret_share, GError **error);
bool hk_keep_give_up(hk_keep *keep, hk_ct_place_log *log, GError **error);

/* Building a commit. Nothing is durable, nothing is told to anyone, before hk_keep_commit().
 *
 * hk_keep_release(keep, log, items): items (taken, in order of index) and all that pends of the log are covered by a verified
 * head; those whose issuance is new become sightings. hk_keep_pend(keep, log, items): items (taken) are not covered yet and go
 * behind what pends. The caller sets verified, root and head_ms of the log itself between the two, read and range at any time. */
void hk_keep_release(hk_keep *keep, hk_ct_place_log *log, GPtrArray *items);
void hk_keep_pend(hk_keep *keep, hk_ct_place_log *log, GPtrArray *items);

/* hk_keep_commit(keep, error): makes everything durable. On failure nothing is committed. HK_EAGAIN (database): call again, nothing is
 * forgotten. HK_EINCONSISTENT: another process has taken a log over. HK_EFULL, HK_EIO: the keeper can only be freed. */
bool hk_keep_commit(hk_keep *keep, GError **error);

/* hk_keep_print(keep, fd, error): prints what is committed and not yet printed (source/ct/out). fd -1: nothing; a database keeper
 * prints nothing. */
bool hk_keep_print(hk_keep *keep, int fd, GError **error);

/* hk_keep_health(keep, log, json): what `hikeshi ct logs` and the board say of the log; written with a later commit. */
void hk_keep_health(hk_keep *keep, hk_ct_place_log *log, const char *json);

/* Sightings that were dropped because the issuance was known, since the keeper was opened; sightings in all. */
uint64_t hk_keep_repeats(const hk_keep *keep);
uint64_t hk_keep_count(const hk_keep *keep);

#endif
