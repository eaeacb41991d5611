#include "source/feed/look.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/codec.h"
#include "source/feed/look_int.h"
#include "source/feed/read_int.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/gz.h"
#include "sys/hash.h"
#include "sys/jsonw.h"

const char *
hk_look_was(const hk_look *look, const char *key)
{
	return look->known ? hk_feed_str(&look->was, key) : NULL;
}

void
hk_look_member(GString *out, const char *key, const char *text)
{
	if (text) {
		hk_jsonw_key(out, key);
		hk_jsonw_str(out, text);
	}
}

GString *
hk_look_position(const hk_look *look)
{
	GString *out = g_string_new("{");

	hk_look_member(out, "config", look->config->digest);
	return out;
}

bool
hk_look_write(hk_look *look, const char *position, GError **error)
{
	uint64_t fresh = 0;

	if (look->leads->len == 0 && !position) {
		return true;
	}
	if (!look->out->write(look->out->user, look->leads, position, &fresh, error)) {
		return false;
	}
	look->tally->fresh += fresh;
	g_ptr_array_set_size(look->leads, 0);
	return true;
}

static bool
on_item(void *user, const hk_feed_item *item, GError **error)
{
	hk_look *look = user;
	hk_feed_lead *lead = hk_feed_lead_new(look->config, item, look->now_ms, look->tally);

	if (!lead) {
		return true;
	}
	g_ptr_array_add(look->leads, lead);
	if (look->leads->len < HK_FEED_CHUNK) {
		return true;
	}
	if (look->net && hk_feed_net_cancelled(look->net)) {
		return hk_error_set(error, HK_EAGAIN, "stopped");
	}
	return hk_look_write(look, NULL, error);
}

static void
on_odd(void *user, hk_feed_odd odd, const char *place)
{
	hk_look *look = user;

	hk_feed_tally_odd(look->tally, odd, place);
}

bool
hk_look_read(hk_look *look, hk_span body, GError **error)
{
	hk_feed_sink sink = {on_item, on_odd, look};

	return hk_feed_read(look->config, body, look->now_ms, &sink, error);
}

GBytes *
hk_look_file(hk_look *look, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, look->config->max_bytes, error);
	g_autoptr(hk_gz) gz = NULL;
	gsize packed = 0;
	uint8_t *data;
	size_t len;

	if (!bytes) {
		return NULL;
	}
	const void *raw = g_bytes_get_data(bytes, &packed);
	hk_span body = hk_span_of(raw, packed);
	look->tally->answers++;
	look->tally->bytes += packed;
	if (!hk_gz_looks(body)) {
		return g_steal_pointer(&bytes);
	}
	gz = hk_gz_new();
	hk_err err = hk_gz_inflate(gz, body, look->config->max_bytes, &data, &len);
	if (err != HK_OK) {
		hk_error_set(
			error, err, "%s: gzip that does not unpack: %s", path, hk_err_meaning(err));
		return NULL;
	}
	return g_bytes_new(data, len);
}

/* A local file: looked at when its size or time has changed. */
static bool
look_at_file(hk_look *look, GError **error)
{
	const char *path = look->config->file;
	struct stat st;

	if (stat(path, &st) != 0) {
		return hk_error_errno(error, errno, "cannot read %s", path);
	}
	g_autofree char *stamp = g_strdup_printf("%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT ".%09ld",
		(int64_t)st.st_size, (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	if (g_strcmp0(hk_look_was(look, "changed"), stamp) == 0) {
		return true;
	}
	g_autoptr(GBytes) bytes = hk_look_file(look, path, error);
	gsize len = 0;
	if (!bytes) {
		return false;
	}
	const void *data = g_bytes_get_data(bytes, &len);
	if (!hk_look_read(look, hk_span_of(data, len), error)) {
		g_prefix_error(error, "%s: ", path);
		return false;
	}
	g_autoptr(GString) position = hk_look_position(look);
	hk_look_member(position, "changed", stamp);
	hk_jsonw_close(position, '}');
	return hk_look_write(look, position->str, error);
}

/* One body behind one URL. */
static bool
look_at_url(hk_look *look, GError **error)
{
	const hk_feed_config *config = look->config;
	uint8_t hash[HK_SHA256_SIZE];
	char hex[2 * HK_SHA256_SIZE + 1];
	const hk_feed_answer *answer = hk_feed_get(look->net, config->url, NULL,
		hk_look_was(look, "etag"), hk_look_was(look, "modified"), error);

	if (!answer) {
		return false;
	}
	if (answer->status == 304) {
		return true;
	}
	look->tally->answers++;
	look->tally->bytes += answer->bytes;
	hk_sha256(answer->body, hash);
	hk_hex_encode(hk_span_of(hash, sizeof hash), hex);
	/* A server without ETags sends the same again: nothing to do, but its new ETag is kept. */
	if (g_strcmp0(hk_look_was(look, "sha256"), hex) != 0 &&
		!hk_look_read(look, answer->body, error)) {
		g_prefix_error(error, "%s: ", config->url);
		return false;
	}
	g_autoptr(GString) position = hk_look_position(look);
	hk_look_member(position, "etag", answer->etag);
	hk_look_member(position, "modified", answer->modified);
	hk_look_member(position, "sha256", hex);
	hk_jsonw_close(position, '}');
	return hk_look_write(look, position->str, error);
}

/* A MISP feed is a folder; an event or an export is one body. */
static bool
is_manifest(const hk_feed_config *config)
{
	return config->file ? g_file_test(config->file, G_FILE_TEST_IS_DIR)
			    : !g_str_has_suffix(config->url, ".json") ||
				      g_str_has_suffix(config->url, "/manifest.json");
}

static bool
look_by_format(hk_look *look, GError **error)
{
	if (look->config->format == HK_FEED_TAXII) {
		return hk_look_taxii(look, error);
	}
	if (look->config->format == HK_FEED_MISP && is_manifest(look->config)) {
		return hk_look_misp(look, error);
	}
	return look->config->file ? look_at_file(look, error) : look_at_url(look, error);
}

bool
hk_feed_look(const hk_feed_config *config, hk_feed_net *net, const char *position, int64_t now_ms,
	const hk_feed_out *out, hk_feed_tally *tally, GError **error)
{
	g_autoptr(GPtrArray) leads =
		g_ptr_array_new_with_free_func((GDestroyNotify)hk_feed_lead_free);
	/* Our own words; if they are damaged we begin again, which is harmless. */
	g_autoptr(hk_json_doc) doc =
		hk_json_load(hk_span_str(position), HK_FEED_POSITION_MAX, NULL);
	hk_look look = {.config = config,
		.net = net,
		.now_ms = now_ms,
		.out = out,
		.tally = tally,
		.leads = leads,
		.doc = doc};

	if (doc) {
		look.was = hk_json_root(doc);
		look.known = g_strcmp0(hk_feed_str(&look.was, "config"), config->digest) == 0;
	}
	return look_by_format(&look, error);
}
