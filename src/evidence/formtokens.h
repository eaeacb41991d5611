/* evidence/formtokens: what a page asks for, as words of a small vocabulary. Layer: stage. Input is hostile.
 *
 * Kits are told apart by what they ask for and in which order, not by names that change with every copy. Label, placeholder, name and
 * length of each visible field are looked up in formtokens.def. */
#ifndef HK_EVIDENCE_FORMTOKENS_H
#define HK_EVIDENCE_FORMTOKENS_H

#include "evidence/capture.h"

#define HK_FORM_TOKENS_MAX 64 /* of a page; the rest is left out */

typedef enum hk_form_token {
#define FORMTOKEN(id, asks, meaning) HK_FORM_##id,
#define FORMWORDS(...)
#include "evidence/formtokens.def"
#undef FORMTOKEN
#undef FORMWORDS
	HK_FORM_TOKENS,
} hk_form_token;

typedef struct hk_form_tokens {
	uint8_t token[HK_FORM_TOKENS_MAX]; /* hk_form_token, in order of the page */
	size_t count;
	bool asks; /* one of them is a secret, or what a bank knows a customer by */
} hk_form_tokens;

/* hk_form_tokens_of(page, ret): of its visible fields, and of its text. Fields of a kind in a row are one token, those of a date of birth DOB3. Hidden
 * fields, search boxes, check boxes and what is in no row are none. */
void hk_form_tokens_of(const hk_capture_page *page, hk_form_tokens *ret);

/* hk_form_token_name(token): "PIN1_4"; static; token < HK_FORM_TOKENS. */
const char *hk_form_token_name(hk_form_token token);

/* hk_form_tokens_text(tokens): "CUSTNO LOGINPW"; "" when there is none. Caller frees. */
char *hk_form_tokens_text(const hk_form_tokens *tokens);

/* hk_form_tokens_has(tokens, token). */
bool hk_form_tokens_has(const hk_form_tokens *tokens, hk_form_token token);

/* Whether a folded text (sys/textfold) has one of the words of a table's row ("a|b", unfolded, ours). The rows of other tables go through it, too. */
bool hk_form_words_in(const char *folded, const char *words);

#endif
