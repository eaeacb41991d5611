#ifndef HK_REPORT_LETTER_H
#define HK_REPORT_LETTER_H
#include "report/brief.h"
typedef struct hk_letter_part { char *name, *type; size_t bytes; uint8_t sha256[32]; } hk_letter_part;
typedef struct hk_letter { GBytes *bytes; GPtrArray *parts; char *envelope_from, *envelope_to, *message_id; } hk_letter;
typedef struct hk_letter_ask { const hk_brief *brief; const hk_recipient *to; const char *mailbox, *from, *subject, *text, *token, *parent_token; int64_t date_ms; const char *sign_cert, *sign_key; } hk_letter_ask;
void hk_letter_clear(hk_letter *letter);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_letter, hk_letter_clear)
bool hk_letter_write(const hk_letter_ask *ask, hk_letter *ret, GError **error);
#endif
