/* sys/charset: text of any charset, labelled rightly, wrongly or not at all, as UTF-8. Layer: sys; over iconv. Input is hostile.
 *
 * Japanese mails lie about their charset in a few well-known ways, which are mended: vendor characters in what is called
 * ISO-2022-JP, Shift_JIS or EUC-JP; ISO-2022-JP without any label; Shift_JIS that is called ISO-8859-1 or us-ascii; UTF-8 that is
 * called Shift_JIS. The bytes decide where they contradict the label. */
#ifndef HK_SYS_CHARSET_H
#define HK_SYS_CHARSET_H

#include <stdbool.h>

#include <glib.h>

#include "base/span.h"

/* hk_charset_warm(): loads every converter that is ever used, because iconv reads it from a file, and the sandbox opens none. Call
 * it once before sys/sandbox is used. */
void hk_charset_warm(void);

/* hk_charset_text(bytes, label, out): appends bytes as valid UTF-8 without U+0000; what fits nowhere becomes U+FFFD. label may be
 * NULL, "" or nonsense. Returns the name of the charset that was taken (static storage: "utf-8", "iso-2022-jp", "cp932", "euc-jp",
 * "gb18030", "us-ascii" ...); *ret_mended (may be NULL): the label was missing or wrong, or bytes had to be replaced. Never
 * fails. */
const char *hk_charset_text(hk_span bytes, const char *label, GString *out, bool *ret_mended);

/* hk_charset_header(value, out): a header's value: encoded words (RFC 2047) and raw bytes, unfolded, control characters as blanks. */
void hk_charset_header(hk_span value, GString *out);

#endif
