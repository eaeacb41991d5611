#include "source/ct/anchor.h"

#include <inttypes.h>
#include <string.h>

#include "base/codec.h"
#include "parse/cttile.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/json.h"

/* An answer with a proof is some 3 KB; with a leaf and its chain some 10. */
#define JSON_MAX (4u << 20)

typedef enum step {
	STEP_TILE,        /* level tiles, one after the other */
	STEP_ENTRY_PROOF, /* get-entry-and-proof */
	STEP_ENTRY,       /* get-entries of one */
	STEP_PROOF,       /* get-proof-by-hash */
	STEP_CONSISTENCY, /* get-sth-consistency */
	STEP_DONE,
} step;

typedef struct wanted {
	hk_cttile tile;
	GBytes *body; /* owned; NULL: to be fetched */
} wanted;

struct hk_anchor {
	char *base;
	uint64_t at;
	hk_anchor_head head;
	bool has_old_root;
	uint8_t root[32]; /* of the first `at` entries: given, or found */
	step step;
	char *url;
	wanted tiles[2 *
		     HK_CTTILE_LEVELS]; /* [0..5] on the way from `at`, [6..11] at the right edge */
	unsigned next;                  /* of tiles */
	uint8_t leaf[32];               /* STEP_PROOF */
	hk_range range;
	bool has_range;
};

static void
set_url(hk_anchor *anchor)
{
	char path[HK_CTTILE_PATH_MAX];
	char text[HK_BASE64_LEN(32) + 1];

	g_clear_pointer(&anchor->url, g_free);
	switch (anchor->step) {
	case STEP_TILE:
		if (hk_cttile_path(&anchor->tiles[anchor->next].tile, path) != HK_OK) {
			HK_BUG("a level tile out of range");
		}
		anchor->url = g_strconcat(anchor->base, path, NULL);
		break;
	case STEP_ENTRY_PROOF:
		anchor->url = g_strdup_printf("%sct/v1/get-entry-and-proof?leaf_index=%" PRIu64
					      "&tree_size=%" PRIu64,
			anchor->base, anchor->at - 1, anchor->at);
		break;
	case STEP_ENTRY:
		anchor->url = g_strdup_printf("%sct/v1/get-entries?start=%" PRIu64 "&end=%" PRIu64,
			anchor->base, anchor->at - 1, anchor->at - 1);
		break;
	case STEP_PROOF: {
		g_autoptr(GString) escaped = g_string_new(NULL);
		hk_base64_encode(hk_span_of(anchor->leaf, 32), text);
		for (const char *c = text; *c; c++) {
			g_string_append_printf(
				escaped, g_ascii_isalnum(*c) ? "%c" : "%%%02X", (unsigned char)*c);
		}
		anchor->url =
			g_strdup_printf("%sct/v1/get-proof-by-hash?hash=%s&tree_size=%" PRIu64,
				anchor->base, escaped->str, anchor->at);
		break;
	}
	case STEP_CONSISTENCY:
		anchor->url = g_strdup_printf("%sct/v1/get-sth-consistency?first=%" PRIu64
					      "&second=%" PRIu64,
			anchor->base, anchor->at, anchor->head.size);
		break;
	case STEP_DONE:
		break;
	}
}

static hk_anchor *
new_anchor(const char *base, uint64_t at, const hk_anchor_head *head, const uint8_t *old_root)
{
	hk_anchor *anchor = g_new0(hk_anchor, 1);

	anchor->base = g_strdup(base);
	anchor->at = at;
	anchor->head = *head;
	if (old_root) {
		anchor->has_old_root = true;
		memcpy(anchor->root, old_root, 32);
	}
	return anchor;
}

/* The next tile that is wanted and not there; STEP_DONE when all are. */
static void
next_tile(hk_anchor *anchor)
{
	while (anchor->next < G_N_ELEMENTS(anchor->tiles) &&
		(anchor->tiles[anchor->next].tile.width == 0 || anchor->tiles[anchor->next].body)) {
		anchor->next++;
	}
	anchor->step = anchor->next < G_N_ELEMENTS(anchor->tiles) ? STEP_TILE : STEP_DONE;
	set_url(anchor);
}

