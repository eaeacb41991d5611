/* sys/mask: texts of strangers without whom they name (DESIGN §7, rail 4). Layer: sys. Input is hostile.
 *
 * Rather too much than too little: what is no number, but looks like one, is masked as well. */
#ifndef HK_SYS_MASK_H
#define HK_SYS_MASK_H

/* hk_mask_mail(text): every mail address in text with its local part masked but for the first character ("t***@bank.example"). Caller frees.
 * hk_mask_phone(text): text (UTF-8) in which of everything that looks like a telephone number the first seven digits stand, and a '*' for each of the others: a run of at least 9 digits, ASCII or
 * full-width, that begins with 0 or a plus sign, or of at least 11, with at most two of hyphens, dashes, dots, brackets, blanks and '*' between two of them. Caller frees.
 * hk_mask_all(text): both; a full-width '@' counts as one. Bytes that are no UTF-8 become U+FFFD. Cannot fail. */
char *hk_mask_mail(const char *text);
char *hk_mask_phone(const char *text);
char *hk_mask_all(const char *text);

#endif
