/* flow/meta: targets, actors, contacts, task templates, statuses. Layer: flow. Hostile: every value is checked.
 *
 * A row is written by a JSON object of its fields (columns of store/meta_rows; lists and booleans as JSON's own). Fields that are not
 * named keep their value, or have their default in a new row. Errors begin with the field's name. key is needed in a new row and never changes. */
#ifndef HK_FLOW_META_H
#define HK_FLOW_META_H

#include "flow/flow.h"
#include "store/meta_rows.h"

#define HK_META_BYTES_MAX (16u << 20)

/* hk_meta_find(word, ret): "target" or "targets", "task_template", "task-templates" ... hk_meta_text(meta): "target" ...; hk_meta_plural: "targets", "task_templates" ... */
bool hk_meta_find(const char *word, hk_meta *ret);
const char *hk_meta_text(hk_meta meta);
const char *hk_meta_plural(hk_meta meta);

/* hk_meta_new: HK_EPOLICY when there is one of that key. hk_meta_edit: version 0: whatever it is. */
bool hk_meta_new(hk_flow *flow, hk_meta meta, const char *fields, int64_t *ret_id, GError **error);
bool hk_meta_edit(hk_flow *flow, hk_meta meta, int64_t id, int64_t version, const char *fields,
	GError **error);

/* hk_meta_object(meta, row, out): the row as JSON: its fields, and id and version when ids is true. */
void hk_meta_object(hk_meta meta, const hk_meta_row *row, bool ids, GString *out);

/* hk_meta_export(db, out, error): {"hikeshi_meta":1,"targets":[...],"actors":[...],...}.
 * hk_meta_import(flow, text, ret, error): the same form; rows are found by key: made, changed, or the same. All or nothing. Errors
 * name the place: "targets[3].name: is empty". A key that stands twice in a list is refused.
 * hk_meta_preview(flow, text, out, ret, error): what an import would do; writes nothing. To out (on success) goes a JSON list, a row for each
 * that would be made, changed or refused, in the order of the file:
 *   {"list":"targets","index":3,"key":...,"name":...,"how":"made","is":{...}}                  key, name: as in the file; null: no text
 *   {...,"how":"changed","change":{"key":...,"was":{...},"is":{...}}}                          the fields that differ
 *   {...,"how":"refused","field":"name","why":"is empty"}                                      field: null when it is the row itself
 * Rows beyond HK_META_PREVIEW_BYTES of them are judged and counted, but left out. A file that is no such file is an error, as above. */
#define HK_META_PREVIEW_BYTES (1u << 20)
typedef struct hk_meta_count {
	int64_t made, changed, same;
	int64_t refused, left_out; /* of a preview */
} hk_meta_count;
bool hk_meta_export(hk_db *db, GString *out, GError **error);
bool hk_meta_import(hk_flow *flow, hk_span text, hk_meta_count *ret, GError **error);
bool hk_meta_preview(hk_flow *flow, hk_span text, GString *out, hk_meta_count *ret, GError **error);

/* hk_meta_seed(flow, error): statuses of states.def that are missing. */
bool hk_meta_seed(hk_flow *flow, GError **error);

/* hk_meta_seed_target(flow, seed, ret_made, error): a brand of a target pack (score/targets): made unless it is there: a target of its name, or one of its key
 * that has one of its domains (somebody gave it another name). A key that another one has is not taken from it: then the whole first domain is the key, or the
 * key with -2, -3 ... behind it. *ret_made: it was not there. The same every time that it is asked. */
typedef struct hk_target_seed {
	const char *key, *name;
	const char *const *
		brands; /* names of all brands of the pack, NULL-terminated: a target that has another one of them is not this one */
	const char *name_en; /* or NULL */
	const char *const *domains;
	size_t domain_count;
	bool own;
} hk_target_seed;
bool hk_meta_seed_target(hk_flow *flow, const hk_target_seed *seed, bool *ret_made, GError **error);

#endif
