/* nocheck: tested in tests/unit/report/test_answer.c. report/answer: what a mail means, by the patterns of answerrules.def. */
#include <string.h>

#include <glib.h>

#include "report/answer.h"
#include "report/answer_int.h"

/* HITS_MAX: of a sentence; what comes behind them is read as a sentence of its own. QUOTATION_MIN: bytes; shorter ones are words that somebody stresses. */
enum { HITS_MAX = 64, QUOTATION_MIN = 20, QUOTATION_MAX = 400 };
/* Bytes of a mail that says what it says in a word. Weights: from which on two classes contradict each other; a request is one; a mail thanks for a report; it tells of work. */
enum { BRIEF_MAX = 160, CLASH = 8, ASKS = 7, THANKED = 3, AT_WORK = 4 };

typedef enum concept_bit {
#define CONCEPT(name) name##_BIT,
#define STEM(of, text)
#define BRIEF(of, text)
#define RULE(meaning, weight, gap, why, a, b, c, veto, never)
#include "report/answerrules.def"
#undef CONCEPT
#undef STEM
#undef BRIEF
#undef RULE
	CONCEPTS
} concept_bit;

G_STATIC_ASSERT(CONCEPTS <= 64);

/* As masks, so that rules can say "this or that". */
#define CONCEPT(name) static const uint64_t name = UINT64_C(1) << name##_BIT;
#define STEM(of, text)
#define BRIEF(of, text)
#define RULE(meaning, weight, gap, why, a, b, c, veto, never)
#include "report/answerrules.def"
#undef CONCEPT
#undef STEM
#undef BRIEF
#undef RULE

/* Which mails a row is for. */
typedef enum tongue { ANY, KANA, HAN, LATIN } tongue;

#define CONCEPT(name)
#define RULE(meaning, weight, gap, why, a, b, c, veto, never)
static const struct {
	uint64_t concept;
	const char *text;
	tongue tongue;
	bool brief; /* counts in brief mails only */
} stems[] = {
#define STEM(of, text)  {UINT64_C(1) << of##_BIT, text, ANY, false},
#define BRIEF(of, text) {UINT64_C(1) << of##_BIT, text, ANY, true},
#include "report/answerrules.def"
#undef STEM
#undef BRIEF
#define STEM(of, text)  {UINT64_C(1) << of##_BIT, text, KANA, false},
#define BRIEF(of, text) {UINT64_C(1) << of##_BIT, text, KANA, true},
#include "report/answerrules_ja.def"
#undef STEM
#undef BRIEF
#define STEM(of, text)  {UINT64_C(1) << of##_BIT, text, HAN, false},
#define BRIEF(of, text) {UINT64_C(1) << of##_BIT, text, HAN, true},
#include "report/answerrules_zh.def"
#undef STEM
#undef BRIEF
};
#undef CONCEPT
#undef RULE

typedef struct rule {
	hk_answer_class meaning;
	int weight;
	size_t gap;
	const char *why;
	uint64_t seq[3]; /* 0: none */
	uint64_t veto, never;
	tongue tongue;
} rule;

/* A stem in a sentence: bytes [begin, end). */
typedef struct hit {
	size_t begin, end;
	uint64_t concepts;
} hit;

typedef struct reading {
	const char *text;
	const rule *rules;
	size_t rules_len;
	int16_t first[256];                /* the first stem that begins with that byte, -1: none */
	int16_t next[G_N_ELEMENTS(stems)]; /* the next one with the same byte */
	hit hits[HITS_MAX];
	size_t len;
	uint64_t all; /* concepts of the sentence */
	tongue tongue;
	bool brief; /* a line or two */
	/* In a longer mail a deed is one only together, in a sentence, with what it was done to: meetings are cancelled, too. */
	uint64_t deed, object;
	hk_answer_rules_verdict best[HK_ANSWER_CLASSES]; /* the heaviest of each class */
} reading;

/* ---- stems ---- */

