/* flow/troubles: everything that is wrong with the house now. Layer: flow. Reads only. Texts of errors are hostile: they come out defanged and cut.
 *
 * Who shows them: the board's page System (web/res_troubles) and, in part, `hikeshi doctor`. Rows: troubles.def. */
#ifndef HK_FLOW_TROUBLES_H
#define HK_FLOW_TROUBLES_H

#include "store/db.h"
#include "sys/disk.h"

typedef enum hk_trouble_kind {
#define TROUBLE(id, word, en, ja, how, do_en, do_ja) HK_TROUBLE_##id,
#include "flow/troubles.def"
#undef TROUBLE
	HK_TROUBLE_COUNT
} hk_trouble_kind;

enum {
	HK_TROUBLE_TEXT = 200,    /* characters of an error, at most */
	HK_TROUBLE_SUBJECT = 100, /* so, of a subject */
	HK_TROUBLE_EACH = 5,      /* more than these of one kind are one row without a subject */
};
#define HK_TROUBLE_CLOCK_MS INT64_C(60000)   /* clocks may differ by so much */
#define HK_TROUBLE_AGED_MS  INT64_C(3600000) /* what lasts longer is grave (AGED) */
#define HK_TROUBLE_OVERDUE_MS                                                                      \
	INT64_C(600000) /* a job that is due for longer waits for somebody who does not come */

typedef struct hk_trouble {
	hk_trouble_kind kind;
	bool grave;
	char *subject; /* owned: role, log, stage, channel ...; NULL: the house, or several */
	int64_t count; /* jobs, cards, tries in a row ...; of a row without a subject: how many of its kind */
	int64_t since_ms; /* 0: not known */
	char *error;      /* owned; NULL: none was said */
} hk_trouble;
void hk_trouble_free(hk_trouble *trouble);

/* What the database cannot tell. Strings are borrowed. */
typedef struct hk_troubles_place {
	const char *path; /* where data lie */
	hk_disk disk;     /* what hk_disk_at() says of it; two places on one disk count once */
} hk_troubles_place;
typedef struct hk_troubles_house {
	int64_t now_ms;
	const hk_troubles_place *places;
	size_t place_count;
	const char *killed; /* hk_egress_killed_why(); NULL: it is not */
} hk_troubles_house;

/* hk_trouble_word(kind): of troubles.def; static storage. */
const char *hk_trouble_word(hk_trouble_kind kind);

/* hk_troubles_read(db, house, ret, error): all of them, grave ones first, then the newest. *ret: of hk_trouble, owned. Bounded by HK_TROUBLES_MAX of each kind that it asks for. */
bool hk_troubles_read(hk_db *db, const hk_troubles_house *house, GPtrArray **ret, GError **error);

/* hk_trouble_source(state, health, ret_failures, ret_ok_ms): what a source's health (JSON of source/mail and source/feed) says of its last try: NULL: it is well, has no health, or is switched off (state
 * is not "active"); else
 * the error as it was written ("?": none was), owned, how many tries in a row failed, and when it last went well (0: never). */
char *hk_trouble_source(
	const char *state, const char *health, int64_t *ret_failures, int64_t *ret_ok_ms);

#endif
