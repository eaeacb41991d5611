/* store/search: what a case can be found by, and finding it. Layer: store. Texts are hostile, yet only kept.
 *
 * A case's words are kept folded (sys/textfold) in case_texts: line 1 its name, line 2 its host (or domain), then target, actor, labels, URLs,
 * survey log. A search is a substring of that text. So that a million texts need not be read, an index holds for each case the set
 * of its grams: every run of one, two and three characters (two kanji are a word in Japanese, and one is often enough), as a
 * 32-bit hash; and tags: its state, kind, target, actor and source, so that "this text in that state" is one question to one index.
 * SQLite: an FTS5 table without content; PostgreSQL: GIN over an array. What the index names is compared with the text itself: a
 * hash that two grams share costs time, never a wrong answer. */
#ifndef HK_STORE_SEARCH_H
#define HK_STORE_SEARCH_H

#include "store/db.h"

/* Of one case at most this much is kept for search (folded bytes); names and hosts come first, the survey log last. */
#define HK_SEARCH_TEXT_MAX 65536

/* hk_search_index(db, case_id, error): reads the case's words and keeps them; a deleted case's stay. Inside a write transaction.
 * Flow calls it once per changed case, just before COMMIT: a change of state, kind, target, actor or source counts, too. */
bool hk_search_index(hk_db *db, int64_t case_id, GError **error);
/* hk_search_index_all(db, ids, count, error): the same for several cases, none twice; on PostgreSQL at once. */
bool hk_search_index_all(hk_db *db, const int64_t *ids, size_t count, GError **error);

/* hk_search_rebuild(db, error): all of it anew, after a change of this file or a bulk load; its own transactions. */
bool hk_search_rebuild(hk_db *db, GError **error);

/* hk_search_rebuild_within(db, error): the same inside the write transaction that is open (a restore: all or nothing). */
bool hk_search_rebuild_within(hk_db *db, GError **error);

/* A question to the index: all of its parts must hold. */
typedef struct hk_search_ask hk_search_ask;
hk_search_ask *hk_search_ask_new(const hk_db *db);
void hk_search_ask_free(hk_search_ask *ask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_search_ask, hk_search_ask_free)

/* hk_search_ask_text(ask, folded): the text holds this (folded already, not empty). */
void hk_search_ask_text(hk_search_ask *ask, hk_span folded);

/* hk_search_ask_any(ask, folded, count): the text holds at least one of these (folded already, none empty). Each is asked for by its first
 * characters only. */
void hk_search_ask_any(hk_search_ask *ask, const char *const *folded, size_t count);

/* What cases are tagged by. */
typedef enum hk_search_tag {
	HK_TAG_STATE,
	HK_TAG_KIND,
	HK_TAG_TARGET, /* the row's number; "0": none; so the next two */
	HK_TAG_ACTOR,
	HK_TAG_SOURCE,
} hk_search_tag;

/* hk_search_ask_tag(ask, tag, values, count): the tag is one of the values (at least one). */
void hk_search_ask_tag(
	hk_search_ask *ask, hk_search_tag tag, const char *const *values, size_t count);

/* hk_search_ask_parts(ask): how many parts it has. */
size_t hk_search_ask_parts(const hk_search_ask *ask);
/* hk_search_ask_texts(ask): how many of them are texts. */
size_t hk_search_ask_texts(const hk_search_ask *ask);

/* hk_search_ask_sql(ask, b): appends a SELECT of the numbers of the cases that the index names, as one column; some of them may be
 * wrong, none is missing. Parts must not be 0. */
void hk_search_ask_sql(const hk_search_ask *ask, hk_sqlb *b);

#endif
