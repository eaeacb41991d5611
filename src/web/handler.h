/* web/handler: the handlers that routes.def names. Layer: web. */
#ifndef HK_WEB_HANDLER_H
#define HK_WEB_HANDLER_H

#include "web/reply.h"
#include "web/req.h"

#define ROUTE(id, method, path, handler, permission, body, options, summary)                       \
	bool hk_web_##handler(hk_req *req, hk_reply *reply, GError **error);
#include "web/routes.def"
#undef ROUTE

#endif
