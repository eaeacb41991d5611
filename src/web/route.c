#include "web/route.h"

#include <string.h>

#include "base/num.h"
#include "sys/gerr.h"
#include "web/handler.h"

/* The words that roles.def and routes.def use in their columns. */
enum {
#define ROLE(id, name, summary) id = 1u << HK_ROLE_##id,
#include "web/roles.def"
	PUBLIC = 0,
	EVERYONE = 0,
};
#define IF_MATCH HK_ROUTE_IF_MATCH
#define KEYED    HK_ROUTE_KEYED
#define HASHING  HK_ROUTE_HASHING
#define LONG     HK_ROUTE_LONG

#define SCOPE_OF(id) HK_SCOPE_##id
enum { HK_SCOPE_NONE = -1 };

const hk_route hk_routes[] = {
#define ROUTE(id, method, path, handler, permission, body, options, summary)                       \
	{#id, HK_METHOD_##method, path, hk_web_##handler, HK_PERM_##permission, HK_BODY_##body,    \
		(options), summary},
#include "web/routes.def"
#undef ROUTE
};
const size_t hk_route_count = G_N_ELEMENTS(hk_routes);

static const hk_perm_row perms[] = {
#define PERM(id, roles, scope, summary)                                                            \
	{#id, (roles), SCOPE_OF(scope), HK_PERM_##id == HK_PERM_PUBLIC, summary},
#include "web/roles.def"
};

typedef struct word {
	const char *name;
	const char *summary;
} word;
static const word roles[] = {
#define ROLE(id, name, summary) {name, summary},
#include "web/roles.def"
};
static const word scopes[] = {
#define SCOPE(id, name, summary) {name, summary},
#include "web/roles.def"
};
static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

const hk_perm_row *
hk_perm_get(hk_perm perm)
{
	return &perms[perm];
}

const char *
hk_role_name(hk_role role)
{
	return roles[role].name;
}

const char *
hk_role_summary(hk_role role)
{
	return roles[role].summary;
}

const char *
hk_scope_name(hk_scope scope)
{
	return scopes[scope].name;
}

const char *
hk_scope_summary(hk_scope scope)
{
	return scopes[scope].summary;
}

static bool
find(const word *words, size_t count, const char *name, size_t len, unsigned *ret)
{
	for (unsigned i = 0; i < count; i++) {
		if (strlen(words[i].name) == len && memcmp(words[i].name, name, len) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

bool
hk_role_find(const char *name, hk_role *ret)
{
	unsigned i;

	if (!find(roles, G_N_ELEMENTS(roles), name, strlen(name), &i)) {
		return false;
	}
	*ret = (hk_role)i;
	return true;
}

bool
hk_scope_find(const char *name, hk_scope *ret)
{
	unsigned i;

	if (!find(scopes, G_N_ELEMENTS(scopes), name, strlen(name), &i)) {
		return false;
	}
	*ret = (hk_scope)i;
	return true;
}

static char *
text_of(const word *words, size_t count, unsigned bits, const char *between)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < count; i++) {
		if (bits >> i & 1) {
			g_string_append(out, out->len > 0 ? between : "");
			g_string_append(out, words[i].name);
		}
	}
	return g_string_free(out, FALSE);
}

static bool
parse(const word *words, size_t count, const char *what, const char *text, unsigned *ret,
	GError **error)
{
	unsigned bits = 0, i;

	for (text += strspn(text, ", "); *text; text += strspn(text, ", ")) {
		size_t len = strcspn(text, ", ");
		if (!find(words, count, text, len, &i)) {
			g_autofree char *known = text_of(words, count, (1u << count) - 1, ", ");
			return hk_error_set(error, HK_ERANGE, "%s: \"%.*s\" is none; known are %s",
				what, (int)MIN(len, 40), text, known);
		}
		bits |= 1u << i;
		text += len;
	}
	*ret = bits;
	return true;
}

bool
hk_roles_parse(const char *text, unsigned *ret, GError **error)
{
	return parse(roles, G_N_ELEMENTS(roles), "roles", text, ret, error);
}

bool
hk_scopes_parse(const char *text, unsigned *ret, GError **error)
{
	return parse(scopes, G_N_ELEMENTS(scopes), "scopes", text, ret, error);
}

char *
hk_roles_text(unsigned bits)
{
	return text_of(roles, G_N_ELEMENTS(roles), bits, " ");
}

char *
hk_scopes_text(unsigned bits)
{
	return text_of(scopes, G_N_ELEMENTS(scopes), bits, " ");
}

bool
hk_method_find(const char *name, hk_method *ret)
{
	if (strcmp(name, "HEAD") == 0) {
		*ret = HK_METHOD_GET;
		return true;
	}
	for (unsigned i = 0; i < HK_METHOD_COUNT; i++) {
		if (strcmp(methods[i], name) == 0) {
			*ret = (hk_method)i;
			return true;
		}
	}
	return false;
}

const char *
hk_method_name(hk_method method)
{
	return methods[method];
}

/* Whether the pattern matches; *ret_words: how many segments did so word by word, for "literal words win". */
static bool
matches(const char *pattern, const char *const *segments, size_t count, const char **params,
	unsigned *ret_words)
{
	uint64_t number;
	unsigned n = 0;

	*ret_words = 0;
	for (size_t i = 0; i < count; i++) {
		if (*pattern++ != '/') {
			return false;
		}
		size_t len = strcspn(pattern, "/");
		if (*pattern == ':') {
			if (hk_parse_u64(hk_span_str(segments[i]), INT64_MAX, &number) != HK_OK ||
				number == 0) {
				return false;
			}
			params[n++] = segments[i];
		} else if (*pattern == '*') {
			if (*segments[i] == '\0') {
				return false;
			}
			params[n++] = segments[i];
		} else if (strlen(segments[i]) == len && memcmp(segments[i], pattern, len) == 0) {
			*ret_words += 1;
		} else {
			return false;
		}
		pattern += len;
	}
	return *pattern == '\0';
}

hk_route_match
hk_route_find(const char *const *segments, size_t count, hk_method method)
{
	hk_route_match best = {0};
	unsigned most = 0;

	for (size_t i = 0; i < hk_route_count; i++) {
		const char *params[HK_ROUTE_PARAMS] = {NULL};
		unsigned words;
		if (!matches(hk_routes[i].path, segments, count, params, &words)) {
			continue;
		}
		/* A path whose words say more hides the vaguer one for every method. */
		if (best.methods != 0 && words < most) {
			continue;
		}
		if (words > most) {
			best = (hk_route_match){0};
			most = words;
		}
		best.methods |= 1u << hk_routes[i].method;
		if (hk_routes[i].method == method) {
			best.route = &hk_routes[i];
			memcpy(best.params, params, sizeof params);
		}
	}
	return best;
}
