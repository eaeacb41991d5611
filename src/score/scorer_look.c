#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "match/blend.h"
#include <math.h>

#include "score/scorer_int.h"

/* Names of one certificate that are looked at for brands when nothing marks any of them. */
enum { WHOLE_NAMES_MAX = 200 };
/* Of the groups of features that speak for phishing, so many are told. */
enum { MODEL_REASONS = 4 };
/* Longest text of a certificate that rules see, in bytes. */
enum { FACT_TEXT_MAX = 512 };

/* --- reasons --- */

void
hk_scorer_because(hk_scorer *scorer, double weight, const char *format, ...)
{
	va_list args;

	if (scorer->reason_count == HK_SCORER_REASONS_MAX) {
		scorer->reason_lost++;
		return;
	}
	hk_scorer_reason *reason = &scorer->reason[scorer->reason_count++];
	reason->weight = weight;
	va_start(args, format);
	g_vsnprintf(reason->text, sizeof reason->text, format, args);
	va_end(args);
}

static int
by_weight(const void *a, const void *b)
{
	double left = ((const hk_scorer_reason *)a)->weight;
	double right = ((const hk_scorer_reason *)b)->weight;

	return (left < right) - (left > right);
}

/* The weightiest come first; the last one says how many were left out. */
static void
tell_reasons(hk_scorer *scorer, hk_verdict *ret)
{
	size_t count = scorer->reason_count;

	qsort(scorer->reason, count, sizeof scorer->reason[0], by_weight);
	if (count > HK_VERDICT_REASONS_MAX) {
		size_t lost = scorer->reason_lost + count - (HK_VERDICT_REASONS_MAX - 1);
		count = HK_VERDICT_REASONS_MAX;
		g_snprintf(scorer->reason[count - 1].text, sizeof scorer->reason[0].text,
			"and %zu reasons more", lost);
	}
	for (size_t i = 0; i < count; i++) {
		ret->reasons[i] = scorer->reason[i].text;
	}
	ret->reason_count = count;
}

/* --- the names of an entry --- */

/* The likeliest name so far. */
typedef struct finding {
	uint32_t name;
	double odds;
	bool found;
	hk_scorer_brand brand;
	uint32_t official_count; /* names that belong to a brand */
	hk_scorer_brand official;
} finding;

static float
logit_of(const hk_scorer *scorer, uint32_t name)
{
	return ((const float *)(const void *)scorer->logits->data)[name];
}

static double
odds_of(const hk_scorer *scorer, uint32_t name)
{
	return scorer->set->model ? hk_blend_odds((double)hk_model_probability(
					    scorer->set->model, logit_of(scorer, name)))
				  : hk_blend_odds(HK_BLEND_START);
}

/* Which brands a name is compared with. */
typedef struct wish {
	bool every_brand;
	hk_scorer_suspects suspects;
} wish;

static void
consider(const hk_scorer *scorer, const hk_batch *batch, uint32_t name, const wish *asked,
	finding *best)
{
	hk_scorer_brand brand = {0};

	/* Asked of every name: an official one need not hold a token of its brand, so the gate may not have marked it. */
	if (hk_scorer_official(scorer, batch->names[name], &brand)) {
		best->official_count++;
		best->official = brand;
		return;
	}
	bool has_brand = (asked->every_brand || asked->suspects.count > 0) &&
			 hk_scorer_brand_of(scorer, batch->names[name],
				 asked->every_brand ? NULL : &asked->suspects, &brand);
	double odds = odds_of(scorer, name);
	if (has_brand) {
		odds = fmax(odds + brand.log_ratio, brand.alone);
	}
	if (!best->found || odds > best->odds) {
		best->found = true;
		best->name = name;
		best->odds = odds;
		best->brand = brand;
	}
}

static void
suspect(hk_scorer_suspects *suspects, uint32_t target)
{
	for (size_t i = 0; i < suspects->count; i++) {
		if (suspects->target[i] == target) {
			return;
		}
	}
	if (suspects->count < HK_SCORER_SUSPECTS_MAX) {
		suspects->target[suspects->count++] = target;
	}
}

/* Names that the gate has marked get the full look; the others cannot give a brand away. */
static finding
find_name(const hk_scorer *scorer, const hk_scorer_case *look)
{
	const hk_batch_entry *entry = look->entry;
	uint32_t watch_count = scorer->set->watch_count;
	finding best = {0};
	size_t at = 0;

	for (uint32_t i = 0; i < entry->name_count; i++) {
		uint32_t name = entry->first_name + i;
		wish asked = {.every_brand = look->whole && i < WHOLE_NAMES_MAX};
		for (; at < look->mark_count && look->marks[at].name == name; at++) {
			uint32_t id = look->marks[at].id;
			asked.every_brand = asked.every_brand || id == watch_count;
			if (id > watch_count) {
				suspect(&asked.suspects, id - watch_count - 1);
			}
		}
		consider(scorer, look->batch, name, &asked, &best);
	}
	return best;
}

/* --- facts of the certificate --- */

