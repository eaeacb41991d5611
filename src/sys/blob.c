#include "sys/blob.h"

#include <string.h>

#include "base/codec.h"
#include "base/utf8.h"
#include "sys/blob_int.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"

#define SCHEME "s3://"

hk_blobs_config
hk_blobs_config_of(const hk_opts *opts)
{
	return (hk_blobs_config){.where = hk_opts_str(opts, HK_OPT_BLOBS),
		.s3 = {.endpoint = hk_opts_str(opts, HK_OPT_S3_ENDPOINT),
			.region = hk_opts_str(opts, HK_OPT_S3_REGION),
			.virtual_host = hk_opts_bool(opts, HK_OPT_S3_VIRTUAL_HOST),
			.key_file = hk_opts_str(opts, HK_OPT_S3_CREDENTIALS),
			.profile = hk_opts_str(opts, HK_OPT_S3_PROFILE),
			.ca_file = hk_opts_str(opts, HK_OPT_S3_CA),
			.plain = hk_opts_bool(opts, HK_OPT_S3_PLAIN)}};
}

void
hk_blobs_free(hk_blobs *blobs)
{
	if (blobs) {
		g_free(blobs->dir);
		hk_s3_free(blobs->s3);
		g_free(blobs->bucket);
		g_free(blobs->prefix);
		g_free(blobs);
	}
}

/* "a/b", "a/b/" -> "a/b/". Segments that a client or a proxy would take away are refused. */
static bool
read_prefix(const char *text, char **ret, GError **error)
{
	size_t len = strlen(text);
	g_autofree char *framed =
		g_strdup_printf("/%s%s", text, g_str_has_suffix(text, "/") ? "" : "/");

	if (len == 0) {
		*ret = g_strdup("");
		return true;
	}
	bool good = len <= HK_BLOBS_PREFIX_MAX && hk_utf8_valid(hk_span_str(text)) &&
		    !strstr(framed, "//") && !strstr(framed, "/./") && !strstr(framed, "/../");
	for (size_t i = 0; good && i < len; i++) {
		good = (unsigned char)text[i] > ' ' && text[i] != 0x7f;
	}
	if (!good) {
		return hk_error_set(error, HK_ECONFIG,
			"blobs: '%s' is no prefix: at most %d bytes without blanks, and no "
			"segment that is empty, '.' or '..'",
			text, HK_BLOBS_PREFIX_MAX);
	}
	*ret = g_strdup(framed + 1);
	return true;
}

static bool
open_bucket(hk_blobs *blobs, const hk_blobs_config *config, GError **error)
{
	const char *name = config->where + strlen(SCHEME);
	const char *slash = strchr(name, '/');
	hk_s3_config s3 = config->s3;

	blobs->bucket = slash ? g_strndup(name, (size_t)(slash - name)) : g_strdup(name);
	if (!read_prefix(slash ? slash + 1 : "", &blobs->prefix, error)) {
		return false;
	}
	s3.bucket = blobs->bucket;
	blobs->s3 = hk_s3_open(&s3, error);
	if (!blobs->s3) {
		g_prefix_error(error, "blobs: ");
	}
	return blobs->s3 != NULL;
}

hk_blobs *
hk_blobs_open(const hk_blobs_config *config, GError **error)
{
	g_autoptr(hk_blobs) blobs = g_new0(hk_blobs, 1);

	if (g_str_has_prefix(config->where, SCHEME)) {
		return open_bucket(blobs, config, error) ? g_steal_pointer(&blobs) : NULL;
	}
	blobs->dir = g_strdup(config->where);
	if (!config->lazy && !hk_blobs_dir_prepare(blobs, error)) {
		g_prefix_error(error, "blobs: ");
		return NULL;
	}
	return g_steal_pointer(&blobs);
}

char *
hk_blobs_key(const hk_blobs *blobs, const uint8_t sha256[32])
{
	char name[2 * HK_SHA256_SIZE + 1];

	hk_hex_encode(hk_span_of(sha256, HK_SHA256_SIZE), name);
	return g_strdup_printf("%s%.2s/%s", blobs->prefix ? blobs->prefix : "", name, name);
}

char *
hk_blobs_path(const hk_blobs *blobs, const uint8_t sha256[32])
{
	g_autofree char *key = hk_blobs_key(blobs, sha256);

	return blobs->dir ? g_build_filename(blobs->dir, key, NULL)
			  : g_strdup_printf(SCHEME "%s/%s", blobs->bucket, key);
}

bool
hk_blobs_put(hk_blobs *blobs, hk_span bytes, uint8_t ret_sha256[32], GError **error)
{
	uint8_t sha256[HK_SHA256_SIZE];

	hk_sha256(bytes, sha256);
	bool good = blobs->dir ? hk_blobs_dir_put(blobs, bytes, sha256, error)
			       : hk_blobs_s3_put(blobs, bytes, sha256, error);
	if (!good) {
		g_prefix_error(error, "blobs: ");
		return false;
	}
	memcpy(ret_sha256, sha256, sizeof sha256);
	return true;
}

GBytes *
hk_blobs_get(hk_blobs *blobs, const uint8_t sha256[32], size_t max_bytes, GError **error)
{
	g_autofree char *path = hk_blobs_path(blobs, sha256);
	g_autoptr(GBytes) bytes = blobs->dir ? hk_file_read(path, max_bytes, error)
					     : hk_blobs_s3_get(blobs, sha256, max_bytes, error);
	uint8_t found[HK_SHA256_SIZE];

	if (!bytes) {
		return NULL;
	}
	hk_sha256(hk_span_of(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)), found);
	if (memcmp(found, sha256, sizeof found) != 0) {
		hk_error_set(error, HK_ECHECK, "%s: the %s does not hold what its name says: %s",
			path, blobs->dir ? "file" : "object",
			blobs->dir ? "the disk has changed it"
				   : "somebody or something in the store has changed it");
		return NULL;
	}
	return g_steal_pointer(&bytes);
}
