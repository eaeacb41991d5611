/* report/xarf_int: what xarf*.c share. Layer: stage (report). */
#ifndef HK_REPORT_XARF_INT_H
#define HK_REPORT_XARF_INT_H

#include "base/span.h"
#include "report/xarf.h"

/* Who and what, checked: owned. */
typedef struct hk_xarf_base {
	char uuid[HK_XARF_UUID_SIZE];
	char *org, *contact, *domain;
	char *url;
	char *address;        /* the first one that is an address, or NULL */
	int64_t at_ms;        /* when it was seen first */
	int64_t confirmed_ms; /* 0: not by a person */
	size_t max_bytes;
} hk_xarf_base;
bool hk_xarf_base_make(const hk_brief *brief, const char *token, const hk_xarf_options *options,
	hk_xarf_base *ret, GError **error);
void hk_xarf_base_clear(hk_xarf_base *base);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_xarf_base, hk_xarf_base_clear)

/* A piece of evidence that may be put in. */
typedef struct hk_xarf_item {
	const char *type;
	char *description; /* owned */
	hk_span bytes;     /* borrowed */
} hk_xarf_item;

/* hk_xarf_items(brief, urls): of hk_xarf_item, the most important first: the URLs if there are several (made into urls), files that have bytes, the lure. */
GArray *hk_xarf_items(const hk_brief *brief, GString *urls);

/* hk_xarf_text(text, max_chars): in one line, well-formed, at most so many characters; caller frees; NULL for NULL and for what is then empty. */
char *hk_xarf_text(const char *text, size_t max_chars);

#endif
