/* parse/cttile: the names and sizes of tiles (C2SP static-ct-api, tlog-tiles). Layer: parse. Input
 * is hostile where it is bytes of a tile; numbers are ours.
 *
 * A tile of level L holds up to 256 hashes; hash i of tile N is the Merkle tree head of the entries
 * [(N * 256 + i) * 256^L, + 256^L). A data tile holds the entries of the level-0 tile with the same
 * index. */
#ifndef HK_PARSE_CTTILE_H
#define HK_PARSE_CTTILE_H

#include "base/err.h"
#include "base/span.h"

#define HK_CTTILE_WIDTH 256
#define HK_CTTILE_HASH  32
/* Levels 0..5 reach 2^48 entries; leaf_index ends at 2^40. */
#define HK_CTTILE_LEVELS   6
#define HK_CTTILE_SIZE_MAX ((UINT64_C(1) << 48) - 1)
/* Instead of a level: the entries themselves, or their names (sunlight's names-tiles.md). */
#define HK_CTTILE_DATA  (-1)
#define HK_CTTILE_NAMES (-2)
/* Room for any path, with its NUL: "tile/names/" + 7 groups of "x000/" + ".p/255". */
#define HK_CTTILE_PATH_MAX 64

typedef struct hk_cttile {
	int level;      /* 0..5, HK_CTTILE_DATA or HK_CTTILE_NAMES */
	uint64_t index; /* 0-based */
	uint32_t width; /* 1..255: partial; 256: full */
} hk_cttile;

/* hk_cttile_path(tile, ret): "tile/0/x001/x234/067.p/5", without a leading slash, NUL-terminated.
 * HK_ERANGE for a level, index (over HK_CTTILE_SIZE_MAX) or width out of range. */
HK_MUST hk_err hk_cttile_path(const hk_cttile *tile, char ret[HK_CTTILE_PATH_MAX]);

/* hk_cttile_parse(path, ret): the reverse, for servers and folders of tiles: path must be exactly
 * what hk_cttile_path writes. HK_EFORM, HK_ERANGE. */
HK_MUST hk_err hk_cttile_parse(hk_span path, hk_cttile *ret);

/* hk_cttile_width(level, index, size): how many hashes (entries, for data) that tile holds in a
 * tree of size entries: 0 (does not exist) .. 256. */
uint32_t hk_cttile_width(int level, uint64_t index, uint64_t size);

/* hk_cttile_count(level, size): number of tiles of that level in a tree of size entries, a partial
 * one included. */
uint64_t hk_cttile_count(int level, uint64_t size);

/* hk_cttile_right_edge(size, ret): the partial tiles, one per level at most, lowest level first,
 * whose hashes make up the compact range of size entries (sys/merkle hk_range_from_tiles). Returns
 * their number, 0..6; size is at most HK_CTTILE_SIZE_MAX, else 0. */
size_t hk_cttile_right_edge(uint64_t size, hk_cttile ret[HK_CTTILE_LEVELS]);

/* hk_cttile_view(body, width, ret): the hashes of a level tile of which at least width are wanted
 * (the full tile serves for a partial one). body must be 32 * n bytes, width <= n <= 256: HK_ETRUNC
 * when it holds fewer, HK_EFORM when it is no multiple of 32, HK_ELIMIT when it is longer than a
 * full tile. *ret points into body. */
HK_MUST hk_err hk_cttile_view(hk_span body, uint32_t width, const uint8_t (**ret)[HK_CTTILE_HASH]);

#endif
