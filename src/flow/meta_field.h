/* flow/meta_field: what each field of the meta data may hold. Layer: flow; only src/flow includes it. */
#ifndef HK_FLOW_META_FIELD_H
#define HK_FLOW_META_FIELD_H

#include "flow/meta.h"
#include "sys/json.h"

/* hk_meta_field_take(meta, column, value, ret, error): checks value for the column (a place in hk_meta_columns) and keeps it in *ret. */
bool hk_meta_field_take(
	hk_meta meta, unsigned column, const hk_json *value, hk_meta_value *ret, GError **error);
/* hk_meta_field_default(meta, column, ret): what a new row has there; false: the field is needed. */
bool hk_meta_field_default(hk_meta meta, unsigned column, hk_meta_value *ret);
/* hk_meta_field_write(meta, column, value, out): as JSON. */
void hk_meta_field_write(hk_meta meta, unsigned column, const hk_meta_value *value, GString *out);

#endif
