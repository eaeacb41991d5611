/* nocheck: tested in tests/scenario/doctor.t. What runs: the browser, the roles, their jobs and sources. */
#include <inttypes.h>
#include <string.h>

#include "cmd/doctor_int.h"
#include "flow/troubles.h"
#include "store/reads.h"
#include "store/troubles.h"
#include "store/workers.h"
#include "sys/browser_gate.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/json.h"

#define TAB_MS 30000
#define WIDTH  400
#define HEIGHT 300

/* Two signs that no font lacks together look the same only as the sign for "there is no such sign". */
static const char probe[] =
	"{\"returnByValue\":true,\"expression\":\"(() => { const draw = (text) => { const c = "
	"document.createElement('canvas'); c.width = 64; c.height = 64; const x = "
	"c.getContext('2d'); x.font = '48px sans-serif'; x.fillText(text, 4, 50); return "
	"c.toDataURL(); }; const all = ['\\u706b', '\\u6d88', '\\u3072', '\\u30ab'].map(draw); "
	"return new Set(all).size; })()\"}";

enum { SIGNS = 4 };

/* How many of the signs look different from each other; -1: the browser does not say. */
static int64_t
signs(hk_browser_tab *tab, int64_t deadline_ms)
{
	g_autoptr(hk_cdp_message) answer =
		hk_cdp_call(hk_browser_tab_page(tab), "Runtime.evaluate", probe, deadline_ms, NULL);
	hk_json result;
	int64_t count;

	return answer && hk_json_object(&answer->body, "result", &result, NULL) &&
			       hk_json_i64(&result, "value", &count, NULL)
		       ? count
		       : -1;
}

static hk_doctor_how
open_tab(hk_doctor *d, hk_browser *browser)
{
	const hk_egress_who who = {.purpose = "doctor", .requester = "hikeshi doctor"};
	int64_t deadline_ms = hk_clock_mono_ms() + TAB_MS;
	g_autoptr(GError) error = NULL;
	hk_browser_tally tally;

	g_autoptr(hk_browser_tab) tab =
		hk_browser_tab_open(browser, &who, WIDTH, HEIGHT, deadline_ms, &error);
	if (!tab) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	int64_t count = signs(tab, deadline_ms);
	d->fonts = count < 0 ? -1 : count == SIGNS;
	hk_browser_count(browser, &tally);
	g_autofree char *product = hk_browser_product(browser);
	hk_doctor_saw(d, HK_DOCTOR_OK, "%s opened a page", "%s がページを表示", product);
	if (!tally.pid_namespace) {
		return hk_doctor_saw(
			d, HK_DOCTOR_WARN, "without a PID namespace", "PID名前空間がありません");
	}
	return hk_doctor_saw(d, HK_DOCTOR_OK,
		tally.landlock ? "sandboxed, with Landlock"
			       : "sandboxed, this kernel has no Landlock",
		tally.landlock ? "サンドボックスとLandlockが有効"
			       : "サンドボックスが有効（カーネルにLandlockなし）");
}

hk_doctor_how
hk_doctor_browser(hk_doctor *d)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_gate) gate = hk_gate_new(d->egress, &error);
	hk_browser_config config = {.program = hk_opts_str(d->opts, HK_OPT_BROWSER),
		.user = hk_opts_str(d->opts, HK_OPT_BROWSER_USER),
		.full = hk_opts_bool(d->opts, HK_OPT_BROWSER_FULL),
		.tabs = 1};

	if (!gate) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	config.way = hk_browser_gate(gate);
	g_autoptr(hk_browser) browser = hk_browser_new(&config, &error);
	if (!browser || !hk_browser_start(browser, &error)) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	return open_tab(d, browser);
}

hk_doctor_how
hk_doctor_fonts(hk_doctor *d)
{
	if (d->fonts < 0) {
		return hk_doctor_saw(d, HK_DOCTOR_SKIP, "no browser to look with",
			"ブラウザーが動かないため確認できません");
	}
	return d->fonts ? hk_doctor_saw(d, HK_DOCTOR_OK, "kanji and kana are drawn",
				  "漢字とかなを表示できます")
			: hk_doctor_saw(d, HK_DOCTOR_FAIL, "kanji and kana are empty boxes",
				  "漢字とかなが四角になります");
}

