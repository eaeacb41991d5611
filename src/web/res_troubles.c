/* /troubles: what is wrong with the house now, for the page System and the number beside its name. */
#include "flow/troubles.h"
#include "sys/clock.h"
#include "sys/egress.h"
#include "sys/jsonw.h"
#include "web/res.h"
#include "web/rows.h"
#include "web/web.h"

enum { PLACES_MAX = 8 };

static void
put_trouble(const hk_trouble *t, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "kind", hk_trouble_word(t->kind));
	hk_jsonw_member_str(out, "severity", t->grave ? "grave" : "warn");
	hk_jsonw_member_str(out, "subject", t->subject);
	hk_jsonw_member_int(out, "count", t->count);
	hk_web_time(out, "since", t->since_ms);
	hk_jsonw_member_str(out, "error", t->error);
	hk_jsonw_close(out, '}');
}

/* Where data lie, and how full that is. Returns how many. */
static size_t
measure(const hk_req *req, hk_troubles_place ret[PLACES_MAX])
{
	const char *const key[] = {req->config->audit_key, NULL};
	const char *const *path = req->config->places ? req->config->places : key;
	size_t count = 0;

	for (; *path && count < PLACES_MAX; path++) {
		ret[count].path = *path;
		count += hk_disk_at(*path, &ret[count].disk);
	}
	return count;
}

bool
hk_res_troubles_put(hk_req *req, GString *out, int64_t *ret_grave, GError **error)
{
	hk_troubles_place places[PLACES_MAX];
	const hk_egress *egress = hk_egress_house();
	g_autofree char *killed = hk_egress_killed(egress) ? hk_egress_killed_why(egress) : NULL;
	const hk_troubles_house house = {.now_ms = hk_clock_wall_ms(),
		.places = places,
		.place_count = measure(req, places),
		.killed = killed};
	g_autoptr(GPtrArray) all = NULL;
	int64_t grave = 0;

	if (!hk_troubles_read(req->db, &house, &all, error)) {
		return false;
	}
	hk_jsonw_key(out, "troubles");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < all->len; i++) {
		const hk_trouble *t = all->pdata[i];
		put_trouble(t, out);
		grave += t->grave;
	}
	hk_jsonw_close(out, ']');
	if (ret_grave) {
		*ret_grave = grave;
	}
	return true;
}

bool
hk_web_troubles(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t grave;

	if (!hk_req_query_only(req, error, NULL)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	if (!hk_res_troubles_put(req, out, &grave, error)) {
		return false;
	}
	hk_jsonw_member_int(out, "grave", grave);
	hk_jsonw_close(out, '}');
	return true;
}
