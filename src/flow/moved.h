/* flow/moved: what a merge or split moved, as it is kept in merges.moved. Layer: flow; only src/flow includes it. Input is ours.
 *
 * JSON object: urls, comments, tasks, attachments, sightings, runs, reports: numbers of rows; labels; keys ("kind key"); sites ("report position"); made: keys that the split
 * made; from: what the case was before it became a duplicate, and what it gave; own: first and last time of the other case without
 * any merge (only that of the oldest merge that stands counts); url, host, domain: of a split or a filled case, [was, is]. */
#ifndef HK_FLOW_MOVED_H
#define HK_FLOW_MOVED_H

#include "store/merges.h"

typedef struct hk_moved_text {
	char *was, *is; /* owned; NULL: none */
	bool changed;
} hk_moved_text;

typedef struct hk_moved {
	GArray *rows[HK_MOVING_COUNT];           /* of int64_t, in order */
	GPtrArray *labels, *keys, *made, *sites; /* of texts */
	char *state, *due_clock;                 /* of from; owned; NULL: a split */
	int64_t due_ms;
	int64_t gave_first_ms, gave_last_ms; /* of from */
	int64_t own_first_ms, own_last_ms;   /* of into */
	hk_moved_text url, host, domain;
} hk_moved;

void hk_moved_init(hk_moved *moved);
void hk_moved_clear(hk_moved *moved);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_moved, hk_moved_clear)

/* hk_moved_write(moved): JSON, owned. hk_moved_read(text, ret, error): ret is initialised here. */
char *hk_moved_write(const hk_moved *moved);
bool hk_moved_read(const char *text, hk_moved *ret, GError **error);

/* hk_moved_meet(a, b): whether both moved the same row. */
bool hk_moved_meet(const hk_moved *a, const hk_moved *b);

/* hk_moved_set(text, was, is): remembers a change. */
void hk_moved_set(hk_moved_text *text, const char *was, const char *is);

#endif
