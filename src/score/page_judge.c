/* What a sketch weighs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "score/page.h"
#include "score/page_brand.h"
#include "score/page_kits.h"
#include "sys/jsonw.h"

typedef enum row_id {
#define PAGEWEIGHT(id, code, weight, text) W_##id,
#include "score/pageweights.def"
#undef PAGEWEIGHT
	W_COUNT
} row_id;

static const struct {
	const char *code;
	double weight;
	const char *text;
} weights[] = {
#define PAGEWEIGHT(id, code, weight, text) {code, weight, text},
#include "score/pageweights.def"
#undef PAGEWEIGHT
};

static const struct {
	const char *code, *meaning;
} kinds[] = {
#define PAGEKIND(id, code, meaning) {code, meaning},
#define PAGEWORDS(...)
#include "score/pagekinds.def"
#undef PAGEKIND
#undef PAGEWORDS
};

typedef enum where { IN_TITLE, IN_ANY } where;

static const struct {
	hk_page_kind kind;
	where where;
	uint32_t most;
	const char *words;
} kind_words[] = {
#define PAGEKIND(...)
#define PAGEWORDS(id, where, most, words) {HK_PAGE_##id, IN_##where, most, words},
#include "score/pagekinds.def"
#undef PAGEKIND
#undef PAGEWORDS
};

/* What is the case before anything was seen: of the candidates one in 150 is a phishing page. */
#define BIAS (-5.0)
/* Groups count so much at most. */
#define NAMES_ALONE_MAX                                                                            \
	1.5 /* of a page that speaks of the brand, and does not say that it is the brand */
#define ASKS_MAX       5.0
#define ASKS_OTHER_MAX 3.5 /* of a page that does not say that it is the brand */

/* Of a name; lower ones are those of nearly all candidates. */
#define NAME_SCORE_MIN 0.2

enum {
	HOPS_MANY = 2,
	STATUS_ERROR = 400,
	STATUS_GONE = 410,
	OWN_LINKS_SOME = 12,
	OWN_LINKS_MANY = 40,
	TEXT_LONG = 4000,
	TEXT_VERY_LONG = 10000,
	TEXT_SHORT = 400,
	BRANDS_MANY = 3,
	BRANDS_VERY_MANY = 6,
	BARE_OTHER = 3,
	PERSON_MIN = 3,
	FILL_MAX = 120, /* bytes that fill a reason */
	REASONS_ALL = W_COUNT + HK_PAGE_KINDS,
};

struct hk_page_judge {
	hk_targets *targets; /* NULL: none */
	hk_page_brands *brands;
	hk_page_kits *kits;
	double threshold;
};

/* What is being weighed. */
typedef struct scale {
	const hk_page_answer *answer;
	const hk_page_sketch *sketch;
	size_t count;
	hk_page_reason reasons[REASONS_ALL];
} scale;

/* A brand's side of it. */
typedef struct claim {
	const hk_page_brand *brand; /* NULL: none */
	const char *name;
	bool strong; /* the page says that it is the brand */
	double sum;
} claim;

const char *
hk_page_kind_code(hk_page_kind kind)
{
	return kinds[kind].code;
}

const char *
hk_page_outcome_code(hk_page_outcome outcome)
{
	static const char *const codes[] = {"dead", "empty", "plain", "suspect"};

	return codes[outcome];
}

hk_page_judge *
hk_page_judge_new(const hk_page_judge_config *config, GError **error)
{
	g_autoptr(hk_page_judge) j = g_new0(hk_page_judge, 1);

	j->threshold = config->threshold;
	if (config->targets) {
		j->targets = hk_targets_load(config->targets, error);
		j->brands =
			j->targets ? hk_page_brands_new(j->targets, config->cache, error) : NULL;
		if (!j->brands) {
			return NULL;
		}
	}
	return g_steal_pointer(&j);
}

void
hk_page_judge_free(hk_page_judge *j)
{
	if (j) {
		hk_page_brands_free(j->brands);
		hk_targets_free(j->targets);
		hk_page_kits_free(j->kits);
		g_free(j);
	}
}

void
hk_page_judge_take_kits(hk_page_judge *j, hk_page_kits *kits)
{
	hk_page_kits_free(j->kits);
	j->kits = kits;
}

