/* report/answer: mail that comes back: what it says, which report it is about, what that means. Layer: stage (report). The mail is hostile, and so is what its reader
 * says (source: sys/sandbox).
 *
 *     hk_answer *reply = hk_answer_read(raw, &error);              // in the sandbox
 *     reply->proof = hk_answer_prove(reply, "mx.bank.example", table); // whether its From is who sent it
 *     hk_answer_match_to(reply, &lookup, &match, &error);         // asks the database by tokens, numbers, URLs
 *     hk_answer_class class = hk_answer_classify(reply, &why);     // by answerphrases.def, answerbounces.def
 *
 * A report is known by its token (reports.token, 32 hexadecimal digits): it stands in our Message-ID and in the plus-address that answers come to. What a mail says of
 * itself is the word of whoever wrote it: a mail whose sender's domain is not the recipient's is matched, but marked as a stranger's, and the caller lets it move
 * nothing but "acknowledged" and "bounced". So is one whose From nobody vouches for, where a server of ours is configured that would. */
#ifndef HK_REPORT_ANSWER_H
#define HK_REPORT_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"
#include "match/suffix.h"

#define HK_ANSWER_TEXT_MAX    (16u << 10) /* bytes of text kept, of what the mail itself says */
#define HK_ANSWER_LIST_MAX    64u         /* of each list below */
#define HK_ANSWER_VALUE_MAX   2000u       /* bytes of a header's value */
#define HK_ANSWER_NUMBERS_MAX 8u
#define HK_ANSWER_FACTS_MAX   (2u << 20) /* bytes of the facts of a reader */

/* What kind of mail its structure says it is; bits. */
typedef enum hk_answer_flag {
	HK_ANSWER_AUTOMATIC = 1, /* Auto-Submitted, Precedence and their kin */
	HK_ANSWER_REPORT = 2,    /* it has a delivery status (RFC 3464) */
	HK_ANSWER_FAILED = 4,    /* that says failed */
	HK_ANSWER_DELAYED = 8,   /* delayed, relayed, delivered, expanded: it may still arrive */
	HK_ANSWER_NULL = 16,     /* Return-Path: <> */
	HK_ANSWER_RETURNED = 32, /* a mail of somebody's lies inside */
	HK_ANSWER_VACATION = 64, /* an absence, by its headers */
} hk_answer_flag;

/* Who proved that the From's house sent it. UNASKED: nobody is configured who would. */
typedef enum hk_answer_proof {
	HK_ANSWER_UNASKED,
	HK_ANSWER_UNPROVEN,
	HK_ANSWER_DMARC,
	HK_ANSWER_DKIM,
	HK_ANSWER_SPF,
	HK_ANSWER_PROOFS
} hk_answer_proof;

/* Strings owned, UTF-8, never NULL; lists of owned strings, never NULL. */
typedef struct hk_answer {
	char *subject, *from, *from_name, *message_id; /* message_id with its <>, or "" */
	int64_t date_ms;                               /* 0: none that can be read */
	GPtrArray *refs; /* In-Reply-To, References: values as they stand */
	GPtrArray *
		recipients; /* To, Cc, Delivered-To, X-Original-To, Envelope-To ... : values as they stand */
	GPtrArray *
		auths; /* Authentication-Results: values as they stand, from the top; "" where a Received stands between two */
	GPtrArray *
		inner; /* Message-ID, References, From, To of mails inside it, parts of headers, delivery status */
	char *text;            /* what it says itself, without what it quotes */
	char *quoted;          /* what it quotes */
	unsigned flags;        /* hk_answer_flag */
	hk_answer_proof proof; /* set by the caller, of hk_answer_prove; UNASKED at first */
	char *failure;         /* why it could not be read whole, or NULL */
} hk_answer;

void hk_answer_free(hk_answer *reply); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_answer, hk_answer_free)

/* hk_answer_init(): once per process, before threads: loads what the sandbox needs. */
void hk_answer_init(void);

/* hk_answer_read(raw, error): never fails for what is in the mail: a mail on which the reader dies is one with a failure and nothing but its header. NULL only with HK_EIO,
 * HK_EPOLICY of sys/sandbox. */
hk_answer *hk_answer_read(hk_span raw, GError **error);

/* hk_answer_facts(raw, out): the reading itself, one JSON object. For the sandbox and for fuzzing. hk_answer_of_facts(facts, error): HK_EFORM, HK_ELIMIT. */
void hk_answer_facts(hk_span raw, GString *out);
hk_answer *hk_answer_of_facts(hk_span facts, GError **error);

