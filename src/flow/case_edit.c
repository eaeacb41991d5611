/* hk_case_edit: one row per field. */
#include <string.h>

#include "flow/case_int.h"
#include "flow/check.h"
#include "store/campaigns.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { FIELDS_BYTES_MAX = 65536 };

/* A field that is being changed: what it was and is go into the audit row. */
typedef struct change {
	hk_flow *flow;
	hk_case_row *row;
	const char *field;
	const hk_json *obj;
	hk_json value;
	GString *data;
	bool kind, campaign;
	int64_t campaign_was;
	unsigned count;
} change;

static void
put_value(GString *out, const char *text)
{
	if (text) {
		hk_jsonw_str(out, text);
	} else {
		hk_jsonw_null(out);
	}
}

static void
changed(change *c, const char *was, const char *is)
{
	hk_jsonw_key(c->data, c->field);
	hk_jsonw_open(c->data, '{');
	hk_jsonw_key(c->data, "was");
	put_value(c->data, was);
	hk_jsonw_key(c->data, "is");
	put_value(c->data, is);
	hk_jsonw_close(c->data, '}');
	c->count++;
}

static void
set_text(change *c, char **place, const char *text)
{
	if (g_strcmp0(*place, text) != 0) {
		changed(c, *place, text);
		g_free(*place);
		*place = g_strdup(text);
	}
}

/* *ret NULL: the member is null. */
static bool
text_of(change *c, bool nullable, const char **ret, GError **error)
{
	if (hk_json_kind_of(&c->value) == HK_JSON_NULL && nullable) {
		*ret = NULL;
		return true;
	}
	return hk_json_str(c->obj, c->field, ret, error);
}

static bool
edit_name(change *c, GError **error)
{
	const char *text;

	if (!text_of(c, false, &text, error) || !hk_check_line("name", text, HK_NAME_MAX, error)) {
		return false;
	}
	set_text(c, &c->row->name, text);
	return true;
}

static bool
edit_kind(change *c, GError **error)
{
	const char *text;

	if (!text_of(c, false, &text, error)) {
		return false;
	}
	const hk_casekind *kind = hk_casekind_find(text);
	if (!kind) {
		return hk_error_set(error, HK_EFORM, "kind: there is no such kind of case");
	}
	if (strcmp(c->row->kind, kind->text) != 0) {
		changed(c, c->row->kind, kind->text);
		c->row->kind = kind->text;
		c->kind = true;
	}
	return true;
}

static bool
edit_target(change *c, GError **error)
{
	const hk_target_row *target = NULL;
	g_autoptr(hk_target_row) was = NULL;
	const char *text;

	if (!text_of(c, true, &text, error) ||
		(text && !hk_flow_target(c->flow, text, &target, error))) {
		return false;
	}
	int64_t id = target ? target->id : 0;
	if (c->row->target_id == id) {
		return true;
	}
	if (c->row->target_id != 0 &&
		!hk_lookup_target_id(c->flow->db, c->row->target_id, &was, error)) {
		return false;
	}
	changed(c, was ? was->key : NULL, target ? target->key : NULL);
	c->row->target_id = id;
	return true;
}

static bool
edit_service(change *c, GError **error)
{
	const char *text;

	if (!text_of(c, true, &text, error) ||
		(text && !hk_check_line("service", text, HK_NAME_MAX, error))) {
		return false;
	}
	set_text(c, &c->row->service, text);
	return true;
}

static void
set_id(change *c, int64_t *place, int64_t id)
{
	if (*place != id) {
		g_autofree char *was = g_strdup_printf("%" G_GINT64_FORMAT, *place);
		g_autofree char *is = g_strdup_printf("%" G_GINT64_FORMAT, id);
		changed(c, *place ? was : NULL, id ? is : NULL);
		*place = id;
	}
}

static bool
edit_actor(change *c, GError **error)
{
	const char *text;
	int64_t id = 0;

	if (!text_of(c, true, &text, error) ||
		(text && !hk_lookup_actor(c->flow->db, text, &id, error))) {
		return false;
	}
	if (text && id == 0) {
		return hk_error_set(error, HK_ENOENT, "actor: there is none of that key");
	}
	set_id(c, &c->row->actor_id, id);
	return true;
}

static bool
edit_assignee(change *c, GError **error)
{
	g_autofree char *was = NULL;
	const char *text;
	int64_t id = 0;

	if (!text_of(c, true, &text, error) ||
		(text && !hk_lookup_user(c->flow->db, text, &id, error))) {
		return false;
	}
	if (text && id == 0) {
		return hk_error_set(
			error, HK_ENOENT, "assignee: there is no active user of that login");
	}
	if (c->row->assignee_id == id) {
		return true;
	}
	if (c->row->assignee_id != 0 &&
		!hk_lookup_login(c->flow->db, c->row->assignee_id, &was, error)) {
		return false;
	}
	changed(c, was, text);
	c->row->assignee_id = id;
	return true;
}

static bool
edit_gsb(change *c, GError **error)
{
	const char *text;

	if (!text_of(c, true, &text, error) ||
		(text && !hk_check_word("gsb_type", text, hk_gsb_types, error))) {
		return false;
	}
	set_text(c, &c->row->gsb_type, text);
	return true;
}

