/* store/search_gram: the hashes by which store/search finds texts and tags. Layer: store; for search*.c only. Texts are hostile.
 *
 * A gram is a run of one, two or three characters of a line; a hash has 32 bits, and two grams may share one. */
#ifndef HK_STORE_SEARCH_GRAM_H
#define HK_STORE_SEARCH_GRAM_H

#include "store/search.h"

enum { HK_GRAM_MAX = 3 };

/* hk_gram_chars(text): the characters of one line, or of a needle, as uint32_t; a byte that is none is U+FFFD. Caller unrefs. */
GArray *hk_gram_chars(hk_span text);

/* hk_gram_hash(chars, count): of a run of characters. hk_gram_hash_tag(tag, value): of a tag; never that of a text's letters. */
uint32_t hk_gram_hash(const uint32_t *chars, size_t count);
uint32_t hk_gram_hash_tag(hk_search_tag tag, const char *value);

/* hk_grams_of(text, tags): the set of hashes (uint32_t) of a text and of tags ("s:new k:phishing ..."), sorted. Caller unrefs. */
GArray *hk_grams_of(hk_span text, const char *tags);

/* hk_gram_put_token(out, hash): a hash as a word of FTS5. hk_grams_print(engine, grams): a set as FTS5 takes it, or PostgreSQL ("{1,-2}");
 * caller frees. */
void hk_gram_put_token(GString *out, uint32_t hash);
char *hk_grams_print(hk_db_engine engine, const GArray *grams);

#endif
