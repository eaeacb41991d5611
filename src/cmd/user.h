/* cmd/user: what `hikeshi init` takes from `hikeshi user add`. Layer: cmd. */
#ifndef HK_CMD_USER_H
#define HK_CMD_USER_H

#include "sys/options.h"

/* hk_user_first(opts, login, roles, password, error): a user as `hikeshi user add` makes one, in the database of opts, with a password that somebody has asked for
 * already. roles: "analyst,system_admin". Errors as that command's. */
bool hk_user_first(const hk_opts *opts, const char *login, const char *roles, const char *password,
	GError **error);

#endif
