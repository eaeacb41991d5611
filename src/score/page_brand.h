/* score/page_brand: which brands a page speaks of, and where. Layer: score. Sketches are hostile.
 *
 * Words of the packs (names, aliases, words, tokens that stand alone) are folded and looked for in the folded areas of a sketch, all at once
 * (sys/patterns); of words within one another the longest counts. Hosts are looked up, hashes too. */
#ifndef HK_SCORE_PAGE_BRAND_H
#define HK_SCORE_PAGE_BRAND_H

#include "score/page.h"
#include "score/targets.h"

/* What a page has of one brand; texts borrowed from the finder. */
typedef struct hk_page_brand {
	uint32_t target; /* number */
	unsigned areas;  /* bit of an area that has one of its words */
	const char *word
		[HK_PAGE_AREAS]; /* the first one found there, as the pack spells it; of PATHS: the path */
	bool title_is; /* the title is nothing but the brand, and words that every such page has */
	bool head_is, site_is;
	const char *loads, *links,
		*sends; /* official domain, or NULL; borrowed from the sketch's area: up to the line's end */
	bool logo, icon;
	unsigned paths; /* resource paths of its own site */
} hk_page_brand;

typedef struct hk_page_brands hk_page_brands;
hk_page_brands *hk_page_brands_new(
	const hk_targets *targets, const char *cache, GError **error); /* targets borrowed */
void hk_page_brands_free(hk_page_brands *brands);                      /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_page_brands, hk_page_brands_free)

/* hk_page_brands_find(brands, sketch): array of hk_page_brand, each target once; valid until the next call. Official hosts that are allow-listed do not
 * count. */
const GArray *hk_page_brands_find(hk_page_brands *brands, const hk_page_sketch *sketch);

/* hk_page_brands_bare(text): letters and digits that remain of a folded text without words that every login page has ("login", "ようこそ") and years.
 * For copyright lines, too. */
size_t hk_page_brands_bare(const char *text);

#endif
