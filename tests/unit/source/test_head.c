#include "source/ct/head.h"

#include "base/codec.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "tap.h"

int
main(void)
{
	g_autoptr(GError) error = NULL;
	size_t len, list_len, spki_len;
	uint8_t *note = tap_file("tests/fixtures/ct/checkpoint/sunlight", &len);
	uint8_t *list = tap_file("tests/fixtures/ct/checkpoint/sunlight.log.v3.json", &list_len);
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(list, list_len), 10000, &error);
	hk_json root = hk_json_root(doc);
	uint8_t spki[200], other_id[32] = {1};

	ok(hk_json_base64(&root, "key", spki, sizeof spki, &spki_len, &error), "sunlight's key");
	g_autoptr(hk_sig_key) key = hk_sig_key_new(hk_span_of(spki, spki_len), &error);
	const uint8_t *id = hk_sig_key_id(key);

	g_autoptr(hk_ct_head) head = hk_ct_head_from_checkpoint(hk_span_of(note, len), key, &error);
	if (!ok(head != NULL, "sunlight's checkpoint verifies")) {
		return tap_done();
	}
	is_int(head->size, 300, "size");
	is_int(head->timestamp_ms, 1767139200000, "timestamp");
	is_str(head->origin, "rome2026h1.example.org", "origin");
	ok(head->verified && head->checkpoint, "marked so");
	is_mem(head->raw, note, len, "its bytes are kept");

	g_autofree char *sth = hk_ct_head_to_sth(head);
	g_autoptr(hk_ct_head) as_sth = hk_ct_head_from_sth(hk_span_str(sth), key, &error);
	ok(as_sth != NULL && as_sth->size == 300, "as get-sth it verifies too");
	g_autofree char *back = hk_ct_head_to_checkpoint(as_sth, head->origin, id);
	is_str(back, (const char *)note, "and back it is the same note");
	ok(!hk_ct_head_to_checkpoint(as_sth, "a b", id), "an origin that is no key name");
	ok(!hk_ct_head_to_checkpoint(as_sth, "", id), "an empty origin");

	/* Signature lines of others, before and behind. */
	g_autofree char *crowd =
		g_strdup_printf("%.*s\xE2\x80\x94 witness.example AAAAAAE=\n%s\xE2\x80\x94 "
				"rome2026h1.example.org AAAAAAQ=\n",
			(int)(strstr((char *)note, "\n\n") + 2 - (char *)note), (char *)note,
			strstr((char *)note, "\n\n") + 2);
	g_autoptr(hk_ct_head) among = hk_ct_head_from_checkpoint(hk_span_str(crowd), key, &error);
	ok(among != NULL, "among the lines of witnesses");

	ok(!hk_ct_head_read_checkpoint(hk_span_of(note, len), other_id, &error), "of another log");
	is_int(hk_error_code(error), HK_ECHECK, "the check fails");
	g_clear_error(&error);
	char *size = strstr((char *)note, "300");
	size[2] = '1';
	ok(!hk_ct_head_from_checkpoint(hk_span_of(note, len), key, &error), "another size");
	is_int(hk_error_code(error), HK_ECHECK, "the check fails");
	g_clear_error(&error);
	g_autofree char *late = g_strdup_printf("{\"tree_size\":-1,%s", sth + 17);
	ok(!hk_ct_head_from_sth(hk_span_str(late), key, &error), "a negative size");
	g_clear_error(&error);
	ok(!hk_ct_head_from_sth(HK_SPAN_LIT("<html>"), key, &error), "a web page");
	is_int(hk_error_code(error), HK_EFORM, "is malformed");
	free(note);
	free(list);
	return tap_done();
}
