/* hikeshi-range chats */
#include <signal.h>
#include <stdio.h>

#include "chats.h"
#include "cmd.h"
#include "sys/gerr.h"

bool
rg_cmd_chats(const rg_opts *opts, GError **error)
{
	const char *dir = rg_opts_text(opts, RG_OPT_DIR);
	uint64_t port = rg_opts_int(opts, RG_OPT_PORT);
	sigset_t signals;
	int number;

	if (port > UINT16_MAX) {
		return hk_error_set(error, HK_EUSAGE, "--port is at most 65535");
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	g_autoptr(rg_chats) chats = rg_chats_new((uint16_t)port, error);
	if (!chats || (dir && !rg_chats_conf(chats, dir, error))) {
		return false;
	}
	printf("{\"url\":\"http://127.0.0.1:%u/\",\"port\":%u}\n", rg_chats_port(chats),
		rg_chats_port(chats));
	fflush(stdout);
	sigwait(&signals, &number);
	return true;
}
