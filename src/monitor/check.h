/* monitor/check: one check of a watched site: which visits it takes, and what they say together. Layer: stage (monitor). No network here.
 *
 * A check begins with the visitor who saw the site last, and one more by turns, so that a site that hides from some is noticed. Is neither shown the
 * site, all of them go, by every way out, to every page that is watched, until one sees it: whoever sees it decides. */
#ifndef HK_MONITOR_CHECK_H
#define HK_MONITOR_CHECK_H

#include "monitor/visit.h"

enum {
	HK_CHECK_PAGES_MAX = 6,
	HK_CHECK_EXITS_MAX = 4,
	HK_CHECK_VISITS_MAX = 64,
	HK_MEMORY_MAX = 96,
	HK_MEMORY_BYTES_MAX = 64 << 10,
};
/* Visits of longer ago say nothing about cloaking any more. */
#define HK_MEMORY_FRESH_MS INT64_C(86400000)

typedef enum hk_watcher {
#define VARIANT(id, ...) HK_WATCHER_##id,
#include "monitor/variants.def"
#undef VARIANT
	HK_WATCHERS
} hk_watcher;

typedef struct hk_watcher_row {
	const char *name, *profile, *referrer;
} hk_watcher_row;
const hk_watcher_row *hk_watcher_get(hk_watcher watcher);

/* One visit, made or to be made. */
typedef struct hk_visit {
	hk_watcher watcher;
	unsigned exit, page; /* places in the lists of the check */
	hk_visit_class class;
	int status;    /* 0: none */
	uint64_t body; /* of the answer: equal bodies, equal numbers; 0: none */
	int64_t at_ms;
} hk_visit;

/* What every visitor saw last. */
typedef struct hk_memory {
	size_t count;
	hk_visit visit[HK_MEMORY_MAX];
} hk_memory;

/* hk_memory_put(memory, visit): instead of the one of the same visitor, way and page. hk_memory_find: that one, or NULL. */
void hk_memory_put(hk_memory *memory, const hk_visit *visit);
const hk_visit *hk_memory_find(const hk_memory *memory, const hk_visit *visit);
/* hk_memory_json(memory, exits, out): a list, appended; exits: names, by hk_visit.exit. hk_memory_read(text, exits, ret): what that wrote; visits by ways that there are no
 * more are left out, and anything else is an empty memory. exits ends with NULL. */
void hk_memory_json(const hk_memory *memory, const char *const *exits, GString *out);
void hk_memory_read(const char *text, const char *const *exits, hk_memory *ret);

/* ---- Which visits ---- */

typedef struct hk_check {
	unsigned pages, exits; /* at least 1 each */
	int64_t number;        /* of this check of the site, for the turns */
	const hk_memory *memory;
	size_t count;
	hk_visit visit[HK_CHECK_VISITS_MAX];
	bool nameless; /* the DNS says that no host of the case has an address: nobody need go */
} hk_check;

void hk_check_begin(
	hk_check *check, unsigned pages, unsigned exits, int64_t number, const hk_memory *memory);

/* hk_check_more(check): those before `count` have been made: adds the visits to be made next, class HK_VISIT_CLASSES; how many. 0: it is done. */
size_t hk_check_more(hk_check *check);
/* hk_check_rest(check): the same, but all that are left, whoever saw it. */
size_t hk_check_rest(hk_check *check);

/* ---- What they say ---- */

typedef enum hk_control_says {
	HK_CONTROL_GOOD,    /* others were reached by that way */
	HK_CONTROL_UNKNOWN, /* there is nobody to compare with */
	HK_CONTROL_AWAY,    /* our own network, or that way, seems to be away */
} hk_control_says;

/* What is known beside the visits. */
typedef struct hk_check_beside {
	hk_control_says ways[HK_CHECK_EXITS_MAX];
	bool held;      /* registrar or registry say so (facts reg.held, reg.status) */
	bool sinkholed; /* a name server of the domain is a sinkhole's */
	bool parked;    /* ... a parking company's */
} hk_check_beside;

typedef struct hk_seen {
	hk_side side;
	hk_visit_class class; /* of the visit that decides */
	bool cloaked;         /* UP: another visitor did not see it */
	int points;           /* DARK: what the check counts */
	unsigned watchers;    /* different profiles that agree */
	const hk_visit *by;   /* the visit that decides, of the check; NULL: none */
} hk_seen;

/* hk_check_decide(check, beside, now_ms, ret): any visit that sees it: UP. Else a warning: WARN. Else DARK when visitors of two different profiles agree that it is not there, or the name is
 * gone; a silence counts only by a way that is not away. Else UNSURE; NONE when nobody was let out. */
void hk_check_decide(
	const hk_check *check, const hk_check_beside *beside, int64_t now_ms, hk_seen *ret);

#endif
