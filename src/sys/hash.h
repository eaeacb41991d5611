/* sys/hash: SHA-256, and the two ways in which a CT tree uses it. Layer: sys. Pure; any thread;
 * never fails.
 *
 * Domain separation of RFC 6962, section 2.1: a leaf is SHA256(00 ...), a node SHA256(01 left
 * right). */
#ifndef HK_SYS_HASH_H
#define HK_SYS_HASH_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

#define HK_SHA256_SIZE 32

/* hk_sha256(in, ret): of one run of bytes. */
void hk_sha256(hk_span in, uint8_t ret[HK_SHA256_SIZE]);

/* hk_sha256_pieces(pieces, count, ret): of several runs, as if they stood one behind the other (a
 * TBS with its SCT list cut out). */
void hk_sha256_pieces(const hk_span *pieces, size_t count, uint8_t ret[HK_SHA256_SIZE]);

/* hk_sha256_leaf(timestamped_entry, ret): leaf hash of a CT entry, SHA256(00 00 00
 * timestamped_entry), whichever frame it came in (hk_ctleaf.timestamped_entry). */
void hk_sha256_leaf(hk_span timestamped_entry, uint8_t ret[HK_SHA256_SIZE]);

/* hk_sha256_leaf_any(data, ret): SHA256(00 data), the leaf hash of RFC 6962 for any tree. */
void hk_sha256_leaf_any(hk_span data, uint8_t ret[HK_SHA256_SIZE]);

/* hk_sha256_node(left, right, ret): SHA256(01 left right). ret may be left or right. */
void hk_sha256_node(const uint8_t left[HK_SHA256_SIZE], const uint8_t right[HK_SHA256_SIZE],
	uint8_t ret[HK_SHA256_SIZE]);

/* The leaf hashes of many entries at once, in the lanes of a vector register where the processor (AVX2, AVX-512) and the build
 * have them: less than half the time of hk_sha256_leaf for each. The same hashes either way. Not thread-safe. */
typedef struct hk_leaf_hasher hk_leaf_hasher;
void hk_leaf_hasher_free(hk_leaf_hasher *hasher); /* accepts NULL */
hk_leaf_hasher *hk_leaf_hasher_new(void) HK_FREED_BY(hk_leaf_hasher_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_leaf_hasher, hk_leaf_hasher_free)

/* hk_leaf_hasher_run(hasher, entries, count, ret): ret[i] = hk_sha256_leaf(entries[i]). Copies the entries (the sum of their
 * lengths is below 4 GiB) into memory that the hasher keeps. */
void hk_leaf_hasher_run(hk_leaf_hasher *hasher, const hk_span *entries, size_t count,
	uint8_t (*ret)[HK_SHA256_SIZE]);

/* A digest that is fed over time: files, bodies that arrive in pieces. */
typedef struct hk_hasher hk_hasher;
hk_hasher *hk_hasher_new(void);
void hk_hasher_free(hk_hasher *hasher); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_hasher, hk_hasher_free)
void hk_hasher_add(hk_hasher *hasher, hk_span bytes);

/* hk_hasher_done(hasher, ret): the hash of all that was added; the hasher then begins anew. */
void hk_hasher_done(hk_hasher *hasher, uint8_t ret[HK_SHA256_SIZE]);

#endif
