/* evidence/bundle: the evidence of a case as one zip file that a stranger can verify, and verifying it. Layer: stage. What is verified is hostile.
 *
 *     README.txt                        how to verify, in English and Japanese
 *     SHA256SUMS                        of all other files
 *     audit.jsonl                       audit rows of the case, with their MACs
 *     tsa-ca.pem                        who vouches for the time stamps, as far as the exporter is concerned
 *     runs/N/manifest.json              of run N (evidence/manifest): what the time stamp is over
 *     runs/N/manifest.tsr, tsa-chain.pem   its time stamp and the certificates in it; not there without one
 *     runs/N/VISIT/NAME                 its files; VISIT: hk_manifest_visit()
 *
 * Runs without a manifest (waiting, failed) are left out; audit.jsonl tells of them. */
#ifndef HK_EVIDENCE_BUNDLE_H
#define HK_EVIDENCE_BUNDLE_H

#include "evidence/manifest.h"
#include "flow/flow.h"
#include "sys/blob.h"

enum {
	HK_BUNDLE_FILE_MAX = 1073741824, /* bytes of one file */
};

typedef struct hk_bundle_made {
	int64_t runs, files; /* files: of runs */
	uint64_t bytes;      /* of the zip file */
	uint8_t sha256[32];  /* of the zip file */
} hk_bundle_made;

/* hk_bundle_export(flow, who, blobs, case_id, ca, path, ret, error): writes it; path appears when all is there and the export is audited (case.evidence_export, with the
 * file's SHA-256). ca: PEM file of those who vouch for time stamps, or NULL. HK_ENOENT: no such case, or no evidence; HK_ECHECK: a blob or manifest is damaged (hk_bundle_check_case tells all);
 * HK_ELIMIT: over 4 GiB; errors of sys/file and store/db. */
bool hk_bundle_export(hk_flow *flow, const hk_who *who, hk_blobs *blobs, int64_t case_id,
	const char *ca, const char *path, hk_bundle_made *ret, GError **error);

/* What a check found. */
typedef struct hk_bundle_report {
	GPtrArray *
		wrong; /* of char *: one line for each thing that is wrong, "runs/3/manifest.json: ..." */
	GPtrArray *
		notes; /* of char *: what was checked, one line for each run, and what could not be checked */
	int64_t runs, files, stamps; /* that were looked at; stamps: good ones */
} hk_bundle_report;
void hk_bundle_report_init(hk_bundle_report *report);
void hk_bundle_report_clear(hk_bundle_report *report);

/* hk_bundle_check_file(path, ca, report, error): every file against SHA256SUMS and the manifest of its run, nothing more and nothing less than they name, every manifest against its time
 * stamp. ca NULL: as the file itself says, which a note tells. True when it could be looked at: report->wrong says whether it is good. HK_EFORM: no zip file of ours. */
bool hk_bundle_check_file(
	const char *path, const char *ca, hk_bundle_report *report, GError **error);

/* hk_bundle_check_case(db, blobs, case_id, ca, report, error): every blob of the case's runs against its manifest, the manifest against its row and the rows of files, the time stamp against the
 * manifest. ca NULL: stamps are not checked, which a note tells. HK_ENOENT: no such case; what sys/blob
 * says when the place of the blobs does not answer (HK_EREMOTE, HK_EAGAIN) or does not let us in (HK_ECONFIG, HK_EPOLICY). */
bool hk_bundle_check_case(hk_db *db, hk_blobs *blobs, int64_t case_id, const char *ca,
	hk_bundle_report *report, GError **error);

#endif
