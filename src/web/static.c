#include "web/static.h"

#include <string.h>
#include <sys/stat.h>

#include "base/codec.h"
#include "sys/file.h"
#include "sys/gz.h"
#include "web/ui.h"

enum { FILE_MAX = 16 << 20 };

struct hk_ui {
	char *dir; /* or NULL */
};

hk_ui *
hk_ui_new(const char *dir)
{
	hk_ui *ui = g_new0(hk_ui, 1);

	ui->dir = g_strdup(dir);
	return ui;
}

void
hk_ui_free(hk_ui *ui)
{
	if (ui) {
		g_free(ui->dir);
		g_free(ui);
	}
}

static const hk_ui_file *
find(const char *path)
{
	size_t low = 0, high = hk_ui_file_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(path, hk_ui_files[middle].path);
		if (order == 0) {
			return &hk_ui_files[middle];
		}
		*(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
	}
	return NULL;
}

/* "/a/b.js"; NULL for what no file of ours is called. */
static char *
path_of(const hk_target *target)
{
	GString *path = g_string_new(NULL);
	bool good = true;

	for (size_t i = 0; i < target->segment_count; i++) {
		const char *s = target->segments[i];
		good = good && *s != '\0' && *s != '.' && !strchr(s, '/') && !strchr(s, '\\');
		g_string_append_printf(path, "/%s", s);
	}
	if (target->segment_count == 0) {
		g_string_append(path, "/index.html");
	} else if (target->folder) {
		good = false;
	}
	if (!good) {
		g_string_free(path, TRUE);
		return NULL;
	}
	return g_string_free(path, FALSE);
}

static void
reply_file(hk_reply *reply, const hk_ui_file *file, bool plain)
{
	char hex[65];
	g_autoptr(hk_gz) gz = NULL;
	uint8_t *text = NULL;
	size_t len = 0;

	hk_reply_empty(reply, 200);
	reply->type = g_strdup(file->type);
	reply->is_static = reply->cacheable = true;
	hk_hex_encode(hk_span_of(file->sha256, 32), hex);
	reply->etag = g_strdup_printf("\"%.32s%s\"", hex, plain ? "" : "-gz");
	hk_reply_header(reply, "Cache-Control",
		file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	hk_reply_header(reply, "Vary", "Accept-Encoding");
	if (plain) {
		gz = hk_gz_new();
		if (hk_gz_inflate(gz, hk_span_of(file->gzip, file->gzip_length), FILE_MAX, &text,
			    &len) != HK_OK) {
			HK_BUG("an embedded file is damaged");
		}
		reply->bytes = g_bytes_new(text, len);
		return;
	}
	hk_reply_header(reply, "Content-Encoding", "gzip");
	reply->bytes = g_bytes_new_static(file->gzip, file->gzip_length);
}

static const char *
type_of(const char *path)
{
	static const struct {
		const char *suffix;
		const char *type;
	} types[] = {
		{".html", "text/html; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".json", "application/json"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		if (g_str_has_suffix(path, types[i].suffix)) {
			return types[i].type;
		}
	}
	return NULL;
}

static bool
serve_disk(const char *dir, const char *path, hk_reply *reply)
{
	g_autofree char *name = g_strconcat(dir, path, NULL);
	const char *type = type_of(path);
	struct stat st;

	/* lstat: what a link points to may lie anywhere. */
	if (!type || lstat(name, &st) < 0 || !S_ISREG(st.st_mode)) {
		return false;
	}
	g_autoptr(GBytes) bytes = hk_file_read(name, FILE_MAX, NULL);
	if (!bytes) {
		return false;
	}
	hk_reply_empty(reply, 200);
	reply->type = g_strdup(type);
	reply->is_static = true;
	hk_reply_bytes(reply, bytes);
	return true;
}

bool
hk_ui_serve(hk_ui *ui, const hk_target *target, bool plain, hk_reply *reply)
{
	g_autofree char *path = path_of(target);

	if (!path) {
		return false;
	}
	if (ui->dir) {
		return serve_disk(ui->dir, path, reply);
	}
	const hk_ui_file *file = find(path);
	if (file) {
		reply_file(reply, file, plain);
	}
	return file != NULL;
}
