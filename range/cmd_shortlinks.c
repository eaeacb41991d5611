/* hikeshi-range shortlinks */
#include <signal.h>
#include <stdio.h>

#include "cmd.h"
#include "shortlinks.h"
#include "sys/file.h"
#include "sys/gerr.h"

static bool
read_links(rg_shortlinks *s, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, RG_LINKS_BYTES_MAX, error);
	gsize len;

	if (!bytes) {
		return false;
	}
	const void *data = g_bytes_get_data(bytes, &len);
	if (!rg_shortlinks_read(s, hk_span_of(data, len), error)) {
		g_prefix_error(error, "%s: ", path);
		return false;
	}
	return true;
}

bool
rg_cmd_shortlinks(const rg_opts *opts, GError **error)
{
	const char *links = rg_opts_text(opts, RG_OPT_LINKS);
	uint64_t port = rg_opts_int(opts, RG_OPT_PORT),
		 tls_port = rg_opts_int(opts, RG_OPT_TLS_PORT);
	rg_shortlinks_config config = {.port = (uint16_t)port,
		.tls_port = (uint16_t)tls_port,
		.dir = rg_opts_text(opts, RG_OPT_DIR)};
	g_autoptr(rg_shortlinks) s = NULL;
	sigset_t signals;
	int number;

	hk_file_init();
	if (port > UINT16_MAX || tls_port > UINT16_MAX) {
		return hk_error_set(error, HK_EUSAGE, "a port is at most 65535");
	}
	if (config.dir && !hk_file_mkdirs(config.dir, error)) {
		return false;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	s = rg_shortlinks_new(&config, error);
	if (!s || (links && !read_links(s, links, error))) {
		return false;
	}
	printf("{\"url\":\"http://127.0.0.1:%u\",\"port\":%u,\"tls_port\":%u}\n",
		rg_shortlinks_port(s, false), rg_shortlinks_port(s, false),
		rg_shortlinks_port(s, true));
	fflush(stdout);
	sigwait(&signals, &number);
	return true;
}
