/* nocheck: tested in tests/scenario/mail-imap.t */
#include "role/mailboxes.h"

#include "role/poller.h"
#include "score/targets.h"

struct hk_mailboxes {
	hk_mail_rules *rules;
	hk_targets *targets;
	hk_mail_house house;
	GPtrArray *configs; /* of hk_mailbox_config; NULL: none were asked for */
};

static bool
official(void *user, hk_span host)
{
	return hk_targets_official(user, host, NULL) != NULL;
}

void
hk_mailboxes_free(hk_mailboxes *all)
{
	if (all) {
		hk_mail_rules_free(all->rules);
		hk_targets_free(all->targets);
		hk_blobs_free(all->house.blobs);
		if (all->configs) {
			g_ptr_array_unref(all->configs);
		}
		g_free(all);
	}
}

static bool
load(hk_mailboxes *all, const hk_opts *opts, GError **error)
{
	const char *rules = hk_opts_str(opts, HK_OPT_MAIL_RULES);
	const char *targets = hk_opts_str(opts, HK_OPT_TARGETS);
	const char *folder = hk_opts_str(opts, HK_OPT_MAIL_SOURCES);
	const hk_blobs_config blobs = hk_blobs_config_of(opts);

	if (!folder) {
		return true;
	}
	if (!(all->configs = hk_mailbox_config_folder(folder, error)) ||
		(rules && !(all->rules = hk_mail_rules_load(rules, error))) ||
		(targets && !(all->targets = hk_targets_load(targets, error))) ||
		!(all->house.blobs = hk_blobs_open(&blobs, error))) {
		return false;
	}
	hk_mail_init();
	all->house.rules = all->rules;
	all->house.servers = hk_opts_list(opts, HK_OPT_MAIL_SERVERS);
	all->house.official = all->targets ? official : NULL;
	all->house.user = all->targets;
	return true;
}

hk_mailboxes *
hk_mailboxes_open(const hk_opts *opts, int stop_fd, GError **error)
{
	hk_mailboxes *all = g_new0(hk_mailboxes, 1);

	all->house.stop_fd = stop_fd;
	if (!load(all, opts, error)) {
		hk_mailboxes_free(all);
		return NULL;
	}
	return all;
}

hk_mailbox *
hk_mailboxes_take(hk_mailboxes *all)
{
	while (all->configs && all->configs->len > 0) {
		hk_mailbox_config *config = g_ptr_array_steal_index(all->configs, 0);

		if (config->enabled) {
			return hk_mailbox_open(config, &all->house);
		}
		hk_mailbox_config_free(config);
	}
	return NULL;
}

static bool
poll_box(void *source, hk_flow *flow, uint64_t *ret_new, GError **error)
{
	return hk_mailbox_poll(source, flow, ret_new, error);
}

static int64_t
next_ms(void *source)
{
	return hk_mailbox_next_ms(source);
}

static void
close_box(void *source)
{
	hk_mailbox_close(source);
}

void
hk_mailboxes_start(hk_mailboxes *all, const hk_opts *opts, const char *owner, GPtrArray *pollers)
{
	hk_mailbox *box;

	while ((box = hk_mailboxes_take(all))) {
		const hk_polled polled = {.name = hk_mailbox_config_of(box)->source,
			.source = box,
			.poll = poll_box,
			.next_ms = next_ms,
			.free = close_box};

		g_ptr_array_add(pollers, hk_poller_start(opts, owner, &polled));
	}
}
