/* score/corpus: the names that the name model learns from and is judged on. Layer: stage.
 *
 * Rows of phishing lists and lists of benign hosts, read from files, one row per host and month for
 * phishing, one per host for the rest. A corpus only grows; row numbers stay. */
#ifndef HK_SCORE_CORPUS_H
#define HK_SCORE_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "base/name.h"
#include "match/suffix.h"

/* Largest file, unpacked. */
#define HK_CORPUS_FILE_MAX ((size_t)1 << 30)

typedef enum hk_corpus_kind {
	HK_CORPUS_PHISH, /* confirmed phishing: learnt from, judged on */
	HK_CORPUS_FEED, /* more phishing of other kinds: learnt from at less weight, never judged on
			 */
	HK_CORPUS_BENIGN, /* popular hosts */
} hk_corpus_kind;

typedef struct hk_corpus_row {
	uint32_t at;  /* of the name in the text */
	uint8_t len;  /* bytes */
	uint8_t kind; /* hk_corpus_kind */
	bool seen; /* phishing: this host was in an earlier month (or an earlier row of a feed) */
	bool held_out;  /* benign: kept back for judging, by hash of the registrable domain */
	int32_t day;    /* days since 1970-01-01; -1: no date */
	int32_t month;  /* months since 1970-01; -1: no date */
	uint32_t brand; /* number of the brand; 0: none */
	uint32_t owner; /* hash of the registrable domain by the ICANN rules */
} hk_corpus_row;

typedef struct hk_corpus hk_corpus;

/* One in this many registrable domains is held out. */
#define HK_CORPUS_HELD_OUT 4u

/* hk_corpus_new(table, fold): an empty corpus; table is borrowed. fold (modulo HK_CORPUS_HELD_OUT) says
 * which quarter of the registrable domains is held out. */
void hk_corpus_free(hk_corpus *corpus);
hk_corpus *hk_corpus_new(const hk_suffix_table *table, uint64_t fold) HK_FREED_BY(hk_corpus_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_corpus, hk_corpus_free)

/* hk_corpus_read(corpus, path, kind, error): add a file, plain or .xz. Recognised by content:
 * comma- or tab-separated rows (RFC 4180 quotes) or one address per line; '#' begins a comment. A
 * header names the columns (host, url, domain, value, date, description, brand); without one, a
 * first column that is a date is followed by the address: the first column that has a host, or, in
 * TweetFeed's form (date, reporter, type, value), the fourth. Rows without a host to learn from are
 * counted and passed over. An error when no row of the file has a host, or a PHISH file has no
 * dates. */
bool hk_corpus_read(hk_corpus *corpus, const char *path, hk_corpus_kind kind, GError **error);

/* hk_corpus_parse: the same for bytes in memory; name stands in messages. */
bool hk_corpus_parse(
	hk_corpus *corpus, hk_span text, const char *name, hk_corpus_kind kind, GError **error);

/* Rows in the order they were read; valid until the next read. */
const hk_corpus_row *hk_corpus_rows(const hk_corpus *corpus, size_t *ret_count);
hk_name hk_corpus_name(const hk_corpus *corpus, const hk_corpus_row *row);

/* hk_corpus_held_out(corpus, ret_count): numbers of the rows that are held out; g_free. */
uint32_t *hk_corpus_held_out(const hk_corpus *corpus, size_t *ret_count);

/* hk_corpus_brand(corpus, number): the brand's spelling; "" for 0. */
const char *hk_corpus_brand(const hk_corpus *corpus, uint32_t number);
uint32_t hk_corpus_brand_count(const hk_corpus *corpus);

/* hk_corpus_skipped(corpus): rows without a usable host so far. */
size_t hk_corpus_skipped(const hk_corpus *corpus);

/* Months since 1970-01 to YYYYMM and back; hk_corpus_month_parse reads "2024-01", -1 if it is none.
 */
uint32_t hk_corpus_yyyymm(int32_t month);
int32_t hk_corpus_month_parse(const char *text);

#endif
