/* hikeshi-range oidc */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "oidc.h"
#include "sys/gerr.h"

bool
rg_cmd_oidc(const rg_opts *opts, GError **error)
{
	static char *nobody[] = {(char *)(uintptr_t) "hanako:subject-1:csirt", NULL};
	const char *alg = rg_opts_text(opts, RG_OPT_ALG);
	char **faults = rg_opts_list(opts, RG_OPT_FAULT);
	char **users = rg_opts_list(opts, RG_OPT_USER);
	uint64_t port = rg_opts_int(opts, RG_OPT_PORT);
	sigset_t signals;
	int number;

	if (strcmp(alg, "RS256") != 0 && strcmp(alg, "ES256") != 0) {
		return hk_error_set(error, HK_EUSAGE, "--alg is RS256 or ES256, not '%s'", alg);
	}
	if (port > UINT16_MAX) {
		return hk_error_set(error, HK_EUSAGE, "--port is at most 65535");
	}
	rg_oidc_config config = {.port = (uint16_t)port,
		.client = rg_opts_text(opts, RG_OPT_CLIENT),
		.secret = rg_opts_text(opts, RG_OPT_CLIENT_SECRET),
		.es256 = strcmp(alg, "ES256") == 0,
		.users = *users ? users : nobody,
		.fault = *faults};
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	rg_oidc *oidc = rg_oidc_new(&config, error);
	if (!oidc) {
		return false;
	}
	printf("{\"url\":\"%s\"}\n", rg_oidc_url(oidc));
	fflush(stdout);
	sigwait(&signals, &number);
	rg_oidc_free(oidc);
	return true;
}
