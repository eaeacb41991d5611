/* hikeshi-range feeds */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "ctserve.h"
#include "feeds.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { PAGE_MAX = 1000 };

static void
member(GString *out, const char *key, const char *text)
{
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, text);
}

/* The line that scripts wait for. */
static void
say_ready(const rg_server *server, const rg_feeds *feeds, const char *token_path)
{
	static const char *const paths[][2] = {{"csv", "feed.csv"}, {"jsonl", "feed.jsonl"},
		{"text", "feed.txt"}, {"stix", "stix.json"}, {"misp", "misp/"},
		{"taxii", "taxii2/"}};
	g_autoptr(GString) out = g_string_new("{");

	member(out, "url", rg_server_url(server));
	hk_jsonw_key(out, "port");
	hk_jsonw_int(out, rg_server_port(server));
	hk_jsonw_key(out, "size");
	hk_jsonw_int(out, (int64_t)feeds->count);
	hk_jsonw_key(out, "pid");
	hk_jsonw_int(out, getpid());
	member(out, "token_file", token_path);
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *url = g_strconcat(rg_server_url(server), paths[i][1], NULL);
		member(out, paths[i][0], url);
	}
	hk_jsonw_close(out, '}');
	puts(out->str);
	fflush(stdout);
}

static bool
read_config(const rg_opts *opts, rg_serve_config *config, GError **error)
{
	uint64_t port = rg_opts_int(opts, RG_OPT_PORT);
	uint64_t page = rg_opts_int(opts, RG_OPT_PAGE);
	const char *pack = rg_opts_text(opts, RG_OPT_GZIP);

	if (port > UINT16_MAX || page < 1 || page > PAGE_MAX) {
		return hk_error_set(
			error, HK_EUSAGE, "--port is at most 65535, --page 1 to %d", PAGE_MAX);
	}
	config->api = RG_API_FEEDS;
	config->listen = rg_opts_text(opts, RG_OPT_LISTEN);
	config->port = (uint16_t)port;
	config->page = (uint32_t)page;
	config->publish_ms = 1000;
	config->rate = rg_opts_real(opts, RG_OPT_RATE);
	config->json_gzip = strcmp(pack, "always") == 0  ? RG_GZIP_ALWAYS
			    : strcmp(pack, "never") == 0 ? RG_GZIP_NEVER
							 : RG_GZIP_NEGOTIATED;
	config->request_log = rg_opts_text(opts, RG_OPT_REQUEST_LOG);
	config->validators = !rg_opts_bool(opts, RG_OPT_NO_ETAG);
	config->no_next = rg_opts_bool(opts, RG_OPT_NO_NEXT);
	config->login = rg_opts_text(opts, RG_OPT_LOGIN);
	return true;
}

static bool
serve(const rg_opts *opts, rg_feeds *feeds, rg_faults *faults, GError **error)
{
	const char *dir = rg_opts_text(opts, RG_OPT_DIR);
	rg_serve_config config = {.faults = faults, .feeds = feeds};
	char **specs = rg_opts_list(opts, RG_OPT_FAULT);

	if (!dir) {
		return hk_error_set(error, HK_EUSAGE, "--dir DIR is needed: for the control token");
	}
	g_autofree char *token_path = g_build_filename(dir, "token", NULL);
	g_autofree char *token = NULL;
	if (!read_config(opts, &config, error) || !hk_file_mkdirs(dir, error)) {
		return false;
	}
	for (size_t i = 0; specs[i]; i++) {
		if (!rg_faults_set(faults, specs[i], error)) {
			return false;
		}
	}
	token = rg_token_of(token_path, error);
	config.token = token;
	g_autoptr(rg_server) server = token ? rg_server_new(&config, error) : NULL;
	if (!server) {
		return false;
	}
	rg_feeds_grow(feeds, rg_opts_int(opts, RG_OPT_SIZE));
	say_ready(server, feeds, token_path);
	return rg_server_run(server, error);
}

bool
rg_cmd_feeds(const rg_opts *opts, GError **error)
{
	const char *truth = rg_opts_text(opts, RG_OPT_TRUTH);
	rg_feeds feeds = {.seed = rg_opts_int(opts, RG_OPT_SEED),
		.epoch_s = (int64_t)rg_opts_int(opts, RG_OPT_EPOCH),
		.odd_every = rg_opts_int(opts, RG_OPT_ODD_EVERY)};

	hk_file_init();
	if (truth && !(feeds.truth = fopen(truth, "we"))) {
		return hk_error_set(error, HK_EIO, "%s: cannot be written", truth);
	}
	rg_faults *faults = rg_faults_new(feeds.seed);
	bool good = serve(opts, &feeds, faults, error);
	rg_faults_free(faults);
	if (feeds.given) {
		g_hash_table_unref(feeds.given);
	}
	if (feeds.truth) {
		fclose(feeds.truth);
	}
	return good;
}
