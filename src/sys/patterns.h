/* sys/patterns: many words looked for at once, over Hyperscan. Layer: sys. Patterns are ours, the text is hostile.
 *
 * Literals only, compared byte by byte: text and patterns are lower case already (base/name.h). The cost of a scan hardly
 * depends on their number (docs/decisions/005-patterns.md: 100,000 of them add 0.04 us per name).
 *
 * Compiling 100,000 patterns takes seconds and a quarter of a gigabyte for a moment; it is therefore done in a child process,
 * which hands over the finished database: 10 MB. The child is forked without exec: call it from a program with one thread. A
 * cache folder keeps the databases of the last sets (HK_PATTERNS_CACHED of them), by the hash of all that goes in, so that the
 * next start takes milliseconds. What is read from there must belong to this user and be writable for no one else. */
#ifndef HK_SYS_PATTERNS_H
#define HK_SYS_PATTERNS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

#define HK_PATTERNS_MAX    1000000
#define HK_PATTERN_LEN_MAX 255
#define HK_PATTERNS_CACHED 4
/* Smaller sets compile faster than a file is read. */
#define HK_PATTERNS_CACHE_MIN 2000

typedef struct hk_pattern {
	hk_span text; /* 1..HK_PATTERN_LEN_MAX bytes; may hold '\n', which stands at both ends of every name of a batch */
	uint32_t id; /* handed to the caller; need not be unique */
} hk_pattern;

typedef struct hk_patterns hk_patterns;

/* hk_patterns_new(list, count, cache, error): compiles, or takes it from the folder cache (made if missing; NULL: none; a cache
 * that cannot be read or written is done without); count may be 0. HK_ERANGE: a text or the list is too long, or empty;
 * HK_ENOMEM, HK_EINTERNAL: Hyperscan refused, or the child died. Blocks. */
void hk_patterns_free(hk_patterns *patterns);
hk_patterns *hk_patterns_new(const hk_pattern *list, size_t count, const char *cache,
	GError **error) HK_FREED_BY(hk_patterns_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_patterns, hk_patterns_free)

/* Pattern id ends before text[end]. */
typedef void (*hk_patterns_fn)(void *user, uint32_t id, size_t end);

/* hk_patterns_scan(patterns, text, len, fn, user): calls fn for every occurrence, by rising end. len is at most 2^32 - 1. Not to
 * be called from inside fn: there is one scratch space. */
void hk_patterns_scan(
	hk_patterns *patterns, const char *text, size_t len, hk_patterns_fn fn, void *user);

/* hk_patterns_bytes(patterns): memory of the database and its scratch space. */
size_t hk_patterns_bytes(const hk_patterns *patterns);

#endif
