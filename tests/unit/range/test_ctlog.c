#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "ctlog.h"
#include "sys/gerr.h"
#include "tap.h"

/* MTH of RFC 6962, section 2.1, written as the text has it. */
static void
mth(const uint8_t (*leaves)[32], size_t n, uint8_t *ret)
{
	uint8_t both[65] = {1};
	size_t k = 1;

	if (n == 1) {
		memcpy(ret, leaves[0], 32);
		return;
	}
	while (k * 2 < n) {
		k *= 2;
	}
	mth(leaves, k, both + 1);
	mth(leaves + k, n - k, both + 33);
	SHA256(both, sizeof both, ret);
}

static void
node(const uint8_t *left, const uint8_t *right, uint8_t *ret)
{
	uint8_t both[65] = {1};

	memcpy(both + 1, left, 32);
	memcpy(both + 33, right, 32);
	SHA256(both, sizeof both, ret);
}

/* RFC 9162, section 2.1.3.2. */
static void
root_of_path(const uint8_t *leaf, uint64_t index, uint64_t size, const uint8_t (*path)[32],
	size_t n, uint8_t *ret)
{
	uint64_t fn = index;
	uint64_t sn = size - 1;

	memcpy(ret, leaf, 32);
	for (size_t i = 0; i < n; i++) {
		if (fn % 2 == 1 || fn == sn) {
			node(path[i], ret, ret);
			while (fn % 2 == 0 && fn != 0) {
				fn /= 2;
				sn /= 2;
			}
		} else {
			node(ret, path[i], ret);
		}
		fn /= 2;
		sn /= 2;
	}
}

static void
tree(void)
{
	static uint8_t leaves[700][32];
	rg_tree *t = rg_tree_new();
	uint8_t root[32];
	uint8_t want[32];
	uint8_t path[RG_PROOF_MAX][32];
	size_t bad_root = 0;
	size_t bad_path = 0;
	size_t bad_fork = 0;

	rg_tree_root(t, NULL, 0, root);
	SHA256((const uint8_t *)"", 0, want);
	is_mem(root, want, 32, "root of the empty tree");
	for (size_t i = 0; i < 700; i++) {
		SHA256((const uint8_t *)&i, sizeof i, leaves[i]);
		rg_tree_append(t, leaves[i]);
	}
	for (size_t n = 1; n <= 700; n += n < 40 ? 1 : 37) {
		rg_tree_root(t, NULL, n, root);
		mth(leaves, n, want);
		bad_root += memcmp(root, want, 32) != 0;
		for (size_t i = 0; i < n; i += 1 + n / 16) {
			size_t len = rg_tree_inclusion(t, NULL, i, n, path);
			root_of_path(leaves[i], i, n, path, len, want);
			bad_path += memcmp(root, want, 32) != 0;
		}
		rg_fork fork = {.index = n / 2};
		memset(fork.hash, 0xAB, 32);
		rg_tree_root(t, &fork, n, root);
		uint8_t saved[32];
		memcpy(saved, leaves[n / 2], 32);
		memcpy(leaves[n / 2], fork.hash, 32);
		mth(leaves, n, want);
		memcpy(leaves[n / 2], saved, 32);
		bad_fork += memcmp(root, want, 32) != 0;
	}
	is_int(bad_root, 0, "roots are those of the definition");
	is_int(bad_path, 0, "audit paths lead to the root");
	is_int(bad_fork, 0, "a fork is the tree with one leaf replaced");
	uint64_t found = 0;
	ok(rg_tree_find(t, leaves[123], 700, &found) && found == 123,
		"a leaf is found by its hash");
	ok(!rg_tree_find(t, leaves[123], 123, &found), "not below its index");
	/* The proof for (3, 7) of RFC 6962, section 2.1.3, is [c, d, g, l]. */
	size_t len = rg_tree_consistency(t, NULL, 3, 7, path);
	is_int(len, 4, "consistency proof of the RFC: four hashes");
	is_mem(path[0], leaves[2], 32, "c");
	is_mem(path[1], leaves[3], 32, "d");
	node(leaves[0], leaves[1], want);
	is_mem(path[2], want, 32, "g");
	is_int(rg_tree_consistency(t, NULL, 4, 7, path), 1, "(4, 7) is [l]");
	is_int(rg_tree_consistency(t, NULL, 6, 7, path), 3, "(6, 7) is [i, j, k]");
	is_int(rg_tree_consistency(t, NULL, 700, 700, path), 0, "(n, n) is empty");
	rg_tree_free(t);
}

