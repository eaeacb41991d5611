/* What a new database begins with. */
#include <string.h>

#include "flow/check.h"
#include "flow/flow_int.h"
#include "flow/meta.h"
#include "sys/json.h"
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

/* ---- brands ---- */

/* Of hk_meta_columns(HK_META_TARGET). */
enum { COLUMN_NAME = 1, COLUMN_DOMAINS = 5 };

/* Whether a target with these domains (JSON) may be the brand as far as they go: one without any may. */
static bool
domains_fit(const hk_target_seed *seed, const char *json)
{
	hk_span text = hk_span_str(json ? json : "");
	g_autoptr(hk_json_doc) doc = hk_json_load(text, text.len, NULL);

	if (!doc) {
		return true;
	}
	hk_json list = hk_json_root(doc);
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json one = hk_json_at(&list, i);
		const char *domain = hk_json_text(&one);
		for (size_t k = 0; domain && k < seed->domain_count; k++) {
			if (g_ascii_strcasecmp(domain, seed->domains[k]) == 0) {
				return true;
			}
		}
	}
	return hk_json_len(&list) == 0;
}

/* A target with a key that the brand would have: the brand, which somebody has renamed since, or another one? */
static bool
is_same(const hk_target_seed *seed, const hk_meta_row *row)
{
	const char *name = row->values[COLUMN_NAME].s;

	if (strcmp(name, seed->name) == 0) {
		return true;
	}
	return !g_strv_contains(seed->brands, name) &&
	       domains_fit(seed, row->values[COLUMN_DOMAINS].s);
}

/* The number-th key to try, from 0; NULL: that one is none. */
static char *
key_to_try(const hk_target_seed *seed, unsigned number)
{
	if (number == 0) {
		return g_strdup(seed->key);
	}
	if (number > 1) {
		return g_strdup_printf("%s-%u", seed->key, number);
	}
	bool good = seed->domain_count > 0 && hk_check_key("key", seed->domains[0], NULL);
	return good ? g_strdup(seed->domains[0]) : NULL;
}

/* *ret: a key that is free, owned; NULL: the brand is there. */
static bool
find_key(hk_flow *flow, const hk_target_seed *seed, char **ret, GError **error)
{
	for (unsigned number = 0;; number++) {
		g_auto(hk_meta_row) row = {0};
		g_autofree char *key = key_to_try(seed, number);
		bool found;

		if (!key) {
			continue;
		}
		if (!hk_meta_rows_get(flow->db, HK_META_TARGET, 0, key, &row, &found, error)) {
			return false;
		}
		if (!found || is_same(seed, &row)) {
			*ret = found ? NULL : g_steal_pointer(&key);
			return true;
		}
	}
}

bool
hk_meta_seed_target(hk_flow *flow, const hk_target_seed *seed, bool *ret_made, GError **error)
{
	g_autoptr(hk_target_row) named = NULL;
	g_autoptr(GString) fields = g_string_new(NULL);
	g_autofree char *key = NULL;
	int64_t id;

	*ret_made = false;
	if (!hk_lookup_target(flow->db, seed->name, &named, error) ||
		(!named && !find_key(flow, seed, &key, error))) {
		return false;
	}
	if (!key) {
		return true;
	}
	hk_jsonw_open(fields, '{');
	hk_jsonw_key(fields, "key");
	hk_jsonw_str(fields, key);
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
