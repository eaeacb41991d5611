/* store/list_int: what the files list*.c share. Layer: store. */
#ifndef HK_STORE_LIST_INT_H
#define HK_STORE_LIST_INT_H

#include "parse/query.h"
#include "store/list.h"
#include "store/search.h"

/* How a field becomes SQL. */
typedef enum hk_list_how {
	HK_HOW_TEXT,  /* the search text */
	HK_HOW_WORD,  /* column IN texts */
	HK_HOW_STATE, /* the same, one of the states; HK_HOW_KIND: of the kinds */
	HK_HOW_KIND,
	HK_HOW_TARGET, /* number of a row, by key or name; the same below */
	HK_HOW_ACTOR,
	HK_HOW_SOURCE,
	HK_HOW_USER,
	HK_HOW_NUMBER, /* a number or none */
	HK_HOW_OWN,
	HK_HOW_WILD,  /* exact or LIKE */
	HK_HOW_NAME,  /* of a case: contained in line 1 of the search text */
	HK_HOW_URL,   /* of a case: contained in one of its URLs */
	HK_HOW_HOLDS, /* contained in the column */
	HK_HOW_INT,
	HK_HOW_REAL,
	HK_HOW_TIME,
	HK_HOW_FLAG, /* a column that is 0 or 1 */
	HK_HOW_LABEL,
	HK_HOW_KEY, /* KIND=VALUE: a row of case_keys; two texts each: kind, value */
	HK_HOW_IS,
	HK_HOW_HAS,
} hk_list_how;

/* Whether a condition of a field alone finds its rows by an index: never, always, or unless it asks for rows without a value. */
typedef enum hk_list_index { HK_INDEX_NONE, HK_INDEX_ALL, HK_INDEX_VALUES } hk_list_index;

typedef struct hk_list_field {
	hk_query_field field;
	hk_list_how how;
	hk_sql column; /* with the alias c */
	hk_list_index index;
} hk_list_field;

typedef enum hk_sort_type { HK_SORT_INT, HK_SORT_REAL, HK_SORT_TEXT } hk_sort_type;
typedef struct hk_list_sort {
	const char *key;
	hk_sql column;
	hk_sort_type type;
	bool nullable;
	/* FROM with the index that gives this order: of all rows, of open ones, of one state; text NULL: none of its own. */
	hk_sql all, open, state;
} hk_list_sort;

/* One term with its values looked up. */
typedef struct hk_part {
	const hk_query_term *term;
	const hk_list_field *field;
	GPtrArray *texts; /* owns; folded for search, states, kinds, LIKE patterns ... */
	GArray *numbers;  /* int64_t */
	bool none;        /* or empty */
	bool states;      /* texts are states: status, is:handled ... */
	size_t likes;     /* of texts, the first so many are patterns */
} hk_part;

struct hk_filter {
	hk_list_of of;
	hk_db_engine engine;
	hk_query query;
	int64_t me, now_ms;
	uint32_t hash;    /* of the query's text, for cursors */
	GPtrArray *parts; /* of hk_part, owned */
	bool deleted;     /* lists deleted ones */
	bool duplicates;  /* may list duplicates */
	char *one_state;  /* all rows are in this state, or NULL */
	bool open_only;   /* all rows are in states of hk_list_open */
};

/* hk_list_pattern(text, stars, whole): "*.Example_1" as a LIKE pattern, "%.Example\_1"; whole: without % around. Caller frees. */
char *hk_list_pattern(const char *text, bool stars, bool whole);

/* hk_filter_states(filter, one, b): appends " WHERE ..." of the alias c: what is known of the states, as the indexes of the sorts want it; one: also that
 * there is but one. */
void hk_filter_states(const hk_filter *filter, bool one, hk_sqlb *b);
/* hk_filter_where(filter, b): appends " WHERE ..." of the alias c. */
void hk_filter_where(const hk_filter *filter, hk_sqlb *b);
/* hk_filter_part(filter, part, b): one condition. */
void hk_filter_part(const hk_filter *filter, const hk_part *part, hk_sqlb *b);
/* hk_filter_keys(part, b): of a HK_HOW_KEY with values: the condition on case_keys k. */
void hk_filter_keys(const hk_part *part, hk_sqlb *b);
/* hk_filter_ask(filter, db): what the search index knows of the filter; its parts may be 0. */
hk_search_ask *hk_filter_ask(const hk_filter *filter, const hk_db *db);

