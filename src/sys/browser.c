#include "sys/browser.h"

#include <string.h>
#include <unistd.h>

#include "sys/browser_launch.h"
#include "sys/clock.h"
#include "sys/gerr.h"

/* How long the browser may take to answer its first call, and the calls that open and close a tab. A busy machine needs seconds. */
enum { FIRST_MS = 30000, TAB_MS = 15000, MEMORY_MAX = 400, MEMORY_STOP = 1536 };

/* Nothing goes anywhere but through the proxy of a tab's context; what is of no context meets a port at which nobody listens. Loopback
 * addresses, which Chrome would reach itself, go to the proxy as well; UDP and the resolver are shut off (reference/stack.md, section 5). */
static const char *const common_flags[] = {"--proxy-server=http://127.0.0.1:9",
	"--proxy-bypass-list=<-loopback>",
	"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
	"--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-quic",
	"--disable-blink-features=AutomationControlled", "--disable-background-networking",
	"--disable-component-update", "--disable-sync", "--disable-default-apps",
	"--disable-extensions", "--disable-domain-reliability",
	"--disable-client-side-phishing-detection", "--no-pings", "--disable-breakpad",
	"--disable-crash-reporter", "--metrics-recording-only", "--no-first-run",
	"--no-default-browser-check", "--no-service-autorun", "--password-store=basic",
	"--disable-print-preview", "--disable-search-engine-choice-screen", "--disable-speech-api",
	/* Tabs that nobody looks at work as if somebody did. */
	"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
	"--disable-renderer-backgrounding", "--disable-hang-monitor",
	/* One process and one session for a page and its frames: there are no secrets of other sites to keep apart. */
	"--disable-site-isolation-trials", "--deny-permission-prompts",
	"--disable-features=Translate,OptimizationHints,MediaRouter,InterestFeedContentSuggestions,"
	"AutofillServerCommunication,CertificateTransparencyComponentUpdater,HttpsUpgrades,"
	"HttpsFirstBalancedModeAutoEnable,IsolateOrigins,site-per-process,"
	"PaintHolding,GlobalMediaControls,DialMediaRouteProvider",
	"--enable-features=NetworkService", "--hide-scrollbars", "--mute-audio", "--disable-gpu",
	"--font-render-hinting=none", "--lang=ja", "--accept-lang=ja-JP", NULL};

static const char *const full_flags[] = {
	"--headless=new", "--disable-component-extensions-with-background-pages", NULL};

static const char *const shell_paths[] = {"/usr/lib/chromium/chromium-headless-shell",
	"/usr/bin/chromium-headless-shell", "/usr/local/bin/chromium-headless-shell", NULL};
static const char *const full_paths[] = {
	"/usr/lib/chromium/chromium", "/usr/bin/chromium", "/usr/bin/google-chrome", NULL};

struct hk_browser {
	hk_browser_config config; /* its strings are owned */
	GMutex lock;              /* all below */
	GCond changed;
	hk_launched *process; /* NULL: none */
	hk_cdp *cdp;
	hk_cdp_session *root;
	char *product;
	bool starting, due; /* due: replaced before the next tab */
	unsigned open;      /* tabs */
	bool used[HK_BROWSER_TABS_MAX];
	unsigned since; /* tabs since the start */
	hk_browser_tally tally;
};

struct hk_browser_tab {
	hk_browser *browser;
	unsigned slot;
	hk_cdp_session *root, *page;
	char *context, *target;
};

static const char *
first_there(const char *const *paths)
{
	for (; *paths; paths++) {
		if (access(*paths, X_OK) == 0) {
			return *paths;
		}
	}
	return NULL;
}

