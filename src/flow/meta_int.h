/* flow/meta_int: what single changes of meta data and whole files of them share. Layer: flow; only src/flow includes it. */
#ifndef HK_FLOW_META_INT_H
#define HK_FLOW_META_INT_H

#include "flow/meta.h"
#include "sys/json.h"

/* hk_meta_lock(flow, error): writers of meta data stand in line: two must not make the same key. Until the transaction ends. */
bool hk_meta_lock(hk_flow *flow, GError **error);

/* hk_meta_make(flow, meta, obj, dry_run, ret_id, ret_data, error): a new row of the fields of obj. dry_run: checked only, *ret_id is 0.
 * *ret_data (NULL: not wanted): the whole row as JSON without its number; the caller frees it. HK_EFORM, HK_ERANGE, HK_EPOLICY, beginning
 * with the field's name, for a value that is refused; else what the database said. */
bool hk_meta_make(hk_flow *flow, hk_meta meta, const hk_json *obj, bool dry_run, int64_t *ret_id,
	char **ret_data, GError **error);

/* hk_meta_change(flow, meta, was, obj, dry_run, ret_data, error): the fields of obj into the row that `was` is. *ret_data:
 * {"key":...,"was":{...},"is":{...}} of the fields that differ, which the caller frees; NULL when none does. Errors as above. */
bool hk_meta_change(hk_flow *flow, hk_meta meta, const hk_meta_row *was, const hk_json *obj,
	bool dry_run, char **ret_data, GError **error);

#endif
