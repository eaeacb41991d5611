#include "sys/jsonw.h"

#include <math.h>

#include <jansson.h>

#include "tap.h"

/* What is written must be what an independent reader (jansson) reads back. */
static void
round_trip(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const uint8_t bytes[] = {0x00, 0xFF, 0x10};

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "text");
	hk_jsonw_text(out, HK_SPAN_LIT("a\"b\\c\n\0\x7fみほん"));
	hk_jsonw_key(out, "odd");
	hk_jsonw_text(out, HK_SPAN_LIT("x\xFFy\xE3\x81"));
	hk_jsonw_key(out, "list");
	hk_jsonw_open(out, '[');
	hk_jsonw_int(out, INT64_MIN);
	hk_jsonw_bool(out, true);
	hk_jsonw_null(out);
	hk_jsonw_real(out, 0.125, 3);
	hk_jsonw_real(out, (double)NAN, 3);
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "none");
	hk_jsonw_open(out, '[');
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "hex");
	hk_jsonw_hex(out, hk_span_of(bytes, sizeof bytes));
	hk_jsonw_key(out, "b64");
	hk_jsonw_base64(out, hk_span_of(bytes, sizeof bytes));
	hk_jsonw_key(out, "when");
	hk_jsonw_time(out, 1722457490);
	hk_jsonw_key(out, "never");
	hk_jsonw_time(out, INT64_MAX);
	hk_jsonw_close(out, '}');

	/* What is printed may reach a terminal. */
	g_autoptr(GString) printed = g_string_new(NULL);
	hk_jsonw_str(printed, "\xc2\x9b"
			      "31m\xe2\x80\xae\xe2\x81\xa6\xc2\xa0");
	is_str(printed->str,
		"\"\\u009b31m\\u202e\\u2066\xc2\xa0"
		"\"",
		"controls of terminals and of direction");

	json_error_t error;
	json_t *root = json_loadb(out->str, out->len, JSON_ALLOW_NUL, &error);
	if (!ok(root != NULL, "jansson reads it")) {
		tap_diag("%s: %s", error.text, out->str);
		return;
	}
	json_t *text = json_object_get(root, "text");
	is_int(json_string_length(text), 17, "the length, NUL included");
	is_mem(json_string_value(text), "a\"b\\c\n\0\x7fみほん", 17, "the bytes");
	is_str(json_string_value(json_object_get(root, "odd")), "x\\xffy\\xe3\\x81",
		"bytes that are not UTF-8");
	json_t *list = json_object_get(root, "list");
	is_int(json_array_size(list), 5, "five elements");
	ok(json_integer_value(json_array_get(list, 0)) == INT64_MIN, "the smallest integer");
	ok(json_is_true(json_array_get(list, 1)) && json_is_null(json_array_get(list, 2)),
		"true, null");
	ok(json_real_value(json_array_get(list, 3)) == 0.125, "a real");
	ok(json_is_null(json_array_get(list, 4)), "not a number is null");
	is_int(json_array_size(json_object_get(root, "none")), 0, "an empty list");
	is_str(json_string_value(json_object_get(root, "hex")), "00ff10", "hexadecimal");
	is_str(json_string_value(json_object_get(root, "b64")), "AP8Q", "base64");
	is_str(json_string_value(json_object_get(root, "when")), "2024-07-31T20:24:50Z",
		"RFC 3339");
	ok(json_is_null(json_object_get(root, "never")), "a time out of range is null");
	json_decref(root);
}

static void
members(void)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "a", "x\"y");
	hk_jsonw_member_str(out, "b", NULL);
	hk_jsonw_member_int(out, "c", -7);
	hk_jsonw_member_bool(out, "d", true);
	hk_jsonw_member_bool(out, "e", false);
	hk_jsonw_close(out, '}');
	is_str(out->str, "{\"a\":\"x\\\"y\",\"b\":null,\"c\":-7,\"d\":true,\"e\":false}",
		"members in one call");
}

int
main(void)
{
	round_trip();
	members();
	return tap_done();
}
