#include "flow/meta.h"

#include <string.h>

#include "flow/check.h"
#include "flow/flow_int.h"
#include "flow/meta_field.h"
#include "flow/meta_int.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

static const struct {
	const char *text, *plural, *dashed;
} names[HK_META_COUNT] = {
	[HK_META_TARGET] = {"target", "targets", "targets"},
	[HK_META_ACTOR] = {"actor", "actors", "actors"},
	[HK_META_CONTACT] = {"contact", "contacts", "contacts"},
	[HK_META_TASK_TEMPLATE] = {"task_template", "task_templates", "task-templates"},
	[HK_META_STATUS] = {"status", "statuses", "statuses"},
};

bool
hk_meta_find(const char *word, hk_meta *ret)
{
	for (unsigned i = 0; i < HK_META_COUNT; i++) {
		if (strcmp(word, names[i].text) == 0 || strcmp(word, names[i].plural) == 0 ||
			strcmp(word, names[i].dashed) == 0) {
			*ret = (hk_meta)i;
			return true;
		}
	}
	return false;
}

const char *
hk_meta_text(hk_meta meta)
{
	return names[meta].text;
}

const char *
hk_meta_plural(hk_meta meta)
{
	return names[meta].plural;
}

void
hk_meta_object(hk_meta meta, const hk_meta_row *row, bool ids, GString *out)
{
	const char *const *columns = hk_meta_columns(meta);

	hk_jsonw_open(out, '{');
	if (ids) {
		hk_jsonw_key(out, "id");
		hk_jsonw_int(out, row->id);
	}
	for (unsigned i = 0; columns[i]; i++) {
		hk_jsonw_key(out, columns[i]);
		hk_meta_field_write(meta, i, &row->values[i], out);
	}
	if (ids) {
		hk_jsonw_key(out, "version");
		hk_jsonw_int(out, row->version);
	}
	hk_jsonw_close(out, '}');
}

/* The fields of an object into a row. */
static bool
take_fields(hk_meta meta, hk_meta_row *row, const hk_json *obj, GError **error)
{
	const char *const *columns = hk_meta_columns(meta);
	const char *key;
	void *pos = NULL;
	hk_json value;

	if (hk_json_kind_of(obj) != HK_JSON_OBJECT) {
		return hk_error_set(error, HK_EFORM, "must be an object");
	}
	while (hk_json_each(obj, &pos, &key, &value)) {
		unsigned i = 0;
		while (columns[i] && strcmp(columns[i], key) != 0) {
			i++;
		}
		if (!columns[i]) {
			return hk_error_set(error, HK_EFORM, "%s: is no field here (%s)", key,
				names[meta].text);
		}
		if (i == 0 && row->id != 0) {
			if (g_strcmp0(hk_json_text(&value), row->values[0].s) != 0) {
				return hk_error_set(error, HK_EPOLICY, "key: never changes");
			}
			continue;
		}
		if (!hk_meta_field_take(meta, i, &value, &row->values[i], error)) {
			return false;
		}
	}
	return true;
}

/* What a new row needs, and has by default. An English name that is missing is the name. */
static bool
complete(hk_meta meta, hk_meta_row *row, const hk_json *obj, GError **error)
{
	const char *const *columns = hk_meta_columns(meta);

	for (unsigned i = 0; columns[i]; i++) {
		hk_json unused;
		if (hk_json_any(obj, columns[i], &unused) ||
			hk_meta_field_default(meta, i, &row->values[i])) {
			continue;
		}
		if (strcmp(columns[i], "name_en") == 0) {
			row->values[i].s = g_strdup(row->values[i - 1].s);
			continue;
		}
		return hk_error_set(error, HK_EFORM, "%s: is missing", columns[i]);
	}
	return true;
}

static bool
same_value(const hk_meta_value *a, const hk_meta_value *b)
{
	return a->i == b->i && g_strcmp0(a->s, b->s) == 0;
}

