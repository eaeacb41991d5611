/* casework/charset: any text as UTF-8, by guessing its encoding. Layer: stage (casework). Input is hostile. */
#ifndef HK_CASEWORK_CHARSET_H
#define HK_CASEWORK_CHARSET_H

#include <glib.h>

#include "base/span.h"

/* hk_charset_utf8(body, ret_name): the text as valid UTF-8 without a BOM; bytes of no known encoding become U+FFFD. *ret_name: the name
 * of what it was taken for, static. Never NULL; caller frees with g_string_free. The same body gives the same text. */
GString *hk_charset_utf8(hk_span body, const char **ret_name);

#endif
