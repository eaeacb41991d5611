/* hikeshi serve, watch, work, web: the roles (role/role.h). */
#include "role/role.h"

#include "cmd/cmd.h"

bool
hk_cmd_serve(const hk_opts *opts, GError **error)
{
	return hk_role_serve(opts, error);
}

bool
hk_cmd_watch(const hk_opts *opts, GError **error)
{
	return hk_role_watch(opts, error);
}

bool
hk_cmd_work(const hk_opts *opts, GError **error)
{
	return hk_role_work(opts, error);
}
