/* hikeshi-range ct-log */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
#include "cmd.h"
#include "ctserve.h"
#include "cttls.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { TOKEN_BYTES = 16, PEM_MAX = 1 << 20, PAGE_MAX = 10000 };

static bool
choose(const char *option, const char *text, const char *const *words, int *ret, GError **error)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], text) == 0) {
			*ret = i;
			return true;
		}
	}
	g_autofree char *all = g_strjoinv(", ", (char **)(uintptr_t)words);
	return hk_error_set(error, HK_EUSAGE, "--%s is one of %s, not '%s'", option, all, text);
}

static bool
read_config(const rg_opts *opts, rg_serve_config *config, GError **error)
{
	static const char *const apis[] = {"static", "rfc6962", "both", "hybrid", NULL};
	static const unsigned api_bits[] = {
		RG_API_STATIC, RG_API_RFC, RG_API_STATIC | RG_API_RFC, RG_API_HYBRID};
	static const char *const when[] = {"never", "negotiated", "always", NULL};
	int api = 0;
	int tile_gzip = 0;
	int json_gzip = 0;
	uint64_t port = rg_opts_int(opts, RG_OPT_PORT);
	uint64_t page = rg_opts_int(opts, RG_OPT_PAGE);
	uint64_t publish_ms = rg_opts_int(opts, RG_OPT_PUBLISH_MS);

	if (!choose("api", rg_opts_text(opts, RG_OPT_API), apis, &api, error) ||
		!choose("gzip", rg_opts_text(opts, RG_OPT_GZIP), when, &tile_gzip, error) ||
		!choose("gzip-json", rg_opts_text(opts, RG_OPT_GZIP_JSON), when, &json_gzip,
			error)) {
		return false;
	}
	if (port > UINT16_MAX || page < 1 || page > PAGE_MAX || publish_ms < 1 ||
		publish_ms > 86400000) {
		return hk_error_set(error, HK_EUSAGE,
			"--port is at most 65535, --page 1 to %d, --publish-ms 1 to 86400000",
			PAGE_MAX);
	}
	config->api = api_bits[api];
	config->tile_gzip = (rg_gzip)tile_gzip;
	config->json_gzip = (rg_gzip)json_gzip;
	config->listen = rg_opts_text(opts, RG_OPT_LISTEN);
	config->port = (uint16_t)port;
	config->page = (uint32_t)page;
	config->publish_ms = (uint32_t)publish_ms;
	config->rate = rg_opts_real(opts, RG_OPT_RATE);
	config->cache_bytes = rg_opts_int(opts, RG_OPT_CACHE_MB) << 20;
	config->request_log = rg_opts_text(opts, RG_OPT_REQUEST_LOG);
	return true;
}

char *
rg_token_of(const char *path, GError **error)
{
	uint8_t random[TOKEN_BYTES];
	char text[2 * TOKEN_BYTES + 1];

	if (g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_autoptr(GBytes) bytes = hk_file_read(path, sizeof text + 1, error);
		return bytes ? g_strchomp(g_strndup(
				       g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)))
			     : NULL;
	}
	if (RAND_bytes(random, sizeof random) != 1) {
		hk_error_set(error, HK_EIO, "no randomness");
		return NULL;
	}
	hk_hex_encode(hk_span_of(random, sizeof random), text);
	return hk_file_replace_fast(path, hk_span_str(text), error) ? g_strdup(text) : NULL;
}

static bool
set_faults(rg_faults *faults, const rg_opts *opts, GError **error)
{
	char **specs = rg_opts_list(opts, RG_OPT_FAULT);

	for (size_t i = 0; specs[i]; i++) {
		if (!rg_faults_set(faults, specs[i], error)) {
			return false;
		}
	}
	return !rg_opts_bool(opts, RG_OPT_STRICT_END) || rg_faults_set(faults, "strict-end", error);
}

static char *
read_pem(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, PEM_MAX, error);

	return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

static bool
set_tls(const rg_opts *opts, const char *ca_path, char **ret_cert, char **ret_key, GError **error)
{
	char **given = rg_opts_list(opts, RG_OPT_TLS);

	if (!given[0]) {
		return true;
	}
	if (!given[1]) {
		return rg_tls_self(ca_path, NULL, ret_cert, ret_key, error);
	}
	*ret_cert = read_pem(given[0], error);
	*ret_key = *ret_cert ? read_pem(given[1], error) : NULL;
	return *ret_key != NULL;
}