static bool
edit_ticket(change *c, GError **error)
{
	const char *text;

	if (!text_of(c, true, &text, error) ||
		(text && !hk_check_word("ticket_type", text, hk_ticket_types, error))) {
		return false;
	}
	set_text(c, &c->row->ticket_type, text);
	return true;
}

static bool
edit_wants(change *c, GError **error)
{
	g_autofree char *wants = NULL;

	if (!hk_check_wants("wants", &c->value, &wants, error)) {
		return false;
	}
	set_text(c, &c->row->wants, wants);
	return true;
}

static bool
edit_campaign(change *c, GError **error)
{
	g_auto(hk_campaign_row) campaign = {0};
	int64_t id = 0;

	if (hk_json_kind_of(&c->value) != HK_JSON_NULL) {
		if (!hk_json_i64(c->obj, "campaign", &id, error)) {
			return false;
		}
		if (!hk_campaigns_get(c->flow->db, id, &campaign, error)) {
			g_prefix_error(error, "campaign: ");
			return false;
		}
	}
	c->campaign_was = c->row->campaign_id;
	c->campaign = c->campaign_was != id;
	set_id(c, &c->row->campaign_id, id);
	return true;
}

static const struct {
	const char *field;
	bool (*edit)(change *c, GError **error);
} fields_by_name[] = {
	{"name", edit_name},
	{"kind", edit_kind},
	{"target", edit_target},
	{"service", edit_service},
	{"actor", edit_actor},
	{"assignee", edit_assignee},
	{"gsb_type", edit_gsb},
	{"ticket_type", edit_ticket},
	{"wants", edit_wants},
	{"campaign", edit_campaign},
};

static bool
edit_clock(change *c, hk_clock clock, GError **error)
{
	char was[HK_CLOCK_TEXT_SIZE], is[HK_CLOCK_TEXT_SIZE];
	int64_t *place = &c->row->clocks[clock];
	const char *text;
	int64_t ms = 0;

	if (!text_of(c, clock != HK_CLOCK_FIRST_SEEN, &text, error) ||
		(text && !hk_check_time(c->field, text, &ms, error))) {
		return false;
	}
	if (*place != ms) {
		changed(c, *place ? hk_clock_format(*place, was) : NULL,
			ms ? hk_clock_format(ms, is) : NULL);
		*place = ms;
	}
	return true;
}

static bool
edit_one(change *c, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(fields_by_name); i++) {
		if (strcmp(fields_by_name[i].field, c->field) == 0) {
			return fields_by_name[i].edit(c, error);
		}
	}
	for (unsigned i = 0; i < HK_CLOCK_COUNT; i++) {
		if (hk_clock_by_hand(i) && strcmp(hk_clock_name(i), c->field) == 0) {
			return edit_clock(c, i, error);
		}
	}
	return hk_error_set(
		error, HK_EFORM, "%s: is no field of a case that can be changed", c->field);
}

/* The clock that runs keeps the moment it started at: what it was due less what it had. */
static bool
restart_clock(hk_flow *flow, hk_case_row *row, const char *kind_was, GError **error)
{
	const hk_policy *policy = hk_flow_policy(flow, error);

	if (!policy) {
		return false;
	}
	int64_t room = hk_policy_due(policy, hk_policy_clock(row->state), kind_was, 1) - 1;
	int64_t from_ms = row->due_ms != 0 && room >= 0 ? row->due_ms - room : flow->now_ms;
	return hk_case_clock(flow, row, from_ms, error);
}

static bool
edit_all(change *c, const hk_json *root, GError **error)
{
	void *pos = NULL;

	hk_jsonw_open(c->data, '{');
	while (hk_json_each(root, &pos, &c->field, &c->value)) {
		if (!edit_one(c, error)) {
			return false;
		}
	}
	hk_jsonw_close(c->data, '}');
	return true;
}

bool
hk_case_edit(hk_flow *flow, int64_t id, int64_t version, const char *fields, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_check_doc("fields", fields, FIELDS_BYTES_MAX, HK_JSON_OBJECT, error);
	g_auto(hk_case_work) work = {0};
	g_autoptr(GString) data = g_string_new(NULL);

	if (!doc || !hk_case_open(flow, id, version, &work, error)) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	const char *kind_was = work.row.kind;
	change c = {.flow = flow, .row = &work.row, .obj = &root, .data = data};
	if (!edit_all(&c, &root, error)) {
		return false;
	}
	if (c.count == 0) {
		return true;
	}
	if ((c.kind && !restart_clock(flow, &work.row, kind_was, error)) ||
		(c.campaign &&
			(!hk_campaigns_count(flow->db, c.campaign_was, -1, flow->now_ms, error) ||
				!hk_campaigns_count(
					flow->db, work.row.campaign_id, 1, flow->now_ms, error)))) {
		return false;
	}
	hk_case_note(flow, "case.edit", id, data->str);
	return hk_case_save(flow, &work, HK_CASE_ALL, true, error);
}
