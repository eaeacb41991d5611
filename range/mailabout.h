/* range/mailabout: what a report by mail is about: for the parties of the mail house. Part of hikeshi-range. */
#ifndef RG_MAILABOUT_H
#define RG_MAILABOUT_H

#include <glib.h>

#include "base/span.h"

/* rg_mailabout(mail, ret_all): the URL of its XARF part, else the first one in its text; NULL: none. *ret_all: all that its text names (as hxxp://), and that one, parted by
 * blanks. Both are new. */
char *rg_mailabout(hk_span mail, char **ret_all);

#endif
