/* web/oidc: single sign-on: OpenID Connect, code flow with PKCE. Layer: web. What the provider and the browser send is hostile until it is
 * checked.
 *
 * The browser carries what we need to know when it comes back (state, nonce, PKCE verifier, time) in a sealed cookie of ten minutes:
 * nothing is kept here for people who never come back. */
#ifndef HK_WEB_OIDC_H
#define HK_WEB_OIDC_H

#include "web/web_int.h"

enum {
	HK_OIDC_SKEW_S = 60,      /* by which clocks may differ */
	HK_OIDC_FLOW_S = 600,     /* from the start to the callback */
	HK_OIDC_KEYS_S = 3600,    /* the provider's keys are read again after */
	HK_OIDC_KEYS_SOON_S = 10, /* and for an unknown key at most this often */
	HK_OIDC_BODY_MAX = 1 << 20,
	HK_OIDC_TIMEOUT_MS = 10000,
};

/* hk_oidc_new(web, error): checks the configuration; HK_ECONFIG. Does not ask the provider yet: the board works without it. */
hk_oidc *hk_oidc_new(hk_web *web, GError **error);
void hk_oidc_free(hk_oidc *oidc); /* accepts NULL */

#endif