static void
head_signature(const rg_log *log)
{
	const rg_head *head = rg_log_head(log, 0);
	hk_span spki = rg_ctkey_spki(rg_log_key(log));
	const unsigned char *at = spki.data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)spki.len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t text[50] = {0, 1};
	uint8_t id[32];

	for (int i = 0; i < 8; i++) {
		text[2 + i] = (uint8_t)(head->timestamp_ms >> (56 - 8 * i));
		text[10 + i] = (uint8_t)(head->size >> (56 - 8 * i));
	}
	memcpy(text + 18, head->root, 32);
	EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key);
	ok(EVP_DigestVerify(ctx, head->signed_head + 4, head->signed_len - 4, text, 50) == 1,
		"the head is signed by the key");
	SHA256(spki.data, spki.len, id);
	is_mem(rg_ctkey_log_id(rg_log_key(log)), id, 32, "the log id is the hash of the key");
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static void
entries_hash_to_root(const rg_log *log, bool leaf_index)
{
	const rg_head *head = rg_log_head(log, 0);
	g_autofree uint8_t(*hashes)[32] = g_malloc(head->size * 32);
	uint8_t root[32];
	size_t bad = 0;

	for (uint64_t i = 0; i < head->size; i++) {
		hk_span entry = rg_log_entry(log, i);
		rg_leaf leaf;
		size_t used = 0;
		bad += rg_leaf_of(entry, &leaf, &used) != HK_OK || used != entry.len;
		g_autoptr(GByteArray) text = g_byte_array_new();
		g_byte_array_append(text, (const uint8_t *)"\0\0\0", 3);
		g_byte_array_append(text, leaf.timestamped.data, (guint)leaf.timestamped.len);
		SHA256(text->data, text->len, hashes[i]);
		bad += leaf.extensions.len != (leaf_index ? 8 : 0);
		bad += leaf_index && (leaf.extensions.data[7] != (uint8_t)i ||
					     leaf.extensions.data[6] != (uint8_t)(i >> 8));
		bad += leaf.chain.len != 64 ||
		       !rg_issuers_cert(rg_log_issuers(log), leaf.chain.data);
	}
	is_int(bad, 0, "every entry is a TileLeaf with its index and chain");
	mth((const uint8_t(*)[32])hashes, head->size, root);
	is_mem(root, head->root, 32, "and they hash to the root");
}

static size_t
lines(const char *path)
{
	g_autofree char *text = NULL;
	size_t count = 0;

	g_file_get_contents(path, &text, NULL, NULL);
	for (const char *at = text; at && *at; at++) {
		count += *at == '\n';
	}
	return count;
}

