/* range/sitestate: what can become of a site of the range, and who is told to play it. Part of hikeshi-range. */
#ifndef RG_SITESTATE_H
#define RG_SITESTATE_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "sites.h"

typedef enum rg_site_state {
#define SITESTATE(id, ...) RG_SITE_##id,
#include "sitestates.def"
#undef SITESTATE
	RG_SITE_STATES
} rg_site_state;

/* rg_site_state_code(state): "live", "gone" ...; static. rg_site_state_find(code, ret): false: there is none. */
const char *rg_site_state_code(rg_site_state state);
bool rg_site_state_find(const char *code, rg_site_state *ret);

/* What a state means to who asks. */
typedef struct rg_site_means {
	rg_page page;
	bool own, silent; /* its own page; closes without an answer */
	bool nameless, held;
} rg_site_means;
rg_site_means rg_site_state_means(rg_site_state state);

/* Sites that were told to be something. Thread-safe. */
typedef struct rg_states rg_states;
rg_states *rg_states_new(void);
void rg_states_free(rg_states *states); /* accepts NULL */

/* rg_states_set(states, key, state): key: a host, lower case, or host and path ("a.test/login"): that page of it alone. */
void rg_states_set(rg_states *states, const char *key, rg_site_state state);
/* rg_states_of(states, host, path): of the page, else of the host, else RG_SITE_LIVE. */
rg_site_state rg_states_of(rg_states *states, const char *host, const char *path);
/* rg_states_json(states, out): {"host": "gone", ...}, appended, sorted. */
void rg_states_json(rg_states *states, GString *out);

/* rg_states_tell(path, host, state, error): the file of `hikeshi-range registry` says from now on what the DNS and the registry know of a name in that state:
 * `dns` has it without an address, or as it was; each RDAP answer about it or the domain above it (rows of `http` that end in "/domain/NAME", or "/domain/" and a star)
 * has the status "client hold", or has it no longer. HK_EIO, HK_EFORM. */
bool rg_states_tell(const char *path, const char *host, rg_site_state state, GError **error);

#endif
