/* sys/browser: a warm browser that lends out tabs. Layer: sys. Pages are hostile.
 *
 * One browser process serves all captures of a process of ours; each gets a tab in a browser context of its own (no cookie, cache or
 * storage is shared) with a way out of its own (a slot of sys/gate). It is replaced after so many tabs, when it uses too much memory, and
 * when it does not answer; a tab that is open then fails, the next one gets the new browser. Functions may be called by several
 * threads; a tab belongs to the thread that opened it. */
#ifndef HK_SYS_BROWSER_H
#define HK_SYS_BROWSER_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "sys/cdp.h"

#define HK_BROWSER_TABS_MAX 8 /* at once */

struct hk_egress_who;

/* The way out of the tabs: who serves a slot's listening socket. sys/browser_gate makes one of a gate. listen gets a socket of a new browser
 * (takes it; what it had for the slot before is of no use any more); assign says for whom the slot works from now on, release that it
 * works for nobody. Called by the threads that open and close tabs. */
typedef struct hk_browser_way {
	bool (*listen)(void *user, int fd, unsigned slot, GError **error);
	void (*assign)(void *user, unsigned slot, const struct hk_egress_who *who);
	void (*release)(void *user, unsigned slot);
	void *user;
} hk_browser_way;

typedef struct hk_browser_config {
	const char *
		program; /* path; NULL: chromium-headless-shell (or chromium, if full) of the system */
	bool full;       /* the whole Chromium, with --headless=new */
	const char *user, *dir; /* as in hk_launch_config */
	unsigned tabs;          /* at once, 1..HK_BROWSER_TABS_MAX; 0: 2 */
	unsigned recycle_after; /* tabs; 0: 100 */
	uint64_t
		memory_max; /* bytes of all its processes, when no tab is open: recycled above; 0: 400 MiB */
	uint64_t memory_stop; /* while tabs are open: above, the browser is ended; 0: 1.5 GiB */
	hk_browser_way way;
} hk_browser_config;

typedef struct hk_browser hk_browser;
typedef struct hk_browser_tab hk_browser_tab;

/* hk_browser_new(config, error): config is copied, its strings too. Nothing is started before the first tab. HK_ENOENT: no browser is
 * installed (the text says which package), HK_ERANGE. hk_browser_free: no tab may be open. */
hk_browser *hk_browser_new(const hk_browser_config *config, GError **error);
void hk_browser_free(hk_browser *browser); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_browser, hk_browser_free)

/* hk_browser_start(browser, error): starts it now, to be warm. Errors of hk_launch; HK_EREMOTE when it ends at once or does not answer: the text
 * has its last words. */
bool hk_browser_start(hk_browser *browser, GError **error);

/* hk_browser_tab_open(browser, who, width, height, deadline_ms, error): waits for a free slot until deadline_ms (hk_clock_mono_ms), starts or
 * replaces the browser if need be, and opens about:blank in a new context, width x height CSS pixels. NULL: errors of hk_browser_start; HK_EAGAIN. */
hk_browser_tab *hk_browser_tab_open(hk_browser *browser, const struct hk_egress_who *who,
	unsigned width, unsigned height, int64_t deadline_ms, GError **error);

/* hk_browser_tab_close(tab): disposes of the context with all that it stored. Accepts NULL. */
void hk_browser_tab_close(hk_browser_tab *tab);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_browser_tab, hk_browser_tab_close)

/* The tab's sessions: of its page (events of the browser itself that concern the tab's context come there, too), and of the browser; borrowed. Its browserContextId, targetId, slot. */
hk_cdp_session *hk_browser_tab_page(hk_browser_tab *tab);
hk_cdp_session *hk_browser_tab_root(hk_browser_tab *tab);
const char *hk_browser_tab_context(const hk_browser_tab *tab);
const char *hk_browser_tab_target(const hk_browser_tab *tab);
unsigned hk_browser_tab_slot(const hk_browser_tab *tab);

/* hk_browser_tab_fail(tab): the browser does not answer: it is ended at once (other tabs fail with it), and replaced at the next opening. */
void hk_browser_tab_fail(hk_browser_tab *tab);

/* hk_browser_tab_memory(tab): bytes that the browser uses now; ends it when that is above memory_stop, and then returns UINT64_MAX. */
uint64_t hk_browser_tab_memory(hk_browser_tab *tab);

/* hk_browser_product(browser): "HeadlessChrome/156.0..." of the last start; "" before. Caller frees. */
char *hk_browser_product(hk_browser *browser);

/* What it has done so far. */
typedef struct hk_browser_tally {
	unsigned starts, tabs, recycled, killed;
	uint64_t memory; /* bytes, now; 0: not running */
	bool landlock, pid_namespace;
} hk_browser_tally;
void hk_browser_count(hk_browser *browser, hk_browser_tally *ret);

#endif
