/* source/ct/anchor: every beginning in every tree of a range of sizes, answered from a tree that is computed here, the slow and
 * obvious way; and what a log that lies gets. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/num.h"
#include "parse/cttile.h"
#include "source/ct/anchor.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/jsonw.h"

#include "tap.h"

/* Leaf i is SHA256(00 i): any tree will do. */
static void
leaf(uint64_t i, uint8_t ret[32])
{
	hk_sha256_leaf_any(hk_span_of(&i, sizeof i), ret);
}

/* Merkle tree head of leaves lo..hi (RFC 6962, section 2.1); whole tiles are remembered. */
static GHashTable *known;

static void
mth(uint64_t lo, uint64_t hi, uint8_t ret[32])
{
	uint8_t right[32];
	uint64_t n = hi - lo;
	uint64_t k = 1;
	bool keep = n >= 256 && (n & (n - 1)) == 0 && lo % n == 0;
	g_autofree char *key = g_strdup_printf("%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, lo, hi);
	uint8_t *have = keep ? g_hash_table_lookup(known, key) : NULL;

	if (have) {
		memcpy(ret, have, 32);
		return;
	}
	if (n == 0) {
		hk_sha256(hk_span_of("", 0), ret);
		return;
	}
	if (n == 1) {
		leaf(lo, ret);
		return;
	}
	while (k * 2 < n) {
		k *= 2;
	}
	mth(lo, lo + k, ret);
	mth(lo + k, hi, right);
	hk_sha256_node(ret, right, ret);
	if (keep) {
		g_hash_table_insert(known, g_steal_pointer(&key), g_memdup2(ret, 32));
	}
}

static GByteArray *
tile_of(const char *path, uint64_t lie_at)
{
	GByteArray *body = g_byte_array_new();
	hk_cttile tile;
	uint8_t hash[32];

	if (hk_cttile_parse(hk_span_str(path), &tile) != HK_OK) {
		return body;
	}
	for (uint32_t i = 0; i < tile.width; i++) {
		uint64_t unit = UINT64_C(1) << (8 * tile.level);
		uint64_t lo = (tile.index * 256 + i) * unit;
		mth(lo, lo + unit, hash);
		hash[0] ^= lie_at >= lo && lie_at < lo + unit;
		g_byte_array_append(body, hash, 32);
	}
	return body;
}

/* Plays the log; UINT64_MAX: honestly. HK_OK, or what the anchor said. */
static hk_err
play_tiles(hk_anchor *anchor, uint64_t lie_at, unsigned *ret_fetches)
{
	*ret_fetches = 0;
	while (hk_anchor_url(anchor)) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GByteArray) body =
			tile_of(hk_anchor_url(anchor) + strlen("https://l.test/"), lie_at);
		if (++*ret_fetches > 20) {
			return HK_EINTERNAL;
		}
		if (!hk_anchor_answer(anchor, hk_span_of(body->data, body->len), &error)) {
			return hk_error_code(error);
		}
	}
	return HK_OK;
}

static unsigned
tiles_at(uint64_t at, uint64_t size, unsigned *ret_fetches)
{
	hk_anchor_head head = {.size = size};
	uint8_t want[32], got[32];
	hk_range range;

	mth(0, size, head.root);
	mth(0, at, want);
	g_autoptr(hk_anchor) anchor = hk_anchor_new_tiles("https://l.test/", at, &head, want);
	hk_err err = play_tiles(anchor, UINT64_MAX, ret_fetches);
	if (err != HK_OK || !hk_anchor_range(anchor, &range) || range.size != at) {
		tap_diag("at %d of %d: %s", (int)at, (int)size, hk_err_code(err));
		return 1;
	}
	hk_range_root(&range, got);
	return memcmp(got, want, 32) != 0;
}

static void
tiles(void)
{
	static const uint64_t places[] = {1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 1000, 65535,
		65536, 65537, 65536 + 255, 65536 + 256, 65536 + 257, 70000, 131071, 131072, 131073};
	unsigned wrong = 0;
	unsigned most = 0;

	for (uint64_t size = 1; size <= 40; size++) {
		for (uint64_t at = 1; at <= size; at++) {
			unsigned n;
			wrong += tiles_at(at, size, &n);
		}
	}
	is_int(wrong, 0, "every beginning in trees of 1 to 40 entries");
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		for (size_t k = 0; k <= i; k++) {
			unsigned n;
			wrong += tiles_at(places[k], places[i], &n);
			most = MAX(most, n);
		}
	}
	is_int(wrong, 0, "beginnings and sizes around the edges of tiles of three levels");
	ok(most <= 5, "with at most 5 tiles (%u)", most);
}

