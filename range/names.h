/* range/names: a list of host names as bytes. Part of librange.
 *
 * A name may hold any byte, NUL too: the range makes certificates that no one should make. */
#ifndef RG_NAMES_H
#define RG_NAMES_H

#include <glib.h>

#include "base/span.h"

typedef struct rg_names {
	GString *text; /* owned: the names one after the other */
	GArray *ends;  /* owned: size_t, where each ends in text */
} rg_names;

/* rg_names_new(): empty. Free with rg_names_free. */
void rg_names_free(rg_names *names);
rg_names *rg_names_new(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_names, rg_names_free)

void rg_names_clear(rg_names *names);
void rg_names_add(rg_names *names, hk_span name);
void rg_names_addf(rg_names *names, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline size_t
rg_names_count(const rg_names *names)
{
	return names->ends->len;
}

/* rg_names_at(names, i): the i-th; borrowed until the list next changes. */
static inline hk_span
rg_names_at(const rg_names *names, size_t i)
{
	size_t from = i == 0 ? 0 : g_array_index(names->ends, size_t, i - 1);

	return hk_span_of(names->text->str + from, g_array_index(names->ends, size_t, i) - from);
}

/* rg_names_has(names, name): whether it is in the list; walks the list. */
bool rg_names_has(const rg_names *names, hk_span name);

/* rg_names_split(names, line): adds every word of line, separated by blanks, tabs or commas.
 * Returns how many. */
size_t rg_names_split(rg_names *names, const char *line);

#endif
