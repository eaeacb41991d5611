/* hikeshi capture: an address visited as several people would, and what each of them was shown, as files. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "evidence/files.h"
#include "evidence/page.h"
#include "evidence/way.h"
#include "sys/browser_gate.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"

typedef struct capturing {
	const char *url, *dir;
	hk_browser *browser;
	hk_gate *gate;
	GArray *plan;
	unsigned load_ms;
	GMutex lock; /* all below */
	guint next;
	guint pages, ended; /* visits that brought a page; all that are over */
	GError *error;      /* the first */
} capturing;

static void
tell(const capturing *run, const hk_capture *c, const char *name, const char *dir)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *reason = c->reason ? hk_log_printable(c->reason) : g_strdup("");

	fprintf(stderr, "%u of %u: %s: %s, %u pages, %u requests, %.1f s%s%s\n", run->ended,
		run->plan->len, name, hk_capture_end_code(c->end), c->pages->len, c->exchanges->len,
		(double)c->duration_ms / 1000, *reason ? ": " : "", reason);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "visit");
	hk_jsonw_str(out, name);
	hk_jsonw_key(out, "end");
	hk_jsonw_str(out, hk_capture_end_code(c->end));
	hk_jsonw_key(out, "final_url");
	hk_jsonw_str(out, c->final_url);
	hk_jsonw_key(out, "pages");
	hk_jsonw_int(out, c->pages->len);
	hk_jsonw_key(out, "requests");
	hk_jsonw_int(out, c->exchanges->len);
	hk_jsonw_key(out, "duration_ms");
	hk_jsonw_int(out, c->duration_ms);
	hk_jsonw_key(out, "dir");
	hk_jsonw_str(out, dir);
	hk_jsonw_close(out, '}');
	printf("%s\n", out->str);
	fflush(stdout);
}

static bool
visit(capturing *run, const hk_variant *variant, GError **error)
{
	hk_egress_who who = {
		.purpose = "capture", .requester = "hikeshi capture", .exit = variant->exit};
	hk_page_job job = {.url = run->url,
		.variant = *variant,
		.who = &who,
		.addresses = hk_way_addresses,
		.user = run->gate,
		.limits = hk_page_defaults};
	g_autofree char *name = hk_variant_name(variant);
	g_autofree char *dir = g_build_filename(run->dir, name, NULL);

	job.limits.load = run->load_ms;
	job.limits.total = 3 * run->load_ms;
	g_autoptr(hk_capture) capture = hk_page_capture(run->browser, &job, error);
	if (!capture || !hk_capture_write(capture, dir, error)) {
		g_prefix_error(error, "%s: ", name);
		return false;
	}
	g_mutex_lock(&run->lock);
	run->ended++;
	run->pages += capture->pages->len > 0;
	tell(run, capture, name, dir);
	g_mutex_unlock(&run->lock);
	return true;
}

static void *
visit_some(void *user)
{
	capturing *run = user;

	for (bool fine = true; fine;) {
		GError *error = NULL;

		g_mutex_lock(&run->lock);
		guint n = run->error ? run->plan->len : run->next++;
		g_mutex_unlock(&run->lock);
		if (n >= run->plan->len) {
			break;
		}
		fine = visit(run, &g_array_index(run->plan, hk_variant, n), &error);
		g_mutex_lock(&run->lock);
		if (error && !run->error) {
			run->error = g_steal_pointer(&error);
		}
		g_mutex_unlock(&run->lock);
		g_clear_error(&error);
	}
	return NULL;
}

/* What --profile lists, or what --plan means. Visits whose way out is not configured are refused here. */
static GArray *
make_plan(const hk_opts *opts, const hk_egress *egress, GError **error)
{
	const char *const *wanted = hk_opts_list(opts, HK_OPT_CAPTURE_PROFILE);
	const char *const *exits = hk_opts_list(opts, HK_OPT_CAPTURE_EXITS);
	g_autoptr(GArray) plan = NULL;
	hk_plan_size size;

	if (!hk_plan_size_find(hk_opts_str(opts, HK_OPT_CAPTURE_PLAN), &size, error)) {
		g_prefix_error(error, "--plan: ");
		return NULL;
	}
	if (*wanted) {
		plan = g_array_new(FALSE, TRUE, sizeof(hk_variant));
	} else {
		plan = hk_plan_new(
			hk_opts_str(opts, HK_OPT_CASE_KIND), size, *exits ? exits : NULL, 0);
	}
	for (; *wanted; wanted++) {
		hk_variant variant;

		if (!hk_plan_parse(*wanted, &variant, error)) {
			g_prefix_error(error, "--profile %s: ", *wanted);
			return NULL;
		}
		g_array_append_val(plan, variant);
	}
	for (guint i = 0; i < plan->len; i++) {
		const char *exit = g_array_index(plan, hk_variant, i).exit;

		if (!hk_egress_has_exit(egress, exit)) {
			hk_error_set(error, HK_ECONFIG,
				"there is no way out called '%s': add it to `exits` of the file "
				"that --egress names",
				exit);
			return NULL;
		}
	}
	return g_steal_pointer(&plan);
}

static void
visit_all(capturing *run, unsigned tabs)
{
	GThread *threads[HK_BROWSER_TABS_MAX];

	for (unsigned i = 0; i < tabs; i++) {
		threads[i] = g_thread_new("visit", visit_some, run);
	}
	for (unsigned i = 0; i < tabs; i++) {
		g_thread_join(threads[i]);
	}
}

bool
hk_cmd_capture(const hk_opts *opts, GError **error)
{
	hk_browser_config config = {.program = hk_opts_str(opts, HK_OPT_BROWSER),
		.user = hk_opts_str(opts, HK_OPT_BROWSER_USER),
		.full = hk_opts_bool(opts, HK_OPT_BROWSER_FULL),
		.tabs = (unsigned)hk_opts_int(opts, HK_OPT_BROWSER_TABS)};
	capturing run = {.dir = hk_opts_str(opts, HK_OPT_OUT),
		.load_ms = (unsigned)hk_opts_int(opts, HK_OPT_CAPTURE_TIME)};

	if (hk_opts_arg_count(opts) != 1) {
		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi capture` takes one address: hikeshi capture https://... --out "
			"DIR");
	}
	run.url = hk_opts_args(opts)[0];
	if (!hk_opts_require(opts, HK_OPT_OUT, error) || !hk_file_mkdirs(run.dir, error)) {
		return false;
	}
	hk_egress *egress = hk_egress_house(); /* as --egress has it */
	g_autoptr(GArray) plan = make_plan(opts, egress, error);
	g_autoptr(hk_gate) gate = plan ? hk_gate_new(egress, error) : NULL;
	if (!gate) {
		return false;
	}
	config.way = hk_browser_gate(gate);
	g_autoptr(hk_browser) browser = hk_browser_new(&config, error);
	if (!browser || !hk_browser_start(browser, error)) {
		return false;
	}
	run.browser = browser;
	run.gate = gate;
	run.plan = plan;
	visit_all(&run, MIN(config.tabs, plan->len));
	if (run.error) {
		g_propagate_error(error, run.error);
		return false;
	}
	return run.pages > 0 ||
	       hk_error_set(error, HK_EREMOTE,
		       "no visit brought a page: capture.json in each folder of %s says why",
		       run.dir);
}
