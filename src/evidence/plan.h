/* evidence/plan: which visits a case is worth: profile x referrer x way out x first or second visit. Layer: stage. Input is ours.
 *
 * Cloaking shows other pages to other visitors (CrawlPhish; Kodera et al. 2021 for referrers; one-time links): a plan has the most telling
 * visits first, so that a budget cuts off the least telling ones. */
#ifndef HK_EVIDENCE_PLAN_H
#define HK_EVIDENCE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "base/err.h"

#define HK_PLAN_MAX 200 /* visits of a plan */

typedef enum hk_profile {
#define PROFILE(id, ...) HK_PROFILE_##id,
#include "evidence/profiles.def"
#undef PROFILE
	HK_PROFILES
} hk_profile;

typedef enum hk_referrer {
#define REFERRER(id, ...) HK_REFERRER_##id,
#include "evidence/referrers.def"
#undef REFERRER
	HK_REFERRERS
} hk_referrer;

/* Rows of the two tables; static storage. */
typedef struct hk_profile_row {
	const char *name, *meaning, *user_agent, *platform, *vendor;
	bool hints;
	const char *hint_platform, *hint_version, *hint_model;
	bool mobile;
	unsigned width, height, screen_width, screen_height;
	double ratio;
	unsigned touch;
} hk_profile_row;

typedef struct hk_referrer_row {
	const char *name, *url, *meaning;
} hk_referrer_row;

const hk_profile_row *hk_profile_get(hk_profile profile);
const hk_referrer_row *hk_referrer_get(hk_referrer referrer);

/* hk_profile_agent(profile, product): the user agent, with the major version of product ("HeadlessChrome/156.0.1.2"; 0 if it has none).
 * hk_profile_major(product): that version. Caller frees the text. */
char *hk_profile_agent(hk_profile profile, const char *product);
unsigned hk_profile_major(const char *product);

/* One visit. */
typedef struct hk_variant {
	hk_profile profile;
	hk_referrer referrer;
	int visit; /* 1, or 2: what is taken is the second visit, with the cookies of the first */
	const char *
		exit; /* name of the way out (sys/egress); NULL: direct. Borrowed from who made the plan */
} hk_variant;

typedef enum hk_plan_size {
	HK_PLAN_QUICK,    /* one visit: the iPhone from a message */
	HK_PLAN_STANDARD, /* the iPhone and the Android phone from a message, the desktop */
	HK_PLAN_FULL,     /* everything times everything */
} hk_plan_size;

/* hk_plan_size_find(text, ret, error): quick, standard or full (flow's hk_plans); HK_EUSAGE, with the words that there are. */
bool hk_plan_size_find(const char *text, hk_plan_size *ret, GError **error);

/* hk_plan_new(kind, size, exits, budget): a GArray of hk_variant, at least one, at most budget (0: HK_PLAN_MAX) and HK_PLAN_MAX. kind: of the
 * case (casekinds.def); a shop of "scam" is looked for by search (99.8 % of them open only then), the standard plan says so too. exits: names, NULL at the
 * end, or NULL: direct only; the quick and the standard plan take the first. Caller unrefs. */
GArray *hk_plan_new(const char *kind, hk_plan_size size, const char *const *exits, unsigned budget);

/* hk_plan_parse(text, ret, error): "PROFILE[/REFERRER[/first|second[/EXIT]]]" as a visit; HK_ERANGE with the words that there are. exit is borrowed
 * from text. */
bool hk_plan_parse(const char *text, hk_variant *ret, GError **error);

/* hk_variant_name(variant): "iphone-sms-1", "desktop-none-2-jp-mobile": letters, digits and hyphens: a folder's name. Caller frees. */
char *hk_variant_name(const hk_variant *variant);

#endif
