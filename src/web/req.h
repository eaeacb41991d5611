/* web/req: a request as a handler sees it. Layer: web. All that comes from outside is hostile, but checked so far: sizes and counts
 * are capped, text is UTF-8 without control characters (the body's strings: without U+0000), JSON is well formed and at most 32
 * deep; who is asking has been found out and may call this route; If-Match is there where the route wants it.
 *
 * Transactions: a GET runs inside a read transaction (one snapshot) on req->db that the caller opened and ends; on HK_EAGAIN the
 * handler is called again with a clean reply. Other methods find none open: they write with hk_flow_do(req->flow, &req->who, ...)
 * and may read before and after; what they leave open is rolled back. */
#ifndef HK_WEB_REQ_H
#define HK_WEB_REQ_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"
#include "flow/flow.h"
#include "store/db.h"
#include "sys/json.h"
#include "web/route.h"

/* A query parameter is at most this long, a query has at most so many, a path and its query are at most so long. */
enum {
	HK_REQ_QUERY_VALUE_MAX = 4096,
	HK_REQ_QUERY_MAX = 64,
	HK_REQ_TARGET_MAX = 8192,
	HK_REQ_SEGMENTS_MAX = 8,
};
#define HK_REQ_JSON_MAX ((size_t)1 << 20)
#define HK_REQ_BULK_MAX ((size_t)32 << 20)

struct hk_web_config;
struct hk_session;

struct hk_req {
	const hk_route *route;
	hk_method method;
	bool head; /* HEAD: the answer's body is not sent */

	hk_who who;      /* user_id 0 on PUBLIC routes; via "web" (session) or "api" (token) */
	unsigned roles;  /* bits of hk_role */
	unsigned scopes; /* bits of hk_scope; all for a session */
	bool by_token;
	const char *agent;                /* User-Agent, cut at 200 bytes, or "" */
	const struct hk_session *session; /* store/sessions.h; NULL by token and without login */

	int64_t if_match; /* version of If-Match: "7" -> 7; 0: header missing or "*" */
	const char *
		type; /* media type of the body, lower case without parameters; "" when there is none */
	hk_span body;        /* as it came */
	const hk_json *json; /* the body's object; NULL when the body is no JSON, or empty */

	hk_db *db;
	hk_flow *flow;
	const struct hk_web_config *config; /* web/web.h */
	struct hk_web *web;                 /* for the handlers of the core */

	struct hk_req_parts *parts; /* of req.c */
};

/* hk_req_id(req, name): a ":name" parameter of the path. A name that the route does not have is a bug. */
int64_t hk_req_id(const hk_req *req, const char *name);
/* hk_req_word(req, name): a "*name" parameter; borrowed. */
const char *hk_req_word(const hk_req *req, const char *name);

/* hk_req_query(req, name): a query parameter, decoded ('+' is a blank), borrowed; NULL when it is not given. Given twice: the
 * request has been refused. */
const char *hk_req_query(const hk_req *req, const char *name);
/* hk_req_query_int(req, name, min, max, def, ret, error): HK_ERANGE "name: ..." for no number or one outside. */
bool hk_req_query_int(const hk_req *req, const char *name, int64_t min, int64_t max, int64_t def,
	int64_t *ret, GError **error);
/* hk_req_query_bool(req, name, ret, error): "1", "true", "yes" or "" are true; missing, "0", "false", "no" are false. */
bool hk_req_query_bool(const hk_req *req, const char *name, bool *ret, GError **error);
/* hk_req_query_only(req, error, name..., NULL): HK_EFORM "name: no such parameter; known are ..." for any other. */
bool hk_req_query_only(const hk_req *req, GError **error, ...) G_GNUC_NULL_TERMINATED;

/* hk_req_header(req, name): borrowed, or NULL. Names in any case. */
const char *hk_req_header(const hk_req *req, const char *name);

/* hk_req_json_only(req, error, name..., NULL): HK_EFORM "name: no such member; known are ..." for any other member of the body. */
bool hk_req_json_only(const hk_req *req, GError **error, ...) G_GNUC_NULL_TERMINATED;
/* Optional members of the body: missing or null leaves *ret alone (set the default before). HK_EFORM "name: ..." for another kind.
 * hk_req_json_text: HK_ELIMIT "name: at most N characters"; control characters but newline and tab are refused. */
bool hk_req_json_text(
	const hk_req *req, const char *name, size_t max_chars, const char **ret, GError **error);
bool hk_req_json_int(const hk_req *req, const char *name, int64_t min, int64_t max, int64_t *ret,
	GError **error);
bool hk_req_json_flag(const hk_req *req, const char *name, bool *ret, GError **error);
/* hk_req_json_time(req, name, ret_ms, error): RFC 3339 (any offset), milliseconds kept. hk_req_json_raw(req, name): a member of any
 * kind as JSON text; NULL when missing; caller frees. hk_req_json_body(req): the whole body as text, borrowed, NUL-terminated. */
bool hk_req_json_time(const hk_req *req, const char *name, int64_t *ret_ms, GError **error);
char *hk_req_json_raw(const hk_req *req, const char *name);

/* hk_req_need(req, name...): HK_EFORM "name: is needed" when one of the members is missing. */
bool hk_req_need(const hk_req *req, GError **error, ...) G_GNUC_NULL_TERMINATED;

/* hk_req_may(req, perm): whether who is asking has that permission as well (roles and token scope). */
bool hk_req_may(const hk_req *req, hk_perm perm);

#endif
