/* hikeshi-range registry */
#include <stdio.h>

#include "cmd.h"
#include "registry.h"
#include "sys/file.h"
#include "sys/gerr.h"

bool
rg_cmd_registry(const rg_opts *opts, GError **error)
{
	static const rg_opt ports[] = {
		RG_OPT_PORT_DNS, RG_OPT_PORT_RDAP, RG_OPT_PORT_HTTP, RG_OPT_PORT_WHOIS};
	rg_registry_config config = {.data = rg_opts_text(opts, RG_OPT_DATA),
		.dir = rg_opts_text(opts, RG_OPT_DIR),
		.request_log = rg_opts_text(opts, RG_OPT_REQUEST_LOG),
		.port_dns = (uint16_t)rg_opts_int(opts, RG_OPT_PORT_DNS),
		.port_https = (uint16_t)rg_opts_int(opts, RG_OPT_PORT_RDAP),
		.port_http = (uint16_t)rg_opts_int(opts, RG_OPT_PORT_HTTP),
		.port_whois = (uint16_t)rg_opts_int(opts, RG_OPT_PORT_WHOIS)};

	if (!config.data || !config.dir) {
		return hk_error_set(error, HK_EUSAGE, "--data FILE and --dir DIR are needed");
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
		if (rg_opts_int(opts, ports[i]) > UINT16_MAX) {
			return hk_error_set(error, HK_EUSAGE, "a port is at most 65535");
		}
	}
	hk_file_init();
	if (!hk_file_mkdirs(config.dir, error)) {
		return false;
	}
	g_autoptr(rg_registry) registry = rg_registry_new(&config, error);
	if (!registry) {
		return false;
	}
	g_autofree char *ready = rg_registry_ready(registry);
	puts(ready);
	fflush(stdout);
	rg_registry_run(registry);
	return true;
}
