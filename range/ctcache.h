/* range/ctcache: rendered bodies, kept up to a number of bytes, the oldest dropped first. Part of
 * hikeshi-range. */
#ifndef RG_CTCACHE_H
#define RG_CTCACHE_H

#include "base/err.h"
#include "ctrender.h"

/* One rendered thing, counted: a response that is being sent keeps it alive after the cache has
 * dropped it. */
typedef struct rg_blob {
	unsigned refs;
	uint64_t key;
	size_t size;
	GBytes *bytes; /* owned; or */
	rg_page *page; /* owned */
} rg_blob;

/* rg_blob_new(bytes, page): takes both; one of them may be NULL. One reference. */
rg_blob *rg_blob_new(GBytes *bytes, rg_page *page);
rg_blob *rg_blob_ref(rg_blob *blob);
void rg_blob_unref(rg_blob *blob);

/* What a key stands for; 56 bits of index below it. */
typedef enum rg_blob_kind {
	RG_BLOB_TILE_GZIP = 1, /* full data tile number */
	RG_BLOB_PART_GZIP,     /* number * 256 + width */
	RG_BLOB_PAGE,          /* start of a get-entries page */
	RG_BLOB_PAGE_GZIP,     /* start of a whole page as a gzip body */
} rg_blob_kind;

static inline uint64_t
rg_blob_key(rg_blob_kind kind, uint64_t index)
{
	return (uint64_t)kind << 56 | index;
}

typedef struct rg_cache rg_cache;

void rg_cache_free(rg_cache *cache);
rg_cache *rg_cache_new(size_t max_bytes) HK_FREED_BY(rg_cache_free);

/* rg_cache_get(cache, key): a new reference; NULL: not there. */
rg_blob *rg_cache_get(rg_cache *cache, uint64_t key);

/* rg_cache_put(cache, key, blob): the cache takes a reference of its own. */
void rg_cache_put(rg_cache *cache, uint64_t key, rg_blob *blob);

size_t rg_cache_bytes(const rg_cache *cache);

#endif
