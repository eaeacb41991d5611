/* parse/paste.h: the host in what people paste: a name, a URL, either of them defanged. Layer parse. Input is hostile. */
#ifndef HK_PARSE_PASTE_H
#define HK_PARSE_PASTE_H

#include "base/err.h"
#include "base/span.h"

/* A longer line is refused. */
#define HK_PASTE_MAX 65536u

/* hk_paste_host(text, out, cap, ret_len): writes the host of text to out, cap bytes, no NUL; bytes outside ASCII and the case
 * of letters stay. Around the host are passed over: blanks, quotes, "<" and ">"; a scheme, user information ("brand.jp@evil.cn"
 * is evil.cn), a port, path, query and fragment; a backslash counts as a slash, as browsers take it. Undone is what keeps
 * links from being clicked: hxxp, [.] (.) {.} [dot] (dot) [:] [:// ]. An IPv6 address keeps its brackets. Whether the result is
 * a valid name is not checked. Behind a URL (with a scheme) anything may
 * follow after a blank. HK_EFORM: nothing is left, or a blank stands inside; HK_ELIMIT: text is over HK_PASTE_MAX or the host over cap. */
HK_MUST hk_err hk_paste_host(hk_span text, char *out, size_t cap, size_t *ret_len);

#endif
