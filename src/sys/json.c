#include "sys/json.h"

#include <stdarg.h>

#include <jansson.h>

#include "base/codec.h"
#include "base/cur.h"
#include "sys/gerr.h"

struct hk_json_doc {
	json_t *root;
};

/* The deepest nesting of brackets outside strings. jansson would go 2,048 deep, on the stack. */
static unsigned
depth_of(hk_span text)
{
	unsigned depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.len; i++) {
		switch (text.data[i]) {
		case '\\':
			i += in_string;
			break;
		case '"':
			in_string = !in_string;
			break;
		case '[':
		case '{':
			depth += !in_string;
			deepest = MAX(depth, deepest);
			break;
		case ']':
		case '}':
			depth -= !in_string && depth > 0;
			break;
		default:
			break;
		}
	}
	return deepest;
}

hk_json_doc *
hk_json_load(hk_span text, size_t max_bytes, GError **error)
{
	json_error_t where;
	hk_json_doc *doc;
	json_t *root;

	if (text.len > max_bytes) {
		hk_error_set(error, HK_ELIMIT, "JSON of %zu bytes: at most %zu are read", text.len,
			max_bytes);
		return NULL;
	}
	if (depth_of(text) > HK_JSON_DEPTH_MAX) {
		hk_error_set(error, HK_ELIMIT, "JSON nested deeper than %d", HK_JSON_DEPTH_MAX);
		return NULL;
	}
	root = json_loadb((const char *)(text.data ? text.data : (const uint8_t *)""), text.len,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
	if (!root) {
		/* The library's own words may quote the input: escape what is not plain. */
		g_autofree char *said = g_strescape(where.text, NULL);
		hk_error_set(error, HK_EFORM, "not JSON at line %d, column %d: %s", where.line,
			where.column, said);
		return NULL;
	}
	doc = g_new0(hk_json_doc, 1);
	doc->root = root;
	return doc;
}

void
hk_json_doc_free(hk_json_doc *doc)
{
	if (doc) {
		json_decref(doc->root);
		g_free(doc);
	}
}

hk_json
hk_json_root(const hk_json_doc *doc)
{
	return (hk_json){.node = doc->root};
}

static void
path_onto(GString *out, const hk_json *value)
{
	if (!value->up) {
		return;
	}
	path_onto(out, value->up);
	if (value->key) {
		g_string_append_printf(out, "%s%s", out->len > 0 ? "." : "", value->key);
	} else {
		g_string_append_printf(out, "[%zu]", value->index);
	}
}

char *
hk_json_path(const hk_json *value)
{
	GString *out = g_string_new(NULL);

	path_onto(out, value);
	if (out->len == 0) {
		g_string_append(out, "the document");
	}
	return g_string_free(out, FALSE);
}

bool
hk_json_fail(const hk_json *value, hk_err code, GError **error, const char *format, ...)
{
	g_autofree char *path = hk_json_path(value);
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	return hk_error_set(error, code, "%s: %s", path, text);
}

/* The member, if it has the type; else an error that says which type was wanted. */
static bool
member(const hk_json *obj, const char *key, bool (*fits)(const json_t *), const char *kind,
	hk_json *ret, GError **error)
{
	json_t *node = json_object_get(obj->node, key);
	hk_json value = {.node = node, .up = obj, .key = key};

	if (!json_is_object((json_t *)obj->node)) {
		return hk_json_fail(obj, HK_EFORM, error, "must be an object");
	}
	if (!node || !fits(node)) {
		return hk_json_fail(&value, HK_EFORM, error, "%s %s", kind,
			node ? "is wanted here" : "is missing");
	}
	*ret = value;
	return true;
}

static bool
fits_object(const json_t *node)
{
	return json_is_object(node);
}

static bool
fits_array(const json_t *node)
{
	return json_is_array(node);
}

static bool
fits_string(const json_t *node)
{
	return json_is_string(node);
}

static bool
fits_integer(const json_t *node)
{
	return json_is_integer(node);
}

static bool
fits_bool(const json_t *node)
{
	return json_is_boolean(node);
}

bool
hk_json_object(const hk_json *obj, const char *key, hk_json *ret, GError **error)
{
	return member(obj, key, fits_object, "an object", ret, error);
}

bool
hk_json_array(const hk_json *obj, const char *key, hk_json *ret, GError **error)
{
	return member(obj, key, fits_array, "a list", ret, error);
}

bool
hk_json_str(const hk_json *obj, const char *key, const char **ret, GError **error)
{
	hk_json value = {0};

	if (!member(obj, key, fits_string, "a string", &value, error)) {
		return false;
	}
	*ret = json_string_value(value.node);
	return true;
}

bool
hk_json_i64(const hk_json *obj, const char *key, int64_t *ret, GError **error)
{
	hk_json value = {0};

	if (!member(obj, key, fits_integer, "a whole number", &value, error)) {
		return false;
	}
	*ret = json_integer_value(value.node);
	return true;
}

bool
hk_json_u64(const hk_json *obj, const char *key, uint64_t *ret, GError **error)
{
	hk_json value = {0};

	if (!member(obj, key, fits_integer, "a whole number", &value, error)) {
		return false;
	}
	if (json_integer_value(value.node) < 0) {
		return hk_json_fail(&value, HK_ERANGE, error, "must not be negative");
	}
	*ret = (uint64_t)json_integer_value(value.node);
	return true;
}

bool
hk_json_bool(const hk_json *obj, const char *key, bool *ret, GError **error)
{
	hk_json value = {0};

	if (!member(obj, key, fits_bool, "true or false", &value, error)) {
		return false;
	}
	*ret = json_is_true((json_t *)value.node);
	return true;
}

static bool
fits_number(const json_t *node)
{
	return json_is_number(node);
}

bool
hk_json_real(const hk_json *obj, const char *key, double *ret, GError **error)
{
	hk_json value = {0};

	if (!member(obj, key, fits_number, "a number", &value, error)) {
		return false;
	}
	*ret = json_number_value((json_t *)value.node);
	return true;
}

bool
hk_json_base64(const hk_json *obj, const char *key, uint8_t *ret, size_t max, size_t *ret_len,
	GError **error)
{
	g_autofree uint8_t *bytes = NULL;
	hk_json value = {0};
	hk_span text;
	size_t len;

	if (!member(obj, key, fits_string, "a string", &value, error)) {
		return false;
	}
	text = hk_span_of(json_string_value(value.node), json_string_length(value.node));
	if (text.len > HK_BASE64_LEN(max)) {
		return hk_json_fail(&value, HK_ELIMIT, error, "holds more than %zu bytes", max);
	}
	bytes = g_malloc(text.len / 4 * 3 + 1);
	if (hk_base64_decode(text, bytes, &len) != HK_OK) {
		return hk_json_fail(&value, HK_EFORM, error, "is not base64");
	}
	if (len > max) {
		return hk_json_fail(&value, HK_ELIMIT, error, "holds more than %zu bytes", max);
	}
	memcpy(ret, bytes, len);
	*ret_len = len;
	return true;
}

bool
hk_json_base64_exact(const hk_json *obj, const char *key, uint8_t *ret, size_t n, GError **error)
{
	g_autofree uint8_t *bytes = g_malloc(n + 1);
	hk_json value = {.node = obj->node, .up = obj, .key = key};
	size_t len;

	if (!hk_json_base64(obj, key, bytes, n, &len, error)) {
		return false;
	}
	if (len != n) {
		return hk_json_fail(&value, HK_EFORM, error, "holds %zu bytes, not %zu", len, n);
	}
	memcpy(ret, bytes, n);
	return true;
}

static bool
digits(hk_cur *cur, size_t n, int *ret)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t c;
		if (hk_cur_u8(cur, &c) != HK_OK || c < '0' || c > '9') {
			return false;
		}
		value = value * 10 + (c - '0');
	}
	*ret = value;
	return true;
}

