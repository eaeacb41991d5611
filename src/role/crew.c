/* nocheck: tested in tests/scenario/takedown.t */
#include "role/crew.h"

#include <string.h>

#include "score/targets.h"
#include "sys/gerr.h"

struct hk_role_crew_kit {
	hk_targets *targets;
	hk_smtp_config *smtp;
	hk_mailbox_config *copies; /* or NULL */
	hk_crew *crew;
};

/* The packs know more than the database: allow-lists, and brands that nobody has imported. */
static hk_crew_known
known(void *user, const char *host)
{
	const hk_role_crew_kit *kit = user;
	bool allowed = false;

	if (!kit->targets || !hk_targets_official(kit->targets, hk_span_str(host), &allowed)) {
		return HK_KNOWN_NOT;
	}
	return allowed ? HK_KNOWN_ALLOWED : HK_KNOWN_OFFICIAL;
}

hk_brief_reporter
hk_role_reporter(const hk_opts *opts)
{
	const char *contact = hk_opts_str(opts, HK_OPT_REPORT_CONTACT);
	const char *domain = hk_opts_str(opts, HK_OPT_REPORT_DOMAIN);
	const char *at = contact ? strrchr(contact, '@') : NULL;

	return (hk_brief_reporter){.org = (char *)(uintptr_t)hk_opts_str(opts, HK_OPT_REPORT_ORG),
		.domain = (char *)(uintptr_t)(domain ? domain
					      : at   ? at + 1
						     : NULL),
		.contact = (char *)(uintptr_t)contact,
		.tel = (char *)(uintptr_t)hk_opts_str(opts, HK_OPT_REPORT_TEL),
		.person = (char *)(uintptr_t)hk_opts_str(opts, HK_OPT_REPORT_PERSON),
		.country = (char *)(uintptr_t)hk_opts_str(opts, HK_OPT_REPORT_COUNTRY)};
}

/* No mail server is no error: what goes by mail waits, and says why. */
static bool
take_smtp(hk_role_crew_kit *kit, const hk_opts *opts, GError **error)
{
	g_autoptr(GError) local = NULL;

	kit->smtp = hk_smtp_config_of(opts, &local);
	if (!kit->smtp && hk_error_code(local) != HK_ENOENT) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return true;
}

/* Answers, and the copies of what we sent, come to one mailbox. */
static bool
take_copies(hk_role_crew_kit *kit, const hk_opts *opts, GError **error)
{
	const char *path = hk_opts_str(opts, HK_OPT_REPLY_MAIL);

	kit->copies = path ? hk_mailbox_config_read(path, error) : NULL;
	return !path || kit->copies;
}

hk_role_crew_kit *
hk_role_crew_new(const hk_opts *opts, const hk_sites *sites, GError **error)
{
	hk_role_crew_kit *kit = g_new0(hk_role_crew_kit, 1);
	const char *targets = hk_opts_str(opts, HK_OPT_TARGETS);
	const hk_blobs_config blobs = hk_blobs_config_of(opts);
	hk_crew_config config = {.sites = sites,
		.blobs = &blobs,
		.channels = hk_opts_str(opts, HK_OPT_CHANNELS),
		.who = hk_role_reporter(opts),
		.from = hk_opts_str(opts, HK_OPT_REPORT_FROM),
		.sign_cert = hk_opts_str(opts, HK_OPT_REPORT_CERT),
		.sign_key = hk_opts_str(opts, HK_OPT_REPORT_KEY),
		.known = known};

	if ((targets && !(kit->targets = hk_targets_load(targets, error))) ||
		!take_smtp(kit, opts, error) || !take_copies(kit, opts, error)) {
		hk_role_crew_free(kit);
		return NULL;
	}
	config.smtp = kit->smtp;
	config.copies = kit->copies;
	config.user = kit;
	kit->crew = hk_crew_new(&config, error);
	if (!kit->crew) {
		hk_role_crew_free(kit);
		return NULL;
	}
	return kit;
}

bool
hk_role_crew_reload(hk_role_crew_kit *kit, const hk_opts *opts, GError **error)
{
	const char *path = hk_opts_str(opts, HK_OPT_TARGETS);
	hk_targets *targets = path ? hk_targets_load(path, error) : NULL;

	if (path && !targets) {
		return false;
	}
	hk_targets_free(kit->targets);
	kit->targets = targets;
	return true;
}

void
hk_role_crew_free(hk_role_crew_kit *kit)
{
	if (kit) {
		hk_crew_free(kit->crew);
		hk_mailbox_config_free(kit->copies);
		hk_smtp_config_free(kit->smtp);
		hk_targets_free(kit->targets);
		g_free(kit);
	}
}

hk_crew *
hk_role_crew(const hk_role_crew_kit *kit)
{
	return kit->crew;
}