hk_anchor *
hk_anchor_new_tiles(
	const char *base, uint64_t at, const hk_anchor_head *head, const uint8_t *old_root)
{
	hk_anchor *anchor = new_anchor(base, at, head, old_root);

	for (int level = 0; level < HK_CTTILE_LEVELS; level++) {
		uint64_t left = at >> (8 * level);
		uint64_t right = head->size >> (8 * level);
		hk_cttile *on_way = &anchor->tiles[level].tile;
		hk_cttile *edge = &anchor->tiles[HK_CTTILE_LEVELS + level].tile;
		uint32_t width = hk_cttile_width(level, left / HK_CTTILE_WIDTH, head->size);
		/* A whole tile that begins where `at` stands is one hash of the tile above. */
		bool begins = (at & ((UINT64_C(1) << (8 * (level + 1))) - 1)) == 0;
		if (width > 0 && (!begins || width < HK_CTTILE_WIDTH)) {
			*on_way = (hk_cttile){
				.level = level, .index = left / HK_CTTILE_WIDTH, .width = width};
		}
		if (right % HK_CTTILE_WIDTH != 0 &&
			right / HK_CTTILE_WIDTH != left / HK_CTTILE_WIDTH) {
			*edge = (hk_cttile){.level = level,
				.index = right / HK_CTTILE_WIDTH,
				.width = (uint32_t)(right % HK_CTTILE_WIDTH)};
		}
	}
	next_tile(anchor);
	return anchor;
}

hk_anchor *
hk_anchor_new_rfc(
	const char *base, uint64_t at, const hk_anchor_head *head, const uint8_t *old_root)
{
	hk_anchor *anchor = new_anchor(base, at, head, old_root);

	anchor->step = old_root ? STEP_CONSISTENCY : STEP_ENTRY_PROOF;
	set_url(anchor);
	return anchor;
}

void
hk_anchor_free(hk_anchor *anchor)
{
	if (!anchor) {
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(anchor->tiles); i++) {
		if (anchor->tiles[i].body) {
			g_bytes_unref(anchor->tiles[i].body);
		}
	}
	g_free(anchor->base);
	g_free(anchor->url);
	g_free(anchor);
}

const char *
hk_anchor_url(const hk_anchor *anchor)
{
	return anchor->url;
}

bool
hk_anchor_missing(hk_anchor *anchor)
{
	if (anchor->step == STEP_ENTRY_PROOF) {
		anchor->step = STEP_ENTRY;
		set_url(anchor);
		return true;
	}
	if (anchor->step == STEP_TILE) {
		hk_cttile *tile = &anchor->tiles[anchor->next].tile;
		if (tile->width < HK_CTTILE_WIDTH) {
			/* A partial tile may go once the full one exists. */
			tile->width = HK_CTTILE_WIDTH;
			set_url(anchor);
			return true;
		}
		/* Neither is there yet: the partial one again, later. */
		tile->width = hk_cttile_width(tile->level, tile->index, anchor->head.size);
		set_url(anchor);
	}
	return false;
}

static hk_span
tile_body(const hk_anchor *anchor, size_t i)
{
	gsize len;

	if (!anchor->tiles[i].body) {
		return (hk_span){NULL, 0};
	}
	const void *data = g_bytes_get_data(anchor->tiles[i].body, &len);
	return hk_span_of(data, len);
}

/* Appends the hashes of one tile from where the range stands to the width that the tile has in the head's tree. */
static hk_err
append_tile(const hk_anchor *anchor, size_t i, hk_range *range)
{
	const uint8_t(*hashes)[HK_CTTILE_HASH];
	const hk_cttile *tile = &anchor->tiles[i].tile;
	unsigned shift = 8 * (unsigned)tile->level;
	uint32_t width = hk_cttile_width(tile->level, tile->index, anchor->head.size);

	if (!anchor->tiles[i].body) {
		return HK_OK;
	}
	HK_TRY(hk_cttile_view(tile_body(anchor, i), width, &hashes));
	uint64_t first = tile->index * HK_CTTILE_WIDTH;
	uint64_t here = range->size >> shift;
	/* Nothing to do when a lower level's tile is the last one already: the range then stands inside it. */
	for (uint64_t at = here; at >= first && at < first + width; at++) {
		HK_TRY(hk_range_append_node(range, shift, hashes[at - first]));
	}
	return HK_OK;
}

