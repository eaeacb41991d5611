#include "source/ct/block.h"

#include "parse/ctjson.h"
#include "sys/gerr.h"
#include "sys/gz.h"
#include "sys/hash.h"

/* A batch takes one full tile or one get-entries answer of common size in one go; more entries make more batches. */
#define ENTRY_MAX 1024
#define NAME_MAX_ (32 * ENTRY_MAX)
#define TEXT_MAX  (4u << 20)

G_STATIC_ASSERT(NAME_MAX_ >= HK_BATCH_ENTRY_NAMES_MAX);
G_STATIC_ASSERT(TEXT_MAX >= HK_BATCH_TEXT_MIN);

typedef uint8_t hk_leaf_hash[32];

struct hk_ct_block {
	hk_batch batch;
	hk_gz *gz;
	hk_leaf_hasher *hasher;
	GArray *to_hash; /* of hk_span: the entries of the block under way */
	GArray *leaves;  /* of hk_leaf_hash: their hashes, once the block is read */
};

/* One run over one block. */
typedef struct block_run {
	hk_ct_block *block;
	const hk_ct_want *want;
	bool hashing;
	hk_ct_batch_fn fn;
	void *user;
	size_t seen; /* entries framed, skipped ones included */
} block_run;

hk_ct_block *
hk_ct_block_new(void)
{
	hk_ct_block *block = g_new0(hk_ct_block, 1);

	block->batch.entries = g_new(hk_batch_entry, ENTRY_MAX);
	block->batch.entry_max = ENTRY_MAX;
	block->batch.names = g_new(hk_name, NAME_MAX_);
	block->batch.name_max = NAME_MAX_;
	block->batch.text = g_malloc(TEXT_MAX);
	block->batch.text_max = TEXT_MAX;
	block->gz = hk_gz_new();
	block->hasher = hk_leaf_hasher_new();
	block->to_hash = g_array_sized_new(FALSE, FALSE, sizeof(hk_span), ENTRY_MAX);
	block->leaves = g_array_sized_new(FALSE, FALSE, sizeof(hk_leaf_hash), ENTRY_MAX);
	return block;
}

void
hk_ct_block_free(hk_ct_block *block)
{
	if (!block) {
		return;
	}
	g_free(block->batch.entries);
	g_free(block->batch.names);
	g_free(block->batch.text);
	hk_gz_free(block->gz);
	hk_leaf_hasher_free(block->hasher);
	g_array_unref(block->to_hash);
	g_array_unref(block->leaves);
	g_free(block);
}

static bool
flush(block_run *run, GError **error)
{
	hk_batch *batch = &run->block->batch;
	bool fine = batch->entry_count == 0 || run->fn(run->user, batch, error);

	hk_batch_clear(batch);
	return fine;
}

static bool
broken(const block_run *run, hk_err err, GError **error)
{
	return hk_error_set(error, err, "entry %" G_GUINT64_FORMAT ": %s (%s)",
		run->want->first + run->seen, hk_err_meaning(err), hk_err_code(err));
}

/* One entry that was framed (framing: how that went): passed over, or hashed, read and appended. */
static bool
take(block_run *run, hk_err framing, const hk_ctleaf *leaf, GError **error)
{
	uint64_t index = run->want->first + run->seen;

	if (framing != HK_OK) {
		return broken(run, framing, error);
	}
	if (run->seen < run->want->skip) {
		run->seen++;
		return true;
	}
	if (leaf->leaf_index >= 0 ? (uint64_t)leaf->leaf_index != index : run->want->index_must) {
		return hk_error_set(error, HK_ECHECK,
			"entry %" G_GUINT64_FORMAT ": its leaf_index is %" G_GINT64_FORMAT, index,
			leaf->leaf_index);
	}
	if (run->hashing) {
		g_array_append_val(run->block->to_hash, leaf->timestamped_entry);
	}
	hk_err err = hk_batch_add(&run->block->batch, index, leaf);
	if (err == HK_ENOMEM) {
		if (!flush(run, error)) {
			return false;
		}
		err = hk_batch_add(&run->block->batch, index, leaf);
	}
	if (err != HK_OK) {
		return broken(run, err, error);
	}
	run->seen++;
	return true;
}