hk_browser *
hk_browser_new(const hk_browser_config *config, GError **error)
{
	const char *program = config->program
				      ? config->program
				      : first_there(config->full ? full_paths : shell_paths);

	if (config->tabs > HK_BROWSER_TABS_MAX) {
		hk_error_set(
			error, HK_ERANGE, "a browser has at most %d tabs", HK_BROWSER_TABS_MAX);
		return NULL;
	}
	if (!program) {
		hk_error_set(error, HK_ENOENT, "no browser is installed: apt-get install %s",
			config->full ? "chromium" : "chromium-headless-shell");
		return NULL;
	}
	hk_browser *b = g_new0(hk_browser, 1);

	b->config = *config;
	b->config.program = g_strdup(program);
	b->config.user = g_strdup(config->user);
	b->config.dir = g_strdup(config->dir);
	b->config.tabs = config->tabs ? config->tabs : 2;
	b->config.recycle_after = config->recycle_after ? config->recycle_after : 100;
	b->config.memory_max = config->memory_max ? config->memory_max : (uint64_t)MEMORY_MAX << 20;
	b->config.memory_stop =
		config->memory_stop ? config->memory_stop : (uint64_t)MEMORY_STOP << 20;
	b->product = g_strdup("");
	g_mutex_init(&b->lock);
	g_cond_init(&b->changed);
	return b;
}

/* With the lock, or by whoever is `starting`; no tab is open. */
static void
stop_process(hk_browser *b)
{
	g_clear_pointer(&b->root, hk_cdp_session_free);
	g_clear_pointer(&b->cdp, hk_cdp_free);
	g_clear_pointer(&b->process, hk_launched_end);
}

void
hk_browser_free(hk_browser *b)
{
	if (!b) {
		return;
	}
	if (b->open > 0) {
		HK_BUG("a tab outlives its browser");
	}
	stop_process(b);
	g_free((char *)(uintptr_t)b->config.program);
	g_free((char *)(uintptr_t)b->config.user);
	g_free((char *)(uintptr_t)b->config.dir);
	g_free(b->product);
	g_mutex_clear(&b->lock);
	g_cond_clear(&b->changed);
	g_free(b);
}

static hk_launched *
launch(const hk_browser *b, GError **error)
{
	g_autoptr(GPtrArray) flags = g_ptr_array_new();

	for (size_t i = 0; common_flags[i]; i++) {
		g_ptr_array_add(flags, (char *)(uintptr_t)common_flags[i]);
	}
	for (size_t i = 0; b->config.full && full_flags[i]; i++) {
		g_ptr_array_add(flags, (char *)(uintptr_t)full_flags[i]);
	}
	g_ptr_array_add(flags, NULL);
	hk_launch_config config = {.program = b->config.program,
		.flags = (const char *const *)flags->pdata,
		.user = b->config.user,
		.dir = b->config.dir};

	return hk_launch(&config, error);
}

static bool
give_sockets(hk_browser *b, GError **error)
{
	for (unsigned slot = 0; slot < b->config.tabs; slot++) {
		int fd = b->process->sockets[slot];

		b->process->sockets[slot] = -1;
		if (!b->config.way.listen(b->config.way.user, fd, slot, error)) {
			return false;
		}
	}
	return true;
}

static bool
greet(hk_browser *b, GError **error)
{
	int64_t end_ms = hk_clock_mono_ms() + FIRST_MS;
	hk_cdp_message *m = hk_cdp_call(b->root, "Browser.getVersion", NULL, end_ms, error);
	const char *product = "";

	if (!m) {
		g_autofree char *said = hk_launched_said(b->process);

		if (*said) {
			g_prefix_error(error, "the browser says: %s: ", said);
		}
		return false;
	}
	(void)hk_json_str(&m->body, "product", &product, NULL);
	g_mutex_lock(&b->lock);
	g_free(b->product);
	b->product = g_strndup(product, 100);
	g_mutex_unlock(&b->lock);
	hk_cdp_message_free(m);
	return hk_cdp_do(
		b->root, "Target.setDiscoverTargets", "{\"discover\":true}", end_ms, error);
}

/* By whoever is `starting`. */
static bool
start_process(hk_browser *b, GError **error)
{
	stop_process(b);
	b->process = launch(b, error);
	if (!b->process) {
		return false;
	}
	b->cdp = hk_cdp_new(b->process->read_fd, b->process->write_fd);
	b->process->read_fd = b->process->write_fd = -1;
	b->root = hk_cdp_session_new(b->cdp, NULL);
	if (!give_sockets(b, error) || !greet(b, error)) {
		g_prefix_error(error, "the browser does not start: ");
		stop_process(b);
		return false;
	}
	return true;
}