/* ---- reasons ---- */

/* At most max bytes of a line, no half characters. */
static char *
short_line(const char *text, size_t max)
{
	size_t len = strcspn(text, "\n");

	if (len > max) {
		for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;) {
			len--;
		}
	}
	return g_strndup(text, len);
}

static void
write_reason(scale *s, const char *code, double weight, const char *text, const char *fill)
{
	g_autofree char *part = short_line(fill ? fill : "", FILL_MAX);
	const char *hole = strstr(text, "%s");
	int before = hole ? (int)(hole - text) : (int)strlen(text);
	hk_page_reason *r;

	if (s->count >= REASONS_ALL) {
		return;
	}
	r = &s->reasons[s->count++];
	r->code = code;
	r->weight = weight;
	g_snprintf(r->text, sizeof r->text, "%.*s%s%s", before, text, hole ? part : "",
		hole ? hole + 2 : "");
}

/* Returns the weight. */
static double
because(scale *s, row_id id, const char *fill)
{
	write_reason(s, weights[id].code, weights[id].weight, weights[id].text, fill);
	return weights[id].weight;
}

static double
because_number(scale *s, row_id id, int64_t number)
{
	char text[24];

	g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, number);
	return because(s, id, text);
}

/* What decided without weighing comes first. */
static int
by_weight(const void *a, const void *b)
{
	const hk_page_reason *x = a, *y = b;
	double left = x->weight == 0 ? HUGE_VAL : fabs(x->weight);
	double right = y->weight == 0 ? HUGE_VAL : fabs(y->weight);

	return left != right ? (left < right) - (left > right) : strcmp(x->text, y->text);
}

static void
tell(scale *s, hk_page_verdict *ret)
{
	qsort(s->reasons, s->count, sizeof s->reasons[0], by_weight);
	ret->reason_count = MIN(s->count, HK_PAGE_REASONS_MAX);
	memcpy(ret->reasons, s->reasons, ret->reason_count * sizeof s->reasons[0]);
}

void
hk_page_reasons_json(const hk_page_verdict *verdict, GString *out)
{
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < verdict->reason_count; i++) {
		hk_jsonw_str(out, verdict->reasons[i].text);
	}
	hk_jsonw_close(out, ']');
}

/* ---- the brand ---- */

static bool
in(const hk_page_brand *b, hk_page_area area)
{
	return b->areas & 1u << area;
}

/* Everybody loads buttons and maps of shops, portals and messengers; nothing of a bank. */
static bool
loads_tell(const hk_page_brand *b, const hk_target *t)
{
	static const char *const closed[] = {
		"bank", "shinkin", "centralbank", "securities", "insurance", "lender", NULL};
	bool is = b->title_is || b->head_is || b->site_is || in(b, HK_PAGE_COPY);

	return b->loads && (is || (b->areas != 0 && g_strv_contains(closed, t->kind)));
}

/* One thing that may speak for the brand, and what its reason names. */
typedef struct sign {
	bool holds;
	row_id id;
	const char *fill;
} sign;

/* The sum of those that hold. s NULL: no reasons, only the sum. */
static double
weigh_signs(scale *s, const sign *signs, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		if (signs[i].holds) {
			sum += s ? because(s, signs[i].id, signs[i].fill)
				 : weights[signs[i].id].weight;
		}
	}
	return sum;
}

/* The page says that it is the brand. */
static double
weigh_identity(scale *s, const hk_page_brand *b, const hk_target *t)
{
	const sign signs[] = {
		{b->title_is, W_TITLE_IS, b->word[HK_PAGE_TITLE]},
		{b->head_is, W_HEAD_IS, b->word[HK_PAGE_HEAD]},
		{b->site_is, W_SITE_IS, b->word[HK_PAGE_SITE]},
		{in(b, HK_PAGE_COPY), W_COPY_IS, b->word[HK_PAGE_COPY]},
		{loads_tell(b, t), W_LOADS_OFFICIAL, b->loads},
		{b->paths > 0, W_PATH_COPIED, b->word[HK_PAGE_PATHS]},
		{b->logo, W_LOGO, t->name},
		{b->icon, W_ICON, t->name},
	};

	return weigh_signs(s, signs, G_N_ELEMENTS(signs));
}

