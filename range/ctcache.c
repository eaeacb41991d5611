#include "ctcache.h"

struct rg_cache {
	size_t max_bytes;
	size_t bytes;
	GHashTable *rows; /* &blob->key -> rg_blob, owned */
	GQueue *order;    /* rg_blob, borrowed; the oldest at the head */
};

rg_blob *
rg_blob_new(GBytes *bytes, rg_page *page)
{
	rg_blob *blob = g_new0(rg_blob, 1);

	blob->refs = 1;
	blob->bytes = bytes;
	blob->page = page;
	blob->size = (bytes ? g_bytes_get_size(bytes) : 0) + (page ? page->text->allocated_len : 0);
	return blob;
}

rg_blob *
rg_blob_ref(rg_blob *blob)
{
	blob->refs++;
	return blob;
}

void
rg_blob_unref(rg_blob *blob)
{
	if (!blob || --blob->refs > 0) {
		return;
	}
	g_clear_pointer(&blob->bytes, g_bytes_unref);
	rg_page_free(blob->page);
	g_free(blob);
}

rg_cache *
rg_cache_new(size_t max_bytes)
{
	rg_cache *cache = g_new0(rg_cache, 1);

	cache->max_bytes = max_bytes;
	cache->rows = g_hash_table_new_full(
		g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)rg_blob_unref);
	cache->order = g_queue_new();
	return cache;
}

void
rg_cache_free(rg_cache *cache)
{
	if (cache) {
		g_queue_free(cache->order);
		g_hash_table_unref(cache->rows);
		g_free(cache);
	}
}

rg_blob *
rg_cache_get(rg_cache *cache, uint64_t key)
{
	rg_blob *blob = g_hash_table_lookup(cache->rows, &key);

	return blob ? rg_blob_ref(blob) : NULL;
}

void
rg_cache_put(rg_cache *cache, uint64_t key, rg_blob *blob)
{
	if (blob->size > cache->max_bytes || g_hash_table_contains(cache->rows, &key)) {
		return;
	}
	while (cache->bytes + blob->size > cache->max_bytes) {
		rg_blob *oldest = g_queue_pop_head(cache->order);
		cache->bytes -= oldest->size;
		g_hash_table_remove(cache->rows, &oldest->key);
	}
	blob->key = key;
	cache->bytes += blob->size;
	g_queue_push_tail(cache->order, blob);
	g_hash_table_insert(cache->rows, &blob->key, rg_blob_ref(blob));
}

size_t
rg_cache_bytes(const rg_cache *cache)
{
	return cache->bytes;
}
