/* report/letter: the whole mail to one recipient, as it will be sent. Layer: stage (report). The brief's texts about the site are hostile; names and
 * addresses of recipients come from registries and are, too.
 *
 * The same input makes the same bytes (with an RSA key or none): what a person approved is what is sent. Nothing in them names who else gets the mail: the
 * envelope is the sender's. Every byte is 7 bit, every line ends with CR LF and has 998 bytes at most. */
#ifndef HK_REPORT_LETTER_H
#define HK_REPORT_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "report/brief.h"
#include "sys/smime.h"

#define HK_LETTER_BYTES_MAX (8u << 20) /* of a letter, unless the caller says less */
#define HK_LETTER_FILES_MAX 20         /* pictures */
#define HK_LETTER_REFS_MAX  20         /* earlier letters that are referred to */

/* What goes along for programs. */
typedef enum hk_letter_form {
	HK_LETTER_AUTO, /* ARF for a mail provider when there is a lure; nothing for another bank; else XARF */
	HK_LETTER_XARF,  /* xarf.json, XARF v4 */
	HK_LETTER_XARF3, /* xarf.json, XARF v3; v4 for a trademark case */
	HK_LETTER_XARF2, /* X-ARF 0.2: header X-XARF, second part YAML */
	HK_LETTER_ARF,   /* RFC 5965; XARF when there is no lure */
	HK_LETTER_PLAIN, /* text and pictures */
} hk_letter_form;

/* All borrowed. */
typedef struct hk_letter_options {
	int64_t now_ms;            /* Date */
	const char *from_name;     /* NULL: the reporter's organisation */
	const char *from;          /* mail address; NULL: the reporter's contact */
	const char *template_text; /* NULL: the one that hikeshi brings for this recipient */
	const char *template_lang; /* of template_text; NULL: the recipient's */
	hk_letter_form form;
	const char *in_reply_to;       /* Message-ID of theirs or ours with < and >; NULL: none */
	const char *const *references; /* likewise, the oldest first, NULL at the end; or NULL */
	bool no_plus;                  /* Reply-To and envelope sender without the token */
	size_t max_bytes;              /* 0: HK_LETTER_BYTES_MAX */
	const hk_smime *signer;        /* NULL: not signed */
} hk_letter_options;

/* Owned. */
typedef struct hk_letter {
	GBytes *bytes;
	char *title;       /* the subject as people read it */
	char *sender, *to; /* envelope: csirt+TOKEN@domain, the recipient */
	char *message_id;  /* "<TOKEN@domain>" */
	const char *kind;  /* of the template; static */
	unsigned files;    /* pictures that go along */
	unsigned left_out; /* those that did not fit */
} hk_letter;
void hk_letter_free(hk_letter *letter); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_letter, hk_letter_free)

/* hk_letter_make(brief, to, token, options, error): token: 32 hexadecimal digits. HK_EFORM: the template is wrong, an address is none, the brief lacks who
 * reports; HK_ELIMIT: too large even without pictures. */
hk_letter *hk_letter_make(const hk_brief *brief, const hk_recipient *to, const char *token,
	const hk_letter_options *options, GError **error);

/* hk_letter_message_id(token, address): "<TOKEN@domain>" of the sender's address, as a letter has it; caller frees. */
char *hk_letter_message_id(const char *token, const char *address);

#endif