typedef struct san_facts {
	uint32_t registrable_count;
	uint32_t private_count;
	uint32_t burst; /* names under the same private suffix as the likeliest name */
} san_facts;

static uint64_t
hash_of(const char *text, size_t len)
{
	/* FNV-1a, 64 bit. */
	uint64_t hash = 0xCBF29CE484222325U;

	for (size_t i = 0; i < len; i++) {
		hash = (hash ^ (uint8_t)text[i]) * 0x100000001B3U;
	}
	return hash;
}

static int
by_hash(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static uint32_t
count_different(GArray *hashes)
{
	uint64_t *hash = (uint64_t *)(void *)hashes->data;
	uint32_t count = 0;

	if (hashes->len > 0) {
		qsort(hash, hashes->len, sizeof hash[0], by_hash);
		count = 1;
	}
	for (unsigned i = 1; i < hashes->len; i++) {
		count += hash[i] != hash[i - 1];
	}
	return count;
}

static san_facts
count_names(hk_scorer *scorer, const hk_scorer_case *look, hk_name best,
	const hk_suffix_split *best_split)
{
	san_facts facts = {0};
	hk_span suffix = hk_span_of(
		best.text + best_split->suffix_off, best_split->end - best_split->suffix_off);

	g_array_set_size(scorer->hashes, 0);
	for (uint32_t i = 0; i < look->entry->name_count; i++) {
		const hk_name *name = &look->batch->names[look->entry->first_name + i];
		hk_suffix_split split;
		hk_suffix_split_name(scorer->set->table, name->text, name->len, &split);
		uint64_t hash = hash_of(
			name->text + split.registrable_off, split.end - split.registrable_off);
		g_array_append_val(scorer->hashes, hash);
		facts.private_count += split.is_private;
		facts.burst += split.is_private &&
			       hk_span_eq(suffix, hk_span_of(name->text + split.suffix_off,
							  split.end - split.suffix_off));
	}
	facts.registrable_count = count_different(scorer->hashes);
	return facts;
}

/* --- rules --- */

/* A text for YARA: ends at the first NUL, which no honest certificate holds. */
static const char *
fact_text(hk_span text, char *out)
{
	size_t len = MIN(text.len, FACT_TEXT_MAX - 1);

	if (len > 0) {
		memcpy(out, text.data, len);
	}
	out[len] = '\0';
	return out;
}

typedef struct rule_texts {
	char cn[FACT_TEXT_MAX];
	char issuer_o[FACT_TEXT_MAX];
	char issuer_cn[FACT_TEXT_MAX];
	char issuer_c[FACT_TEXT_MAX];
	char first_name[FACT_TEXT_MAX];
	char name[FACT_TEXT_MAX];
	char suffix[FACT_TEXT_MAX];
} rule_texts;

/* The names that are nobody's official ones, as rules see names: where a brand shares a certificate, its own name must not set
 * off a rule that looks for it. */
static GString *
foreign_names(const hk_scorer *scorer, const hk_scorer_case *look)
{
	GString *out = g_string_new(NULL);
	hk_scorer_brand brand = {0};

	for (uint32_t i = 0; i < look->entry->name_count; i++) {
		const hk_name *name = &look->batch->names[look->entry->first_name + i];
		if (!hk_scorer_official(scorer, *name, &brand)) {
			g_string_append_len(out, name->text, (gssize)name->len);
			g_string_append_c(out, '\n');
		}
	}
	return out;
}

static void
run_rules(hk_scorer *scorer, const hk_scorer_case *look, const finding *best, const san_facts *san,
	const hk_suffix_split *split, hk_verdict *ret)
{
	const hk_batch_entry *entry = look->entry;
	const hk_x509 *x509 = &entry->x509;
	const hk_name *names = &look->batch->names[entry->first_name];
	const hk_name *last = &names[entry->name_count - 1];
	const hk_name *name = &look->batch->names[best->name];
	hk_span label = hk_span_of(name->text + split->registrable_off,
		split->suffix_off > split->registrable_off
			? (size_t)(split->suffix_off - split->registrable_off - 1)
			: 0);
	rule_texts t;
	hk_facts facts = {
		.san_count = look->gate.san_count,
		.san_registrable_count = san->registrable_count,
		.san_private_count = san->private_count,
		.validity_days = look->gate.validity_days,
		.label_entropy = hk_blend_entropy((const char *)label.data, (uint32_t)label.len),
		.model_score = look->gate.score,
		.is_precert = entry->leaf.precert || x509->has_poison,
		.suffix_private = split->is_private,
		.cn = fact_text(x509->subject_cn, t.cn),
		.issuer_o = fact_text(x509->issuer_o, t.issuer_o),
		.issuer_cn = fact_text(x509->issuer_cn, t.issuer_cn),
		.issuer_c = fact_text(x509->issuer_c, t.issuer_c),
		.first_name = fact_text(hk_span_of(names->text, names->len), t.first_name),
		.name = fact_text(hk_span_of(name->text, name->len), t.name),
		.suffix = fact_text(
			hk_span_of(name->text + split->suffix_off, split->end - split->suffix_off),
			t.suffix),
		.target = best->brand.target ? best->brand.target : "",
	};
	facts.cn_or_first = facts.cn[0] != '\0' ? facts.cn : facts.first_name;
	hk_span text = hk_span_of(names->text, (size_t)(last->text + last->len + 1 - names->text));
	g_autoptr(GString) foreign = best->official_count > 0 ? foreign_names(scorer, look) : NULL;
	if (foreign) {
		text = hk_span_of(foreign->str, foreign->len);
	}
	ret->rule_count += hk_rules_scan(scorer->set->rules, &look->gate, &facts, text,
		ret->rules + ret->rule_count, HK_VERDICT_RULES_MAX - ret->rule_count);
}

/* A watch pattern is a rule of one line. Each is told once; in an official name it says nothing. Compared with what was told,
 * not with all marks before: a certificate of 10,000 names can have a million. */
static void
tell_watched(hk_scorer *scorer, const hk_scorer_case *look, hk_verdict *ret)
{
	const hk_scorer_set *set = scorer->set;
	uint32_t told[HK_VERDICT_RULES_MAX / 2];
	hk_scorer_brand official = {0};
	uint32_t official_name = UINT32_MAX; /* the last one that was found to be */
	size_t count;

	for (size_t i = 0; i < look->mark_count && ret->rule_count < G_N_ELEMENTS(told); i++) {
		const hk_scorer_mark *mark = &look->marks[i];
		bool known = mark->id >= set->watch_count || mark->name == official_name;
		for (size_t k = 0; k < ret->rule_count && !known; k++) {
			known = told[k] == mark->id;
		}
		if (known) {
			continue;
		}
		if (hk_scorer_official(scorer, look->batch->names[mark->name], &official)) {
			official_name = mark->name;
			continue;
		}
		const hk_watch_row *row = &hk_watch_rows(set->watch, &count)[mark->id];
		const hk_name *name = &look->batch->names[mark->name];
		char **rule = &scorer->watch_rule[ret->rule_count];
		told[ret->rule_count] = mark->id;
		g_free(*rule);
		*rule = g_strdup_printf("watch:%s%s%s",
			row->name_end      ? "."
			: row->label_start ? "^"
					   : "",
			row->text, row->label_end ? "$" : "");
		ret->rules[ret->rule_count++] = *rule;
		hk_scorer_because(scorer, 3, "'%.*s' matches line %u of the watch list: %s",
			(int)name->len, name->text, row->line, *rule + strlen("watch:"));
	}
}

/* --- the look --- */

static void
explain(hk_scorer *scorer, const hk_scorer_case *look, const finding *best, const san_facts *san,
	const hk_suffix_split *split)
{
	const hk_name *name = &look->batch->names[best->name];
	hk_model_reason reasons[HK_GROUP_COUNT];

	if (best->brand.text[0] != '\0') {
		hk_scorer_because(scorer, best->brand.log_ratio, "%s", best->brand.text);
	}
	double burst = hk_blend_burst(san->burst);
	if (burst > 0) {
		hk_scorer_because(scorer, burst, "%u names under %.*s in one certificate",
			san->burst, (int)(split->end - split->suffix_off),
			name->text + split->suffix_off);
	}
	if (scorer->set->model) {
		size_t count = hk_model_explain(scorer->set->model, scorer->set->table, *name, NULL,
			reasons, MODEL_REASONS);
		for (size_t i = 0; i < count; i++) {
			hk_scorer_because(scorer, (double)reasons[i].weight, "%s", reasons[i].text);
		}
	}
}

/* All names belong to brands that we know: nothing else matters. */
static void
tell_official(hk_scorer *scorer, const finding *best, hk_verdict *ret)
{
	ret->official = true;
	ret->target = best->official.target;
	hk_scorer_because(scorer, 0, "%s", best->official.text);
	tell_reasons(scorer, ret);
}

void
hk_scorer_look(hk_scorer *scorer, const hk_scorer_case *look, hk_verdict *ret)
{
	hk_suffix_split split;

	*ret = (hk_verdict){.name = look->entry->first_name};
	scorer->reason_count = 0;
	scorer->reason_lost = 0;
	if (look->entry->name_count == 0) {
		return;
	}
	finding best = find_name(scorer, look);
	if (!best.found) {
		tell_official(scorer, &best, ret);
		return;
	}
	const hk_name *name = &look->batch->names[best.name];
	hk_suffix_split_name(scorer->set->table, name->text, name->len, &split);
	san_facts san = count_names(scorer, look, *name, &split);
	ret->name = best.name;
	ret->target = best.brand.target;
	ret->score = (float)hk_blend_share(best.odds + hk_blend_burst(san.burst));
	tell_watched(scorer, look, ret);
	if (scorer->set->rules) {
		run_rules(scorer, look, &best, &san, &split, ret);
	}
	if (look->whole || hk_scorer_is_hit(scorer, ret)) {
		explain(scorer, look, &best, &san, &split);
		tell_reasons(scorer, ret);
	}
}
