#include "evidence/page.h"

#include <string.h>

#include "evidence/page_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

const hk_page_limits hk_page_defaults = {.load = 20000,
	.idle = 500,
	.content = 2500,
	.total = 60000,
	.clicks = 2,
	.full_height = 8000};

/* How often the browser's memory is looked at; how long a click may take to do something; how long a tab is waited for. */
enum {
	LOOK_MS = 2000,
	CLICK_MS = 700,
	TAB_MS = 120000,
	REST_MS = 3000,
	STOP_MS = 2000,
	BODIES_MS = 1500,
	EMPTY_TEXT = 20
};

int64_t
hk_run_ms(const hk_run *run, int64_t mono_ms)
{
	return mono_ms - run->start_ms;
}

char *
hk_run_param(const char *key, const char *value)
{
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, value);
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

void
hk_run_quiet(hk_run *run, const char *method, const char *params)
{
	hk_cdp_send_quiet(run->page, NULL, method, params);
}

void
hk_run_stop_scripts(hk_run *run, hk_capture_end note)
{
	hk_capture_note(run->capture, note);
	if (run->stopped) {
		return;
	}
	run->stopped = true;
	hk_run_quiet(run, "Emulation.setScriptExecutionDisabled", "{\"value\":true}");
	hk_run_quiet(run, "Runtime.terminateExecution", NULL);
	hk_run_quiet(run, "Page.stopLoading", NULL);
}

static void
look_at_memory(hk_run *run)
{
	int64_t now = hk_clock_mono_ms();

	if (now - run->look_ms < LOOK_MS) {
		return;
	}
	run->look_ms = now;
	if (hk_browser_tab_memory(run->tab) == UINT64_MAX) {
		hk_capture_note(run->capture, HK_CAPTURE_MEMORY);
		run->gone = true;
	}
}

static void
handle(hk_run *run, hk_cdp_message *m)
{
	if (m->id != 0 && m->id == run->waiting) {
		run->answer = m;
		return;
	}
	if (m->id != 0) {
		hk_run_answer(run, m);
	} else {
		hk_run_event(run, m);
	}
	hk_cdp_message_free(m);
}

void
hk_run_pump(hk_run *run, int64_t until_ms)
{
	int64_t now = hk_clock_mono_ms();

	do {
		hk_cdp_message *m = hk_cdp_next(run->page, MIN(until_ms, now + 100));

		if (m) {
			handle(run, m);
		} else if (hk_cdp_closed(hk_cdp_session_connection(run->page))) {
			run->gone = true;
		}
		look_at_memory(run);
		now = hk_clock_mono_ms();
	} while (!run->gone && !run->answer && now < until_ms);
}

hk_cdp_message *
hk_run_call(hk_run *run, const char *method, const char *params, unsigned ms, bool *ret_late)
{
	int64_t id = hk_cdp_send(run->page, NULL, method, params);
	int64_t until_ms = MIN(hk_clock_mono_ms() + ms, run->end_ms + REST_MS);

	hk_cdp_expect(run->page, id);
	run->waiting = id;
	while (!run->answer && !run->gone && hk_clock_mono_ms() < until_ms) {
		hk_run_pump(run, until_ms);
	}
	run->waiting = 0;
	hk_cdp_message *m = g_steal_pointer(&run->answer);
	if (ret_late) {
		*ret_late = !m && !run->gone;
	}
	if (m && m->failed) {
		g_clear_pointer(&m, hk_cdp_message_free);
	}
	return m;
}

/* The brands of Chrome's client hints; the third one is there to keep servers from relying on the list. */
static void
add_brands(GString *out, const char *key, unsigned major, const char *rest)
{
	static const char *const names[] = {"Chromium", "Google Chrome", "Not?A_Brand"};

	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *version = i == 2 ? g_strdup_printf("99%s", *rest ? ".0.0.0" : "")
						  : g_strdup_printf("%u%s", major, rest);

		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "brand");
		hk_jsonw_str(out, names[i]);
		hk_jsonw_key(out, "version");
		hk_jsonw_str(out, version);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static void
