/* web/route: the table of routes and permissions. Layer: web. Paths are hostile. */
#ifndef HK_WEB_ROUTE_H
#define HK_WEB_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "base/span.h"

typedef struct hk_req hk_req;
typedef struct hk_reply hk_reply;

/* A handler runs in a thread of the pool. False and error: answered as a problem (web/reply.h says which status); what reply holds
 * is then dropped, but for a problem that hk_reply_problem() has set. */
typedef bool (*hk_web_handler)(hk_req *req, hk_reply *reply, GError **error);

typedef enum hk_method {
	HK_METHOD_GET,
	HK_METHOD_POST,
	HK_METHOD_PUT,
	HK_METHOD_PATCH,
	HK_METHOD_DELETE,
	HK_METHOD_COUNT
} hk_method;

/* Roles and scopes are numbers, their sets are bits: 1u << HK_ROLE_ANALYST. */
typedef enum hk_role {
#define ROLE(id, name, summary) HK_ROLE_##id,
#include "web/roles.def"
	HK_ROLE_COUNT
} hk_role;
typedef enum hk_scope {
#define SCOPE(id, name, summary) HK_SCOPE_##id,
#include "web/roles.def"
	HK_SCOPE_COUNT
} hk_scope;
typedef enum hk_perm {
#define PERM(id, roles, scope, summary) HK_PERM_##id,
#include "web/roles.def"
	HK_PERM_COUNT
} hk_perm;
#define HK_SCOPES_ALL ((1u << HK_SCOPE_COUNT) - 1)

typedef enum hk_body { HK_BODY_NONE, HK_BODY_JSON, HK_BODY_BULK } hk_body;
enum {
	HK_ROUTE_IF_MATCH = 1,
	HK_ROUTE_KEYED = 2,
	HK_ROUTE_HASHING = 4,
	HK_ROUTE_LONG = 8,
};

/* A row of routes.def; static storage. */
typedef struct hk_route {
	const char *id;
	hk_method method;
	const char *path;
	hk_web_handler run;
	hk_perm perm;
	hk_body body;
	unsigned options;
	const char *summary;
} hk_route;

extern const hk_route hk_routes[];
extern const size_t hk_route_count;

/* A row of roles.def's PERM; static storage. */
typedef struct hk_perm_row {
	const char *name;
	unsigned roles; /* bits; 0: whoever is logged in */
	int scope;      /* hk_scope, or -1: not by token */
	bool public;    /* nobody needs to log in */
	const char *summary;
} hk_perm_row;
const hk_perm_row *hk_perm_get(hk_perm perm);

/* hk_role_name(role), hk_role_find(name, ret); the same for scopes. Static storage. */
const char *hk_role_name(hk_role role);
const char *hk_role_summary(hk_role role);
bool hk_role_find(const char *name, hk_role *ret);
const char *hk_scope_name(hk_scope scope);
const char *hk_scope_summary(hk_scope scope);
bool hk_scope_find(const char *name, hk_scope *ret);

/* hk_roles_parse(text, ret, error), hk_scopes_parse: names parted by commas or blanks as bits; HK_ERANGE "roles: ..." for an unknown
 * name. hk_roles_text(bits), hk_scopes_text(bits): the names, a blank between; caller frees. */
bool hk_roles_parse(const char *text, unsigned *ret, GError **error);
bool hk_scopes_parse(const char *text, unsigned *ret, GError **error);
char *hk_roles_text(unsigned roles);
char *hk_scopes_text(unsigned scopes);

/* hk_method_find(name, ret): "GET", "HEAD" (as GET) ... hk_method_name(method). */
bool hk_method_find(const char *name, hk_method *ret);
const char *hk_method_name(hk_method method);

/* The most parameters of a path. */
enum { HK_ROUTE_PARAMS = 4 };

/* What a path was matched with: parameters in the order of the pattern, borrowed from `path`. */
typedef struct hk_route_match {
	const hk_route *route; /* NULL: no such path, or not with this method */
	unsigned methods;      /* bits of hk_method that the path has; 0: no such path */
	const char *params[HK_ROUTE_PARAMS];
} hk_route_match;

/* hk_route_find(segments, count, method): segments: the decoded parts of the path below /api/v1. */
hk_route_match hk_route_find(const char *const *segments, size_t count, hk_method method);

#endif