/* The page speaks of the brand. */
static double
weigh_mentions(scale *s, const hk_page_brand *b, const hk_target *t)
{
	const sign signs[] = {
		{in(b, HK_PAGE_TITLE) && !b->title_is, W_TITLE_NAMES, b->word[HK_PAGE_TITLE]},
		{in(b, HK_PAGE_HEAD) && !b->head_is, W_HEAD_NAMES, b->word[HK_PAGE_HEAD]},
		{in(b, HK_PAGE_TEXT), W_TEXT_NAMES, b->word[HK_PAGE_TEXT]},
		{in(b, HK_PAGE_ALT), W_ALT_NAMES, b->word[HK_PAGE_ALT]},
		{b->links != NULL, W_LINKS_OFFICIAL, b->links},
		{b->loads && !loads_tell(b, t), W_LOADS_WIDGET, b->loads},
	};

	return weigh_signs(s, signs, G_N_ELEMENTS(signs));
}

static bool
is_strong(const hk_page_brand *b, const hk_target *t)
{
	bool named = in(b, HK_PAGE_TITLE) || in(b, HK_PAGE_HEAD);

	return b->title_is || b->site_is || (in(b, HK_PAGE_COPY) && named) || loads_tell(b, t) ||
	       b->logo || b->icon || b->paths > 0;
}

static double
weigh_brand(scale *s, const hk_page_brand *b, const hk_target *t)
{
	double is = weigh_identity(s, b, t), mentions = weigh_mentions(s, b, t);

	return is + (is > 0 ? mentions : MIN(mentions, NAMES_ALONE_MAX));
}

/* The brand that the page says most of. */
static claim
find_claim(hk_page_judge *j, scale *s, const GArray *found)
{
	claim best = {0};

	for (guint i = 0; found && i < found->len; i++) {
		const hk_page_brand *b = &g_array_index(found, hk_page_brand, i);
		const hk_target *t = hk_targets_get(j->targets, b->target);
		double sum = weigh_brand(NULL, b, t);

		if (sum > best.sum) {
			best = (claim){b, t->name, is_strong(b, t), sum};
		}
	}
	if (best.brand) {
		best.sum =
			weigh_brand(s, best.brand, hk_targets_get(j->targets, best.brand->target));
		if (g_strcmp0(s->answer->target, best.name) == 0) {
			best.sum += because(s, W_NAME_TARGET, best.name);
		}
	}
	return best;
}

/* ---- how one comes to it ---- */

/* Whether one host is, or lies below, the other: "www.a.test" and "a.test". */
static bool
is_related(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	const char *longer = la >= lb ? a : b, *shorter = la >= lb ? b : a;
	const char *at = longer + MAX(la, lb) - MIN(la, lb);

	return strcmp(at, shorter) == 0 && (at == longer || at[-1] == '.');
}

static double
weigh_way(scale *s)
{
	const hk_page_answer *a = s->answer;
	int64_t others = 0;
	char text[16];
	double sum = 0;

	for (size_t i = 0; a->hops && i < a->hop_count; i++) {
		bool new = !is_related(a->hops[i], a->host) &&
			   (i == 0 || !is_related(a->hops[i], a->hops[i - 1]));
		others += new;
	}
	if (others >= HOPS_MANY) {
		sum += because_number(s, W_HOPS, others);
	}
	if (a->name_score >= NAME_SCORE_MIN) {
		g_ascii_formatd(text, sizeof text, "%.2f", a->name_score);
		sum += because(s, W_NAME_SCORE, text);
	}
	return sum;
}

/* ---- what it asks for ---- */

/* Names of those of the tokens that the page asks for: "PIN1_4 PIN2_6"; NULL: none. */
static char *
asked_for(const hk_page_sketch *s, const hk_form_token *tokens, size_t count, size_t least)
{
	GString *out = g_string_new(NULL);
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (hk_form_tokens_has(&s->form, tokens[i])) {
			g_string_append_printf(
				out, "%s%s", found++ ? " " : "", hk_form_token_name(tokens[i]));
		}
	}
	return g_string_free(out, found < least);
}

