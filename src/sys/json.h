/* sys/json: reading JSON over jansson, with errors that say where. Layer: sys. Input is hostile.
 *
 * For answers that are read now and then (log lists, tree heads, configuration of the range); by
 * the million, entries go through parse/ctjson and sightings out through sys/jsonw. A reader says
 * what it needs, member by member, and every failure names the path: "operators[3].logs[1].key: a
 * string is missing". */
#ifndef HK_SYS_JSON_H
#define HK_SYS_JSON_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

#define HK_JSON_DEPTH_MAX 32

/* A document, owned. */
typedef struct hk_json_doc hk_json_doc;

/* One value of a document, and how it was reached. Borrowed from the document; `up` points to the
 * caller's variable of the value it was taken from, which must still be there when an error is made
 * of this one. */
typedef struct hk_json {
	void *node; /* NULL: an optional member that is missing */
	const struct hk_json *up;
	const char *key; /* member name, or NULL: element number index */
	size_t index;
} hk_json;

/* hk_json_load(text, max_bytes, error): the whole of text must be one JSON value (RFC 8259), UTF-8,
 * without duplicate members and without U+0000 in strings. HK_ELIMIT over max_bytes or
 * HK_JSON_DEPTH_MAX; HK_EFORM with line and column. */
hk_json_doc *hk_json_load(hk_span text, size_t max_bytes, GError **error);
void hk_json_doc_free(hk_json_doc *doc); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_json_doc, hk_json_doc_free)

/* hk_json_root(doc): the value of the whole document. */
hk_json hk_json_root(const hk_json_doc *doc);

/* Required members: false with HK_EFORM and the path when obj is no object, the member is missing
 * or of another kind. Strings are borrowed from the document, NUL-terminated. Integers must lie in
 * 0..2^63-1 (u64) or fit int64. */
bool hk_json_object(const hk_json *obj, const char *key, hk_json *ret, GError **error);
bool hk_json_array(const hk_json *obj, const char *key, hk_json *ret, GError **error);
bool hk_json_str(const hk_json *obj, const char *key, const char **ret, GError **error);
bool hk_json_u64(const hk_json *obj, const char *key, uint64_t *ret, GError **error);
bool hk_json_i64(const hk_json *obj, const char *key, int64_t *ret, GError **error);
bool hk_json_bool(const hk_json *obj, const char *key, bool *ret, GError **error);
bool hk_json_real(
	const hk_json *obj, const char *key, double *ret, GError **error); /* any number */

/* hk_json_base64(obj, key, ret, max, ret_len, error): a string member decoded into the max bytes at
 * ret; HK_ELIMIT when it is longer. hk_json_base64_exact: of exactly n bytes. */
bool hk_json_base64(const hk_json *obj, const char *key, uint8_t *ret, size_t max, size_t *ret_len,
	GError **error);
bool hk_json_base64_exact(
	const hk_json *obj, const char *key, uint8_t *ret, size_t n, GError **error);

/* hk_json_time(obj, key, ret, error): an RFC 3339 time in UTC ("2026-07-01T00:00:00Z", fraction
 * allowed and dropped) as seconds since 1970. */
bool hk_json_time(const hk_json *obj, const char *key, int64_t *ret, GError **error);

/* hk_json_has(obj, key): whether an object has the member with a value other than null: makes any
 * of the above optional. */
bool hk_json_has(const hk_json *obj, const char *key);

/* hk_json_len(value), hk_json_at(array, i): elements; i < hk_json_len. 0 for what is no array. */
size_t hk_json_len(const hk_json *value);
hk_json hk_json_at(const hk_json *array, size_t i);

/* hk_json_each(obj, pos, ret_key, ret): the members of an object, in the order of the text: *pos is
 * NULL before the first one. False after the last one, and for what is no object. *ret_key is
 * borrowed from the document. */
bool hk_json_each(const hk_json *obj, void **pos, const char **ret_key, hk_json *ret);

/* hk_json_text(value): the string that an element is, borrowed, NUL-terminated; NULL when it is none. */
const char *hk_json_text(const hk_json *value);

/* hk_json_int(value): the whole number that an element is; 0 when it is none. */
int64_t hk_json_int(const hk_json *value);

/* hk_json_kind_of(value): what a value is; HK_JSON_MISSING for a member that is not there. */
typedef enum hk_json_kind {
	HK_JSON_MISSING,
	HK_JSON_NULL,
	HK_JSON_BOOL,
	HK_JSON_INT,
	HK_JSON_REAL,
	HK_JSON_STR,
	HK_JSON_ARRAY,
	HK_JSON_OBJECT,
} hk_json_kind;
hk_json_kind hk_json_kind_of(const hk_json *value);

/* hk_json_any(obj, key, ret): a member of any kind, null too; false when there is none. */
bool hk_json_any(const hk_json *obj, const char *key, hk_json *ret);

/* hk_json_dump(value): the value as JSON text on one line; caller frees. */
char *hk_json_dump(const hk_json *value);

/* hk_json_path(value): "operators[3].logs[1]"; "the document" for the root. */
char *hk_json_path(const hk_json *value);

/* hk_json_fail(value, code, error, format...): sets *error to "PATH: text"; returns false. */
bool hk_json_fail(const hk_json *value, hk_err code, GError **error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
