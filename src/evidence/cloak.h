/* evidence/cloak: do several visits of one address show the same site? Layer: stage. Input is hostile.
 *
 * Pages differ all the time: nonces, times, advertisements, layouts for phones, languages, experiments. What counts is what a page is there for:
 * whether it answers, where it leads, whether it asks for secrets, and whether its text, links and structure have anything to do with the
 * others'. Pictures are compared for people to see, never for the verdict. A visit that failed (no answer, an error of the server, a page that did not
 * come in time) says nothing. */
#ifndef HK_EVIDENCE_CLOAK_H
#define HK_EVIDENCE_CLOAK_H

#include "evidence/capture.h"
#include "evidence/traits.h"

enum {
	HK_CLOAK_VARIANTS_MAX = 200, /* later ones are not looked at */
	HK_CLOAK_DIFFS_MAX = 12,     /* rows to show; HK_CLOAK_DIFFS_EACH of a dimension */
	HK_CLOAK_DIFFS_EACH = 3,
};

typedef enum hk_cloak_verdict {
	HK_CLOAK_UNKNOWN, /* fewer than two visits brought something, and no click did: nothing to compare */
	HK_CLOAK_SAME,
	HK_CLOAK_CLOAKED,
	HK_CLOAK_DEAD, /* no visit brought a page: no answer, or all were told 404 or 410 */
	HK_CLOAK_VERDICTS,
} hk_cloak_verdict;

/* What decides who sees what; bits of hk_cloak.dimensions. */
typedef enum hk_cloak_dimension {
#define CLOAKDIM(id, code, bit, meaning) HK_CLOAK_##id = bit,
#include "evidence/cloakdims.def"
#undef CLOAKDIM
} hk_cloak_dimension;

/* What differs; bits of hk_cloak_diff.what. */
typedef enum hk_cloak_what {
#define CLOAKWHAT(id, code, bit, meaning) HK_CLOAK_##id = bit,
#include "evidence/cloakwhat.def"
#undef CLOAKWHAT
} hk_cloak_what;

/* One of the two sides of a row. */
typedef struct hk_cloak_side {
	size_t variant; /* index of variants */
	char *name;     /* "iphone-sms-1" */
	int status;     /* of the last page; 0: not known */
	char *host;     /* where it ended */
	char *title;
	char *form; /* token sequence, "" none */
} hk_cloak_side;

typedef struct hk_cloak_diff {
	unsigned dimensions; /* one bit; several when the two visits differ in more than one */
	unsigned what;
	hk_cloak_side a, b;
	double text, structure; /* how alike: 0..1 */
	int picture;            /* bits of dHash that differ, 0..64; -1: not known */
} hk_cloak_diff;

typedef struct hk_cloak {
	hk_cloak_verdict verdict;
	unsigned dimensions; /* of a cloaked one: those that decide */
	bool certain; /* false: no two visits differ in one dimension alone, it may be any of those */
	size_t compared;  /* visits that said something */
	GPtrArray *diffs; /* of hk_cloak_diff: what to show */
} hk_cloak;

/* hk_cloak_judge(variants, n, ret): of visits of one address. Profile, referrer, exit and number of the visit stand in the captures. Never fails.
 * "none" and "sms" are one referrer (nothing is sent). Fills *ret, which hk_cloak_clear frees; borrows nothing. Decodes pictures of the rows
 * in the sandbox: blocks. */
void hk_cloak_judge(const hk_capture *const *variants, size_t n, hk_cloak *ret);
void hk_cloak_clear(hk_cloak *cloak);

/* hk_cloak_verdict_code(verdict): "unknown", "same", "cloaked", "dead". hk_cloak_dimensions_text(bits): "device,referrer"; caller frees. */
const char *hk_cloak_verdict_code(hk_cloak_verdict verdict);
char *hk_cloak_dimensions_text(unsigned dimensions);

/* hk_cloak_json(cloak, out): one object, appended: verdict, dimensions, certain, compared, diffs with dimensions, what, text, structure, picture (null:
 * not known) and the sides a and b. */
void hk_cloak_json(const hk_cloak *cloak, GString *out);

#endif