static void
index_stems(reading *r)
{
	memset(r->first, 0xff, sizeof r->first);
	for (size_t i = 0; i < G_N_ELEMENTS(stems); i++) {
		if ((stems[i].tongue != ANY && stems[i].tongue != r->tongue) ||
			(stems[i].brief && !r->brief)) {
			continue;
		}
		uint8_t byte = (uint8_t)stems[i].text[0];

		r->next[i] = r->first[byte];
		r->first[byte] = (int16_t)i;
	}
}

static bool
in_word(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '_';
}

static bool
begins_word(const char *text, size_t at)
{
	return at == 0 || !(in_word(text[at - 1]) || strchr("/.@'=?&%", text[at - 1]));
}

/* Bytes of the stem at p, 0: it is not there. */
static size_t
stem_at(const char *p, const char *stem)
{
	size_t n = 0;

	while (stem[n] && stem[n] != '*' && stem[n] == p[n]) {
		n++;
	}
	if (stem[n] == '*') {
		while (g_ascii_isalnum(p[n])) {
			n++;
		}
		return n;
	}
	bool whole = stem[n] == '\0' && !(g_ascii_isalnum(stem[0]) && in_word(p[n]));

	return whole ? n : 0;
}

/* The longest stem at a place; two concepts may have the same. */
static hit
longest_at(const reading *r, size_t at)
{
	hit best = {.begin = at, .end = at};

	for (int i = r->first[(uint8_t)r->text[at]]; i >= 0; i = r->next[i]) {
		size_t n = stem_at(r->text + at, stems[i].text);

		if (n > 0 && at + n >= best.end) {
			best.concepts = (at + n == best.end ? best.concepts : 0) | stems[i].concept;
			best.end = at + n;
		}
	}
	return best;
}

/* ---- rules ---- */

/* Concepts between the BREAK before hit `from` and hit `to`. */
static uint64_t
clause_of(const reading *r, size_t from, size_t to, uint64_t part)
{
	uint64_t concepts = 0;

	for (size_t i = 0; i <= to; i++) {
		concepts = i < from && (r->hits[i].concepts & part)
				   ? 0
				   : concepts | r->hits[i].concepts;
	}
	return concepts;
}

/* The hit that goes on with a rule behind hit `last`; HITS_MAX: none. */
static size_t
goes_on(const reading *r, size_t last, uint64_t wanted, size_t gap, uint64_t part)
{
	for (size_t i = last + 1; i < r->len && r->hits[i].begin <= r->hits[last].end + gap; i++) {
		if (r->hits[i].concepts & wanted) {
			return i;
		}
		if (r->hits[i].concepts & part) {
			break;
		}
	}
	return HITS_MAX;
}

/* What the words of the rule are, must not count against it: the VETO looks at the others. */
static bool
holds_at(const reading *r, const rule *want, size_t at, uint64_t part)
{
	size_t last = at;
	uint64_t own = r->hits[at].concepts;

	for (size_t k = 1; k < G_N_ELEMENTS(want->seq) && want->seq[k]; k++) {
		last = goes_on(r, last, want->seq[k], want->gap, part);
		if (last == HITS_MAX) {
			return false;
		}
		own |= r->hits[last].concepts;
	}
	return !(clause_of(r, at, last, part) & want->veto & ~own);
}

static void
end_sentence(reading *r, uint64_t part)
{
	for (size_t k = 0; k < r->rules_len; k++) {
		const rule *want = &r->rules[k];
		hk_answer_rules_verdict *best = &r->best[want->meaning];

		if (!(r->all & want->seq[0]) || (r->all & want->never) ||
			want->weight <= best->weight ||
			(want->tongue != ANY && want->tongue != r->tongue) ||
			(want->meaning == HK_ANSWER_ACTIONED && !r->brief && (r->all & r->deed) &&
				!(r->all & r->object))) {
			continue;
		}
		for (size_t i = 0; i < r->len; i++) {
			if ((r->hits[i].concepts & want->seq[0]) && holds_at(r, want, i, part)) {
				*best = (hk_answer_rules_verdict){
					want->meaning, want->weight, want->why};
				break;
			}
		}
	}
	r->len = 0;
	r->all = 0;
}

