/* What a new database begins with. */
#include <string.h>

#include "flow/flow_int.h"
#include "flow/meta.h"
#include "sys/jsonw.h"

/* States in which the work on a case is done, or is no longer ours alone (S36: the others are "unsupported"). */
static const char *const handled[] = {
	"reported", "down", "closed", "dismissed", "out_of_scope", "duplicate", NULL};

static bool
seed_status(hk_flow *flow, const hk_state *state, int64_t position, GError **error)
{
	g_auto(hk_meta_row) row = {0};
	g_autoptr(GString) fields = g_string_new(NULL);
	bool found;
	int64_t id;

	if (!hk_meta_rows_get(flow->db, HK_META_STATUS, 0, state->text, &row, &found, error)) {
		return false;
	}
	if (found) {
		return true;
	}
	hk_jsonw_open(fields, '{');
	hk_jsonw_key(fields, "key");
	hk_jsonw_str(fields, state->text);
	hk_jsonw_key(fields, "name");
	hk_jsonw_str(fields, state->ja);
	hk_jsonw_key(fields, "name_en");
	hk_jsonw_str(fields, state->en);
	hk_jsonw_key(fields, "handled");
	hk_jsonw_bool(fields, g_strv_contains(handled, state->text));
	hk_jsonw_key(fields, "position");
	hk_jsonw_int(fields, position);
	hk_jsonw_close(fields, '}');
	return hk_meta_new(flow, HK_META_STATUS, fields->str, &id, error);
}

bool
hk_meta_seed(hk_flow *flow, GError **error)
{
	for (size_t i = 0; i < hk_state_count; i++) {
		if (hk_states[i].machine == HK_MACHINE_CASE &&
			!seed_status(flow, &hk_states[i], (int64_t)i, error)) {
			return false;
		}
	}
	return true;
}

bool
hk_meta_seed_target(hk_flow *flow, const hk_target_seed *seed, bool *ret_made, GError **error)
{
	g_auto(hk_meta_row) row = {0};
	g_autoptr(hk_target_row) named = NULL;
	g_autoptr(GString) fields = g_string_new(NULL);
	bool found;
	int64_t id;

	*ret_made = false;
	if (!hk_meta_rows_get(flow->db, HK_META_TARGET, 0, seed->key, &row, &found, error) ||
		!hk_lookup_target(flow->db, seed->name, &named, error)) {
		return false;
	}
	if (found || named) {
		return true;
	}
	hk_jsonw_open(fields, '{');
	hk_jsonw_key(fields, "key");
	hk_jsonw_str(fields, seed->key);
	hk_jsonw_key(fields, "name");
	hk_jsonw_str(fields, seed->name);
	hk_jsonw_key(fields, "name_en");
	hk_jsonw_str(fields, seed->name_en ? seed->name_en : seed->name);
	hk_jsonw_key(fields, "own");
	hk_jsonw_bool(fields, seed->own);
	hk_jsonw_strs(fields, "domains", seed->domains, seed->domain_count);
	hk_jsonw_close(fields, '}');
	*ret_made = true;
	return hk_meta_new(flow, HK_META_TARGET, fields->str, &id, error);
}
