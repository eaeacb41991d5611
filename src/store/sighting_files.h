/* store/sighting_files: what is kept with a sighting: the mail that it came from. Layer: store. The bytes lie in the blob store
 * (sys/blob). */
#ifndef HK_STORE_SIGHTING_FILES_H
#define HK_STORE_SIGHTING_FILES_H

#include "store/db.h"

/* hk_sighting_file_add(db, sighting_id, name, type, bytes, sha256, at_ms, error): a row of attachments. Inside a write transaction, behind the one that
 * made the sighting. */
bool hk_sighting_file_add(hk_db *db, int64_t sighting_id, const char *name, const char *type,
	int64_t bytes, const uint8_t sha256[32], int64_t at_ms, GError **error);

#endif
