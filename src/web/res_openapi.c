/* /openapi.yaml: the description of the API. */
#include "web/handler.h"
#include "web/openapi.h"

bool
hk_web_openapi(hk_req *req, hk_reply *reply, GError **error)
{
	(void)req;
	(void)error;
	g_string_append_len(hk_reply_text(reply, 200, "application/yaml; charset=utf-8"),
		hk_openapi_yaml, (gssize)hk_openapi_yaml_len);
	return true;
}
