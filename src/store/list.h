/* store/list: lists of cases and sightings by a query (parse/query), sorted, page by page. Layer: store. Query, sort and cursor are
 * hostile.
 *
 * A page begins behind the last row of the one before (its sort value and number stand in the cursor), so that rows which come, go or
 * change meanwhile neither double nor hide the others. Rows whose sort value is empty come last in either direction.
 *
 * How a page is found: if one condition, or all those that the search index knows together, leave at most HK_LIST_FEW rows, these are
 * read, sorted and counted. Else the rows are read in the order of the sort's index until the page is full, if the next few of them fill it, or as many
 * as what was seen so far lets expect, up to three times HK_LIST_FEW (PostgreSQL: half of that). If they do not, up to HK_LIST_WIDE rows of the narrowest
 * condition are read after all. If it has more, or words are searched for, its rows are gathered: the numbers of
 * all that the condition or the search index names are put into a set, and the index of the sort, by itself, is followed until the page is full; if
 * four times the entries that this should take do not fill it, up to HK_LIST_WIDEST rows are read. Beyond that, gathering is
 * bounded by the size of that index, at some 0.1 to 0.3 microseconds an entry, as long as the rest of the filter takes what the set names: what it
 * refuses is read row by row. The total is what the tallies say; or it is counted among
 * the rows of the narrowest condition, up to HK_LIST_WIDE; or it is told as "at least": what the first rows of the sort hold, at most
 * HK_LIST_AT_LEAST.
 *
 * Deleted cases are listed by is:deleted only; duplicates (merged away) only when the query names a status or a number. */
#ifndef HK_STORE_LIST_H
#define HK_STORE_LIST_H

#include "store/db.h"

#define HK_LIST_FEW    3000
#define HK_LIST_WIDE   6000  /* rows of one condition that are read for an exact total */
#define HK_LIST_WIDEST 30000 /* and for a page that the order of the sort would find too late */
#define HK_LIST_AT_LEAST                                                                           \
	1000 /* the most that a total is told as which nobody counts: "at least 1000" */
#define HK_LIST_LIMIT_MAX 1000

typedef enum hk_list_of { HK_LIST_CASES, HK_LIST_SIGHTINGS } hk_list_of;

/* A query, understood: names looked up, fields found. */
typedef struct hk_filter hk_filter;

/* hk_filter_new(db, of, q, me, now_ms, error): q: query or NULL; me: the user's number ("me", "is:mine"). HK_EFORM, HK_ELIMIT: "q: at
 * character 5: ...; what to do". Valid for this connection. */
hk_filter *hk_filter_new(
	hk_db *db, hk_list_of of, const char *q, int64_t me, int64_t now_ms, GError **error);
void hk_filter_free(hk_filter *filter); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_filter, hk_filter_free)

typedef struct hk_page {
	GArray *ids;   /* int64_t, in order */
	char *next;    /* cursor; NULL: there is no more */
	int64_t count; /* of all pages together; at least, when not exact */
	bool exact;
} hk_page;
void hk_page_clear(hk_page *page);

/* hk_list_page(db, filter, sort, limit, after, ret, error): sort: a key of hk_list_sorts with or without '-' (falling); NULL or "":
 * "-id". limit 1..HK_LIST_LIMIT_MAX. after: the cursor of the page before, NULL: from the start. HK_EFORM "sort: ..." or "after: ...": a
 * cursor of another list. Clear *ret with hk_page_clear. Inside a read transaction, page and total are of one moment. */
bool hk_list_page(hk_db *db, const hk_filter *filter, const char *sort, unsigned limit,
	const char *after, hk_page *ret, GError **error);

/* hk_list_count(db, filter, most, ret, error): exactly how many rows there are, but at most `most`. */
bool hk_list_count(hk_db *db, const hk_filter *filter, int64_t most, int64_t *ret, GError **error);

/* hk_list_ids(db, filter, most, ret, error): the numbers, rising, at most `most`; array of int64_t. */
bool hk_list_ids(hk_db *db, const hk_filter *filter, int64_t most, GArray **ret, GError **error);

/* hk_list_sorts(of): the sort keys, NULL-terminated, static. hk_list_states(of): the states that a query may name, the same. */
const char *const *hk_list_sorts(hk_list_of of);
const char *const *hk_list_states(hk_list_of of);
/* hk_list_kinds(): kinds of cases; hk_list_open(): states of cases that are not finished. */
const char *const *hk_list_kinds(void);
const char *const *hk_list_open(void);

#endif
