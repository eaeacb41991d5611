/* range/ctlog: the simulated log: what was issued, in order, and what of it is published. Part of
 * librange.
 *
 * Entries are invented by certgen, hashed into a whole Merkle tree and appended to the file
 * DIR/entries as static-ct TileLeaf structures, one after the other; a data tile is a run of that
 * file's mapping. Nothing is visible to a reader before rg_log_publish() signs a head that covers
 * it. The folder also holds key.pem, state.json (rewritten at every publication) and lock. A log
 * that was killed comes back at its last published head; what was appended after it had never been
 * shown, and is dropped. The library keeps no threads and no globals. */
#ifndef RG_CTLOG_H
#define RG_CTLOG_H

#include <glib.h>

#include "base/err.h"
#include "certgen.h"
#include "ctkey.h"
#include "cttree.h"

enum {
	RG_TILE = 256,           /* entries of a full tile */
	RG_HEADS_KEPT = 64,      /* earlier heads that can still be shown */
	RG_ENTRY_MAX = 17 << 20, /* bytes of one TileLeaf */
};

typedef struct rg_log_config {
	const char *dir; /* made if missing; NULL: in memory, nothing is kept */
	uint64_t seed;
	uint32_t phish_every; /* every n-th issuance imitates みほん銀行; 0: none */
	uint32_t odd_every;   /* every n-th issuance is a row of odd.def; 0: none */
	bool leaf_index;    /* entries carry the leaf_index extension (static-ct-api does, RFC 6962
			       does not) */
	const char *origin; /* first line of the checkpoint */
	const char
		*truth; /* file that gets a JSON line per entry when it is published; NULL: none */
} rg_log_config;

typedef struct rg_head {
	uint64_t size;
	uint64_t timestamp_ms;
	uint8_t root[RG_HASH_SIZE];
	uint8_t signed_head[RG_SIGNED_MAX]; /* DigitallySigned */
	size_t signed_len;
} rg_head;

/* What of an issuance goes into the log. */
typedef enum rg_issue {
	RG_ISSUE_BOTH, /* the precertificate, then the certificate */
	RG_ISSUE_PRECERT,
	RG_ISSUE_CERT,
} rg_issue;

typedef struct rg_log rg_log;

/* rg_log_open(config, error): a new or an earlier log; a folder that another process uses, that was
 * made with another seed or another leaf_index, or whose entries do not hash to its last root is
 * refused. The first head (size 0) of a new log is published at once. */
void rg_log_free(rg_log *log);
rg_log *rg_log_open(const rg_log_config *config, GError **error) HK_FREED_BY(rg_log_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_log, rg_log_free)

/* rg_log_grow(log, count, when_ms, error): appends count invented entries with that timestamp:
 * precertificates, each followed by its certificate six entries later. */
bool rg_log_grow(rg_log *log, uint64_t count, uint64_t when_ms, GError **error);

/* rg_log_issue(log, names, issue, when_ms, ret_first, error): appends one issuance with those
 * names. The truth calls it phish when a name contains "mihon", else benign. *ret_first (may be
 * NULL) is the index of its first entry. */
bool rg_log_issue(rg_log *log, const rg_names *names, rg_issue issue, uint64_t when_ms,
	uint64_t *ret_first, GError **error);

/* rg_log_publish(log, now_ms, error): signs a head over all that is appended; from then on it is
 * visible. */
bool rg_log_publish(rg_log *log, uint64_t now_ms, GError **error);

/* rg_log_head(log, back): the head, or the one that was published `back` publications before it
 * (the oldest kept when there are fewer); borrowed until the next publication. */
const rg_head *rg_log_head(const rg_log *log, size_t back);

/* rg_log_appended(log): entries, published or not. */
uint64_t rg_log_appended(const rg_log *log);

/* rg_log_entries(log, start, end): the TileLeafs of entries start..end-1, end at most the published
 * size; borrowed, stays where it is as long as the log lives. rg_log_entry: one. */
hk_span rg_log_entries(const rg_log *log, uint64_t start, uint64_t end);
hk_span rg_log_entry(const rg_log *log, uint64_t index);

const rg_tree *rg_log_tree(const rg_log *log);
const rg_ctkey *rg_log_key(const rg_log *log);
const rg_issuers *rg_log_issuers(const rg_log *log);
const char *rg_log_origin(const rg_log *log);

/* The parts of a TileLeaf; spans borrowed from it. */
typedef struct rg_leaf {
	bool precert;
	uint64_t timestamp_ms;
	hk_span timestamped; /* TimestampedEntry: hashed after 00 00 00 */
	hk_span cert;        /* Certificate, or the TBSCertificate of a precertificate */
	hk_span extensions;  /* content of the vector */
	hk_span precert_der; /* precertificate; empty for a certificate */
	hk_span chain;       /* 32 bytes per fingerprint */
} rg_leaf;

/* rg_leaf_of(bytes, ret): takes bytes that this program wrote apart; a malformed one is HK_EFORM or
 * HK_ETRUNC. *ret_used (may be NULL): its length. */
HK_MUST hk_err rg_leaf_of(hk_span bytes, rg_leaf *ret, size_t *ret_used);

#endif
