/* nocheck: tested in tests/unit/match/test_model.c
 *
 * model_explain.c: reasons in words. A group's weight is what the logit loses when all its features
 * are left out: honest for any network, and cheap enough for the few names that are shown. */
#include <string.h>

#include "match/model.h"
#include "match/model_net.h"

/* ---- text ---- */

typedef struct line {
	char *at;
	size_t len, cap; /* cap leaves room for the NUL */
} line;

static void
put(line *l, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && l->len < l->cap; i++) {
		char c = bytes[i];

		l->at[l->len++] = c >= 0x20 && c < 0x7F ? c : '?';
	}
	l->at[l->len] = '\0';
}

static void
put_str(line *l, const char *text)
{
	put(l, text, strlen(text));
}

static void
put_count(line *l, uint64_t v)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	put(l, digits + n, sizeof(digits) - n);
}

/* part of whole in per cent with one digit. */
static void
put_percent(line *l, uint64_t part, uint64_t whole)
{
	uint64_t tenths = whole == 0 ? 0 : (part * 1000 + whole / 2) / whole;

	put_count(l, tenths / 10);
	put_str(l, ".");
	put_count(l, tenths % 10);
	put_str(l, " %");
}

/* A piece of the name in quotes; long ones are cut. */
static void
put_piece(line *l, const char *bytes, size_t n)
{
	enum { SHOWN = 40 };

	put_str(l, "'");
	put(l, bytes, n < SHOWN ? n : SHOWN);
	put_str(l, n < SHOWN ? "'" : "...'");
}

static void
put_seen(line *l, const hk_model_fact *fact)
{
	put_str(l, " in ");
	put_count(l, fact->phish);
	put_str(l, " confirmed and ");
	put_count(l, fact->benign);
	put_str(l, " benign names");
}

/* ---- one function per group ---- */

typedef void (*say_fn)(const hk_model *model, const hk_feature_parts *p, line *l);

static void
say_suffix(const hk_model *model, const hk_feature_parts *p, line *l)
{
	hk_model_fact fact;

	put_str(l, p->is_private ? "hosting suffix ." : "suffix .");
	put(l, p->suffix, p->suffix_len < 40 ? p->suffix_len : 40);
	if (!hk_model_fact_find(
		    model, hk_model_fact_key(HK_FACT_SUFFIX, p->suffix, p->suffix_len), &fact)) {
		put_str(l, " is rare among confirmed names");
		return;
	}
	put_str(l, " seen in ");
	put_percent(l, fact.phish, model->info.phish);
	put_str(l, " of confirmed and ");
	put_percent(l, fact.benign, model->info.benign);
	put_str(l, " of benign names");
}

static void
say_label(const hk_model *model, const hk_feature_parts *p, line *l)
{
	(void)model;
	put_str(l, "letters of ");
	put_piece(l, p->label, p->label_len);
	put_str(l, " as in confirmed names");
}

static void
say_label_suffix(const hk_model *model, const hk_feature_parts *p, line *l)
{
	(void)model;
	put_str(l, "letters of ");
	put_piece(l, p->label, p->label_len);
	put_str(l, " as in confirmed names under .");
	put(l, p->suffix, p->suffix_len < 40 ? p->suffix_len : 40);
}

static void
say_sub(const hk_model *model, const hk_feature_parts *p, line *l)
{
	(void)model;
	put_str(l, "letters of sub-domain ");
	put_piece(l, p->sub, p->sub_len);
	put_str(l, " as in confirmed names");
}

static void
say_sound(const hk_model *model, const hk_feature_parts *p, line *l)
{
	(void)model;
	put_str(l, "order of vowels, consonants and digits in ");
	put_piece(l, p->label, p->label_len);
}

static void
say_shape(const hk_model *model, const hk_feature_parts *p, line *l)
{
	char shape[48];
	size_t n = hk_feature_shape(p->label, p->label_len, shape, sizeof(shape));
	hk_model_fact fact;

	put_str(l, "label shape ");
	put(l, shape, n);
	if (hk_model_fact_find(model, hk_model_fact_key(HK_FACT_SHAPE, shape, n), &fact)) {
		put_seen(l, &fact);
	}
}