static void
lies(void)
{
	hk_anchor_head head = {.size = 70000};
	uint8_t old[32];
	unsigned n;

	mth(0, 70000, head.root);
	mth(0, 66000, old);
	g_autoptr(hk_anchor) lying = hk_anchor_new_tiles("https://l.test/", 66000, &head, old);
	is_int(play_tiles(lying, 69999, &n), HK_EINCONSISTENT,
		"tiles that do not hash to the head");
	old[5] ^= 1;
	g_autoptr(hk_anchor) older = hk_anchor_new_tiles("https://l.test/", 66000, &head, old);
	is_int(play_tiles(older, UINT64_MAX, &n), HK_EINCONSISTENT,
		"an older head with another root");
	g_autoptr(hk_anchor) shorter = hk_anchor_new_tiles("https://l.test/", 66000, &head, NULL);
	g_autoptr(GError) error = NULL;
	ok(!hk_anchor_answer(shorter, HK_SPAN_LIT("0123456789abcdef0123456789abcdef"), &error),
		"a tile that is too short");
	is_int(hk_error_code(error), HK_EFORM, "is tried again");
	is_str(hk_anchor_url(shorter), "https://l.test/tile/0/257", "the same tile again");
}

static void
missing(void)
{
	hk_anchor_head head = {.size = 300};

	mth(0, 300, head.root);
	g_autoptr(hk_anchor) anchor = hk_anchor_new_tiles("https://l.test/", 300, &head, NULL);
	is_str(hk_anchor_url(anchor), "https://l.test/tile/0/001.p/44", "a partial tile");
	ok(hk_anchor_missing(anchor), "that has gone");
	is_str(hk_anchor_url(anchor), "https://l.test/tile/0/001", "is looked for in the full one");
	ok(!hk_anchor_missing(anchor), "and if that is not there either");
	is_str(hk_anchor_url(anchor), "https://l.test/tile/0/001.p/44", "again in the partial one");
	g_autoptr(GByteArray) full = tile_of("tile/0/001", UINT64_MAX);
	ok(hk_anchor_missing(anchor) &&
			hk_anchor_answer(anchor, hk_span_of(full->data, full->len), NULL),
		"a full tile serves for a partial one");
}

/* --- RFC 6962 --- */

/* PATH(m, D[lo:hi]) of RFC 6962, section 2.1.1. */
static void
path_of(uint64_t m, uint64_t lo, uint64_t hi, GPtrArray *out)
{
	uint64_t k = 1;
	uint8_t hash[32];

	if (hi - lo <= 1) {
		return;
	}
	while (k * 2 < hi - lo) {
		k *= 2;
	}
	if (m < k) {
		path_of(m, lo, lo + k, out);
		mth(lo + k, hi, hash);
	} else {
		path_of(m - k, lo + k, hi, out);
		mth(lo, lo + k, hash);
	}
	g_ptr_array_add(out, g_memdup2(hash, 32));
}

/* SUBPROOF(m, D[lo:hi], b) of section 2.1.2. */
static void
subproof(uint64_t m, uint64_t lo, uint64_t hi, bool b, GPtrArray *out)
{
	uint64_t k = 1;
	uint8_t hash[32];

	if (m == hi - lo) {
		if (!b) {
			mth(lo, hi, hash);
			g_ptr_array_add(out, g_memdup2(hash, 32));
		}
		return;
	}
	while (k * 2 < hi - lo) {
		k *= 2;
	}
	if (m <= k) {
		subproof(m, lo, lo + k, b, out);
		mth(lo + k, hi, hash);
	} else {
		subproof(m - k, lo + k, hi, false, out);
		mth(lo, lo + k, hash);
	}
	g_ptr_array_add(out, g_memdup2(hash, 32));
}