/* All tiles are there: the range of `at` entries, its root, and the root of the head by way of what follows. */
static bool
conclude_tiles(hk_anchor *anchor, GError **error)
{
	hk_span on_way[HK_CTTILE_LEVELS];
	uint8_t root[32];

	for (size_t i = 0; i < HK_CTTILE_LEVELS; i++) {
		on_way[i] = tile_body(anchor, i);
	}
	hk_err err = hk_range_from_tiles(anchor->at, on_way, &anchor->range);
	hk_range whole = anchor->range;
	/* Up the way from `at`, each level to the end of its tile, then down the right edge. */
	int level = 0;
	for (; err == HK_OK && level < HK_CTTILE_LEVELS && whole.size < anchor->head.size;
		level++) {
		uint64_t unit = UINT64_C(1) << (8 * level);
		if (whole.size % unit == 0) {
			err = append_tile(anchor, (size_t)level, &whole);
		}
	}
	for (level = HK_CTTILE_LEVELS - 1; err == HK_OK && level >= 0; level--) {
		err = append_tile(anchor, (size_t)(HK_CTTILE_LEVELS + level), &whole);
	}
	if (err != HK_OK) {
		return hk_error_set(error, HK_EFORM, "level tiles: %s", hk_err_meaning(err));
	}
	hk_range_root(&whole, root);
	if (whole.size != anchor->head.size || memcmp(root, anchor->head.root, 32) != 0) {
		return hk_error_set(error, HK_EINCONSISTENT,
			"the level tiles do not hash to the root of the head of size "
			"%" PRIu64,
			anchor->head.size);
	}
	hk_range_root(&anchor->range, root);
	if (anchor->has_old_root && memcmp(root, anchor->root, 32) != 0) {
		return hk_error_set(error, HK_EINCONSISTENT,
			"the first %" PRIu64 " entries have another root than the "
			"head of that size",
			anchor->at);
	}
	memcpy(anchor->root, root, 32);
	anchor->has_range = true;
	return true;
}

static bool
read_path(const hk_json *root, const char *key, uint8_t (*path)[32], size_t *ret_count,
	GError **error)
{
	hk_json list;

	if (!hk_json_array(root, key, &list, error)) {
		return false;
	}
	size_t count = hk_json_len(&list);
	if (count > HK_MERKLE_PROOF_MAX) {
		return hk_json_fail(&list, HK_ELIMIT, error, "more hashes than a proof can have");
	}
	for (size_t i = 0; i < count; i++) {
		hk_json at = hk_json_at(&list, i);
		const char *text = hk_json_text(&at);
		size_t len = 0;
		uint8_t hash[64];
		if (!text || strlen(text) != HK_BASE64_LEN(32) ||
			hk_base64_decode(hk_span_str(text), hash, &len) != HK_OK || len != 32) {
			return hk_json_fail(&at, HK_EFORM, error, "not a hash in base64");
		}
		memcpy(path[i], hash, 32);
	}
	*ret_count = count;
	return true;
}

/* The audit path of the last leaf of the tree of `at` entries is the range of those before it. */
static bool
take_path(hk_anchor *anchor, const hk_json *root, GError **error)
{
	uint8_t path[HK_MERKLE_PROOF_MAX][32];
	size_t count;

	if (!read_path(root, "audit_path", path, &count, error)) {
		return false;
	}
	hk_err err = hk_range_from_path(anchor->at - 1, path, count, &anchor->range);
	if (err != HK_OK) {
		return hk_error_set(error, HK_EFORM, "audit_path: %s", hk_err_meaning(err));
	}
	hk_range_append(&anchor->range, &anchor->leaf, 1);
	hk_range_root(&anchor->range, anchor->root);
	anchor->has_range = true;
	if (anchor->at < anchor->head.size) {
		anchor->step = STEP_CONSISTENCY;
	} else if (memcmp(anchor->root, anchor->head.root, 32) != 0) {
		return hk_error_set(error, HK_EINCONSISTENT,
			"the audit path of the last entry does not lead to the root of "
			"the head of size %" PRIu64,
			anchor->at);
	} else {
		anchor->step = STEP_DONE;
	}
	return true;
}

