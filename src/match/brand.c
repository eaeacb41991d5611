#include "match/brand.h"

#include <string.h>

#include "base/name.h"
#include "match/distance.h"
#include "match/fold.h"

/* One or several neighbouring words, without what separated them. */
typedef struct run {
	uint8_t at, len;  /* in view.text */
	uint8_t off, end; /* in the name */
	bool one_label;   /* crosses no '.' */
	bool whole;       /* is one whole label */
	hk_brand_where where;
	uint64_t letters; /* as in hk_brand_token */
} run;

enum {
	RUNS_MAX = HK_BRAND_WORDS_MAX * HK_BRAND_RUN_MAX,
	LABELS_MAX = HK_NAME_MAX / 2 + 1,
	/* "line-me" for line.me is a word like any other, "mihonbank-example" is not. */
	CHAIN_LOOSE_MIN = 8,
};

/* A name made ready. */
typedef struct view {
	const char *name;
	size_t len;   /* up to the public suffix, without the '.' before it */
	size_t whole; /* up to the end */
	size_t registrable;
	size_t run_count, label_count;
	run runs[RUNS_MAX], labels[LABELS_MAX];
	char text[HK_NAME_MAX];
} view;

static const struct {
	const char *code, *words;
} kinds[HK_BRAND_KIND_COUNT] = {
	{"none", "none"},
#define BRAND(name, code, letters, lone, test, words) {code, words},
#include "match/brand.def"
#undef BRAND
};

const char *
hk_brand_kind_code(hk_brand_kind kind)
{
	return kinds[kind < HK_BRAND_KIND_COUNT ? kind : HK_BRAND_NONE].code;
}

