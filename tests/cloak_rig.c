/* The verdict over the sites of `hikeshi-range sites`, each visited by a real browser: how many that cloak are found, how many honest ones are taken for
 * cloaked, and whether the pages of the six groups are read as what they ask for. Prints TAP.
 *
 *   cloak_rig LIST EGRESS EGRESS-ABROAD */
#include <stdio.h>
#include <string.h>

#include "evidence/cloak.h"
#include "evidence/page.h"
#include "evidence/pageform.h"
#include "evidence/plan.h"
#include "evidence/traits.h"
#include "evidence/way.h"
#include "sys/browser_gate.h"
#include "sys/clock.h"
#include "sys/egress.h"
#include "sys/json.h"
#include "tap.h"

enum { HOME, ABROAD, SIDES, WORKERS = 4, RECALL_LEAST = 95, ALARMS_MOST = 2 };

/* Short waits: the range is near. */
static const hk_page_limits limits = {
	.load = 5000, .idle = 150, .content = 400, .total = 20000, .clicks = 1, .full_height = 900};

static const struct {
	const char *text;
	int side;
} plan[] = {{"iphone/sms/first", HOME}, {"desktop/none/first", HOME}, {"iphone/search/first", HOME},
	{"iphone/sms/second", HOME}, {"iphone/sms/first", ABROAD}};

typedef struct site {
	char *host, *want, *dimensions, *tokens; /* tokens: a page of a group; else NULL */
	int64_t page, year;
	hk_cloak cloak;        /* of a site */
	char *form, *year_got; /* of a page of a group */
	unsigned failed;
} site;

typedef struct rig {
	GPtrArray *sites;
	hk_gate *gate[SIDES];
	hk_browser *browser[SIDES];
	int next;
} rig;

static char *
text_of(const hk_json *obj, const char *key)
{
	const char *text = NULL;

	return hk_json_has(obj, key) && hk_json_str(obj, key, &text, NULL) ? g_strdup(text) : NULL;
}

static void
read_list(const char *path, GPtrArray *ret)
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL)) {
		printf("Bail out! no %s\n", path);
		return;
	}
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (size_t i = 0; lines[i]; i++) {
		g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(lines[i]), 65536, NULL);
		if (!doc) {
			continue;
		}
		hk_json root = hk_json_root(doc);
		site *s = g_new0(site, 1);
		s->host = text_of(&root, "host");
		s->want = text_of(&root, "want");
		s->dimensions = text_of(&root, "dimensions");
		s->tokens = text_of(&root, "tokens");
		(void)(s->tokens && hk_json_i64(&root, "page", &s->page, NULL) &&
			hk_json_i64(&root, "year", &s->year, NULL));
		g_ptr_array_add(ret, s);
	}
}

static hk_capture *
visit(rig *r, const char *url, const char *text, int side)
{
	hk_egress_who who = {.purpose = "capture", .requester = "cloak_rig"};
	hk_page_job job = {.url = url, .who = &who, .limits = limits};
	g_autoptr(GError) error = NULL;

	job.addresses = hk_way_addresses;
	job.user = r->gate[side];
	if (!hk_plan_parse(text, &job.variant, &error)) {
		tap_diag("%s: %s", text, error->message);
		return NULL;
	}
	hk_capture *c = hk_page_capture(r->browser[side], &job, &error);
	if (!c) {
		tap_diag("%s %s: %s", url, text, error->message);
	} else if (side == ABROAD) {
		/* On the range a way out is another port: no proxy is needed, so none is named. */
		g_free(c->exit);
		c->exit = g_strdup("abroad");
	}
	return c;
}

