/* flow/check: values that people and sources hand in. Layer: flow. Hostile. Every error's text begins with the field's name and a colon. */
#ifndef HK_FLOW_CHECK_H
#define HK_FLOW_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "sys/json.h"

enum {
	HK_NAME_MAX = 300,    /* characters of a name or title */
	HK_TEXT_MAX = 100000, /* of an entry of the survey log, a note */
	HK_LABEL_MAX = 40,
	HK_CASE_LABELS_MAX = 50, /* of one case */
};

/* hk_check_line(field, text, max, error): one line: UTF-8, 1 to max characters, no control characters, not blank. hk_check_text: lines and tabs, too. */
bool hk_check_line(const char *field, const char *text, long max, GError **error);
bool hk_check_text(const char *field, const char *text, long max, GError **error);

/* hk_check_key(field, text, error): a key of meta data: 1 to 60 of a-z 0-9 . _ - beginning with a letter or digit. */
bool hk_check_key(const char *field, const char *text, GError **error);

/* hk_check_label(text, error): the label as it is kept (NFC, lower case, no blanks around), owned; NULL with an error. */
char *hk_check_label(const char *text, GError **error);

/* hk_check_time(field, text, ret_ms, error): RFC 3339 ("2024-11-29T10:00:00.123+09:00", "...Z"), between 2000 and 2100. hk_check_ms: the same for a number. */
bool hk_check_time(const char *field, const char *text, int64_t *ret_ms, GError **error);
bool hk_check_ms(const char *field, int64_t ms, GError **error);

/* hk_check_word(field, text, words, error): one of the words (NULL-terminated). */
bool hk_check_word(const char *field, const char *text, const char *const *words, GError **error);

/* hk_check_wants(field, json, ret, error): JSON list of html, screenshot, certificate, address, whois; *ret (owned): the same,
 * in this order, each once. */
bool hk_check_wants(const char *field, const hk_json *list, char **ret, GError **error);

/* hk_check_doc(field, text, max_bytes, kind, error): the text is JSON of that kind. NULL with an error. */
hk_json_doc *hk_check_doc(
	const char *field, const char *text, size_t max_bytes, hk_json_kind kind, GError **error);

extern const char *const hk_gsb_types[];    /* phishing, trademark, other */
extern const char *const hk_ticket_types[]; /* phishing, trademark */

#endif
