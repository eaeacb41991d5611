/* Campaigns: cases that belong together. */
#include <string.h>

#include "flow/case_int.h"
#include "flow/check.h"
#include "store/campaigns.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { FIELDS_BYTES_MAX = 65536 };

bool
hk_case_join(hk_flow *flow, int64_t case_id, int64_t campaign_id, GError **error)
{
	g_auto(hk_case_work) work = {0};

	if (!hk_case_open_any(flow, case_id, 0, &work, error)) {
		return false;
	}
	/* Since it was found, another may have put it elsewhere. */
	if (work.row.campaign_id != 0 || !work.counted_was) {
		return true;
	}
	work.row.campaign_id = campaign_id;
	g_autofree char *data = g_strdup_printf("{\"campaign\":%" G_GINT64_FORMAT "}", campaign_id);
	hk_case_note(flow, "case.campaign", case_id, data);
	return hk_campaigns_count(flow->db, campaign_id, 1, flow->now_ms, error) &&
	       hk_case_save(flow, &work, HK_CASE_CAMPAIGN, false, error);
}

bool
hk_campaign_new(hk_flow *flow, const char *name, int64_t *ret_id, GError **error)
{
	int64_t id;
	bool fresh;

	if (!hk_check_line("name", name, HK_NAME_MAX, error) ||
		!hk_campaigns_found(
			flow->db, name, "manual", NULL, flow->now_ms, &id, &fresh, error)) {
		return false;
	}
	hk_flow_note(flow, "campaign.new", "campaign", id, 0, NULL);
	*ret_id = id;
	return true;
}

static bool
edit_field(hk_flow *flow, hk_campaign_row *row, const hk_json *root, const char *key,
	const hk_json *value, GError **error)
{
	const char *text = NULL;
	bool null = hk_json_kind_of(value) == HK_JSON_NULL;

	if (strcmp(key, "name") == 0) {
		if (!hk_json_str(root, key, &text, error) ||
			!hk_check_line("name", text, HK_NAME_MAX, error)) {
			return false;
		}
		g_free(row->name);
		row->name = g_strdup(text);
		return true;
	}
	if (strcmp(key, "actor") != 0) {
		return hk_error_set(
			error, HK_EFORM, "%s: is no field of a campaign that can be changed", key);
	}
	row->actor_id = 0;
	if (null) {
		return true;
	}
	if (!hk_json_str(root, key, &text, error) ||
		!hk_lookup_actor(flow->db, text, &row->actor_id, error)) {
		return false;
	}
	return row->actor_id != 0 ||
	       hk_error_set(error, HK_ENOENT, "actor: there is none of that key");
}

bool
hk_campaign_edit(hk_flow *flow, int64_t id, int64_t version, const char *fields, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_check_doc("fields", fields, FIELDS_BYTES_MAX, HK_JSON_OBJECT, error);
	g_auto(hk_campaign_row) row = {0};
	const char *key;
	void *pos = NULL;
	hk_json value;

	if (!doc || !hk_campaigns_get(flow->db, id, &row, error)) {
		return false;
	}
	if (version != 0 && version != row.version) {
		return hk_error_set(error, HK_EINCONSISTENT,
			"campaign %" G_GINT64_FORMAT " was changed meanwhile", id);
	}
	hk_json root = hk_json_root(doc);
	while (hk_json_each(&root, &pos, &key, &value)) {
		if (!edit_field(flow, &row, &root, key, &value, error)) {
			return false;
		}
	}
	hk_flow_note(flow, "campaign.edit", "campaign", id, 0, fields);
	return hk_campaigns_set(flow->db, &row, flow->now_ms, error);
}

bool
hk_campaign_act(hk_flow *flow, int64_t id, const char *act, const char *note, int64_t *ret_count,
	GError **error)
{
	g_auto(hk_campaign_row) row = {0};
	g_autoptr(GArray) cases = NULL;
	int64_t count = 0;

	if (!hk_campaigns_get(flow->db, id, &row, error) ||
		!hk_campaigns_cases(flow->db, id, &cases, error)) {
		return false;
	}
	for (unsigned i = 0; i < cases->len; i++) {
		int64_t case_id = g_array_index(cases, int64_t, i);
		g_autoptr(GError) inner = NULL;
		if (hk_case_move(flow, case_id, 0, act, note, &inner)) {
			count++;
			continue;
		}
		/* Those that stand elsewhere have no such move; an act that refuses has written nothing. */
		if (hk_error_code(inner) != HK_EPOLICY && hk_error_code(inner) != HK_ENOENT) {
			g_propagate_error(error, g_steal_pointer(&inner));
			return false;
		}
	}
	g_autoptr(GString) data = g_string_new(NULL);
	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "act");
	hk_jsonw_str(data, act);
	hk_jsonw_key(data, "cases");
	hk_jsonw_int(data, count);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "campaign.act", "campaign", id, 0, data->str);
	*ret_count = count;
	return true;
}
