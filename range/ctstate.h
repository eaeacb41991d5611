/* range/ctstate: DIR/state.json, what a log must know to come back. Part of librange. Input is
 * ours. */
#ifndef RG_CTSTATE_H
#define RG_CTSTATE_H

#include <glib.h>

#include "base/span.h"

typedef struct rg_state {
	uint64_t seed;
	bool leaf_index;
	uint64_t size; /* of the last published head */
	uint64_t timestamp_ms;
	uint8_t root[32];
	uint64_t entries_bytes; /* length of DIR/entries at that head */
	uint64_t truth_bytes;   /* length of the truth file at that head */
	uint64_t issued;        /* invented issuances so far */
	uint64_t named;         /* issuances with given names so far */
} rg_state;

/* rg_state_read(dir, state, error): leaves *state as it is when there is no file yet. */
bool rg_state_read(const char *dir, rg_state *state, GError **error);

/* rg_state_write(dir, state, error): replaces the file in one step; not synced: the range outlives
 * kill -9, not a power cut. */
bool rg_state_write(const char *dir, const rg_state *state, GError **error);

#endif
