/* nocheck: tested in tests/scenario/roles.t. hikeshi watch: reads the outside, makes sightings. */
#include <string.h>

#include "role/bell.h"
#include "role/brands.h"
#include "role/ct_sink.h"
#include "role/mailboxes.h"
#include "role/poller.h"
#include "role/replies.h"
#include "role/role.h"
#include "source/ct/keep.h"
#include "source/feed/poll.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/stop.h"

/* The logs, until SIGTERM. */
static bool
follow(const hk_opts *opts, const hk_role *role, hk_ct_sink *sink, GError **error)
{
	hk_follow_config config = {
		.list = hk_opts_str(opts, HK_OPT_LOGS),
		.contact = hk_opts_str(opts, HK_OPT_CONTACT),
		.ca_file = hk_opts_str(opts, HK_OPT_CA_FILE),
		.poll_ms = (unsigned)hk_opts_int(opts, HK_OPT_POLL),
		.rate_per_s = hk_opts_real(opts, HK_OPT_RATE),
		.in_flight = (unsigned)hk_opts_int(opts, HK_OPT_IN_FLIGHT),
		.http1 = hk_opts_list(opts, HK_OPT_HTTP1),
		.fresh = hk_opts_list(opts, HK_OPT_FRESH),
		.out_fd = -1,
		.sink = hk_ct_sink_batch,
		.reload = hk_ct_sink_reload,
	};

	if (!hk_opts_require(opts, HK_OPT_CONTACT, error) ||
		!hk_opts_require(opts, HK_OPT_STATE, error) ||
		!hk_ct_sink_from(hk_opts_str(opts, HK_OPT_FROM), &config, error)) {
		return false;
	}
	g_autoptr(hk_keep) keep =
		hk_keep_store_open(role->flow, role->name, hk_opts_str(opts, HK_OPT_STATE), error);
	if (!keep) {
		return false;
	}
	hk_ct_sink_looks(sink, role->db);
	hk_ct_sink_brands(sink, role->flow, hk_opts_str(opts, HK_OPT_TARGETS));
	config.user = sink;
	config.keep = keep;
	return hk_follow_run(&config, error);
}

/* Who this process is among all watch processes: an id that stays in the state folder, so that after kill -9 the next one takes its leases over
 * at once. The folder is locked by its keeper, so there is one process at a time with this id. */
static char *
identity(const hk_opts *opts, GError **error)
{
	const char *folder = hk_opts_str(opts, HK_OPT_STATE);
	g_autofree char *path = folder ? g_build_filename(folder, "owner", NULL) : NULL;
	g_autoptr(GError) local = NULL;
	gsize len;

	if (!path) {
		return g_strdup_printf("%08x", g_random_int());
	}
	g_autoptr(GBytes) bytes = hk_file_read(path, 64, &local);
	if (bytes) {
		const char *text = g_bytes_get_data(bytes, &len);
		return g_strndup(text, len);
	}
	if (hk_error_code(local) != HK_ENOENT) {
		g_propagate_error(error, g_steal_pointer(&local));
		return NULL;
	}
	g_autofree char *made = g_strdup_printf("%08x%08x", g_random_int(), g_random_int());
	if (!hk_file_mkdirs(folder, error) || !hk_file_replace(path, hk_span_str(made), error)) {
		return NULL;
	}
	return g_steal_pointer(&made);
}

static bool
poll_feed(void *source, hk_flow *flow, uint64_t *ret_new, GError **error)
{
	return hk_feed_poll(source, flow, ret_new, error);
}

static int64_t
feed_next_ms(void *source)
{
	return hk_feed_next_ms(source);
}

static void
close_feed(gpointer source)
{
	hk_feed_close(source);
}

