/* store/sightings_write: rows of sightings. Layer: store. What writes stands inside a write transaction. Rules: flow/sighting. Texts are hostile. */
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
/* hk_sightings_join(db, id, case_id, error): it belongs to the campaign of that case, or to none if the case has none. */
bool hk_sightings_join(hk_db *db, int64_t id, int64_t case_id, GError **error);

/* A sighting with what its source and its target say about it. The target's members are NULL ("" and "[]" the last two) when it has none that is active. */
typedef struct hk_sighting_full {
	int64_t id, seen_ms;
	char *source, *kind, *state, *host, *url, *data; /* owned; host and url may be NULL */
	char *target, *name_en, *domains;                /* owned; domains: JSON */
	double score, trust;                             /* of the sighting; of its source */
} hk_sighting_full;
void hk_sighting_full_clear(hk_sighting_full *s);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_sighting_full, hk_sighting_full_clear)
/* hk_sightings_get(db, id, ret, error): HK_ENOENT. */
bool hk_sightings_get(hk_db *db, int64_t id, hk_sighting_full *ret, GError **error);

/* hk_sightings_known(db, source, keys, count, ret, error): which of count (at most HK_SIGHTINGS_KNOWN_MAX) keys of 32 bytes that source handed over before:
 * they are put into *ret, a set that holds the pointers of keys and compares what they point to. */
#define HK_SIGHTINGS_KNOWN_MAX 300
bool hk_sightings_known(hk_db *db, const char *source, const uint8_t *const *keys, size_t count,
	GHashTable **ret, GError **error);

#endif
