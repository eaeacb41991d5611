/* What a page does beside the network: dialogs, windows, downloads, the console, workers, its end. */
#include <string.h>

#include "evidence/page_int.h"
#include "sys/jsonw.h"

static void
set_text(char **ret, const hk_json *obj, const char *key, size_t max)
{
	const char *text = NULL;

	if (hk_json_str(obj, key, &text, NULL)) {
		g_free(*ret);
		*ret = hk_capture_text(text, max);
	}
}

static hk_capture_event *
add_event(hk_run *run, const hk_cdp_message *m, hk_capture_event_kind kind)
{
	hk_capture_event *event = hk_capture_add_event(run->capture, kind);

	if (event) {
		event->at_ms = hk_run_ms(run, m->came_ms);
	}
	return event;
}

/* Nothing is agreed to; only leaving a page is allowed, or it could keep us. */
static void
on_dialog(hk_run *run, const hk_cdp_message *m)
{
	const char *type = "", *text = "";

	(void)hk_json_str(&m->body, "type", &type, NULL);
	(void)hk_json_str(&m->body, "message", &text, NULL);
	hk_capture_event *event = add_event(run, m, HK_CAPTURE_EVENT_DIALOG);

	if (event) {
		g_autofree char *both = g_strdup_printf("%s: %s", type, text);

		event->text = hk_capture_text(both, HK_CAPTURE_TEXT_MAX);
		set_text(&event->url, &m->body, "url", HK_CAPTURE_URL_MAX);
	}
	hk_run_quiet(run, "Page.handleJavaScriptDialog",
		strcmp(type, "beforeunload") == 0 ? "{\"accept\":true}" : "{\"accept\":false}");
	hk_capture_note(run->capture, HK_CAPTURE_DIALOGS);
	if (++run->dialogs > HK_RUN_DIALOGS) {
		hk_run_stop_scripts(run, HK_CAPTURE_DIALOG_LOOP);
	}
}

static void
on_window(hk_run *run, const hk_cdp_message *m)
{
	hk_capture_event *event = add_event(run, m, HK_CAPTURE_EVENT_WINDOW);

	if (event) {
		set_text(&event->url, &m->body, "url", HK_CAPTURE_URL_MAX);
	}
	hk_capture_note(run->capture, HK_CAPTURE_POPUPS);
	if (++run->windows > HK_RUN_WINDOWS) {
		hk_run_stop_scripts(run, HK_CAPTURE_WINDOW_LOOP);
	}
}

/* A target of our context that is not our page: a window. */
static void
on_target(hk_run *run, const hk_cdp_message *m)
{
	const char *type = "", *id = "", *context = "";
	hk_json info;

	if (!hk_json_object(&m->body, "targetInfo", &info, NULL)) {
		return;
	}
	(void)hk_json_str(&info, "type", &type, NULL);
	(void)hk_json_str(&info, "targetId", &id, NULL);
	(void)hk_json_str(&info, "browserContextId", &context, NULL);
	if (strcmp(type, "page") != 0 || strcmp(context, hk_browser_tab_context(run->tab)) != 0 ||
		strcmp(id, hk_browser_tab_target(run->tab)) == 0) {
		return;
	}
	g_autofree char *params = hk_run_param("targetId", id);

	hk_cdp_send_quiet(hk_browser_tab_root(run->tab), NULL, "Target.closeTarget", params);
}

static void
on_download(hk_run *run, const hk_cdp_message *m)
{
	const char *frame = "", *guid = "";
	bool ours = false;

	(void)hk_json_str(&m->body, "frameId", &frame, NULL);
	(void)hk_json_str(&m->body, "guid", &guid, NULL);
	/* The event names no context: whose frame is it? */
	ours = strcmp(frame, hk_browser_tab_target(run->tab)) == 0;
	for (guint i = 0; !ours && i < run->capture->exchanges->len; i++) {
		const hk_capture_exchange *x = g_ptr_array_index(run->capture->exchanges, i);

		ours = g_strcmp0(x->frame, frame) == 0;
	}
	if (!ours) {
		return;
	}
	hk_capture_event *event = add_event(run, m, HK_CAPTURE_EVENT_DOWNLOAD);

	if (event) {
		set_text(&event->url, &m->body, "url", HK_CAPTURE_URL_MAX);
		set_text(&event->text, &m->body, "suggestedFilename", HK_CAPTURE_TEXT_MAX);
	}
	hk_capture_note(run->capture, HK_CAPTURE_DOWNLOAD);
}

