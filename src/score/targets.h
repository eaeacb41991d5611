/* score/targets: target packs: the brands to watch for. Layer: score. Packs are ours, written by hand, yet checked.
 *
 * A pack is UTF-8 text. `[NAME]` begins a brand, `key = value, value` belongs to the brand above it, `#` begins a comment,
 * a key may come again to add more. Keys: kind (targets.c lists them), alias, token (a trailing ? = needs context), official,
 * allow, keyword for names; word, path, icon, logo for pages (score/page). `[*]` holds keywords for all brands. docs/targets.md
 * explains, conf/targets/example.conf shows. */
#ifndef HK_SCORE_TARGETS_H
#define HK_SCORE_TARGETS_H

#include <glib.h>

#include "base/span.h"
#include "match/brand.h"

/* Caps: bytes of one pack, brands and tokens (with domains and keywords) over all packs and of
 * one brand, bytes of one value. */
#define HK_TARGETS_FILE_MAX  (4u << 20)
#define HK_TARGETS_MAX       10000u
#define HK_TARGETS_TOKEN_MAX 100000u
#define HK_TARGETS_BRAND_MAX 1000u
#define HK_TARGETS_VALUE_MAX 255u
#define HK_TARGETS_PATH_MIN  8u /* bytes of a path: shorter ones are everybody's */

typedef struct hk_targets hk_targets;

/* One brand. Everything is owned by the hk_targets. */
typedef struct hk_target {
	char *name;          /* as in the pack, UTF-8 */
	const char *kind;    /* "bank", ...; "other" where the pack says nothing */
	GPtrArray *aliases;  /* of char *, UTF-8 */
	GPtrArray *official; /* of char *, lower-case domains or hosts */
	GPtrArray *allow;    /* the same: harmless, though not the brand's own */
	GPtrArray *words;    /* of char *, UTF-8: what a page calls it beside name and aliases */
	GPtrArray *paths;    /* of char *, lower case, "/..." : resources of its own site */
	uint32_t number;     /* its number, and the brand of its tokens */
	uint32_t main_token; /* number of its first token without ?, or UINT32_MAX */
} hk_target;

void hk_targets_free(hk_targets *targets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_targets, hk_targets_free)

/* hk_targets_load(path, error): one pack, or every *.conf of a folder by name. NULL with HK_ECONFIG ("FILE:LINE: what is
 * wrong and how to mend it", the first thing found), or HK_ENOENT, HK_EPOLICY, HK_EIO, HK_ELIMIT of sys/file. */
hk_targets *hk_targets_load(const char *path, GError **error) HK_FREED_BY(hk_targets_free);

/* hk_targets_parse(text, file, error): the same for one pack in memory; file is its name in errors. */
hk_targets *hk_targets_parse(hk_span text, const char *file, GError **error)
	HK_FREED_BY(hk_targets_free);

/* hk_targets_is_form(text): whether it is a legal form and no name ("Ltd.", "株式会社"): such an alias is refused, because every page of a company has it. */
bool hk_targets_is_form(const char *text);

/* The brands in the order of the packs. number < hk_targets_count(targets). */
size_t hk_targets_count(const hk_targets *targets);
const hk_target *hk_targets_get(const hk_targets *targets, size_t number);

/* hk_targets_tokens(targets, ret_count): tokens, official domains and keywords of all brands, as
 * hk_brand_find takes them; token.brand is the number of the brand. Allow-listed domains are no tokens. */
const hk_brand_token *hk_targets_tokens(const hk_targets *targets, size_t *ret_count);

/* hk_targets_official(targets, name, ret_allowed): the brand of which name (lower case, A-labels; a trailing dot and a
 * leading "*." do not matter) is, or lies under, an official or allow-listed domain; NULL if there is none. *ret_allowed
 * (may be NULL) tells that it is allow-listed, not official. */
const hk_target *hk_targets_official(const hk_targets *targets, hk_span name, bool *ret_allowed);

/* hk_targets_icon(targets, number): the brand whose favicon has that hk_mmh3_icon; hk_targets_logo(targets, sha256): the brand one of whose
 * logo files has that hash. NULL: none. */
const hk_target *hk_targets_icon(const hk_targets *targets, int32_t number);
const hk_target *hk_targets_logo(const hk_targets *targets, const uint8_t sha256[32]);

#endif
