/* source/ct/seen: which issuances were reported already. Layer: source/ct. Durable, bounded.
 *
 * A set of 32-byte keys (tbs_sha256), in the order in which they came; over its cap the oldest
 * goes. It lives in memory (an open-addressing table) and in the file "keys-<generation>" of the
 * state folder, 32 bytes a key, to which it only appends. How many of them count is said by the
 * state file, so a crash between the two leaves no key without its sighting. When the file holds
 * twice the cap, the newest half moves to the next generation's file. */
#ifndef HK_SOURCE_CT_SEEN_H
#define HK_SOURCE_CT_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#define HK_SEEN_KEY 32
/* Default cap: a million issuances, 32 MiB on disk and 40 MiB in memory when full. */
#define HK_SEEN_MAX (1u << 20)

typedef struct hk_seen hk_seen;

/* hk_seen_open(folder, generation, count, max, error): reads the first count keys of the file and
 * cuts it there. A file that is shorter is HK_ECHECK: the state folder was tampered with.
 * generation 0 with count 0 starts anew. */
hk_seen *hk_seen_open(
	const char *folder, uint64_t generation, uint64_t count, size_t max, GError **error);
void hk_seen_free(hk_seen *seen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_seen, hk_seen_free)

bool hk_seen_has(const hk_seen *seen, const uint8_t key[HK_SEEN_KEY]);

/* hk_seen_add(seen, key): true when the key is new; it then is in the set, and goes to the file
 * with the next flush. */
bool hk_seen_add(hk_seen *seen, const uint8_t key[HK_SEEN_KEY]);

/* hk_seen_flush(seen, ret_generation, ret_count, error): the new keys are in the file (fdatasync).
 * What is returned is what the state file must say from now on. */
bool hk_seen_flush(hk_seen *seen, uint64_t *ret_generation, uint64_t *ret_count, GError **error);

/* hk_seen_committed(seen): the state file says so: a file of an older generation can go. */
void hk_seen_committed(hk_seen *seen);

#endif
