#include <math.h>

#include "match/blend.h"
#include "score/scorer_int.h"
#include "sys/idn.h"
#include "sys/skeleton.h"

/* How many times likelier a kind of evidence is among confirmed phishing than among benign names, as a logarithm, by kind and
 * by letters of the token; measured, see docs/scoring.md. Firms of the whole world have shops, content networks and partners
 * without number; their names say much less. */
enum { LEN_SHORT = 5, LEN_MIDDLE = 7, LEN_CLASSES = 3 };
typedef enum reach { REACH_LOCAL, REACH_WORLD, REACH_COUNT } reach;
static const double log_ratio[HK_BRAND_KIND_COUNT][REACH_COUNT][LEN_CLASSES] = {
	[HK_BRAND_OFFICIAL] = {{6.5, 6.5, 6.5}, {4.0, 4.0, 4.0}},
	[HK_BRAND_EXACT] = {{3.3, 5.8, 5.8}, {0.5, 1.6, 1.6}},
	[HK_BRAND_WORD] = {{4.5, 5.8, 5.8}, {1.2, 1.4, 1.4}},
	[HK_BRAND_INSIDE] = {{2.0, 3.9, 4.5}, {0.0, 0.0, 0.0}},
	/* From 8 letters on no benign host of 198,000 looks like a local brand (7.0 at least); 10.5 is a judgement: no one
	 * comes by such a name by chance. */
	[HK_BRAND_FOLDED] = {{0.0, 6.3, 10.5}, {0.0, 4.5, 4.5}},
	[HK_BRAND_EDIT1] = {{0.0, 2.7, 5.0}, {0.0, 0.2, 4.5}},
	[HK_BRAND_FOLDED_INSIDE] = {{0.0, 3.0, 3.0}, {0.0, 2.0, 2.0}},
	[HK_BRAND_EDIT2] = {{0.0, 0.7, 0.7}, {0.0, 0.7, 0.7}},
};
/* Kinds of evidence that the name model has not seen already: it reads letters, not likeness. */
static const bool is_news[HK_BRAND_KIND_COUNT] = {
	[HK_BRAND_FOLDED] = true,
	[HK_BRAND_FOLDED_INSIDE] = true,
	[HK_BRAND_EDIT1] = true,
};
/* What the weight of other evidence is multiplied with beside a model, which has seen the same letters. */
#define BESIDE_MODEL 0.5

/* Kinds of brand (score/targets.h) that the whole world knows. */
static const char *const world_kinds[] = {
	"platform", "shop", "portal", "messenger", "streaming", "game", "payment"};
/* An internationalised name that looks like, or spells, a brand: too rare to be measured (63 of 79,138 confirmed hosts). */
#define RATIO_IDN 6.0

/* What hk_brand_find said of a name, and of which text. */
typedef struct look {
	hk_brand_evidence evidence;
	const hk_brand_token *token;
	const char *text; /* the name, or its skeleton */
	bool idn;
} look;

static reach
reach_of(const hk_target *target)
{
	for (size_t i = 0; i < G_N_ELEMENTS(world_kinds); i++) {
		if (strcmp(target->kind, world_kinds[i]) == 0) {
			return REACH_WORLD;
		}
	}
	return REACH_LOCAL;
}

static double
full_ratio(const hk_target *target, const look *best)
{
	size_t letters = best->token->word_len;
	size_t class = letters <= LEN_SHORT ? 0 : letters <= LEN_MIDDLE ? 1 : 2;

	return log_ratio[best->evidence.kind][reach_of(target)][class];
}

/* A model knows the letters of brands that were imitated while it learnt, and takes those of all others for a stranger's: beside it, a brand as a whole word counts at least
 * as much as it does without one. */
static double
alone_of(const hk_target *target, const look *best)
{
	bool whole = best->evidence.kind == HK_BRAND_EXACT || best->evidence.kind == HK_BRAND_WORD;

	return whole ? hk_blend_odds(HK_BLEND_START) + full_ratio(target, best) : -INFINITY;
}

static double
ratio_of(const hk_scorer_set *set, const hk_target *target, const look *best)
{
	double ratio = full_ratio(target, best);

	if (set->model && !is_news[best->evidence.kind]) {
		ratio *= BESIDE_MODEL;
	}
	return best->idn ? fmax(ratio, RATIO_IDN) : ratio;
}

static void
describe(hk_name name, const look *best, char *out, size_t room)
{
	const hk_brand_evidence *found = &best->evidence;
	const hk_brand_token *token = best->token;
	int len = (int)found->len;
	const char *shown = best->text + found->off;
	const char *words = hk_brand_kind_words(found->kind);

	if (best->idn) {
		g_snprintf(out, room, "'%.*s' when decoded %s '%s'", (int)name.len, name.text,
			words, token->text);
		return;
	}
	switch (found->kind) {
	case HK_BRAND_EXACT:
	case HK_BRAND_WORD:
		g_snprintf(out, room, "%s '%s'", words, token->text);
		break;
	case HK_BRAND_OFFICIAL:
		g_snprintf(out, room, "%s: '%s'", words, token->text);
		break;
	case HK_BRAND_EDIT1:
	case HK_BRAND_EDIT2:
		g_snprintf(out, room, "label %s '%s': '%.*s'", words, token->text, len, shown);
		break;
	case HK_BRAND_NONE:
	case HK_BRAND_INSIDE:
	case HK_BRAND_FOLDED:
	case HK_BRAND_FOLDED_INSIDE:
	case HK_BRAND_KIND_COUNT:
		g_snprintf(out, room, "%s '%s': '%.*s'", words, token->text, len, shown);
	}
}

