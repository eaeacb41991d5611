/* source/mail/take: what a mail that was read becomes: sightings. Layer: stage. The mail is hostile.
 *
 * A mail of a detection service (source/mail/rules): one sighting of kind "url" for each address that the rule names. Any other mail:
 * one of kind "url" for each address in it, but pictures, boring hosts (boring.def) and official domains, which are listed in the
 * data. A mail that names none, or could not be read: one of kind "mail", for a person. Addresses of people are masked in all of it
 * ("t***@mail.example"): the mail as it came lies in the blob store. */
#ifndef HK_SOURCE_MAIL_TAKE_H
#define HK_SOURCE_MAIL_TAKE_H

#include "source/mail/rules.h"

#define HK_MAIL_TAKEN_MAX 100u /* sightings of one mail */

typedef struct hk_mail_sighting {
	uint8_t key[32];      /* of the mail's key and the address */
	char *kind;           /* "url" or "mail" */
	char *url, *host;     /* canonical; NULL for "mail" */
	char *title, *target; /* target NULL: not said */
	char *data;           /* JSON object: docs/mail.md describes it */
	double score;
	int64_t seen_ms;
} hk_mail_sighting;

typedef struct hk_mail_taking {
	const hk_mail_rules *rules; /* or NULL */
	const char *const
		*servers; /* whose Authentication-Results count; NULL-terminated, or NULL */
	double trust;     /* of the source, 0..1 */
	bool (*official)(
		void *user, hk_span host); /* or NULL: a domain of the bank or of another brand */
	void *user;
	int64_t now_ms;
	const char *where; /* JSON object of the source's own ({"uid":7}), or NULL */
} hk_mail_taking;

/* hk_mail_take(mail, taking, ret_rule): sightings, at least one; an array that frees its elements. *ret_rule (may be NULL): the rule that fitted, or NULL. */
GPtrArray *hk_mail_take(
	const hk_mail *mail, const hk_mail_taking *taking, const hk_mail_rule **ret_rule);

#endif
