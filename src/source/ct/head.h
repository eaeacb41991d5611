/* source/ct/head: a log's tree head, from get-sth or from a checkpoint. Layer: source/ct. Input is
 * hostile.
 *
 * Both forms carry the same TreeHeadSignature (RFC 6962, section 3.5) and convert into one another
 * without the log's key. The bytes as they came are kept: they are the evidence when a log
 * contradicts itself. */
#ifndef HK_SOURCE_CT_HEAD_H
#define HK_SOURCE_CT_HEAD_H

#include <glib.h>

#include "sys/sig.h"

/* A get-sth answer is some 300 bytes. */
#define HK_CT_HEAD_STH_MAX 65536

typedef struct hk_ct_head {
	uint64_t size; /* entries */
	uint8_t root[32];
	int64_t timestamp_ms;
	uint8_t *sig; /* owned: DigitallySigned */
	size_t sig_len;
	char *origin;    /* owned: first line of a checkpoint; NULL from get-sth. Not covered by the
			    signature */
	bool checkpoint; /* which form raw has */
	bool verified;   /* hk_ct_head_verify said yes */
	uint8_t *raw;    /* owned: the bytes as they came, NUL behind them */
	size_t raw_len;
} hk_ct_head;

void hk_ct_head_free(hk_ct_head *head); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_ct_head, hk_ct_head_free)

/* hk_ct_head_from_sth(body, key, error) and hk_ct_head_from_checkpoint(body, key, error): read and
 * verify against the log's key. HK_EFORM and kin when it is none, HK_ECHECK when the signature does
 * not verify, when no signature line of a checkpoint is of this log (key ID of name, type 0x05 and
 * LogID, name = origin), or when an empty tree has another root than SHA256(""); HK_ERANGE for a
 * signed size over HK_CTTILE_SIZE_MAX, which no tile can name. Signature lines of others are
 * skipped. */
hk_ct_head *hk_ct_head_from_sth(hk_span body, const hk_sig_key *key, GError **error);
hk_ct_head *hk_ct_head_from_checkpoint(hk_span body, const hk_sig_key *key, GError **error);

/* The same in two steps, for tools that look at a head without believing it. log_id: SHA-256 of the
 * log's key. */
hk_ct_head *hk_ct_head_read_sth(hk_span body, GError **error);
hk_ct_head *hk_ct_head_read_checkpoint(hk_span body, const uint8_t log_id[32], GError **error);
bool hk_ct_head_verify(hk_ct_head *head, const hk_sig_key *key, GError **error);

/* hk_ct_head_to_sth(head): get-sth JSON in one line. hk_ct_head_to_checkpoint(head, origin,
 * log_id): the note with the one signature; origin (submission prefix without scheme and trailing
 * slash) must have neither blank, '+' nor control character: NULL otherwise. Caller frees. */
char *hk_ct_head_to_sth(const hk_ct_head *head);
char *hk_ct_head_to_checkpoint(
	const hk_ct_head *head, const char *origin, const uint8_t log_id[32]);

/* hk_ct_head_key_id(name, log_id): the key ID of a signature line of type 0x05 of that log. */
uint32_t hk_ct_head_key_id(hk_span name, const uint8_t log_id[32]);

/* hk_ct_head_new(size, root, timestamp_ms): a head of ours, without signature and raw bytes (a log
 * list's final tree head; a prefix that was verified before). */
hk_ct_head *hk_ct_head_new(uint64_t size, const uint8_t root[32], int64_t timestamp_ms);

#endif
