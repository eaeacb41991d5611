/* score/scorer_int: what the parts of the scorer share. Layer: score. Private to scorer*.c. Names are hostile.
 *
 *   scorer_set.c   what is loaded from files, as one set that a reload swaps
 *   scorer_gate.c  one pattern scan and one run of the model over a batch
 *   scorer_look.c  the full look at one entry; scorer_brand.c: at one name
 *   scorer_low.c   names that are no hit, for a light look
 *   scorer.c       the interface */
#ifndef HK_SCORE_SCORER_INT_H
#define HK_SCORE_SCORER_INT_H

#include "score/budget.h"
#include "score/scorer.h"
#include "score/targets.h"
#include "score/watch.h"
#include "sys/modelfile.h"
#include "sys/patterns.h"
#include "sys/rules.h"
#include "sys/suffixes.h"

/* --- the set --- */

/* The tokens of one brand, and the keywords of all. */
typedef struct hk_scorer_tokens {
	hk_brand_token *list;
	size_t count;
} hk_scorer_tokens;

/* On an id of a brand: the token needs context, which only a whole word can have. */
#define HK_SCORER_ID_WORD 0x80000000U

typedef struct hk_scorer_set {
	hk_suffixes *suffixes;
	const hk_suffix_table *table; /* of suffixes */
	hk_targets *targets;          /* NULL: none */
	hk_watch *watch;              /* NULL: none */
	hk_rules *rules;              /* NULL: none */
	hk_modelfile *modelfile;      /* NULL: none */
	const hk_model *model;        /* of modelfile */
	hk_scorer_tokens *tokens;     /* for each brand of targets */
	hk_patterns *patterns;
	/* Ids of patterns below watch_count are rows of watch; watch_count is an A-label; watch_count + 1 + n is something of
	 * brand n. The last two open the gate only. */
	uint32_t watch_count;
	float gate_logit; /* of the model: from here on the full look is taken */
} hk_scorer_set;

/* hk_scorer_logit(set, share): the least logit whose probability is at least share; without a model the log odds. */
float hk_scorer_logit(const hk_scorer_set *set, double share);

void hk_scorer_set_free(hk_scorer_set *set);
/* hk_scorer_set_load(config, error): reads every file that config names. */
hk_scorer_set *hk_scorer_set_load(const hk_scorer_config *config, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_scorer_set, hk_scorer_set_free)

/* --- the gate --- */

/* An occurrence of a pattern. */
typedef struct hk_scorer_mark {
	uint32_t name; /* number within the batch */
	uint32_t id;
	uint32_t end; /* offset in the name behind its last byte */
} hk_scorer_mark;

/* --- reasons --- */

/* Room for what is collected before the weightiest are kept. */
#define HK_SCORER_REASONS_MAX 32
#define HK_SCORER_REASON_LEN  256

typedef struct hk_scorer_reason {
	double weight;
	char text[HK_SCORER_REASON_LEN];
} hk_scorer_reason;

struct hk_scorer {
	hk_scorer_config config; /* strings owned */
	hk_scorer_set *set;

	/* of the batch under way */
	GArray *marks;  /* of hk_scorer_mark, by rising name */
	GArray *logits; /* of float, one for each name; unused without a model */

	/* of the verdict under way */
	hk_scorer_reason reason[HK_SCORER_REASONS_MAX];
	size_t reason_count;
	size_t reason_lost;                     /* more than there was room for */
	char *watch_rule[HK_VERDICT_RULES_MAX]; /* owned: "watch:mizuho" */
	GArray *hashes;                         /* of uint64_t: registrable domains */

	/* names that are no hit */
	hk_budget *budget; /* borrowed; NULL: nobody wants them */
	double low_share, low_floor;
};

/* hk_scorer_gate(scorer, batch): fills marks and logits. */
void hk_scorer_gate(hk_scorer *scorer, const hk_batch *batch);

/* One entry, as the gate saw it. */
typedef struct hk_scorer_case {
	const hk_batch *batch;
	const hk_batch_entry *entry;
	const hk_scorer_mark *marks; /* those of its names */
	size_t mark_count;
	hk_gate_facts gate;
	bool whole; /* look at every name, and explain, whatever the score */
} hk_scorer_case;

/* hk_scorer_look(scorer, look, ret): the verdict on one entry. */
void hk_scorer_look(hk_scorer *scorer, const hk_scorer_case *look, hk_verdict *ret);

/* hk_scorer_because(scorer, weight, format...): one reason more, in UTF-8. Text of a name is printed as it is: it is ASCII
 * (base/name.h). */
void hk_scorer_because(hk_scorer *scorer, double weight, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* hk_scorer_low_names(scorer, look, verdict, cut, ret): which names of an entry that is no hit are worth a light look: those whose logit reaches
 * cut, and the one that verdict (or NULL: the full look was not taken) is about. How many there are in ret. */
size_t hk_scorer_low_names(hk_scorer *scorer, const hk_scorer_case *look, const hk_verdict *verdict,
	float cut, hk_scorer_low ret[HK_SCORER_LOW_MAX]);

/* What a name gives away about brands. */
typedef struct hk_scorer_brand {
	const char *target; /* as the pack spells it; NULL: nothing */
	bool official;      /* a domain of the brand, or allow-listed */
	double log_ratio;   /* of the evidence, 0 when official */
	double alone; /* log odds of a stranger's name that shows it, whatever its other letters look like; -INFINITY: the evidence alone says nothing */
	char text[HK_SCORER_REASON_LEN]; /* the reason */
} hk_scorer_brand;

/* Brands of which the gate has seen something in a name, each once. What is over the cap is not looked at. */
#define HK_SCORER_SUSPECTS_MAX 16
typedef struct hk_scorer_suspects {
	size_t count;
	uint32_t target[HK_SCORER_SUSPECTS_MAX];
} hk_scorer_suspects;

/* hk_scorer_official(scorer, name, ret): whether name is official or allow-listed; then *ret says of whom. Cheap: a few
 * look-ups, whatever the gate has seen. */
bool hk_scorer_official(const hk_scorer *scorer, hk_name name, hk_scorer_brand *ret);

/* hk_scorer_brand_of(scorer, name, suspects, ret): the full look at one name; suspects NULL: every brand. False: nothing to
 * say. */
bool hk_scorer_brand_of(const hk_scorer *scorer, hk_name name, const hk_scorer_suspects *suspects,
	hk_scorer_brand *ret);

#endif
