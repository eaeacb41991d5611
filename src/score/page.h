/* score/page: is the page that a candidate answers with a phishing page, against whom, and why? Layer: score. Pages are hostile.
 *
 * Three steps. The caller fetches one answer per name (no browser, HK_PAGE_BODY_MAX). hk_page_read() reads many of them in one child of
 * sys/sandbox, and hands back a sketch of each: folded texts, what forms ask for, where links and resources lie, hashes. A judge compares
 * a sketch with the target packs (score/targets) and with the kits of confirmed cases, and gives a score with its reasons; docs/pages.md
 * tells how, score/pageweights.def holds the weights.
 *
 * Nothing that a page names is loaded, and no script is run. Who draws the page by a script only is seen by its title and by what it loads;
 * such a page says where it leads (`follow`), so that a browser may have a look. A page that takes its reader over can forge the sketches
 * of its batch, nothing else. */
#ifndef HK_SCORE_PAGE_H
#define HK_SCORE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"
#include "match/minhash.h"
#include "sys/formtokens.h"

/* Caps. What is over one is left out, never an error. */
enum {
	HK_PAGE_BODY_MAX = 262144, /* bytes of a body that are read */
	HK_PAGE_BATCH_MAX = 256,   /* answers in one call of hk_page_read */
	HK_PAGE_AREA_MAX = 32768,  /* bytes of one area of a sketch */
	HK_PAGE_HASHES_MAX = 64,   /* resources that stand in the page itself */
	HK_PAGE_FOLLOW_MAX = 2048, /* bytes of an address that a page leads to */
	HK_PAGE_REASONS_MAX = 16,
	HK_PAGE_REASON_TEXT = 240, /* bytes of one, with its NUL */
	HK_PAGE_KITS_MAX = 200000, /* keys of kits */
	HK_PAGE_LOOKS_MAX = 2000,  /* of them: sketches of tag paths */
};

/* What a name answered with. All borrowed; strings are NUL-terminated and may be NULL but for host. */
typedef struct hk_page_answer {
	const char *host;      /* that was looked at: lower case, A-labels */
	const char *url;       /* that was asked for */
	const char *final_url; /* that the body is of; NULL: url */
	int status;            /* HTTP status of the last answer; 0: no answer at all */
	const char *type;      /* its Content-Type */
	hk_span body;          /* any bytes, decoded from Content-Encoding; may be cut off */
	hk_span icon;          /* the favicon's bytes, if the caller has them; else empty */
	const char *const
		*hops; /* hosts of the redirects on the way, hop_count of them; may be NULL */
	size_t hop_count;
	const char *
		target; /* brand that the name itself speaks of, as the pack spells it (hk_verdict.target) */
	double name_score; /* of the name (hk_verdict.score); < 0: not known */
} hk_page_answer;

/* What sort of thing it is. Rows of pagekinds.def. */
typedef enum hk_page_kind {
#define PAGEKIND(id, code, meaning) HK_PAGE_##id,
#define PAGEWORDS(...)
#include "score/pagekinds.def"
#undef PAGEKIND
#undef PAGEWORDS
	HK_PAGE_KINDS
} hk_page_kind;

/* hk_page_kind_code(kind): "content", "parked" ...; static. kind < HK_PAGE_KINDS. */
const char *hk_page_kind_code(hk_page_kind kind);

/* Texts of a page, each one item a line. What people read is folded (sys/textfold); hosts are lower case A-labels; paths have no query. */
typedef enum hk_page_area {
	HK_PAGE_TITLE, /* of the document, og:title */
	HK_PAGE_HEAD,  /* h1 to h3, legend */
	HK_PAGE_ALT,   /* alt, aria-label of pictures */
	HK_PAGE_SITE,  /* what the page calls the site: og:site_name, application-name ... */
	HK_PAGE_COPY,  /* lines with a copyright sign */
	HK_PAGE_TEXT,  /* all that can be read */
	HK_PAGE_PATHS, /* paths of what is loaded: "/css/a.css" */
	HK_PAGE_LOADS, /* hosts of what is loaded from elsewhere, each once; so the next two */
	HK_PAGE_LINKS, /* hosts of links */
	HK_PAGE_SENDS, /* hosts that forms are sent to */
	HK_PAGE_AREAS
} hk_page_area;

/* What a page has, as bits of hk_page_sketch.has. */
typedef enum hk_page_has {
	HK_PAGE_HAS_PASSWORD = 1,  /* a field of that type, or one that asks for one */
	HK_PAGE_HAS_LONE = 2,      /* nothing to type into, and one thing to press */
	HK_PAGE_HAS_REFRESH = 4,   /* moves on by itself: meta refresh, or a script's location */
	HK_PAGE_HAS_TESTS = 8,     /* a script that moves on asks for the device first */
	HK_PAGE_HAS_HIDDEN = 16,   /* text that is unpacked by a script was found, and read, too */
	HK_PAGE_HAS_SCRIPTED = 32, /* shows next to nothing, but loads scripts that may draw it */
	HK_PAGE_HAS_CMS = 64,      /* the login form of a well-known content management system */
	HK_PAGE_HAS_CUT = 128,     /* a cap was reached */
} hk_page_has;