static double
weigh_asked(scale *s, row_id id, const hk_form_token *tokens, size_t count, size_t least)
{
	g_autofree char *text = asked_for(s->sketch, tokens, count, least);

	return text ? because(s, id, text) : 0;
}

static double
weigh_asks(scale *s)
{
	static const hk_form_token pins[] = {
		HK_FORM_PIN1_4, HK_FORM_PIN2_6, HK_FORM_SECRETQ, HK_FORM_HWOTP8_TXSIGN};
	static const hk_form_token card[] = {HK_FORM_CARDNO, HK_FORM_CARDEXP, HK_FORM_CARDCVV};
	static const hk_form_token codes[] = {HK_FORM_SMSOTP, HK_FORM_MAILOTP, HK_FORM_OTP};
	static const hk_form_token customer[] = {HK_FORM_CUSTNO, HK_FORM_ACCT7};
	static const hk_form_token lone_card[] = {HK_FORM_CARDNO};
	static const hk_form_token person[] = {HK_FORM_NAME, HK_FORM_NAME_KANA, HK_FORM_FURIGANA,
		HK_FORM_DOB1, HK_FORM_DOB3, HK_FORM_DOB6, HK_FORM_ZIP, HK_FORM_TEL, HK_FORM_MOBILE,
		HK_FORM_PREF, HK_FORM_CITY, HK_FORM_ADDR};
	const hk_form_tokens *form = &s->sketch->form;
	double sum = 0, cards;

	sum += weigh_asked(s, W_ASKS_PIN, pins, G_N_ELEMENTS(pins), 1);
	cards = weigh_asked(s, W_ASKS_CARD, card, G_N_ELEMENTS(card), 2);
	sum += cards > 0 ? cards
			 : weigh_asked(s, W_ASKS_CUSTOMER, lone_card, G_N_ELEMENTS(lone_card), 1);
	if (s->sketch->has & HK_PAGE_HAS_PASSWORD || hk_form_tokens_has(form, HK_FORM_LOGINPW)) {
		sum += because(s, W_ASKS_PASSWORD, NULL);
	}
	sum += weigh_asked(s, W_ASKS_CODE, codes, G_N_ELEMENTS(codes), 1);
	sum += weigh_asked(s, W_ASKS_CUSTOMER, customer, G_N_ELEMENTS(customer), 1);
	sum += weigh_asked(s, W_ASKS_PERSON, person, G_N_ELEMENTS(person), PERSON_MIN);
	return sum;
}

/* ---- what it hides ---- */

static bool
has(const scale *s, hk_page_has what)
{
	return s->sketch->has & what;
}

static double
weigh_hidden(scale *s, const claim *c)
{
	bool is = c->brand && (c->brand->title_is || c->brand->head_is);
	bool mark = hk_form_tokens_has(&s->sketch->form, HK_FORM_WARN_MARK);
	double sum = 0;

	if (mark) {
		sum += because(s, has(s, HK_PAGE_HAS_LONE) ? W_MARK : W_MARK_ALONE, NULL);
	}
	if (has(s, HK_PAGE_HAS_SCRIPTED) && c->brand && c->brand->title_is) {
		sum += because(s, W_SCRIPTED_BRAND, c->name);
	} else if (has(s, HK_PAGE_HAS_LONE) && is && s->sketch->text_chars < TEXT_SHORT) {
		sum += because(s, W_LONE_BRAND, c->name);
	}
	if (has(s, HK_PAGE_HAS_HIDDEN)) {
		sum += because(s, W_UNPACKED, NULL);
	}
	if (has(s, HK_PAGE_HAS_TESTS)) {
		sum += because(s, W_TESTS, NULL);
	}
	return sum;
}

/* ---- kits ---- */

static double
weigh_kits(scale *s, const hk_page_kits *kits, hk_page_verdict *ret)
{
	hk_page_kit_match m;
	double sum = 0;

	hk_page_kits_find(kits, s->sketch, &m);
	const struct {
		int64_t case_id;
		row_id id;
	} rows[] = {{m.resource, W_KIT_RESOURCE},
		{m.form, m.telling ? W_KIT_FORM : W_KIT_FORM_COMMON}, {m.tags, W_KIT_TAGS},
		{m.icon, W_KIT_ICON}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].case_id != 0) {
			sum += because_number(s, rows[i].id, rows[i].case_id);
			ret->kit_case = ret->kit_case ? ret->kit_case : rows[i].case_id;
		}
	}
	return sum;
}