static void
add_hit(reading *r, hit h, uint64_t part)
{
	if (r->len == HITS_MAX) {
		end_sentence(r, part);
	}
	r->hits[r->len++] = h;
	r->all |= h.concepts;
}

/* Bytes of what ends a sentence at a place, 0: nothing does. */
static size_t
sentence_end(const char *p)
{
	static const char *const ends[] = {"\1", "!", "?", "。"};

	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		if (g_str_has_prefix(p, ends[i])) {
			return strlen(ends[i]);
		}
	}
	return p[0] == '.' && (p[1] == ' ' || p[1] == '\1' || p[1] == '\0') ? 1 : 0;
}

/* ---- text ---- */

/* Something quoted in quotation marks is somebody else's word. */
static void
mask_quotations(char *text)
{
	static const char *const marks[][2] = {
		{"\"", "\""}, {"“", "”"}, {"「", "」"}, {"『", "』"}};

	for (size_t k = 0; k < G_N_ELEMENTS(marks); k++) {
		char *p = strstr(text, marks[k][0]);

		while (p) {
			char *begin = p + strlen(marks[k][0]);
			char *end = strstr(begin, marks[k][1]);

			if (!end) {
				break;
			}
			size_t n = (size_t)(end - begin);

			if (n >= QUOTATION_MIN && n <= QUOTATION_MAX) {
				memset(begin, '\2', n);
			}
			p = strstr(end + strlen(marks[k][1]), marks[k][0]);
		}
	}
}

/* Subject and text, folded; '\1' where a paragraph ends. Caller frees. */
static char *
prepared(const hk_answer *reply)
{
	GString *all = g_string_new(reply->subject);

	g_string_append(all, "\1\n");
	for (const char *p = reply->text; *p;) {
		size_t n = strcspn(p, "\n");
		bool blank = strspn(p, " \t\r") >= n;

		g_string_append_len(all, blank ? "\1" : p, blank ? 1 : (gssize)n);
		g_string_append_c(all, '\n');
		p += p[n] ? n + 1 : n;
	}
	char *folded = hk_answer_fold(all->str);

	g_string_free(all, TRUE);
	mask_quotations(folded);
	return folded;
}

/* Kana are Japanese; what has characters of East Asia and none of them is Chinese, or too short to tell. */
static tongue
tongue_of(const char *text)
{
	tongue ret = LATIN;

	for (const char *p = text; *p && ret != KANA; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		ret = c >= 0x3041 && c <= 0x30fa ? KANA : c >= 0x3400 && c <= 0x9fff ? HAN : ret;
	}
	return ret;
}

static void
read_text(reading *r, uint64_t part, uint64_t question)
{
	for (size_t at = 0; r->text[at];) {
		size_t end = sentence_end(r->text + at);
		bool ascii = g_ascii_isalnum(r->text[at]);
		hit h = {.begin = at, .end = at};

		if (end > 0) {
			if (r->text[at] == '?') {
				h.concepts = question;
				add_hit(r, h, part);
			}
			end_sentence(r, part);
			at += end;
			continue;
		}
		if (!ascii || begins_word(r->text, at)) {
			h = longest_at(r, at);
		}
		if (h.concepts) {
			add_hit(r, h, part);
		}
		at = h.end > at ? h.end
				: at + (size_t)(g_utf8_next_char(r->text + at) - (r->text + at));
	}
	end_sentence(r, part);
}

int
hk_answer_harm(hk_answer_class class)
{
	static const int harm[HK_ANSWER_CLASSES] = {
		[HK_ANSWER_OTHER] = 0,
		[HK_ANSWER_AUTO] = 1,
		[HK_ANSWER_ACKNOWLEDGED] = 2,
		[HK_ANSWER_NEEDS_INFO] = 3,
		[HK_ANSWER_BOUNCED] = 4,
		[HK_ANSWER_REFUSED] = 5,
		[HK_ANSWER_ACTIONED] = 6,
	};

	return harm[class];
}