/* HK_LIST_FEW, but for tests, which have few rows of anything; the other limits follow it. */
extern int64_t hk_list_few;

/* Where a page begins. */
typedef struct hk_list_cursor {
	bool given;
	bool null; /* the last row's sort value was empty */
	int64_t i, id;
	double d;
	char *text; /* owned */
} hk_list_cursor;

typedef struct hk_list_ask {
	const hk_filter *filter;
	const hk_list_sort *sort;
	bool falling;
	unsigned limit;
	hk_list_cursor after;
} hk_list_ask;

/* What finds rows: one term, or all that the search index knows (part NULL). */
typedef struct hk_list_driver {
	const hk_part *part;
	const hk_search_ask *search; /* NULL: none */
	bool all; /* the filter itself, by what indexes the engine finds for it */
} hk_list_driver;

/* How rows are found: by the driver, all of them (few); or in the order of the sort, each asked whether the filter takes it; or in that order, too,
 * but only those that the driver names (gather): it then stands although it names more than HK_LIST_WIDEST. least: how many rows the driver
 * names, at most one more than that. */
typedef struct hk_list_plan {
	hk_list_driver driver;
	int64_t least;
	bool few, gather;
} hk_list_plan;

/* hk_list_plan_make(db, ask, search, page, ret, error): page false: all rows are wanted, in no order. search is borrowed by *ret. */
bool hk_list_plan_make(hk_db *db, const hk_list_ask *ask, const hk_search_ask *search, bool page,
	hk_list_plan *ret, GError **error);
/* hk_list_plan_total(db, ask, plan, more, page, error): sets count and exact of a page that was read in the order of the sort; more: it is not the
 * last. */
bool hk_list_plan_total(hk_db *db, const hk_list_ask *ask, const hk_list_plan *plan, bool more,
	hk_page *page, GError **error);

/* Windows: the next rows in the order of the sort.
 * hk_list_glance(ask): how many are looked at before a way is chosen. hk_list_wide(): how many of a driver are read to count them.
 * hk_list_window_count(db, ask, driver, rows, most, ret, ret_all, error): how many of the next `rows` rows the filter takes, at most `most`; *ret_all: there
 * are no more rows than that. driver not NULL: no other row is read than those that it names.
 * hk_list_window_fills(..., ret, ret_count, error): whether these fill the page, and how many were taken. */
int64_t hk_list_glance(const hk_list_ask *ask);
int64_t hk_list_wide(void);
bool hk_list_window_count(hk_db *db, const hk_list_ask *ask, const hk_list_driver *driver,
	int64_t rows, int64_t most, int64_t *ret, bool *ret_all, GError **error);
bool hk_list_window_fills(hk_db *db, const hk_list_ask *ask, const hk_list_driver *driver,
	int64_t rows, bool *ret, int64_t *ret_count, GError **error);

/* Pieces: FROM the rows of the driver that the filter takes; FROM the rows with the index of the sort; behind the cursor; ORDER BY the sort. */
void hk_list_plan_rows(const hk_list_ask *ask, const hk_list_plan *plan, hk_sqlb *b);
/* Only the numbers of the driver's rows: a SELECT of one column, case_id. */
void hk_list_plan_driver(const hk_list_ask *ask, const hk_list_driver *driver, hk_sqlb *b);
/* hk_list_plan_gathered(ask, driver, column, b): AND the number in this column is one that the driver names. */
void hk_list_plan_gathered(
	const hk_list_ask *ask, const hk_list_driver *driver, hk_sql column, hk_sqlb *b);
/* WHERE, and the states that the filter names, if the index of the sort holds them. */
void hk_list_plan_states(const hk_list_ask *ask, hk_sqlb *b);
void hk_list_plan_from(const hk_list_ask *ask, hk_sqlb *b);
void hk_list_plan_behind(const hk_list_ask *ask, hk_sqlb *b);
void hk_list_plan_order(const hk_list_ask *ask, hk_sqlb *b);
/* hk_list_plan_same(ask, part): whether the part asks for the very column of the sort. */
bool hk_list_plan_same(const hk_list_ask *ask, const hk_part *part);
/* hk_list_plan_int(b, db, ret, error): the first column of the first row; no row leaves *ret. */
bool hk_list_plan_int(hk_sqlb *b, hk_db *db, int64_t *ret, GError **error);

const hk_list_sort *hk_list_sort_find(hk_list_of of, const char *key);
const hk_list_field *hk_list_field_find(hk_list_of of, hk_query_field field);

#endif
