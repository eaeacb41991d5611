/* bench_json: what one entry of a get-entries answer costs, stage by stage, beside its floors and beside jansson.
 *
 *   bench_json DIR       DIR holds get-entries bodies (hikeshi-range ct-tiles --format entries)
 *
 * Base64 is decoded in place, so every pass begins with a fresh copy of the body in one buffer that stays in the cache, as
 * after a receive; the copy is measured by itself and taken off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <jansson.h>
#include <openssl/evp.h>

#include "bench.h"
#include "parse/ctjson.h"
#include "source/ct/block.h"
#include "source/ct/files.h"

typedef struct body {
	uint8_t *text;
	size_t len;
	uint64_t first; /* index of its first entry */
	size_t entries;
} body;

typedef struct input {
	GArray *bodies; /* of body, in the order of the log */
	uint8_t *buffer;
	uint8_t *decoded; /* the peer's */
	hk_ct_block *block;
	hk_patterns *patterns;
	bool hash;
	const body *at; /* the body under way */
	size_t hits;
} input;

static uint64_t
over_bodies(input *in, void (*each)(input *in, uint8_t *text, size_t len))
{
	uint64_t entries = 0;

	for (guint i = 0; i < in->bodies->len; i++) {
		const body *b = &g_array_index(in->bodies, body, i);
		memcpy(in->buffer, b->text, b->len);
		in->at = b;
		each(in, in->buffer, b->len);
		entries += b->entries;
	}
	return entries;
}

static void
nothing(input *in, uint8_t *text, size_t len)
{
	(void)in;
	(void)len;
	/* Keeps the copy from being optimised away. */
	__asm__ volatile("" : : "r"(text) : "memory");
}

static uint64_t
stage_copy(void *user)
{
	return over_bodies(user, nothing);
}

/* The scanner alone: JSON, and base64 of leaf_input. */
static void
scan(input *in, uint8_t *text, size_t len)
{
	hk_ctjson json;
	hk_span leaf_input;
	hk_span extra;
	bool done = false;

	hk_ctjson_init(&json, text, len);
	while (hk_ctjson_next(&json, &leaf_input, &extra, &done) == HK_OK && !done) {
		in->hits += leaf_input.len;
	}
}

static uint64_t
stage_scan(void *user)
{
	return over_bodies(user, scan);
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
whole(input *in, uint8_t *text, size_t len)
{
	hk_range range;
	const hk_ct_want want = {.first = in->at->first, .count = in->at->entries};
	size_t count;
	g_autoptr(GError) error = NULL;

	hk_range_init(&range);
	if (!hk_ct_block_entries(in->block, text, len, &want, in->hash ? &range : NULL, on_batch,
		    in, &count, &error)) {
		fprintf(stderr, "%s\n", error->message);
		exit(1);
	}
}

static uint64_t
stage_whole(void *user)
{
	return over_bodies(user, whole);
}

/* The floor of the scan: each byte looked at once, for the quotation mark that ends a string. */
static void
quotes(input *in, uint8_t *text, size_t len)
{
	for (const uint8_t *at = text, *end = text + len;
		(at = memchr(at, '"', (size_t)(end - at))) != NULL; at++) {
		in->hits++;
	}
}

static uint64_t
floor_memchr(void *user)
{
	return over_bodies(user, quotes);
}

/* The peer: the body as a tree by jansson, leaf_input decoded by OpenSSL; nothing hashed, no certificate read. */
static void
jansson(input *in, uint8_t *text, size_t len)
{
	json_t *root = json_loadb((const char *)text, len, 0, NULL);
	const json_t *entries = json_object_get(root, "entries");

	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *leaf = json_object_get(json_array_get(entries, i), "leaf_input");
		int got =
			EVP_DecodeBlock(in->decoded, (const unsigned char *)json_string_value(leaf),
				(int)json_string_length(leaf));
		in->hits += got > 0 ? (size_t)got : 0;
	}
	json_decref(root);
}

static uint64_t
peer_jansson(void *user)
{
	return over_bodies(user, jansson);
}

static size_t
load(input *in, const char *folder)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) files = hk_ct_files_find(folder, &error);
	size_t longest = 0;
	uint64_t first = 0;

	if (!files || files->len == 0) {
		fprintf(stderr, "bench_json: no get-entries bodies in %s\n", folder);
		exit(66);
	}
	for (guint i = 0; i < files->len; i++) {
		body b = {.first = first};
		hk_ctjson json;
		hk_span leaf_input;
		hk_span extra;
		bool done = false;
		if (!g_file_get_contents(
			    g_ptr_array_index(files, i), (char **)&b.text, &b.len, NULL)) {
			exit(66);
		}
		g_autofree uint8_t *copy = g_memdup2(b.text, b.len);
		hk_ctjson_init(&json, copy, b.len);
		while (hk_ctjson_next(&json, &leaf_input, &extra, &done) == HK_OK && !done) {
			b.entries++;
		}
		if (b.entries == 0) {
			g_free(b.text);
			continue; /* no get-entries answer */
		}
		first += b.entries;
		longest = MAX(longest, b.len);
		g_array_append_val(in->bodies, b);
	}
	return longest;
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: bench_json DIR\n");
		return 64;
	}
	input in = {
		.bodies = g_array_new(FALSE, FALSE, sizeof(body)),
		.block = hk_ct_block_new(),
	};
	size_t longest = load(&in, argv[1]);
	in.buffer = g_malloc(longest);
	in.decoded = g_malloc(longest);
	input hashed = in;
	hashed.hash = true;
	input many = hashed;
	many.patterns = bench_patterns(100000);
	enum { COPY, QUOTES, SCAN, NAMES, MERKLE, MANY, JANSSON };
	bench_row rows[] = {
		{"copy", stage_copy, &in, 0},
		{"quotes", floor_memchr, &in, 0},
		{"scan", stage_scan, &in, 0},
		{"names", stage_whole, &in, 0},
		{"merkle", stage_whole, &hashed, 0},
		{"many", stage_whole, &many, 0},
		{"jansson", peer_jansson, &in, 0},
	};
	double us[G_N_ELEMENTS(rows)];

	bench_run(rows, G_N_ELEMENTS(rows), 5);
	us[COPY] = rows[COPY].ns / 1000;
	for (size_t i = COPY + 1; i < G_N_ELEMENTS(rows); i++) {
		us[i] = rows[i].ns / 1000 - us[COPY];
	}
	bench_figure("json", "JSON scan and base64", us[SCAN], "us/entry",
		"of memchr over the same bytes", us[SCAN] / us[QUOTES], NULL);
	bench_figure("json", "certificate, names into the arena", us[NAMES] - us[SCAN], "us/entry",
		NULL, 0, NULL);
	bench_figure(
		"json", "Merkle leaf and tree", us[MERKLE] - us[NAMES], "us/entry", NULL, 0, NULL);
	bench_figure("json", "100,000 patterns", us[MANY] - us[MERKLE], "us/entry", NULL, 0, NULL);
	bench_figure("json", "get-entries in memory, verified, 100,000 patterns", 1e6 / us[MANY],
		"entries/s", "jansson + base64 alone", us[JANSSON] / us[MANY], ">= 150,000");
	bench_figure(
		"json", "jansson and base64 of OpenSSL", us[JANSSON], "us/entry", NULL, 0, NULL);
	return in.hits + hashed.hits + many.hits > 0 ? 0 : 1;
}
