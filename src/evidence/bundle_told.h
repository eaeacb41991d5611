/* evidence/bundle_told: what the audit trail tells of runs, so that a run, a manifest or a time stamp that was taken away or exchanged is missed. Layer: stage. Of a zip file
 * all of it is hostile; of the database its own chain vouches for it (hikeshi audit verify). */
#ifndef HK_EVIDENCE_BUNDLE_TOLD_H
#define HK_EVIDENCE_BUNDLE_TOLD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* What is told of one run. */
typedef struct hk_told_run {
	int64_t id;
	bool finished; /* it has a manifest */
	uint8_t manifest[32];
	bool stamped; /* it has a time stamp */
	bool seen;    /* the run is there; set by who looks */
} hk_told_run;

/* Runs by their number. */
typedef struct hk_told hk_told;
hk_told *hk_told_new(void);
void hk_told_free(hk_told *told); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_told, hk_told_free)

/* hk_told_add(told, act, run_id, data): one audit row about a run: "run.finish" and "run.stamp" count, data is the row's JSON text. */
void hk_told_add(hk_told *told, const char *act, int64_t run_id, const char *data);

/* hk_told_lines(told, text): the rows of an export's audit.jsonl. False: a line is no audit row. At most HK_TOLD_RUNS_MAX runs are kept. */
bool hk_told_lines(hk_told *told, hk_span text);

/* hk_told_run_get(told, run_id): borrowed; NULL: nothing is told of it. */
hk_told_run *hk_told_run_get(const hk_told *told, int64_t run_id);

/* hk_told_missed(told): numbers (int64_t) of finished runs that were not seen, in order. Caller frees. */
GArray *hk_told_missed(const hk_told *told);

enum { HK_TOLD_RUNS_MAX = 65534 };

#endif
