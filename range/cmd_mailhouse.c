/* hikeshi-range mailhouse */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "mailhouse.h"
#include "sys/gerr.h"

bool
rg_cmd_mailhouse(const rg_opts *opts, GError **error)
{
	const char *login = rg_opts_text(opts, RG_OPT_LOGIN);
	const char *colon = login ? strchr(login, ':') : NULL;
	g_autofree char *user = colon ? g_strndup(login, (size_t)(colon - login)) : NULL;
	rg_mailhouse_config config = {.dir = rg_opts_text(opts, RG_OPT_DIR),
		.smtp = (unsigned)rg_opts_int(opts, RG_OPT_PORT_SMTP),
		.smtps = (unsigned)rg_opts_int(opts, RG_OPT_PORT_SMTPS),
		.imap = (unsigned)rg_opts_int(opts, RG_OPT_PORT_IMAP),
		.imaps = (unsigned)rg_opts_int(opts, RG_OPT_PORT_IMAPS),
		.control = (unsigned)rg_opts_int(opts, RG_OPT_PORT),
		.user = user,
		.password = colon ? colon + 1 : NULL,
		.no_starttls = rg_opts_bool(opts, RG_OPT_NO_STARTTLS),
		.faults = rg_opts_list(opts, RG_OPT_FAULT),
		.parties = rg_opts_list(opts, RG_OPT_PARTY),
		.pace_ms = (unsigned)rg_opts_int(opts, RG_OPT_PACE),
		.sites = rg_opts_text(opts, RG_OPT_SITES)};
	sigset_t signals;
	int number;

	if (!config.dir || (login && !colon)) {
		return hk_error_set(
			error, HK_EUSAGE, "--dir DIR is needed; --login is USER:PASSWORD");
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	rg_mailhouse *house = rg_mailhouse_new(&config, error);
	if (!house) {
		return false;
	}
	g_autofree char *json = rg_mailhouse_json(house);

	printf("%s\n", json);
	fflush(stdout);
	sigwait(&signals, &number);
	rg_mailhouse_free(house);
	return true;
}