/* With the lock, which is let go meanwhile. */
static bool
restart(hk_browser *b, GError **error)
{
	bool first = b->process == NULL;

	b->starting = true;
	g_mutex_unlock(&b->lock);
	bool fine = start_process(b, error);

	g_mutex_lock(&b->lock);
	b->starting = false;
	b->due = false;
	b->since = 0;
	if (fine) {
		b->tally.starts++;
		b->tally.recycled += !first;
		b->tally.landlock = b->process->landlock;
		b->tally.pid_namespace = b->process->pid_namespace;
	}
	g_cond_broadcast(&b->changed);
	return fine;
}

/* With the lock. */
static bool
must_restart(hk_browser *b)
{
	return !b->process || b->due || hk_cdp_closed(b->cdp);
}

bool
hk_browser_start(hk_browser *b, GError **error)
{
	bool fine = true;

	g_mutex_lock(&b->lock);
	while (b->starting) {
		g_cond_wait(&b->changed, &b->lock);
	}
	if (must_restart(b) && b->open == 0) {
		fine = restart(b, error);
	}
	g_mutex_unlock(&b->lock);
	return fine;
}

/* A slot for a new tab; -1: none became free in time, or the browser does not start. */
static int
take_slot(hk_browser *b, int64_t deadline_ms, GError **error)
{
	int slot = -1;

	g_mutex_lock(&b->lock);
	while (b->starting || b->open >= b->config.tabs || (b->open > 0 && must_restart(b))) {
		int64_t left = deadline_ms - hk_clock_mono_ms();

		if (left <= 0 || !g_cond_wait_until(&b->changed, &b->lock,
					 g_get_monotonic_time() + left * 1000)) {
			g_mutex_unlock(&b->lock);
			hk_error_set(error, HK_EAGAIN, "no tab of the browser became free in time");
			return -1;
		}
	}
	if (!must_restart(b) || restart(b, error)) {
		for (slot = 0; b->used[slot]; slot++) {
		}
		b->used[slot] = true;
		b->open++;
		b->since++;
		b->tally.tabs++;
	}
	g_mutex_unlock(&b->lock);
	return slot;
}

static void
end_browser(hk_browser *b)
{
	g_mutex_lock(&b->lock);
	if (!b->due && b->process && !hk_cdp_closed(b->cdp)) {
		b->tally.killed++;
		hk_launched_kill(b->process);
		hk_cdp_close(b->cdp);
	}
	b->due = true;
	g_mutex_unlock(&b->lock);
}

/* A string of the answer to a call, owned; NULL: error. */
static char *
call_for(hk_cdp_session *session, const char *method, const char *params, const char *member,
	GError **error)
{
	hk_cdp_message *m =
		hk_cdp_call(session, method, params, hk_clock_mono_ms() + TAB_MS, error);
	const char *text = NULL;
	char *copy = NULL;

	if (m && hk_json_str(&m->body, member, &text, error)) {
		/* Identifiers go back into JSON as they are. */
		bool plain = strlen(text) <= 64 &&
			     strspn(text, "0123456789ABCDEFabcdef-") == strlen(text);

		copy = plain ? g_strdup(text) : NULL;
		if (!plain) {
			hk_error_set(error, HK_EREMOTE, "%s: an odd identifier", method);
		}
	}
	hk_cdp_message_free(m);
	return copy;
}

static bool
open_page(hk_browser_tab *tab, unsigned width, unsigned height, GError **error)
{
	g_autofree char *context =
		g_strdup_printf("{\"disposeOnDetach\":true,\"proxyServer\":\"http://"
				"127.0.0.1:%u\",\"proxyBypassList\":\"<-loopback>\"}",
			HK_BROWSER_PORT + tab->slot);

	tab->context = call_for(
		tab->root, "Target.createBrowserContext", context, "browserContextId", error);
	if (!tab->context) {
		return false;
	}
	g_autofree char *target = g_strdup_printf(
		"{\"url\":\"about:blank\",\"browserContextId\":\"%s\",\"width\":%u,\"height\":%u}",
		tab->context, width, height);

	tab->target = call_for(tab->root, "Target.createTarget", target, "targetId", error);
	if (!tab->target) {
		return false;
	}
	g_autofree char *attach =
		g_strdup_printf("{\"targetId\":\"%s\",\"flatten\":true}", tab->target);
	g_autofree char *session =
		call_for(tab->root, "Target.attachToTarget", attach, "sessionId", error);

	if (session) {
		tab->page = hk_cdp_session_new(hk_cdp_session_connection(tab->root), session);
		hk_cdp_watch(tab->page, tab->context);
	}
	return session != NULL;
}

