#include "parse/cttile.h"

#include "tap.h"

static void
paths(void)
{
	static const struct {
		hk_cttile tile;
		const char *path;
	} rows[] = {
		{{0, 0, 256}, "tile/0/000"},
		{{0, 1234067, 256}, "tile/0/x001/x234/067"},
		{{HK_CTTILE_DATA, 1000, 5}, "tile/data/x001/000.p/5"},
		{{HK_CTTILE_NAMES, 999, 255}, "tile/names/999.p/255"},
		{{5, 42, 10}, "tile/5/042.p/10"},
		{{1, HK_CTTILE_SIZE_MAX, 100}, "tile/1/x281/x474/x976/x710/655.p/100"},
	};
	static const char *const bad[] = {"tile/0/x000/000", "tile/0/1", "tile/6/000",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/05", "tile/0/000/",
		"tile/0/x001000", "tile//000", "tile/0/00a", "/tile/0/000", "",
		"tile/0/x999/x999/x999/x999/x999/x999/999"};
	char path[HK_CTTILE_PATH_MAX];
	hk_cttile tile;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		is_int(hk_cttile_path(&rows[i].tile, path), HK_OK, "path of row %zu", i);
		is_str(path, rows[i].path, "it is %s", rows[i].path);
		is_int(hk_cttile_parse(hk_span_str(path), &tile), HK_OK, "read back");
		ok(tile.level == rows[i].tile.level && tile.index == rows[i].tile.index &&
				tile.width == rows[i].tile.width,
			"it is the same tile");
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ok(hk_cttile_parse(hk_span_str(bad[i]), &tile) != HK_OK, "not a path: \"%s\"",
			bad[i]);
	}
	is_int(hk_cttile_path(&(hk_cttile){6, 0, 1}, path), HK_ERANGE, "no level 6");
	is_int(hk_cttile_path(&(hk_cttile){0, 0, 0}, path), HK_ERANGE, "no empty tile");
	is_int(hk_cttile_path(&(hk_cttile){0, 0, 257}, path), HK_ERANGE, "no wider tile");
}

static void
widths(void)
{
	hk_cttile edge[HK_CTTILE_LEVELS];

	is_int(hk_cttile_width(0, 1, 300), 44, "tile 1 of 300 entries");
	is_int(hk_cttile_width(HK_CTTILE_DATA, 0, 300), 256, "tile 0");
	is_int(hk_cttile_width(0, 2, 300), 0, "tile 2 does not exist");
	is_int(hk_cttile_width(1, 0, 300), 1, "level 1");
	is_int(hk_cttile_width(0, 1, 256), 0, "an empty partial tile does not exist");
	is_int(hk_cttile_count(0, 256), 1, "one full tile");
	is_int(hk_cttile_count(HK_CTTILE_DATA, 257), 2, "and a partial one");
	is_int(hk_cttile_count(2, 65536), 1, "level 2");
	is_int(hk_cttile_right_edge(0, edge), 0, "nothing");
	is_int(hk_cttile_right_edge(300, edge), 2, "the edge of 300");
	ok(edge[0].level == 0 && edge[0].index == 1 && edge[0].width == 44, "level 0");
	ok(edge[1].level == 1 && edge[1].index == 0 && edge[1].width == 1, "level 1");
	is_int(hk_cttile_right_edge(65536, edge), 1, "the edge of 65536");
	ok(edge[0].level == 2 && edge[0].width == 1, "level 2 only");
	is_int(hk_cttile_right_edge(HK_CTTILE_SIZE_MAX, edge), 6, "all levels");
}

static void
view(void)
{
	static const uint8_t body[257 * 32] = {0};
	const uint8_t(*hashes)[32];

	is_int(hk_cttile_view(hk_span_of(body, 64), 2, &hashes), HK_OK, "two hashes");
	ok(hashes[1] == body + 32, "the second");
	is_int(hk_cttile_view(hk_span_of(body, 8192), 2, &hashes), HK_OK, "the full tile serves");
	is_int(hk_cttile_view(hk_span_of(body, 63), 2, &hashes), HK_ETRUNC, "short");
	is_int(hk_cttile_view(hk_span_of(body, 65), 2, &hashes), HK_EFORM, "odd");
	is_int(hk_cttile_view(hk_span_of(body, 257 * 32), 2, &hashes), HK_ELIMIT, "long");
}

int
main(void)
{
	paths();
	widths();
	view();
	return tap_done();
}
