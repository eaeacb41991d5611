/* casework/overlay: what a list would have changed so far, for its dry run: line 7 is a duplicate of line 3 although nothing was
 * written. Layer: stage (casework). */
#ifndef HK_CASEWORK_OVERLAY_H
#define HK_CASEWORK_OVERLAY_H

#include "flow/case.h"

typedef struct hk_overlay hk_overlay;

/* hk_overlay_new(db, error): reads the dedupe period. db is borrowed. */
hk_overlay *hk_overlay_new(hk_db *db, GError **error);
void hk_overlay_free(hk_overlay *overlay); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_overlay, hk_overlay_free)

/* hk_overlay_look(overlay, lead, now_ms, ret, error): what hk_case_take would do after all the leads before, which it remembers.
 * ret->case_id is 0 for a new case, and for a case that this list would have made. */
bool hk_overlay_look(
	hk_overlay *overlay, const hk_lead *lead, int64_t now_ms, hk_taken *ret, GError **error);

#endif
