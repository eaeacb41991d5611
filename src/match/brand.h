/* match/brand: does a host name speak of a brand, and how? Layer: match. Libc only. Names are hostile, tokens are ours.
 *
 * Everything left of the public suffix is cut into words at '-', '.' and where digits begin or end; the separators go.
 * A run is one or several neighbouring words: "www.mihon-bank24.evil.test" has the runs www, wwwmihon, mihonbank, bank24
 * and so on. Each token is compared with the runs by the rows of brand.def, strongest first. With 500 tokens a
 * name costs 60 to 100 us, a hostile one 0.4 ms, so it is for names that passed a gate. */
#ifndef HK_MATCH_BRAND_H
#define HK_MATCH_BRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "match/suffix.h"

/* Longest token (an official domain may have hyphens and dots); most words, counted from the right, and most words in
 * one run, that are looked at: what lies further left is seen by rows that look inside labels only. */
#define HK_BRAND_TOKEN_MAX 64u
#define HK_BRAND_WORDS_MAX 32u
#define HK_BRAND_RUN_MAX   6u

/* The brand number of keywords that give context to tokens of every brand. */
#define HK_BRAND_ALL UINT32_MAX

typedef enum hk_brand_kind {
	HK_BRAND_NONE = 0,
#define BRAND(name, code, letters, lone, test, words) HK_BRAND_##name,
#include "match/brand.def"
#undef BRAND
	HK_BRAND_KIND_COUNT
} hk_brand_kind;

/* hk_brand_kind_code(kind), hk_brand_kind_words(kind): the columns of brand.def; "none" for anything else. Static. */
const char *hk_brand_kind_code(hk_brand_kind kind);
const char *hk_brand_kind_words(hk_brand_kind kind);

typedef enum hk_brand_role {
	HK_BRAND_TOKEN,   /* a word that stands for the brand */
	HK_BRAND_DOMAIN,  /* an official registrable domain or host */
	HK_BRAND_KEYWORD, /* never evidence; gives context to tokens of its brand */
} hk_brand_role;

/* A token made ready. Plain data; text is borrowed. */
typedef struct hk_brand_token {
	const char *text;
	uint32_t brand; /* the caller's number of the brand */
	uint8_t len, word_len, folded_len;
	uint8_t role;                    /* hk_brand_role */
	bool needs_context;              /* generic or short: see hk_brand_find */
	uint64_t letters;                /* which letters and digits word has: a bit for each */
	char word[HK_BRAND_TOKEN_MAX];   /* without '-' and '.' */
	char folded[HK_BRAND_TOKEN_MAX]; /* hk_fold of word */
} hk_brand_token;

typedef enum hk_brand_where {
	HK_BRAND_SUB,         /* left of the registrable label, or across its border */
	HK_BRAND_REGISTRABLE, /* the label that was registered (or is a customer of a hosting service) */
} hk_brand_where;

typedef struct hk_brand_evidence {
	hk_brand_kind kind;
	hk_brand_where where;
	uint32_t token;    /* its number in the caller's array */
	uint32_t distance; /* edits; 0 for kinds that need none */
	uint16_t off,
		len; /* bytes of the name that show it; for rows that look inside, the whole label */
} hk_brand_evidence;

/* hk_brand_token_init(text, brand, role, needs_context, ret): text (borrowed) is 1..HK_BRAND_TOKEN_MAX of a-z 0-9 - and,
 * for a domain, '.'. HK_ELIMIT for another length, HK_EFORM for another character or no letter or digit at all. */
HK_MUST hk_err hk_brand_token_init(
	hk_span text, uint32_t brand, hk_brand_role role, bool needs_context, hk_brand_token *ret);

/* hk_brand_find(name, len, split, tokens, count, ret): the best evidence in name (lower case, A-labels; at most 255 bytes,
 * of longer ones the last 255), cut by hk_suffix_split_name. Best is by row of brand.def, then where, then the longer
 * token, then the lower number. A token that needs context counts only as the whole registrable label, or as a whole word
 * beside another token or keyword (of its brand, or of HK_BRAND_ALL) that is a whole word elsewhere in the name. A name
 * that is or lies under a domain of the array has no evidence. False, and *ret untouched, when there is none. */
bool hk_brand_find(const char *name, size_t len, const hk_suffix_split *split,
	const hk_brand_token *tokens, size_t count, hk_brand_evidence *ret);

#endif
