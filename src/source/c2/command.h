/* source/c2/command: what a command says. Layer: stage. Input is hostile. Pure; any thread. Nothing of it is ever executed.
 *
 * The numbers of a command are other people's (DESIGN section 7, rail 4): what leaves the process shows hk_number_mask() and hk_number_region(), a text goes through
 * hk_number_mask_text() first. */
#ifndef HK_SOURCE_C2_COMMAND_H
#define HK_SOURCE_C2_COMMAND_H

#include "parse/telno.h"
#include "source/c2/family.h"
#include "sys/hash.h"

#define HK_COMMAND_NUMBERS_MAX 100000 /* kept of a command; more are counted in `beyond` */
#define HK_COMMAND_URLS_MAX    50
#define HK_COMMAND_BRANDS_MAX  20

typedef struct hk_command {
	const hk_verb *verb; /* borrowed from the family; NULL: unknown */
	char *word;          /* the verb as it was written */
	bool send;           /* verb && verb->send */
	char *argument; /* all that follows the verb, numbers included: never shown as it is; NULL: nothing */
	/* The rest is for send commands; arrays are never NULL. */
	char *text;   /* the message with its URLs; NULL: none, or no send command */
	char *folded; /* the text as waves compare it: hk_textfold, URLs taken out, each run of digits one '#', blanks gone but between ASCII; "" without a text */
	uint8_t key[HK_SHA256_SIZE]; /* SHA-256 of folded */
	GPtrArray *numbers; /* char *: mobile numbers of Japan, E.164, without doubles, in order */
	unsigned masked;    /* entries with blotted digits */
	unsigned odd;       /* entries that are no mobile number of Japan */
	unsigned doubles;   /* entries that stood there before */
	unsigned beyond;    /* mobile numbers beyond HK_COMMAND_NUMBERS_MAX */
	bool elided;        /* "…": the list was longer where it was written down */
	GPtrArray *urls;    /* char *: canonical (parse/url), without doubles, in order */
	GPtrArray *
		brands; /* char *: what stands in brackets, in order, without doubles and the rows of notbrand.def */
} hk_command;

void hk_command_free(hk_command *command); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_command, hk_command_free)

/* hk_command_read(family, frame): NULL only for a frame that is not UTF-8, has nothing but blanks, or is over HK_C2CMD_MAX. */
hk_command *hk_command_read(const hk_family *family, hk_span frame);

/* hk_command_fold(text, out): folded of a text (see above), appended. */
void hk_command_fold(hk_span text, GString *out);

/* hk_number_mask(e164, ret) -> "090-5500-****"; hk_number_region(e164, ret): the first 7 digits, "0905500". Return ret. */
const char *hk_number_mask(const char *e164, char ret[HK_TELNO_MASK_SIZE]);
const char *hk_number_region(const char *e164, char ret[8]);

/* hk_number_mask_text(text, out): text with every telephone number in it masked, appended; what is near to one (a digit too many, two blotted) is "****". */
void hk_number_mask_text(hk_span text, GString *out);

#endif