add_hints(GString *out, const hk_run *run, const hk_profile_row *p)
{
	const struct {
		const char *key, *value;
	} texts[] = {{"platform", p->hint_platform}, {"platformVersion", p->hint_version},
		{"architecture", p->mobile ? "" : "x86"}, {"bitness", p->mobile ? "" : "64"},
		{"model", p->hint_model}};

	hk_jsonw_key(out, "userAgentMetadata");
	hk_jsonw_open(out, '{');
	add_brands(out, "brands", run->major, "");
	add_brands(out, "fullVersionList", run->major, ".0.0.0");
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		hk_jsonw_key(out, texts[i].key);
		hk_jsonw_str(out, texts[i].value);
	}
	hk_jsonw_key(out, "mobile");
	hk_jsonw_bool(out, p->mobile);
	hk_jsonw_key(out, "wow64");
	hk_jsonw_bool(out, false);
	hk_jsonw_close(out, '}');
}

char *
hk_run_agent_params(const hk_run *run)
{
	const hk_profile_row *p = hk_profile_get(run->job->variant.profile);
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "userAgent");
	hk_jsonw_str(out, run->agent);
	hk_jsonw_key(out, "acceptLanguage");
	hk_jsonw_str(out, p->hints ? "ja-JP,ja,en-US,en" : "ja-JP,ja");
	hk_jsonw_key(out, "platform");
	hk_jsonw_str(out, p->platform);
	if (p->hints) {
		add_hints(out, run, p);
	}
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

/* Who asks for a permission is denied by the browser, without a word to us: these functions tell. They look native, and the one that tells is
 * taken from the window before the page's first script. */
static const char permission_script[] =
	"{const tell=window." HK_RUN_BINDING ";delete window." HK_RUN_BINDING ";"
	"const wrap=(o,n,w)=>{const "
	"d=o&&Object.getOwnPropertyDescriptor(o,n);if(!d||!d.value||!tell)return;"
	"Object.defineProperty(o,n,{...d,value:new Proxy(d.value,{apply:(f,t,a)=>{tell(w);return "
	"Reflect.apply(f,t,a)}})})};"
	"const p=(n)=>window[n]&&window[n].prototype;"
	"wrap(p('Geolocation'),'getCurrentPosition','geolocation');wrap(p('Geolocation'),'"
	"watchPosition','geolocation');"
	"wrap(window.Notification,'requestPermission','notifications');wrap(p('MediaDevices'),'"
	"getUserMedia','camera or microphone');"
	"wrap(p('PushManager'),'subscribe','push');wrap(p('Clipboard'),'readText','clipboard');"
	"wrap(p('Clipboard'),'read','clipboard');}";

/* What Chrome has and the headless one has not, or Safari has not and Chrome has. Native functions stay native. */
static char *
script_params(const hk_profile_row *p)
{
	g_autofree char *vendor = g_strdup_printf(
		"{const d=Object.getOwnPropertyDescriptor(Navigator.prototype,'vendor');"
		"if(navigator.vendor!=='%s')Object.defineProperty(Navigator.prototype,'vendor',{..."
		"d,get:new Proxy(d.get,{apply:()=>'%s'})});}",
		p->vendor, p->vendor);
	g_autofree char *script = g_strconcat(permission_script, vendor,
		p->hints ? "if(!window.chrome)Object.defineProperty(window,'chrome',{writable:true,"
			   "enumerable:true,configurable:false,value:{app:{isInstalled:false},csi()"
			   "{},loadTimes(){}}});"
			 : "delete Navigator.prototype.userAgentData;delete window.chrome;",
		NULL);

	return hk_run_param("source", script);
}

