/* store/facts: what enrichment found, and whom one could tell. Layer: store. Rules: flow/facts. Texts are hostile, yet only kept. */
#ifndef HK_STORE_FACTS_H
#define HK_STORE_FACTS_H

#include "store/db.h"

/* Strings borrowed; source and raw are of the last look that found it. */
typedef struct hk_fact {
	const char *subject, *kind, *value, *source;
	const uint8_t *raw; /* SHA-256 of the answer in the blob store, or NULL */
} hk_fact;

typedef enum hk_fact_how { HK_FACT_NEW, HK_FACT_SAME, HK_FACT_BACK } hk_fact_how;

/* hk_facts_put(db, case_id, fact, now_ms, ret, error): *ret: it is new, was there already, or was gone and is back. */
bool hk_facts_put(hk_db *db, int64_t case_id, const hk_fact *fact, int64_t now_ms, hk_fact_how *ret,
	GError **error);

/* hk_facts_gone(db, case_id, subject, kind, now_ms, ret, error): facts of that subject and kind that were last found before now_ms are gone
 * from now on: *ret, GPtrArray of owned texts, their values. Call it after the facts of an answer were put, all with the same now_ms. */
bool hk_facts_gone(hk_db *db, int64_t case_id, const char *subject, const char *kind,
	int64_t now_ms, GPtrArray **ret, GError **error);

typedef struct hk_case_contact {
	const char *kind, *subject, *name, *address, *source;
	double confidence; /* 0..1 */
} hk_case_contact;
/* Contacts of a kind, about a subject; NULL: any. */
typedef struct hk_contact_part {
	const char *kind, *subject;
} hk_contact_part;
/* hk_case_contacts_set(db, case_id, contacts, count, keep, keep_count, now_ms, error): instead of those there are, but for those of the parts in keep, which stay. */
bool hk_case_contacts_set(hk_db *db, int64_t case_id, const hk_case_contact *contacts, size_t count,
	const hk_contact_part *keep, size_t keep_count, int64_t now_ms, GError **error);

#endif
