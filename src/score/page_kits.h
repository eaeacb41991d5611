/* score/page_kits: is a page of the kit of a confirmed case? Layer: score. Sketches are hostile; keys come from our own evidence. */
#ifndef HK_SCORE_PAGE_KITS_H
#define HK_SCORE_PAGE_KITS_H

#include "score/page.h"

/* What a page shares with kits: the case of each, 0: nothing shared. */
typedef struct hk_page_kit_match {
	int64_t form, resource, icon, tags;
	bool telling; /* the form is none that honest sites have, too */
	double near;  /* of the tag paths */
} hk_page_kit_match;

/* hk_page_kits_find(kits, sketch, ret): kits may be NULL. */
void hk_page_kits_find(
	const hk_page_kits *kits, const hk_page_sketch *sketch, hk_page_kit_match *ret);

#endif