/* All that makes us this visitor; sent in one go. */
static bool
dress(hk_run *run)
{
	const hk_profile_row *p = hk_profile_get(run->job->variant.profile);
	char ratio[G_ASCII_DTOSTR_BUF_SIZE];
	g_autofree char *agent = hk_run_agent_params(run);
	g_autofree char *script = script_params(p);
	g_autofree char *touch = g_strdup_printf("{\"enabled\":%s,\"maxTouchPoints\":%u}",
		p->touch ? "true" : "false", MAX(p->touch, 1u));
	g_autofree char *metrics =
		g_strdup_printf("{\"width\":%u,\"height\":%u,\"deviceScaleFactor\":%s,\"mobile\":%"
				"s,\"screenWidth\":%u,\"screenHeight\":%u,"
				"\"screenOrientation\":{\"type\":\"%s\",\"angle\":0}}",
			p->width, p->height, g_ascii_dtostr(ratio, sizeof ratio, p->ratio),
			p->mobile ? "true" : "false", p->screen_width, p->screen_height,
			p->mobile ? "portraitPrimary" : "landscapePrimary");
	const struct {
		const char *method, *params;
	} calls[] = {{"Emulation.setUserAgentOverride", agent},
		{"Emulation.setDeviceMetricsOverride", metrics},
		{"Emulation.setTouchEmulationEnabled", touch},
		{"Emulation.setTimezoneOverride", "{\"timezoneId\":\"Asia/Tokyo\"}"},
		{"Emulation.setLocaleOverride", "{\"locale\":\"ja-JP\"}"},
		{"Emulation.setFocusEmulationEnabled", "{\"enabled\":true}"},
		{"Security.setIgnoreCertificateErrors", "{\"ignore\":true}"},
		{"Network.enable", "{\"maxTotalBufferSize\":100663296,\"maxResourceBufferSize\":"
				   "20971520,\"enableDurableMessages\":true}"},
		{"Network.setCacheDisabled", "{\"cacheDisabled\":false}"},
		{"Inspector.enable", NULL}, {"Runtime.enable", NULL}, {"Log.enable", NULL},
		{"Page.enable", NULL}, {"Runtime.addBinding", "{\"name\":\"" HK_RUN_BINDING "\"}"},
		{"Page.addScriptToEvaluateOnNewDocument", script},
		{"Target.setAutoAttach",
			"{\"autoAttach\":true,\"waitForDebuggerOnStart\":true,\"flatten\":true}"}};
	hk_cdp_session *root = hk_browser_tab_root(run->tab);
	g_autofree char *download = g_strdup_printf(
		"{\"behavior\":\"deny\",\"browserContextId\":\"%s\",\"eventsEnabled\":true}",
		hk_browser_tab_context(run->tab));
	g_autofree char *permissions =
		g_strdup_printf("{\"permissions\":[],\"browserContextId\":\"%s\"}",
			hk_browser_tab_context(run->tab));

	hk_cdp_send_quiet(root, NULL, "Browser.setDownloadBehavior", download);
	hk_cdp_send_quiet(root, NULL, "Browser.grantPermissions", permissions);
	for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
		hk_run_quiet(run, calls[i].method, calls[i].params);
	}
	/* Answered behind all the others. */
	hk_cdp_message *m = hk_run_call(run, "Page.getFrameTree", NULL, HK_RUN_CALL_MS, NULL);
	hk_cdp_message_free(m);
	return m != NULL;
}

static void
open_address(hk_run *run, const char *url)
{
	const hk_referrer_row *r = hk_referrer_get(run->job->variant.referrer);
	const char *from = r->url;
	g_autoptr(GString) params = g_string_new(NULL);
	hk_ask *a = g_new0(hk_ask, 1);

	hk_jsonw_open(params, '{');
	hk_jsonw_key(params, "url");
	hk_jsonw_str(params, url);
	if (*from) {
		hk_jsonw_key(params, "referrer");
		hk_jsonw_str(params, from);
	}
	hk_jsonw_key(params, "transitionType");
	hk_jsonw_str(params, *from ? "link" : "typed");
	hk_jsonw_close(params, '}');
	run->navigated = run->loaded = run->parsed = false;
	g_clear_pointer(&run->failed, g_free);
	int64_t id = hk_cdp_send(run->page, NULL, "Page.navigate", params->str);

	a->kind = HK_ASK_NAVIGATE;
	g_hash_table_insert(run->asks, g_memdup2(&id, sizeof id), a);
	hk_cdp_expect(run->page, id);
	run->active_ms = hk_clock_mono_ms();
}