static void
restart(void)
{
	g_autofree char *dir = g_dir_make_tmp("range-XXXXXX", NULL);
	g_autofree char *truth = g_build_filename(dir, "truth", NULL);
	g_autoptr(GError) error = NULL;
	rg_log_config config = {.dir = dir,
		.seed = 3,
		.phish_every = 5,
		.odd_every = 7,
		.leaf_index = true,
		.truth = truth};
	g_autoptr(rg_log) log = rg_log_open(&config, &error);
	uint8_t root[32];
	uint8_t id[32];

	ok(log && !error, "a new log: %s", error ? error->message : "good");
	is_int(rg_log_head(log, 0)->size, 0, "is empty");
	ok(rg_log_grow(log, 600, 1770000000000, NULL), "600 entries");
	is_int(rg_log_head(log, 0)->size, 0, "are not visible yet");
	ok(rg_log_publish(log, 1770000001000, NULL), "published");
	is_int(rg_log_head(log, 0)->size, 600, "are now");
	is_int(rg_log_head(log, 1)->size, 0, "the head before is kept");
	is_int(lines(truth), 600, "as many lines of truth");
	head_signature(log);
	entries_hash_to_root(log, true);
	memcpy(root, rg_log_head(log, 0)->root, 32);
	memcpy(id, rg_ctkey_log_id(rg_log_key(log)), 32);
	ok(!rg_log_open(&config, &error) && hk_error_code(error) == HK_EPOLICY,
		"one process at a time");
	g_clear_error(&error);
	/* Appended, never published: gone after a restart, since no one saw it. */
	ok(rg_log_grow(log, 50, 1770000002000, NULL), "50 more, not published");
	g_clear_pointer(&log, rg_log_free);

	log = rg_log_open(&config, &error);
	ok(log != NULL, "comes back: %s", error ? error->message : "good");
	is_int(rg_log_head(log, 0)->size, 600, "with its size");
	is_mem(rg_log_head(log, 0)->root, root, 32, "its root");
	is_mem(rg_ctkey_log_id(rg_log_key(log)), id, 32, "and its key");
	g_autoptr(rg_names) names = rg_names_new();
	uint64_t first = 0;
	rg_names_split(names, "login.mihon-bank.example");
	ok(rg_log_issue(log, names, RG_ISSUE_BOTH, 1770000003000, &first, NULL), "names to issue");
	is_int(first, 600, "stand where the log ended");
	ok(rg_log_grow(log, 44, 1770000003000, NULL) && rg_log_publish(log, 1, NULL),
		"it grows on");
	is_int(rg_log_head(log, 0)->size, 646, "to 646");
	ok(rg_log_head(log, 0)->timestamp_ms > 1770000001000, "time does not run backwards");
	is_int(lines(truth), 646, "truth has each entry once");
	entries_hash_to_root(log, true);
	g_clear_pointer(&log, rg_log_free);

	config.seed = 4;
	ok(!rg_log_open(&config, &error), "another seed is refused");
	g_clear_error(&error);
	config.seed = 3;
	config.leaf_index = false;
	ok(!rg_log_open(&config, &error), "another kind of leaf is refused");
	g_clear_error(&error);
	config.leaf_index = true;
	g_autofree char *entries = g_build_filename(dir, "entries", NULL);
	int fd = open(entries, O_RDWR | O_CLOEXEC);
	uint8_t byte = 0;
	/* Within the first entry's TBSCertificate: hashed. */
	ok(pread(fd, &byte, 1, 100) == 1 && (byte ^= 1, pwrite(fd, &byte, 1, 100)) == 1,
		"one bit flips");
	close(fd);
	ok(!rg_log_open(&config, &error), "a damaged entry is noticed");
	const char *const all[] = {"entries", "truth", "key.pem", "state.json", "lock"};
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_autofree char *path = g_build_filename(dir, all[i], NULL);
		g_unlink(path);
	}
	g_rmdir(dir);
}

static void
in_memory(void)
{
	rg_log_config config = {.seed = 9};
	g_autoptr(rg_log) a = rg_log_open(&config, NULL);
	g_autoptr(rg_log) b = rg_log_open(&config, NULL);

	ok(rg_log_grow(a, 300, 1770000000000, NULL) && rg_log_publish(a, 1770000001000, NULL),
		"a log in memory");
	ok(rg_log_grow(b, 300, 1770000000000, NULL) && rg_log_publish(b, 1770000009000, NULL),
		"and another");
	is_mem(rg_log_head(a, 0)->root, rg_log_head(b, 0)->root, 32,
		"the same seed, the same tree");
	entries_hash_to_root(a, false);
}

int
main(void)
{
	tree();
	restart();
	in_memory();
	return tap_done();
}
