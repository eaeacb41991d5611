#include "report/channel.h"

#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"

enum { KEPT_BYTES_MAX = 1 << 20 };

#define CHANNEL(id) extern const hk_channel hk_channel_##id;
#include "report/channels.def"
#undef CHANNEL

const hk_channel *const hk_channels[] = {
#define CHANNEL(id) &hk_channel_##id,
#include "report/channels.def"
#undef CHANNEL
};
const size_t hk_channel_count = G_N_ELEMENTS(hk_channels);

static const char *const auths[HK_AUTH_COUNT] = {
	"none", "bearer", "header", "basic", "sigv4", "query", "oauth", "jwt"};

static const char *const hows[HK_TOLD_COUNT] = {
	"taken", "state", "not-yet", "absent", "again", "refused", "closed", "unsure"};

const hk_channel *
hk_channel_find(const char *name)
{
	for (size_t i = 0; i < hk_channel_count; i++) {
		if (g_str_equal(hk_channels[i]->name, name)) {
			return hk_channels[i];
		}
	}
	return NULL;
}

const char *
hk_told_how_name(hk_told_how how)
{
	return how < HK_TOLD_COUNT ? hows[how] : "?";
}

void
hk_channel_ask_clear(hk_channel_ask *ask)
{
	g_free(ask->method);
	g_free(ask->url);
	g_clear_pointer(&ask->headers, g_ptr_array_unref);
	g_clear_pointer(&ask->body, g_bytes_unref);
	g_free(ask->auth_name);
	g_free(ask->auth_prefix);
	*ask = (hk_channel_ask){0};
}

void
hk_told_clear(hk_told *told)
{
	g_free(told->remote_id);
	g_free(told->remote_state);
	g_free(told->why);
	g_free(told->facts);
	*told = (hk_told){0};
}

char *
hk_channel_ask_keep(const hk_channel_ask *ask)
{
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "method", ask->method);
	hk_jsonw_member_str(out, "url", ask->url);
	hk_jsonw_strs(out, "headers",
		ask->headers ? (const char *const *)ask->headers->pdata : NULL,
		ask->headers ? ask->headers->len : 0);
	hk_jsonw_member_str(out, "auth", auths[ask->auth]);
	hk_jsonw_member_str(out, "auth_name", ask->auth_name);
	hk_jsonw_member_str(out, "auth_prefix", ask->auth_prefix);
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

/* A member that is a string or null. */
static bool
take_text(const hk_json *obj, const char *key, char **ret, GError **error)
{
	const char *text = NULL;

	if (hk_json_has(obj, key) && !hk_json_str(obj, key, &text, error)) {
		return false;
	}
	*ret = g_strdup(text);
	return true;
}

static bool
take_auth(const hk_json *obj, hk_channel_auth *ret, GError **error)
{
	const char *text;

	if (!hk_json_str(obj, "auth", &text, error)) {
		return false;
	}
	for (int i = 0; i < HK_AUTH_COUNT; i++) {
		if (g_str_equal(auths[i], text)) {
			*ret = (hk_channel_auth)i;
			return true;
		}
	}
	return hk_json_fail(obj, HK_EFORM, error, "no way to say who we are: '%s'", text);
}

static bool
take_headers(const hk_json *obj, GPtrArray **ret, GError **error)
{
	hk_json list;

	if (!hk_json_array(obj, "headers", &list, error)) {
		return false;
	}
	*ret = g_ptr_array_new_with_free_func(g_free);
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		const char *line = hk_json_text(&item);
		if (!line) {
			return hk_json_fail(&item, HK_EFORM, error, "a string is missing");
		}
		g_ptr_array_add(*ret, g_strdup(line));
	}
	return true;
}

bool
hk_channel_ask_kept(const char *json, GBytes *body, hk_channel_ask *ret, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(json), KEPT_BYTES_MAX, error);
	g_auto(hk_channel_ask) ask = {0};

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!take_text(&root, "method", &ask.method, error) ||
		!take_text(&root, "url", &ask.url, error) ||
		!take_headers(&root, &ask.headers, error) || !take_auth(&root, &ask.auth, error) ||
		!take_text(&root, "auth_name", &ask.auth_name, error) ||
		!take_text(&root, "auth_prefix", &ask.auth_prefix, error)) {
		return false;
	}
	if (!ask.method || !ask.url) {
		return hk_json_fail(&root, HK_EFORM, error, "method and url are needed");
	}
	ask.body = body ? g_bytes_ref(body) : NULL;
	*ret = ask;
	ask = (hk_channel_ask){0};
	return true;
}