/* Until the page is at rest; false: it did not come to rest in time, or it is gone. */
static bool
wait_for_rest(hk_run *run, int64_t until_ms)
{
	for (;;) {
		int64_t now = hk_clock_mono_ms();

		if (run->gone || run->stopped ||
			(run->navigated && (run->failed || run->download))) {
			return !run->gone;
		}
		if (run->navigated && run->loaded && run->working == 0 &&
			now - run->active_ms >= run->limits.idle) {
			return true;
		}
		if (now >= until_ms) {
			return false;
		}
		int64_t quiet_ms = run->active_ms + run->limits.idle;

		hk_run_pump(
			run, MIN(until_ms, quiet_ms > now ? MIN(quiet_ms, now + 50) : now + 50));
	}
}

/* Whether the page shows next to nothing: what it loads may come by a timer. */
static bool
is_empty(hk_run *run)
{
	hk_cdp_message *m = hk_run_call(run, "Runtime.evaluate",
		"{\"expression\":\"document.body?document.body.innerText.trim().length+1000*"
		"document.querySelectorAll('input,iframe,canvas,video').length:0\","
		"\"returnByValue\":true,\"timeout\":1000}",
		2000, NULL);
	hk_json result;
	int64_t shown = EMPTY_TEXT;

	if (m && hk_json_object(&m->body, "result", &result, NULL)) {
		(void)hk_json_i64(&result, "value", &shown, NULL);
	}
	hk_cdp_message_free(m);
	return shown < EMPTY_TEXT;
}

/* Waits for content, too; notes why it is not at rest. */
static void
wait_for_page(hk_run *run)
{
	int64_t until_ms = MIN(hk_clock_mono_ms() + run->limits.load, run->end_ms);
	bool rest = wait_for_rest(run, until_ms);

	if (rest && !run->failed && !run->stopped && !run->download && is_empty(run)) {
		int64_t content_ms = MIN(hk_clock_mono_ms() + run->limits.content, until_ms);

		while (hk_clock_mono_ms() < content_ms && !run->gone && !run->stopped &&
			is_empty(run)) {
			hk_run_pump(run, hk_clock_mono_ms() + 250);
		}
		rest = wait_for_rest(run, until_ms);
	}
	if (!rest && !run->gone) {
		hk_capture_note(run->capture, HK_CAPTURE_TIMEOUT);
		hk_run_quiet(run, "Page.stopLoading", NULL);
		for (int64_t end = hk_clock_mono_ms() + STOP_MS;
			!run->navigated && !run->gone && hk_clock_mono_ms() < end;) {
			hk_run_pump(run, hk_clock_mono_ms() + 50);
		}
	}
}

static void
press(hk_run *run, const hk_facts_click *click)
{
	char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];
	bool touch = hk_profile_get(run->job->variant.profile)->touch > 0;
	hk_capture_event *event = hk_capture_add_event(run->capture, HK_CAPTURE_EVENT_CLICK);

	g_ascii_dtostr(x, sizeof x, click->x);
	g_ascii_dtostr(y, sizeof y, click->y);
	if (event) {
		event->at_ms = hk_run_ms(run, hk_clock_mono_ms());
		event->text = g_strdup(click->text);
	}
	g_autofree char *at = g_strdup_printf(
		"{\"x\":%s,\"y\":%s,\"button\":\"left\",\"buttons\":1,\"clickCount\":1,\"type\":",
		x, y);
	g_autofree char *down = g_strconcat(at, "\"mousePressed\"}", NULL);
	g_autofree char *up = g_strconcat(at, "\"mouseReleased\"}", NULL);
	g_autofree char *tap = g_strdup_printf(
		"{\"type\":\"touchStart\",\"touchPoints\":[{\"x\":%s,\"y\":%s}]}", x, y);

	run->clicked_ms = hk_clock_mono_ms();
	run->active_ms = run->clicked_ms;
	if (touch) {
		hk_run_quiet(run, "Input.dispatchTouchEvent", tap);
		hk_run_quiet(run, "Input.dispatchTouchEvent",
			"{\"type\":\"touchEnd\",\"touchPoints\":[]}");
	} else {
		hk_run_quiet(run, "Input.dispatchMouseEvent", down);
		hk_run_quiet(run, "Input.dispatchMouseEvent", up);
	}
	hk_capture_note(run->capture, HK_CAPTURE_CLICKED);
	hk_run_pump(run, hk_clock_mono_ms() + CLICK_MS);
	run->clicked_ms = 0;
}

