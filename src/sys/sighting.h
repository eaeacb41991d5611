/* sys/sighting: one observation of a certificate as a line of JSON. Layer: sys.
 *
 * The line is what `hikeshi ct scan` and `hikeshi ct follow` print and what the journal keeps; docs/reference/sighting.md
 * describes every member. Members, always in this order, absent where a certificate has nothing to say:
 *
 *   kind         "certificate", or "malformed": the certificate could not be read, or holds what no certificate may
 *   log, index   where it stands: the log's URL and the 0-based position (for a file: its path)
 *   type         "precert" or "x509"
 *   logged       when the log took it, RFC 3339, milliseconds cut off
 *   issuer_o, issuer_cn, cn, serial (hexadecimal)
 *   names        every dNSName as the certificate spells it, then every iPAddress as text: all of them are leads
 *   not_before, not_after   RFC 3339
 *   tbs_sha256   hexadecimal; equal for a precertificate and its certificate in every log (RFC 6962, section 3.2)
 *   score, target, official, rules, reasons   what the name stage says (match/verdict.h)
 *   error        why the certificate could not be read (base/errors.def)
 *   odd          what is odd about it (parse/odd.def)
 *   frame        what is odd about the entry around it: extensions or chain (base/errors.def)
 *   raw          base64 of the bytes as logged, for kind "malformed" only
 *
 * A third kind never leaves the house: "candidate", the names of a certificate that are worth a light look. Its members: kind, log, index, type,
 * logged, issuer_o, tbs_sha256, and hosts, a list of {host, score, target?}. */
#ifndef HK_SYS_SIGHTING_H
#define HK_SYS_SIGHTING_H

#include <glib.h>

#include "match/verdict.h"
#include "parse/batch.h"

typedef struct hk_sighting {
	/* One issuance, whatever the log and the form: tbs_sha256; for a certificate that could not be read the SHA-256 of
         * its bytes. */
	uint8_t key[32];
	uint64_t index; /* of the entry in its log */
	char *line;     /* owned; JSON without a line feed */
} hk_sighting;

void hk_sighting_free(hk_sighting *sighting);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_sighting, hk_sighting_free)

/* hk_sighting_new(log, entry, verdict): the sighting of one entry of a batch. log is printed as it is; verdict may be NULL
 * (not scored). The caller frees. */
hk_sighting *hk_sighting_new(
	const char *log, const hk_batch_entry *entry, const hk_verdict *verdict);

/* hk_sighting_print(out, log, entry, verdict, ret_key): the same, appended to out; ret_key (32 bytes) may be NULL. */
void hk_sighting_print(GString *out, const char *log, const hk_batch_entry *entry,
	const hk_verdict *verdict, uint8_t *ret_key);

/* A name that is worth a light look; borrowed. */
typedef struct hk_sighting_host {
	hk_span host;
	double score;
	const char *target; /* or NULL */
} hk_sighting_host;

/* hk_sighting_candidate(log, entry, hosts, count): a line of kind "candidate". The caller frees. */
hk_sighting *hk_sighting_candidate(
	const char *log, const hk_batch_entry *entry, const hk_sighting_host *hosts, size_t count);

#endif
