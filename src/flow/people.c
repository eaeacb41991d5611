#include "flow/people.h"

#include <string.h>

#include "flow/check.h"
#include "flow/flow_int.h"
#include "store/settings.h"
#include "store/views.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { FIELDS_BYTES_MAX = 65536, QUERY_MAX = 2000, COLUMNS_MAX = 60 };

const char *const hk_setting_keys[] = {
	"dedupe", "scope", "sla", "ct", "evidence", "looks", "waves", "takedown", NULL};
/* What holds when nobody has said otherwise; flow/policy knows the numbers. */
static const char *const defaults[] = {"{\"days\":30}", "[]",
	"{\"triage\":30,\"confirm\":120,\"report\":240,\"down\":2880}", "{\"threshold\":0.9}",
	"{\"capture\":true,\"enrich\":true,\"plan\":\"standard\",\"days\":7}",
	"{\"on\":true,\"share\":0.01,\"cap\":100000,\"floor\":0.001,\"threshold\":0.5}",
	"{\"confirm\":true}",
	"{\"draft\":true,\"undo_s\":60,\"per_hour\":300,\"per_recipient_day\":50,\"followup_h\":24,"
	"\"escalate_h\":24,\"expire_h\":168,\"policies\":[]}"};
G_STATIC_ASSERT(G_N_ELEMENTS(hk_setting_keys) == G_N_ELEMENTS(defaults) + 1);

bool
hk_setting_get(hk_db *db, const char *key, char **ret, int64_t *ret_version, GError **error)
{
	for (size_t i = 0; hk_setting_keys[i]; i++) {
		if (strcmp(hk_setting_keys[i], key) != 0) {
			continue;
		}
		char *value;
		if (!hk_settings_get(db, key, &value, ret_version, error)) {
			return false;
		}
		*ret = value ? value : g_strdup(defaults[i]);
		return true;
	}
	return hk_error_set(error, HK_ENOENT, "there is no setting of that name");
}

bool
hk_setting_put(hk_flow *flow, const char *key, int64_t version, const char *value, GError **error)
{
	g_autofree char *was = NULL;
	int64_t is_version;
	hk_policy draft;

	/* Its policies approve reports: no token does. */
	if (strcmp(key, "takedown") == 0 && g_strcmp0(flow->who.via, "api") == 0) {
		return hk_error_set(
			error, HK_EPOLICY, "setting takedown is changed in a session, by no token");
	}
	if (!hk_db_lock(flow->db, "settings", error) ||
		!hk_setting_get(flow->db, key, &was, &is_version, error)) {
		return false;
	}
	if (version >= 0 && version != is_version) {
		return hk_error_set(
			error, HK_EINCONSISTENT, "setting %s was changed meanwhile", key);
	}
	hk_policy_init(&draft);
	bool good = hk_policy_take(&draft, key, hk_span_str(value), error);
	hk_policy_clear(&draft);
	if (!good || !hk_settings_put(flow->db, key, value, flow->now_ms, error)) {
		return false;
	}
	/* What follows in this transaction goes by the new one. */
	if (flow->policy_read) {
		hk_policy_clear(&flow->policy);
		flow->policy_read = false;
	}
	g_autoptr(GString) data = g_string_new(NULL);
	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "key");
	hk_jsonw_str(data, key);
	hk_jsonw_key(data, "was");
	hk_jsonw_str(data, was);
	hk_jsonw_key(data, "is");
	hk_jsonw_str(data, value);
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "setting.edit", "setting", 0, 0, data->str);
	return true;
}

static bool
take_columns(const hk_json *list, char **ret, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (hk_json_kind_of(list) != HK_JSON_ARRAY || hk_json_len(list) > COLUMNS_MAX) {
		return hk_error_set(error, HK_EFORM, "columns: must be a list of at most %d names",
			(int)COLUMNS_MAX);
	}
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < hk_json_len(list); i++) {
		hk_json at = hk_json_at(list, i);
		if (!hk_check_line("columns", hk_json_text(&at), HK_LABEL_MAX, error)) {
			return false;
		}
		hk_jsonw_str(out, hk_json_text(&at));
	}
	hk_jsonw_close(out, ']');
	g_free(*ret);
	*ret = g_string_free(g_steal_pointer(&out), FALSE);
	return true;
}

static bool
take_field(hk_flow *flow, hk_view_row *row, const hk_json *root, const char *key,
	const hk_json *value, GError **error)
{
	const struct {
		const char *key;
		char **place;
		bool empty;
	} texts[] = {{"name", &row->name, false}, {"query", &row->query, true},
		{"sort", &row->sort, true}};
	const char *text;
	bool shared;

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (strcmp(texts[i].key, key) != 0) {
			continue;
		}
		if (!hk_json_str(root, key, &text, error) ||
			(!(texts[i].empty && !*text) &&
				!hk_check_line(key, text, QUERY_MAX, error))) {
			return false;
		}
		g_free(*texts[i].place);
		*texts[i].place = g_strdup(text);
		return true;
	}
	if (strcmp(key, "columns") == 0) {
		return take_columns(value, &row->columns, error);
	}
	if (strcmp(key, "position") == 0) {
		return hk_json_i64(root, key, &row->position, error);
	}
	if (strcmp(key, "shared") == 0) {
		if (!hk_json_bool(root, key, &shared, error)) {
			return false;
		}
		row->user_id = shared ? 0 : flow->who.user_id;
		return true;
	}
	return hk_error_set(error, HK_EFORM, "%s: is no field of a view", key);
}

static bool
take_fields(hk_flow *flow, hk_view_row *row, const char *fields, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_check_doc("fields", fields, FIELDS_BYTES_MAX, HK_JSON_OBJECT, error);
	const char *key;
	void *pos = NULL;
	hk_json value;

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	while (hk_json_each(&root, &pos, &key, &value)) {
		if (!take_field(flow, row, &root, key, &value, error)) {
			return false;
		}
	}
	return true;
}

bool
hk_view_new(hk_flow *flow, const char *fields, int64_t *ret_id, GError **error)
{
	g_auto(hk_view_row) row = {.user_id = flow->who.user_id,
		.query = g_strdup(""),
		.sort = g_strdup(""),
		.columns = g_strdup("[]")};
	int64_t id;

	if (!take_fields(flow, &row, fields, error)) {
		return false;
	}
	if (!row.name) {
		return hk_error_set(error, HK_EFORM, "name: is missing");
	}
	if (!hk_views_add(flow->db, &row, &id, error)) {
		return false;
	}
	hk_flow_note(flow, "view.new", "view", id, 0, fields);
	*ret_id = id;
	return true;
}

bool
hk_view_edit(hk_flow *flow, int64_t id, const char *fields, GError **error)
{
	g_auto(hk_view_row) row = {0};

	if (!hk_views_get(flow->db, id, flow->who.user_id, &row, error) ||
		!take_fields(flow, &row, fields, error) || !hk_views_set(flow->db, &row, error)) {
		return false;
	}
	hk_flow_note(flow, "view.edit", "view", id, 0, fields);
	return true;
}

bool
hk_view_delete(hk_flow *flow, int64_t id, GError **error)
{
	g_auto(hk_view_row) row = {0};

	if (!hk_views_get(flow->db, id, flow->who.user_id, &row, error) ||
		!hk_views_delete(flow->db, id, flow->now_ms, error)) {
		return false;
	}
	hk_flow_note(flow, "view.delete", "view", id, 0, NULL);
	return true;
}
