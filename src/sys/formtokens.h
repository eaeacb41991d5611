/* sys/formtokens: what a page asks for, as words of a small vocabulary. Layer: sys; over textfold. Input is hostile.
 *
 * Kits are told apart by what they ask for and in which order, not by names that change with every copy. Label, placeholder, name and
 * length of each visible field are looked up in formtokens.def. Both who has a document of a browser (evidence) and who has nothing but the
 * page as it was sent (score/page) ask here, so the same form has the same tokens. */
#ifndef HK_SYS_FORMTOKENS_H
#define HK_SYS_FORMTOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HK_FORM_TOKENS_MAX 64 /* of a page; the rest is left out */

typedef enum hk_form_token {
#define FORMTOKEN(id, asks, meaning) HK_FORM_##id,
#define FORMWORDS(...)
#include "sys/formtokens.def"
#undef FORMTOKEN
#undef FORMWORDS
	HK_FORM_TOKENS,
} hk_form_token;

/* A field of a page; texts are UTF-8 as the page has them, borrowed, and may be NULL. */
typedef struct hk_form_field {
	const char *tag,
		*type; /* "input", "select", "textarea", "button"; "text" ..., lower case */
	const char *label, *placeholder, *name, *id, *autocomplete;
	int64_t maxlength; /* -1: none */
	bool visible;
} hk_form_field;

/* A page; texts are folded already (sys/textfold), borrowed, and may be NULL. */
typedef struct hk_form_page {
	const char *title, *text;
	const char *
		lone; /* words of the one link or button that there is; NULL: there are none, or several */
	const hk_form_field *fields; /* in order of the page */
	size_t field_count;
} hk_form_page;

typedef struct hk_form_tokens {
	uint8_t token[HK_FORM_TOKENS_MAX]; /* hk_form_token, in order of the page */
	size_t count;
	bool asks; /* one of them is a secret, or what a bank knows a customer by */
} hk_form_tokens;

/* hk_form_tokens_of(page, ret): of its visible fields, and of its text. Fields of a kind in a row are one token, those of a date of birth DOB3. Hidden
 * fields, search boxes, check boxes and what is in no row are none. Takes no lock once hk_form_warm() was called. */
void hk_form_tokens_of(const hk_form_page *page, hk_form_tokens *ret);

/* hk_form_field_typed(field): whether something can be typed into it (or chosen in it). */
bool hk_form_field_typed(const hk_form_field *field);

/* hk_form_warm(): folds the words of the table, once. For whoever works in sys/sandbox: call it before. Thread-safe. */
void hk_form_warm(void);

/* hk_form_token_name(token): "PIN1_4"; static; token < HK_FORM_TOKENS. hk_form_token_asks(token): 1: a secret; 2: what a bank knows a customer by;
 * 0: neither. */
const char *hk_form_token_name(hk_form_token token);
int hk_form_token_asks(hk_form_token token);

/* hk_form_tokens_text(tokens): "CUSTNO LOGINPW"; "" when there is none. Caller frees. */
char *hk_form_tokens_text(const hk_form_tokens *tokens);

/* Shorter forms are everybody's: they have no key. */
#define HK_FORM_KEY_TOKENS_MIN 3

/* hk_form_tokens_key(tokens): what cases with the same form are found by: the first 16 hexadecimal digits of the SHA-256 of its text; NULL: too short.
 * Caller frees. */
char *hk_form_tokens_key(const hk_form_tokens *tokens);

/* hk_form_tokens_has(tokens, token). */
bool hk_form_tokens_has(const hk_form_tokens *tokens, hk_form_token token);

/* Whether a folded text (sys/textfold) has one of the words of a table's row ("a|b", unfolded, ours, static storage: it is known by its address).
 * The rows of other tables go through it, too. Takes a lock: not in sys/sandbox. */
bool hk_form_words_in(const char *folded, const char *words);

#endif
