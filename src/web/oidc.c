#include "web/oidc.h"

#include "sys/gerr.h"
#include "web/handler.h"

hk_oidc *
hk_oidc_new(hk_web *web, GError **error)
{
	(void)web;
	hk_error_set(error, HK_ECONFIG, "none");
	return NULL;
}

void
hk_oidc_free(hk_oidc *oidc)
{
	(void)oidc;
}

bool
hk_web_oidc_start(hk_req *req, hk_reply *reply, GError **error)
{
	(void)req;
	(void)reply;
	return hk_error_set(error, HK_ENOENT, "single sign-on is not set up");
}

bool
hk_web_oidc_callback(hk_req *req, hk_reply *reply, GError **error)
{
	return hk_web_oidc_start(req, reply, error);
}
