/* hikeshi-range ct-tiles */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "ctrender.h"
#include "sys/file.h"
#include "sys/gerr.h"

enum { GZIP_LEVEL = 6 };

typedef GBytes *(*maker)(const rg_log *log, uint64_t start, uint64_t end);

static GBytes *
tile(const rg_log *log, uint64_t start, uint64_t end)
{
	hk_span raw = rg_log_entries(log, start, end);

	return g_bytes_new_static(raw.data, raw.len);
}

static GBytes *
tile_gz(const rg_log *log, uint64_t start, uint64_t end)
{
	return rg_render_gzip(rg_log_entries(log, start, end), GZIP_LEVEL);
}

static GBytes *
pem(const rg_log *log, uint64_t start, uint64_t end)
{
	(void)end;
	return rg_render_pem(log, start);
}

static GBytes *
der(const rg_log *log, uint64_t start, uint64_t end)
{
	(void)end;
	return rg_render_der(log, start);
}

static const struct {
	const char *name;
	const char *suffix;
	uint64_t step; /* entries per file */
	maker make;
} formats[] = {{"tile", "tile", RG_TILE, tile}, {"tile-gz", "tile.gz", RG_TILE, tile_gz},
	{"entries", "json", RG_TILE, rg_render_entries}, {"pem", "pem", 1, pem},
	{"der", "der", 1, der}};

bool
rg_cmd_ct_tiles(const rg_opts *opts, GError **error)
{
	const char *out = rg_opts_text(opts, RG_OPT_OUT);
	const char *format = rg_opts_text(opts, RG_OPT_FORMAT);
	size_t f = 0;

	hk_file_init();
	while (f < G_N_ELEMENTS(formats) && strcmp(formats[f].name, format) != 0) {
		f++;
	}
	if (f == G_N_ELEMENTS(formats)) {
		return hk_error_set(error, HK_EUSAGE,
			"--format is one of tile, tile-gz, entries, pem, der, not '%s'", format);
	}
	if (!out) {
		return hk_error_set(error, HK_EUSAGE, "--out DIR is needed: where the files go");
	}
	rg_log_config config = {.seed = rg_opts_int(opts, RG_OPT_SEED),
		.phish_every = (uint32_t)rg_opts_int(opts, RG_OPT_PHISH_EVERY),
		.odd_every = (uint32_t)rg_opts_int(opts, RG_OPT_ODD_EVERY),
		.leaf_index = true,
		.truth = rg_opts_text(opts, RG_OPT_TRUTH)};
	g_autoptr(rg_log) log = rg_log_open(&config, error);
	uint64_t now_ms =
		(rg_opts_int(opts, RG_OPT_EPOCH) + rg_opts_int(opts, RG_OPT_SIZE) / 100 + 1) * 1000;
	if (!log || !rg_fill(log, opts, now_ms, error) || !hk_file_mkdirs(out, error)) {
		return false;
	}
	uint64_t size = rg_log_head(log, 0)->size;
	for (uint64_t at = 0; at < size; at += formats[f].step) {
		g_autofree char *path = g_strdup_printf("%s/%09" G_GUINT64_FORMAT ".%s", out,
			at / formats[f].step, formats[f].suffix);
		g_autoptr(GBytes) bytes = formats[f].make(log, at, MIN(at + formats[f].step, size));
		gsize len;
		const void *data = g_bytes_get_data(bytes, &len);
		if (!hk_file_replace_fast(path, hk_span_of(data, len), error)) {
			return false;
		}
	}
	return true;
}
