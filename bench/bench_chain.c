/* bench_chain: what one CT entry costs, stage by stage, beside its floor.
 *
 *   bench_chain DIR       DIR holds raw data tiles (hikeshi-range ct-tiles --format tile)
 *
 * Every stage is measured over all tiles, each tile first copied into one buffer that stays in the cache, as after a receive or
 * an inflate; the copy is measured by itself and taken off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <libdeflate.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "bench.h"
#include "source/ct/block.h"
#include "source/ct/files.h"
#include "sys/gz.h"
#include "sys/hash.h"
#include "sys/patterns.h"

typedef struct tile {
	uint8_t *raw;
	size_t raw_len;
	uint8_t *gz;
	size_t gz_len;
	size_t entries;
	uint64_t first; /* index of its first entry */
} tile;

typedef struct input {
	GArray *tiles; /* of tile */
	uint8_t *buffer;
	hk_ct_block *block;
	hk_patterns *patterns;
	hk_gz *inflater;
	bool hash;
	const tile *at; /* the tile under way */
	size_t hits;
} input;

static uint64_t
over_tiles(input *in, void (*each)(input *in, hk_span bytes))
{
	uint64_t entries = 0;

	for (guint i = 0; i < in->tiles->len; i++) {
		const tile *t = &g_array_index(in->tiles, tile, i);
		memcpy(in->buffer, t->raw, t->raw_len);
		in->at = t;
		each(in, hk_span_of(in->buffer, t->raw_len));
		entries += t->entries;
	}
	return entries;
}

static void
nothing(input *in, hk_span bytes)
{
	(void)in;
	/* Keeps the copy from being optimised away. */
	__asm__ volatile("" : : "r"(bytes.data) : "memory");
}

static uint64_t
stage_copy(void *user)
{
	return over_tiles(user, nothing);
}

static void
frame(input *in, hk_span bytes)
{
	hk_cur cur = hk_cur_of(bytes);
	hk_ctleaf leaf;

	while (!hk_cur_empty(&cur) && hk_ctleaf_next_tile(&cur, &leaf) == HK_OK) {
		in->hits += leaf.cert.len;
	}
}

static uint64_t
stage_frame(void *user)
{
	return over_tiles(user, frame);
}

static void
parse(input *in, hk_span bytes)
{
	hk_cur cur = hk_cur_of(bytes);
	hk_ctleaf leaf;
	hk_x509 x509;

	while (!hk_cur_empty(&cur) && hk_ctleaf_next_tile(&cur, &leaf) == HK_OK) {
		hk_err err = leaf.precert ? hk_x509_parse_tbs(leaf.cert, &x509)
					  : hk_x509_parse_cert(leaf.cert, &x509);
		in->hits += err == HK_OK ? x509.dns_count : 0;
	}
}

static uint64_t
stage_parse(void *user)
{
	return over_tiles(user, parse);
}

static void
on_match(void *user, uint32_t id, size_t end)
{
	input *in = user;

	in->hits += id + end;
}

static bool
on_batch(void *user, const hk_batch *batch, GError **error)
{
	input *in = user;

	(void)error;
	in->hits += batch->name_count;
	if (in->patterns) {
		hk_patterns_scan(in->patterns, batch->text, batch->text_len, on_match, in);
	}
	return true;
}

static void
whole(input *in, hk_span bytes)
{
	hk_range range;
	const hk_ct_want want = {.first = in->at->first, .count = in->at->entries};
	size_t count;
	g_autoptr(GError) error = NULL;

	hk_range_init(&range);
	if (!hk_ct_block_tile(in->block, bytes, &want, in->hash ? &range : NULL, on_batch, in,
		    &count, &error)) {
		fprintf(stderr, "%s\n", error->message);
		exit(1);
	}
}

static uint64_t
stage_whole(void *user)
{
	return over_tiles(user, whole);
}

static uint64_t
stage_gzip(void *user)
{
	input *in = user;
	uint64_t entries = 0;

	for (guint i = 0; i < in->tiles->len; i++) {
		const tile *t = &g_array_index(in->tiles, tile, i);
		memcpy(in->buffer, t->gz, t->gz_len);
		in->at = t;
		whole(in, hk_span_of(in->buffer, t->gz_len));
		entries += t->entries;
	}
	return entries;
}

