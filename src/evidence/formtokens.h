/* evidence/formtokens: what a page asks for, as words of a small vocabulary. Layer: stage. Input is hostile.
 *
 * Kits are told apart by what they ask for and in which order, not by names that change with every copy. Label, placeholder, name and
 * length of each visible field are looked up in formtokens.def. */
#ifndef HK_EVIDENCE_FORMTOKENS_H
#define HK_EVIDENCE_FORMTOKENS_H

#include "evidence/capture.h"

#define HK_FORM_TOKENS_MAX 64 /* of a page; the rest is left out */

typedef enum hk_form_token {
#define FORMTOKEN(id, secret, meaning) HK_FORM_##id,
#define FORMWORDS(...)
#include "evidence/formtokens.def"
#undef FORMTOKEN
#undef FORMWORDS
	HK_FORM_TOKENS,
} hk_form_token;

typedef struct hk_form_tokens {
	uint8_t token[HK_FORM_TOKENS_MAX]; /* hk_form_token, in order of the page */
	size_t count;
	unsigned secrets; /* of them, those that nobody but a customer and the bank should know */
} hk_form_tokens;

/* hk_form_tokens_of(page, ret): of its visible fields, buttons and text. Three fields of a date of birth in a row are one token. Hidden fields,
 * search boxes and check boxes are none. */
void hk_form_tokens_of(const hk_capture_page *page, hk_form_tokens *ret);

/* hk_form_token_name(token): "PIN1_4"; static; token < HK_FORM_TOKENS. */
const char *hk_form_token_name(hk_form_token token);

/* hk_form_tokens_text(tokens): "CUSTNO LOGINPW"; "" when there is none. Caller frees. */
char *hk_form_tokens_text(const hk_form_tokens *tokens);

/* hk_form_tokens_has(tokens, token). */
bool hk_form_tokens_has(const hk_form_tokens *tokens, hk_form_token token);

#endif