/* What hk_page_read() has seen. Plain data on the heap; everything in it is hostile text, but valid UTF-8 within its cap. */
typedef struct hk_page_sketch {
	hk_page_kind kind;
	unsigned has;                   /* hk_page_has */
	char *area[HK_PAGE_AREAS];      /* owned, never NULL */
	size_t len[HK_PAGE_AREAS];      /* bytes without the NUL */
	hk_form_tokens form;            /* what it asks for */
	uint32_t text_chars;            /* characters that can be read, before any cap */
	uint32_t fields, links_own;     /* to type into; links to different pages of its own host */
	uint32_t links_out, links_void; /* to other hosts; that lead nowhere ("#", "javascript:") */
	hk_minhash shingles; /* of tag paths, as evidence/traits makes it; count 0: none */
	size_t hash_count;
	uint8_t hash[HK_PAGE_HASHES_MAX]
		    [32]; /* SHA-256 of scripts, styles and data: pictures in it */
	bool has_icon;
	int32_t icon; /* hk_mmh3_icon of the caller's icon, else of a data: icon */
	char *follow; /* owned; absolute URL that the page leads to by itself or by its only link; NULL: none */
	char *charset; /* owned; as sys/charset names it */
} hk_page_sketch;

void hk_page_sketch_free(hk_page_sketch *sketch); /* accepts NULL */

/* hk_page_read(answers, count, error): a new list of count sketches in the same order; count at most HK_PAGE_BATCH_MAX, 32 to 64 is a
 * good number: a child costs a few milliseconds, a page 0.1 to 1. An answer whose reading kills the child, or takes too long, is found by
 * halving the batch, and is of kind UNREAD. What is no HTML or text (by type and bytes) is of kind OTHER, unread. Blocks; needs no thread
 * of its own, takes no lock that others hold. NULL with HK_EPOLICY (the kernel gives no sandbox), HK_EIO (no child could be made), HK_ERANGE
 * (count). Caller unrefs, which frees the sketches. */
GPtrArray *hk_page_read(const hk_page_answer *answers, size_t count, GError **error);

/* hk_page_kind_find(sketch): its kind, or what the words of a page that says nothing make of it (pagekinds.def). Takes a lock: not in the sandbox. */
hk_page_kind hk_page_kind_find(const hk_page_sketch *sketch);

/* ---- kits of confirmed cases ---- */

typedef struct hk_page_kits hk_page_kits;
hk_page_kits *hk_page_kits_new(void);
void hk_page_kits_free(hk_page_kits *kits); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_page_kits, hk_page_kits_free)

/* hk_page_kits_add(kits, kind, key, case_id): kind and key as evidence/traits hands them out ("favicon", "form", "resource"), or kind "tag_paths" with
 * the sketch in hexadecimal as captures.data has it. False: another kind, a key of another form, or a cap: nothing was added; no error. Of equal
 * keys the first stays. */
bool hk_page_kits_add(hk_page_kits *kits, const char *kind, const char *key, int64_t case_id);
size_t hk_page_kits_count(const hk_page_kits *kits);

/* ---- the judge ---- */

typedef struct hk_page_judge hk_page_judge;

typedef struct hk_page_judge_config {
	const char *targets; /* pack or folder of packs; NULL: none (kits alone) */
	const char *cache;   /* folder for compiled patterns (sys/patterns); NULL: none */
	double threshold;    /* least score that makes a page suspect, 0..1 */
} hk_page_judge_config;

/* A score that docs/pages.md gives recall and false alarms for. */
#define HK_PAGE_THRESHOLD 0.5

/* hk_page_judge_new(config, error): strings are copied. Errors of score/targets and sys/patterns. Not thread-safe: one judge per thread.
 * Compiles patterns: call it before threads are started (sys/patterns). */
hk_page_judge *hk_page_judge_new(const hk_page_judge_config *config, GError **error);
void hk_page_judge_free(hk_page_judge *judge); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_page_judge, hk_page_judge_free)

/* hk_page_judge_take_kits(judge, kits): from now on these (NULL: none); the judge owns them and frees those it had. */
void hk_page_judge_take_kits(hk_page_judge *judge, hk_page_kits *kits);

typedef enum hk_page_outcome {
	HK_PAGE_DEAD,    /* no answer, or gone for good: 410 */
	HK_PAGE_EMPTY,   /* nothing yet: parked, a server's own page, an error, nothing to read */
	HK_PAGE_PLAIN,   /* a page, and not a suspicious one */
	HK_PAGE_SUSPECT, /* at or above the threshold */
} hk_page_outcome;

/* hk_page_outcome_code(outcome): "dead", "empty", "plain", "suspect" as store/looks has them; static. */
const char *hk_page_outcome_code(hk_page_outcome outcome);

typedef struct hk_page_reason {
	double weight;    /* log-odds that it adds; < 0: speaks against phishing */
	const char *code; /* static; of pageweights.def, or of pagekinds.def with weight 0 */
	char text
		[HK_PAGE_REASON_TEXT]; /* one clause in English; ui/lib/reasons.js knows its shape */
} hk_page_reason;

typedef struct hk_page_verdict {
	hk_page_outcome outcome;
	hk_page_kind
		kind; /* the sketch's, or what the words of a page that says nothing make of it */
	double score; /* 0..1 */
	const char *target; /* brand as the pack spells it, or NULL; borrowed from the judge */
	bool official;      /* host or final host belongs to a target: plain, whatever it shows */
	int64_t kit_case;   /* confirmed case whose kit it looks like; 0: none */
	bool follow; /* plain or empty as it stands, but it hides something or leads on: sketch->follow, or a browser, would show more */
	size_t reason_count; /* weightiest first */
	hk_page_reason reasons[HK_PAGE_REASONS_MAX];
} hk_page_verdict;

/* hk_page_judge_one(judge, answer, sketch, ret): never fails. sketch is of that answer. An answer of status 0 is dead, whatever the sketch. */
void hk_page_judge_one(hk_page_judge *judge, const hk_page_answer *answer,
	const hk_page_sketch *sketch, hk_page_verdict *ret);

/* hk_page_reasons_json(verdict, out): appends an array of texts: what looks.reasons, a sighting's reasons and the board take. */
void hk_page_reasons_json(const hk_page_verdict *verdict, GString *out);

#endif
