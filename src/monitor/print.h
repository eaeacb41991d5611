/* monitor/print: what the page of a watched site looked like, so that it is known again. Layer: stage (monitor). Pages are hostile.
 *
 * The page is compared with what the case's first capture and the first visits of the watch showed: what it asks for (sys/formtokens), the
 * shape of its document (MinHash of tag paths), its title. Kits change hosts and scripts, not these. */
#ifndef HK_MONITOR_PRINT_H
#define HK_MONITOR_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "base/span.h"
#include "match/minhash.h"

enum {
	HK_PRINTS_MAX = 4,
	HK_PRINT_TITLE_SIZE = 128,
	HK_PRINT_FORM_SIZE = 400,
	HK_PRINT_HOST_SIZE = 254,
	HK_PRINT_TAGS_MIN = 6, /* pages with fewer tags have a shape that many have */
	HK_PRINTS_BYTES_MAX = 32 << 10,
};
/* Documents so near are made from one; with the same title, so near are enough. */
#define HK_PRINT_NEAR        0.90
#define HK_PRINT_NEAR_TITLED 0.60

typedef struct hk_print {
	char title[HK_PRINT_TITLE_SIZE]; /* folded; "" none */
	char form[HK_PRINT_FORM_SIZE];   /* "CUSTNO LOGINPW"; "" asks for nothing */
	char host[HK_PRINT_HOST_SIZE];   /* where it was seen; "" not known */
	hk_minhash paths;                /* count 0: none */
	bool raw; /* of the page as it was sent, as visits see it; else of a browser's document */
} hk_print;

typedef struct hk_prints {
	size_t count;
	hk_print print[HK_PRINTS_MAX];
} hk_prints;

/* hk_print_set(print, title, form, host, paths): texts are cut to their sizes at a character; NULL is "". */
void hk_print_set(hk_print *print, const char *title, const char *form, const char *host,
	const hk_minhash *paths);

/* hk_prints_find(prints, page): the place of the print that the page is like; -1: none. */
int hk_prints_find(const hk_prints *prints, const hk_print *page);

/* hk_prints_add(prints, page): unless it is like one of the same sort (raw or not) that is there, or there is no room: then false. */
bool hk_prints_add(hk_prints *prints, const hk_print *page);
/* hk_prints_has_raw(prints): whether a visit has seen the page before. */
bool hk_prints_has_raw(const hk_prints *prints);

/* hk_prints_json(prints, out): a list, appended. hk_prints_read(text, ret): what that wrote; anything else is an empty list. */
void hk_prints_json(const hk_prints *prints, GString *out);
void hk_prints_read(const char *text, hk_prints *ret);

/* hk_prints_capture(prints, data, title, url): adds what a browser saw: `data` of a capture (docs/capture.md), as store/watches hands it out. False: it
 * says nothing about a page. */
bool hk_prints_capture(hk_prints *prints, const char *data, const char *title, const char *url);

#endif