hk_browser_tab *
hk_browser_tab_open(hk_browser *b, const struct hk_egress_who *who, unsigned width, unsigned height,
	int64_t deadline_ms, GError **error)
{
	int slot = take_slot(b, deadline_ms, error);

	if (slot < 0) {
		return NULL;
	}
	hk_browser_tab *tab = g_new0(hk_browser_tab, 1);

	tab->browser = b;
	tab->slot = (unsigned)slot;
	tab->root = hk_cdp_session_new(b->cdp, NULL);
	b->config.way.assign(b->config.way.user, tab->slot, who);
	if (!open_page(tab, width, height, error)) {
		/* A browser that cannot open a tab is of no use. */
		end_browser(b);
		hk_browser_tab_close(tab);
		return NULL;
	}
	return tab;
}

/* Whether the browser is replaced before the next tab. */
static bool
is_due(hk_browser *b)
{
	return b->since >= b->config.recycle_after ||
	       hk_launched_pss(b->process) > b->config.memory_max;
}

void
hk_browser_tab_close(hk_browser_tab *tab)
{
	if (!tab) {
		return;
	}
	hk_browser *b = tab->browser;

	if (tab->context && !hk_cdp_closed(b->cdp)) {
		g_autofree char *params =
			g_strdup_printf("{\"browserContextId\":\"%s\"}", tab->context);
		g_autoptr(GError) why = NULL;

		if (!hk_cdp_do(tab->root, "Target.disposeBrowserContext", params,
			    hk_clock_mono_ms() + TAB_MS, &why)) {
			end_browser(b);
		}
	}
	b->config.way.release(b->config.way.user, tab->slot);
	hk_cdp_session_free(tab->page);
	hk_cdp_session_free(tab->root);
	bool due = is_due(b);

	g_mutex_lock(&b->lock);
	b->due = b->due || due;
	b->used[tab->slot] = false;
	b->open--;
	g_cond_broadcast(&b->changed);
	g_mutex_unlock(&b->lock);
	g_free(tab->context);
	g_free(tab->target);
	g_free(tab);
}

hk_cdp_session *
hk_browser_tab_page(hk_browser_tab *tab)
{
	return tab->page;
}

hk_cdp_session *
hk_browser_tab_root(hk_browser_tab *tab)
{
	return tab->root;
}

const char *
hk_browser_tab_context(const hk_browser_tab *tab)
{
	return tab->context;
}

const char *
hk_browser_tab_target(const hk_browser_tab *tab)
{
	return tab->target;
}

unsigned
hk_browser_tab_slot(const hk_browser_tab *tab)
{
	return tab->slot;
}

void
hk_browser_tab_fail(hk_browser_tab *tab)
{
	end_browser(tab->browser);
}

uint64_t
hk_browser_tab_memory(hk_browser_tab *tab)
{
	/* The process stays as long as a tab is open. */
	uint64_t now = hk_launched_pss(tab->browser->process);

	if (now <= tab->browser->config.memory_stop) {
		return now;
	}
	end_browser(tab->browser);
	return UINT64_MAX;
}

char *
hk_browser_product(hk_browser *b)
{
	g_mutex_lock(&b->lock);
	char *copy = g_strdup(b->product);
	g_mutex_unlock(&b->lock);
	return copy;
}

void
hk_browser_count(hk_browser *b, hk_browser_tally *ret)
{
	g_mutex_lock(&b->lock);
	*ret = b->tally;
	ret->memory = b->process && !b->starting ? hk_launched_pss(b->process) : 0;
	g_mutex_unlock(&b->lock);
}
