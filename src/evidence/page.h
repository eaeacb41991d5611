/* evidence/page: one visit: opens an address as one of the profiles, waits, takes what there is, and says how it ended. Layer: stage. The page
 * is hostile, and so is all that comes back from it. */
#ifndef HK_EVIDENCE_PAGE_H
#define HK_EVIDENCE_PAGE_H

#include "evidence/capture.h"
#include "evidence/plan.h"
#include "sys/browser.h"

/* Times in ms; 0: the default that is named. */
typedef struct hk_page_limits {
	unsigned
		load; /* from opening an address to the latest moment at which it is taken; 0: 20,000 */
	unsigned idle; /* so long without a request: the page is at rest; 0: 500 */
	unsigned
		content; /* how long an empty page may take to show something after it is at rest; 0: 2,500 */
	unsigned total;       /* of the whole visit; 0: 60,000 */
	unsigned clicks;      /* on lone buttons and "!" pages, at most HK_CAPTURE_PAGES_MAX - 1 */
	unsigned full_height; /* CSS pixels of the picture of the whole page; 0: 8,000 */
} hk_page_limits;

extern const hk_page_limits hk_page_defaults;

typedef struct hk_page_job {
	const char *url; /* http or https */
	hk_variant variant;
	hk_page_limits limits;
	const struct hk_egress_who *who; /* for the way out; may be NULL if that takes NULL */
	/* Called when the visit is over, before the way out is released: fills in addresses and refusals (evidence/way); NULL: nothing. */
	void (*addresses)(void *user, unsigned slot, hk_capture *capture);
	void *user;
} hk_page_job;

/* hk_page_capture(browser, job, error): blocks; the capture, whatever became of the page: its end and reason say it. NULL only when there was no
 * browser to do it with (errors of hk_browser_tab_open) or the address is no http or https URL (HK_EUSAGE). Any thread; as many at once as
 * the browser has tabs, more wait. Caller frees. */
hk_capture *hk_page_capture(hk_browser *browser, const hk_page_job *job, GError **error);

#endif
