/* store/events: the rows of the audit chain. Layer: store. What a record is, and its MAC: flow/audit. */
#ifndef HK_STORE_EVENTS_H
#define HK_STORE_EVENTS_H

#include "store/db.h"

#define HK_EVENT_MAC_SIZE 32

/* A row of events; strings borrowed. case_id 0: none. */
typedef struct hk_event_record {
	int64_t seq, at_ms;
	const char *who, *via, *address, *act, *object;
	int64_t object_id, case_id;
	const char *data;
	uint8_t mac[HK_EVENT_MAC_SIZE];
} hk_event_record;

/* The end of the chain, or an anchor. */
typedef struct hk_event_head {
	int64_t seq;
	uint8_t mac[HK_EVENT_MAC_SIZE];
} hk_event_head;

/* hk_events_init(db, error): makes the chain's one row when it is missing. Write transaction. */
bool hk_events_init(hk_db *db, GError **error);
/* hk_events_head(db, ret, error): HK_ENOENT when there is none. */
bool hk_events_head(hk_db *db, hk_event_head *ret, GError **error);
/* hk_events_lock(db, count, ret, error): takes the chain's lock until the end of the transaction, claims the next count numbers;
 * *ret: the head before them. hk_events_seal(db, mac, error): the new head's MAC. */
bool hk_events_lock(hk_db *db, int64_t count, hk_event_head *ret, GError **error);
bool hk_events_seal(hk_db *db, const uint8_t mac[HK_EVENT_MAC_SIZE], GError **error);
bool hk_events_insert(hk_db *db, const hk_event_record *record, GError **error);

/* hk_events_read(db, after, count, error): the rows behind number after, in order, at most count: for hk_events_next(), which
 * fills *ret; its strings live until the next call. False: the end, or a failure (error set). */
hk_rows *hk_events_read(hk_db *db, int64_t after, int64_t count, GError **error);
bool hk_events_next(hk_rows *rows, hk_event_record *ret, GError **error);

/* Anchors. hk_anchors_insert: nothing when there is one of that number. hk_anchors_read: all, in order; columns seq, at_ms, mac. */
bool hk_anchors_insert(hk_db *db, const hk_event_head *head, int64_t at_ms, GError **error);
hk_rows *hk_anchors_read(hk_db *db, GError **error);

#endif
