/* evidence/traits: what the page of a capture can be recognised by. Layer: stage. Input is hostile.
 *
 * The same kit on another address has the same icon, scripts, form and look. What is likely to find the other cases of the same
 * people is handed out as pivots; the rest is for comparing two pages. (The name "features" belongs to match/features: those of a host name.) */
#ifndef HK_EVIDENCE_TRAITS_H
#define HK_EVIDENCE_TRAITS_H

#include "evidence/capture.h"
#include "match/minhash.h"
#include "sys/formtokens.h"

enum {
	HK_TRAITS_RESOURCES_MAX = 300, /* kept, in order of the requests */
	HK_TRAITS_PATHS_MAX = 300,     /* distinct paths of requests to the page's own host */
	HK_TRAITS_PIVOTS_MAX = 40,
	HK_TRAITS_PIVOT_BYTES_MIN =
		512, /* smaller scripts and images are pixels and one-liners: no pivot */
};

typedef struct hk_traits_resource {
	char *url;  /* owned */
	char *type; /* owned; CDP ResourceType: "Script", "Image" ... */
	uint8_t sha256[32];
	size_t bytes;
	bool pivot; /* script, image, style sheet or font; large enough, whole, and no common library */
} hk_traits_resource;

/* Of the last page of a capture. A member that could not be had is NULL, empty, or has its has_* false. */
typedef struct hk_traits {
	bool has_page; /* false: there was none, and there is nothing else */
	bool has_favicon;
	int32_t favicon; /* hk_mmh3_icon */
	uint8_t favicon_sha256[32];
	bool has_picture; /* of the viewport */
	bool plain;       /* the picture is one colour, or nearly */
	uint64_t dhash, phash;
	hk_minhash shingles; /* of tag paths; count 0: none */
	char *fuzzy;         /* ssdeep of the document; NULL: none */
	hk_form_tokens form; /* of this page */
	char *flow; /* tokens of all pages of the capture: "WARN_MARK | CUSTNO LOGINPW"; "" none */
	GPtrArray *resources; /* of hk_traits_resource */
	GPtrArray *paths;     /* of char *: sorted, without query */
	GPtrArray *years;     /* of char *: behind a copyright sign */
} hk_traits;

/* hk_traits_of(capture, ret): never fails; what cannot be had is missing. The picture is decoded in the sandbox (sys/png). Fills *ret, which
 * hk_traits_clear frees; borrows nothing. Blocks while the picture is read. */
void hk_traits_of(const hk_capture *capture, hk_traits *ret);
void hk_traits_clear(hk_traits *traits);

/* hk_traits_json(traits, out): one object, appended: favicon, picture, tag_paths (MinHash, hexadecimal), ssdeep, form, flow, years, paths,
 * resources; what is missing is null or []. */
void hk_traits_json(const hk_traits *traits, GString *out);

/* hk_traits_host(url): host of an address as browsers write them, without port; "" when it has none. Caller frees. */
char *hk_traits_host(const char *url);

/* A key by which other cases with the same thing are found (case_keys). */
typedef struct hk_traits_pivot {
	const char *kind; /* static: "favicon", "resource", "form", "picture" */
	char *key;        /* owned */
} hk_traits_pivot;

/* hk_traits_pivots(traits): a new list of hk_traits_pivot, each once, HK_TRAITS_PIVOTS_MAX at most:
 *   favicon   the published number, decimal, maybe negative
 *   resource  SHA-256, hexadecimal
 *   form      hk_form_tokens_key
 *   picture   dHash, 16 hexadecimal digits; not of a plain picture
 * Caller unrefs. */
GPtrArray *hk_traits_pivots(const hk_traits *traits);

#endif
