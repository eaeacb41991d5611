/* store/runs: the rows of evidence: runs, captures, artefacts. Layer: store. Rules: flow/evidence. Texts are hostile, yet only kept. */
#ifndef HK_STORE_RUNS_H
#define HK_STORE_RUNS_H

#include "store/db.h"

/* One run. Strings are borrowed by hk_runs_add and hk_runs_finish, and owned in what hk_runs_get gave. Times: 0 has not happened. */
typedef struct hk_run_row {
	int64_t id, case_id;
	char *url, *plan, *asked, *state, *why, *verdict;
	char *dimensions, *diff; /* JSON */
	bool has_manifest;
	uint8_t manifest[32];
	int64_t asked_ms, done_ms;
} hk_run_row;
void hk_run_row_clear(hk_run_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_run_row, hk_run_row_clear)

/* One variant, and one file of it. Strings borrowed. */
typedef struct hk_capture_row {
	int64_t run_id, position, visit, status /* 0: none */, at_ms, took_ms;
	const char *profile, *referrer, *exit, *step, *how, *why, *url, *title, *address, *data;
	const uint8_t *certificate; /* 32 bytes, or NULL */
} hk_capture_row;
typedef struct hk_artefact_row {
	const char *kind, *name, *type;
	int64_t bytes;
	uint8_t sha256[32];
} hk_artefact_row;

/* hk_runs_add(db, row, ret_id, error): url, plan, asked, asked_ms of row; waiting. hk_runs_get: HK_ENOENT. hk_runs_open(db, case_id, url,
 * plan, ret_id, error): a waiting run of the case for that URL and plan; 0: none. */
bool hk_runs_add(hk_db *db, const hk_run_row *row, int64_t *ret_id, GError **error);
bool hk_runs_get(hk_db *db, int64_t id, hk_run_row *ret, GError **error);
bool hk_runs_open(hk_db *db, int64_t case_id, const char *url, const char *plan, int64_t *ret_id,
	GError **error);

/* hk_runs_finish(db, row, error): state, why, verdict, dimensions, diff, manifest, done_ms of a waiting run. HK_EINCONSISTENT: it is not waiting. */
bool hk_runs_finish(hk_db *db, const hk_run_row *row, GError **error);

/* hk_runs_stamp(db, id, token, why, error): the time stamp over the manifest, or (token empty) why there is none yet. An existing token stays.
 * hk_runs_unstamped(db, limit, ret, error): done runs without one for which no job of stage "stamp" is open (waiting, running or dead), oldest first: *ret,
 * array of hk_run_key. */
typedef struct hk_run_key {
	int64_t id, case_id;
} hk_run_key;
bool hk_runs_stamp(hk_db *db, int64_t id, hk_span token, const char *why, GError **error);
bool hk_runs_unstamped(hk_db *db, int64_t limit, GArray **ret, GError **error);

bool hk_captures_add(hk_db *db, const hk_capture_row *row, int64_t *ret_id, GError **error);
bool hk_artefacts_add(hk_db *db, int64_t capture_id, int64_t position, const hk_artefact_row *row,
	GError **error);

/* hk_artefacts_find(db, capture_id, position, ret_case, ret_type, ret_kind, ret_name, ret_sha256, error): one file. Texts owned. HK_ENOENT. */
bool hk_artefacts_find(hk_db *db, int64_t capture_id, int64_t position, int64_t *ret_case,
	char **ret_type, char **ret_kind, char **ret_name, uint8_t ret_sha256[32], GError **error);

/* hk_pivots_put(db, case_id, kind, key, seen_ms, error): a key by which the case is found again (case_keys): favicon, resource, form,
 * picture, address, registrar, kit ... */
bool hk_pivots_put(hk_db *db, int64_t case_id, const char *kind, const char *key, int64_t seen_ms,
	GError **error);

#endif
