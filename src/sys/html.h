/* sys/html: the text and the links of an HTML mail, over sys/htmltok. Layer: sys. Input is hostile: call it in sys/sandbox
 * only.
 *
 * No tree is built, so depth costs nothing; nothing that the page names is loaded. */
#ifndef HK_SYS_HTML_H
#define HK_SYS_HTML_H

#include <stdbool.h>

#include <glib.h>

#include "base/span.h"

/* Longer input is cut off; so is a longer address or shown text. */
#define HK_HTML_BYTES_MAX (1u << 20)
#define HK_HTML_LINKS_MAX 2000
#define HK_HTML_URL_MAX   8192
#define HK_HTML_SHOWN_MAX 500

/* What follows an address. */
typedef enum hk_html_how {
	HK_HTML_LINK, /* a, area: when it is clicked */
	HK_HTML_FORM, /* form, button: when it is sent */
	HK_HTML_LOAD, /* img, iframe, script, link, video ...: when the mail is shown */
	HK_HTML_MOVE, /* meta refresh: by itself */
} hk_html_how;

typedef struct hk_html_link {
	hk_html_how how;
	char *url; /* owned; as written, blanks around it dropped; made absolute by <base> if that is possible */
	char *shown; /* owned; the text between the tags, or the picture's alt text; "" if none */
} hk_html_link;

typedef struct hk_html {
	GString *text;    /* what is to be read: a line a block, a tab between the cells of a row */
	GPtrArray *links; /* of hk_html_link */
	bool cut;         /* a cap was reached */
} hk_html;

void hk_html_free(hk_html *html);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_html, hk_html_free)

/* hk_html_read(utf8): text is UTF-8 whatever its meta elements say. Never NULL. */
hk_html *hk_html_read(hk_span utf8);

#endif
