#include "source/ct/files.h"

#include <errno.h>
#include <fts.h>
#include <sys/stat.h>

#include "parse/cttile.h"
#include "parse/pem.h"
#include "sys/file.h"
#include "sys/gerr.h"

static int
by_path(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
close_fts(FTS *walk)
{
	fts_close(walk);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FTS, close_fts)

GPtrArray *
hk_ct_files_find(const char *path, GError **error)
{
	char *const roots[] = {(char *)path, NULL};
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(FTS) walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	FTSENT *at;

	if (!walk) {
		hk_error_errno(error, errno, "cannot read %s", path);
		return NULL;
	}
	while ((at = fts_read(walk)) != NULL) {
		if (at->fts_info == FTS_DNR || at->fts_info == FTS_ERR || at->fts_info == FTS_NS) {
			hk_error_errno(error, at->fts_errno, "cannot read %s", at->fts_path);
			return NULL;
		}
		if (at->fts_level > 0 && at->fts_name[0] == '.') {
			fts_set(walk, at, FTS_SKIP);
		} else if (at->fts_info == FTS_F ||
			   (at->fts_level == 0 && at->fts_info == FTS_DEFAULT)) {
			g_ptr_array_add(found, g_strdup(at->fts_path));
		}
	}
	g_ptr_array_sort(found, by_path);
	return g_steal_pointer(&found);
}

/* What a file can be. */
typedef enum kind { KIND_TILE, KIND_ENTRIES, KIND_PEM, KIND_DER, KIND_UNKNOWN } kind;

/* 2013-01-01, before the first log, and 2100-01-01, in ms: a data tile begins with a time between them. */
#define EARLIEST_MS 1356998400000u
#define LATEST_MS   4102444800000u

static bool
begins_tile(hk_span bytes)
{
	hk_cur cur = hk_cur_of(bytes);
	hk_ctleaf leaf;

	return hk_ctleaf_next_tile(&cur, &leaf) == HK_OK && leaf.timestamp_ms >= EARLIEST_MS &&
	       leaf.timestamp_ms < LATEST_MS;
}

static kind
kind_of(hk_span bytes)
{
	size_t at = 0;

	while (at < bytes.len && strchr(" \t\r\n", bytes.data[at]) && bytes.data[at] != '\0') {
		at++;
	}
	if (at < bytes.len && bytes.data[at] == '{') {
		return KIND_ENTRIES;
	}
	if (bytes.len > 2 && bytes.data[0] == 0x30 && bytes.data[1] >= 0x80) {
		return KIND_DER; /* a SEQUENCE of more than 127 octets */
	}
	if (begins_tile(bytes)) {
		return KIND_TILE;
	}
	return hk_pem_looks(bytes) ? KIND_PEM : KIND_UNKNOWN;
}

/* The index of a tile's first entry: as its first leaf says, as its path says, or as the caller counts. */
static uint64_t
first_of(hk_span tile, const char *path, uint64_t first)
{
	hk_cur cur = hk_cur_of(tile);
	const char *at = strstr(path, "tile/data/");
	hk_ctleaf leaf;
	hk_cttile place;

	if (hk_ctleaf_next_tile(&cur, &leaf) == HK_OK && leaf.leaf_index >= 0) {
		return (uint64_t)leaf.leaf_index;
	}
	if (at && hk_cttile_parse(hk_span_str(at), &place) == HK_OK) {
		return place.index * HK_CTTILE_WIDTH;
	}
	return first;
}

static bool
read_pem(hk_ct_block *block, uint8_t *text, size_t len, uint64_t first, hk_ct_batch_fn fn,
	void *user, size_t *ret_count, GError **error)
{
	hk_pem pem;
	hk_span der;
	size_t count = 0;

	hk_pem_init(&pem, text, len);
	for (;;) {
		bool done;
		hk_err err = hk_pem_next(&pem, &der, &done);
		if (err != HK_OK) {
			return hk_error_set(error, err,
				"certificate %zu: the PEM block is broken: %s", count + 1,
				hk_err_meaning(err));
		}
		if (done) {
			break;
		}
		if (!hk_ct_block_cert(block, der, first + count, fn, user, error)) {
			return false;
		}
		count++;
	}
	*ret_count = count;
	return true;
}

bool
hk_ct_files_read(hk_ct_block *block, const char *path, uint64_t first, hk_ct_batch_fn fn,
	void *user, size_t *ret_count, size_t *ret_bytes, GError **error)
{
	g_autoptr(GBytes) file = hk_file_read(path, HK_CT_FILE_MAX, error);
	hk_ct_want want = {.count = SIZE_MAX, .short_ok = true};
	hk_span bytes;
	hk_span plain;

	if (!file) {
		return false;
	}
	bytes.data = g_bytes_get_data(file, &bytes.len);
	*ret_bytes = bytes.len;
	if (!hk_ct_block_plain(block, bytes, &plain, error)) {
		g_prefix_error(error, "%s: ", path);
		return false;
	}
	/* The file's bytes are a copy of ours, read by nobody else: they may be decoded in place. */
	uint8_t *own = (uint8_t *)plain.data;
	bool fine = false;
	switch (kind_of(plain)) {
	case KIND_TILE:
		want.first = first_of(plain, path, first);
		fine = hk_ct_block_tile(block, plain, &want, NULL, fn, user, ret_count, error);
		break;
	case KIND_ENTRIES:
		want.first = first;
		fine = hk_ct_block_entries(
			block, own, plain.len, &want, NULL, fn, user, ret_count, error);
		break;
	case KIND_PEM:
		fine = read_pem(block, own, plain.len, first, fn, user, ret_count, error);
		break;
	case KIND_DER:
		*ret_count = 1;
		fine = hk_ct_block_cert(block, plain, first, fn, user, error);
		break;
	case KIND_UNKNOWN:
		hk_error_set(error, HK_EVERSION,
			"neither a data tile, nor a get-entries answer, nor a certificate in PEM "
			"or DER");
		break;
	}
	if (!fine) {
		g_prefix_error(error, "%s: ", path);
	}
	return fine;
}
