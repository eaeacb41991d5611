/* role/judge: what becomes of the entries of a batch: hits of the scorer, and odd certificates. Layer: role.
 *
 * The one place where a batch (source/ct) meets the scorer (score): used by `ct scan` and `ct follow`. */
#ifndef HK_ROLE_JUDGE_H
#define HK_ROLE_JUDGE_H

#include "score/scorer.h"
#include "sys/options.h"

/* hk_judge_scorer(opts, names_only, error): a scorer as --targets, --patterns, --rules, --model, --suffixes, --cache and
 * --threshold say; names_only: see hk_scorer_config. */
hk_scorer *hk_judge_scorer(const hk_opts *opts, bool names_only, GError **error);

/* Called for one entry, by rising number; verdict is NULL for an odd entry that the scorer has nothing to say about. */
typedef void (*hk_judge_fn)(void *user, const hk_batch_entry *entry, const hk_verdict *verdict);

/* Called, between the others and by rising number, for a sound entry that is no hit, but has names that are worth a light look. */
typedef void (*hk_judge_low_fn)(
	void *user, const hk_batch_entry *entry, const hk_scorer_low *names, size_t count);

/* hk_judge_batch(scorer, batch, all, fn, user): calls fn for every hit and every malformed entry; with all, for every entry. */
void hk_judge_batch(hk_scorer *scorer, const hk_batch *batch, bool all, hk_judge_fn fn, void *user);

/* hk_judge_batch_low(scorer, batch, fn, low_fn, user): without all; low_fn is told what hk_scorer_budget lets pass. */
void hk_judge_batch_low(hk_scorer *scorer, const hk_batch *batch, hk_judge_fn fn,
	hk_judge_low_fn low_fn, void *user);

#endif
