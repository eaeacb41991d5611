/* hikeshi-range tsa */
#include <signal.h>
#include <stdio.h>

#include "cmd.h"
#include "sys/gerr.h"
#include "tsa.h"

bool
rg_cmd_tsa(const rg_opts *opts, GError **error)
{
	const char *dir = rg_opts_text(opts, RG_OPT_DIR);
	uint64_t port = rg_opts_int(opts, RG_OPT_PORT);
	char **faults = rg_opts_list(opts, RG_OPT_FAULT);
	sigset_t signals;
	int number;

	if (!dir || port > UINT16_MAX) {
		return hk_error_set(
			error, HK_EUSAGE, "--dir DIR is needed, --port is at most 65535");
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	rg_tsa *tsa = rg_tsa_new(dir, (uint16_t)port, *faults, error);
	if (!tsa) {
		return false;
	}
	printf("{\"url\":\"http://127.0.0.1:%u/\",\"port\":%u}\n", rg_tsa_port(tsa),
		rg_tsa_port(tsa));
	fflush(stdout);
	sigwait(&signals, &number);
	rg_tsa_free(tsa);
	return true;
}
