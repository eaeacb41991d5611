/* cmd/seed: what a new database begins with. Layer: cmd. */
#ifndef HK_CMD_SEED_H
#define HK_CMD_SEED_H

#include "store/db.h"

/* hk_seed(db, audit_key, targets, own, ret_targets, ret_brands, error): binds the audit key, makes the statuses, and a target for each brand of
 * the pack (targets: file or folder, or NULL) that is not there yet; audited as db.init. own: brands of the pack that are ours, by name or alias,
 * NULL-terminated (HK_EUSAGE for one that the pack does not have); a pack of one brand is ours anyway. *ret_targets were made, of *ret_brands in the pack. */
bool hk_seed(hk_db *db, const char *audit_key, const char *targets, const char *const *own,
	int64_t *ret_targets, size_t *ret_brands, GError **error);

/* hk_seed_check(targets, own, error): the same mistakes, found before a database is made. */
bool hk_seed_check(const char *targets, const char *const *own, GError **error);

#endif
