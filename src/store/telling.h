/* store/telling: what a report is made of, read from the database: facts, captures, contacts, siblings, earlier reports. Layer: store. Texts are hostile. */
#ifndef HK_STORE_TELLING_H
#define HK_STORE_TELLING_H

#include "store/db.h"

/* Called for each row; strings and hashes are borrowed until it returns. */
typedef struct hk_telling_fact {
	const char *subject, *kind, *value;
} hk_telling_fact;
typedef void (*hk_telling_fact_fn)(void *user, const hk_telling_fact *fact);
/* hk_telling_facts(db, case_id, each, user, error): the facts that hold, in order of kind. */
bool hk_telling_facts(
	hk_db *db, int64_t case_id, hk_telling_fact_fn each, void *user, GError **error);

/* The newest run of a case that is done. id 0: none. Strings owned. */
typedef struct hk_telling_run {
	int64_t id, done_ms, stamped; /* stamped: 1 with a time stamp */
	char *verdict, *dimensions;
	bool has_manifest;
	uint8_t manifest[32];
} hk_telling_run;
void hk_telling_run_clear(hk_telling_run *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_telling_run, hk_telling_run_clear)
bool hk_telling_run_of(hk_db *db, int64_t case_id, hk_telling_run *ret, GError **error);
/* hk_telling_pending(db, case_id, since_ms, ret, error): runs that were asked for since then and still wait, and unfinished jobs of stage "enrich". */
bool hk_telling_pending(hk_db *db, int64_t case_id, int64_t since_ms, int64_t *ret, GError **error);

typedef struct hk_telling_capture {
	int64_t id, at_ms, status;
	const char *profile, *how, *url, *title, *data;
} hk_telling_capture;
typedef void (*hk_telling_capture_fn)(void *user, const hk_telling_capture *capture);
/* hk_telling_captures(db, run_id, each, user, error): those that are whole or cut, in the order of the plan. */
bool hk_telling_captures(
	hk_db *db, int64_t run_id, hk_telling_capture_fn each, void *user, GError **error);

typedef struct hk_telling_picture {
	const char *profile, *name, *type;
	int64_t bytes, at_ms;
	const uint8_t *sha256;
} hk_telling_picture;
typedef void (*hk_telling_picture_fn)(void *user, const hk_telling_picture *picture);
/* hk_telling_pictures(db, run_id, each, user, error): windows ("viewport") of the run, one each profile, in the order of the plan. */
bool hk_telling_pictures(
	hk_db *db, int64_t run_id, hk_telling_picture_fn each, void *user, GError **error);

typedef struct hk_telling_contact {
	const char *kind, *subject, *name, *address;
	const char *lang; /* of our own row for that mailbox (contacts), or NULL */
	double confidence;
} hk_telling_contact;
typedef void (*hk_telling_contact_fn)(void *user, const hk_telling_contact *contact);
/* hk_telling_contacts(db, case_id, each, user, error): whom enrichment found, the most trusted first. hk_telling_meta_contacts(db, kind, each, user, error): the rows of the Abuse page of
 * that kind that are active and have a mailbox; subject is their key. */
bool hk_telling_contacts(
	hk_db *db, int64_t case_id, hk_telling_contact_fn each, void *user, GError **error);
bool hk_telling_meta_contacts(
	hk_db *db, const char *kind, hk_telling_contact_fn each, void *user, GError **error);

/* URLs of a case: its own (cases.url: the site, if it was first known by a short link) first, the others in the order in which they were named. */
typedef void (*hk_telling_url_fn)(
	void *user, int64_t case_id, const char *url, const char *host, int64_t first_ms);
bool hk_telling_urls(hk_db *db, int64_t case_id, int64_t limit, hk_telling_url_fn each, void *user,
	GError **error);

/* hk_telling_siblings(db, case_id, address, limit, ret, error): other cases of the same campaign of kind certificate that are confirmed or resurrected, have evidence, and
 * have this address among their contacts (NULL: whatever contacts they have): *ret, GArray of int64_t by number. */
bool hk_telling_siblings(hk_db *db, int64_t case_id, const char *address, int64_t limit,
	GArray **ret, GError **error);

/* hk_telling_told(db, case_id, channel, recipient, step, round, ret, error): the report that speaks of this case to that recipient and was not dropped; 0: none.
 * hk_telling_round(db, case_id, ret, error): in which round it is to be reported now: 1, and one more each time it came back after reports were drafted. */
bool hk_telling_told(hk_db *db, int64_t case_id, const char *channel, const char *recipient,
	const char *step, int64_t round, int64_t *ret, GError **error);
bool hk_telling_round(hk_db *db, int64_t case_id, int64_t *ret, GError **error);

/* hk_telling_confirmer(db, case_id, ret, error): the number of the person who confirmed it last; 0: a rule did, or nobody. */
bool hk_telling_confirmer(hk_db *db, int64_t case_id, int64_t *ret, GError **error);

typedef struct hk_telling_sent {
	int64_t id, sent_ms, answered_ms;
	const char *channel, *name, *recipient, *state, *reference;
} hk_telling_sent;
typedef void (*hk_telling_sent_fn)(void *user, const hk_telling_sent *sent);
/* hk_telling_ledger(db, case_id, each, user, error): reports about the case that have left, the oldest first. */
bool hk_telling_ledger(
	hk_db *db, int64_t case_id, hk_telling_sent_fn each, void *user, GError **error);

/* hk_telling_official(db, each, user, error): every domain of every active target, with whether the target is our own. */
typedef void (*hk_telling_domain_fn)(void *user, const char *domain, bool own);
bool hk_telling_official(hk_db *db, hk_telling_domain_fn each, void *user, GError **error);

#endif
