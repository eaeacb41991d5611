/* flow/sighting: what the sources hand over. Layer: flow. */
#ifndef HK_FLOW_SIGHTING_H
#define HK_FLOW_SIGHTING_H

#include "flow/flow.h"

enum { HK_SIGHTING_DATA_MAX = 4 << 20 }; /* bytes of data */

typedef struct hk_observation {
	const char *source; /* sources.key; made when new (kind before ':') */
	uint8_t key[32];    /* same source and key: the same observation, taken once */
	const char *kind;   /* certificate | malformed | url | mail */
	int64_t seen_ms;
	const char *host, *url; /* or NULL */
	const char *title;      /* one line for people; hostile: what cannot be shown is replaced */
	double score;
	const char *target; /* name or key of a target, or NULL; unknown: kept in data only */
	const char *data;   /* JSON object, the whole; HK_ERANGE when it is too long */
} hk_observation;

/* hk_sighting_take(flow, observation, ret_id, error): stores it in state new with a job of stage "sighting" (key: its number). *ret_id 0: it was there already. */
bool hk_sighting_take(
	hk_flow *flow, const hk_observation *observation, int64_t *ret_id, GError **error);

/* hk_sighting_move(flow, id, version, act, error): "ignore", "restore"; hk_sighting_attach(flow, id, case_id, error): into a case, by a person or by casework. */
bool hk_sighting_move(hk_flow *flow, int64_t id, int64_t version, const char *act, GError **error);
bool hk_sighting_attach(hk_flow *flow, int64_t id, int64_t case_id, GError **error);

/* hk_source_mark(flow, key, position, health, error): where a source stands (JSON), in the same transaction as what it handed over. NULL leaves it.
 * hk_source_position(db, key, ret, error): *ret (owned): JSON, "{}" when unknown. */
bool hk_source_mark(
	hk_flow *flow, const char *key, const char *position, const char *health, GError **error);
bool hk_source_position(hk_db *db, const char *key, char **ret, GError **error);

#endif
