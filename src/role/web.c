/* nocheck: tested in tests/scenario/roles.t. hikeshi web: the API and the board. */
#include "role/role.h"
#include "sys/gerr.h"

bool
hk_role_web(const hk_opts *opts, GError **error)
{
	(void)opts;
	return hk_error_set(error, HK_EINTERNAL, "not here yet");
}
