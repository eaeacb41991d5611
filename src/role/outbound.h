/* role/outbound: what the web asks of the stage report: channels as their files say, templates and how they read. Layer: role. */
#ifndef HK_ROLE_OUTBOUND_H
#define HK_ROLE_OUTBOUND_H

#include "sys/options.h"
#include "web/outbound.h"

/* hk_role_outbound(opts): by option `channels`. opts is borrowed for as long as *ret is used; nothing to be freed. Files are read each time: what was changed
 * shows at once, and one that is not in order says why. */
hk_web_outbound hk_role_outbound(const hk_opts *opts);

#endif