static uint64_t
floor_inflate(void *user)
{
	input *in = user;
	uint64_t entries = 0;

	for (guint i = 0; i < in->tiles->len; i++) {
		const tile *t = &g_array_index(in->tiles, tile, i);
		uint8_t *out;
		size_t len;
		if (hk_gz_inflate(in->inflater, hk_span_of(t->gz, t->gz_len), HK_CT_BLOCK_MAX, &out,
			    &len) != HK_OK) {
			exit(1);
		}
		entries += t->entries;
	}
	return entries;
}

/* The floor of Merkle hashing: the same bytes, one OpenSSL call per leaf and per node, nothing else. */
static void
sha_floor(input *in, hk_span bytes)
{
	hk_cur cur = hk_cur_of(bytes);
	hk_ctleaf leaf;
	uint8_t hash[32];
	uint8_t node[65] = {1};

	while (!hk_cur_empty(&cur) && hk_ctleaf_next_tile(&cur, &leaf) == HK_OK) {
		hk_sha256(leaf.timestamped_entry, hash);
		memcpy(node + 1, hash, 32);
		hk_sha256(hk_span_of(node, sizeof node), hash);
		in->hits += hash[0];
	}
}

static uint64_t
floor_sha(void *user)
{
	return over_tiles(user, sha_floor);
}

/* The peer: what a program does that reads certificates with OpenSSL. */
static void
openssl_names(input *in, hk_span bytes)
{
	hk_cur cur = hk_cur_of(bytes);
	hk_ctleaf leaf;

	while (!hk_cur_empty(&cur) && hk_ctleaf_next_tile(&cur, &leaf) == HK_OK) {
		hk_span der = leaf.precert ? leaf.precert_der : leaf.cert;
		const unsigned char *at = der.data;
		X509 *x509 = d2i_X509(NULL, &at, (long)der.len);
		if (!x509) {
			continue;
		}
		GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
		in->hits += (size_t)sk_GENERAL_NAME_num(names);
		GENERAL_NAMES_free(names);
		X509_free(x509);
	}
}

static uint64_t
peer_openssl(void *user)
{
	return over_tiles(user, openssl_names);
}

static uint64_t
floor_memory(void *user)
{
	const input *in = user;
	uint64_t entries = 0;
	uint64_t sum = 0;

	for (guint i = 0; i < in->tiles->len; i++) {
		const tile *t = &g_array_index(in->tiles, tile, i);
		const uint64_t *word = (const uint64_t *)(const void *)t->raw;
		uint64_t lane[4] = {0};
		for (size_t k = 0; k + 4 <= t->raw_len / 8; k += 4) {
			lane[0] += word[k];
			lane[1] += word[k + 1];
			lane[2] += word[k + 2];
			lane[3] += word[k + 3];
		}
		sum += lane[0] + lane[1] + lane[2] + lane[3];
		entries += t->entries;
	}
	__asm__ volatile("" : : "r"(sum));
	return entries;
}

