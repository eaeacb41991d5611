/* sys/textfold: the form in which texts are searched, over ICU. Layer: sys. Input is hostile.
 *
 * What a person takes for the same text is the same after folding: NFKC and case folding (full-width letters, half-width katakana,
 * ligatures, invisible characters), hiragana as katakana, runs of blanks as one blank, and what people write so that a link is not
 * clicked as what it stands for ("[.]" "(.)" "[dot]" as ".", "hxxp" as "http", "[:]" as ":"). Lines stay lines. */
#ifndef HK_SYS_TEXTFOLD_H
#define HK_SYS_TEXTFOLD_H

#include <glib.h>

#include "base/span.h"

/* hk_textfold(text, out): appends the folded text; bytes that are not UTF-8 become U+FFFD, control characters blanks. Blanks at the
 * ends of lines are dropped. Thread-safe. */
void hk_textfold(hk_span text, GString *out);

#endif