/* The values of console.log and its like, as text. */
static char *
arguments(const hk_json *body)
{
	g_autoptr(GString) text = g_string_new(NULL);
	hk_json args;

	if (hk_json_array(body, "args", &args, NULL)) {
		for (size_t i = 0; i < hk_json_len(&args) && text->len < HK_CAPTURE_TEXT_MAX; i++) {
			hk_json arg = hk_json_at(&args, i), value;
			const char *words = NULL;

			if (hk_json_str(&arg, "value", &words, NULL) ||
				hk_json_str(&arg, "description", &words, NULL)) {
				g_string_append_printf(text, "%s%s", i ? " " : "", words);
			} else if (hk_json_any(&arg, "value", &value)) {
				g_autofree char *dump = hk_json_dump(&value);

				g_string_append_printf(text, "%s%.1000s", i ? " " : "", dump);
			}
		}
	}
	return hk_capture_text(text->str, HK_CAPTURE_TEXT_MAX);
}

static void
set_place(hk_capture_line *line, const hk_json *at)
{
	int64_t number = -1;

	set_text(&line->url, at, "url", HK_CAPTURE_URL_MAX);
	if (hk_json_i64(at, "lineNumber", &number, NULL)) {
		line->line = CLAMP(number, -1, INT32_MAX) + 1;
	}
}

static void
on_console(hk_run *run, const hk_cdp_message *m)
{
	hk_capture_line *line = hk_capture_add_line(run->capture);
	hk_json stack, frames, frame;

	if (!line) {
		return;
	}
	line->at_ms = hk_run_ms(run, m->came_ms);
	set_text(&line->level, &m->body, "type", 32);
	line->text = arguments(&m->body);
	if (hk_json_object(&m->body, "stackTrace", &stack, NULL) &&
		hk_json_array(&stack, "callFrames", &frames, NULL) && hk_json_len(&frames) > 0) {
		frame = hk_json_at(&frames, 0);
		set_place(line, &frame);
	}
}

static void
on_exception(hk_run *run, const hk_cdp_message *m)
{
	hk_json details, exception;
	hk_capture_line *line = hk_capture_add_line(run->capture);

	if (!line) {
		return;
	}
	line->at_ms = hk_run_ms(run, m->came_ms);
	line->level = g_strdup("exception");
	if (hk_json_object(&m->body, "exceptionDetails", &details, NULL)) {
		set_text(&line->text, &details, "text", HK_CAPTURE_TEXT_MAX);
		set_place(line, &details);
		if (hk_json_object(&details, "exception", &exception, NULL)) {
			set_text(&line->text, &exception, "description", HK_CAPTURE_TEXT_MAX);
		}
	}
}

static void
on_log(hk_run *run, const hk_cdp_message *m)
{
	hk_json entry;
	hk_capture_line *line = hk_capture_add_line(run->capture);

	if (!line) {
		return;
	}
	line->at_ms = hk_run_ms(run, m->came_ms);
	if (hk_json_object(&m->body, "entry", &entry, NULL)) {
		set_text(&line->level, &entry, "level", 32);
		set_text(&line->text, &entry, "text", HK_CAPTURE_TEXT_MAX);
		set_place(line, &entry);
	}
}