/* What is common to the end of every block: the last batch, the count, and only then the range. */
static bool
finish(block_run *run, hk_range *range, size_t *ret_count, GError **error)
{
	size_t got = run->seen > run->want->skip ? run->seen - run->want->skip : 0;

	if (got < run->want->count && !run->want->short_ok) {
		return hk_error_set(error, HK_ETRUNC, "%zu entries where %zu were expected", got,
			run->want->count);
	}
	if (!flush(run, error)) {
		return false;
	}
	if (range) {
		hk_ct_block *block = run->block;
		g_array_set_size(block->leaves, block->to_hash->len);
		hk_leaf_hash *leaves = (hk_leaf_hash *)(void *)block->leaves->data;
		hk_leaf_hasher_run(block->hasher,
			(const hk_span *)(const void *)block->to_hash->data, block->to_hash->len,
			leaves);
		hk_range_append(range, (const hk_leaf_hash *)leaves, block->to_hash->len);
	}
	*ret_count = got;
	return true;
}

static void
begin(block_run *run)
{
	hk_batch_clear(&run->block->batch);
	g_array_set_size(run->block->to_hash, 0);
}

bool
hk_ct_block_plain(hk_ct_block *block, hk_span bytes, hk_span *ret, GError **error)
{
	uint8_t *plain;
	size_t len;

	if (!hk_gz_looks(bytes)) {
		*ret = bytes;
		return true;
	}
	hk_err err = hk_gz_inflate(block->gz, bytes, HK_CT_BLOCK_MAX, &plain, &len);
	if (err != HK_OK) {
		return hk_error_set(error, err, "cannot decompress: %s (%s)", hk_err_meaning(err),
			hk_err_code(err));
	}
	*ret = hk_span_of(plain, len);
	return true;
}

bool
hk_ct_block_tile(hk_ct_block *block, hk_span tile, const hk_ct_want *want, hk_range *range,
	hk_ct_batch_fn fn, void *user, size_t *ret_count, GError **error)
{
	block_run run = {block, want, range != NULL, fn, user, 0};
	hk_cur cur;

	if (!hk_ct_block_plain(block, tile, &tile, error)) {
		return false;
	}
	begin(&run);
	cur = hk_cur_of(tile);
	while (!hk_cur_empty(&cur) && run.seen < want->skip + want->count) {
		hk_ctleaf leaf;
		hk_err err = hk_ctleaf_next_tile(&cur, &leaf);
		if (!take(&run, err, &leaf, error)) {
			return false;
		}
	}
	return finish(&run, range, ret_count, error);
}

bool
hk_ct_block_entries(hk_ct_block *block, uint8_t *body, size_t len, const hk_ct_want *want,
	hk_range *range, hk_ct_batch_fn fn, void *user, size_t *ret_count, GError **error)
{
	block_run run = {block, want, range != NULL, fn, user, 0};
	hk_span plain;
	hk_ctjson scan;

	if (!hk_ct_block_plain(block, hk_span_of(body, len), &plain, error)) {
		return false;
	}
	begin(&run);
	/* The bytes are ours to overwrite: the caller's buffer or the decompressor's. */
	hk_ctjson_init(&scan, (uint8_t *)plain.data, plain.len);
	while (run.seen < want->skip + want->count) {
		hk_span leaf_input;
		hk_span extra;
		bool done;
		hk_ctleaf leaf;
		hk_err err = hk_ctjson_next(&scan, &leaf_input, &extra, &done);
		if (err == HK_OK && done) {
			err = hk_ctjson_end(&scan); /* a cut body, or bytes behind it */
			if (err == HK_OK) {
				break;
			}
		}
		if (err == HK_OK) {
			err = hk_ctleaf_parse_merkle(leaf_input, &leaf);
		}
		if (!take(&run, err, &leaf, error)) {
			return false;
		}
	}
	return finish(&run, range, ret_count, error);
}

bool
hk_ct_block_cert(hk_ct_block *block, hk_span der, uint64_t index, hk_ct_batch_fn fn, void *user,
	GError **error)
{
	hk_ct_want want = {.first = index, .count = 1};
	block_run run = {block, &want, false, fn, user, 0};
	hk_ctleaf leaf = {.cert = der, .leaf_index = -1};
	size_t count;

	begin(&run);
	return take(&run, HK_OK, &leaf, error) && finish(&run, NULL, &count, error);
}
