/* report/gather: makes the brief of a case out of the database and the blob store. Layer: stage (report). What sites and servers said is hostile. */
#ifndef HK_REPORT_GATHER_H
#define HK_REPORT_GATHER_H

#include "flow/sites.h"
#include "report/brief.h"
#include "store/cases.h"
#include "sys/blob.h"

/* Pictures that go along: at most so many, none larger. */
enum { HK_GATHER_PICTURES = 3, HK_GATHER_URLS = 200 };
#define HK_GATHER_PICTURE_MAX (1536u << 10)

typedef struct hk_gather_config {
	const hk_sites *sites;        /* for registrable domains */
	hk_blobs *blobs;              /* NULL: no pictures */
	const hk_brief_reporter *who; /* copied */
} hk_gather_config;

/* hk_gather(db, config, row, error): all that is known of the case; its own URLs are the sites. Inside a transaction of db. A picture that cannot be read is left
 * out: a report must not wait for it. */
hk_brief *hk_gather(
	hk_db *db, const hk_gather_config *config, const hk_case_row *row, GError **error);

/* hk_gather_more(db, config, brief, case_id, error): the URLs of a sibling, too, up to HK_BRIEF_SITES_MAX. */
bool hk_gather_more(hk_db *db, const hk_gather_config *config, hk_brief *brief, int64_t case_id,
	GError **error);

#endif