static void
find_in(const hk_scorer_set *set, const hk_brand_token *tokens, size_t count, const char *text,
	size_t len, bool idn, look *best)
{
	hk_suffix_split split;
	hk_brand_evidence found;

	hk_suffix_split_name(set->table, text, len, &split);
	if (hk_brand_find(text, len, &split, tokens, count, &found) &&
		(best->evidence.kind == HK_BRAND_NONE || found.kind < best->evidence.kind)) {
		*best = (look){found, &tokens[found.token], text, idn};
	}
}

/* By the tokens of the brands that the gate has seen in the name; where it has not looked, or had to let everything pass, by
 * those of all. */
static void
find(const hk_scorer_set *set, const hk_scorer_suspects *suspects, const char *text, size_t len,
	bool idn, look *best)
{
	size_t count;

	if (!suspects || idn) {
		const hk_brand_token *tokens = hk_targets_tokens(set->targets, &count);
		find_in(set, tokens, count, text, len, idn, best);
		return;
	}
	for (size_t i = 0; i < suspects->count; i++) {
		const hk_scorer_tokens *tokens = &set->tokens[suspects->target[i]];
		find_in(set, tokens->list, tokens->count, text, len, idn, best);
	}
}

/* A brand spelt in its own script: みほん銀行.example. Two characters are too few to mean anything. */
static const hk_target *
find_alias(const hk_scorer_set *set, const char *text, size_t len, const char **ret_alias)
{
	enum { ALIAS_MIN = 3 * 3 };

	for (size_t i = 0; i < hk_targets_count(set->targets); i++) {
		const hk_target *target = hk_targets_get(set->targets, i);
		for (unsigned k = 0; k <= target->aliases->len; k++) {
			const char *alias =
				k == 0 ? target->name : g_ptr_array_index(target->aliases, k - 1);
			size_t alias_len = strlen(alias);
			if ((uint8_t)alias[0] >= 0x80 && alias_len >= ALIAS_MIN &&
				memmem(text, len, alias, alias_len)) {
				*ret_alias = alias;
				return target;
			}
		}
	}
	return NULL;
}

bool
hk_scorer_official(const hk_scorer *scorer, hk_name name, hk_scorer_brand *ret)
{
	const hk_targets *targets = scorer->set->targets;
	bool allowed = false;
	const hk_target *target =
		targets ? hk_targets_official(targets, hk_span_of(name.text, name.len), &allowed)
			: NULL;

	if (!target) {
		return false;
	}
	ret->target = target->name;
	ret->official = true;
	g_snprintf(ret->text, sizeof ret->text, "%.*s is %s '%s': it never alarms", (int)name.len,
		name.text, allowed ? "allow-listed for" : "an official name of", target->name);
	return true;
}

bool
hk_scorer_brand_of(const hk_scorer *scorer, hk_name name, const hk_scorer_suspects *suspects,
	hk_scorer_brand *ret)
{
	const hk_scorer_set *set = scorer->set;
	char text[HK_IDN_TEXT_MAX];
	char skeleton[HK_SKELETON_TEXT_MAX];
	size_t len = 0;
	size_t skeleton_len = 0;
	look best = {.evidence = {.kind = HK_BRAND_NONE}};

	if (!set->targets) {
		return false;
	}
	if (hk_scorer_official(scorer, name, ret)) {
		return true;
	}
	find(set, suspects, name.text, name.len, false, &best);
	if (hk_idn_to_unicode(hk_span_of(name.text, name.len), text, sizeof text, &len) == HK_OK) {
		const char *alias = NULL;
		const hk_target *target = find_alias(set, text, len, &alias);
		if (target) {
			ret->target = target->name;
			ret->log_ratio = RATIO_IDN;
			ret->alone = -INFINITY;
			g_snprintf(ret->text, sizeof ret->text, "'%.*s' when decoded contains '%s'",
				(int)name.len, name.text, alias);
			return true;
		}
		if (hk_skeleton_of(hk_span_of(text, len), skeleton, sizeof skeleton,
			    &skeleton_len) == HK_OK) {
			find(set, suspects, skeleton, skeleton_len, true, &best);
		}
	}
	if (best.evidence.kind == HK_BRAND_NONE) {
		return false;
	}
	const hk_target *brand = hk_targets_get(set->targets, best.token->brand);
	ret->target = brand->name;
	ret->log_ratio = ratio_of(set, brand, &best);
	ret->alone = alone_of(brand, &best);
	describe(name, &best, ret->text, sizeof ret->text);
	return true;
}
