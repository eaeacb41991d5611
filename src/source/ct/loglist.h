/* source/ct/loglist: the log list, version 3 (Google's, Apple's, certspotter's, our own). Layer:
 * source/ct. Input is hostile.
 *
 * operators[].logs[] are RFC 6962 logs, operators[].tiled_logs[] static-ct ones. Unknown members
 * are ignored. One bad log is reported and left out; the others are taken. A member of our own,
 * "tile_url" in an RFC 6962 log, names the prefix under which that log also serves data tiles (kind
 * HYBRID): heads then come from `url`, entries from `tile_url`. */
#ifndef HK_SOURCE_CT_LOGLIST_H
#define HK_SOURCE_CT_LOGLIST_H

#include <glib.h>

#include "base/span.h"
#include "sys/sig.h"

#define HK_CT_LOGLIST_BYTES_MAX (4u << 20)
/* All known logs that ever were are some 200. */
#define HK_CT_LOGLIST_LOGS_MAX 2000

typedef enum hk_ct_kind {
	HK_CT_RFC6962, /* url */
	HK_CT_STATIC,  /* url is the submission prefix, tile_url the monitoring prefix */
	HK_CT_HYBRID,  /* url for heads and proofs, tile_url for data tiles */
	HK_CT_KIND_COUNT
} hk_ct_kind;

typedef enum hk_ct_state {
	HK_CT_NO_STATE, /* the list says none (lists of our own): followed */
	HK_CT_PENDING,
	HK_CT_QUALIFIED,
	HK_CT_USABLE,
	HK_CT_READONLY,
	HK_CT_RETIRED,
	HK_CT_REJECTED,
	HK_CT_STATE_COUNT
} hk_ct_state;

typedef struct hk_ct_log {
	char *description;   /* owned, never NULL */
	char *operator_name; /* owned, never NULL */
	char *url;           /* owned; ends with '/' */
	char *tile_url;      /* owned; ends with '/'; NULL for HK_CT_RFC6962 */
	hk_ct_kind kind;
	uint8_t id[32]; /* SHA-256 of spki */
	uint8_t *spki;  /* owned */
	size_t spki_len;
	hk_sig_key *key; /* owned; spki, read */
	hk_ct_state state;
	int64_t state_at;  /* UTC seconds; 0 without state */
	bool has_interval; /* certificates with start_at <= notAfter < end_at */
	int64_t start_at;
	int64_t end_at;
	uint64_t mmd_s; /* maximum merge delay; 0 when not given */
	bool has_final; /* of a read-only log: where it ends */
	uint64_t final_size;
	uint8_t final_root[32];
} hk_ct_log;

typedef struct hk_ct_loglist {
	char *version;     /* owned, or NULL */
	int64_t listed_at; /* log_list_timestamp, UTC seconds; 0 when not given */
	GPtrArray *logs;   /* of hk_ct_log, owned, in the order of the list */
	GPtrArray *
		problems; /* of char *, owned: "operators[0].logs[2] (Name): why it was left out" */
	size_t placeholders; /* retired logs under ct.example.com, which stand for "no RFC 6962 log
				here": ignored */
} hk_ct_loglist;

void hk_ct_log_free(hk_ct_log *log); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_ct_log, hk_ct_log_free)
void hk_ct_loglist_free(hk_ct_loglist *list); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_ct_loglist, hk_ct_loglist_free)

/* hk_ct_log_new(url, spki, kind, error): a log that no list names (--log URL --key SPKI_B64): no
 * state, description = url. For HK_CT_STATIC url is taken for both prefixes. HK_EUSAGE for a bad
 * url, HK_EFORM for a bad key. */
hk_ct_log *hk_ct_log_new(const char *url, hk_span spki, hk_ct_kind kind, GError **error);

/* hk_ct_loglist_parse(text, error): NULL only when the whole is no log list (HK_EFORM, HK_ELIMIT).
 * A log is left out, with a line in problems, when a member is missing or of the wrong kind, log_id
 * is not SHA256(key), the key cannot be read, a URL is not https (or http to a loopback literal or
 * localhost), it has several states or an unknown one, or its log_id came before. */
hk_ct_loglist *hk_ct_loglist_parse(hk_span text, GError **error);

/* hk_ct_loglist_check(text, sig, key_pem, error): the detached signature of a list (log_list.sig:
 * RSA, SHA-256) by a key that the user pinned in a file. HK_ECHECK when it does not verify. */
bool hk_ct_loglist_check(hk_span text, hk_span sig, hk_span key_pem, GError **error);

/* hk_ct_loglist_find(list, id): the log with that id; NULL when there is none. Borrowed. */
const hk_ct_log *hk_ct_loglist_find(const hk_ct_loglist *list, const uint8_t id[32]);

/* hk_ct_log_is_followed(log): whether a monitor reads it: no state, qualified, usable, read-only.
 */
bool hk_ct_log_is_followed(const hk_ct_log *log);

/* hk_ct_log_expects_growth(log, now): false for a read-only log, and for one whose interval ended
 * before now (UTC seconds): nothing valid can be added. */
bool hk_ct_log_expects_growth(const hk_ct_log *log, int64_t now);

/* How one log differs between two lists. */
typedef enum hk_ct_change {
	HK_CT_ADDED,   /* only in the new list, or followed only there */
	HK_CT_REMOVED, /* only in the old one, or no longer followed: drain */
	HK_CT_CHANGED  /* followed in both; URL, kind, state or final head differ */
} hk_ct_change;

/* hk_ct_loglist_diff(old, new, fn, user): calls fn for every followed log that differs; old NULL =
 * an empty list. before is NULL for ADDED and after is NULL for REMOVED when the list does not name
 * it at all. */
typedef void (*hk_ct_diff_fn)(
	void *user, hk_ct_change change, const hk_ct_log *before, const hk_ct_log *after);
void hk_ct_loglist_diff(
	const hk_ct_loglist *old_list, const hk_ct_loglist *new_list, hk_ct_diff_fn fn, void *user);

/* hk_ct_state_text(state): "usable"; "none" for HK_CT_NO_STATE. hk_ct_kind_text(kind): "rfc6962",
 * "static", "hybrid". */
const char *hk_ct_state_text(hk_ct_state state);
const char *hk_ct_kind_text(hk_ct_kind kind);

#endif
