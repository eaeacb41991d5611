/* range/oidc: an OpenID Connect provider that approves everybody at once, and can be made to lie. Part of hikeshi-range.
 *
 * Discovery, authorization endpoint (no page: it sends the browser back at once as the chosen user), token endpoint (code once, PKCE S256
 * checked, redirect URI checked, client secret checked if there is one), keys. POST /control?fault=NAME and POST /control?user=LOGIN change what
 * it does from then on. */
#ifndef RG_OIDC_H
#define RG_OIDC_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct rg_oidc rg_oidc;

typedef struct rg_oidc_config {
	uint16_t port;      /* 0: any */
	const char *client; /* the only client id it knows */
	const char *secret; /* or NULL: a public client */
	bool es256;         /* instead of RS256 */
	char **users;       /* "LOGIN:SUBJECT:GROUP,GROUP"; the first one is chosen */
	const char *fault;  /* or NULL */
} rg_oidc_config;

/* rg_oidc_new(config, error): serves on 127.0.0.1 from then on, in a thread of its own. HK_EUSAGE, HK_EIO. */
rg_oidc *rg_oidc_new(const rg_oidc_config *config, GError **error);
void rg_oidc_free(rg_oidc *oidc);

/* rg_oidc_url(oidc): the issuer, without a slash at the end. */
const char *rg_oidc_url(const rg_oidc *oidc);

/* rg_oidc_fault_text(): the names of the faults, a line each with what they do. */
const char *rg_oidc_fault_text(void);

#endif
