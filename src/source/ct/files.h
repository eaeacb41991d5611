/* source/ct/files: certificates from files instead of from a log. Layer: source/ct. Input is hostile.
 *
 * What a file is, is seen from its bytes, never from its name: a data tile (raw or gzip), the body of a get-entries answer
 * (plain or gzip), PEM with any text around it, or one certificate in DER. */
#ifndef HK_SOURCE_CT_FILES_H
#define HK_SOURCE_CT_FILES_H

#include "source/ct/block.h"

/* A file of more bytes than this is refused (HK_ELIMIT). */
#define HK_CT_FILE_MAX (1u << 30)

/* hk_ct_files_find(path, error): path itself if it is a file; all files below it, sorted by path, if it is a folder
 * (symbolic links to folders are not followed, hidden files are passed over). NULL and HK_ENOENT, HK_EPOLICY, HK_EIO. */
GPtrArray *hk_ct_files_find(const char *path, GError **error);

/* hk_ct_files_read(block, path, first, fn, user, ret_count, ret_bytes, error): read one file and hand its entries to fn.
 * Entries are numbered from their leaf_index where they have one, else from the tile number in a path that ends in
 * tile/data/..., else from first. *ret_bytes is the size of the file. HK_EVERSION: the file is none of the kinds above. */
bool hk_ct_files_read(hk_ct_block *block, const char *path, uint64_t first, hk_ct_batch_fn fn,
	void *user, size_t *ret_count, size_t *ret_bytes, GError **error);

#endif