static void
load(input *in, const char *folder)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) files = hk_ct_files_find(folder, &error);
	struct libdeflate_compressor *deflater = libdeflate_alloc_compressor(6);

	if (!files || files->len == 0) {
		fprintf(stderr, "bench_chain: no tiles in %s\n", folder);
		exit(66);
	}
	for (guint i = 0; i < files->len; i++) {
		tile t = {0};
		hk_ctleaf leaf;
		if (!g_file_get_contents(
			    g_ptr_array_index(files, i), (char **)&t.raw, &t.raw_len, NULL)) {
			exit(66);
		}
		hk_cur cur = hk_cur_of(hk_span_of(t.raw, t.raw_len));
		while (!hk_cur_empty(&cur) && hk_ctleaf_next_tile(&cur, &leaf) == HK_OK) {
			t.first = t.entries++ == 0 && leaf.leaf_index > 0
					  ? (uint64_t)leaf.leaf_index
					  : t.first;
		}
		if (!hk_cur_empty(&cur)) {
			continue; /* no data tile */
		}
		size_t bound = libdeflate_gzip_compress_bound(deflater, t.raw_len);
		t.gz = g_malloc(bound);
		t.gz_len = libdeflate_gzip_compress(deflater, t.raw, t.raw_len, t.gz, bound);
		g_array_append_val(in->tiles, t);
	}
	libdeflate_free_compressor(deflater);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: bench_chain DIR\n");
		return 64;
	}
	input in = {
		.tiles = g_array_new(FALSE, FALSE, sizeof(tile)),
		.block = hk_ct_block_new(),
		.inflater = hk_gz_new(),
		.buffer = g_malloc(64u << 20),
	};
	load(&in, argv[1]);
	input hashed = in;
	hashed.hash = true;
	input one = hashed;
	input many = hashed;
	one.patterns = bench_patterns(1);
	many.patterns = bench_patterns(100000);
	bench_row rows[] = {
		{"copy", stage_copy, &in, 0},
		{"frame", stage_frame, &in, 0},
		{"parse", stage_parse, &in, 0},
		{"names", stage_whole, &in, 0},
		{"merkle", stage_whole, &hashed, 0},
		{"one", stage_whole, &one, 0},
		{"many", stage_whole, &many, 0},
		{"gzip", stage_gzip, &many, 0},
		{"inflate", floor_inflate, &in, 0},
		{"sha", floor_sha, &in, 0},
		{"memory", floor_memory, &in, 0},
		{"openssl", peer_openssl, &in, 0},
	};
	enum { COPY, FRAME, PARSE, NAMES, MERKLE, ONE, MANY, GZIP, INFLATE, SHA, MEMORY, OPENSSL };
	bench_run(rows, G_N_ELEMENTS(rows), 5);
	double copy = rows[COPY].ns;
	double us[G_N_ELEMENTS(rows)];
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		us[i] = (rows[i].ns - (i >= FRAME && i <= MANY ? copy : 0)) / 1000;
	}
	us[SHA] -= copy / 1000 + us[FRAME];
	bench_figure("chain", "framing", us[FRAME], "us/entry",
		"reading the bytes once from memory", us[FRAME] / us[MEMORY], NULL);
	bench_figure("chain", "certificate", us[PARSE] - us[FRAME], "us/entry",
		"of OpenSSL d2i_X509 + SAN", (us[PARSE] - us[FRAME]) / us[OPENSSL], NULL);
	bench_figure("chain", "names into the arena, oddities", us[NAMES] - us[PARSE], "us/entry",
		NULL, 0, NULL);
	bench_figure("chain", "Merkle leaf and tree", us[MERKLE] - us[NAMES], "us/entry",
		"of bare SHA-256 of the same bytes", (us[MERKLE] - us[NAMES]) / us[SHA], NULL);
	bench_figure("chain", "100,000 patterns", us[MANY] - us[MERKLE], "us/entry", NULL, 0, NULL);
	bench_figure("chain", "gunzip", us[INFLATE], "us/entry", NULL, 0, NULL);
	bench_figure("chain", "tile in memory, verified, 100,000 patterns", 1e6 / us[MANY],
		"entries/s", "OpenSSL d2i_X509 alone", us[OPENSSL] / us[MANY], ">= 800,000");
	bench_figure("chain", "gzip tile in memory, verified, 100,000 patterns", 1e6 / us[GZIP],
		"entries/s", "OpenSSL d2i_X509 alone", us[OPENSSL] / us[GZIP], NULL);
	bench_figure("chain", "100,000 patterns instead of 1, tile in memory", us[MANY] / us[ONE],
		"x", NULL, 0, "<= 1.3");
	bench_figure("chain", "OpenSSL d2i_X509 + SAN", us[OPENSSL], "us/entry", NULL, 0, NULL);
	bench_figure("chain", "reading the bytes once from memory", us[MEMORY], "us/entry", NULL, 0,
		NULL);
	return in.hits + one.hits + many.hits > 0 ? 0 : 1;
}
