/* hikeshi web. */
#include "cmd/cmd.h"
#include "role/role.h"
#include "sys/log.h"

bool
hk_cmd_web(const hk_opts *opts, GError **error)
{
	hk_log(HK_EVENT_START, HK_F_STR("command", "web"), HK_F_STR("version", HK_VERSION));
	if (!hk_role_web(opts, error)) {
		return false;
	}
	hk_log(HK_EVENT_STOP, HK_F_STR("command", "web"), HK_F_STR("reason", "signal"));
	return true;
}
