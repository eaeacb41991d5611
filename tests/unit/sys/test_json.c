#include "sys/json.h"

#include "sys/gerr.h"
#include "tap.h"

static void
is_error(GError **error, hk_err code, const char *text)
{
	is_int(hk_error_code(*error), code, "code of: %s", text);
	is_str(*error ? (*error)->message : NULL, text, "its text");
	g_clear_error(error);
}

static void
members(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_json_doc) doc =
		hk_json_load(HK_SPAN_LIT("{\"a\":[{\"n\":-1,\"s\":\"x\",\"b\":\"AQI=\",\"t\":"
					 "\"2026-07-01T00:00:00Z\","
					 "\"u\":\"1969-12-31T23:59:59.9z\",\"v\":\"2026-02-29T00:"
					 "00:00Z\",\"y\":true}],"
					 "\"null\":null}"),
			1000, &error);
	hk_json root, list, item;
	const char *text;
	int64_t number;
	uint64_t natural;
	uint8_t bytes[4];
	size_t len;
	bool yes;

	if (!ok(doc != NULL, "a document")) {
		return;
	}
	root = hk_json_root(doc);
	ok(hk_json_array(&root, "a", &list, &error) && hk_json_len(&list) == 1, "a list of one");
	item = hk_json_at(&list, 0);
	ok(hk_json_str(&item, "s", &text, &error), "a string");
	is_str(text, "x", "its text");
	ok(hk_json_i64(&item, "n", &number, &error) && number == -1, "a number");
	ok(hk_json_bool(&item, "y", &yes, &error) && yes, "a truth");
	ok(hk_json_base64(&item, "b", bytes, 4, &len, &error) && len == 2 && bytes[1] == 2,
		"bytes");
	ok(hk_json_time(&item, "t", &number, &error), "a time");
	is_int(number, 1782864000, "its seconds");
	ok(hk_json_time(&item, "u", &number, &error), "one before 1970 with a fraction");
	is_int(number, -1, "its seconds");
	ok(!hk_json_has(&root, "null") && hk_json_has(&root, "a"), "null counts as missing");
	ok(!hk_json_u64(&item, "n", &natural, &error), "a negative size");
	is_error(&error, HK_ERANGE, "a[0].n: must not be negative");
	ok(!hk_json_str(&item, "z", &text, &error), "a missing member");
	is_error(&error, HK_EFORM, "a[0].z: a string is missing");
	ok(!hk_json_str(&item, "n", &text, &error), "another kind");
	is_error(&error, HK_EFORM, "a[0].n: a string is wanted here");
	ok(!hk_json_object(&list, "q", &item, &error), "a member of a list");
	is_error(&error, HK_EFORM, "a: must be an object");
	item = hk_json_at(&list, 0);
	ok(!hk_json_time(&item, "v", &number, &error), "a day that is none");
	is_error(&error, HK_EFORM, "a[0].v: is not a time like 2026-07-01T00:00:00Z");
	ok(!hk_json_base64_exact(&item, "b", bytes, 3, &error), "the wrong number of bytes");
	is_error(&error, HK_EFORM, "a[0].b: holds 2 bytes, not 3");
	ok(!hk_json_base64(&item, "b", bytes, 1, &len, &error), "too many bytes");
	is_error(&error, HK_ELIMIT, "a[0].b: holds more than 1 bytes");
	ok(!hk_json_base64(&item, "s", bytes, 4, &len, &error), "no base64");
	is_error(&error, HK_EFORM, "a[0].s: is not base64");
}

static void
each(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_json_doc) doc =
		hk_json_load(HK_SPAN_LIT("{\"b\":\"1\",\"a\":2,\"c\":[]}"), 100, &error);
	g_autoptr(GString) keys = g_string_new(NULL);
	hk_json root = hk_json_root(doc);
	hk_json item, list;
	const char *key;
	void *pos = NULL;

	while (hk_json_each(&root, &pos, &key, &item)) {
		g_string_append(keys, key);
		if (*key == 'b') {
			is_str(hk_json_text(&item), "1", "a member's value");
		}
	}
	is_str(keys->str, "bac", "the members of an object, in the order of the text");
	ok(hk_json_array(&root, "c", &list, &error), "a list");
	pos = NULL;
	ok(!hk_json_each(&list, &pos, &key, &item), "has no members");
}

static void
bad(const char *text, size_t max, hk_err code)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(text), max, &error);

	ok(doc == NULL, "refused: %.40s", text);
	is_int(hk_error_code(error), code, "code");
}

int
main(void)
{
	g_autofree char *deep = g_strnfill(HK_JSON_DEPTH_MAX + 1, '[');

	members();
	each();
	bad("{\"a\":1,\"a\":2}", 100, HK_EFORM);
	bad("{\"a\":1} x", 100, HK_EFORM);
	bad("{\"a\":\"\\u0000\"}", 100, HK_EFORM);
	bad("{\"a\":\"\xFF\"}", 100, HK_EFORM);
	bad("", 100, HK_EFORM);
	bad("{}  ", 3, HK_ELIMIT);
	bad(deep, 100, HK_ELIMIT);
	return tap_done();
}
