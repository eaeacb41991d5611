/* evidence/cloak_int: what one visit says, and how two of them compare; for the files of evidence/cloak only. Layer: stage. Input is hostile. */
#ifndef HK_EVIDENCE_CLOAK_INT_H
#define HK_EVIDENCE_CLOAK_INT_H

#include "evidence/cloak.h"

/* A set of 32-bit hashes: sorted, each once. */
typedef struct hk_cloak_set {
	uint32_t *hash;
	size_t count;
} hk_cloak_set;

/* A page as it is compared. */
typedef struct hk_cloak_page {
	const hk_capture_page *page; /* NULL: there is none (a file came instead) */
	int status;                  /* 0: not known */
	char *host, *site;           /* site: host without what stands for a device or language */
	char *title;                 /* folded, without digits */
	hk_form_tokens form;
	hk_cloak_set text, titles, links,
		paths;    /* of letters in a row; of the title; of links; of tag paths */
	size_t letters;   /* that people read: no blanks, no digits */
	bool denied;      /* it says that there is nothing */
	bool empty;       /* nothing is shown */
	bool leads_login; /* a link or button of it leads to a login */
} hk_cloak_page;

/* A visit. */
typedef struct hk_cloak_view {
	const hk_capture *capture;
	size_t index;              /* of variants */
	bool says;                 /* it is evidence; false: it failed, and the rest is empty */
	bool gone;                 /* it failed because nobody answered */
	bool file;                 /* a file came and no page */
	bool clicked;              /* last is behind a click */
	hk_cloak_page first, last; /* first is empty unless clicked */
} hk_cloak_view;

void hk_cloak_view_of(const hk_capture *capture, size_t index, hk_cloak_view *ret);
void hk_cloak_view_clear(hk_cloak_view *view);

/* hk_cloak_near(a, b): size of the intersection by that of the smaller set, 0..1; 0 when one is empty and the other is not. */
double hk_cloak_near(const hk_cloak_set *a, const hk_cloak_set *b);

/* hk_cloak_jaccard(a, b): by that of the union. */
double hk_cloak_jaccard(const hk_cloak_set *a, const hk_cloak_set *b);

/* hk_cloak_compare(a, b): bits of hk_cloak_what in which two visits that say something really differ; 0: the same site. */
unsigned hk_cloak_compare(const hk_cloak_view *a, const hk_cloak_view *b);

/* hk_cloak_curtain(view): whether the click of it uncovered a page that asks for something, behind one that says next to nothing. */
bool hk_cloak_curtain(const hk_cloak_view *view);

#endif
