/* score/scorer: how likely a certificate or a name is a phishing site against one of our targets, and why. Layer: score.
 *
 * Two stages. The gate sees every name of a batch: one pattern scan over the arena (watch patterns, brand tokens and their
 * variants) and, when a model is loaded, the name model. The full look sees only entries that pass the gate: public
 * suffix, decoded and folded labels, distances, the brand in the chain of labels, certificate facts, YARA rules. Not
 * thread-safe; one scorer per thread. */
#ifndef HK_SCORE_SCORER_H
#define HK_SCORE_SCORER_H

#include <glib.h>

#include "match/verdict.h"
#include "parse/batch.h"

typedef struct hk_scorer hk_scorer;

typedef struct hk_scorer_config {
	const char *targets;  /* pack, or folder of packs (*.conf); NULL: no brands */
	const char *patterns; /* watch list, one pattern per line; NULL: none */
	const char *rules;    /* folder of *.yar; NULL: none */
	const char *model;    /* name model; NULL: none */
	const char *suffixes; /* public_suffix_list.dat; NULL: Debian's */
	const char *cache;    /* folder for compiled patterns (sys/patterns.h); NULL: none */
	bool names_only; /* hk_scorer_name only: the look-alikes of brand tokens are not compiled for a gate */
	double threshold; /* least score that makes a hit, 0..1 */
} hk_scorer_config;

/* hk_scorer_new(config, error): loads everything; the strings of config are copied. A missing or broken pack, watch list or
 * model is an error that names file and line. A broken rule file is logged (event rules.bad_file) and left out. */
void hk_scorer_free(hk_scorer *scorer);
hk_scorer *hk_scorer_new(const hk_scorer_config *config, GError **error)
	HK_FREED_BY(hk_scorer_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_scorer, hk_scorer_free)

/* hk_scorer_reload(scorer, error): reads all files again (SIGHUP). On failure what was loaded before stays in force. */
bool hk_scorer_reload(hk_scorer *scorer, GError **error);

/* Called for one entry of the batch, by rising entry number. The verdict is valid during the call. */
typedef void (*hk_scorer_fn)(void *user, size_t entry, const hk_verdict *verdict);

/* hk_scorer_batch(scorer, batch, all, fn, user): calls fn for each entry whose score is at least the threshold or that a rule
 * matches; with all, for every entry (the full look is then taken at each). Official and allow-listed names never make a hit. */
void hk_scorer_batch(
	hk_scorer *scorer, const hk_batch *batch, bool all, hk_scorer_fn fn, void *user);

/* Names that are no hit, but score so high that a light look may be worth it (score/budget). */
#define HK_SCORER_LOW_MAX 8 /* of one certificate */
typedef struct hk_scorer_low {
	hk_name name; /* without "*."; valid during the call */
	float score;
	const char *target; /* as in hk_verdict */
} hk_scorer_low;

/* Called for one entry that is no hit, with at least one name; between the calls of hk_scorer_fn, by rising entry number. */
typedef void (*hk_scorer_low_fn)(
	void *user, size_t entry, const hk_scorer_low *names, size_t count);

/* hk_scorer_budget(scorer, budget, share, floor): from now on budget (borrowed; NULL: none) says which names hk_scorer_batch_low tells: share as
 * in hk_budget_init, floor as a score of 0 to 1. Call it again when they change; a reload keeps them. */
struct hk_budget;
void hk_scorer_budget(hk_scorer *scorer, struct hk_budget *budget, double share, double floor);

/* hk_scorer_batch_low(scorer, batch, fn, low_fn, user): hk_scorer_batch without all, which also calls low_fn. Official and allow-listed names, names
 * without a registrable domain, and "www." beside its own domain are never told. */
void hk_scorer_batch_low(hk_scorer *scorer, const hk_batch *batch, hk_scorer_fn fn,
	hk_scorer_low_fn low_fn, void *user);

/* hk_scorer_is_hit(scorer, verdict): at or above the threshold or matched by a rule, and not official. */
bool hk_scorer_is_hit(const hk_scorer *scorer, const hk_verdict *verdict);

/* hk_scorer_name(scorer, name, ret, error): one host name (any case, U-labels or A-labels, trailing dot) with the full look and
 * all reasons, official and allow-listed names included (they say so). HK_EFORM: no host name. Rules see it as a certificate
 * with this one name. *ret is valid until the next call. */
bool hk_scorer_name(hk_scorer *scorer, hk_span name, hk_verdict *ret, GError **error);

#endif