/* ---- what speaks against ---- */

/* How many brands it speaks of. */
static unsigned
count_brands(const GArray *found)
{
	const unsigned texts =
		1u << HK_PAGE_TITLE | 1u << HK_PAGE_HEAD | 1u << HK_PAGE_ALT | 1u << HK_PAGE_TEXT;
	unsigned count = 0;

	for (guint i = 0; found && i < found->len; i++) {
		const hk_page_brand *b = &g_array_index(found, hk_page_brand, i);

		count += b->areas & texts || b->links;
	}
	return count;
}

static double
weigh_size(scale *s)
{
	uint32_t links = s->sketch->links_own, chars = s->sketch->text_chars;
	double sum = 0;

	if (links >= OWN_LINKS_SOME) {
		sum += because_number(
			s, links >= OWN_LINKS_MANY ? W_MANY_OWN_LINKS : W_OWN_LINKS, links);
	}
	if (chars >= TEXT_LONG) {
		sum += because_number(
			s, chars >= TEXT_VERY_LONG ? W_VERY_LONG_TEXT : W_LONG_TEXT, chars);
	}
	return sum;
}

static double
weigh_against(scale *s, const claim *c, const GArray *found)
{
	const hk_page_brand *b = c->brand;
	unsigned brands = count_brands(found);
	double sum = 0;

	if (brands >= BRANDS_VERY_MANY) {
		sum += because_number(s, c->strong ? W_MANY_BRANDS : W_VERY_MANY_BRANDS, brands);
	} else if (brands >= BRANDS_MANY && !c->strong) {
		sum += because_number(s, W_MANY_BRANDS, brands);
	}
	/* Good imitations copy or pretend all that follows. */
	if (c->strong) {
		return sum;
	}
	if (has(s, HK_PAGE_HAS_CMS)) {
		sum += because(s, W_CMS, NULL);
	}
	if (b && b->sends) {
		sum += because(s, W_SENDS_OFFICIAL, b->sends);
	}
	if (b && !in(b, HK_PAGE_COPY) &&
		hk_page_brands_bare(s->sketch->area[HK_PAGE_COPY]) >= BARE_OTHER) {
		sum += because(s, W_OTHER_COPY, NULL);
	}
	if (b && !in(b, HK_PAGE_SITE) &&
		hk_page_brands_bare(s->sketch->area[HK_PAGE_SITE]) >= BARE_OTHER) {
		sum += because(s, W_OTHER_SITE, NULL);
	}
	return sum + weigh_size(s);
}

/* ---- the whole ---- */

hk_page_kind
hk_page_kind_find(const hk_page_sketch *s)
{
	bool asks = s->form.asks || s->has & HK_PAGE_HAS_PASSWORD;
	hk_page_kind kind = s->kind;

	for (size_t i = 0; !asks && kind == HK_PAGE_CONTENT && i < G_N_ELEMENTS(kind_words); i++) {
		const char *words = kind_words[i].words;

		if (s->text_chars <= kind_words[i].most &&
			(hk_form_words_in(s->area[HK_PAGE_TITLE], words) ||
				(kind_words[i].where == IN_ANY &&
					hk_form_words_in(s->area[HK_PAGE_TEXT], words)))) {
			kind = kind_words[i].kind;
		}
	}
	return kind;
}

static double
weigh(hk_page_judge *j, scale *s, claim *ret_claim, hk_page_verdict *ret)
{
	const GArray *found = j->brands ? hk_page_brands_find(j->brands, s->sketch) : NULL;
	claim c = find_claim(j, s, found);
	double kits = weigh_kits(s, j->kits, ret);
	double asks = weigh_asks(s);
	double hidden = weigh_hidden(s, &c);
	double sum = BIAS + c.sum + kits + hidden + MIN(asks, c.strong ? ASKS_MAX : ASKS_OTHER_MAX);

	bool half = c.brand && (c.brand->head_is || in(c.brand, HK_PAGE_COPY));

	if (asks > 0 && (c.strong || half)) {
		/* A heading alone may be that of a part of the page, a copyright that of a map. */
		double weight = because(s, W_ASKS_AS_BRAND, c.name);
		sum += c.strong ? weight : weight / 2;
	}
	if (asks <= 0 && s->sketch->fields == 0 && kits <= 0 && hidden <= 0) {
		sum += because(s, W_ASKS_NOTHING, NULL);
	}
	*ret_claim = c;
	return sum + weigh_way(s) + weigh_against(s, &c, found);
}

