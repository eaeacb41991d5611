/* POST /-/sites, /-/dress, /-/lives: what becomes of the sites of `hikeshi-range sites`, as tests and scenarios want it. */
#include <string.h>

#include "base/num.h"
#include "sites_int.h"

static enum MHD_Result
reply(struct MHD_Connection *c, unsigned status, const char *type, const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	enum MHD_Result result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
reply_states(rg_states *states, struct MHD_Connection *c)
{
	g_autoptr(GString) out = g_string_new(NULL);

	rg_states_json(states, out);
	g_string_append_c(out, '\n');
	return reply(c, 200, "application/json", out->str);
}

static const char *
query(struct MHD_Connection *c, const char *name)
{
	const char *text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);

	return text ? text : "";
}

enum MHD_Result
rg_sites_control(rg_states *states, const char *data, struct MHD_Connection *c, const char *method)
{
	const char *host = query(c, "host"), *path = query(c, "path");
	g_autoptr(GError) error = NULL;
	rg_site_state state;

	if (strcmp(method, "POST") != 0) {
		return reply_states(states, c);
	}
	if (!*host || !rg_site_state_find(query(c, "state"), &state)) {
		g_autoptr(GString) out = g_string_new("host=NAME&state=STATE; states:");
		for (int i = 0; i < RG_SITE_STATES; i++) {
			g_string_append_printf(out, " %s", rg_site_state_code((rg_site_state)i));
		}
		g_string_append_c(out, '\n');
		return reply(c, 400, "text/plain", out->str);
	}
	g_autofree char *low = g_ascii_strdown(host, -1);
	g_autofree char *key = g_strconcat(low, path, NULL);
	if (data && !*path && !rg_states_tell(data, low, state, &error)) {
		return reply(c, 500, "text/plain", error->message);
	}
	rg_states_set(states, key, state);
	return reply_states(states, c);
}

enum MHD_Result
rg_lives_control(gint *seconds, struct MHD_Connection *c, const char *method)
{
	uint64_t at = 0;

	if (strcmp(method, "POST") == 0) {
		if (hk_parse_u64(hk_span_str(query(c, "at")), G_MAXINT, &at) != HK_OK) {
			return reply(c, 400, "text/plain", "at=SECONDS\n");
		}
		g_atomic_int_set(seconds, (gint)at);
	}
	g_autofree char *text = g_strdup_printf("{\"at\":%d}\n", g_atomic_int_get(seconds));
	return reply(c, 200, "application/json", text);
}

static const char *
query_of(void *user, const char *name)
{
	return query(user, name);
}

enum MHD_Result
rg_dress_control(rg_dresses *dresses, struct MHD_Connection *c, const char *method)
{
	const char *host = query(c, "host");
	rg_dress dress;

	if (strcmp(method, "POST") != 0 || !*host || !rg_dress_read(query_of, c, &dress)) {
		return reply(c, 400, "text/plain",
			"POST host=NAME&kit=GROUP|page=PAGE&gate=WHO&else=PAGE&ja=NAME&en=NAME\n");
	}
	rg_dresses_set(dresses, host, &dress);
	return reply(c, 200, "application/json", "{}\n");
}