const char *
hk_brand_kind_words(hk_brand_kind kind)
{
	return kinds[kind < HK_BRAND_KIND_COUNT ? kind : HK_BRAND_NONE].words;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A bit for each letter and digit that occurs. */
static uint64_t
letters_of(const char *text, size_t len)
{
	uint64_t letters = 0;

	for (size_t i = 0; i < len; i++) {
		letters |= UINT64_C(1) << (text[i] >= 'a' ? text[i] & 63 : text[i] & 15);
	}
	return letters;
}

/* Whether two texts may be that few edits apart: an edit brings at most one new letter in and takes at most one out. */
static bool
may_be_near(uint64_t a, uint64_t b, unsigned edits)
{
	return __builtin_popcountll(a & ~b) <= (int)edits &&
	       __builtin_popcountll(b & ~a) <= (int)edits;
}

hk_err
hk_brand_token_init(
	hk_span text, uint32_t brand, hk_brand_role role, bool needs_context, hk_brand_token *ret)
{
	hk_brand_token token = {.text = (const char *)text.data, .brand = brand};

	if (text.len == 0 || text.len > HK_BRAND_TOKEN_MAX) {
		return HK_ELIMIT;
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = token.text[i];

		if ((c >= 'a' && c <= 'z') || is_digit(c)) {
			token.word[token.word_len++] = c;
		} else if (c != '-' && !(c == '.' && role == HK_BRAND_DOMAIN)) {
			return HK_EFORM;
		}
	}
	if (token.word_len == 0) {
		return HK_EFORM;
	}
	token.len = (uint8_t)text.len;
	token.role = (uint8_t)role;
	token.needs_context = needs_context;
	token.letters = letters_of(token.word, token.word_len);
	token.folded_len = (uint8_t)hk_fold(token.word, token.word_len, token.folded);
	*ret = token;
	return HK_OK;
}

/* ---- the name, cut up ---- */

typedef struct word {
	uint8_t at, len, off, end;
	uint8_t label; /* counted from the left, wraps: only neighbours are compared */
} word;

/* Words of name[0..len) into words (all of them: at most one per byte) and their text into v->text. */
static size_t
cut_words(view *v, word words[HK_NAME_MAX])
{
	size_t count = 0, at = 0;
	uint8_t label = 0;
	bool inside = false;

	for (size_t i = 0; i < v->len; i++) {
		char c = v->name[i];

		if (c == '-' || c == '.') {
			label = (uint8_t)(label + (c == '.'));
			inside = false;
			continue;
		}
		if (!inside || is_digit(c) != is_digit(v->name[i - 1])) {
			words[count++] =
				(word){.at = (uint8_t)at, .off = (uint8_t)i, .label = label};
		}
		inside = true;
		v->text[at++] = c;
		words[count - 1].len++;
		words[count - 1].end = (uint8_t)(i + 1);
	}
	return count;
}

static run
run_of(const view *v, const word *first, const word *last)
{
	run r = {.at = first->at, .off = first->off, .end = last->end};

	r.len = (uint8_t)(last->at + last->len - first->at);
	r.letters = letters_of(v->text + r.at, r.len);
	r.one_label = first->label == last->label;
	r.where = first->off >= v->registrable ? HK_BRAND_REGISTRABLE : HK_BRAND_SUB;
	return r;
}

static void
make_view(view *v, const char *name, size_t len, const hk_suffix_split *split)
{
	word words[HK_NAME_MAX];
	size_t cut = len > HK_NAME_MAX ? len - HK_NAME_MAX : 0, count, from;
	size_t suffix = split->suffix_off > cut ? split->suffix_off - cut : 0;

	v->name = name + cut;
	v->whole = split->end > cut ? split->end - cut : 0;
	v->len = suffix > 0 ? suffix - 1 : 0;
	v->registrable = split->registrable_off > cut ? split->registrable_off - cut : 0;
	v->run_count = v->label_count = 0;
	count = cut_words(v, words);
	for (size_t i = 0, j; i < count; i = j) {
		for (j = i + 1; j < count && words[j].label == words[i].label; j++) {
		}
		if (v->label_count < LABELS_MAX) {
			v->labels[v->label_count] = run_of(v, &words[i], &words[j - 1]);
			v->labels[v->label_count++].whole = true;
		}
	}
	from = count > HK_BRAND_WORDS_MAX ? count - HK_BRAND_WORDS_MAX : 0;
	for (size_t i = from; i < count; i++) {
		for (size_t j = i; j < count && j < i + HK_BRAND_RUN_MAX; j++) {
			v->runs[v->run_count++] = run_of(v, &words[i], &words[j]);
		}
	}
}

/* ---- the tests of brand.def: each gives the best place, or NULL ---- */

typedef const run *(*test_fn)(const view *v, const hk_brand_token *token);

static bool
same(const view *v, const run *r, const hk_brand_token *token)
{
	return r->len == token->word_len && memcmp(v->text + r->at, token->word, r->len) == 0;
}

static const run *
better(const run *a, const run *b)
{
	return a == NULL || b->where > a->where ? b : a;
}

/* name[at..] begins with the domain, between borders? */
static bool
dotted_at(const view *v, size_t at, const hk_brand_token *token)
{
	size_t end = at + token->len;

	return end <= v->len && memcmp(v->name + at, token->text, token->len) == 0 &&
	       (at == 0 || v->name[at - 1] == '.' || v->name[at - 1] == '-') &&
	       (end == v->len || v->name[end] == '.' || v->name[end] == '-');
}

static const run *
is_official(const view *v, const hk_brand_token *token)
{
	if (token->role != HK_BRAND_DOMAIN) {
		return NULL;
	}
	for (size_t i = 0; i < v->run_count; i++) {
		const run *r = &v->runs[i];

		if (same(v, r, token) &&
			(token->word_len >= CHAIN_LOOSE_MIN || dotted_at(v, r->off, token))) {
			return r;
		}
	}
	return NULL;
}

static const run *
is_exact(const view *v, const hk_brand_token *token)
{
	const run *best = NULL;

	for (size_t i = 0; i < v->label_count; i++) {
		if (same(v, &v->labels[i], token) &&
			(!token->needs_context || v->labels[i].where == HK_BRAND_REGISTRABLE)) {
			best = better(best, &v->labels[i]);
		}
	}
	return best;
}

static const run *
is_word(const view *v, const hk_brand_token *token)
{
	const run *best = NULL;

	for (size_t i = 0; i < v->run_count; i++) {
		if (same(v, &v->runs[i], token)) {
			best = better(best, &v->runs[i]);
		}
	}
	return best;
}

static const run *
is_inside(const view *v, const hk_brand_token *token)
{
	const run *best = NULL;

	for (size_t i = 0; i < v->label_count; i++) {
		const run *r = &v->labels[i];

		if (memmem(v->text + r->at, r->len, token->word, token->word_len) != NULL) {
			best = better(best, r);
		}
	}
	return best;
}

static const run *
is_folded(const view *v, const hk_brand_token *token)
{
	const run *best = NULL;
	char folded[HK_NAME_MAX];

	for (size_t i = 0; i < v->run_count; i++) {
		const run *r = &v->runs[i];

		/* A pair at most halves the length. */
		if (r->one_label && r->len >= token->folded_len &&
			r->len <= 2u * token->folded_len &&
			hk_fold(v->text + r->at, r->len, folded) == token->folded_len &&
			memcmp(folded, token->folded, token->folded_len) == 0) {
			best = better(best, r);
		}
	}
	return best;
}

static const run *
is_folded_inside(const view *v, const hk_brand_token *token)
{
	const run *best = NULL;
	char folded[HK_NAME_MAX];

	for (size_t i = 0; i < v->label_count; i++) {
		const run *r = &v->labels[i];
		size_t len = hk_fold(v->text + r->at, r->len, folded);

		if (memmem(folded, len, token->folded, token->folded_len) != NULL) {
			best = better(best, r);
		}
	}
	return best;
}

static const run *
near(const view *v, const hk_brand_token *token, unsigned edits)
{
	const run *best = NULL;

	for (size_t i = 0; i < v->run_count; i++) {
		const run *r = &v->runs[i];

		if (r->one_label && r->len + edits >= token->word_len &&
			r->len <= token->word_len + edits &&
			may_be_near(r->letters, token->letters, edits) &&
			hk_distance(v->text + r->at, r->len, token->word, token->word_len, edits) ==
				edits) {
			best = better(best, r);
		}
	}
	return best;
}

static const run *
is_edit1(const view *v, const hk_brand_token *token)
{
	return near(v, token, 1);
}

static const run *
is_edit2(const view *v, const hk_brand_token *token)
{
	return near(v, token, 2);
}

static const struct {
	uint8_t letters;
	bool lone;
	test_fn test;
} rows[HK_BRAND_KIND_COUNT] = {
	{0, false, NULL},
#define BRAND(name, code, letters, lone, test, words) {letters, lone, test},
#include "match/brand.def"
#undef BRAND
};

/* ---- one token, all tokens ---- */

/* A whole word of the same brand that does not overlap with place: "mihon" alone is a word, "mihon-login" is a claim. */
static bool
has_context(const view *v, const hk_brand_token *tokens, size_t count, const hk_brand_token *token,
	const run *place)
{
	for (size_t i = 0; i < count; i++) {
		const hk_brand_token *other = &tokens[i];

		if (other == token || other->role == HK_BRAND_DOMAIN ||
			(other->brand != token->brand && other->brand != HK_BRAND_ALL) ||
			(other->word_len == token->word_len &&
				memcmp(other->word, token->word, token->word_len) == 0)) {
			continue;
		}
		for (size_t j = 0; j < v->run_count; j++) {
			const run *r = &v->runs[j];

			if ((r->end <= place->off || r->off >= place->end) && same(v, r, other)) {
				return true;
			}
		}
	}
	return false;
}

/* The evidence of one token, if it is of the kind `best` (what other tokens gave so far) or stronger. */
static bool
find_one(const view *v, const hk_brand_token *tokens, size_t count, uint32_t number,
	hk_brand_kind best, hk_brand_evidence *ret)
{
	const hk_brand_token *token = &tokens[number];
	unsigned last = token->role == HK_BRAND_DOMAIN ? HK_BRAND_OFFICIAL
			: best == HK_BRAND_NONE        ? HK_BRAND_KIND_COUNT - 1
						       : best;

	for (unsigned kind = HK_BRAND_OFFICIAL; kind <= last; kind++) {
		const run *place;

		if (token->word_len < rows[kind].letters ||
			(token->needs_context && !rows[kind].lone)) {
			continue;
		}
		place = rows[kind].test(v, token);
		if (place == NULL || (token->needs_context && kind == HK_BRAND_WORD &&
					     !has_context(v, tokens, count, token, place))) {
			continue;
		}
		*ret = (hk_brand_evidence){
			.kind = (hk_brand_kind)kind,
			.where = place->where,
			.token = number,
			.distance = kind == HK_BRAND_EDIT1   ? 1
				    : kind == HK_BRAND_EDIT2 ? 2
							     : 0,
			.off = place->off,
			.len = (uint16_t)(place->end - place->off),
		};
		return true;
	}
	return false;
}

static bool
is_under(const view *v, const hk_brand_token *domain)
{
	return v->whole >= domain->len &&
	       memcmp(v->name + v->whole - domain->len, domain->text, domain->len) == 0 &&
	       (v->whole == domain->len || v->name[v->whole - domain->len - 1] == '.');
}

static bool
is_stronger(const hk_brand_evidence *a, const hk_brand_evidence *b, const hk_brand_token *tokens)
{
	if (a->kind != b->kind) {
		return b->kind == HK_BRAND_NONE || a->kind < b->kind;
	}
	if (a->where != b->where) {
		return a->where > b->where;
	}
	return tokens[a->token].word_len > tokens[b->token].word_len;
}

bool
hk_brand_find(const char *name, size_t len, const hk_suffix_split *split,
	const hk_brand_token *tokens, size_t count, hk_brand_evidence *ret)
{
	view v;
	hk_brand_evidence best = {.kind = HK_BRAND_NONE}, one;

	if (split->registrable_off >= split->suffix_off) {
		return false;
	}
	make_view(&v, name, len, split);
	for (size_t i = 0; i < count; i++) {
		if (tokens[i].role == HK_BRAND_DOMAIN && is_under(&v, &tokens[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (tokens[i].role != HK_BRAND_KEYWORD &&
			find_one(&v, tokens, count, (uint32_t)i, best.kind, &one) &&
			is_stronger(&one, &best, tokens)) {
			best = one;
		}
	}
	if (best.kind == HK_BRAND_NONE) {
		return false;
	}
	*ret = best;
	return true;
}