static void
say_length(const hk_model *model, const hk_feature_parts *p, line *l)
{
	(void)model;
	put_str(l, "lengths: label ");
	put_count(l, p->label_len);
	put_str(l, p->had_www ? ", sub-domain without www " : ", sub-domain ");
	put_count(l, p->sub_full_len);
}

/* The label of the sub-domain part that stands out most; else the registrable label as a whole. */
static void
say_word(const hk_model *model, const hk_feature_parts *p, line *l)
{
	hk_model_fact best = {0};
	size_t best_at = 0, best_len = 0;

	for (size_t i = 0, j; i < p->sub_len; i = j + 1) {
		hk_model_fact fact;

		for (j = i; j < p->sub_len && p->sub[j] != '.';) {
			j++;
		}
		if (hk_model_fact_find(
			    model, hk_model_fact_key(HK_FACT_SUB_WORD, p->sub + i, j - i), &fact) &&
			(uint64_t)fact.phish * (best.benign + 1) >
				(uint64_t)best.phish * (fact.benign + 1)) {
			best = fact;
			best_at = i;
			best_len = j - i;
		}
	}
	if (best.phish == 0) {
		put_str(l, "words of ");
		put_piece(l, p->label, p->label_len);
		put_str(l, " as in confirmed names");
		return;
	}
	put_str(l, "sub-domain word ");
	put_piece(l, p->sub + best_at, best_len);
	put_seen(l, &best);
}

static const say_fn say[HK_GROUP_COUNT] = {
	[HK_GROUP_SUFFIX] = say_suffix,
	[HK_GROUP_LABEL] = say_label,
	[HK_GROUP_LABEL_SUFFIX] = say_label_suffix,
	[HK_GROUP_SUB] = say_sub,
	[HK_GROUP_SOUND] = say_sound,
	[HK_GROUP_SHAPE] = say_shape,
	[HK_GROUP_LENGTH] = say_length,
	[HK_GROUP_WORD] = say_word,
};

/* ---- weights ---- */

/* The logit without one group (HK_GROUP_COUNT: with all of them). */
static float
logit_without(const hk_model *model, const hk_features *f, unsigned group)
{
	hk_features kept;

	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		kept.count[p] = 0;
		for (size_t i = 0; i < f->count[p]; i++) {
			if (f->group[p][i] != group) {
				kept.hash[p][kept.count[p]++] = f->hash[p][i];
			}
		}
	}
	return hk_net_logit(model, &kept);
}

uint32_t
hk_model_fact_key(hk_model_fact_kind kind, const char *text, size_t len)
{
	return hk_feature_hash(text, len, 0x51ED27u * (uint32_t)kind);
}

size_t
hk_model_explain(const hk_model *model, const hk_suffix_table *table, hk_name name,
	float *ret_logit, hk_model_reason *ret, size_t max)
{
	hk_feature_parts parts;
	hk_features f;
	float logit;
	size_t n = 0;
	hk_model_reason found[HK_GROUP_COUNT];

	hk_feature_parts_of(table, name.text, name.len, &parts);
	hk_features_explained(&parts, &f);
	logit = logit_without(model, &f, HK_GROUP_COUNT);
	for (unsigned g = 0; g < HK_GROUP_COUNT; g++) {
		float weight = logit - logit_without(model, &f, g);
		size_t at = n;

		if (!(weight > 0)) {
			continue;
		}
		for (; at > 0 && found[at - 1].weight < weight; at--) {
			found[at] = found[at - 1];
		}
		found[at] = (hk_model_reason){.group = (hk_feature_group)g, .weight = weight};
		n++;
	}
	if (n > max) {
		n = max;
	}
	for (size_t i = 0; i < n; i++) {
		line l = {.at = found[i].text, .cap = HK_MODEL_REASON_MAX - 1};

		say[found[i].group](model, &parts, &l);
		ret[i] = found[i];
	}
	if (ret_logit) {
		*ret_logit = logit;
	}
	return n;
}