/* The enabled feeds of --feeds, a thread each. A folder that was not asked for may be missing. */
static bool
start_feeds(const hk_opts *opts, const hk_role *role, GPtrArray *pollers, GError **error)
{
	const char *folder = hk_opts_str(opts, HK_OPT_FEEDS);

	if (!hk_opts_given(opts, HK_OPT_FEEDS) && !g_file_test(folder, G_FILE_TEST_IS_DIR)) {
		return true;
	}
	g_autoptr(GPtrArray) configs = hk_feed_config_folder(folder, error);
	while (configs && configs->len > 0) {
		hk_feed_config *config = g_ptr_array_steal_index(configs, 0);
		if (!config->enabled) {
			hk_feed_config_free(config);
			continue;
		}
		hk_feed *feed = hk_feed_open(
			config, hk_opts_str(opts, HK_OPT_CONTACT), hk_stop_fd(), error);
		if (!feed) {
			return false;
		}
		const hk_polled polled = {
			.name = hk_feed_config_of(feed)->source,
			.source = feed,
			.poll = poll_feed,
			.next_ms = feed_next_ms,
			.free = close_feed,
		};
		g_ptr_array_add(pollers, hk_poller_start(opts, role->name, &polled));
	}
	return configs != NULL;
}

static void
join(gpointer poller)
{
	hk_poller_join(poller);
}

/* What fails is told: the targets stay as they were. */
static void
take_brands(const hk_opts *opts, const hk_role *role)
{
	g_autoptr(GError) error = NULL;

	if (!hk_brands_take(role->flow, hk_opts_str(opts, HK_OPT_TARGETS), &error)) {
		hk_log(HK_EVENT_RELOAD_FAILED, HK_F_STR("reason", error->message));
	}
}

/* Without logs: mailboxes, feeds and bells have threads of their own, until SIGTERM. SIGHUP is for the targets, as it is where logs are followed. */
static void
idle(const hk_opts *opts, const hk_role *role)
{
	while (!hk_stop_wait(60000)) {
		hk_stop_clear();
		if (hk_stop_reload()) {
			take_brands(opts, role);
		}
	}
}

bool
hk_role_watch(const hk_opts *opts, GError **error)
{
	hk_role role;
	g_autofree char *id = identity(opts, error);

	if (!id || !hk_role_open(opts, "watch", id, &role, error)) {
		return false;
	}
	hk_log(HK_EVENT_START, HK_F_STR("command", "watch"), HK_F_STR("version", HK_VERSION));
	const char *logs = hk_opts_str(opts, HK_OPT_LOGS);
	/* It compiles patterns in a child: a fork wants to be the only thread. */
	g_autoptr(hk_ct_sink) sink = logs ? hk_ct_sink_new(opts, error) : NULL;
	if (logs && !sink) {
		hk_role_close(&role);
		return false;
	}
	take_brands(opts, &role);
	g_autoptr(hk_mailboxes) mailboxes = hk_mailboxes_open(opts, hk_stop_fd(), error);
	g_autoptr(hk_replies) replies =
		mailboxes ? hk_replies_open(opts, hk_stop_fd(), error) : NULL;
	g_autoptr(GPtrArray) pollers = g_ptr_array_new_with_free_func(join);
	hk_bell *bell = NULL;
	bool good = mailboxes && replies && start_feeds(opts, &role, pollers, error) &&
		    hk_bell_start(opts, role.name, pollers, &bell, error);
	if (good) {
		hk_mailboxes_start(mailboxes, opts, role.name, pollers);
		hk_replies_start(replies, opts, role.name, pollers);
	}
	if (good && logs) {
		good = follow(opts, &role, sink, error);
	} else if (good) {
		idle(opts, &role);
	}
	/* Whatever ended it, the others end as well. */
	hk_stop_ask();
	hk_bell_join(bell);
	g_clear_pointer(&pollers, g_ptr_array_unref);
	if (good) {
		hk_log(HK_EVENT_STOP, HK_F_STR("command", "watch"), HK_F_STR("reason", "signal"));
	}
	hk_role_close(&role);
	return good;
}
