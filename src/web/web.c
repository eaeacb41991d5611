#include "web/web.h"

#include <string.h>
#include <unistd.h>

#include "store/migrate.h"
#include "store/sessions.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/stop.h"
#include "web/conns.h"
#include "web/live.h"
#include "web/oidc.h"
#include "web/static.h"
#include "web/web_int.h"

enum {
	STOP_WAIT_MS = 10000,
	SWEEP_ROWS_MS = 600000, /* ended sessions and the like are deleted so often */
};

static const char *const loopback[] = {"127.0.0.1", "::1", NULL};

static void
defaults(hk_web_config *config)
{
	unsigned threads = CLAMP(2 * g_get_num_processors(), 4, 16);

	config->listen = config->listen ? config->listen : "127.0.0.1:8080";
	if (config->behind_proxy && (!config->proxies || !*config->proxies)) {
		config->proxies = loopback;
	}
	config->threads = config->threads ? config->threads : threads;
	config->connections = config->connections ? config->connections : 12000;
	config->per_address = config->per_address ? config->per_address : 256;
	config->header_ms = config->header_ms ? config->header_ms : 30000;
	config->idle_ms = config->idle_ms ? config->idle_ms : 75000;
	config->session_idle_ms = config->session_idle_ms ? config->session_idle_ms : 30 * 60000;
	config->session_absolute_ms =
		config->session_absolute_ms ? config->session_absolute_ms : 12 * 3600000;
	config->oidc_name = config->oidc_name ? config->oidc_name : "SSO";
	config->oidc_groups_claim =
		config->oidc_groups_claim ? config->oidc_groups_claim : "groups";
}

bool
hk_web_base_check(const char *url, GError **error)
{
	const char *at = strstr(url, "://");
	size_t host = at ? strcspn(at + 3, "/?#@ ") : 0;
	bool good = (g_str_has_prefix(url, "https://") || g_str_has_prefix(url, "http://")) &&
		    host > 0 && (at[3 + host] == '\0' || strcmp(at + 3 + host, "/") == 0);

	return good || hk_error_set(error, HK_ECONFIG,
			       "base-url: \"%s\" must be scheme and host only, like "
			       "https://board.mihon-bank.example",
			       url);
}

/* The host of --base-url, for Host and Origin. */
static bool
read_base(hk_web *web, GError **error)
{
	const char *url = web->config.base_url;

	if (url && !hk_web_base_check(url, error)) {
		return false;
	}
	const char *host = url ? strstr(url, "://") + 3 : NULL;
	web->host = host ? g_strndup(host, strcspn(host, "/")) : NULL;
	return true;
}

static void *
start_thread(void *user, GError **error)
{
	hk_web_thread *thread = g_new0(hk_web_thread, 1);

	thread->web = user;
	thread->db = hk_db_open(thread->web->config.database, error);
	thread->flow =
		thread->db ? hk_flow_new(thread->db, thread->web->config.audit_key, error) : NULL;
	if (!thread->flow) {
		hk_db_close(thread->db);
		g_free(thread);
		return NULL;
	}
	return thread;
}

static void
stop_thread(void *data)
{
	hk_web_thread *thread = data;

	hk_flow_free(thread->flow);
	hk_db_close(thread->db);
	g_free(thread);
}

static void
sweep_rows(hk_web *web, hk_db *db)
{
	g_autoptr(GError) error = NULL;

	if (!hk_db_begin(db, true, &error) ||
		!hk_sessions_sweep(db, hk_clock_wall_ms(), web->config.session_idle_ms, &error) ||
		!hk_db_commit(db, &error)) {
		hk_db_rollback(db);
		hk_log(HK_EVENT_WEB_FAILED, HK_F_STR("request", "-"),
			HK_F_STR("code", hk_err_code(hk_error_code(error))),
			HK_F_STR("reason", error->message));
	}
}

static void
serve(hk_web *web, hk_db *db)
{
	int64_t swept = hk_clock_mono_ms();

	while (!hk_stop_wait(1000)) {
		hk_stop_clear();
		hk_conns_sweep(web->conns);
		if (hk_clock_mono_ms() - swept >= SWEEP_ROWS_MS) {
			swept = hk_clock_mono_ms();
			sweep_rows(web, db);
		}
	}
}

static bool
run(hk_web *web, GError **error)
{
	g_autofree uint8_t *key = NULL;

	if (!hk_secret_init(error) || !read_base(web, error)) {
		return false;
	}
	key = hk_key_load(web->config.web_key, error);
	if (!key) {
		return false;
	}
	memcpy(web->key, key, sizeof web->key);
	hk_secret_wipe(key, HK_SECRET_KEY_BYTES);
	g_autoptr(hk_db) db = hk_db_open(web->config.database, error);
	if (!db || !hk_schema_check(db, error)) {
		return false;
	}
	web->ui = hk_ui_new(web->config.ui_dir);
	if (web->config.oidc_issuer) {
		web->oidc = hk_oidc_new(web, error);
		if (!web->oidc) {
			return false;
		}
	}
	web->pool = hk_pool_new(web->config.threads, start_thread, stop_thread, web, error);
	web->live = web->pool ? hk_live_new(web, error) : NULL;
	if (!web->live || !hk_server_start(web, error)) {
		return false;
	}
	hk_log(HK_EVENT_WEB_LISTENS, HK_F_STR("url", web->url),
		HK_F_INT("connections", web->config.connections),
		HK_F_INT("threads", web->config.threads));
	if (web->config.ready) {
		web->config.ready(web->config.ready_user, web->url);
	}
	serve(web, db);
	return true;
}

bool
hk_web_run(const hk_web_config *config, GError **error)
{
	g_autofree hk_web *web = g_new0(hk_web, 1);
	bool good;

	if (!hk_stop_begin(error)) {
		return false;
	}
	web->config = *config;
	web->listen_fd = -1;
	defaults(&web->config);
	good = run(web, error);
	hk_server_stop(web, STOP_WAIT_MS);
	hk_live_free(web->live);
	hk_pool_free(web->pool);
	hk_oidc_free(web->oidc);
	hk_ui_free(web->ui);
	hk_conns_free(web->conns);
	hk_secret_wipe(web->key, sizeof web->key);
	g_free(web->host);
	g_free(web->url);
	hk_stop_end();
	return good;
}