/* The heaviest; of two that weigh the same the harmless one (hk_answer_harm). */
static hk_answer_rules_verdict
heaviest(const reading *r)
{
	hk_answer_rules_verdict ret = {HK_ANSWER_OTHER, 0, NULL};

	for (int i = 0; i < HK_ANSWER_CLASSES; i++) {
		const hk_answer_rules_verdict *v = &r->best[i];

		if (v->weight > ret.weight ||
			(v->weight == ret.weight && v->weight > 0 &&
				hk_answer_harm(v->class) < hk_answer_harm(ret.class))) {
			ret = *v;
		}
	}
	return ret;
}

/* Refused, or what else it is. "We cannot act on a picture alone, please send the address": what is asked for counts. A word by itself ("court order") is no refusal of who
 * thanks for a report; and one who refuses and tells of work is for a person to read. */
static hk_answer_rules_verdict
refusal(const reading *r, hk_answer_rules_verdict never)
{
	const hk_answer_rules_verdict *asks = &r->best[HK_ANSWER_NEEDS_INFO];
	const hk_answer_rules_verdict *takes = &r->best[HK_ANSWER_ACKNOWLEDGED];

	if (asks->weight >= ASKS) {
		return *asks;
	}
	if (never.weight < CLASH && takes->weight >= THANKED) {
		return *takes;
	}
	return takes->weight >= AT_WORK
		       ? (hk_answer_rules_verdict){HK_ANSWER_OTHER, never.weight, "it says both"}
		       : never;
}

/* Whoever says both that it is done and that it will not be, is for a person to read, too: a CDN that dropped a site tells where the rest of it lies, and so does one that drops none. */
static hk_answer_rules_verdict
decide(const reading *r)
{
	hk_answer_rules_verdict ret = heaviest(r);
	bool both = r->best[HK_ANSWER_ACTIONED].weight >= CLASH &&
		    r->best[HK_ANSWER_REFUSED].weight >= CLASH &&
		    (ret.class == HK_ANSWER_ACTIONED || ret.class == HK_ANSWER_REFUSED);

	if (both) {
		return (hk_answer_rules_verdict){HK_ANSWER_OTHER, ret.weight, "it says both"};
	}
	return ret.class == HK_ANSWER_REFUSED ? refusal(r, ret) : ret;
}

hk_answer_rules_verdict
hk_answer_by_rules(const hk_answer *reply)
{
#define CONCEPT(name)
#define STEM(of, text)
#define BRIEF(of, text)
	const rule rules[] = {
#define RULE(meaning, weight, gap, why, a, b, c, veto, never)                                      \
	{HK_ANSWER_##meaning, weight, gap, why, {a, b, c}, veto, never, ANY},
#include "report/answerrules.def"
#undef RULE
#define RULE(meaning, weight, gap, why, a, b, c, veto, never)                                      \
	{HK_ANSWER_##meaning, weight, gap, why, {a, b, c}, veto, never, KANA},
#include "report/answerrules_ja.def"
#undef RULE
#define RULE(meaning, weight, gap, why, a, b, c, veto, never)                                      \
	{HK_ANSWER_##meaning, weight, gap, why, {a, b, c}, veto, never, HAN},
#include "report/answerrules_zh.def"
#undef RULE
	};
#undef CONCEPT
#undef STEM
#undef BRIEF
	g_autofree char *text = prepared(reply);
	g_autofree reading *r = g_new0(reading, 1);
	size_t own = strlen(strchr(text, '\1') ? strchr(text, '\1') : text);

	r->text = text;
	r->rules = rules;
	r->rules_len = G_N_ELEMENTS(rules);
	r->tongue = tongue_of(text);
	r->brief = own <= BRIEF_MAX;
	r->deed = ACTP;
	r->object = THING | CUST;
	index_stems(r);
	read_text(r, BREAK, QM);
	return decide(r);
}
