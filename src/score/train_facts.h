/* score/train_facts: the counts that reasons quote. Layer: stage. Private to score/train*.c. */
#ifndef HK_SCORE_TRAIN_FACTS_H
#define HK_SCORE_TRAIN_FACTS_H

#include "match/model.h"
#include "score/corpus.h"

/* hk_train_facts(corpus, table, rows, n, ret_count): in how many of the n rows each suffix, label
 * shape and sub-domain word stands (confirmed names and benign ones; feeds are not counted), as
 * records of a model file, rising by key, rare ones left out. Caller frees with g_free. */
uint8_t *hk_train_facts(const hk_corpus *corpus, const hk_suffix_table *table, const uint32_t *rows,
	size_t n, size_t *ret_count);

#endif
