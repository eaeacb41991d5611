/* evidence/facts: what extract.js found in a document, read into a page of a capture. Layer: stage. Input is hostile: the renderer may have been
 * taken over, whatever the script says. */
#ifndef HK_EVIDENCE_FACTS_H
#define HK_EVIDENCE_FACTS_H

#include "evidence/capture.h"

/* Longer answers are refused. */
#define HK_FACTS_MAX (8u << 20)

/* The one thing that the page shows, if it shows one: where to press, in CSS pixels of the viewport. */
typedef struct hk_facts_click {
	bool found;
	double x, y; /* 0..10,000 */
	char text[256];
} hk_facts_click;

/* hk_facts_script(): the expression to evaluate: extract.js with its limits in front. Caller frees. */
char *hk_facts_script(void);

/* hk_facts_read(text, len, main, page, ret_click, ret_cut, error): text (changed: hk_cdp_mend) into page. main: of the main frame: all facts; else of a
 * frame in it: its forms, fields, links and text are added behind those that are there. ret_cut: the script or this reader left something out.
 * HK_EFORM, HK_ELIMIT: page is untouched. Members of a wrong type are taken as missing. */
bool hk_facts_read(char *text, size_t len, bool main, hk_capture_page *page,
	hk_facts_click *ret_click, bool *ret_cut, GError **error);

#endif
