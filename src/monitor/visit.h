/* monitor/visit: what one visit of a watched site showed. Layer: stage (monitor). Answers are hostile. Nothing here asks the network.
 *
 * What was answered is compared with the baseline first: a kit that sends its page with status 404 is still there. Then come the pages that
 * everybody shows whose site was taken down, and the status. A page counts as the site's only where the site is: who is sent on to the real bank has not
 * seen the kit. */
#ifndef HK_MONITOR_VISIT_H
#define HK_MONITOR_VISIT_H

#include "monitor/places.h"
#include "monitor/print.h"

typedef enum hk_side {
	HK_SIDE_UP,
	HK_SIDE_WARN,
	HK_SIDE_DARK,
	HK_SIDE_UNSURE,
	HK_SIDE_NONE
} hk_side;

typedef enum hk_visit_class {
#define VISIT(id, ...) HK_VISIT_##id,
#define VISITKIND(...)
#define VISITWORDS(...)
#define VISITPATH(...)
#include "monitor/visits.def"
#undef VISIT
#undef VISITKIND
#undef VISITWORDS
#undef VISITPATH
	HK_VISIT_CLASSES
} hk_visit_class;

typedef struct hk_visit_row {
	const char *code;
	hk_side side;
	int rank, points;
	const char *act, *en, *ja;
} hk_visit_row;
/* hk_visit_get(class): its row; static. hk_visit_find(code, ret): false: there is none. */
const hk_visit_row *hk_visit_get(hk_visit_class class);
bool hk_visit_find(const char *code, hk_visit_class *ret);

/* How far a request came. */
typedef enum hk_met {
	HK_MET_ANSWER,  /* a status line at least */
	HK_MET_SILENCE, /* no connection, no TLS, no answer in time, or cut off before the status */
	HK_MET_NAMELESS, /* the name has no address */
	HK_MET_LAME,     /* the DNS gave no answer that can be believed */
	HK_MET_OURS,     /* egress refused: nobody was asked */
} hk_met;

/* What came back. Borrowed; strings may be NULL but for host. */
typedef struct hk_visit_answer {
	hk_met met;
	int status;
	const char *host;       /* that was asked, lower case */
	const char *final_host; /* that answered in the end; NULL: host */
	const char *final_path; /* of its URL */
	const char *address;    /* that was connected to last, "192.0.2.1:443" */
	const char *kind;       /* score/page's word for the page; NULL: it was not read */
	const char *text;       /* folded: all that can be read */
	unsigned text_chars;
	bool asks;     /* for a secret, or what a bank knows a customer by */
	bool scripted; /* a script draws it: there is next to nothing to read */
	hk_print page; /* title folded */
} hk_visit_answer;

/* What is known of the site. Borrowed. */
typedef struct hk_visit_site {
	const hk_prints *baseline;
	const char *const *hosts; /* names of the case, NULL at the end */
	const hk_places *places;  /* or NULL */
	bool dark; /* it was gone when it was last looked at: an unknown page is not the site because it is there */
	bool renewed; /* the name was registered anew since: only the page that was there before is the site */
} hk_visit_site;

/* hk_visit_judge(site, answer, ret_learn): what it showed. *ret_learn: it is the site, and looks unlike the baseline: worth keeping (hk_prints_add). Takes a lock
 * (sys/formtokens): not in a sandbox. */
hk_visit_class hk_visit_judge(
	const hk_visit_site *site, const hk_visit_answer *answer, bool *ret_learn);

#endif