/* A frame of another process, or a worker: it waits until we have told it who we are. */
static void
on_attached(hk_run *run, const hk_cdp_message *m)
{
	const char *session = NULL, *type = "";
	hk_json info;

	if (!hk_json_str(&m->body, "sessionId", &session, NULL) ||
		!hk_json_object(&m->body, "targetInfo", &info, NULL)) {
		return;
	}
	(void)hk_json_str(&info, "type", &type, NULL);
	g_autofree char *agent = hk_run_agent_params(run);

	hk_cdp_send_quiet(
		run->page, session, "Network.enable", "{\"maxTotalBufferSize\":33554432}");
	hk_cdp_send_quiet(run->page, session, "Emulation.setUserAgentOverride", agent);
	hk_cdp_send_quiet(run->page, session, "Runtime.runIfWaitingForDebugger", NULL);
	if (strstr(type, "worker")) {
		hk_capture_event *event = add_event(run, m, HK_CAPTURE_EVENT_WORKER);

		if (event) {
			set_text(&event->url, &info, "url", HK_CAPTURE_URL_MAX);
			event->text = hk_capture_text(type, 32);
		}
	}
}

/* Told by the script of page.c that stands in front of the page's. */
static void
on_binding(hk_run *run, const hk_cdp_message *m)
{
	const char *name = "";

	(void)hk_json_str(&m->body, "name", &name, NULL);
	if (strcmp(name, HK_RUN_BINDING) != 0) {
		return;
	}
	hk_capture_event *event = add_event(run, m, HK_CAPTURE_EVENT_PERMISSION);

	if (event) {
		set_text(&event->text, &m->body, "payload", 128);
	}
	hk_capture_note(run->capture, HK_CAPTURE_PERMISSION);
}

static void
on_frame(hk_run *run, const hk_cdp_message *m)
{
	hk_json frame;
	const char *id = "", *url = "", *fragment = "";

	if (!hk_json_object(&m->body, "frame", &frame, NULL)) {
		return;
	}
	(void)hk_json_str(&frame, "id", &id, NULL);
	(void)hk_json_str(&frame, "url", &url, NULL);
	(void)hk_json_str(&frame, "urlFragment", &fragment, NULL);
	if (strcmp(id, hk_browser_tab_target(run->tab)) != 0) {
		return;
	}
	if (hk_json_str(&frame, "unreachableUrl", &url, NULL)) {
		fragment = ""; /* the browser's page of errors stands for it */
	}
	g_autofree char *whole = g_strconcat(url, fragment, NULL);

	g_free(run->capture->final_url);
	run->capture->final_url = hk_capture_text(whole, HK_CAPTURE_URL_MAX);
	run->loaded = run->parsed = false;
}

static void
on_within(hk_run *run, const hk_cdp_message *m)
{
	const char *frame = "";

	(void)hk_json_str(&m->body, "frameId", &frame, NULL);
	if (strcmp(frame, hk_browser_tab_target(run->tab)) == 0) {
		set_text(&run->capture->final_url, &m->body, "url", HK_CAPTURE_URL_MAX);
	}
}

static void
on_load(hk_run *run, const hk_cdp_message *m)
{
	run->loaded = true;
	run->active_ms = MAX(run->active_ms, m->came_ms);
}

static void
on_parsed(hk_run *run, const hk_cdp_message *m)
{
	(void)m;
	run->parsed = true;
}

static void
on_crash(hk_run *run, const hk_cdp_message *m)
{
	(void)m;
	run->crashed = run->gone = true;
}

void
hk_run_event(hk_run *run, hk_cdp_message *m)
{
	static const struct {
		const char *method;
		void (*handle)(hk_run *run, const hk_cdp_message *m);
	} handlers[] = {{"Page.javascriptDialogOpening", on_dialog}, {"Page.windowOpen", on_window},
		{"Target.targetCreated", on_target}, {"Browser.downloadWillBegin", on_download},
		{"Runtime.consoleAPICalled", on_console}, {"Runtime.exceptionThrown", on_exception},
		{"Log.entryAdded", on_log}, {"Runtime.bindingCalled", on_binding},
		{"Target.attachedToTarget", on_attached}, {"Page.frameNavigated", on_frame},
		{"Page.navigatedWithinDocument", on_within}, {"Page.loadEventFired", on_load},
		{"Page.domContentEventFired", on_parsed}, {"Inspector.targetCrashed", on_crash}};

	if (hk_run_net_event(run, m)) {
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
		if (strcmp(m->method, handlers[i].method) == 0) {
			handlers[i].handle(run, m);
			return;
		}
	}
}
