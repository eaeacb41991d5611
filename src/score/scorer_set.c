#include <malloc.h>
#include <math.h>

#include "match/blend.h"
#include "score/scorer_int.h"
#include "score/variants.h"
#include "sys/gerr.h"
#include "sys/log.h"

/* From this score of the model on the full look is taken, unless the threshold lies lower still. */
#define LOOK_SCORE 0.1

void
hk_scorer_set_free(hk_scorer_set *set)
{
	if (set) {
		hk_patterns_free(set->patterns);
		hk_modelfile_free(set->modelfile);
		hk_rules_free(set->rules);
		hk_watch_free(set->watch);
		for (size_t i = 0; set->tokens && i < hk_targets_count(set->targets); i++) {
			g_free(set->tokens[i].list);
		}
		g_free(set->tokens);
		hk_targets_free(set->targets);
		hk_suffixes_free(set->suffixes);
		g_free(set);
	}
}

static void
on_bad_rules(void *user, const char *message)
{
	(void)user;
	hk_log(HK_EVENT_RULE_FILE_REFUSED, HK_F_STR("reason", message));
}

/* Letters that every label of that kind begins with are cheaper to look for than the label alone. */
enum { SHORT_LABEL = 4 };

static void
add_pattern(GArray *list, GStringChunk *texts, uint32_t id, const char *before, const char *text,
	const char *after)
{
	g_autofree char *joined = g_strconcat(before, text, after, NULL);
	hk_pattern pattern = {hk_span_str(g_string_chunk_insert(texts, joined)), id};

	g_array_append_val(list, pattern);
}

/* Every name stands between two line feeds (parse/batch.h). */
static void
add_watch(const hk_watch *watch, GArray *list, GStringChunk *texts)
{
	size_t count;
	const hk_watch_row *rows = hk_watch_rows(watch, &count);

	for (size_t i = 0; i < count; i++) {
		const char *after = rows[i].name_end ? "\n" : "";
		if (rows[i].label_start && !rows[i].name_end && rows[i].len <= SHORT_LABEL) {
			add_pattern(list, texts, (uint32_t)i, "\n", rows[i].text, after);
			add_pattern(list, texts, (uint32_t)i, ".", rows[i].text, after);
		} else {
			add_pattern(list, texts, (uint32_t)i, "", rows[i].text, after);
		}
	}
}

/* An A-label may decode to anything. */
static void
add_variants(const hk_scorer_set *set, const GArray *variants, GArray *list)
{
	hk_pattern pattern = {HK_SPAN_LIT("xn--"), set->watch_count};

	size_t count;
	const hk_brand_token *tokens = hk_targets_tokens(set->targets, &count);

	g_array_append_val(list, pattern);
	for (unsigned i = 0; i < variants->len; i++) {
		const hk_variant *variant = &g_array_index(variants, hk_variant, i);
		pattern.text = hk_span_str(variant->text);
		pattern.id = set->watch_count + 1 + variant->target;
		if (tokens[variant->token].needs_context) {
			pattern.id |= HK_SCORER_ID_WORD;
		}
		g_array_append_val(list, pattern);
	}
}

/* The full look compares with the brands that the gate has seen, not with all. */
static void
sort_tokens(hk_scorer_set *set)
{
	size_t brands = hk_targets_count(set->targets);
	size_t count;
	const hk_brand_token *tokens = hk_targets_tokens(set->targets, &count);

	set->tokens = g_new0(hk_scorer_tokens, brands + 1);
	for (size_t brand = 0; brand < brands; brand++) {
		GArray *own = g_array_new(FALSE, FALSE, sizeof(hk_brand_token));
		for (size_t i = 0; i < count; i++) {
			if (tokens[i].brand == brand || tokens[i].brand == HK_BRAND_ALL) {
				g_array_append_val(own, tokens[i]);
			}
		}
		set->tokens[brand].count = own->len;
		set->tokens[brand].list = (hk_brand_token *)(void *)g_array_free(own, FALSE);
	}
}

static bool
load_patterns(hk_scorer_set *set, const hk_scorer_config *config, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(hk_pattern));
	GStringChunk *texts = g_string_chunk_new(1 << 16);
	GArray *variants = NULL;

	if (set->watch) {
		size_t count;
		hk_watch_rows(set->watch, &count);
		set->watch_count = (uint32_t)count;
		add_watch(set->watch, list, texts);
	}
	if (set->targets) {
		sort_tokens(set);
		if (!config->names_only) {
			variants = hk_variants_new(set->targets, NULL);
			add_variants(set, variants, list);
		}
	}
	set->patterns = hk_patterns_new(
		(const hk_pattern *)(const void *)list->data, list->len, config->cache, error);
	g_string_chunk_free(texts);
	if (variants) {
		hk_variants_free(variants);
	}
	return set->patterns != NULL;
}

/* The probability rises with the logit. */
float
hk_scorer_logit(const hk_scorer_set *set, double share)
{
	if (!set->model) {
		return (float)hk_blend_odds(share);
	}
	float low = -100;
	float high = 100;

	for (int i = 0; i < 60; i++) {
		float middle = (low + high) / 2;
		if ((double)hk_model_probability(set->model, middle) < share) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return high;
}

hk_scorer_set *
hk_scorer_set_load(const hk_scorer_config *config, GError **error)
{
	g_autoptr(hk_scorer_set) set = g_new0(hk_scorer_set, 1);

	set->gate_logit = INFINITY;
	set->suffixes = hk_suffixes_load(config->suffixes, error);
	if (!set->suffixes) {
		return NULL;
	}
	set->table = hk_suffixes_table(set->suffixes);
	if (config->targets && !(set->targets = hk_targets_load(config->targets, error))) {
		return NULL;
	}
	if (config->patterns && !(set->watch = hk_watch_load(config->patterns, error))) {
		return NULL;
	}
	if (config->rules &&
		!(set->rules = hk_rules_load(config->rules, on_bad_rules, NULL, error))) {
		return NULL;
	}
	if (config->model) {
		set->modelfile = hk_modelfile_open(config->model, error);
		if (!set->modelfile) {
			return NULL;
		}
		set->model = hk_modelfile_model(set->modelfile);
		set->gate_logit = hk_scorer_logit(set, MIN(config->threshold, LOOK_SCORE));
	}
	if (!load_patterns(set, config, error)) {
		return NULL;
	}
	/* The lists that the patterns were made of took several times what is kept. */
	malloc_trim(0);
	return g_steal_pointer(&set);
}
