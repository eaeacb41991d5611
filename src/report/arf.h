/* report/arf: the part that programs read of a report about a mail (RFC 5965; its use outside of mailbox providers: RFC 6650). Layer: stage (report). The
 * lure is hostile. */
#ifndef HK_REPORT_ARF_H
#define HK_REPORT_ARF_H

#include <glib.h>

#include "base/span.h"
#include "report/brief.h"

/* URLs that are named. */
#define HK_ARF_URLS_MAX 100

/* hk_arf_feedback(brief): the content of message/feedback-report, feedback type "fraud", for a brief with a lure: LF at line ends, ASCII, no line over 998
 * bytes (a URL that would need one is left out). Recipients of the lure are not named. Caller frees. */
GString *hk_arf_feedback(const hk_brief *brief);

/* hk_arf_mail(lure): the lure with CR LF at line ends, if it then is 7 bit, without NUL and over-long lines: it can be attached as message/rfc822. Else
 * NULL. Caller frees. */
GString *hk_arf_mail(hk_span lure);

/* hk_arf_headers(lure): its header, LF at line ends, for a part text/rfc822-headers; what is no ASCII is written as "?", a line over 900 bytes is cut.
 * Caller frees. */
GString *hk_arf_headers(hk_span lure);

#endif
