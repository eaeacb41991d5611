/* The tables: every path finds its own row, every permission is one that somebody can have. */
#include <string.h>

#include "sys/gerr.h"
#include "tap.h"
#include "web/route.h"

/* The path of a row as a request would write it. */
static size_t
example(const char *path, char (*ret)[64], const char **segments)
{
	size_t n = 0;

	for (const char *at = path; *at == '/'; n++) {
		size_t len = strcspn(at + 1, "/");
		bool number = at[1] == ':', word = at[1] == '*';
		g_snprintf(ret[n], sizeof ret[n], "%.*s", (int)len, at + 1);
		segments[n] = number ? "4711" : word ? "some word" : ret[n];
		at += 1 + len;
	}
	return n;
}

static void
all_found(void)
{
	for (size_t i = 0; i < hk_route_count; i++) {
		const hk_route *route = &hk_routes[i];
		char text[16][64];
		const char *segments[16];
		size_t n = example(route->path, text, segments);
		hk_route_match match = hk_route_find(segments, n, route->method);
		ok(match.route == route, "%s %s", hk_method_name(route->method), route->path);
		ok(route->body == HK_BODY_NONE || route->method != HK_METHOD_GET,
			"no body with GET");
		ok(!(route->options & HK_ROUTE_KEYED) || route->method == HK_METHOD_POST,
			"keys are for POST");
	}
}

int
main(void)
{
	const char *users[] = {"users", "12"};
	const char *none[] = {"nothing", "here"};
	unsigned bits = 0;
	g_autoptr(GError) error = NULL;

	all_found();
	hk_route_match match = hk_route_find(users, 2, HK_METHOD_PATCH);
	ok(match.route && strcmp(match.route->id, "USER_EDIT") == 0, "a parameter");
	is_str(match.params[0], "12", "is handed over");
	match = hk_route_find(users, 2, HK_METHOD_PUT);
	ok(!match.route, "a method that the path does not know");
	is_int(match.methods, 1 << HK_METHOD_GET | 1 << HK_METHOD_PATCH, "and those that it knows");
	users[1] = "0";
	is_int(hk_route_find(users, 2, HK_METHOD_GET).methods, 0, "0 is no number of a row");
	users[1] = "99999999999999999999";
	is_int(hk_route_find(users, 2, HK_METHOD_GET).methods, 0, "nor is one that is too large");
	is_int(hk_route_find(none, 2, HK_METHOD_GET).methods, 0, "a path that is none");
	is_int(hk_route_find(none, 0, HK_METHOD_GET).methods, 0, "nor is the root");

	for (int perm = 0; perm < HK_PERM_COUNT; perm++) {
		const hk_perm_row *row = hk_perm_get((hk_perm)perm);
		ok(!row->public || (row->roles == 0 && row->scope < 0), "%s: public is for all",
			row->name);
		ok(row->scope < HK_SCOPE_COUNT && row->roles < 1u << HK_ROLE_COUNT, "%s: exists",
			row->name);
	}
	const hk_perm_row *cases = hk_perm_get(HK_PERM_CASE_READ);
	ok(!(cases->roles >> HK_ROLE_SYSTEM_ADMIN & 1), "the system's administrator sees no case");
	ok(!(cases->roles >> HK_ROLE_AUDITOR & 1), "nor does the auditor");
	is_int(hk_perm_get(HK_PERM_AUDIT)->roles, 1 << HK_ROLE_AUDITOR,
		"the audit trail is the auditor's");
	is_int(hk_perm_get(HK_PERM_USERS)->roles, 1 << HK_ROLE_SYSTEM_ADMIN,
		"users are the administrator's");
	ok(hk_perm_get(HK_PERM_CASE_WRITE)->scope != hk_perm_get(HK_PERM_CASE_DELETE)->scope,
		"writing is not deleting");

	ok(hk_roles_parse("viewer, analyst", &bits, NULL) &&
			bits == (1u << HK_ROLE_VIEWER | 1u << HK_ROLE_ANALYST),
		"roles are read");
	g_autofree char *text = hk_roles_text(bits);
	is_str(text, "viewer analyst", "and written");
	ok(hk_roles_parse("", &bits, NULL) && bits == 0, "none");
	ok(!hk_roles_parse("viewer,root", &bits, &error), "one that is none");
	is_int(hk_error_code(error), HK_ERANGE, "with its code");
	return tap_done();
}