static bool
take_leaf(hk_anchor *anchor, const hk_json *entry, GError **error)
{
	const char *text;
	size_t len;

	if (!hk_json_str(entry, "leaf_input", &text, error)) {
		return false;
	}
	g_autofree uint8_t *leaf = g_malloc(strlen(text) + 1);
	if (hk_base64_decode(hk_span_str(text), leaf, &len) != HK_OK) {
		return hk_error_set(error, HK_EFORM, "leaf_input: not base64");
	}
	hk_sha256_leaf_any(hk_span_of(leaf, len), anchor->leaf);
	return true;
}

static bool
answer_json(hk_anchor *anchor, hk_span body, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(body, JSON_MAX, error);
	uint8_t path[HK_MERKLE_PROOF_MAX][32];
	hk_json entries;
	size_t count;

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	switch (anchor->step) {
	case STEP_ENTRY_PROOF:
		return take_leaf(anchor, &root, error) && take_path(anchor, &root, error);
	case STEP_ENTRY:
		if (!hk_json_array(&root, "entries", &entries, error)) {
			return false;
		}
		if (hk_json_len(&entries) != 1) {
			return hk_json_fail(&entries, HK_EFORM, error, "one entry was asked for");
		}
		hk_json entry = hk_json_at(&entries, 0);
		if (!take_leaf(anchor, &entry, error)) {
			return false;
		}
		anchor->step = STEP_PROOF;
		return true;
	case STEP_PROOF: {
		uint64_t index;
		if (!hk_json_u64(&root, "leaf_index", &index, error)) {
			return false;
		}
		if (index != anchor->at - 1) {
			return hk_error_set(
				error, HK_EFORM, "leaf_index: not the entry that was asked for");
		}
		return take_path(anchor, &root, error);
	}
	case STEP_CONSISTENCY:
		if (!read_path(&root, "consistency", path, &count, error)) {
			return false;
		}
		if (hk_merkle_check_consistency(anchor->at, anchor->root, anchor->head.size,
			    anchor->head.root, path, count) != HK_OK) {
			return hk_error_set(error, HK_EINCONSISTENT,
				"no consistency from size %" PRIu64 " to %" PRIu64, anchor->at,
				anchor->head.size);
		}
		anchor->step = STEP_DONE;
		return true;
	case STEP_TILE:
	case STEP_DONE:
		break;
	}
	HK_BUG("an answer that nothing waits for");
}

static bool
answer_tile(hk_anchor *anchor, hk_span body, GError **error)
{
	const uint8_t(*hashes)[HK_CTTILE_HASH];
	wanted *want = &anchor->tiles[anchor->next];
	hk_err err = hk_cttile_view(body, want->tile.width, &hashes);

	if (err != HK_OK) {
		return hk_error_set(error, HK_EFORM, "level tile: %s", hk_err_meaning(err));
	}
	want->body = g_bytes_new(body.data, body.len);
	next_tile(anchor);
	return anchor->step != STEP_DONE || conclude_tiles(anchor, error);
}

bool
hk_anchor_answer(hk_anchor *anchor, hk_span body, GError **error)
{
	if (anchor->step == STEP_TILE) {
		return answer_tile(anchor, body, error);
	}
	bool good = answer_json(anchor, body, error);
	set_url(anchor);
	return good;
}

bool
hk_anchor_range(const hk_anchor *anchor, hk_range *ret)
{
	if (!anchor->has_range || anchor->step != STEP_DONE) {
		return false;
	}
	*ret = anchor->range;
	return true;
}