static void
do_site(rig *r, site *s)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)hk_capture_free);
	g_autofree char *url = g_strdup_printf("https://%s/", s->host);

	for (size_t i = 0; i < G_N_ELEMENTS(plan); i++) {
		hk_capture *c = visit(r, url, plan[i].text, plan[i].side);
		if (c) {
			g_ptr_array_add(list, c);
		}
		s->failed += c == NULL;
	}
	hk_cloak_judge((const hk_capture *const *)list->pdata, list->len, &s->cloak);
	g_autofree char *dims = hk_cloak_dimensions_text(s->cloak.dimensions);
	tap_diag("%s: is %s %s, judged %s %s", s->host, s->want, s->dimensions,
		hk_cloak_verdict_code(s->cloak.verdict), dims);
	for (guint i = 0; g_getenv("RIG_DEBUG") && i < list->len; i++) {
		const hk_capture *c = g_ptr_array_index(list, i);
		const hk_capture_page *p =
			c->pages->len ? g_ptr_array_index(c->pages, c->pages->len - 1) : NULL;
		fprintf(stderr, "%s %s-%s-%d-%s %s pages %u %d ms: %s '%s'\n", s->host, c->profile,
			c->referrer, c->visit, c->exit, hk_capture_end_code(c->end), c->pages->len,
			(int)c->duration_ms, p ? p->url : "", p ? p->title : "");
	}
}

static void
do_page(rig *r, site *s)
{
	g_autofree char *url = g_strdup_printf("https://%s/%" G_GINT64_FORMAT, s->host, s->page);
	g_autoptr(hk_capture) c = visit(r, url, "iphone/sms/first", HOME);

	if (c && c->pages->len > 0) {
		const hk_capture_page *page = g_ptr_array_index(c->pages, 0);
		hk_form_tokens tokens;
		hk_pageform_tokens(page, &tokens);
		s->form = hk_form_tokens_text(&tokens);
		s->year_got = g_strdup(page->years->len ? g_ptr_array_index(page->years, 0) : "0");
	}
}

static void *
work(void *user)
{
	rig *r = user;

	for (;;) {
		unsigned n = (unsigned)g_atomic_int_add(&r->next, 1);
		if (n >= r->sites->len) {
			return NULL;
		}
		/* From both ends: a run that is cut short has seen some of everything. */
		guint at = n % 2 ? r->sites->len - 1 - n / 2 : n / 2;
		site *s = g_ptr_array_index(r->sites, at);
		if (s->tokens) {
			do_page(r, s);
		} else {
			do_site(r, s);
		}
	}
}

static bool
open_side(rig *r, int side, const char *conf)
{
	g_autoptr(GError) error = NULL;
	hk_egress *egress = hk_egress_new(conf, &error);
	hk_browser_config config = {.tabs = WORKERS};

	r->gate[side] = egress ? hk_gate_new(egress, &error) : NULL;
	if (r->gate[side]) {
		config.way = hk_browser_gate(r->gate[side]);
		r->browser[side] = hk_browser_new(&config, &error);
	}
	hk_egress_unref(egress);
	return ok(r->browser[side] && hk_browser_start(r->browser[side], &error), "a browser%s%s",
		error ? ": " : "", error ? error->message : "");
}

/* ---- figures ---- */

static unsigned
count_of(const rig *r, const char *want, int verdict)
{
	unsigned n = 0;

	for (guint i = 0; i < r->sites->len; i++) {
		const site *s = g_ptr_array_index(r->sites, i);

		n += !s->tokens && strcmp(s->want, want) == 0 &&
		     (verdict < 0 || (int)s->cloak.verdict == verdict);
	}
	return n;
}

static void
tell_wrong(const rig *r)
{
	for (guint i = 0; i < r->sites->len; i++) {
		const site *s = g_ptr_array_index(r->sites, i);
		if (s->tokens) {
			continue;
		}
		g_autofree char *dims = hk_cloak_dimensions_text(s->cloak.dimensions);
		if (strcmp(s->want, hk_cloak_verdict_code(s->cloak.verdict)) != 0 ||
			strcmp(s->dimensions, dims) != 0) {
			g_autoptr(GString) json = g_string_new(NULL);
			hk_cloak_json(&s->cloak, json);
			tap_diag("%s: wanted %s %s, got %s", s->host, s->want, s->dimensions,
				json->str);
		}
	}
}

