/* evidence/page_int: what the files of evidence/page share. Layer: stage. */
#ifndef HK_EVIDENCE_PAGE_INT_H
#define HK_EVIDENCE_PAGE_INT_H

#include "evidence/facts.h"
#include "evidence/page.h"

/* When a page's scripts are stopped: so many dialogs, windows, navigations by itself. */
enum { HK_RUN_DIALOGS = 12, HK_RUN_WINDOWS = 12, HK_RUN_MOVES = 20, HK_RUN_CALL_MS = 8000 };

/* The function by which the page's world tells of permissions that are asked for; the page cannot see it. */
#define HK_RUN_BINDING "__told"

/* A request of the browser's, and all exchanges (redirects) that it became. */
typedef struct hk_transfer {
	char *id, *session;                  /* session: whose it is, for calls */
	GArray *exchanges;                   /* of size_t: indices */
	guint request_extra, response_extra; /* how many of them have their raw headers */
	GPtrArray *early; /* of hk_cdp_message: raw headers that came before their exchange */
	GByteArray *
		bytes; /* of the body, streamed; after the head that the answer to the call brings */
	GBytes *head;
	int64_t received; /* bytes of the body that the browser has told of */
	bool streaming, asked, finished, failed, cut, open; /* open: counts as work of the page */
} hk_transfer;

/* What an answer is for. */
typedef enum hk_ask_kind { HK_ASK_STREAM, HK_ASK_BODY, HK_ASK_NAVIGATE } hk_ask_kind;

typedef struct hk_ask {
	hk_ask_kind kind;
	char *flow; /* id */
} hk_ask;

typedef struct hk_run {
	hk_browser_tab *tab;
	hk_cdp_session *page;
	const hk_page_job *job;
	hk_page_limits limits;
	hk_capture *capture;
	int64_t start_ms, end_ms; /* hk_clock_mono_ms; of the visit */
	char *agent;
	unsigned major;
	GHashTable *flows;  /* id -> hk_transfer */
	GHashTable *asks;   /* id of the call (int64) -> hk_ask */
	unsigned working;   /* flows that are open */
	size_t streamed;    /* bytes of bodies in flows */
	int64_t active_ms;  /* last time that the network did something */
	int64_t look_ms;    /* last time that the memory was looked at */
	int64_t clicked_ms; /* 0: no click is waiting for its navigation */
	int64_t waiting;    /* id of the call whose answer is wanted; 0: none */
	hk_cdp_message *answer;
	bool opened; /* the first request of the main frame has been made */
	bool loaded, parsed;
	bool navigated; /* Page.navigate has been answered */
	bool crashed, stopped, download;
	bool gone;    /* nothing more can be had from this page */
	char *failed; /* net::ERR_... of the navigation */
	unsigned dialogs, windows, moves;
} hk_run;

/* page.c */
int64_t hk_run_ms(const hk_run *run, int64_t mono_ms); /* since the start */
void hk_run_pump(hk_run *run,
	int64_t until_ms); /* handles what comes until then, at least one event if there is one */
/* The answer to a call, or NULL: it failed, or did not come in time (*ret_late, may be NULL). Events are handled meanwhile. */
hk_cdp_message *hk_run_call(
	hk_run *run, const char *method, const char *params, unsigned ms, bool *ret_late);
void hk_run_quiet(hk_run *run, const char *method, const char *params);
void hk_run_stop_scripts(hk_run *run, hk_capture_end note);
/* An object with one string. Caller frees. */
char *hk_run_param(const char *key, const char *value);

/* page_events.c: everything but the network. page_net.c: the network; false: it is not for it. */
void hk_run_event(hk_run *run, hk_cdp_message *m);
bool hk_run_net_event(hk_run *run, const hk_cdp_message *m);
void hk_run_answer(hk_run *run, hk_cdp_message *m); /* borrowed */
hk_transfer *hk_run_transfer(hk_run *run, const char *id, const char *session);
void hk_run_forget(hk_run *run); /* all exchanges and what hangs on them */
void hk_transfer_free(void *flow);
unsigned hk_run_ask_bodies(
	hk_run *run); /* for bodies that nobody asked for yet; how many answers are still to come */
void hk_run_finish_bodies(hk_run *run); /* what is still streaming becomes a body that is cut */
char *hk_run_agent_params(const hk_run *run);

/* page_take.c */
bool hk_run_take(hk_run *run,
	hk_facts_click *
		ret_click); /* a page more; false: it is the same as the last one, and was not kept */
hk_capture_cert *hk_run_cert(hk_run *run,
	const char
		*url); /* of the address's origin, made if need be; NULL: not https, or too many */
void hk_run_take_rest(hk_run *run); /* certificates, cookies */

#endif
