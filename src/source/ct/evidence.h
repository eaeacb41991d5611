/* source/ct/evidence: what proves that a log did what it must not do. Layer: source/ct; internal to the follower. */
#ifndef HK_SOURCE_CT_EVIDENCE_H
#define HK_SOURCE_CT_EVIDENCE_H

#include "source/ct/reader.h"

/* hk_evidence_keep(reader, kind, why, older, newer, error): makes evidence/<log>/<time>-<kind>/ in the state folder with
 *   why.txt             what happened, the log, its key, sizes and roots; how a third person can check it
 *   head-older, head-newer   the two heads as they were served (signed; missing where there was none)
 *   entries-FROM-TO.*   the bodies since the last verified head, as they were served
 * Returns the folder; NULL and error when it cannot be written: the log stops all the same. */
char *hk_evidence_keep(const hk_reader *reader, const char *kind, const char *why,
	const hk_ct_head *older, const hk_ct_head *newer, GError **error);

/* hk_evidence_bytes(reader, kind, name, bytes, error): the same with one file, of bytes as they were served. */
char *hk_evidence_bytes(
	const hk_reader *reader, const char *kind, const char *name, hk_span bytes, GError **error);

#endif
