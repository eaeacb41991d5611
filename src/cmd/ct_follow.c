/* hikeshi ct follow. */
#include <unistd.h>

#include "cmd/cmd.h"
#include "role/ct_sink.h"
#include "source/ct/follow.h"
#include "sys/gerr.h"
#include "sys/log.h"

bool
hk_cmd_ct_follow(const hk_opts *opts, GError **error)
{
	hk_follow_config config = {
		.list = hk_opts_str(opts, HK_OPT_LOGS),
		.state_dir = hk_opts_str(opts, HK_OPT_STATE),
		.contact = hk_opts_str(opts, HK_OPT_CONTACT),
		.ca_file = hk_opts_str(opts, HK_OPT_CA_FILE),
		.poll_ms = (unsigned)hk_opts_int(opts, HK_OPT_POLL),
		.rate_per_s = hk_opts_real(opts, HK_OPT_RATE),
		.in_flight = (unsigned)hk_opts_int(opts, HK_OPT_IN_FLIGHT),
		.http1 = hk_opts_list(opts, HK_OPT_HTTP1),
		.fresh = hk_opts_list(opts, HK_OPT_FRESH),
		.once = hk_opts_bool(opts, HK_OPT_ONCE),
		.out_fd = STDOUT_FILENO,
		.sink = hk_ct_sink_batch,
		.reload = hk_ct_sink_reload,
	};

	if (!hk_opts_require(opts, HK_OPT_LOGS, error) ||
		!hk_opts_require(opts, HK_OPT_STATE, error) ||
		!hk_opts_require(opts, HK_OPT_CONTACT, error) ||
		!hk_ct_sink_from(hk_opts_str(opts, HK_OPT_FROM), &config, error)) {
		return false;
	}
	g_autoptr(hk_ct_sink) sink = hk_ct_sink_new(opts, error);
	if (!sink) {
		return false;
	}
	config.user = sink;
	hk_log(HK_EVENT_START, HK_F_STR("command", "ct follow"), HK_F_STR("version", HK_VERSION));
	if (!hk_follow_run(&config, error)) {
		return false;
	}
	hk_log(HK_EVENT_STOP, HK_F_STR("command", "ct follow"),
		HK_F_STR("reason", config.once ? "every log is read" : "signal"));
	return true;
}
