/* evidence/manifest: the list of all that a run has brought, whose hash is stamped. Layer: stage. URLs and reasons in it are hostile: kept, never followed.
 *
 * Canonical JSON, one line, with a line feed in the end: members in byte order of their names, no white space, UTF-8 (sys/jsonw), numbers whole. The same run gives the
 * same bytes. Its SHA-256 is runs.manifest, and what a time stamp is taken over. Format "hikeshi-manifest-1". */
#ifndef HK_EVIDENCE_MANIFEST_H
#define HK_EVIDENCE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

/* Caps of what hk_manifest_read takes. */
enum {
	HK_MANIFEST_BYTES_MAX = 8388608,
	HK_MANIFEST_VARIANTS_MAX = 1000,
	HK_MANIFEST_ARTEFACTS_MAX = 5000, /* of a variant */
};

/* One file. All strings of these structs are borrowed by hk_manifest_write. */
typedef struct hk_manifest_artefact {
	const char *kind; /* as in artefacts.kind: "warc", "har", "picture" ... */
	const char *name; /* file name: [A-Za-z0-9._-], "viewport.png" */
	const char *type; /* media type */
	int64_t bytes;
	uint8_t sha256[32];
} hk_manifest_artefact;

/* One visit. */
typedef struct hk_manifest_variant {
	const char *profile, *referrer, *exit;
	int visit;             /* 1 or 2 */
	const char *end;       /* hk_capture_end_code() */
	const char *final_url; /* NULL: none */
	const char *address;   /* of the server that answered; NULL: not known */
	int64_t start_ms;      /* since 1970 */
	int64_t took_ms;
	const hk_manifest_artefact *artefacts;
	size_t artefact_count;
} hk_manifest_variant;

typedef struct hk_manifest {
	int64_t case_id, run_id;
	const char *url, *plan;
	const char *operator_name;   /* login, or "auto" */
	const char *exit_address;    /* address that the world sees us come from; NULL: not known */
	const char *browser;         /* product: "HeadlessChrome/156.0.1.2"; NULL: none ran */
	const char *clock;           /* where the time is from: "system clock"; NULL: that */
	int64_t started_ms, done_ms; /* since 1970 */
	const hk_manifest_variant *variants;
	size_t variant_count;
} hk_manifest;

/* hk_manifest_visit(v, index): folder of a visit in an export: "00-iphone-sms-1": its place in the manifest, profile, referrer, visit; nothing but letters, digits,
 * hyphens. Each file has its path below the run there, "00-iphone-sms-1/dom.html", so that a line for sha256sum -c can be cut out of a manifest. Caller frees. */
char *hk_manifest_visit(const hk_manifest_variant *v, size_t index);

/* hk_manifest_write(m): the text, hikeshi's version in it. Caller frees. */
char *hk_manifest_write(const hk_manifest *m);

/* A manifest that was read. Owns what `m` points to. */
typedef struct hk_manifest_file hk_manifest_file;
void hk_manifest_file_free(hk_manifest_file *file); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_manifest_file, hk_manifest_file_free)

/* hk_manifest_read(text, error): what hk_manifest_write wrote, perhaps changed since. HK_EFORM: it is no manifest, over a cap, or names a file that no
 * file may be called. */
hk_manifest_file *hk_manifest_read(hk_span text, GError **error);

/* hk_manifest_of(file): borrowed. */
const hk_manifest *hk_manifest_of(const hk_manifest_file *file);

#endif
