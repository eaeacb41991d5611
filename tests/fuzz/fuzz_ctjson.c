/* fuzz_ctjson: byte 0 is the size of the pieces in which the rest, a get-entries answer, arrives.
 * Properties: whole or in pieces the result is the same; where jansson reads the body and it has the
 * shape of an answer, so do we, and the decoded bytes are those that OpenSSL decodes. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "base/codec.h"
#include "fuzz.h"
#include "parse/ctjson.h"

#define ENTRIES_MAX 4096

/* What a run gave: the decoded leaves one behind the other, and how it ended. */
typedef struct result {
	uint8_t *leaves;
	size_t leaves_len;
	size_t lens[ENTRIES_MAX];
	size_t extra_offs[ENTRIES_MAX];
	size_t extra_lens[ENTRIES_MAX];
	size_t count;
	hk_err err;
} result;

static bool
take(hk_ctjson *json, result *ret, const uint8_t *body, size_t len)
{
	hk_span leaf, extra;
	bool done;

	while ((ret->err = hk_ctjson_next(json, &leaf, &extra, &done)) == HK_OK && !done) {
		need(leaf.data >= body && leaf.data + leaf.len <= body + len);
		need(extra.len == 0 ||
			(extra.data >= body && extra.data + extra.len <= body + len));
		if (ret->count < ENTRIES_MAX) {
			ret->lens[ret->count] = leaf.len;
			ret->extra_offs[ret->count] = (size_t)(extra.data - body);
			ret->extra_lens[ret->count] = extra.len;
		}
		ret->count++;
		memcpy(ret->leaves + ret->leaves_len, leaf.data, leaf.len);
		ret->leaves_len += leaf.len;
	}
	if (ret->err == HK_OK) {
		ret->err = hk_ctjson_end(json);
	}
	return ret->err != HK_ETRUNC;
}

static void
run_whole(uint8_t *body, size_t len, result *ret, hk_ctjson *json)
{
	hk_ctjson_init(json, body, len);
	take(json, ret, body, len);
}

static void
run_pieces(const uint8_t *data, size_t len, size_t piece, result *ret)
{
	uint8_t *body = malloc(1), *moved;
	size_t have = 0;
	hk_ctjson json;

	hk_ctjson_init(&json, body, 0);
	for (;;) {
		bool settled = take(&json, ret, body, have);
		/* The end may be settled too early only by the closing brace; go on for what follows. */
		if ((settled && ret->err != HK_OK) || have == len) {
			break;
		}
		size_t n = len - have < piece ? len - have : piece;
		moved = malloc(have + n);
		memcpy(moved, body, have);
		memcpy(moved + have, data + have, n);
		free(body);
		body = moved;
		have += n;
		hk_ctjson_more(&json, body, have);
	}
	free(body);
}

static bool
openssl_decode(const char *text, size_t len, uint8_t *out, size_t *ret_len)
{
	int n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);

	if (n < 0 || (size_t)n != len / 4 * 3) {
		return false;
	}
	*ret_len =
		(size_t)n - (len > 0 && text[len - 1] == '=') - (len > 1 && text[len - 2] == '=');
	return true;
}

/* Whether the document has the shape of an answer, and what its leaves are. */
static bool
expected(const json_t *root, uint8_t *leaves, size_t *ret_len, size_t *ret_count)
{
	const json_t *entries = json_object_get(root, "entries");
	size_t len = 0;

	if (!json_is_array(entries)) {
		return false;
	}
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		const json_t *leaf = json_object_get(entry, "leaf_input");
		const json_t *extra = json_object_get(entry, "extra_data");
		size_t strict, other;
		if (!json_is_string(leaf) ||
			(extra && !json_is_string(extra) && !json_is_null(extra))) {
			return false;
		}
		const char *text = json_string_value(leaf);
		size_t text_len = json_string_length(leaf);
		uint8_t *check = malloc(text_len + 1);
		bool good = hk_base64_decode(hk_span_of(text, text_len), check, &strict) == HK_OK;
		if (good) {
			need(openssl_decode(text, text_len, leaves + len, &other));
			need(other == strict && memcmp(check, leaves + len, strict) == 0);
			len += strict;
		}
		free(check);
		if (!good) {
			return false;
		}
	}
	*ret_len = len;
	*ret_count = json_array_size(entries);
	return true;
}

static void
check_extra(hk_ctjson *json, uint8_t *body, const result *whole, const json_t *root)
{
	const json_t *entries = json_object_get(root, "entries");

	for (size_t i = 0; i < whole->count && i < ENTRIES_MAX; i++) {
		const json_t *extra = json_object_get(json_array_get(entries, i), "extra_data");
		size_t text_len = json_is_string(extra) ? json_string_length(extra) : 0;
		const char *text = json_is_string(extra) ? json_string_value(extra) : "";
		uint8_t *want = malloc(text_len + 1);
		size_t want_len;
		hk_err err = hk_base64_decode(hk_span_of(text, text_len), want, &want_len);
		hk_span got;
		hk_err got_err = hk_ctjson_extra(
			json, hk_span_of(body + whole->extra_offs[i], whole->extra_lens[i]), &got);
		need(err == got_err);
		need(err != HK_OK || hk_span_eq(got, hk_span_of(want, want_len)));
		free(want);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static result whole, pieces;
	hk_ctjson json;
	json_error_t why;
	uint8_t *body, *want;
	size_t len, want_len, want_count;
	json_t *root;

	if (size < 1) {
		return 0;
	}
	len = size - 1;
	body = malloc(len + 1);
	want = malloc(len + 4);
	memcpy(body, data + 1, len);
	memset(&whole, 0, sizeof whole);
	memset(&pieces, 0, sizeof pieces);
	whole.leaves = malloc(len + 1);
	pieces.leaves = malloc(len + 1);
	run_whole(body, len, &whole, &json);
	run_pieces(data + 1, len, (size_t)data[0] + 1, &pieces);
	need(whole.err == pieces.err && whole.count == pieces.count);
	need(whole.leaves_len == pieces.leaves_len);
	need(memcmp(whole.leaves, pieces.leaves, whole.leaves_len) == 0);
	root = json_loadb((const char *)data + 1, len, JSON_REJECT_DUPLICATES, &why);
	if (root && whole.err != HK_ELIMIT && expected(root, want, &want_len, &want_count)) {
		need(whole.err == HK_OK && whole.count == want_count);
		need(whole.leaves_len == want_len && memcmp(whole.leaves, want, want_len) == 0);
		check_extra(&json, body, &whole, root);
	}
	json_decref(root);
	free(whole.leaves);
	free(pieces.leaves);
	free(want);
	free(body);
	return 0;
}
