/* web/req_int: what stands behind a request, for those who make it. Layer: web. Not for handlers. */
#ifndef HK_WEB_REQ_INT_H
#define HK_WEB_REQ_INT_H

#include "web/req.h"
#include "web/target.h"

enum {
	HK_REQ_HEADERS_MAX = 100,
	HK_REQ_ID_SIZE = 17, /* of the text, with its NUL */
};

typedef struct hk_req_header_pair {
	char *name;
	char *value;
} hk_req_header_pair;

struct hk_req_parts {
	hk_target target;
	hk_route_match match;
	GArray *headers;  /* hk_req_header_pair */
	GByteArray *body; /* or NULL */
	char *method;     /* as it came */
	char *type;
	char *address; /* of the client */
	char *agent;
	char *login; /* what who.login points to */
	hk_json_doc *doc;
	hk_json root;
	struct hk_session *session; /* owned */
	int64_t token_id;
	bool by_password; /* the user can log in by password */
	bool has_totp;
	char *rotated_cookie; /* Set-Cookie that must reach the browser whatever is answered */
	char *login_cookie;   /* Set-Cookie of an answer that is no problem */
	bool secure;          /* it came by TLS, here or at the proxy */
	char id[HK_REQ_ID_SIZE];
};

/* hk_req_init(req): an empty request with its parts; hk_req_clear frees what is in it. */
void hk_req_init(hk_req *req);
void hk_req_clear(hk_req *req);

/* hk_req_read_body(req, error): checks media type and body against the route and reads JSON. */
bool hk_req_read_body(hk_req *req, hk_reply *reply, GError **error);

/* hk_req_read_if_match(req, reply, error): the header, against the route. */
bool hk_req_read_if_match(hk_req *req, hk_reply *reply, GError **error);

/* hk_req_cookie(req, name): the value of a cookie, newly allocated; NULL when there is none, or two. */
char *hk_req_cookie(const hk_req *req, const char *name);

#endif