static bool
may_go_on(const hk_run *run)
{
	return !run->gone && !run->failed && !run->stopped && !run->download &&
	       hk_clock_mono_ms() < run->end_ms;
}

static void
wait_for_bodies(hk_run *run)
{
	int64_t until_ms = hk_clock_mono_ms() + BODIES_MS;

	while (hk_run_ask_bodies(run) > 0 && !run->gone && hk_clock_mono_ms() < until_ms) {
		hk_run_pump(run, hk_clock_mono_ms() + 20);
	}
}

static void
visit(hk_run *run)
{
	hk_facts_click click;

	if (run->job->variant.visit == 2) {
		open_address(run, run->job->url);
		wait_for_page(run);
		if (!may_go_on(run)) {
			return;
		}
		open_address(run, "about:blank");
		wait_for_rest(run, hk_clock_mono_ms() + REST_MS);
		hk_run_forget(run);
	}
	open_address(run, run->job->url);
	wait_for_page(run);
	/* A refused or failed navigation leaves the browser's own page of errors. */
	bool more = !run->gone && !run->failed && !run->download && hk_run_take(run, &click);

	for (unsigned i = 0; more && click.found && i < run->limits.clicks && may_go_on(run); i++) {
		press(run, &click);
		wait_for_page(run);
		more = !run->gone && hk_run_take(run, &click);
	}
	if (!run->gone) {
		wait_for_bodies(run);
		hk_run_take_rest(run);
	}
}

/* Statuses of the hops, which come after them. */
static void
finish_hops(hk_capture *capture)
{
	for (guint i = 0; i < capture->hops->len; i++) {
		hk_capture_hop *hop = g_ptr_array_index(capture->hops, i);

		if (hop->exchange < capture->exchanges->len) {
			hop->status = ((hk_capture_exchange *)g_ptr_array_index(
					       capture->exchanges, hop->exchange))
					      ->status;
		}
	}
}

/* The first that is noted decides; in the order of what weighs more. */
static hk_capture_end
choose_end(const hk_run *run)
{
	static const hk_capture_end order[] = {HK_CAPTURE_MEMORY, HK_CAPTURE_BROWSER_HANG,
		HK_CAPTURE_REFUSED, HK_CAPTURE_UNREACHABLE, HK_CAPTURE_DIALOG_LOOP,
		HK_CAPTURE_WINDOW_LOOP, HK_CAPTURE_NAVIGATION_LOOP, HK_CAPTURE_SCRIPT_LOOP,
		HK_CAPTURE_TIMEOUT, HK_CAPTURE_BODY_CUT};
	bool download = run->download && run->capture->pages->len == 0;

	if (run->crashed) {
		return HK_CAPTURE_CRASH;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
		if (hk_capture_noted(run->capture, order[i]) &&
			!(download && order[i] == HK_CAPTURE_UNREACHABLE)) {
			return order[i];
		}
	}
	return run->gone  ? HK_CAPTURE_BROWSER_GONE
	       : download ? HK_CAPTURE_DOWNLOAD
			  : HK_CAPTURE_COMPLETE;
}

