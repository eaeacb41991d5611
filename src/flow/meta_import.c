#include "flow/meta.h"

#include <string.h>

#include "flow/flow_int.h"
#include "flow/meta_int.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* One reading of a file. */
typedef struct reading {
	hk_flow *flow;
	GString *rows;    /* of a preview; NULL: an import */
	GHashTable *seen; /* keys of the list that is being read; borrowed from the document */
	hk_meta_count count;
} reading;

typedef struct place {
	hk_meta meta;
	size_t index;
	const char *key, *name; /* borrowed; NULL: none that is a text */
} place;

/* A line of the preview, up to what is said about it; NULL when the preview is full. */
static GString *
begin(reading *r, const place *at, const char *how)
{
	if (!r->rows) {
		return NULL;
	}
	if (r->rows->len >= HK_META_PREVIEW_BYTES) {
		r->count.left_out++;
		return NULL;
	}
	hk_jsonw_open(r->rows, '{');
	hk_jsonw_key(r->rows, "list");
	hk_jsonw_str(r->rows, hk_meta_plural(at->meta));
	hk_jsonw_key(r->rows, "index");
	hk_jsonw_int(r->rows, (int64_t)at->index);
	const char *const texts[][2] = {{"key", at->key}, {"name", at->name}, {"how", how}};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		hk_jsonw_key(r->rows, texts[i][0]);
		if (texts[i][1]) {
			hk_jsonw_str(r->rows, texts[i][1]);
		} else {
			hk_jsonw_null(r->rows);
		}
	}
	return r->rows;
}

static void
say(reading *r, const place *at, const char *how, const char *name, const char *json)
{
	GString *out = begin(r, at, how);

	if (out) {
		hk_jsonw_key(out, name);
		g_string_append(out, json);
		hk_jsonw_close(out, '}');
	}
}

/* "name: is empty" -> field "name", why "is empty"; a text without a field is all why. */
static void
say_refused(reading *r, const place *at, const char *text)
{
	const char *colon = strstr(text, ": ");
	g_autofree char *field = colon ? g_strndup(text, (gsize)(colon - text)) : NULL;
	GString *out = begin(r, at, "refused");

	r->count.refused++;
	if (!out) {
		return;
	}
	hk_jsonw_key(out, "field");
	if (field) {
		hk_jsonw_str(out, field);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_key(out, "why");
	hk_jsonw_str(out, field ? colon + 2 : text);
	hk_jsonw_close(out, '}');
}

static const char *
text_of(const hk_json *obj, const char *key)
{
	const char *text = NULL;

	return hk_json_str(obj, key, &text, NULL) ? text : NULL;
}

static bool
read_row(reading *r, const place *at, const hk_json *obj, GError **error)
{
	g_auto(hk_meta_row) was = {0};
	g_autofree char *data = NULL;
	bool found = false;
	int64_t id = 0;

	if (!at->key) {
		return hk_error_set(error, HK_EFORM, "key: is missing");
	}
	/* Which of the two would win depends on the order alone: somebody has to say. */
	if (!g_hash_table_add(r->seen, (void *)at->key)) {
		return hk_error_set(error, HK_EFORM, "key: stands twice in this list");
	}
	if (!hk_meta_rows_get(r->flow->db, at->meta, 0, at->key, &was, &found, error)) {
		return false;
	}
	bool dry_run = r->rows != NULL;
	if (!found) {
		if (!hk_meta_make(r->flow, at->meta, obj, dry_run, &id, &data, error)) {
			return false;
		}
		r->count.made++;
		say(r, at, "made", "is", data);
		return true;
	}
	if (!hk_meta_change(r->flow, at->meta, &was, obj, dry_run, &data, error)) {
		return false;
	}
	*(data ? &r->count.changed : &r->count.same) += 1;
	if (data) {
		say(r, at, "changed", "change", data);
	}
	return true;
}

/* Whether an error is about what stands in the file. */
static bool
is_refusal(const GError *error)
{
	hk_err code = hk_error_code(error);

	return code == HK_EFORM || code == HK_ERANGE || code == HK_EPOLICY;
}

static bool
read_list(reading *r, hk_meta meta, const hk_json *list, GError **error)
{
	if (hk_json_kind_of(list) != HK_JSON_ARRAY) {
		return hk_error_set(error, HK_EFORM, "%s: must be a list", hk_meta_plural(meta));
	}
	g_hash_table_remove_all(r->seen);
	for (size_t i = 0; i < hk_json_len(list); i++) {
		g_autoptr(GError) local = NULL;
		hk_json obj = hk_json_at(list, i);
		place at = {meta, i, text_of(&obj, "key"), text_of(&obj, "name")};
		if (read_row(r, &at, &obj, &local)) {
			continue;
		}
		if (!r->rows || !is_refusal(local)) {
			g_propagate_prefixed_error(error, g_steal_pointer(&local), "%s[%zu].",
				hk_meta_plural(meta), i);
			return false;
		}
		say_refused(r, &at, local->message);
	}
	return true;
}

static bool
read_file(reading *r, hk_span text, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(text, HK_META_BYTES_MAX, error);
	const char *key;
	void *pos = NULL;
	hk_json value;
	hk_meta meta;
	int64_t form;

	if (!doc || !hk_meta_lock(r->flow, error)) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_i64(&root, "hikeshi_meta", &form, error)) {
		return false;
	}
	if (form != 1) {
		return hk_error_set(error, HK_EVERSION,
			"hikeshi_meta: form %" G_GINT64_FORMAT " is not known here", form);
	}
	r->seen = g_hash_table_new(g_str_hash, g_str_equal);
	bool good = true;
	while (good && hk_json_each(&root, &pos, &key, &value)) {
		if (strcmp(key, "hikeshi_meta") == 0) {
			continue;
		}
		good = hk_meta_find(key, &meta)
			       ? read_list(r, meta, &value, error)
			       : hk_error_set(error, HK_EFORM, "%s: is no meta data", key);
	}
	g_clear_pointer(&r->seen, g_hash_table_unref);
	return good;
}

bool
hk_meta_import(hk_flow *flow, hk_span text, hk_meta_count *ret, GError **error)
{
	reading r = {.flow = flow};

	if (!read_file(&r, text, error)) {
		return false;
	}
	g_autofree char *data =
		g_strdup_printf("{\"made\":%" G_GINT64_FORMAT ",\"changed\":%" G_GINT64_FORMAT
				",\"same\":%" G_GINT64_FORMAT "}",
			r.count.made, r.count.changed, r.count.same);
	hk_flow_note(flow, "meta.import", "meta", 0, 0, data);
	*ret = r.count;
	return true;
}

bool
hk_meta_preview(hk_flow *flow, hk_span text, GString *out, hk_meta_count *ret, GError **error)
{
	g_autoptr(GString) rows = g_string_new(NULL);
	reading r = {.flow = flow, .rows = rows};

	hk_jsonw_open(rows, '[');
	if (!read_file(&r, text, error)) {
		return false;
	}
	hk_jsonw_close(rows, ']');
	g_string_append_len(out, rows->str, (gssize)rows->len);
	*ret = r.count;
	return true;
}
