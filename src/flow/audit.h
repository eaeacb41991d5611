/* flow/audit: the audit chain. Layer: flow. The rows may have been tampered with: that is what it looks for.
 *
 * Every act leaves a row in events. Its MAC ties it to the row before: whoever lacks the key can neither change, add, take out
 * nor reorder rows without being found. The key is a file of 32 random bytes, kept apart from the database and from its backups.
 *
 *     MAC(0)   = 32 zero bytes
 *     MAC(seq) = HMAC-SHA-256(key, MAC(seq - 1) | record(seq))
 *
 * record(seq), every number big-endian, texts as UTF-8 without an end mark:
 *     8 bytes  seq
 *     8 bytes  at_ms
 *     4 bytes  length of who,     who
 *     4 bytes  length of via,     via
 *     4 bytes  length of address, address
 *     4 bytes  length of act,     act
 *     4 bytes  length of object,  object
 *     8 bytes  object_id
 *     8 bytes  case_id, 0 when there is none
 *     4 bytes  length of data,    data (JSON text as it is stored)
 *
 * The key's id: the first 16 hexadecimal digits of HMAC-SHA-256(key, "hikeshi audit key"). It stands in settings "audit_key".
 *
 * Somebody with write access can still cut off the newest rows and set the head back: only a head that was shipped off the machine
 * (`hikeshi audit anchor`, the sweep's hourly anchors) proves that rows are missing. */
#ifndef HK_FLOW_AUDIT_H
#define HK_FLOW_AUDIT_H

#include "store/events.h"
#include "sys/hmac.h"

#define HK_AUDIT_KEY_ID_SIZE 17 /* with the NUL */

typedef struct hk_audit_key {
	uint8_t bytes[HK_HMAC_KEY_SIZE];
	char id[HK_AUDIT_KEY_ID_SIZE];
} hk_audit_key;

/* hk_audit_key_make(path, error): a new random key in a new file of mode 0600; HK_EPOLICY when there is a file already. */
bool hk_audit_key_make(const char *path, GError **error);

/* hk_audit_key_read(path, ret, error): HK_ECONFIG with advice when the file is missing, is readable by others, or does not hold
 * exactly 32 bytes. Wipe *ret after use (explicit_bzero). */
bool hk_audit_key_read(const char *path, hk_audit_key *ret, GError **error);

/* hk_audit_key_bind(db, key, error): makes key the key of this database's chain, if it has none yet. HK_ECONFIG when it has
 * another. Opens its own transaction if it must write. hk_audit_key_check: only looks; a database without one has any key. */
bool hk_audit_key_bind(hk_db *db, const hk_audit_key *key, GError **error);
bool hk_audit_key_check(hk_db *db, const hk_audit_key *key, GError **error);

/* hk_audit_record(record, out): the canonical bytes, appended. */
void hk_audit_record(const hk_event_record *record, GByteArray *out);

/* hk_audit_mac(key, before, record, scratch, ret): MAC(record) after the row with the MAC before. scratch is emptied. */
void hk_audit_mac(const hk_audit_key *key, const uint8_t before[HK_EVENT_MAC_SIZE],
	const hk_event_record *record, GByteArray *scratch, uint8_t ret[HK_EVENT_MAC_SIZE]);

/* What a check of the whole chain found. */
typedef struct hk_audit_report {
	int64_t rows;    /* that are good, from the first one on */
	int64_t anchors; /* that fit */
	int64_t bad_seq; /* 0: nothing is wrong */
	char *what;      /* owned: what is wrong at bad_seq; NULL */
	hk_event_head head;
} hk_audit_report;
void hk_audit_report_clear(hk_audit_report *report);

/* hk_audit_verify(db, key, heads, count, report, error): reads the whole chain in one snapshot, in pieces. Compares with the
 * chain's head, the anchors, and the heads (count of them, of whatever order) that were kept elsewhere. True when it could be
 * read, whatever it says: report->bad_seq tells. Needs no right to write. */
bool hk_audit_verify(hk_db *db, const hk_audit_key *key, const hk_event_head *heads, size_t count,
	hk_audit_report *report, GError **error);

/* An act as in acts.def. */
typedef struct hk_act {
	const char *text, *object, *en, *ja;
} hk_act;
extern const hk_act hk_acts[];
extern const size_t hk_act_count;
const hk_act *hk_act_find(const char *text); /* NULL: there is none */

#endif
