/* role/brands: the brands of the target pack as targets of the database, whom cases concern. Layer: role.
 *
 * score/ reads the pack and flow/ keeps the targets; neither knows the other. A target that is there (hk_meta_seed_target()
 * of flow/meta says which one that is) stays as people made it. */
#ifndef HK_ROLE_BRANDS_H
#define HK_ROLE_BRANDS_H

#include "flow/flow.h"
#include "score/targets.h"

/* hk_brands_check(pack, own, error): each of own (NULL-terminated) is the name or an alias of a brand of the pack (or NULL); else HK_EUSAGE. */
bool hk_brands_check(const hk_targets *pack, const char *const *own, GError **error);

/* hk_brands_seed(flow, pack, own, ret_made, error): inside a transaction: a target for each brand that is not there yet. own: those that are ours; a pack of
 * one brand is ours anyway. */
bool hk_brands_seed(hk_flow *flow, const hk_targets *pack, const char *const *own,
	int64_t *ret_made, GError **error);

/* hk_brands_take(flow, path, error): the same with the pack (file or folder; NULL: nothing) as it is now, in a transaction of its own, and nobody to say which
 * are ours: what is new in a pack of several brands is not, until the board says so. What a role does when it starts, and when it reads its files again. */
bool hk_brands_take(hk_flow *flow, const char *path, GError **error);

#endif