/* hk_answer_split(text, ret_own, ret_quoted): parts a mail's text into what it says and what it quotes: lines behind '>', and everything below a line by which mailers and people
 * introduce the mail that they answer, but what stands below lines behind '>' and an empty one. Appends to both. */
void hk_answer_split(hk_span text, GString *ret_own, GString *ret_quoted);

/* ---- whose it is ---- */

/* hk_answer_prove(reply, authserv_id, suffixes): whether the server of that name (RFC 8601: authserv-id) says that the house of the From sent it: dmarc=pass for header.from,
 * dkim=pass for header.d (or header.i), spf=pass for smtp.mailfrom, of which the domain is, by suffixes, the organisation's of the From. Only its topmost fields count, up to the next Received below, and
 * of each method only the topmost field that tells of it: what stands below may be the sender's own. A dmarc that does not pass for that house is no proof by the others. authserv_id NULL: UNASKED. */
hk_answer_proof hk_answer_prove(
	const hk_answer *reply, const char *authserv_id, const hk_suffix_table *suffixes);

/* As letters.proof has it: "dmarc", "dkim", "spf", "none"; NULL for UNASKED. Static storage. */
const char *hk_answer_proof_name(hk_answer_proof proof);

/* ---- which report ---- */

/* A report that could be meant. */
typedef struct hk_answer_hit {
	int64_t id;      /* 0: none */
	char *recipient; /* mail address that it was sent to, or the channel's name; owned */
} hk_answer_hit;

/* Asks for reports. ret: GArray of hk_answer_hit, empty at first, the newest first; the functions append. False: error is set. */
typedef struct hk_answer_lookup {
	void *user;
	bool (*token)(void *user, const char *token, GArray *ret, GError **error);
	bool (*number)(void *user, const char *number, GArray *ret, GError **error);
	bool (*url)(void *user, const char *url, GArray *ret, GError **error);
	const hk_suffix_table *suffixes; /* for hk_answer_same_house, or NULL */
} hk_answer_lookup;

typedef struct hk_answer_match {
	int64_t report_id;   /* 0: nobody knows */
	const char *matched; /* references | plus | number | url; static; NULL: not matched */
	bool stranger; /* the sender's domain is not that of the report's recipient, or is not proven */
	char *number; /* the ticket number that the mail gives, or NULL; owned */
} hk_answer_match;
void hk_answer_match_clear(hk_answer_match *match);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_answer_match, hk_answer_match_clear)

/* hk_answer_match_to(reply, lookup, ret, error): by our Message-ID in In-Reply-To and References; the plus-address in any recipient header; our Message-ID and plus-address in what
 * is inside; our token in the text; a ticket number that the sender's house has given before; and, last, a URL that the sender's house was told of. UNPROVEN: the sender has no house. */
bool hk_answer_match_to(const hk_answer *reply, const hk_answer_lookup *lookup,
	hk_answer_match *ret, GError **error);

/* hk_answer_numbers(reply, ret): what looks like ticket numbers (answernumbers.def), the likeliest first, each once; caller frees the strings with the array. */
GPtrArray *hk_answer_numbers(const hk_answer *reply);

/* hk_answer_same_house(suffixes, a, b): whether two host names, or the domains of two addresses, belong to one house: they share what a registry sells, as the public suffix list
 * has it; suffixes NULL: guessed by labels ("co.jp" and its like count as one label). */
bool hk_answer_same_house(const hk_suffix_table *suffixes, const char *a, const char *b);

/* ---- what it means ---- */

typedef enum hk_answer_class {
	HK_ANSWER_OTHER,
	HK_ANSWER_ACKNOWLEDGED,
	HK_ANSWER_NEEDS_INFO,
	HK_ANSWER_ACTIONED,
	HK_ANSWER_REFUSED,
	HK_ANSWER_BOUNCED,
	HK_ANSWER_AUTO,
	HK_ANSWER_CLASSES
} hk_answer_class;

/* As letters.class has it: "acknowledged", ... Static storage. */
const char *hk_answer_class_name(hk_answer_class class);

/* hk_answer_classify(reply, ret_why): *ret_why (or NULL): what decided, for people: a phrase of the table, a header; static storage. */
hk_answer_class hk_answer_classify(const hk_answer *reply, const char **ret_why);

#endif
