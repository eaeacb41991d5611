#include "parse/cttile.h"

#include "base/cur.h"
#include "base/num.h"

/* "tile/" and what stands for the level. */
static hk_span
kind_of(int level)
{
	static const char digits[] = "012345";

	return level == HK_CTTILE_DATA    ? HK_SPAN_LIT("data")
	       : level == HK_CTTILE_NAMES ? HK_SPAN_LIT("names")
					  : hk_span_of(digits + level, 1);
}

static char *
put(char *at, hk_span text)
{
	memcpy(at, text.data, text.len);
	return at + text.len;
}

static char *
put_group(char *at, uint64_t group)
{
	*at++ = (char)('0' + group / 100);
	*at++ = (char)('0' + group / 10 % 10);
	*at++ = (char)('0' + group % 10);
	return at;
}

hk_err
hk_cttile_path(const hk_cttile *tile, char ret[HK_CTTILE_PATH_MAX])
{
	char *at = ret;
	uint64_t power = 1;

	if (tile->level < HK_CTTILE_NAMES || tile->level >= HK_CTTILE_LEVELS ||
		tile->index > HK_CTTILE_SIZE_MAX || tile->width < 1 ||
		tile->width > HK_CTTILE_WIDTH) {
		return HK_ERANGE;
	}
	at = put(at, HK_SPAN_LIT("tile/"));
	at = put(at, kind_of(tile->level));
	*at++ = '/';
	while (tile->index / power >= 1000) {
		power *= 1000;
	}
	for (; power > 1; power /= 1000) {
		*at++ = 'x';
		at = put_group(at, tile->index / power % 1000);
		*at++ = '/';
	}
	at = put_group(at, tile->index % 1000);
	if (tile->width < HK_CTTILE_WIDTH) {
		at = put(at, HK_SPAN_LIT(".p/"));
		if (tile->width >= 100) {
			*at++ = (char)('0' + tile->width / 100);
		}
		if (tile->width >= 10) {
			*at++ = (char)('0' + tile->width / 10 % 10);
		}
		*at++ = (char)('0' + tile->width % 10);
	}
	*at = '\0';
	return HK_OK;
}

/* Take text from the front of cur, if it stands there. */
static bool
take(hk_cur *cur, hk_span text)
{
	if (hk_cur_left(cur) < text.len || memcmp(cur->at, text.data, text.len) != 0) {
		return false;
	}
	cur->at += text.len;
	return true;
}

static hk_err
take_group(hk_cur *cur, uint64_t *index)
{
	hk_span group;

	HK_TRY(hk_cur_bytes(cur, 3, &group));
	if (*index > HK_CTTILE_SIZE_MAX / 1000) {
		return HK_ERANGE;
	}
	for (size_t i = 0; i < 3; i++) {
		if (group.data[i] < '0' || group.data[i] > '9') {
			return HK_EFORM;
		}
		*index = *index * 10 + (uint64_t)(group.data[i] - '0');
	}
	return *index > HK_CTTILE_SIZE_MAX ? HK_ERANGE : HK_OK;
}

static hk_err
parse(hk_cur *cur, hk_cttile *tile)
{
	tile->level = HK_CTTILE_LEVELS;
	if (!take(cur, HK_SPAN_LIT("tile/"))) {
		return HK_EFORM;
	}
	for (int level = HK_CTTILE_NAMES; level < HK_CTTILE_LEVELS; level++) {
		hk_cur probe = *cur;
		if (take(&probe, kind_of(level)) && take(&probe, HK_SPAN_LIT("/"))) {
			tile->level = level;
			*cur = probe;
			break;
		}
	}
	if (tile->level == HK_CTTILE_LEVELS) {
		return HK_EFORM;
	}
	tile->index = 0;
	for (bool first = true; take(cur, HK_SPAN_LIT("x")); first = false) {
		HK_TRY(take_group(cur, &tile->index));
		/* No leading group of zeros. */
		if (!take(cur, HK_SPAN_LIT("/")) || (first && tile->index == 0)) {
			return HK_EFORM;
		}
	}
	HK_TRY(take_group(cur, &tile->index));
	tile->width = HK_CTTILE_WIDTH;
	if (take(cur, HK_SPAN_LIT(".p/"))) {
		uint64_t width;
		HK_TRY(hk_parse_u64(hk_cur_rest(cur), HK_CTTILE_WIDTH - 1, &width));
		if (width == 0) {
			return HK_ERANGE;
		}
		tile->width = (uint32_t)width;
		return HK_OK;
	}
	return hk_cur_end(cur);
}

hk_err
hk_cttile_parse(hk_span path, hk_cttile *ret)
{
	hk_cur cur = hk_cur_of(path);
	hk_cttile tile;
	hk_err err = parse(&cur, &tile);

	if (err != HK_OK) {
		return err == HK_ERANGE ? HK_ERANGE : HK_EFORM;
	}
	*ret = tile;
	return HK_OK;
}

/* Hashes of that level in a tree of size entries. */
static uint64_t
hashes_of(int level, uint64_t size)
{
	return level <= 0 ? size : level < HK_CTTILE_LEVELS ? size >> (8 * (unsigned)level) : 0;
}

uint32_t
hk_cttile_width(int level, uint64_t index, uint64_t size)
{
	uint64_t full = hashes_of(level, size) / HK_CTTILE_WIDTH;

	return index < full    ? HK_CTTILE_WIDTH
	       : index == full ? (uint32_t)(hashes_of(level, size) % HK_CTTILE_WIDTH)
			       : 0;
}

uint64_t
hk_cttile_count(int level, uint64_t size)
{
	uint64_t hashes = hashes_of(level, size);

	return hashes / HK_CTTILE_WIDTH + (hashes % HK_CTTILE_WIDTH != 0);
}

size_t
hk_cttile_right_edge(uint64_t size, hk_cttile ret[HK_CTTILE_LEVELS])
{
	size_t n = 0;

	if (size > HK_CTTILE_SIZE_MAX) {
		return 0;
	}
	for (int level = 0; level < HK_CTTILE_LEVELS; level++) {
		uint64_t index = hashes_of(level, size) / HK_CTTILE_WIDTH;
		uint32_t width = hk_cttile_width(level, index, size);
		if (width > 0) {
			ret[n++] = (hk_cttile){level, index, width};
		}
	}
	return n;
}

hk_err
hk_cttile_view(hk_span body, uint32_t width, const uint8_t (**ret)[HK_CTTILE_HASH])
{
	if (body.len > HK_CTTILE_WIDTH * HK_CTTILE_HASH) {
		return HK_ELIMIT;
	}
	if (body.len < (size_t)width * HK_CTTILE_HASH) {
		return HK_ETRUNC;
	}
	if (body.len % HK_CTTILE_HASH != 0) {
		return HK_EFORM;
	}
	*ret = (const uint8_t(*)[HK_CTTILE_HASH])body.data;
	return HK_OK;
}
