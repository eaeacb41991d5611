/* sys/htmltok: HTML cut into tags and text, as browsers do it (WHATWG HTML, section 13.2.5). Layer: sys. Input is hostile.
 *
 * libxml2's reader of HTML is not used for this: it stops at "</html>" and "</3", swallows a page behind "<!-->", and does not know
 * "<a/href=...>": each hides a link that people see. Here nothing is built and nothing is kept, so depth costs nothing, and every byte is
 * read a bounded number of times.
 *
 * Otherwise than the standard: a tag that the end of the text cuts off counts; what Outlook alone reads ("<!--[if mso]>...") is read,
 * because somebody sees it; foreign content (SVG, MathML) is read like HTML. */
#ifndef HK_SYS_HTMLTOK_H
#define HK_SYS_HTMLTOK_H

#include <stdbool.h>

#include <glib.h>

#include "base/span.h"

typedef enum hk_htmltok_kind {
	HK_HTMLTOK_TEXT,  /* entities as they are written: hk_htmltok_decode() */
	HK_HTMLTOK_RAW,   /* what stands in script, style, title ...: no tags, read by nobody */
	HK_HTMLTOK_START, /* a start tag */
	HK_HTMLTOK_END,   /* an end tag */
} hk_htmltok_kind;

#define HK_HTMLTOK_NAME_MAX 31 /* a longer name of an element is cut off */

typedef struct hk_htmltok {
	hk_span text; /* UTF-8, borrowed; the caller sets it and zeroes the rest */
	size_t at;    /* next byte to read */
	hk_htmltok_kind kind;
	char name[HK_HTMLTOK_NAME_MAX + 1]; /* of a tag, lower case */
	hk_span body;                       /* the text, or a tag's attributes; borrowed */
	bool raw;                           /* name is an element whose content is no HTML */
} hk_htmltok;

/* hk_htmltok_warm(): sorts the names of characters, once (a millisecond); else the first reference does. For whoever starts many readers. Thread-safe. */
void hk_htmltok_warm(void);

/* hk_htmltok_next(tok): the next token; false: the end. */
bool hk_htmltok_next(hk_htmltok *tok);

/* hk_htmltok_attribute(tok, name, ret): the value of a start tag's attribute, decoded, into ret (replaced); of several the first counts.
 * name: lower case. False: there is none of that name, ret is empty. */
bool hk_htmltok_attribute(const hk_htmltok *tok, const char *name, GString *ret);

/* hk_htmltok_decode(text, attribute, ret): appends text with its character references replaced. attribute: "&copy=" is no reference there.
 * U+0000 is dropped, what names no character becomes U+FFFD. */
void hk_htmltok_decode(hk_span text, bool attribute, GString *ret);

#endif
