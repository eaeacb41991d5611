/* The web role: options into web/web.h. */
#include "web/web.h"

#include <stdio.h>
#include <string.h>

#include "role/outbound.h"
#include "role/role.h"
#include "sys/file.h"
#include "sys/jsonw.h"
#include "sys/stop.h"

enum { PLACES = 5 };

static void
ready(void *user, const char *url)
{
	g_autoptr(GString) line = g_string_new(NULL);

	(void)user;
	hk_jsonw_open(line, '{');
	hk_jsonw_key(line, "url");
	hk_jsonw_str(line, url);
	hk_jsonw_close(line, '}');
	puts(line->str);
	fflush(stdout);
}

/* Where data of this house lie on disks of this machine: ret holds so many and a NULL. */
static void
places_of(const hk_opts *opts, const char *ret[PLACES])
{
	const hk_opt ids[] = {HK_OPT_AUDIT_KEY, HK_OPT_DATABASE, HK_OPT_BLOBS, HK_OPT_STATE};
	size_t count = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
		const char *place = hk_opts_str(opts, ids[i]);
		if (place && g_str_has_prefix(place, "sqlite:")) {
			place += strlen("sqlite:");
		}
		/* A bucket, or a server's database. */
		if (place && !strstr(place, "://")) {
			ret[count++] = place;
		}
	}
	ret[count] = NULL;
}

bool
hk_role_web(const hk_opts *opts, GError **error)
{
	const char *places[PLACES];
	hk_blobs_config place = hk_blobs_config_of(opts);
	/* The board works without a folder that cannot be made; attachments then do not. */
	place.lazy = true;
	g_autoptr(hk_blobs) blobs = hk_blobs_open(&place, error);
	const hk_web_outbound outbound = hk_role_outbound(opts);
	places_of(opts, places);
	hk_web_config config = {
		.places = places,
		.database = hk_opts_str(opts, HK_OPT_DATABASE),
		.audit_key = hk_opts_str(opts, HK_OPT_AUDIT_KEY),
		.web_key = hk_opts_str(opts, HK_OPT_WEB_KEY),
		.blobs = blobs,
		.outbound = &outbound,
		.listen = hk_opts_str(opts, HK_OPT_LISTEN),
		.tls_cert = hk_opts_str(opts, HK_OPT_TLS_CERT),
		.tls_key = hk_opts_str(opts, HK_OPT_TLS_KEY),
		.behind_proxy = hk_opts_bool(opts, HK_OPT_BEHIND_PROXY),
		.proxies = hk_opts_list(opts, HK_OPT_PROXY),
		.ui_dir = hk_opts_str(opts, HK_OPT_UI_DIR),
		.base_url = hk_opts_str(opts, HK_OPT_BASE_URL),
		.threads = (unsigned)hk_opts_int(opts, HK_OPT_WEB_THREADS),
		.connections = (unsigned)hk_opts_int(opts, HK_OPT_CONNECTIONS),
		.per_address = (unsigned)hk_opts_int(opts, HK_OPT_PER_ADDRESS),
		.header_ms = (unsigned)hk_opts_int(opts, HK_OPT_HEADER_TIMEOUT),
		.idle_ms = (unsigned)hk_opts_int(opts, HK_OPT_IDLE_TIMEOUT),
		.session_idle_ms = hk_opts_int(opts, HK_OPT_SESSION_IDLE),
		.session_absolute_ms = hk_opts_int(opts, HK_OPT_SESSION_ABSOLUTE),
		.totp_required = hk_opts_bool(opts, HK_OPT_REQUIRE_TOTP),
		.oidc_issuer = hk_opts_str(opts, HK_OPT_OIDC_ISSUER),
		.oidc_name = hk_opts_str(opts, HK_OPT_OIDC_NAME),
		.oidc_client = hk_opts_str(opts, HK_OPT_OIDC_CLIENT),
		.oidc_secret_file = hk_opts_str(opts, HK_OPT_OIDC_SECRET_FILE),
		.oidc_groups_claim = hk_opts_str(opts, HK_OPT_OIDC_GROUPS),
		.oidc_roles = hk_opts_list(opts, HK_OPT_OIDC_ROLE),
		.oidc_create = hk_opts_bool(opts, HK_OPT_OIDC_CREATE),
		.ca_file = hk_opts_str(opts, HK_OPT_CA_FILE),
		.ready = ready,
	};

	if (!blobs) {
		return false;
	}
	hk_file_init();
	/* Before the beat begins: a signal must never find its default. */
	if (!hk_stop_begin(error)) {
		return false;
	}
	hk_role_beat *beat = hk_role_beat_start(opts, "web", NULL, error);
	bool good = beat && hk_web_run(&config, error);
	hk_role_beat_stop(beat);
	hk_stop_end();
	return good;
}