static void
member(GString *out, const char *key, const char *text)
{
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, text);
}

/* The line that scripts wait for. */
static void
say_ready(const rg_opts *opts, const rg_server *server, const rg_log *log, const char *token_path,
	const char *ca_path)
{
	g_autoptr(GString) out = g_string_new("{");
	const char *list = rg_opts_text(opts, RG_OPT_LIST);

	member(out, "url", rg_server_url(server));
	hk_jsonw_key(out, "port");
	hk_jsonw_int(out, rg_server_port(server));
	hk_jsonw_key(out, "log_id");
	hk_jsonw_base64(out, hk_span_of(rg_ctkey_log_id(rg_log_key(log)), 32));
	hk_jsonw_key(out, "key");
	hk_jsonw_base64(out, rg_ctkey_spki(rg_log_key(log)));
	member(out, "api", rg_opts_text(opts, RG_OPT_API));
	member(out, "origin", rg_log_origin(log));
	hk_jsonw_key(out, "size");
	hk_jsonw_int(out, (int64_t)rg_log_head(log, 0)->size);
	hk_jsonw_key(out, "pid");
	hk_jsonw_int(out, getpid());
	member(out, "token_file", token_path);
	if (list) {
		member(out, "list", list);
	}
	if (ca_path) {
		member(out, "ca", ca_path);
	}
	hk_jsonw_close(out, '}');
	puts(out->str);
	fflush(stdout);
}

bool
rg_cmd_ct_log(const rg_opts *opts, GError **error)
{
	const char *dir = rg_opts_text(opts, RG_OPT_DIR);
	const char *list = rg_opts_text(opts, RG_OPT_LIST);
	rg_serve_config config = {0};

	hk_file_init();
	if (!dir) {
		return hk_error_set(error, HK_EUSAGE, "--dir DIR is needed: where the log is kept");
	}
	if (!read_config(opts, &config, error)) {
		return false;
	}
	g_autofree char *token_path = g_build_filename(dir, "token", NULL);
	g_autofree char *ca_path = g_build_filename(dir, "ca.pem", NULL);
	g_autofree char *cert = NULL;
	g_autofree char *key = NULL;
	rg_faults *faults = rg_faults_new(rg_opts_int(opts, RG_OPT_SEED));
	bool good = set_faults(faults, opts, error);
	g_autoptr(rg_log) log =
		good ? rg_log_open(
			       &(rg_log_config){.dir = dir,
				       .seed = rg_opts_int(opts, RG_OPT_SEED),
				       .phish_every =
					       (uint32_t)rg_opts_int(opts, RG_OPT_PHISH_EVERY),
				       .odd_every = (uint32_t)rg_opts_int(opts, RG_OPT_ODD_EVERY),
				       .leaf_index = (config.api & RG_API_STATIC) != 0,
				       .origin = rg_opts_text(opts, RG_OPT_ORIGIN),
				       .truth = rg_opts_text(opts, RG_OPT_TRUTH)},
			       error)
		     : NULL;
	g_autofree char *token = log ? rg_token_of(token_path, error) : NULL;
	good = token && rg_fill(log, opts, (uint64_t)hk_clock_wall_ms(), error) &&
	       set_tls(opts, ca_path, &cert, &key, error);
	config.log = log;
	config.faults = faults;
	config.token = token;
	config.tls_cert = cert;
	config.tls_key = key;
	rg_server *server = good ? rg_server_new(&config, error) : NULL;
	good = server != NULL;
	if (good && list) {
		g_autofree char *text = rg_server_list(server);
		good = hk_file_replace_fast(list, hk_span_str(text), error);
	}
	if (good) {
		if (rg_opts_bool(opts, RG_OPT_WARM)) {
			rg_server_warm(server);
		}
		char **tls = rg_opts_list(opts, RG_OPT_TLS);
		say_ready(opts, server, log, token_path, tls[0] && !tls[1] ? ca_path : NULL);
		good = rg_server_run(server, error);
	}
	rg_server_free(server);
	rg_faults_free(faults);
	return good;
}
