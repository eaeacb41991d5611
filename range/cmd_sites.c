/* hikeshi-range sites */
#include <signal.h>
#include <stdio.h>

#include "cmd.h"
#include "sites.h"
#include "sys/file.h"
#include "sys/gerr.h"

static bool
read_ports(const rg_opts *opts, unsigned ret[RG_FRONTS], GError **error)
{
	static const rg_opt options[RG_FRONTS] = {
		RG_OPT_PORT, RG_OPT_ABROAD_PORT, RG_OPT_TLS_PORT, RG_OPT_ABROAD_TLS_PORT};

	for (int i = 0; i < RG_FRONTS; i++) {
		uint64_t port = rg_opts_int(opts, options[i]);
		if (port > UINT16_MAX) {
			return hk_error_set(error, HK_EUSAGE, "a port is at most 65535");
		}
		ret[i] = (unsigned)port;
	}
	return true;
}

static bool
write_list(const char *path, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);

	rg_sites_list(text);
	return g_file_set_contents(path, text->str, (gssize)text->len, error);
}

bool
rg_cmd_sites(const rg_opts *opts, GError **error)
{
	const char *list = rg_opts_text(opts, RG_OPT_LIST);
	rg_sites_config config = {.tls = true,
		.data = rg_opts_text(opts, RG_OPT_DATA),
		.dir = rg_opts_text(opts, RG_OPT_DIR)};
	sigset_t signals;
	int number;

	hk_file_init();
	if (!read_ports(opts, config.ports, error) || (list && !write_list(list, error)) ||
		(config.dir && !hk_file_mkdirs(config.dir, error))) {
		return false;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	bool imitations = rg_opts_bool(opts, RG_OPT_OTHERS);
	bool strangers = rg_opts_bool(opts, RG_OPT_STRANGERS);
	config.others = imitations && strangers ? RG_OTHERS_BOTH
			: strangers             ? RG_OTHERS_STRANGERS
			: imitations            ? RG_OTHERS_IMITATIONS
						: RG_OTHERS_NOTHING;
	rg_sites *sites = rg_sites_new(&config, error);
	if (!sites) {
		return false;
	}
	printf("{\"url\":\"http://127.0.0.1:%u\",\"port\":%u,\"abroad_port\":%u,\"tls_port\":%u,"
	       "\"abroad_tls_port\":%u}\n",
		rg_sites_port(sites, RG_FRONT_HOME), rg_sites_port(sites, RG_FRONT_HOME),
		rg_sites_port(sites, RG_FRONT_ABROAD), rg_sites_port(sites, RG_FRONT_TLS),
		rg_sites_port(sites, RG_FRONT_ABROAD_TLS));
	fflush(stdout);
	sigwait(&signals, &number);
	rg_sites_free(sites);
	return true;
}
