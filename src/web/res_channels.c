/* /channels: how reports leave the house, how each fares, and who stopped it. */
#include <string.h>

#include "flow/report.h"
#include "store/report_read.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/res.h"
#include "web/web.h"

/* A channel may be known by its file, by its row, or by a report only. */
typedef struct listing {
	hk_db *db;
	int64_t now_ms;
	const char *only; /* or NULL: all */
	GHashTable *seen; /* owned names */
	GString *out;
	GError *error;
} listing;

static void
put_file(const hk_web_channel *c, GString *out)
{
	hk_jsonw_key(out, "file");
	if (!c) {
		hk_jsonw_null(out);
		return;
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "en", c->en);
	hk_jsonw_member_str(out, "ja", c->ja);
	hk_jsonw_member_str(out, "way", c->way);
	hk_jsonw_member_str(out, "url", c->url);
	hk_jsonw_member_str(out, "why", c->why);
	hk_jsonw_member_bool(out, "enabled", c->enabled);
	hk_jsonw_member_bool(out, "test", c->test);
	hk_jsonw_member_int(out, "per_minute", c->per_minute);
	hk_jsonw_member_int(out, "per_day", c->per_day);
	hk_jsonw_member_int(out, "batch", c->batch);
	hk_jsonw_close(out, '}');
}

static void
put_channel(listing *l, const char *name, const hk_web_channel *file)
{
	if (l->error || (l->only && strcmp(l->only, name) != 0) ||
		!g_hash_table_add(l->seen, g_strdup(name))) {
		return;
	}
	hk_jsonw_open(l->out, '{');
	hk_jsonw_member_str(l->out, "name", name);
	put_file(file, l->out);
	if (hk_report_read_channel(l->db, name, l->now_ms, l->out, &l->error)) {
		hk_jsonw_close(l->out, '}');
	}
}

static void
each(void *data, const hk_web_channel *channel)
{
	put_channel(data, channel->name, channel);
}

static bool
put_all(hk_req *req, const char *only, GString *out, unsigned *ret_count, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) names = NULL;
	listing l = {.db = req->db,
		.now_ms = hk_clock_wall_ms(),
		.only = only,
		.seen = seen,
		.out = out};
	const hk_web_outbound *outbound = req->config ? req->config->outbound : NULL;

	if (outbound && outbound->channels) {
		outbound->channels(outbound->user, each, &l);
	}
	if (!l.error && hk_report_read_channels(req->db, &names, &l.error)) {
		for (unsigned i = 0; i < names->len; i++) {
			put_channel(&l, g_ptr_array_index(names, i), NULL);
		}
	}
	if (l.error) {
		g_propagate_error(error, l.error);
		return false;
	}
	*ret_count = g_hash_table_size(seen);
	return true;
}

bool
hk_web_channels_list(hk_req *req, hk_reply *reply, GError **error)
{
	unsigned count;

	if (!hk_req_query_only(req, error, NULL)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	if (!put_all(req, NULL, out, &count, error)) {
		return false;
	}
	hk_res_list_end(out, NULL, -1, false);
	return true;
}

typedef struct change {
	const char *name, *state;
} change;

static bool
act_set(hk_flow *flow, void *data, GError **error)
{
	const change *c = data;

	return hk_channel_set(flow, c->name, c->state, error);
}

bool
hk_web_channels_set(hk_req *req, hk_reply *reply, GError **error)
{
	change c = {.name = hk_req_word(req, "name")};
	unsigned count;

	if (!hk_req_json_only(req, error, "state", NULL) ||
		!hk_req_need(req, error, "state", NULL) ||
		!hk_req_json_text(req, "state", 20, &c.state, error)) {
		return false;
	}
	if (strcmp(c.state, "open") != 0 && strcmp(c.state, "off") != 0) {
		return hk_error_set(error, HK_ERANGE, "state: open or off");
	}
	/* Only what there is: else a mistyped name would be a channel for ever. */
	g_autoptr(GString) there = g_string_new(NULL);
	if (!put_all(req, c.name, there, &count, error)) {
		return false;
	}
	if (count == 0) {
		return hk_error_set(error, HK_ENOENT, "there is no such channel");
	}
	return hk_flow_do(req->flow, &req->who, act_set, &c, error) &&
	       put_all(req, c.name, hk_reply_json(reply, 200), &count, error);
}