static void
check_verdicts(const rig *r)
{
	static const char *const wants[] = {"cloaked", "same", "dead"};
	unsigned cloaked = count_of(r, "cloaked", -1);
	unsigned honest = count_of(r, "same", -1) + count_of(r, "dead", -1);
	unsigned found = count_of(r, "cloaked", HK_CLOAK_CLOAKED), right = 0;
	/* An honest site that is called dead, or of which nothing can be said, is as wrong as one that is called cloaked. */
	unsigned alarms =
		honest - count_of(r, "same", HK_CLOAK_SAME) - count_of(r, "dead", HK_CLOAK_DEAD);

	tap_diag("%-8s %8s %8s %8s %8s", "is", "cloaked", "same", "dead", "unknown");
	for (size_t i = 0; i < G_N_ELEMENTS(wants); i++) {
		tap_diag("%-8s %8u %8u %8u %8u", wants[i], count_of(r, wants[i], HK_CLOAK_CLOAKED),
			count_of(r, wants[i], HK_CLOAK_SAME), count_of(r, wants[i], HK_CLOAK_DEAD),
			count_of(r, wants[i], HK_CLOAK_UNKNOWN));
	}
	for (guint i = 0; i < r->sites->len; i++) {
		const site *s = g_ptr_array_index(r->sites, i);
		g_autofree char *dims =
			s->tokens ? NULL : hk_cloak_dimensions_text(s->cloak.dimensions);
		right +=
			dims && strcmp(s->want, "cloaked") == 0 && strcmp(dims, s->dimensions) == 0;
	}
	tell_wrong(r);
	ok(cloaked >= 24 && honest >= 24, "%u sites that cloak, %u honest ones", cloaked, honest);
	ok(found * 100 >= cloaked * RECALL_LEAST, "recall %.1f %% (%u of %u)",
		100.0 * found / MAX(cloaked, 1), found, cloaked);
	ok(alarms * 100 <= honest * ALARMS_MOST, "honest ones judged wrongly: %.1f %% (%u of %u)",
		100.0 * alarms / MAX(honest, 1), alarms, honest);
	ok(right * 100 >= cloaked * RECALL_LEAST,
		"the dimension that decides is right for %u of %u", right, cloaked);
}

static void
check_pages(const rig *r)
{
	for (guint i = 0; i < r->sites->len; i++) {
		const site *s = g_ptr_array_index(r->sites, i);
		if (s->tokens) {
			g_autofree char *year = g_strdup_printf("%" G_GINT64_FORMAT, s->year);
			is_str(s->form, s->tokens, "%s, page %d: what it asks for", s->host,
				(int)s->page);
			is_str(s->year_got, year, "%s, page %d: its year", s->host, (int)s->page);
		}
	}
}

static void
free_site(void *user)
{
	site *s = user;

	if (s->cloak.diffs) {
		hk_cloak_clear(&s->cloak);
	}
	g_free(s->host);
	g_free(s->want);
	g_free(s->dimensions);
	g_free(s->tokens);
	g_free(s->form);
	g_free(s->year_got);
	g_free(s);
}

int
main(int argc, char **argv)
{
	rig r = {.sites = g_ptr_array_new_with_free_func(free_site)};
	GThread *threads[WORKERS];

	if (argc != 4) {
		fprintf(stderr, "cloak_rig LIST EGRESS EGRESS-ABROAD\n");
		return 64;
	}
	read_list(argv[1], r.sites);
	int64_t start_ms = hk_clock_mono_ms();
	if (open_side(&r, HOME, argv[2]) && open_side(&r, ABROAD, argv[3])) {
		for (int i = 0; i < WORKERS; i++) {
			threads[i] = g_thread_new("visit", work, &r);
		}
		for (int i = 0; i < WORKERS; i++) {
			g_thread_join(threads[i]);
		}
		tap_diag("%u sites and pages in %d s", r.sites->len,
			(int)((hk_clock_mono_ms() - start_ms) / 1000));
		check_verdicts(&r);
		check_pages(&r);
	}
	for (int i = 0; i < SIDES; i++) {
		hk_browser_free(r.browser[i]);
		if (r.gate[i]) {
			hk_gate_free(r.gate[i]);
		}
	}
	g_ptr_array_unref(r.sites);
	return tap_done();
}