static bool
sign(hk_cur *cur, char want)
{
	uint8_t c;

	return hk_cur_u8(cur, &c) == HK_OK && g_ascii_toupper((char)c) == want;
}

/* RFC 3339, section 5.6, of which the offset is Z: that is how log lists are written. */
static bool
read_time(hk_span text, int64_t *ret)
{
	hk_cur cur = hk_cur_of(text);
	int year, month, day, hour, minute, second;

	if (!digits(&cur, 4, &year) || !sign(&cur, '-') || !digits(&cur, 2, &month) ||
		!sign(&cur, '-') || !digits(&cur, 2, &day) || !sign(&cur, 'T') ||
		!digits(&cur, 2, &hour) || !sign(&cur, ':') || !digits(&cur, 2, &minute) ||
		!sign(&cur, ':') || !digits(&cur, 2, &second)) {
		return false;
	}
	if (!hk_cur_empty(&cur) && *cur.at == '.') {
		int digit;
		if (!sign(&cur, '.') || !digits(&cur, 1, &digit)) {
			return false;
		}
		while (!hk_cur_empty(&cur) && *cur.at >= '0' && *cur.at <= '9') {
			if (!digits(&cur, 1, &digit)) {
				return false;
			}
		}
	}
	if (!sign(&cur, 'Z') || !hk_cur_empty(&cur) ||
		!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year) || hour > 23 ||
		minute > 59 || second > 60) {
		return false;
	}
	/* Days since 1970-01-01 by the calendar's 400-year cycle, years beginning in March. */
	int64_t y = year - (month <= 2);
	int64_t era = y / 400, of_era = y % 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
	*ret = ((days * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}

bool
hk_json_time(const hk_json *obj, const char *key, int64_t *ret, GError **error)
{
	hk_json value = {0};

	if (!member(obj, key, fits_string, "a time", &value, error)) {
		return false;
	}
	if (!read_time(hk_span_of(json_string_value(value.node), json_string_length(value.node)),
		    ret)) {
		return hk_json_fail(
			&value, HK_EFORM, error, "is not a time like 2026-07-01T00:00:00Z");
	}
	return true;
}

bool
hk_json_has(const hk_json *obj, const char *key)
{
	const json_t *node = json_object_get(obj->node, key);

	return node && !json_is_null(node);
}

size_t
hk_json_len(const hk_json *value)
{
	return json_array_size(value->node);
}

hk_json
hk_json_at(const hk_json *array, size_t i)
{
	return (hk_json){.node = json_array_get(array->node, i), .up = array, .index = i};
}

const char *
hk_json_text(const hk_json *value)
{
	return json_string_value(value->node);
}

bool
hk_json_each(const hk_json *obj, void **pos, const char **ret_key, hk_json *ret)
{
	json_t *node = obj->node; /* json_object_iter wants it writable, but only reads it */

	if (!json_is_object(node)) {
		return false;
	}
	void *iter = *pos ? json_object_iter_next(node, *pos) : json_object_iter(node);
	if (!iter) {
		return false;
	}
	*pos = iter;
	*ret_key = json_object_iter_key(iter);
	*ret = (hk_json){.node = json_object_iter_value(iter), .up = obj, .key = *ret_key};
	return true;
}

hk_json_kind
hk_json_kind_of(const hk_json *value)
{
	const json_t *node = value->node;

	if (!node) {
		return HK_JSON_MISSING;
	}
	switch (json_typeof(node)) {
	case JSON_OBJECT:
		return HK_JSON_OBJECT;
	case JSON_ARRAY:
		return HK_JSON_ARRAY;
	case JSON_STRING:
		return HK_JSON_STR;
	case JSON_INTEGER:
		return HK_JSON_INT;
	case JSON_REAL:
		return HK_JSON_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return HK_JSON_BOOL;
	case JSON_NULL:
		return HK_JSON_NULL;
	}
	return HK_JSON_MISSING;
}

char *
hk_json_dump(const hk_json *value)
{
	char *text = json_dumps(value->node, JSON_COMPACT | JSON_ENCODE_ANY);
	char *copy = g_strdup(text ? text : "null");

	free(text);
	return copy;
}

bool
hk_json_any(const hk_json *obj, const char *key, hk_json *ret)
{
	json_t *node = json_object_get(obj->node, key);

	if (!node) {
		return false;
	}
	*ret = (hk_json){.node = node, .up = obj, .key = key};
	return true;
}

int64_t
hk_json_int(const hk_json *value)
{
	return json_integer_value(value->node);
}
