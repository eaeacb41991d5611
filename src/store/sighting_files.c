/* nocheck: tested in tests/unit/source/test_mailbox.c */
#include "store/sighting_files.h"

bool
hk_sighting_file_add(hk_db *db, int64_t sighting_id, const char *name, const char *type,
	int64_t bytes, const uint8_t sha256[32], int64_t at_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO attachments (sighting_id, name, type, bytes, sha256, at_ms) "
		       "VALUES ($1, $2, $3, $4, $5, $6)"),
		HK_ARGS(hk_v_int(sighting_id), hk_v_str(name), hk_v_str(type), hk_v_int(bytes),
			hk_v_blob(hk_span_of(sha256, 32)), hk_v_int(at_ms)),
		NULL, error);
}