static void
print_hashes(GString *out, const char *key, const GPtrArray *hashes)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < hashes->len; i++) {
		hk_jsonw_base64(out, hk_span_of(g_ptr_array_index(hashes, i), 32));
	}
	hk_jsonw_close(out, ']');
}

static uint64_t
parameter(const char *url, const char *name)
{
	const char *at = strstr(url, name) + strlen(name);

	return strtoull(at, NULL, 10);
}

/* The answer of an honest log to any of the four requests. */
static GString *
rfc_answer(const char *url, uint64_t at)
{
	GString *out = g_string_new(NULL);
	g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
	uint64_t index = at - 1;
	hk_span input = hk_span_of(&index, sizeof index);

	hk_jsonw_open(out, '{');
	if (strstr(url, "get-entry-and-proof")) {
		path_of(parameter(url, "leaf_index="), 0, parameter(url, "tree_size="), hashes);
		hk_jsonw_key(out, "leaf_input");
		hk_jsonw_base64(out, input);
		print_hashes(out, "audit_path", hashes);
	} else if (strstr(url, "get-entries")) {
		hk_jsonw_key(out, "entries");
		hk_jsonw_open(out, '[');
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "leaf_input");
		hk_jsonw_base64(out, input);
		hk_jsonw_close(out, '}');
		hk_jsonw_close(out, ']');
	} else if (strstr(url, "get-proof-by-hash")) {
		path_of(at - 1, 0, parameter(url, "tree_size="), hashes);
		hk_jsonw_key(out, "leaf_index");
		hk_jsonw_int(out, (int64_t)at - 1);
		print_hashes(out, "audit_path", hashes);
	} else {
		subproof(parameter(url, "first="), 0, parameter(url, "second="), true, hashes);
		print_hashes(out, "consistency", hashes);
	}
	hk_jsonw_close(out, '}');
	return out;
}

static unsigned
rfc_at(uint64_t at, uint64_t size, bool by_hash)
{
	hk_anchor_head head = {.size = size};
	uint8_t want[32], got[32];
	hk_range range;

	mth(0, size, head.root);
	mth(0, at, want);
	g_autoptr(hk_anchor) anchor = hk_anchor_new_rfc("https://l.test/", at, &head, NULL);
	if (by_hash && !hk_anchor_missing(anchor)) {
		return 1;
	}
	while (hk_anchor_url(anchor)) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GString) body = rfc_answer(hk_anchor_url(anchor), at);
		if (!hk_anchor_answer(anchor, hk_span_of(body->str, body->len), &error)) {
			tap_diag("at %d of %d: %s", (int)at, (int)size, error->message);
			return 1;
		}
	}
	if (!hk_anchor_range(anchor, &range)) {
		return 1;
	}
	hk_range_root(&range, got);
	return memcmp(got, want, 32) != 0;
}

static void
rfc(void)
{
	unsigned wrong = 0;

	for (uint64_t size = 1; size <= 40; size++) {
		for (uint64_t at = 1; at <= size; at++) {
			wrong += rfc_at(at, size, false) + rfc_at(at, size, true);
		}
	}
	is_int(wrong, 0, "every beginning, by get-entry-and-proof and by get-proof-by-hash");

	hk_anchor_head head = {.size = 30};
	uint8_t old[32];
	g_autoptr(GError) error = NULL;
	mth(0, 30, head.root);
	mth(0, 20, old);
	g_autoptr(hk_anchor) check = hk_anchor_new_rfc("https://l.test/", 20, &head, old);
	is_str(hk_anchor_url(check), "https://l.test/ct/v1/get-sth-consistency?first=20&second=30",
		"an older head is checked");
	g_autoptr(GString) body = rfc_answer(hk_anchor_url(check), 20);
	ok(hk_anchor_answer(check, hk_span_of(body->str, body->len), NULL) && !hk_anchor_url(check),
		"and is consistent");
	old[0] ^= 1;
	g_autoptr(hk_anchor) fork = hk_anchor_new_rfc("https://l.test/", 20, &head, old);
	ok(!hk_anchor_answer(fork, hk_span_of(body->str, body->len), &error), "with another root");
	is_int(hk_error_code(error), HK_EINCONSISTENT, "it is not");
}

int
main(void)
{
	known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	tiles();
	lies();
	missing();
	rfc();
	g_hash_table_unref(known);
	return tap_done();
}