/* ---- roles ---- */

static hk_doctor_how
no_database(hk_doctor *d)
{
	return hk_doctor_saw(d, HK_DOCTOR_SKIP, "no database", "データベースがありません");
}

hk_doctor_how
hk_doctor_roles(hk_doctor *d)
{
	static const char *const names[] = {"watch", "work", "web"};
	g_autoptr(GError) error = NULL;
	int64_t now_ms = hk_clock_wall_ms();
	hk_doctor_how how = HK_DOCTOR_OK;

	if (!d->db) {
		return no_database(d);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		int64_t alive;
		if (!hk_workers_alive(d->db, names[i], now_ms, &alive, &error)) {
			return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
		}
		how = hk_doctor_worse(
			how, hk_doctor_saw(d, alive > 0 ? HK_DOCTOR_OK : HK_DOCTOR_WARN,
				     "%s: %" PRId64, "%s: %" PRId64, names[i], alive));
	}
	return how;
}

/* ---- jobs ---- */

static hk_doctor_how
dead_jobs(hk_doctor *d)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_rows) rows = hk_read_job_counts(d->db, &error);
	hk_doctor_how how = HK_DOCTOR_OK;

	while (rows && hk_rows_next(rows, &error)) {
		if (strcmp(hk_rows_str(rows, 1), "dead") == 0) {
			how = hk_doctor_saw(d, HK_DOCTOR_WARN, "%s: %" PRId64 " given up",
				"%s: 断念 %" PRId64 " 件", hk_rows_str(rows, 0),
				hk_rows_int(rows, 2));
		}
	}
	return error ? hk_doctor_trouble(d, HK_DOCTOR_FAIL, error) : how;
}

/* The board's trouble OVERDUE, all stages together: how many, and since when the oldest of them. */
static bool
overdue(const hk_doctor *d, int64_t now_ms, int64_t *ret_count, int64_t *ret_due_ms, GError **error)
{
	g_autoptr(hk_rows) rows = hk_troubles_overdue(d->db, now_ms - HK_TROUBLE_OVERDUE_MS, error);
	GError *inner = NULL;

	*ret_count = 0;
	*ret_due_ms = now_ms;
	while (rows && hk_rows_next(rows, &inner)) {
		*ret_count += hk_rows_int(rows, 1);
		*ret_due_ms = MIN(*ret_due_ms, hk_rows_int(rows, 2));
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

hk_doctor_how
hk_doctor_jobs(hk_doctor *d)
{
	g_autoptr(GError) error = NULL;
	int64_t now_ms = hk_clock_wall_ms(), count, due_ms;

	if (!d->db) {
		return no_database(d);
	}
	hk_doctor_how how = dead_jobs(d);
	if (!overdue(d, now_ms, &count, &due_ms, &error)) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	if (count > 0) {
		return hk_doctor_worse(
			how, hk_doctor_saw(d, HK_DOCTOR_WARN,
				     "%" PRId64 " overdue, the oldest for %" PRId64 " min",
				     "滞留 %" PRId64 " 件、最長 %" PRId64 " 分", count,
				     (now_ms - due_ms) / 60000));
	}
	return hk_doctor_saw(d, how, "nothing is overdue", "滞留はありません");
}

/* ---- sources ---- */

hk_doctor_how
hk_doctor_sources(hk_doctor *d)
{
	g_autoptr(GError) error = NULL;
	hk_doctor_how how = HK_DOCTOR_OK;
	unsigned count = 0;

	if (!d->db) {
		return no_database(d);
	}
	g_autoptr(hk_rows) rows = hk_read_sources(d->db, &error);
	while (rows && hk_rows_next(rows, &error)) {
		int64_t failures, ok_ms;
		g_autofree char *why = hk_trouble_source(
			hk_rows_str(rows, 3), hk_rows_str(rows, 5), &failures, &ok_ms);
		count++;
		if (why) {
			how = hk_doctor_saw(
				d, HK_DOCTOR_WARN, "%s: %s", "%s: %s", hk_rows_str(rows, 0), why);
		}
	}
	if (error) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	return hk_doctor_saw(d, how, "%u sources", "情報源 %u 件", count);
}
