/* cmd/seed: what a new database begins with. Layer: cmd. */
#ifndef HK_CMD_SEED_H
#define HK_CMD_SEED_H

#include "store/db.h"

/* hk_seed(db, audit_key, targets, ret_targets, error): binds the audit key, makes the statuses, and a target for each brand of
 * the pack (targets: file or folder, or NULL) that is not there yet; audited as db.init. */
bool hk_seed(hk_db *db, const char *audit_key, const char *targets, int64_t *ret_targets,
	GError **error);

#endif
