/* score/variants: the texts that the gate looks for. Layer: score. Input is ours (a pack).
 *
 * The gate is one scan for many literals, case-folded, anywhere in a name; what it lets pass is then looked at by
 * hk_brand_find. So this list has to hold something of every name that hk_brand_find would recognise, and may hold more:
 * each token, its look-alikes, its typing errors, and official domains followed by a dot. */
#ifndef HK_SCORE_VARIANTS_H
#define HK_SCORE_VARIANTS_H

#include <glib.h>

#include "score/targets.h"

/* Most texts; most look-alikes of one token; the least letters of a token whose typing errors are listed (as many as 800
 * texts each), and the same for tokens that are not the first of their brand. */
#define HK_VARIANTS_MAX       200000u
#define HK_VARIANTS_FOLD_MAX  64u
#define HK_VARIANTS_EDIT_MIN  7u
#define HK_VARIANTS_EDIT_MIN2 13u

typedef enum hk_variant_kind {
	HK_VARIANT_TOKEN,    /* as in the pack, and without its hyphens */
	HK_VARIANT_OFFICIAL, /* an official domain and a dot, also with hyphens for dots */
	HK_VARIANT_FOLD,     /* look-alike */
	HK_VARIANT_EDIT,     /* 1 edit away */
} hk_variant_kind;

typedef struct hk_variant {
	char *text;      /* owned by the list; a-z 0-9 - . */
	uint32_t target; /* number of the brand */
	uint32_t token;  /* number in hk_targets_tokens */
	hk_variant_kind kind;
} hk_variant;

void hk_variants_free(GArray *variants);

/* hk_variants_new(targets, ret_dropped): array of hk_variant, each text once (the first token and the strongest kind keep
 * it), in an order that depends on the pack alone: first all tokens and domains, then look-alikes, then typing errors.
 * Tokens that need context are listed as they are, from 4 letters on; shorter ones and keywords are not. What is over
 * HK_VARIANTS_MAX is left out from the end and counted in *ret_dropped (may be NULL). */
GArray *hk_variants_new(const hk_targets *targets, size_t *ret_dropped)
	HK_FREED_BY(hk_variants_free);

#endif
