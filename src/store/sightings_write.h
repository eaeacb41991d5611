/* store/sightings_write: rows of sightings. Layer: store. Inside a write transaction. Rules: flow/sighting. */
#ifndef HK_STORE_SIGHTINGS_WRITE_H
#define HK_STORE_SIGHTINGS_WRITE_H

#include "store/db.h"

typedef struct hk_sighting_row {
	int64_t source_id, seen_ms, target_id;
	hk_span key;
	const char *kind, *host, *url, *title, *data; /* borrowed */
	double score;
} hk_sighting_row;

/* hk_sightings_add(db, row, ret_id, error): state new. *ret_id 0: the source handed it over before. */
bool hk_sightings_add(hk_db *db, const hk_sighting_row *row, int64_t *ret_id, GError **error);
/* hk_sightings_state(db, id, ret_state, ret_case_id, ret_version, error): locked; *ret_state is interned. HK_ENOENT. */
bool hk_sightings_state(hk_db *db, int64_t id, const char **ret_state, int64_t *ret_case_id,
	int64_t *ret_version, GError **error);
/* hk_sightings_set(db, id, state, case_id, error): one version up. */
bool hk_sightings_set(hk_db *db, int64_t id, const char *state, int64_t case_id, GError **error);

#endif
