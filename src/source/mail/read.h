/* source/mail/read: one mail, read to pieces. Layer: stage. Input is hostile.
 *
 * hk_mail_read_facts() is the reading itself and runs in sys/sandbox: headers, text, links of every part, QR codes, as one JSON object
 * ("facts"). hk_mail_read() runs it there and gives what came back as a struct, checked member by member, because a mail that took
 * over its reader speaks through it. Nothing that a mail names is fetched. */
#ifndef HK_SOURCE_MAIL_READ_H
#define HK_SOURCE_MAIL_READ_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

/* Caps. A mail that goes over one is read up to there and says so. */
#define HK_MAIL_BYTES_MAX  (40u << 20)  /* the mail as it came: a larger one is not read */
#define HK_MAIL_PARTS_MAX  200u         /* parts, of all nested mails together */
#define HK_MAIL_DEPTH_MAX  20u          /* multiparts and mails in each other */
#define HK_MAIL_PART_MAX   (16u << 20)  /* bytes of one part, decoded */
#define HK_MAIL_ALL_MAX    (64u << 20)  /* bytes of all parts, decoded */
#define HK_MAIL_TEXT_MAX   (256u << 10) /* bytes of text kept, for plain text and HTML each */
#define HK_MAIL_LINKS_MAX  500u         /* links kept */
#define HK_MAIL_IMAGES_MAX 20u          /* pictures searched for QR codes */
#define HK_MAIL_FACTS_MAX                                                                          \
	(8u << 20) /* bytes of the facts: what the caps above let through, escaped */
#define HK_MAIL_MEMORY_MAX (512u << 20) /* memory of a reader */
#define HK_MAIL_CPU_S      10u          /* its processor time */
#define HK_MAIL_WALL_MS    20000u       /* its time */

/* Where and how a mail names an address. */
typedef struct hk_mail_link {
	char *url;       /* as written, at most 8 KB */
	char *shown;     /* text of an HTML link, or "" */
	char *where;     /* subject | text | html | attachment | qr */
	char *how;       /* written | link | form | load | move | code */
	int64_t message; /* 0: the mail itself; 1..: a mail inside */
} hk_mail_link;

typedef struct hk_mail_part {
	char *type, *name, *charset; /* charset: as taken; "" for what is no text */
	int64_t message, bytes;
	char *note; /* "", or why it was not (wholly) read */
} hk_mail_part;

/* The header of the mail (0) or of one inside. */
typedef struct hk_mail_head {
	char *subject, *from_name, *from, *reply_to, *return_path,
		*message_id; /* UTF-8, "" when missing */
	int64_t date_ms;     /* 0: missing or unreadable */
} hk_mail_head;

typedef struct hk_mail_auth {
	char *value; /* raw Authentication-Results */
	int64_t hop; /* Received headers above it */
} hk_mail_auth;

typedef struct hk_mail {
	GPtrArray *heads;    /* of hk_mail_head; at least one */
	GPtrArray *links;    /* of hk_mail_link */
	GPtrArray *parts;    /* of hk_mail_part */
	GPtrArray *auths;    /* of hk_mail_auth */
	GPtrArray *odd;      /* of char *: what was left out or mended, for people */
	char *text, *html;   /* text of all parts */
	char *first_hop;     /* the lowest Received header, raw, or "" */
	int64_t received_ms; /* of the topmost Received header; 0: none */
	char *failure; /* why the mail could not be read (then only header and text are there), or NULL */
	uint8_t key[32];    /* SHA-256 of Message-ID and body hash */
	uint8_t sha256[32]; /* of the mail as it came */
	size_t bytes;
} hk_mail;

void hk_mail_free(hk_mail *mail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_mail, hk_mail_free)

/* hk_mail_init(): once per process, before the first hk_mail_read(). */
void hk_mail_init(void);

/* How much of a mail is read; each is tried when the one before did not get through. */
typedef enum hk_mail_how {
	HK_MAIL_WHOLE,
	HK_MAIL_NO_PICTURES, /* a picture can use up the time of all other parts */
	HK_MAIL_PLAIN, /* without any library: header, and addresses in the bytes as they stand */
} hk_mail_how;

/* hk_mail_read(raw, error): never fails for what is in the mail: if the reader dies or runs out of time, it is read again without
 * pictures, then without any library, and failure says so. NULL only with HK_EIO, HK_EPOLICY of sys/sandbox. */
hk_mail *hk_mail_read(hk_span raw, GError **error);

/* hk_mail_read_facts(raw, how, out): the reading itself. For the sandbox and for fuzzing. */
void hk_mail_read_facts(hk_span raw, hk_mail_how how, GString *out);

/* hk_mail_of_facts(facts, error): HK_EFORM, HK_ELIMIT when they are not what a reader writes. key, sha256, bytes stay empty. */
hk_mail *hk_mail_of_facts(hk_span facts, GError **error);

#endif
