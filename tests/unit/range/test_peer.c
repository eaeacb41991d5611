/* The range against the follower's own parts: written apart, they must agree. */
#include "certgen.h"
#include "ctrender.h"
#include "parse/ctleaf.h"
#include "parse/x509.h"
#include "source/ct/head.h"
#include "sys/hash.h"
#include "sys/merkle.h"
#include "tap.h"

static void
key_of(const hk_x509 *x509, uint8_t *ret)
{
	hk_x509_key key;

	hk_x509_tbs_key_pieces(x509, &key);
	hk_sha256_pieces(key.piece, key.count, ret);
}

static bool
names_agree(const hk_x509 *x509, const rg_names *want)
{
	hk_x509_names walk;
	hk_x509_name name;
	size_t at = 0;

	hk_x509_names_init(x509, &walk);
	while (hk_x509_names_next(&walk, &name)) {
		if (name.kind == HK_X509_NAME_DNS &&
			(at >= rg_names_count(want) ||
				!hk_span_eq(name.value, rg_names_at(want, at++)))) {
			return false;
		}
	}
	return at == rg_names_count(want);
}

static void
certificates(void)
{
	g_autoptr(rg_certgen) gen = rg_certgen_new(2);
	size_t bad = 0;
	size_t odd = 0;

	for (uint64_t i = 0; i < 2000; i++) {
		rg_order order = {.number = i, .when_s = 1770000000};
		if (i % 10 == 9) {
			order.kind = RG_PHISH;
			order.variant = (uint32_t)(i / 10);
		}
		rg_cert cert;
		hk_x509 x509;
		uint8_t key[32];
		rg_certgen_make(gen, &order, i % 2 == 0, &cert);
		bad += hk_x509_parse_cert(cert.der, &x509) != HK_OK ||
		       !names_agree(&x509, cert.names) || x509.has_poison != cert.precert ||
		       x509.has_sct_list == cert.precert;
		key_of(&x509, key);
		bad += memcmp(key, cert.tbs_sha256, 32) != 0;
		odd += (x509.odd & hk_x509_odd_malformed) != 0;
		bad += hk_x509_parse_tbs(cert.tbs, &x509) != HK_OK;
		key_of(&x509, key);
		bad += memcmp(key, cert.tbs_sha256, 32) != 0;
	}
	is_int(bad, 0, "parse/x509 reads 2,000 of them, with the same names and the same key");
	is_int(odd, 0, "and finds none malformed");
}

static void
odd_ones(void)
{
	g_autoptr(rg_certgen) gen = rg_certgen_new(2);

	for (uint32_t i = 0; i < RG_ODD_COUNT; i++) {
		rg_order order = {.number = i, .kind = RG_ODD, .variant = i, .when_s = 1770000000};
		bool legal = i == RG_ODD_MANY || i == RG_ODD_IP_NAME || i == RG_ODD_NO_NAMES;
		rg_cert cert;
		hk_x509 x509 = {0};
		rg_certgen_make(gen, &order, false, &cert);
		hk_err err = hk_x509_parse_cert(cert.der, &x509);
		bool malformed = err != HK_OK || (x509.odd & hk_x509_odd_malformed) != 0;
		ok(malformed == !legal, "odd %s is%s malformed", rg_odd_get((rg_odd)i)->name,
			legal ? " not" : "");
	}
}

static void
tree_and_heads(void)
{
	rg_log_config config = {.seed = 2, .odd_every = 9, .leaf_index = true};
	g_autoptr(rg_log) log = rg_log_open(&config, NULL);
	g_autoptr(hk_sig_key) key = hk_sig_key_new(rg_ctkey_spki(rg_log_key(log)), NULL);
	hk_range range;
	uint64_t done = 0;
	size_t bad = 0;
	size_t bad_heads = 0;

	hk_range_init(&range);
	for (int step = 0; step < 12; step++) {
		ok(rg_log_grow(log, 97, 1770000000000, NULL) &&
				rg_log_publish(log, 1770000001000, NULL),
			"it grows");
		const rg_head *head = rg_log_head(log, 0);
		hk_span raw = rg_log_entries(log, done, head->size);
		hk_cur cur = hk_cur_of(raw);
		while (!hk_cur_empty(&cur)) {
			hk_ctleaf leaf;
			uint8_t hash[1][32];
			if (hk_ctleaf_next_tile(&cur, &leaf) != HK_OK) {
				bad++;
				break;
			}
			bad += leaf.leaf_index != (int64_t)done || leaf.odd != HK_OK;
			hk_sha256_leaf(leaf.timestamped_entry, hash[0]);
			hk_range_append(&range, (const uint8_t(*)[32])hash, 1);
			done++;
		}
		uint8_t root[32];
		hk_range_root(&range, root);
		bad += done != head->size || memcmp(root, head->root, 32) != 0;

		g_autoptr(GBytes) note = rg_render_checkpoint(log, head);
		g_autoptr(GBytes) sth = rg_render_sth(head);
		g_autoptr(hk_ct_head) a = hk_ct_head_from_checkpoint(
			hk_span_of(g_bytes_get_data(note, NULL), g_bytes_get_size(note)), key,
			NULL);
		g_autoptr(hk_ct_head) b = hk_ct_head_from_sth(
			hk_span_of(g_bytes_get_data(sth, NULL), g_bytes_get_size(sth)), key, NULL);
		bad_heads += !a || !b || a->size != head->size || b->size != head->size ||
			     memcmp(a->root, head->root, 32) != 0 ||
			     a->timestamp_ms != b->timestamp_ms;
	}
	is_int(bad, 0, "the follower's tree has the range's roots, entry by entry");
	is_int(bad_heads, 0, "and believes its heads in both forms");
	uint8_t path[RG_PROOF_MAX][RG_HASH_SIZE];
	uint8_t one[32];
	uint8_t two[32];
	rg_tree_root(rg_log_tree(log), NULL, 333, one);
	rg_tree_root(rg_log_tree(log), NULL, 1111, two);
	size_t count = rg_tree_consistency(rg_log_tree(log), NULL, 333, 1111, path);
	ok(hk_merkle_check_consistency(333, one, 1111, two, (const uint8_t(*)[32])path, count) ==
			HK_OK,
		"its consistency proofs hold");
}

int
main(void)
{
	certificates();
	odd_ones();
	tree_and_heads();
	return tap_done();
}