/* {"key":..., "was":{...}, "is":{...}}: the fields that changed. *ret_changed: how many. */
static char *
difference(hk_meta meta, const hk_meta_row *was, const hk_meta_row *is, unsigned *ret_changed)
{
	const char *const *columns = hk_meta_columns(meta);
	GString *out = g_string_new(NULL);

	*ret_changed = 0;
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "key");
	hk_jsonw_str(out, is->values[0].s);
	for (unsigned side = 0; side < 2; side++) {
		const hk_meta_row *row = side == 0 ? was : is;
		hk_jsonw_key(out, side == 0 ? "was" : "is");
		hk_jsonw_open(out, '{');
		for (unsigned i = 0; columns[i]; i++) {
			if (!same_value(&was->values[i], &is->values[i])) {
				hk_jsonw_key(out, columns[i]);
				hk_meta_field_write(meta, i, &row->values[i], out);
				*ret_changed += side;
			}
		}
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

static void
note(hk_flow *flow, hk_meta meta, const char *act, int64_t id, const char *data)
{
	g_autofree char *name = g_strconcat(names[meta].text, ".", act, NULL);

	hk_flow_note(flow, name, names[meta].text, id, 0, data);
}

bool
hk_meta_make(hk_flow *flow, hk_meta meta, const hk_json *obj, bool dry_run, int64_t *ret_id,
	char **ret_data, GError **error)
{
	g_auto(hk_meta_row) row = {0};
	g_autoptr(GString) data = g_string_new(NULL);

	if (!take_fields(meta, &row, obj, error) || !complete(meta, &row, obj, error) ||
		(!dry_run && !hk_meta_rows_put(flow->db, meta, &row, flow->now_ms, error))) {
		return false;
	}
	hk_meta_object(meta, &row, false, data);
	if (!dry_run) {
		note(flow, meta, "new", row.id, data->str);
	}
	*ret_id = row.id;
	if (ret_data) {
		*ret_data = g_strdup(data->str);
	}
	return true;
}

bool
hk_meta_change(hk_flow *flow, hk_meta meta, const hk_meta_row *was, const hk_json *obj,
	bool dry_run, char **ret_data, GError **error)
{
	g_auto(hk_meta_row) row = {.id = was->id, .version = was->version};
	unsigned changed;

	for (unsigned i = 0; i < HK_META_COLUMNS_MAX; i++) {
		row.values[i] = was->values[i];
		row.values[i].s = g_strdup(was->values[i].s);
	}
	if (!take_fields(meta, &row, obj, error)) {
		return false;
	}
	g_autofree char *data = difference(meta, was, &row, &changed);
	if (changed > 0 && !dry_run) {
		if (!hk_meta_rows_put(flow->db, meta, &row, flow->now_ms, error)) {
			return false;
		}
		note(flow, meta, "edit", row.id, data);
	}
	*ret_data = changed > 0 ? g_steal_pointer(&data) : NULL;
	return true;
}

bool
hk_meta_lock(hk_flow *flow, GError **error)
{
	/* Leads of this transaction must see what is new. */
	g_hash_table_remove_all(flow->targets);
	g_clear_pointer(&flow->templates, g_ptr_array_unref);
	return hk_db_lock(flow->db, "meta", error);
}

bool
hk_meta_new(hk_flow *flow, hk_meta meta, const char *fields, int64_t *ret_id, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_check_doc("fields", fields, HK_META_BYTES_MAX, HK_JSON_OBJECT, error);
	g_auto(hk_meta_row) known = {0};
	const char *key = NULL;
	bool found = false;

	if (!doc || !hk_meta_lock(flow, error)) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_str(&root, "key", &key, error) ||
		!hk_meta_rows_get(flow->db, meta, 0, key, &known, &found, error)) {
		return false;
	}
	if (found) {
		return hk_error_set(error, HK_EPOLICY, "key: there is a %s of that key already",
			names[meta].text);
	}
	return hk_meta_make(flow, meta, &root, false, ret_id, NULL, error);
}

bool
hk_meta_edit(hk_flow *flow, hk_meta meta, int64_t id, int64_t version, const char *fields,
	GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_check_doc("fields", fields, HK_META_BYTES_MAX, HK_JSON_OBJECT, error);
	g_auto(hk_meta_row) was = {0};
	g_autofree char *data = NULL;
	bool found;

	if (!doc || !hk_meta_lock(flow, error) ||
		!hk_meta_rows_get(flow->db, meta, id, NULL, &was, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(
			error, HK_ENOENT, "there is no %s %" G_GINT64_FORMAT, names[meta].text, id);
	}
	if (version != 0 && version != was.version) {
		return hk_error_set(error, HK_EINCONSISTENT,
			"%s %" G_GINT64_FORMAT " was changed meanwhile", names[meta].text, id);
	}
	hk_json root = hk_json_root(doc);
	return hk_meta_change(flow, meta, &was, &root, false, &data, error);
}

bool
hk_meta_export(hk_db *db, GString *out, GError **error)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "hikeshi_meta");
	hk_jsonw_int(out, 1);
	for (unsigned m = 0; m < HK_META_COUNT; m++) {
		g_autoptr(GPtrArray) rows = NULL;
		if (!hk_meta_rows_all(db, (hk_meta)m, &rows, error)) {
			return false;
		}
		hk_jsonw_key(out, names[m].plural);
		hk_jsonw_open(out, '[');
		for (unsigned i = 0; i < rows->len; i++) {
			hk_meta_object((hk_meta)m, rows->pdata[i], false, out);
		}
		hk_jsonw_close(out, ']');
	}
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
	return true;
}