static void
finish(hk_run *run)
{
	hk_capture *c = run->capture;

	hk_run_finish_bodies(run);
	if (run->job->addresses) {
		run->job->addresses(run->job->user, hk_browser_tab_slot(run->tab), c);
	}
	finish_hops(c);
	if (run->failed && !run->download && !hk_capture_noted(c, HK_CAPTURE_TIMEOUT) &&
		!hk_capture_noted(c, HK_CAPTURE_REFUSED)) {
		hk_capture_note(c, HK_CAPTURE_UNREACHABLE);
	}
	c->end = choose_end(run);
	if (c->end != HK_CAPTURE_COMPLETE) {
		g_autofree char *reason = g_strdup_printf("%s%s%s", hk_capture_end_meaning(c->end),
			run->failed ? ": " : "", run->failed ? run->failed : "");

		c->reason = hk_capture_text(reason, HK_CAPTURE_TEXT_MAX);
	}
	c->odd_messages = hk_cdp_odd(run->page);
	c->duration_ms = hk_run_ms(run, hk_clock_mono_ms());
	if (!c->final_url) {
		c->final_url = g_strdup(c->url);
	}
}

static void
ask_free(void *data)
{
	hk_ask *a = data;

	g_free(a->flow);
	g_free(a);
}

static void
run_init(hk_run *run, hk_browser *browser, const hk_page_job *job)
{
	const hk_page_limits *l = &job->limits, *d = &hk_page_defaults;
	hk_capture *c = hk_capture_new();

	run->job = job;
	run->limits = (hk_page_limits){.load = l->load ? l->load : d->load,
		.idle = l->idle ? l->idle : d->idle,
		.content = l->content ? l->content : d->content,
		.total = l->total ? l->total : d->total,
		.clicks = MIN(l->clicks, HK_CAPTURE_PAGES_MAX - 1),
		.full_height = l->full_height ? l->full_height : d->full_height};
	run->flows = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, hk_transfer_free);
	run->asks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, ask_free);
	run->capture = c;
	c->browser = hk_browser_product(browser);
	run->agent = hk_profile_agent(job->variant.profile, c->browser);
	run->major = hk_profile_major(c->browser);
	c->profile = g_strdup(hk_profile_get(job->variant.profile)->name);
	c->referrer = g_strdup(hk_referrer_get(job->variant.referrer)->name);
	c->exit = g_strdup(job->variant.exit ? job->variant.exit : "direct");
	c->visit = job->variant.visit;
	c->url = hk_capture_text(job->url, HK_CAPTURE_URL_MAX);
	c->user_agent = g_strdup(run->agent);
	c->start_wall_ms = hk_clock_wall_ms();
	run->start_ms = run->look_ms = hk_clock_mono_ms();
	run->end_ms = run->start_ms + run->limits.total;
}

hk_capture *
hk_page_capture(hk_browser *browser, const hk_page_job *job, GError **error)
{
	const hk_profile_row *p = hk_profile_get(job->variant.profile);
	hk_run run = {0};

	if (!g_str_has_prefix(job->url, "http://") && !g_str_has_prefix(job->url, "https://")) {
		hk_error_set(error, HK_EUSAGE, "only http:// and https:// addresses are captured");
		return NULL;
	}
	run.tab = hk_browser_tab_open(
		browser, job->who, p->width, p->height, hk_clock_mono_ms() + TAB_MS, error);
	if (!run.tab) {
		return NULL;
	}
	run.page = hk_browser_tab_page(run.tab);
	run_init(&run, browser, job);
	if (dress(&run)) {
		visit(&run);
	} else if (!run.gone) {
		hk_capture_note(run.capture, HK_CAPTURE_BROWSER_HANG);
		hk_browser_tab_fail(run.tab);
	}
	finish(&run);
	hk_browser_tab_close(run.tab);
	g_hash_table_unref(run.flows);
	g_hash_table_unref(run.asks);
	g_free(run.agent);
	g_free(run.failed);
	return run.capture;
}
