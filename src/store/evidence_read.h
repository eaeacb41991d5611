/* store/evidence_read: runs, captures, facts and contacts of a case as the API shows them. Layer: store. All inside a read transaction (or after
 * a write); JSON goes to out. Texts are hostile: sys/jsonw keeps the JSON well formed. Rows are written by store/runs and store/facts. */
#ifndef HK_STORE_EVIDENCE_READ_H
#define HK_STORE_EVIDENCE_READ_H

#include "store/db.h"

enum {
	HK_EVIDENCE_READ_RUNS = 50,    /* the newest so many runs of a case */
	HK_EVIDENCE_READ_FACTS = 2000, /* rows, those that are gone included */
	HK_EVIDENCE_READ_CONTACTS = 200,
};

/* hk_evidence_read_runs(db, case_id, out, error): objects of the list that is open, the newest first: the run, "captures" of it in the order of
 * its plan, "files" of each (n: from 1). What a capture holds besides ("data") is large: hk_evidence_read_capture(db, id, out, error)
 * writes one capture with it as an object; HK_ENOENT. hk_evidence_read_run(db, id, out, error): one run as an object; HK_ENOENT. */
bool hk_evidence_read_runs(hk_db *db, int64_t case_id, GString *out, GError **error);
bool hk_evidence_read_run(hk_db *db, int64_t id, GString *out, GError **error);
bool hk_evidence_read_capture(hk_db *db, int64_t id, GString *out, GError **error);

/* hk_evidence_read_facts(db, case_id, out, error), hk_evidence_read_contacts(db, case_id, out, error): objects of the list that is open. Facts by subject
 * and kind, those that hold before those that are gone; contacts by confidence, the best first. */
bool hk_evidence_read_facts(hk_db *db, int64_t case_id, GString *out, GError **error);
bool hk_evidence_read_contacts(hk_db *db, int64_t case_id, GString *out, GError **error);

/* hk_evidence_read_picture(db, case_id, ret_sha256, error): the picture that stands for the case. HK_ENOENT: no such case, or no picture. */
bool hk_evidence_read_picture(hk_db *db, int64_t case_id, uint8_t ret_sha256[32], GError **error);

#endif
