/* web/static: the files of the board. Layer: web. Paths are hostile; the files are ours. */
#ifndef HK_WEB_STATIC_H
#define HK_WEB_STATIC_H

#include <stdbool.h>

#include <glib.h>

#include "web/reply_int.h"
#include "web/target.h"

/* The content security policy of the board: no inline script or style, nothing from elsewhere. */
#define HK_UI_CSP                                                                                  \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "          \
	"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/* hk_ui_new(dir): dir: serve from there (nothing is cached, for people who work on the board), or NULL: from the program. */
typedef struct hk_ui hk_ui;
hk_ui *hk_ui_new(const char *dir);
void hk_ui_free(hk_ui *ui); /* accepts NULL */

/* hk_ui_serve(ui, target, plain, reply): the file, gzip or (plain: the client takes no gzip) unpacked. False: there is none of that
 * path. "/" is /index.html. Never leaves dir. */
bool hk_ui_serve(hk_ui *ui, const hk_target *target, bool plain, hk_reply *reply);

#endif
