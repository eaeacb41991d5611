/* range/playask: requests of `hikeshi-range play` to the controls of its parts. Part of hikeshi-range. Loopback only; one thread. */
#ifndef RG_PLAYASK_H
#define RG_PLAYASK_H

#include <jansson.h>
#include <stdbool.h>

#include <glib.h>

typedef struct rg_ask rg_ask;

rg_ask *rg_ask_new(void);
void rg_ask_free(rg_ask *ask); /* accepts NULL */

/* rg_ask_post(ask, url, header, body, error): header: a whole line of it, or NULL; body may be NULL. HK_EREMOTE: no answer, or none of 2xx; the text has it. */
bool rg_ask_post(
	rg_ask *ask, const char *url, const char *header, const char *body, GError **error);

/* rg_ask_get(ask, url): the answer as JSON; NULL: none. Caller decrefs. */
json_t *rg_ask_get(rg_ask *ask, const char *url);

/* rg_ask_url(base, path, ...): base and path with a query of names and values, percent-encoded, NULL at the end; a NULL value is left out. Caller frees. */
char *rg_ask_url(const char *base, const char *path, ...) G_GNUC_NULL_TERMINATED;

#endif