/* Official names never alarm. True: *ret is done. */
static bool
is_official(hk_page_judge *j, scale *s, hk_page_verdict *ret)
{
	const char *url = s->answer->final_url;
	const char *at = url ? strstr(url, "://") : NULL;
	const char *host = at ? at + 3 : "";
	size_t len = strcspn(host, "/:?#");
	const hk_target *own =
		j->targets ? hk_targets_official(j->targets, hk_span_str(s->answer->host), NULL)
			   : NULL;
	bool allowed = false;
	const hk_target *to = j->targets && !own ? hk_targets_official(j->targets,
							   hk_span_of(host, len), &allowed)
						 : NULL;

	if (!own && (!to || allowed)) {
		return false;
	}
	ret->outcome = HK_PAGE_PLAIN;
	ret->target = own ? own->name : to->name;
	ret->official = true;
	ret->follow = own == NULL; /* it may show its own page to others */
	because(s, own ? W_OFFICIAL : W_TO_OFFICIAL, ret->target);
	return true;
}

static bool
leads_on(const hk_page_sketch *s, hk_page_kind kind, const hk_page_verdict *v)
{
	bool small = s->text_chars < TEXT_SHORT;

	return v->outcome != HK_PAGE_SUSPECT &&
	       ((s->has & (HK_PAGE_HAS_TESTS | HK_PAGE_HAS_REFRESH)) ||
		       (s->follow && small && s->has & HK_PAGE_HAS_LONE) ||
		       (s->has & HK_PAGE_HAS_SCRIPTED && v->target) || kind == HK_PAGE_UNREAD ||
		       kind == HK_PAGE_CHALLENGE ||
		       hk_form_tokens_has(&s->form, HK_FORM_WARN_MARK));
}

static void
decide(hk_page_judge *j, scale *s, hk_page_verdict *ret)
{
	int status = s->answer->status;
	claim c;
	double sum = weigh(j, s, &c, ret);
	hk_page_kind kind = hk_page_kind_find(s->sketch);

	ret->score = 1 / (1 + exp(-sum));
	ret->target = c.name;
	ret->kind = kind;
	if (ret->score >= j->threshold) {
		ret->outcome = HK_PAGE_SUSPECT;
	} else if (status == STATUS_GONE) {
		ret->outcome = HK_PAGE_DEAD;
		because(s, W_GONE, NULL);
	} else if (kind != HK_PAGE_CONTENT && kind != HK_PAGE_OTHER) {
		ret->outcome = HK_PAGE_EMPTY;
		write_reason(s, kinds[kind].code, 0, kinds[kind].meaning, NULL);
	} else if (status >= STATUS_ERROR) {
		ret->outcome = HK_PAGE_EMPTY;
		because_number(s, W_STATUS, status);
	} else {
		ret->outcome = HK_PAGE_PLAIN;
		if (kind == HK_PAGE_OTHER) {
			write_reason(s, kinds[kind].code, 0, kinds[kind].meaning, NULL);
		}
	}
	ret->follow = leads_on(s->sketch, kind, ret);
}

void
hk_page_judge_one(hk_page_judge *j, const hk_page_answer *answer, const hk_page_sketch *sketch,
	hk_page_verdict *ret)
{
	scale s;

	s.answer = answer;
	s.sketch = sketch;
	s.count = 0;
	*ret = (hk_page_verdict){.outcome = HK_PAGE_DEAD};
	if (answer->status == 0) {
		because(&s, W_NO_ANSWER, NULL);
	} else if (!is_official(j, &s, ret)) {
		decide(j, &s, ret);
	}
	tell(&s, ret);
}
